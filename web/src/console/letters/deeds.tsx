// What a person does with letters: has them read again, or drops them and says why.

import { useRef, useState } from "preact/hooks";
import { newKey, post, Refused } from "../ask.ts";
import { useDesk } from "../desk.ts";
import { Outcome } from "../devices/outcome.tsx";
import type { Retried, Which } from "./contract.ts";

interface Props {
  which: Which;
  /** How many they are; null: this one letter; 0: nothing can be done any more, and what was done stands there. */
  count: number | null;
  mayDrop: boolean;
  seen: () => void;
}

export function Deeds({ which, count, mayDrop, seen }: Props) {
  const { token, words } = useDesk();
  const w = words.letters;
  const [busy, setBusy] = useState<"retry" | "drop" | null>(null);
  const [asks, setAsks] = useState(false);
  const [why, setWhy] = useState("");
  const [done, setDone] = useState<string | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const underWay = useRef(false);
  const act = async (deed: "retry" | "drop", body: object, said: (answer: Retried & { dropped: number }) => string) => {
    if (underWay.current) return; // a second click comes before anything is drawn again
    underWay.current = true;
    setBusy(deed);
    setDone(null);
    setFailed(null);
    try {
      setDone(said(await post(token, `/v1/dead-letters/${deed}`, body, newKey())));
      setAsks(false);
      setWhy("");
      seen();
    } catch (error) {
      setFailed(w.refused[(error instanceof Refused && error.code) || ""] ?? w.failed);
    } finally {
      underWay.current = false;
      setBusy(null);
    }
  };
  const retry = (): void => void act("retry", which, (told) => w.retried(told.stored, told.unreadable, told.left));
  const drop = (event: Event): void => {
    event.preventDefault();
    if (why.trim()) void act("drop", { ...which, why: why.trim() }, (told) => w.dropped(told.dropped));
  };
  return (
    <div class="letter-deeds">
      {count !== 0 && (
        <div class="buttons">
          <button type="button" class="button" aria-disabled={busy !== null} onClick={retry} data-testid="retry">
            {busy === "retry" ? w.retrying : count === null ? w.retry : w.retryAll(count)}
          </button>
          {mayDrop && (
            <button
              type="button"
              class="button button-quiet"
              aria-expanded={asks}
              aria-disabled={busy !== null}
              onClick={() => busy === null && setAsks(!asks)}
              data-testid="drop"
            >
              {count === null ? w.drop : w.dropAll(count)}
            </button>
          )}
        </div>
      )}
      {asks && (
        <form class="letter-why" onSubmit={drop}>
          <label class="field">
            <span>{w.why}</span>
            <input
              class="search"
              type="text"
              maxLength={1000}
              value={why}
              onInput={(event) => setWhy(event.currentTarget.value)}
              ref={(input) => void (why === "" && input?.focus())}
            />
            <span class="quiet small">{w.whyHint}</span>
          </label>
          <div class="buttons">
            <button type="submit" class="button" disabled={!why.trim() || busy !== null} data-testid="drop-now">
              {busy === "drop" ? w.dropping : w.dropNow}
            </button>
            <button type="button" class="text-button" onClick={() => setAsks(false)}>
              {w.keep}
            </button>
          </div>
        </form>
      )}
      <Outcome done={done} failed={failed} />
    </div>
  );
}
