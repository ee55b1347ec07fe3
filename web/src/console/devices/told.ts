// What a device said, in words; and times as people write them into forms. Pure.

import type { Times } from "../../shared/times.ts";
import { word, type Words } from "../words.ts";
import type { ClockEstimate, LastMessage } from "./contract.ts";

const JUST_NOW_S = 60;

/** 3 分钟前, 刚刚. */
export function ago(ms: number, nowMs: number, words: Words): string {
  const s = (nowMs - ms) / 1000;
  return s < JUST_NOW_S ? words.devices.justNow : words.ago(words.duration(s));
}

/** A message in a line: its kind and what matters of it. */
export function describe(message: LastMessage, words: Words): string {
  const { kind, said } = message;
  return [word(words.kind, kind), ...details(said, words)].join(" · ");
}

function details(said: LastMessage["said"], words: Words): string[] {
  const w = words.devices;
  const found: string[] = [];
  if (typeof said.lat === "number" && typeof said.lon === "number") {
    found.push(`${said.lat.toFixed(5)}, ${said.lon.toFixed(5)}`);
  }
  if (typeof said.accuracy_m === "number") found.push(words.accuracy(words.metres(said.accuracy_m)));
  if (typeof said.open === "boolean") found.push(said.open ? w.open : w.closed);
  if (typeof said.press === "string") found.push(word(w.press, said.press));
  if (typeof said.online === "boolean") found.push(said.online ? w.online : w.offline);
  if (typeof said.permission === "string") found.push(word(w.permission, said.permission));
  for (const name of ["tag", "place", "visit", "reason", "note", "network"]) {
    if (typeof said[name] === "string") found.push(said[name]);
  }
  return found;
}

/** What a clock's estimate tells, in one sentence. */
export function clockSaid(clock: ClockEstimate, words: Words): string {
  const w = words.devices;
  const span = w.span(clock.ahead_ms);
  if (clock.verdict === "ahead") return w.clockAhead(span);
  if (clock.verdict === "behind") return w.clockBehind(span);
  return clock.verdict === "behind_or_late" ? w.clockUnsure(span) : w.clockRight;
}

/** `2025-10-21T09:30` by the clock of a place, as an instant; null: nothing was entered. */
export function instantOf(local: string, times: Times): number | null {
  const guess = Date.parse(`${local}Z`);
  if (Number.isNaN(guess)) return null;
  const shown = (ms: number): number => Date.parse(`${times.isoDay(ms)}T${times.exact(ms)}Z`);
  const once = guess - (shown(guess) - guess);
  return once - (shown(once) - guess); // where the clock was put forward between the two
}

/** The other way, as an input of that kind holds it. */
export function localOf(ms: number, times: Times): string {
  return `${times.isoDay(ms)}T${times.clock(ms)}`;
}

/** A field map from its lines; the number of the first line that is none. */
export function fieldsOf(text: string): Record<string, string> | number {
  const fields: Record<string, string> = {};
  for (const [i, line] of text.split("\n").entries()) {
    if (!line.trim()) continue;
    const at = line.indexOf("=");
    const [name, path] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    if (at < 0 || !name || !path) return i + 1;
    fields[name] = path;
  }
  return fields;
}
