// A day's positions: where somebody was at a moment, where nothing was heard, what a table says of it. Pure.

import type { Point, Track } from "../../shared/contract.ts";
import { distanceM } from "../../shared/ground.ts";
import type { Times } from "../../shared/times.ts";

export interface Fix extends Point {
  atMs: number;
  accuracyM: number | null;
  speedMps: number | null;
}

/** Longer than this between two fixes, and nobody knows how it went: drawn as a gap. Moving phones report every 10 to 60 s. */
export const GAP_MS = 5 * 60_000;
/** A company's business day begins then, by the clock of the place. */
const DAY_BEGINS = "04:00";
const DAY_MS = 86_400_000;
/** A site's name is said within this distance of its pin. */
const AT_SITE_M = 150;

export function fixesOf(track: Track): Fix[] {
  return track.features
    .flatMap((feature): Fix[] => {
      if (feature.geometry.type !== "Point" || !("at" in feature.properties)) return [];
      const [lon, lat] = feature.geometry.coordinates;
      const { at, accuracy_m, speed_mps } = feature.properties;
      return [{ lat, lon, atMs: Date.parse(at), accuracyM: accuracy_m, speedMps: speed_mps }];
    })
    .sort((a, b) => a.atMs - b.atMs);
}

/** Runs of fixes without a gap between them. */
export function stretches(fixes: readonly Fix[]): Fix[][] {
  const runs: Fix[][] = [];
  let before: Fix | null = null;
  for (const fix of fixes) {
    if (before && fix.atMs - before.atMs <= GAP_MS) runs.at(-1)!.push(fix);
    else runs.push([fix]);
    before = fix;
  }
  return runs;
}

export interface Whereabouts {
  /** Between two fixes, or the last before a gap. */
  at: Point;
  accuracyM: number | null;
  speedMps: number | null;
  /** How long nothing was heard at that moment, where that is a gap; else null. */
  gap: { sinceMs: number; forMs: number } | null;
}

/** null: before the first fix. */
export function whereAt(fixes: readonly Fix[], atMs: number): Whereabouts | null {
  const i = lastBefore(fixes, atMs);
  const before = fixes[i];
  if (!before) return null;
  const after = fixes[i + 1];
  const { accuracyM, speedMps } = before;
  const known = { at: before, accuracyM, speedMps };
  if (!after || after.atMs - before.atMs > GAP_MS) {
    const forMs = atMs - before.atMs;
    const isGap = after ? forMs > 0 : forMs > GAP_MS;
    return { ...known, gap: isGap ? { sinceMs: before.atMs, forMs } : null };
  }
  const t = after.atMs === before.atMs ? 0 : (atMs - before.atMs) / (after.atMs - before.atMs);
  const at = { lat: before.lat + (after.lat - before.lat) * t, lon: before.lon + (after.lon - before.lon) * t };
  return { ...known, at, gap: null };
}

/** The index of the last fix not after a moment; -1 if there is none. */
function lastBefore(fixes: readonly Fix[], atMs: number): number {
  let [low, high] = [0, fixes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fixes[middle]!.atMs <= atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The gaps between `fromMs` and `toMs` that lie between fixes. */
export function gapsOf(fixes: readonly Fix[]): { fromMs: number; toMs: number }[] {
  const runs = stretches(fixes);
  return runs.slice(1).map((run, i) => ({ fromMs: runs[i]!.at(-1)!.atMs, toMs: run[0]!.atMs }));
}

export interface NamedPlace extends Point {
  name: string;
}

/** The nearest of some places; `isThere` where that is close enough to say that somebody is at it. */
export function nearest(at: Point, places: readonly NamedPlace[]): { name: string; m: number; isThere: boolean } | null {
  let best: { name: string; m: number; isThere: boolean } | null = null;
  for (const place of places) {
    const m = distanceM(at, place);
    if (!best || m < best.m) best = { name: place.name, m, isThere: m <= AT_SITE_M };
  }
  return best;
}

/** A business day as instants, by the clock of the place. */
export function dayBounds(day: string, times: Times): { fromMs: number; toMs: number } {
  const begin = (iso: string): number => {
    const guess = Date.parse(`${iso}T${DAY_BEGINS}:00Z`);
    const offset = Date.parse(`${times.isoDay(guess)}T${times.clock(guess)}:00Z`) - guess;
    return guess - offset;
  };
  const next = new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
  return { fromMs: begin(day), toMs: begin(next) };
}
