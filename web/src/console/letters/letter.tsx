// One letter: where it came in, what is wrong with it in words, how often it came, and its bytes as text or in hex.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { IconBack } from "../../shared/icons.tsx";
import { usePolled } from "../ask.ts";
import { useDesk } from "../desk.ts";
import { word } from "../words.ts";
import type { WholeLetter } from "./contract.ts";
import { Deeds } from "./deeds.tsx";
import { KeyForm } from "./key.tsx";
import { bytesOf, hexDump, sizeOf } from "./told.ts";

/** Reasons that a key mends. */
const SEALED = ["encrypted", "wrong_key"];

export function LetterDetail({ id, backHref, seen }: { id: string; backHref: string; seen: () => void }) {
  const { token, words } = useDesk();
  const w = words.letters;
  const [version, setVersion] = useState(0);
  const path = `/v1/dead-letters/${encodeURIComponent(id)}`;
  const { value, trouble } = usePolled<WholeLetter>(path, token, { everyMs: null, version });
  const title = useRef<HTMLHeadingElement>(null);
  const isThere = value !== null;
  useEffect(() => title.current?.focus({ preventScroll: true }), [isThere]);
  const changed = (): void => {
    setVersion((old) => old + 1);
    seen();
  };
  return (
    <article class="letter" data-testid="letter">
      <a class="back letter-back" href={backHref}>
        <IconBack />
        {w.backToGroup}
      </a>
      {!value && <p class="card empty-card quiet">{trouble === null ? words.loading : trouble === "network" ? words.trouble : w.notFound}</p>}
      {value && (
        <>
          <section class="card letter-part" aria-label={w.topic}>
            <h2 ref={title} tabIndex={-1}>
              {value.topic}
            </h2>
            <Facts letter={value} />
            <p class="letter-todo">
              <b>{w.whatToDo}</b> {w.todo[value.reason] ?? w.todoOther}
            </p>
            {SEALED.includes(value.reason) && value.state === "open" && <KeyForm topic={value.topic} />}
            <Deeds
              which={{ keys: [value.key] }}
              count={value.state === "open" || value.state === "dropped" ? null : 0}
              mayDrop={value.state === "open"}
              seen={changed}
            />
          </section>
          <Payload letter={value} path={path} />
        </>
      )}
    </article>
  );
}

function Facts({ letter }: { letter: WholeLetter }) {
  const { words, times, minuteMs } = useDesk();
  const w = words.letters;
  const moment = (at: string): string => times.moment(Date.parse(at), minuteMs);
  const rows: [string, ComponentChildren][] = [
    [w.reasonLabel, [word(w.reason, letter.reason), " ", <code class="quiet small">{letter.reason}</code>]],
    [w.detail, letter.detail],
    [w.times, w.came(letter.times)],
    [w.last, moment(letter.last_seen)],
  ];
  if (letter.times > 1) rows.push([w.first, moment(letter.first_seen)]);
  rows.push([w.size, sizeOf(letter.size)]);
  if (letter.retained) rows.push([w.retained, w.yes]);
  if (letter.closed_at) {
    const by = letter.closed_by && letter.closed_by !== "doorstep" ? ` · ${letter.closed_by}` : "";
    rows.push([w.closed, `${w.state[letter.state]} · ${times.moment(Date.parse(letter.closed_at), Date.now())}${by}`]);
    if (letter.closed_why) rows.push([w.closedWhy, word(w.byDoorstep, letter.closed_why)]);
  }
  return (
    <dl class="summary">
      {rows.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Payload({ letter, path }: { letter: WholeLetter; path: string }) {
  const { token, words } = useDesk();
  const w = words.letters;
  const [failed, setFailed] = useState(false);
  const bytes = bytesOf(letter.payload_base64);
  const download = async (): Promise<void> => {
    setFailed(false);
    try {
      // With the token, which a plain link cannot send.
      const answer = await fetch(`${path}/payload`, { headers: { Authorization: `Bearer ${token}` } });
      if (!answer.ok) throw new Error(String(answer.status));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = `${letter.key}.bin`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch {
      setFailed(true);
    }
  };
  return (
    <section class="card letter-part" aria-label={w.payload} data-testid="payload">
      <h3>{w.payload}</h3>
      {bytes.length === 0 ? (
        <p class="quiet">{letter.size > 0 ? w.payloadGone : w.payloadEmpty}</p>
      ) : (
        <>
          <p class="quiet small">{letter.text === null ? w.payloadHex : w.payloadText}</p>
          <pre tabIndex={0} class={letter.text === null ? "letter-hex" : "letter-text"} aria-label={w.payload}>
            {letter.text ?? hexDump(bytes)}
          </pre>
          <button type="button" class="text-button" onClick={() => void download()}>
            {w.download} ({sizeOf(letter.size)})
          </button>
          {failed && (
            <p class="trouble" role="alert">
              {w.failed}
            </p>
          )}
        </>
      )}
    </section>
  );
}
