// The cell's time, carried on between two things the server said. A demo's minute may pass in a second.

import type { Clock, ClockMode } from "./contract.ts";

/** What the cell's clock said (`nowMs`) and when this device heard it (`heardMs`, the device's own clock). */
export interface Reading {
  nowMs: number;
  heardMs: number;
  mode: ClockMode;
  rate: number;
}

export function readClock(clock: Clock, heardMs: number): Reading {
  return { nowMs: Date.parse(clock.now), heardMs, mode: clock.mode, rate: clock.rate };
}

/** The cell's time at the device's `atMs`. A followed clock stands still until its next word. */
export function cellNow(reading: Reading, atMs: number): number {
  const rate = reading.mode === "wall" ? 1 : reading.mode === "scaled" ? reading.rate : 0;
  return reading.nowMs + Math.max(0, atMs - reading.heardMs) * rate;
}

/** How often a page should look at the clock, in ms of the device: once a second, or twice if time runs fast. */
export function tickMs(reading: Reading | null): number {
  return reading !== null && reading.mode === "scaled" && reading.rate > 10 ? 500 : 1000;
}
