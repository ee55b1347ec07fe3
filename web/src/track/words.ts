// Every text of the customer's page: one shape, two languages. No sentence blames anybody.

import type { Status } from "../shared/contract.ts";
import type { Language } from "../shared/language.ts";
import { en } from "./words.en.ts";
import { zh } from "./words.zh.ts";

/** The steps that can still be ahead. */
export type Ahead = "on_the_way" | "arrived" | "in_service" | "finished";

export interface Words {
  /** The toggle: how the other language calls itself. */
  otherLanguage: string;
  otherLanguageLabel: string;
  /** The person, where no name is known. */
  someone: string;
  brandLabel: string;

  /** The short word of a status. */
  chip: Record<Status, string>;
  /** A step that has been taken, in the list. */
  step: Record<Status, string>;
  ahead: Record<Ahead, string>;
  stepState: { done: string; now: string; ahead: string };
  stepsTitle: string;

  headline(status: Status, who: string): string;
  headlineNobodyYet: string;
  /** The promised time is over and nobody has set out: said without blame. */
  headlineOverdue: string;
  headlineNotMet: string;
  scheduled(who: string): string;
  nobodyYet: string;
  overdue: string;
  rescheduled(who: string): string;
  setOut(clock: string): string;
  nearby: string;
  atCompound: string;
  arrived(clock: string): string;
  inService(clock: string): string;
  steppedOut(clock: string): string;
  missed: string;
  noAccess: string;
  notMet(who: string, clock: string): string;
  finished: string;
  cancelled: string;

  etaLabel: string;
  about(duration: string): string;
  anyMinute: string;
  anyTime: string;
  between(span: string): string;
  atLatest(clock: string): string;
  estimateTag: string;
  estimateHow: string;
  beyond(duration: string): string;
  promised: string;
  zone(name: string): string;

  served(done: string, planned: string): string;
  endsAbout(clock: string): string;
  progressLabel: string;

  mapTitle: string;
  mapLabel(who: string): string;
  markerLabel(who: string): string;
  homeLabel: string;
  recentre: string;
  twoFingers: string;
  ctrlScroll: string;
  noMap: string;
  mapLoading: string;
  distance(who: string, distance: string, direction: string): string;
  atYourDoor(who: string): string;
  directions: readonly [string, string, string, string, string, string, string, string];
  updatedNow: string;
  updated(ago: string): string;

  stale(ago: string): string;
  withheld: { not_on_the_way: string; near_other_site: string; no_fix: string };
  privacy: string;

  summaryTitle: string;
  summary: { arrived: string; began: string; finished: string; duration: string; promised: string };
  detailsTitle: string;
  details: { service: string; place: string; planned: string };

  connection: { connecting: string; live: string; reconnecting: string; offline: string; closed: string };
  shownAsOf(clock: string): string;
  demoClock(rate: string, clock: string): string;
  replayClock(clock: string): string;

  loading: string;
  expiredTitle: string;
  expired: string;
  invalidTitle: string;
  invalid: string;

  duration(seconds: number): string;
  metres(m: number): string;
  title(status: Status, who: string, etaClock: string | null): string;
}

export const WORDS: Record<Language, Words> = { "zh-CN": zh, en };
