// What lies below the markers, as the operator has set it: asked once a page, of both pages alike.

import type { MapAnswer } from "../contract.ts";

/** null in place of one: a plain ground. `url` is absolute. */
export interface BaseMap {
  kind: "raster" | "pmtiles";
  url: string;
  attribution: string | null;
}

let asked: Promise<BaseMap | null> | null = null;

/** The base map of this cell. Never fails: without an answer the ground is plain, and the next map asks again. */
export function baseMap(): Promise<BaseMap | null> {
  asked ??= ask().catch(() => {
    asked = null;
    return null;
  });
  return asked;
}

/** The answer as something to draw, from a page at `here`; null for none. */
export function readBaseMap({ kind, url, attribution }: MapAnswer, here: string): BaseMap | null {
  if (kind === "none" || !url) return null;
  // Tiles' places in a template are no part of a URL: only what stands before them is made absolute.
  const [before = "", ...places] = url.split("{");
  const absolute = [new URL(before, here).href, ...places].join("{");
  return { kind, url: absolute, attribution: attribution ?? null };
}

async function ask(): Promise<BaseMap | null> {
  const answer = await fetch("/v1/map", { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`/v1/map: ${answer.status}`);
  return readBaseMap((await answer.json()) as MapAnswer, location.href);
}
