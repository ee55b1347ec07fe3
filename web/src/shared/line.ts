// One live connection: opens a stream of server-sent events, notices silence, and comes back by itself.

import { MessageReader, type Message } from "./sse.ts";

/** The server is never silent for longer than its heartbeat of 10 s; twice that means that the line is dead. */
const SILENCE_MS = 20_000;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 15_000;
const PAUSE_GROWTH = 1.6;

/** Who listens. */
export interface Ear {
  /** Sent along with every call, besides what the protocol needs. */
  headers?: Record<string, string>;
  message(message: Message): void;
  connection(connection: "live" | "reconnecting" | "offline"): void;
  /** The server refused for good: nothing more will be heard. */
  refused(status: number): void;
  /** Whether it is the end when the server hangs up. */
  isOver(): boolean;
}

/** How one connection ended: `heard` if it had brought something, else `failed`, or the status of a final refusal. */
type End = "heard" | "failed" | "over" | number;

/** Listen to `url` until the returned function is called, the server refuses, or it is over. */
export function listen(url: string, ear: Ear): () => void {
  const stop = new AbortController();
  void keepListening(url, ear, new MessageReader(), stop.signal);
  return () => stop.abort();
}

async function keepListening(url: string, ear: Ear, reader: MessageReader, stop: AbortSignal): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  while (!stop.aborted) {
    const end = await listenOnce(url, ear, reader, stop);
    if (stop.aborted || end === "over") return;
    if (typeof end === "number") return ear.refused(end);
    if (end === "heard") pauseMs = reader.retryMs ?? FIRST_PAUSE_MS;
    ear.connection(navigator.onLine ? "reconnecting" : "offline");
    await pause(pauseMs * (0.8 + Math.random() * 0.4), stop);
    pauseMs = Math.min(pauseMs * PAUSE_GROWTH, LONGEST_PAUSE_MS);
  }
}

async function listenOnce(url: string, ear: Ear, reader: MessageReader, stop: AbortSignal): Promise<End> {
  const call = new AbortController();
  const hangUp = (): void => call.abort();
  let heardAtMs = Date.now();
  let heard = false;
  const hangUpIfSilent = (): void => void (Date.now() - heardAtMs > SILENCE_MS && hangUp());
  const watchdog = setInterval(hangUpIfSilent, 1_000);
  // A phone that slept wakes with a line that may be dead without knowing it.
  document.addEventListener("visibilitychange", hangUpIfSilent);
  window.addEventListener("offline", hangUp);
  stop.addEventListener("abort", hangUp);
  try {
    const headers: Record<string, string> = { Accept: "text/event-stream", ...ear.headers };
    if (reader.lastId) headers["Last-Event-ID"] = reader.lastId;
    const answer = await fetch(url, { headers, signal: call.signal, cache: "no-store" });
    if (!answer.ok || !answer.body) return isFinal(answer.status) ? answer.status : "failed";
    const pieces = answer.body.getReader();
    const decoder = new TextDecoder();
    reader.restart();
    for (;;) {
      const { done, value } = await pieces.read();
      if (done) return ear.isOver() ? "over" : heard ? "heard" : "failed";
      heardAtMs = Date.now();
      if (!heard) ear.connection("live");
      heard = true;
      for (const message of reader.push(decoder.decode(value, { stream: true }))) ear.message(message);
    }
  } catch {
    return heard ? "heard" : "failed";
  } finally {
    clearInterval(watchdog);
    document.removeEventListener("visibilitychange", hangUpIfSilent);
    window.removeEventListener("offline", hangUp);
    stop.removeEventListener("abort", hangUp);
    hangUp();
  }
}

/** Overload and servers in trouble pass; other refusals are final. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && ![408, 425, 429].includes(status);
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
