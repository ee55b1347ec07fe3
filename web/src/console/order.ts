// Which visits want a person's eye first, and how far each is from its promise. Pure.

import type { BoardVisit, Status } from "../shared/contract.ts";
import { isActive } from "./state.ts";

/** `alarm`: somebody asked for help; `late`: the promise is broken and open; `risk`: it may break. */
export type Urgency = "alarm" | "late" | "risk" | "none";

const RANK: Record<Urgency, number> = { alarm: 0, late: 1, risk: 2, none: 3 };

/** Rules whose alerts say that a promise is broken; any other says that it may come to that. */
const BROKEN = new Set(["late", "no_show"]);

export function urgency(visit: BoardVisit, nowMs: number): Urgency {
  const open = visit.alerts.filter((alert) => isActive(alert) && alert.ended_at === null);
  if (open.some((alert) => alert.rule === "sos")) return "alarm";
  if (open.some((alert) => BROKEN.has(alert.rule))) return "late";
  if (open.length > 0) return "risk";
  if (visit.over || visit.arrived_at) return "none";
  const endMs = Date.parse(visit.window_to);
  if (nowMs > endMs) return "late";
  if (visit.eta && Date.parse(visit.eta.at) > endMs) return "risk";
  const waiting = visit.status === "scheduled" || visit.status === "rescheduled";
  return waiting && nowMs > Date.parse(visit.window_from) ? "risk" : "none";
}

/** What a board may be narrowed to: what needs a look, those with alerts, or one status. */
export type Only = "attention" | "alerts" | Status;

export function isAmong(visit: BoardVisit, only: Only | null, nowMs: number): boolean {
  if (only === null) return true;
  if (only === "attention") return urgency(visit, nowMs) !== "none";
  if (only === "alerts") return visit.alerts.some(isActive);
  return visit.status === only;
}

/** Seconds against the end of the promised window: after arrival as it was, before it as it will be at least. */
export interface Lateness {
  kind: "was" | "expected" | "passed";
  seconds: number;
}

export function lateness(visit: BoardVisit, nowMs: number): Lateness | null {
  if (visit.lateness_s !== null) return { kind: "was", seconds: visit.lateness_s };
  if (visit.over) return null;
  const endMs = Date.parse(visit.window_to);
  if (visit.eta && Date.parse(visit.eta.at) > endMs)
    return { kind: "expected", seconds: (Date.parse(visit.eta.at) - endMs) / 1000 };
  return nowMs > endMs && !visit.arrived_at ? { kind: "passed", seconds: (nowMs - endMs) / 1000 } : null;
}

export interface Ordered {
  attention: BoardVisit[];
  open: BoardVisit[];
  over: BoardVisit[];
}

/** Three groups, each by its windows; what wants attention by how much. */
export function order(visits: readonly BoardVisit[], nowMs: number): Ordered {
  const byWindow = [...visits].sort(
    (a, b) => a.window_from.localeCompare(b.window_from) || a.visit.localeCompare(b.visit),
  );
  const groups: Ordered = { attention: [], open: [], over: [] };
  const ranks = new Map<BoardVisit, number>();
  for (const visit of byWindow) {
    const rank = RANK[urgency(visit, nowMs)];
    ranks.set(visit, rank);
    groups[rank < RANK.none ? "attention" : visit.over ? "over" : "open"].push(visit);
  }
  groups.attention.sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
  return groups;
}

export function matches(visit: BoardVisit, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return true;
  const { customer, site, worker } = visit;
  return [
    customer.name,
    customer.customer,
    site.name,
    site.address,
    worker?.name,
    worker?.worker,
    visit.visit,
    visit.service,
  ]
    .filter((each): each is string => typeof each === "string")
    .some((each) => each.toLowerCase().includes(wanted));
}

/** The business day before or after. */
export function shiftDay(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
}
