// The page's one live connection: opens the stream, notices silence, and comes back by itself.

import type { Progress } from "../shared/contract.ts";
import { MessageReader } from "../shared/sse.ts";
import type { Happening } from "./state.ts";

/** The server is never silent for longer than its heartbeat of 10 s; twice that means that the line is dead. */
const SILENCE_MS = 20_000;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 15_000;
const PAUSE_GROWTH = 1.6;

/** How one connection ended; `heard` if it had brought something, else `failed`. */
type End = "heard" | "failed" | "ended" | "expired" | "invalid";

/** What outlives a single connection. */
interface Line {
  url: string;
  reader: MessageReader;
  tell: (happening: Happening) => void;
  stop: AbortSignal;
  /** The newest progress said that nothing more will come. */
  ended: boolean;
}

/** Follow a visit until the returned function is called, its link is over, or the visit has ended. */
export function follow(url: string, tell: (happening: Happening) => void): () => void {
  const stop = new AbortController();
  void keepFollowing({ url, reader: new MessageReader(), tell, stop: stop.signal, ended: false });
  return () => stop.abort();
}

async function keepFollowing(line: Line): Promise<void> {
  const { tell, stop, reader } = line;
  let pauseMs = FIRST_PAUSE_MS;
  while (!stop.aborted) {
    const end = await followOnce(line);
    if (stop.aborted) return;
    if (end === "expired" || end === "invalid") return tell({ what: "gone", why: end });
    if (end === "ended") return tell({ what: "connection", connection: "closed" });
    if (end === "heard") pauseMs = reader.retryMs ?? FIRST_PAUSE_MS;
    tell({ what: "connection", connection: navigator.onLine ? "reconnecting" : "offline" });
    await pause(pauseMs * (0.8 + Math.random() * 0.4), stop);
    pauseMs = Math.min(pauseMs * PAUSE_GROWTH, LONGEST_PAUSE_MS);
  }
}

async function followOnce(line: Line): Promise<End> {
  const call = new AbortController();
  const hangUp = (): void => call.abort();
  let heardAtMs = Date.now();
  let heard = false;
  const hangUpIfSilent = (): void => void (Date.now() - heardAtMs > SILENCE_MS && hangUp());
  const watchdog = setInterval(hangUpIfSilent, 1_000);
  // A phone that slept wakes with a line that may be dead without knowing it.
  document.addEventListener("visibilitychange", hangUpIfSilent);
  window.addEventListener("offline", hangUp);
  line.stop.addEventListener("abort", hangUp);
  try {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (line.reader.lastId) headers["Last-Event-ID"] = line.reader.lastId;
    const answer = await fetch(line.url, { headers, signal: call.signal, cache: "no-store" });
    if (!answer.ok || !answer.body) return refusal(answer.status);
    const pieces = answer.body.getReader();
    const decoder = new TextDecoder();
    line.reader.restart();
    for (;;) {
      const { done, value } = await pieces.read();
      if (done) return line.ended ? "ended" : heard ? "heard" : "failed";
      heardAtMs = Date.now();
      if (!heard) line.tell({ what: "connection", connection: "live" });
      heard = true;
      for (const message of line.reader.push(decoder.decode(value, { stream: true }))) {
        if (message.event !== "progress") continue;
        const progress = JSON.parse(message.data) as Progress;
        line.ended = progress.ended;
        line.tell({ what: "progress", progress, heardMs: Date.now() });
      }
    }
  } catch {
    return heard ? "heard" : "failed";
  } finally {
    clearInterval(watchdog);
    document.removeEventListener("visibilitychange", hangUpIfSilent);
    window.removeEventListener("offline", hangUp);
    line.stop.removeEventListener("abort", hangUp);
    hangUp();
  }
}

/** What a refusal means for the link. Overload and servers in trouble pass; other refusals are final. */
function refusal(status: number): End {
  if (status === 410) return "expired";
  if (status >= 400 && status < 500 && ![408, 425, 429].includes(status)) return "invalid";
  return "failed";
}

/** Waits, but not past the moment when the network or the reader is back. */
function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      document.removeEventListener("visibilitychange", seen);
      stop.removeEventListener("abort", done);
      resolve();
    };
    const seen = (): void => void (document.visibilityState === "visible" && done());
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
    document.addEventListener("visibilitychange", seen);
    stop.addEventListener("abort", done);
  });
}
