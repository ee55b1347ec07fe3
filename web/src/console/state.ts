// What the console knows of now: today's board, the alerts that somebody must act on, where the workers are. Pure.

import { readClock, type Reading } from "../shared/clock.ts";
import type { AlertFull, Board, BoardVisit, Changed, DecisionTaken, WorkerItem } from "../shared/contract.ts";

/** `polling`: no stream, but answers; `lost`: neither. */
export type Connection = "connecting" | "live" | "polling" | "lost";

export interface Live {
  board: Board | null;
  /** Active ones, and those that ceased to be while the page was open. */
  alerts: ReadonlyMap<string, AlertFull> | null;
  workers: ReadonlyMap<string, WorkerItem> | null;
  reading: Reading | null;
  connection: Connection;
  /** Alerts that came in by the stream while somebody looked. */
  fresh: ReadonlySet<string>;
  unauthorized: boolean;
}

export const BEGINNING: Live = {
  board: null,
  alerts: null,
  workers: null,
  reading: null,
  connection: "connecting",
  fresh: new Set(),
  unauthorized: false,
};

export interface Snapshot {
  board: Board;
  alerts: AlertFull[];
  workers: WorkerItem[];
}

export function isActive(alert: { state: string }): boolean {
  return alert.state === "open" || alert.state === "acknowledged";
}

export function isUntaken(alert: AlertFull): boolean {
  return alert.state === "open";
}

/** Everything was asked for again. What is equal stays the same object. */
export function replaced(live: Live, fresh: Snapshot, heardMs: number): Live {
  return {
    ...live,
    board: keepEqual(live.board, fresh.board),
    alerts: keyed(live.alerts, fresh.alerts, (alert) => alert.alert),
    workers: keyed(live.workers, fresh.workers, (worker) => worker.worker),
    reading: readClock(fresh.board.clock, heardMs),
  };
}

/** The stream said what is new. `strangers`: visits that are not on the board; whoever asks for it again learns why. */
export function merged(live: Live, changed: Changed, heardMs: number): { live: Live; strangers: string[] } {
  const strangers: string[] = [];
  let board = live.board;
  if (board && changed.visits.length > 0) {
    const news = new Map(changed.visits.map((visit) => [visit.visit, visit]));
    const visits = board.visits.map((visit) => {
      const fresh = news.get(visit.visit);
      news.delete(visit.visit);
      return fresh ? keep(visit, fresh) : visit;
    });
    strangers.push(...news.keys());
    board = { ...board, visits };
  }
  const fresh = new Set(live.fresh);
  let alerts = live.alerts;
  if (alerts && changed.alerts.length > 0) {
    const all = new Map(alerts);
    for (const alert of changed.alerts) {
      const old = all.get(alert.alert);
      if (!old && alert.state === "open") fresh.add(alert.alert);
      all.set(alert.alert, keep(old, alert));
    }
    alerts = all;
  }
  let workers = live.workers;
  if (workers && changed.workers.length > 0) {
    const all = new Map(workers);
    for (const worker of changed.workers) all.set(worker.worker, keep(all.get(worker.worker), worker));
    workers = all;
  }
  const reading = readClock(changed.clock, heardMs);
  return { live: { ...live, board, alerts, workers, fresh, reading }, strangers };
}

/** A decision was answered: shown at once, before any stream says it. */
export function decided(live: Live, taken: DecisionTaken): Live {
  const old = live.alerts?.get(taken.alert);
  if (!live.alerts || !old) return live;
  const { state, acknowledged, resolved } = taken;
  const alerts = new Map(live.alerts).set(taken.alert, { ...old, state, acknowledged, resolved });
  const fresh = new Set(live.fresh);
  fresh.delete(taken.alert);
  return { ...live, alerts, fresh };
}

/** The fresh board with visits that have not changed kept as the same objects. */
export function keepEqual(old: Board | null, fresh: Board): Board {
  if (!old || old.day !== fresh.day) return fresh;
  const known = new Map(old.visits.map((visit): [string, BoardVisit] => [visit.visit, visit]));
  return { ...fresh, visits: fresh.visits.map((visit) => keep(known.get(visit.visit), visit)) };
}

function keyed<T>(old: ReadonlyMap<string, T> | null, items: T[], key: (item: T) => string): Map<string, T> {
  return new Map(items.map((item) => [key(item), keep(old?.get(key(item)), item)]));
}

function keep<T>(old: T | undefined, fresh: T): T {
  return old !== undefined && JSON.stringify(old) === JSON.stringify(fresh) ? old : fresh;
}
