// What every part of the console needs: the reader's language and words, the cell's zone, the token, what is known now.

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { cellNow, type Reading } from "../shared/clock.ts";
import type { Language } from "../shared/language.ts";
import { timesFor, type Times } from "../shared/times.ts";
import type { Feed } from "./feed.ts";
import type { Live } from "./state.ts";
import type { Words } from "./words.ts";

export interface Desk {
  token: string;
  language: Language;
  words: Words;
  /** In the zone of the board. */
  times: Times;
  live: Live;
  feed: Feed;
  /** The cell's time, to the minute: rows need no more, and between two minutes they are not drawn again. */
  minuteMs: number;
}

const DeskContext = createContext<Desk | null>(null);
export const DeskProvider = DeskContext.Provider;

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("outside of the console");
  return desk;
}

const MINUTE_MS = 60_000;
const LOOK_MS = 500;

/** The minute of the cell's clock; draws again only when it is another. */
export function useMinute(reading: Reading | null): number {
  const minute = (): number =>
    reading ? Math.floor(cellNow(reading, Date.now()) / MINUTE_MS) * MINUTE_MS : 0;
  const [, setSeen] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeen(minute()), LOOK_MS);
    return () => clearInterval(timer);
  }, [reading]);
  return minute();
}

/** Times of a place whose zone may not be the board's. */
export function timesOf(desk: Desk, zone: string | null | undefined): Times {
  return zone ? timesFor(desk.language, zone) : desk.times;
}
