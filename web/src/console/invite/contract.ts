// What the API says of invitations and logins, as types.

export type App = "owntracks" | "traccar";
export type Mode = "mqtt" | "http";

export interface Setting {
  name: string;
  value: string;
}

/** Told once: it holds the password, which is kept nowhere. */
export interface Invitation {
  worker: string;
  app: App;
  mode: Mode;
  device: string;
  login: string;
  link: string;
  qr_svg: string;
  settings: Setting[];
  /** The file that OwnTracks imports. */
  configuration: string | null;
  /** Only the machine that Doorstep runs on can reach these addresses. */
  near: boolean;
}

export interface Login {
  login: string;
  topics: string[];
  created_at: string;
  revoked_at: string | null;
}
