// What the page knows: the newest progress, how it is connected, whether the link is over. One pure reducer.

import { readClock, type Reading } from "../shared/clock.ts";
import type { Progress } from "../shared/contract.ts";

/** `closed`: nothing more is expected. */
export type Connection = "connecting" | "live" | "reconnecting" | "offline" | "closed";

/** Why a link shows nothing. */
export type Gone = "expired" | "invalid";

export interface State {
  progress: Progress | null;
  reading: Reading | null;
  connection: Connection;
  gone: Gone | null;
}

export type Happening =
  | { what: "progress"; progress: Progress; heardMs: number }
  | { what: "connection"; connection: Connection }
  | { what: "gone"; why: Gone };

export const BEGINNING: State = { progress: null, reading: null, connection: "connecting", gone: null };

export function reduce(state: State, happening: Happening): State {
  switch (happening.what) {
    case "progress":
      return {
        progress: happening.progress,
        reading: readClock(happening.progress.clock, happening.heardMs),
        connection: "live",
        gone: null,
      };
    case "connection":
      return state.connection === happening.connection
        ? state
        : { ...state, connection: lost(state, happening.connection) };
    case "gone":
      return { ...state, connection: "closed", gone: happening.why };
  }
}

/** Before anything was shown there is nothing to re-connect to. */
function lost(state: State, connection: Connection): Connection {
  return connection === "reconnecting" && state.progress === null ? "connecting" : connection;
}
