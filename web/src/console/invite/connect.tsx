// Setting a worker's phone up: which app, which way, and then the code and the settings, which are shown once.

import { useEffect, useRef, useState } from "preact/hooks";
import { IconBack } from "../../shared/icons.tsx";
import { newKey, post, Refused } from "../ask.ts";
import { useDesk } from "../desk.ts";
import type { App, Invitation, Mode } from "./contract.ts";
import { Logins } from "./logins.tsx";
import { Told } from "./told.tsx";
import { INVITE_WORDS, type InviteWords } from "./words.ts";

const APPS: App[] = ["owntracks", "traccar"];
const MODES: Mode[] = ["mqtt", "http"];

export function ConnectPhone({ worker, name, devices }: { worker: string; name: string; devices: readonly string[] }) {
  const { language } = useDesk();
  const w = INVITE_WORDS[language];
  const [open, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    opener.current?.focus();
  };
  return (
    <>
      <button
        ref={opener}
        type="button"
        class="text-button"
        aria-expanded={open}
        data-testid="connect-phone"
        onClick={() => setOpen(!open)}
      >
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
          <path d="M8 3.5h8a1.5 1.5 0 0 1 1.5 1.5v14a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.5 19V5A1.5 1.5 0 0 1 8 3.5zM11 17.5h2" />
        </svg>
        {w.open}
      </button>
      {open && <Panel {...{ worker, name, devices, w, close }} />}
    </>
  );
}

interface PanelProps {
  worker: string;
  name: string;
  devices: readonly string[];
  w: InviteWords;
  close: () => void;
}

function Panel({ worker, name, devices, w, close }: PanelProps) {
  const { token } = useDesk();
  const [app, setApp] = useState<App>("owntracks");
  const [asked, setMode] = useState<Mode>("mqtt");
  const [device, setDevice] = useState("phone");
  const [made, setMade] = useState<Invitation | null>(null);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const [count, setCount] = useState(0);
  const title = useRef<HTMLHeadingElement>(null);
  const mode = app === "traccar" ? "http" : asked; // that app speaks nothing else
  useEffect(() => title.current?.focus(), []);
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFailed(null);
    try {
      const path = `/v1/workers/${encodeURIComponent(worker)}/invites`;
      setMade(await post<Invitation>(token, path, { app, mode, device }, newKey()));
      setCount(count + 1);
    } catch (error) {
      setFailed((error instanceof Refused && error.code && w.refused[error.code]) || w.failed);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card connect" aria-label={w.title(name)} data-testid="connect">
      <header>
        <h3 ref={title} tabIndex={-1}>
          {w.title(name)}
        </h3>
        <button type="button" class="text-button" onClick={close}>
          {w.close}
        </button>
      </header>
      {made ? (
        <>
          <Told made={made} w={w} />
          <button type="button" class="text-button" onClick={() => setMade(null)}>
            <IconBack />
            {w.again}
          </button>
        </>
      ) : (
        <form class="resolve connect-form" onSubmit={(event) => void make(event)}>
          <Choice label={w.app} name="app" all={APPS} chosen={app} choose={setApp} texts={w.apps} hints={w.appHint} />
          {app === "owntracks" && (
            <Choice label={w.mode} name="mode" all={MODES} chosen={asked} choose={setMode} texts={w.modes} hints={w.modeHint} />
          )}
          <label>
            {w.device}
            <input
              type="text"
              required
              maxLength={32}
              pattern="[A-Za-z0-9_\-]+"
              title={w.deviceHint}
              value={device}
              onInput={(event) => setDevice(event.currentTarget.value)}
            />
            <span class="quiet small">{w.deviceHint}</span>
          </label>
          {failed && (
            <p class="trouble" role="alert">
              {failed}
            </p>
          )}
          <p class="buttons">
            <button type="submit" class="button" aria-disabled={busy} data-testid="make-invite">
              {busy ? w.making : w.make}
            </button>
          </p>
        </form>
      )}
      <Logins devices={made && !devices.includes(made.device) ? [...devices, made.device] : devices} version={count} w={w} />
    </section>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  name: string;
  all: readonly T[];
  chosen: T;
  choose: (value: T) => void;
  texts: Record<T, string>;
  hints: Record<T, string>;
}

function Choice<T extends string>({ label, name, all, chosen, choose, texts, hints }: ChoiceProps<T>) {
  return (
    <fieldset>
      <legend>{label}</legend>
      {all.map((each) => (
        <label key={each} class="verdict">
          <input type="radio" name={name} value={each} checked={chosen === each} onChange={() => choose(each)} />
          <b>{texts[each]}</b>
          <span class="quiet small">{hints[each]}</span>
        </label>
      ))}
    </fieldset>
  );
}
