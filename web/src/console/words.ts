// Every text of the staff's board: one shape, two languages.

import type { Status } from "../shared/contract.ts";
import type { Language } from "../shared/language.ts";
import { en } from "./words.en.ts";
import { zh } from "./words.zh.ts";

/** What a sentence about an alert is made of. */
export interface AlertFigures {
  promised: string | null;
  grace: string | null;
  lateness: string | null;
  note: string | null;
  device: string | null;
}

export interface Words {
  otherLanguage: string;
  otherLanguageLabel: string;
  title: string;
  today: string;
  dayBefore: string;
  dayAfter: string;
  day: string;
  search: string;
  everything: string;
  total(count: number): string;
  groups: { attention: string; open: string; over: string };
  nothing: string;
  nothingFound: string;
  status: Record<Status, string>;
  columns: {
    window: string;
    status: string;
    customer: string;
    worker: string;
    arrival: string;
    against: string;
    alerts: string;
  };
  nobody: string;
  about(clock: string): string;
  arrivedAt(clock: string): string;
  onTime: string;
  early(duration: string): string;
  late(duration: string): string;
  expectedLate(duration: string): string;
  passed(duration: string): string;
  duration(seconds: number): string;
  metres(m: number): string;

  alertsTitle: string;
  noAlerts: string;
  rule: Record<string, string>;
  explain(rule: string, figures: AlertFigures): string;
  alertOpen: string;
  alertEnded(clock: string): string;
  alertRetracted: string;
  change: Record<string, string>;
  version(n: number): string;
  changedFacts(count: number): string;

  back: string;
  loading: string;
  notFound: string;
  promise: string;
  firstPromise: string;
  planned: string;
  service: string;
  address: string;
  arrival: string;
  served: string;
  position: string;
  accuracy(m: string): string;
  remaining(distance: string): string;
  timeline: string;
  cause: Record<"plan" | "fact" | "absence", string>;
  trueAt: string;
  knownAt(clock: string): string;
  knownLater(duration: string): string;
  corrected(clock: string): string;
  showCorrected(count: number): string;
  evidence: string;
  facts: string;
  noFacts: string;
  kind: Record<string, string>;
  checklist: string;
  customerPage: string;
  makeLink: string;
  openLink: string;
  copyLink: string;
  copied: string;
  linkUntil(moment: string): string;
  linkFailed: string;

  demoClock(rate: string, clock: string): string;
  replayClock(clock: string): string;
  trouble: string;
  tokenTitle: string;
  tokenHint: string;
  tokenLabel: string;
  tokenWrong: string;
  enter: string;
  leave: string;
}

export const WORDS: Record<Language, Words> = { "zh-CN": zh, en };
