// Where in the console one is, kept in the address: #day=2025-10-21&visit=v-1. Back and reload work.

import { useEffect, useState } from "preact/hooks";

export interface Place {
  day: string | null;
  visit: string | null;
}

export function readPlace(hash: string): Place {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  return { day: given.get("day"), visit: given.get("visit") };
}

export function placeHref(place: Place): string {
  const given = new URLSearchParams();
  if (place.day) given.set("day", place.day);
  if (place.visit) given.set("visit", place.visit);
  return `#${given.toString()}`;
}

export function usePlace(): [Place, (place: Place) => void] {
  const [place, setPlace] = useState(() => readPlace(location.hash));
  useEffect(() => {
    const moved = (): void => setPlace(readPlace(location.hash));
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return [place, (next) => void (location.hash = placeHref(next))];
}
