// All workers as the live map and its list show them: how urgent, what they are doing, where. Pure.

import type { AlertFull, BoardVisit, Point, WorkerItem } from "../../shared/contract.ts";
import { byUrgency } from "../alerts/order.ts";
import { urgency } from "../order.ts";
import { isActive, type Live } from "../state.ts";
import { EMPTY, type Dot, type Line, type Pin, type Scene, type Tone } from "./scene.ts";

export interface Member {
  worker: WorkerItem;
  name: string;
  tone: Tone;
  /** The visit that is going on or comes next, as the board has it, where it is of today. */
  visit: BoardVisit | null;
  alerts: AlertFull[];
  /** How old the position is, in ms of the cell's time. */
  ageMs: number | null;
}

/** A position older than this is no longer where somebody is. Resting phones report every 15 to 30 minutes. */
const STALE_MS = 45 * 60_000;
/** Names are always shown for so many workers at most, else only for those that stand out. */
const NAMED_UP_TO = 12;
const ORDER: Tone[] = ["alarm", "risk", "stale", "moving", "present", "idle"];
const MOVING = new Set(["on_the_way", "nearby"]);
const PRESENT = new Set(["at_compound", "arrived", "in_service", "stepped_out", "no_access"]);

/** Everybody, who needs a look first. */
export function fleetOf(live: Live, nowMs: number): Member[] {
  const visits = new Map(live.board?.visits.map((visit) => [visit.visit, visit]));
  const alerts = new Map<string, AlertFull[]>();
  for (const alert of live.alerts?.values() ?? [])
    if (alert.worker && isActive(alert)) alerts.set(alert.worker, [...(alerts.get(alert.worker) ?? []), alert].sort(byUrgency));
  return [...(live.workers?.values() ?? [])]
    .map((worker) => {
      const visit = (worker.visit && visits.get(worker.visit.visit)) ?? null;
      const own = alerts.get(worker.worker) ?? [];
      const ageMs = worker.position ? Math.max(0, nowMs - Date.parse(worker.position.at)) : null;
      const name = worker.name ?? worker.worker;
      return { worker, name, visit, alerts: own, ageMs, tone: toneOf(worker, visit, own, ageMs, nowMs) };
    })
    .sort((a, b) => ORDER.indexOf(a.tone) - ORDER.indexOf(b.tone) || a.name.localeCompare(b.name, "zh-CN"));
}

/** An alert counts while it goes on: one that is over does not say how things stand now. */
function toneOf(worker: WorkerItem, visit: BoardVisit | null, alerts: AlertFull[], ageMs: number | null, nowMs: number): Tone {
  const going = alerts.filter((alert) => alert.ended_at === null);
  const level = visit ? urgency(visit, nowMs) : "none";
  if (going.some((alert) => ["sos", "late", "no_show"].includes(alert.rule)) || level === "alarm" || level === "late")
    return "alarm";
  if (going.length > 0 || level === "risk") return "risk";
  const status = worker.visit?.status;
  if (status && MOVING.has(status)) return ageMs !== null && ageMs > STALE_MS ? "stale" : "moving";
  // Indoors phones fall silent: that is no staleness.
  if (status && PRESENT.has(status)) return "present";
  return ageMs !== null && ageMs > STALE_MS ? "stale" : "idle";
}

/** The first character of a Chinese name, the initials of others. */
export function initials(name: string): string {
  if (/^[\u3400-\u9fff]/.test(name)) return name.slice(0, 1);
  return name
    .split(/\s+/)
    .slice(0, 2)
    .map((part) => part.slice(0, 1).toUpperCase())
    .join("");
}

export function pinsOf(fleet: Member[], chosen: string | null): Pin[] {
  return fleet.flatMap(({ worker, name, tone }): Pin[] => {
    if (!worker.position) return [];
    const { lat, lon } = worker.position;
    const named = tone === "alarm" || tone === "risk" || fleet.length <= NAMED_UP_TO;
    return [{ id: worker.worker, lat, lon, text: initials(name), label: name, tone, named, chosen: worker.worker === chosen }];
  });
}

/** Sites of today's visits, each once. */
export function sitesOf(visits: readonly BoardVisit[]): Dot[] {
  const sites = new Map(visits.map(({ site }) => [site.site, site]));
  return [...sites.values()].map(({ lat, lon }) => ({ kind: "site", lat, lon }));
}

/** `frameKey` changes only when somebody else is chosen: the camera does not run after everybody. */
export function fleetScene(pins: Pin[], sites: Dot[], chosen: Member | null, known: boolean): Scene {
  const position = chosen?.worker.position ?? null;
  const to: Point | null = chosen?.visit?.site ?? null;
  const lines: Line[] = position && to ? [{ kind: "lead", points: [position, to] }] : [];
  const goal: Pin[] =
    position && to
      ? [{ id: "goal", lat: to.lat, lon: to.lon, text: "", label: chosen?.visit?.site.name ?? "", tone: "ink", named: true }]
      : [];
  const frame: Point[] = position ? (to ? [position, to] : [position]) : [...pins, ...(pins.length === 0 ? sites : [])];
  return { ...EMPTY, dots: sites, lines, pins: [...goal, ...pins], frame, frameKey: `${known} ${position ? chosen?.worker.worker : ""}` };
}
