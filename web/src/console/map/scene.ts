// What a map of the console shows, as data: views describe it, one class draws it.

import type { Fence, Point } from "../../shared/contract.ts";

/** How a mark looks; the colours stand in the style sheet. */
export type Tone = "alarm" | "risk" | "moving" | "present" | "idle" | "stale" | "ink";

export interface Pin extends Point {
  id: string;
  /** Inside the disc: a letter, a number. */
  text: string;
  /** Beside it on hover, and for screen readers. */
  label: string;
  tone: Tone;
  /** Its label is always shown. */
  named?: boolean;
  chosen?: boolean;
}

export interface Line {
  points: Point[];
  /** `lead`: says that two things belong together; `gap`: nobody knows how it went. */
  kind: "track" | "gap" | "lead";
}

export interface Dot extends Point {
  kind: "fix" | "site";
}

export interface Halo extends Point {
  radius_m: number;
}

export interface Scene {
  fences: Fence[];
  lines: Line[];
  dots: Dot[];
  halos: Halo[];
  pins: Pin[];
  /** What should be in sight; the camera moves when `frameKey` is another. */
  frame: Point[];
  frameKey: string;
}

export const EMPTY: Scene = { fences: [], lines: [], dots: [], halos: [], pins: [], frame: [], frameKey: "" };

/** The part that is drawn into the map's own layers: equal keys, equal drawing. */
export type Drawing = Pick<Scene, "fences" | "lines" | "dots" | "halos">;
