// What the API says, as types. Times are RFC 3339 text in UTC; units stand in the names.

export type Status =
  | "scheduled"
  | "rescheduled"
  | "on_the_way"
  | "nearby"
  | "at_compound"
  | "arrived"
  | "in_service"
  | "stepped_out"
  | "finished"
  | "missed"
  | "no_access"
  | "cancelled";

export const STATUSES: readonly Status[] = [
  "scheduled",
  "rescheduled",
  "on_the_way",
  "nearby",
  "at_compound",
  "arrived",
  "in_service",
  "stepped_out",
  "finished",
  "missed",
  "no_access",
  "cancelled",
];

export type ClockMode = "wall" | "scaled" | "followed";

export interface Clock {
  now: string;
  mode: ClockMode;
  rate: number;
}

export interface Point {
  lat: number;
  lon: number;
}

export type Fence =
  | { shape: "circle"; lat: number; lon: number; radius_m: number }
  | { shape: "polygon"; ring: [number, number][]; buffer_m?: number };

export interface Position extends Point {
  accuracy_m: number | null;
  at: string;
}

export interface Eta {
  at: string;
  early: string;
  late: string;
  made_at: string;
  remaining_m: number;
}

export type Withheld = "not_on_the_way" | "near_other_site" | "no_fix";

export interface Step {
  status: Status;
  at: string;
}

/** What lies below the markers: nothing unless the operator set a map of their own. */
export interface BaseMap {
  kind: "raster";
  url: string;
  attribution?: string;
}

/** The whole of what a customer may know about one visit. */
export interface Progress {
  visit: {
    visit: string;
    service: string;
    window_from: string;
    window_to: string;
    planned_s: number;
    zone: string;
    revision: number;
  };
  worker: { called: string } | null;
  status: Status;
  status_at: string;
  over: boolean;
  steps: Step[];
  eta: Eta | null;
  position: Position | null;
  position_withheld: Withheld | null;
  site: { name: string; lat: number; lon: number; fence: Fence };
  arrived_at: string | null;
  service_at: string | null;
  finished_at: string | null;
  stale: { since: string } | null;
  ended: boolean;
  locale: string;
  clock: Clock;
  base_map?: BaseMap | null;
}

export interface AlertBrief {
  alert: string;
  rule: string;
  started_at: string;
  ended_at: string | null;
  standing: boolean;
}

export interface BoardVisit {
  visit: string;
  customer: { customer: string; name: string | null };
  site: { site: string; name: string; address: string; lat: number; lon: number };
  worker: { worker: string; name: string | null } | null;
  service: string;
  window_from: string;
  window_to: string;
  planned_s: number;
  status: Status;
  status_at: string;
  over: boolean;
  eta: Eta | null;
  position: Position | null;
  arrived_at: string | null;
  lateness_s: number | null;
  on_time: boolean | null;
  alerts: AlertBrief[];
}

export interface Board {
  clock: Clock;
  day: string;
  zone: string;
  position: number;
  counts: Partial<Record<Status, number>>;
  visits: BoardVisit[];
}

export interface TimelineStep {
  step: number;
  status: Status;
  at: string;
  cause: "plan" | "fact" | "absence";
  known_from: string;
  known_to: string | null;
  evidence: string[];
}

export interface FactRow {
  fact: string;
  kind: string;
  at: string;
  device: string;
  known_at: string;
  body: Record<string, unknown>;
}

/** `params` are whole numbers and text, in the units that their names say. */
export interface AlertFull extends AlertBrief {
  rule_version: number;
  subject_kind: string;
  subject: string;
  worker: string | null;
  params: Record<string, string | number>;
  evidence: string[];
  raised_known_at: string;
  known_at: string;
  revision: number;
}

export interface AlertChange {
  revision: number;
  change: string;
  known_at: string;
  reason: string | null;
}

export interface AlertWithHistory extends AlertFull {
  history: AlertChange[];
}

export interface Timeliness {
  arrived_at: string | null;
  lateness_s: number | null;
  on_time: boolean | null;
  early_s: number | null;
  served_from: string | null;
  served_to: string | null;
  served_s: number | null;
}

export interface VisitDetail extends Omit<BoardVisit, "alerts"> {
  clock: Clock;
  log_position: number;
  zone: string;
  checklist: string[];
  promises: { first_from: string; first_to: string; from: string; to: string; revision: number };
  timeliness: Timeliness;
  timeline: TimelineStep[];
  facts: FactRow[];
  alerts: AlertWithHistory[];
}

export interface AlertPage {
  items: AlertFull[];
  next: string | null;
}

export interface CustomerLink {
  url: string;
  token: string;
  expires_at: string;
}
