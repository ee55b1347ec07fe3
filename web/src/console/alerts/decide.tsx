// Taking an alert on and resolving it. One deed is sent once: a busy button does nothing, and a repeat has the same key.

import { useEffect, useRef, useState } from "preact/hooks";
import type { AlertDetail, DecisionTaken, Verdict } from "../../shared/contract.ts";
import { IconCheck, IconHand } from "../../shared/icons.tsx";
import type { Times } from "../../shared/times.ts";
import { newKey, post, Refused } from "../ask.ts";
import { useDesk } from "../desk.ts";
import { personOf } from "../words.ts";
import { keepSignature, signature } from "../signature.ts";

const VERDICTS: Verdict[] = ["true", "false", "excused"];

type Deed = "acknowledge" | "resolve";

export function Decide({ alert, times }: { alert: AlertDetail; times: Times }) {
  const { words, minuteMs } = useDesk();
  const w = words.alerts;
  const { busy, failed, send } = useDeed(alert.alert);
  const [open, setOpen] = useState(false);
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [note, setNote] = useState("");
  const [by, setBy] = useState(signature);
  const form = useRef<HTMLFormElement>(null);
  const { acknowledged, resolved, state } = alert;
  useEffect(() => {
    if (open) form.current?.querySelector<HTMLInputElement>("input[type=radio]")?.focus();
  }, [open]);
  if (state === "retracted") return null;

  const signed = { note: note.trim(), by: by.trim() };
  const given = Object.fromEntries(Object.entries(signed).filter(([, text]) => text));
  const take = (): void => void send("acknowledge", signed.by ? { by: signed.by } : {});
  const resolve = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!verdict) return;
    keepSignature(signed.by);
    if (await send("resolve", { verdict, ...given })) {
      setOpen(false);
      setNote("");
    }
  };
  return (
    <section class="decide" aria-label={w.decide}>
      {acknowledged && (
        <p class="small decided">
          <IconHand />
          {w.takenBy(personOf(acknowledged.by, words), times.moment(Date.parse(acknowledged.at), minuteMs))}
          {acknowledged.note && <span class="quiet"> · {acknowledged.note}</span>}
        </p>
      )}
      {resolved && (
        <p class="small decided" data-testid="resolved">
          <IconCheck />
          {w.resolvedBy(
            personOf(resolved.by, words),
            times.moment(Date.parse(resolved.at), minuteMs),
            w.verdict[resolved.verdict] ?? resolved.verdict,
          )}
          {resolved.note && <span class="quiet"> · {resolved.note}</span>}
        </p>
      )}
      {!open && (
        <p class="buttons">
          {state === "open" && (
            <button type="button" class="button" aria-disabled={busy !== null} onClick={take} data-testid="take">
              <IconHand />
              {busy === "acknowledge" ? w.taking : w.take}
            </button>
          )}
          <button
            type="button"
            class={state === "resolved" ? "text-button" : "button button-quiet"}
            onClick={() => setOpen(true)}
            data-testid="open-resolve"
          >
            {state !== "resolved" && <IconCheck />}
            {state === "resolved" ? w.change_verdict : w.resolve}
          </button>
        </p>
      )}
      {open && (
        <form ref={form} class="resolve" onSubmit={(event) => void resolve(event)}>
          <fieldset>
            <legend>{w.verdictLabel}</legend>
            {VERDICTS.map((each) => (
              <label key={each} class="verdict">
                <input type="radio" name="verdict" value={each} checked={verdict === each} onChange={() => setVerdict(each)} />
                <b>{w.verdict[each]}</b>
                <span class="quiet small">{w.verdictHint[each]}</span>
              </label>
            ))}
          </fieldset>
          <label>
            {w.note}
            <textarea
              rows={2}
              maxLength={500}
              placeholder={w.notePlaceholder}
              value={note}
              onInput={(event) => setNote(event.currentTarget.value)}
            />
          </label>
          <label>
            {w.signature}
            <input
              type="text"
              maxLength={64}
              autocomplete="name"
              placeholder={w.signaturePlaceholder}
              value={by}
              onInput={(event) => setBy(event.currentTarget.value)}
            />
          </label>
          <p class="buttons">
            <button type="submit" class="button" disabled={!verdict} aria-disabled={busy !== null} data-testid="send-resolve">
              <IconCheck />
              {busy === "resolve" ? w.resolving : w.resolve}
            </button>
            <button type="button" class="text-button" onClick={() => setOpen(false)}>
              {words.map.close}
            </button>
          </p>
        </form>
      )}
      {failed && (
        <p class="trouble" role="alert">
          {failed === "alert_resolved" ? w.alreadyResolved : w.failed}
        </p>
      )}
    </section>
  );
}

interface Sending {
  busy: Deed | null;
  /** The code of the problem, or "network". */
  failed: string | null;
  send: (deed: Deed, body: Record<string, string>) => Promise<boolean>;
}

/** Sends one deed at a time. What failed on its way is sent again under the same key, what was changed under another. */
function useDeed(alert: string): Sending {
  const { token, feed } = useDesk();
  const [busy, setBusy] = useState<Deed | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const underWay = useRef(false);
  const last = useRef<{ deed: string; key: string } | null>(null);
  const send = async (deed: Deed, body: Record<string, string>): Promise<boolean> => {
    if (underWay.current) return false; // a second click comes before anything is drawn again
    underWay.current = true;
    setBusy(deed);
    setFailed(null);
    const same = `${deed} ${JSON.stringify(body)}`;
    if (last.current?.deed !== same) last.current = { deed: same, key: newKey() };
    try {
      const path = `/v1/alerts/${encodeURIComponent(alert)}/${deed}`;
      feed.decided(await post<DecisionTaken>(token, path, body, last.current.key));
      last.current = null;
      return true;
    } catch (trouble) {
      setFailed(trouble instanceof Refused ? (trouble.code ?? "refused") : "network");
      return false;
    } finally {
      underWay.current = false;
      setBusy(null);
    }
  };
  return { busy, failed, send };
}
