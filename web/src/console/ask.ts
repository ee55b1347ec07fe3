// Asks the API: once, again and again while somebody looks, or to do something. What has not changed costs a 304.

import { useEffect, useState } from "preact/hooks";

/** How often a page asks again for what no stream brings. */
export const EVERY_MS = 5_000;

export type Trouble = "network" | "unauthorized" | "not_found";

/** The API said no. `code`: of its problem, such as `alert_resolved`. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string | null;

  constructor(status: number, code: string | null) {
    super(`refused with ${status}`);
    this.status = status;
    this.code = code;
  }

  get trouble(): Trouble {
    if (this.status === 401 || this.status === 403) return "unauthorized";
    return this.status === 404 ? "not_found" : "network";
  }
}

/** GET. Throws Refused, or TypeError where there is no network. */
export async function getJson<T>(token: string, path: string, signal: AbortSignal | null = null): Promise<T> {
  const answer = await fetch(path, { headers: { Authorization: `Bearer ${token}` }, signal });
  if (!answer.ok) throw await refusal(answer);
  return (await answer.json()) as T;
}

/** POST. `key`: the same for every attempt at the same deed, so that it is done once. */
export async function post<T>(token: string, path: string, body: unknown, key: string): Promise<T> {
  return send("POST", token, path, body, key);
}

/** POST or PUT; see `post`. */
export async function send<T>(
  method: "POST" | "PUT",
  token: string,
  path: string,
  body: unknown,
  key: string,
): Promise<T> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json", "Idempotency-Key": key };
  const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw await refusal(answer);
  return (await answer.json()) as T;
}

/** A fresh idempotency key. `crypto.randomUUID` is missing where the page came over plain HTTP. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function refusal(answer: Response): Promise<Refused> {
  const problem = (await answer.json().catch(() => null)) as { code?: unknown } | null;
  return new Refused(answer.status, typeof problem?.code === "string" ? problem.code : null);
}

/** `trouble`: the last attempt failed, `value` is older than it should be. */
export interface Polled<T> {
  value: T | null;
  heardMs: number;
  trouble: Trouble | null;
}

interface Options<T> {
  /** null: ask once, and again when `version` changes. */
  everyMs?: number | null;
  version?: string | number;
  /** Keeps what is equal identical, so that it is not redrawn. */
  merge?: (old: T | null, fresh: T) => T;
}

/** The newest answer of `path` (null: ask nothing). */
export function usePolled<T>(path: string | null, token: string, options: Options<T> = {}): Polled<T> {
  const { everyMs = EVERY_MS, version = 0, merge = (_: T | null, fresh: T) => fresh } = options;
  const [polled, setPolled] = useState<Polled<T> & { path: string | null }>(() => nothing(path));
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let etag: string | null = null;
    const failed = (trouble: Trouble): void =>
      setPolled((old) => ({ ...(old.path === path ? old : nothing<T>(path)), trouble }));
    const ask = async (): Promise<void> => {
      clearTimeout(timer);
      try {
        const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
        if (etag) headers["If-None-Match"] = etag;
        const answer = await fetch(path, { headers, signal: stop.signal });
        if (answer.status === 304) {
          setPolled((old) => ({ ...old, trouble: null }));
        } else if (answer.ok) {
          etag = answer.headers.get("ETag");
          const fresh = (await answer.json()) as T;
          setPolled((old) => ({
            path,
            value: merge(old.path === path ? old.value : null, fresh),
            heardMs: Date.now(),
            trouble: null,
          }));
        } else {
          failed((await refusal(answer)).trouble);
        }
      } catch {
        if (stop.signal.aborted) return;
        failed("network");
      }
      if (everyMs !== null && !stop.signal.aborted && !document.hidden) timer = setTimeout(() => void ask(), everyMs);
    };
    const seen = (): void => void (everyMs !== null && !document.hidden && ask());
    document.addEventListener("visibilitychange", seen);
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [path, token, everyMs, version]);
  return polled.path === path ? polled : nothing(path);
}

function nothing<T>(path: string | null): Polled<T> & { path: string | null } {
  return { path, value: null, heardMs: 0, trouble: null };
}
