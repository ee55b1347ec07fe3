// Instants as people of one place read them: clock times, days and windows in a site's zone.

import type { Language } from "./language.ts";

const DAY_MS = 86_400_000;

/** The words that a date needs besides what Intl knows. */
const NEAR_DAYS: Record<Language, Record<-1 | 0 | 1, string>> = {
  "zh-CN": { [-1]: "昨天", 0: "今天", 1: "明天" },
  en: { [-1]: "Yesterday", 0: "Today", 1: "Tomorrow" },
};

export interface Times {
  /** 09:42 */
  clock(ms: number): string;
  /** 今天, 明天, 10月21日周二: relative to `nowMs`. */
  day(ms: number, nowMs: number): string;
  /** 09:42:20 */
  exact(ms: number): string;
  /** 09:42, with the day in front where it is not that of `nowMs`. */
  moment(ms: number, nowMs: number): string;
  /** 今天 09:30–10:00 */
  window(fromMs: number, toMs: number, nowMs: number): string;
  /** 09:38–09:50 */
  span(fromMs: number, toMs: number): string;
  /** 2025-10-21 */
  isoDay(ms: number): string;
  /** The zone's name where the reader's own clock shows another time, else null. */
  foreignZone(ms: number): string | null;
}

const cache = new Map<string, Times>();

export function timesFor(language: Language, zone: string): Times {
  const key = `${language} ${zone}`;
  const known = cache.get(key);
  if (known) return known;
  const made = make(language, safeZone(zone));
  cache.set(key, made);
  return made;
}

function make(language: Language, timeZone: string): Times {
  const clockFormat = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
  const exactFormat = new Intl.DateTimeFormat("en-GB", { timeZone, timeStyle: "medium" });
  const isoFormat = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  const dayFormat = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
    timeZone,
    month: language === "en" ? "short" : "long",
    day: "numeric",
    weekday: "short",
  });
  const here = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

  const clock = (ms: number): string => clockFormat.format(ms);
  const isoDay = (ms: number): string => isoFormat.format(ms);
  const apart = (ms: number, nowMs: number): number =>
    Math.round((Date.parse(isoDay(ms)) - Date.parse(isoDay(nowMs))) / DAY_MS);
  const day = (ms: number, nowMs: number): string => {
    const days = apart(ms, nowMs);
    return days === -1 || days === 0 || days === 1 ? NEAR_DAYS[language][days] : dayFormat.format(ms);
  };
  const span = (fromMs: number, toMs: number): string => `${clock(fromMs)}–${clock(toMs)}`;
  return {
    clock,
    exact: (ms) => exactFormat.format(ms),
    day,
    isoDay,
    span,
    moment: (ms, nowMs) => (apart(ms, nowMs) === 0 ? clock(ms) : `${day(ms, nowMs)} ${clock(ms)}`),
    window: (fromMs, toMs, nowMs) =>
      apart(fromMs, toMs) === 0
        ? `${day(fromMs, nowMs)} ${span(fromMs, toMs)}`
        : `${day(fromMs, nowMs)} ${clock(fromMs)} – ${day(toMs, nowMs)} ${clock(toMs)}`,
    foreignZone: (ms) => (here.format(ms) === clock(ms) ? null : zoneName(language, timeZone, ms)),
  };
}

function zoneName(language: Language, timeZone: string, ms: number): string {
  const parts = new Intl.DateTimeFormat(language, { timeZone, timeZoneName: "long" }).formatToParts(ms);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? timeZone;
}

function safeZone(zone: string): string {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return zone;
  } catch {
    return "UTC"; // a browser older than the zone's name
  }
}
