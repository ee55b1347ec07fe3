// The map of a worker's day: the way with its gaps, the places of the visits, and where they were at the chosen moment. Pure.

import type { BoardVisit, Point } from "../../shared/contract.ts";
import { EMPTY, type Line, type Pin, type Scene, type Tone } from "../map/scene.ts";
import { stretches, type Fix, type Whereabouts } from "./track.ts";

/** Single fixes are drawn up to this many; beyond it they would hide the line. */
const DOTS_UP_TO = 600;

type Way = Pick<Scene, "lines" | "dots">;

export function wayOf(fixes: readonly Fix[]): Way {
  const runs = stretches(fixes);
  const lines: Line[] = runs.filter((run) => run.length > 1).map((points) => ({ kind: "track", points }));
  for (let i = 1; i < runs.length; i++)
    lines.push({ kind: "gap", points: [runs[i - 1]!.at(-1)!, runs[i]![0]!] });
  const dots = fixes.length <= DOTS_UP_TO ? fixes.map(({ lat, lon }) => ({ kind: "fix" as const, lat, lon })) : [];
  return { lines, dots };
}

/** Visits numbered in order of their windows. */
export function visitPins(visits: readonly BoardVisit[], chosen: string | null): Pin[] {
  return visits.map((visit, i) => ({
    id: `visit ${visit.visit}`,
    lat: visit.site.lat,
    lon: visit.site.lon,
    text: String(i + 1),
    label: visit.site.name,
    tone: toneOf(visit),
    chosen: visit.visit === chosen,
  }));
}

function toneOf(visit: BoardVisit): Tone {
  if (visit.status === "missed") return "alarm";
  return visit.arrived_at ? "present" : "idle";
}

export function dayScene(way: Way, visits: Pin[], fences: Scene["fences"], where: Whereabouts | null, label: string, key: string): Scene {
  const here: Pin[] = where
    ? [{ id: "here", ...where.at, text: "", label, tone: where.gap ? "stale" : "moving", named: true, chosen: true }]
    : [];
  const frame: Point[] = [...way.lines.flatMap((line) => line.points), ...visits];
  return { ...EMPTY, ...way, fences, pins: [...visits, ...here], frame, frameKey: key };
}
