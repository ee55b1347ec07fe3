// Asks the API again and again, while somebody looks. What has not changed costs a 304 and no drawing.

import { useEffect, useState } from "preact/hooks";

export const EVERY_MS = 5_000;

/** `trouble`: the last attempt failed, `value` is older than it should be. */
export interface Polled<T> {
  value: T | null;
  heardMs: number;
  trouble: "network" | "unauthorized" | "not_found" | null;
}

/** The newest answer of `path` (null: ask nothing). `merge` keeps what is equal identical, so that it is not redrawn. */
export function usePolled<T>(
  path: string | null,
  token: string,
  merge: (old: T | null, fresh: T) => T = (_, fresh) => fresh,
): Polled<T> {
  const [polled, setPolled] = useState<Polled<T> & { path: string | null }>(() => nothing(path));
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let etag: string | null = null;
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
          setPolled((old) => ({ ...(old.path === path ? old : nothing<T>(path)), trouble: troubleOf(answer.status) }));
        }
      } catch {
        if (stop.signal.aborted) return;
        setPolled((old) => ({ ...(old.path === path ? old : nothing<T>(path)), trouble: "network" }));
      }
      if (!stop.signal.aborted && !document.hidden) timer = setTimeout(() => void ask(), EVERY_MS);
    };
    const seen = (): void => void (!document.hidden && ask());
    document.addEventListener("visibilitychange", seen);
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [path, token]);
  return polled.path === path ? polled : nothing(path);
}

function nothing<T>(path: string | null): Polled<T> & { path: string | null } {
  return { path, value: null, heardMs: 0, trouble: null };
}

function troubleOf(status: number): Polled<unknown>["trouble"] {
  if (status === 401 || status === 403) return "unauthorized";
  return status === 404 ? "not_found" : "network";
}
