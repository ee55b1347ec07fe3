// What the API says of dead letters, as types. Times are RFC 3339 text in UTC; sizes are bytes.

export const STATES = ["open", "resolved", "dropped", "expired"] as const;
export type State = (typeof STATES)[number];

export interface Group {
  reason: string;
  letters: number;
  times: number;
  size: number;
  first_seen: string;
  last_seen: string;
  topic: string;
}

export interface Fill {
  letters: number;
  size: number;
  size_most: number;
  oldest_days: number;
  days_most: number;
  share: number;
  warns: boolean;
}

export interface GroupList {
  groups: Group[];
  fill: Fill;
}

export interface Letter {
  key: string;
  topic: string;
  reason: string;
  detail: string;
  state: State;
  retained: boolean;
  times: number;
  size: number;
  first_seen: string;
  last_seen: string;
  /** By the wall's clock, unlike the others. */
  closed_at: string | null;
  closed_by: string;
  closed_why: string;
}

export interface LetterPage {
  items: Letter[];
  next: string | null;
}

export interface WholeLetter extends Letter {
  /** The first 64 KiB. */
  payload_base64: string;
  /** The beginning, where it is text. */
  text: string | null;
}

/** Some by their keys, or all open ones of a reason. */
export type Which = { keys: string[] } | { reason: string };

export interface Retried {
  stored: number;
  unreadable: number;
  left: number;
}
