// What the API says of devices, as types. Times are RFC 3339 text in UTC; units stand in the names.

export type Sort = "device" | "tag" | "beacon" | "bluetooth";
export type Verdict = "right" | "ahead" | "behind" | "behind_or_late";
export type Crs = "wgs84" | "gcj02" | "bd09";

export interface Holder {
  kind: "worker" | "site";
  id: string;
  name: string | null;
}

export interface LastMessage {
  kind: string;
  at: string;
  said: Readonly<Record<string, unknown>>;
}

export interface ClockEstimate {
  /** Negative: behind. */
  ahead_ms: number;
  by: "sent" | "observed";
  messages: number;
  since: string;
  verdict: Verdict;
}

export interface DeviceItem {
  device: string;
  sort: Sort;
  holder: Holder | null;
  since: string | null;
  until: string | null;
  known_at: string;
  first_heard_at: string | null;
  heard_at: string | null;
  messages: number;
  last: LastMessage | null;
  reader: string | null;
  battery_pct: number | null;
  battery_at: string | null;
  status: Readonly<Record<string, unknown>> | null;
  status_at: string | null;
  dialect: string | null;
  flagged_ahead: number;
  flagged_unset: number;
  contradictions: { count: number; last_said: string | null; at: string | null };
  clock: ClockEstimate | null;
}

export interface DevicePage {
  items: DeviceItem[];
  unknown: number;
  bound: number;
  next: string | null;
}

export interface Binding {
  holder: Holder;
  from: string;
  until: string | null;
}

export interface Settings {
  topic: string | null;
  dialect: string | null;
  zone: string | null;
  crs: Crs | null;
  model: string | null;
  fields: Readonly<Record<string, string>>;
}

export interface Correction {
  /** Added to what the device says; 0 takes corrections back. */
  offset_ms: number;
  from: string;
  until: string | null;
  reason: string;
  by: string;
  at: string;
}

export interface Message extends LastMessage {
  fact: string;
  /** Who said it: of a tag, whoever read it. */
  device: string;
  received_at: string;
}

export interface DeviceWhole extends DeviceItem {
  first_observed_at: string | null;
  bindings: Binding[];
  settings: Settings;
  clock_offset_ms: number;
  corrections: Correction[];
  recent: Message[];
}

export interface Dialects {
  dialects: string[];
  models: { model: string; title: string }[];
}

export interface SiteItem {
  site: string;
  name: string;
  address: string;
  customer_name: string | null;
}

export interface Written {
  outcome: "created" | "unchanged";
  position: number;
}
