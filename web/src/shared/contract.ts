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

/** What lies below the markers, as /v1/map says it. `url`: of the raster tiles {z}/{x}/{y}, or of the PMTiles file. */
export interface MapAnswer {
  kind: "none" | "raster" | "pmtiles";
  url: string | null;
  attribution?: string | null;
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
}

/** `open`: it stands and nobody has taken it; `retracted`: later data refuted it. */
export type AlertState = "open" | "acknowledged" | "resolved" | "retracted";

/** Was it so? `excused`: so, but nobody is to blame. */
export type Verdict = "true" | "false" | "excused";

/** What an alert rule says of itself; see `web/src/console/rules.ts` for its sentence. */
export interface RuleTold {
  rule: string;
  version: number;
  urgency: number;
  title: { zh: string; en: string };
  sentence: { zh: string; en: string };
}

export interface AlertBrief {
  alert: string;
  rule: string;
  started_at: string;
  ended_at: string | null;
  standing: boolean;
  state: AlertState;
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

export interface Acknowledged {
  at: string;
  by: string | null;
  note: string | null;
}

export interface Resolved extends Acknowledged {
  verdict: Verdict;
}

/** What a sentence about an alert needs besides its figures. Null where it is not known. */
export interface AlertContext {
  visit: string | null;
  customer: string | null;
  customer_name: string | null;
  site: string | null;
  site_name: string | null;
  service: string | null;
  worker: string | null;
  worker_name: string | null;
  window_from: string | null;
  window_to: string | null;
  zone: string | null;
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
  acknowledged: Acknowledged | null;
  resolved: Resolved | null;
  context: AlertContext | null;
}

export interface AlertChange {
  revision: number;
  change: string;
  known_at: string;
  started_at: string;
  ended_at: string | null;
  reason: string | null;
  by: string | null;
}

export interface AlertWithHistory extends AlertFull {
  history: AlertChange[];
}

export interface EvidenceFact extends FactRow {
  lat: number | null;
  lon: number | null;
  accuracy_m: number | null;
}

export interface AlertDetail extends AlertWithHistory {
  facts: EvidenceFact[];
  fence: Fence | null;
}

export interface DecisionTaken {
  alert: string;
  outcome: "created" | "unchanged";
  state: AlertState;
  acknowledged: Acknowledged | null;
  resolved: Resolved | null;
  position: number;
}

export interface WorkerItem {
  worker: string;
  name: string | null;
  surname: string | null;
  title: string | null;
  devices: string[];
  position:
    (Position & { speed_mps: number | null; heading_deg: number | null; battery_pct: number | null }) | null;
  heard_at: string | null;
  /** The visit that is going on, else the next. */
  visit: { visit: string; status: Status; window_from: string; window_to: string; site_name: string | null } | null;
  open_alerts: number;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** `fences`: of the visits' sites, by site. */
export interface VisitPage extends Page<BoardVisit> {
  fences: Record<string, Fence>;
}

/** What the staff's stream says: everything that is new since the message before. */
export interface Changed {
  position: number;
  clock: Clock;
  visits: BoardVisit[];
  alerts: AlertFull[];
  workers: WorkerItem[];
}

/** GeoJSON: a line for each device, a point for each fix. */
export interface Track {
  type: "FeatureCollection";
  features: TrackFeature[];
  truncated: boolean;
}

export type TrackFeature =
  | {
      geometry: { type: "Point"; coordinates: [number, number] };
      properties: {
        fact: string;
        device: string;
        at: string;
        known_at: string;
        accuracy_m: number | null;
        speed_mps: number | null;
        battery_pct: number | null;
      };
    }
  | { geometry: { type: "LineString"; coordinates: [number, number][] }; properties: { device: string } };

export const GROUPINGS = ["worker", "service", "site", "day"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface TimelinessRow {
  key: string;
  name: string | null;
  visits: number;
  arrived: number;
  on_time: number;
  late: number;
  missed: number;
  open: number;
  on_time_rate: number | null;
  lateness_s: { p50: number; p90: number } | null;
  served_ratio: { p50: number } | null;
}

export interface TimelinessReport {
  clock: Clock;
  by: Grouping;
  from: string;
  to: string;
  zone: string;
  items: TimelinessRow[];
  total: TimelinessRow;
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

export interface CustomerLink {
  url: string;
  token: string;
  expires_at: string;
}
