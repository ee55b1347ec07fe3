// An invitation, as whoever holds the phone needs it: what to do, the code, the link, and every setting for entry by hand.

import { useMemo, useState } from "preact/hooks";
import { IconLink } from "../../shared/icons.tsx";
import { word } from "../words.ts";
import type { Invitation } from "./contract.ts";
import type { InviteWords } from "./words.ts";

export function Told({ made, w }: { made: Invitation; w: InviteWords }) {
  const [copied, setCopied] = useState(false);
  // As an image, so that nothing in it is ever run.
  const code = useMemo(() => `data:image/svg+xml,${encodeURIComponent(made.qr_svg)}`, [made.qr_svg]);
  const file = made.configuration && `data:application/json,${encodeURIComponent(made.configuration)}`;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(made.link);
    setCopied(true);
  };
  return (
    <div class="told" data-testid="invitation">
      {made.near && <p class="trouble">{w.near}</p>}
      <p class="notice">{w.once}</p>
      <div class="told-ways">
        <img class="told-code" src={code} alt={w.code} />
        <div>
          <ol class="told-steps">
            {w.steps[made.app].map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
          <p class="buttons">
            <a class="button" href={made.link} data-testid="invite-link">
              <IconLink />
              {w.openLink}
            </a>
            <button type="button" class="button button-quiet" onClick={() => void copy()}>
              {copied ? w.copied : w.copyLink}
            </button>
            {file && (
              <a class="text-button" href={file} download={`${made.device}.otrc`}>
                {w.file}
              </a>
            )}
          </p>
        </div>
      </div>
      <details class="told-fields" data-testid="keep-alive">
        <summary>{w.alive}</summary>
        <ul class="makers">
          {w.makers.map(({ name, steps }) => (
            <li key={name}>
              <b>{name}</b>
              <ol class="told-steps">
                {steps.map((step) => (
                  <li key={step}>{step}</li>
                ))}
              </ol>
            </li>
          ))}
        </ul>
      </details>
      <details class="told-fields">
        <summary>{w.byHand}</summary>
        <dl>
          {made.settings.map(({ name, value }) => (
            <div key={name}>
              <dt>{word(w.fields, name)}</dt>
              <dd>{w.values[value] ?? value}</dd>
            </div>
          ))}
        </dl>
      </details>
    </div>
  );
}
