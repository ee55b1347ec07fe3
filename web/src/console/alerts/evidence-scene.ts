// The map of an alert's evidence: the fence, each fact with its number and accuracy, and what lies between them. Pure.

import type { EvidenceFact, Fence, Point } from "../../shared/contract.ts";
import { beyondFenceM, fenceRing } from "../../shared/ground.ts";
import { EMPTY, type Line, type Pin, type Scene } from "../map/scene.ts";
import type { Words } from "../words.ts";

/** Closer than this a line between two marks says nothing. */
const LEAD_FROM_M = 150;

export function placed(fact: EvidenceFact): Point | null {
  return fact.lat === null || fact.lon === null ? null : { lat: fact.lat, lon: fact.lon };
}

/** `facts`: in order of time. */
export function evidenceScene(facts: EvidenceFact[], fence: Fence | null, words: Words): Scene {
  const pins: Pin[] = [];
  const places: Point[] = [];
  facts.forEach((fact, i) => {
    const at = placed(fact);
    if (!at) return;
    places.push(at);
    const label = words.kind[fact.kind] ?? fact.kind;
    pins.push({ id: fact.fact, ...at, text: String(i + 1), label, tone: i === facts.length - 1 ? "alarm" : "ink", named: facts.length <= 3 });
  });
  const lines: Line[] = [];
  for (let i = 1; i < places.length; i++) lines.push({ kind: "lead", points: [places[i - 1]!, places[i]!] });
  const centre = fence && centreOf(fence);
  const last = places.at(-1);
  if (places.length === 1 && fence && centre && last && beyondFenceM(fence, last) > LEAD_FROM_M)
    lines.push({ kind: "lead", points: [last, centre] });
  const halos = facts.flatMap((fact) => {
    const at = placed(fact);
    return at && fact.accuracy_m ? [{ ...at, radius_m: fact.accuracy_m }] : [];
  });
  const ring = fence ? fenceRing(fence).map(([lon, lat]): Point => ({ lat, lon })) : [];
  return { ...EMPTY, fences: fence ? [fence] : [], lines, halos, pins, frame: [...places, ...ring], frameKey: facts.map((f) => f.fact).join() };
}

export function centreOf(fence: Fence): Point {
  if (fence.shape === "circle") return { lat: fence.lat, lon: fence.lon };
  const n = Math.max(1, fence.ring.length);
  const sum = fence.ring.reduce((at, [lat, lon]) => ({ lat: at.lat + lat, lon: at.lon + lon }), { lat: 0, lon: 0 });
  return { lat: sum.lat / n, lon: sum.lon / n };
}
