// Where in the console one is, kept in the address: #alerts/<id>?state=all, #board/v-1?day=2025-10-21. Back and reload work.

import { useEffect, useState } from "preact/hooks";

export const VIEWS = ["board", "map", "alerts", "worker", "devices", "letters", "timeliness"] as const;
export type View = (typeof VIEWS)[number];

/** `id`: of a visit, worker, device or alert, after the view; `ask`: what else was chosen (day, state, rule, by, from, to). */
export interface Place {
  view: View;
  id: string | null;
  ask: Readonly<Record<string, string>>;
}

export function readPlace(hash: string): Place {
  const [path = "", question = ""] = hash.replace(/^#/, "").split("?", 2);
  // An address without a view (#day=…&visit=…) is the board's.
  const bare = path.includes("=");
  const [name, ...rest] = bare ? [] : path.split("/");
  const { visit, ...ask } = Object.fromEntries(new URLSearchParams(bare ? path : question));
  const view = VIEWS.find((each) => each === name) ?? "board";
  return { view, id: rest.length > 0 ? decoded(rest.join("/")) : (visit ?? null), ask };
}

export function placeHref(view: View, id: string | null = null, ask: Readonly<Record<string, string | null>> = {}): string {
  const given = Object.entries(ask).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const question = new URLSearchParams(given).toString();
  return `#${view}${id === null ? "" : `/${encodeURIComponent(id)}`}${question && `?${question}`}`;
}

export function usePlace(): Place {
  const [place, setPlace] = useState(() => readPlace(location.hash));
  useEffect(() => {
    const moved = (): void => setPlace(readPlace(location.hash));
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return place;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
