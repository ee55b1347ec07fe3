// From what is known and the time it is, to everything the page says. Pure: no browser, no clock of its own.

import type { Progress, Status } from "../shared/contract.ts";
import { bearingDeg, distanceM, octant } from "../shared/ground.ts";
import type { Language } from "../shared/language.ts";
import { serviceName } from "../shared/services.ts";
import { timesFor, type Times } from "../shared/times.ts";
import { stepLines, type StepLine } from "./steps.ts";
import { WORDS, type Words } from "./words.ts";

/** The mood of a status; the style sheet gives each a colour. */
export type Tone = "calm" | "moving" | "present" | "attention" | "done" | "off";

const TONE: Record<Status, Tone> = {
  scheduled: "calm",
  rescheduled: "calm",
  on_the_way: "moving",
  nearby: "moving",
  at_compound: "present",
  arrived: "present",
  in_service: "present",
  stepped_out: "attention",
  finished: "done",
  missed: "attention",
  no_access: "attention",
  cancelled: "off",
};

export interface EtaView {
  atMs: number;
  clock: string;
  about: string;
  range: string;
  /** Said only when the estimate lies after the promised window. */
  beyond: string | null;
}

export interface ServiceView {
  share: number;
  text: string;
  ends: string;
}

export interface PlaceView {
  bearing: number;
  sentence: string;
  updated: string;
}

export interface Fact {
  label: string;
  value: string;
}

export interface Scene {
  status: Status;
  tone: Tone;
  chip: string;
  who: string;
  headline: string;
  sentence: string;
  eta: EtaView | null;
  service: ServiceView | null;
  promised: string;
  steps: StepLine[];
  stale: string | null;
  withheld: string | null;
  /** Whether a map belongs on the page now. */
  map: boolean;
  place: PlaceView | null;
  /** The visit as it was, once it is over. */
  ended: Fact[] | null;
  details: Fact[];
  /** Another time than the wall's: said on top of the page. */
  banner: string | null;
  now: string;
  title: string;
}

/** The page's content at the cell's `nowMs`. */
export function scene(progress: Progress, nowMs: number, language: Language): Scene {
  const words = WORDS[language];
  const times = timesFor(language, progress.visit.zone);
  const { status } = progress;
  const who = progress.worker?.called ?? words.someone;
  const coming = status === "on_the_way" || status === "nearby";
  const promised = promise(progress, nowMs, times, words);
  const eta = coming && !progress.ended ? etaView(progress, nowMs, times, words) : null;
  const said = headline(progress, nowMs, who, times, words);
  return {
    status,
    tone: said.attention ? "attention" : TONE[status],
    chip: words.chip[status],
    who,
    headline: said.headline,
    sentence: said.sentence,
    eta,
    service: status === "in_service" ? serviceView(progress, nowMs, times, words) : null,
    promised,
    steps: stepLines(progress, eta?.clock ?? null, nowMs, times, words),
    stale: staleText(progress, nowMs, words),
    withheld: coming && progress.position_withheld ? words.withheld[progress.position_withheld] : null,
    map: coming && !progress.ended,
    place: coming ? placeView(progress, nowMs, who, words) : null,
    ended: progress.ended ? summary(progress, nowMs, promised, times, words) : null,
    details: [
      { label: words.details.service, value: serviceName(progress.visit.service, language) },
      { label: words.details.place, value: progress.site.name },
      { label: words.details.planned, value: words.duration(progress.visit.planned_s) },
    ],
    banner: banner(progress, nowMs, times, words),
    now: times.clock(nowMs),
    title: words.title(status, who, eta?.clock ?? null),
  };
}

function headline(
  progress: Progress,
  nowMs: number,
  who: string,
  times: Times,
  words: Words,
): { headline: string; sentence: string; attention?: true } {
  const { status } = progress;
  const clock = (iso: string | null): string => times.moment(Date.parse(iso ?? progress.status_at), nowMs);
  const usual = words.headline(status, who);
  switch (status) {
    case "scheduled":
    case "rescheduled":
      if (nowMs > Date.parse(progress.visit.window_to))
        return { headline: words.headlineOverdue, sentence: words.overdue, attention: true };
      if (progress.worker === null) return { headline: words.headlineNobodyYet, sentence: words.nobodyYet };
      return { headline: usual, sentence: status === "scheduled" ? words.scheduled(who) : words.rescheduled(who) };
    case "on_the_way":
      return { headline: usual, sentence: words.setOut(clock(null)) };
    case "nearby":
      return { headline: usual, sentence: words.nearby };
    case "at_compound":
      return { headline: usual, sentence: words.atCompound };
    case "arrived":
      return { headline: usual, sentence: words.arrived(clock(null)) };
    case "in_service":
      return { headline: usual, sentence: words.inService(clock(progress.service_at)) };
    case "stepped_out":
      return { headline: usual, sentence: words.steppedOut(clock(null)) };
    case "finished":
      return { headline: usual, sentence: words.finished };
    case "missed":
      return { headline: usual, sentence: words.missed };
    case "no_access":
      if (!progress.over) return { headline: usual, sentence: words.noAccess };
      return { headline: words.headlineNotMet, sentence: words.notMet(who, clock(progress.arrived_at)) };
    case "cancelled":
      return { headline: usual, sentence: words.cancelled };
  }
}

function etaView(progress: Progress, nowMs: number, times: Times, words: Words): EtaView | null {
  if (!progress.eta) return null;
  const [atMs, earlyMs, lateMs] = [progress.eta.at, progress.eta.early, progress.eta.late].map(Date.parse) as [
    number,
    number,
    number,
  ];
  const inS = (atMs - nowMs) / 1000;
  const overS = (atMs - Date.parse(progress.visit.window_to)) / 1000;
  return {
    atMs,
    clock: times.clock(atMs),
    about: inS > 45 ? words.about(words.duration(inS)) : inS > -60 ? words.anyMinute : words.anyTime,
    range: earlyMs > nowMs ? words.between(times.span(earlyMs, lateMs)) : words.atLatest(times.clock(lateMs)),
    beyond: overS >= 60 ? words.beyond(words.duration(overS)) : null,
  };
}

function serviceView(progress: Progress, nowMs: number, times: Times, words: Words): ServiceView {
  const beganMs = Date.parse(progress.service_at ?? progress.arrived_at ?? progress.status_at);
  const plannedS = progress.visit.planned_s;
  const doneS = Math.max(0, (nowMs - beganMs) / 1000);
  return {
    share: Math.min(1, plannedS > 0 ? doneS / plannedS : 1),
    text: words.served(words.duration(doneS), words.duration(plannedS)),
    ends: words.endsAbout(times.moment(Math.max(beganMs + plannedS * 1000, nowMs), nowMs)),
  };
}

function placeView(progress: Progress, nowMs: number, who: string, words: Words): PlaceView | null {
  const { position, site } = progress;
  if (!position) return null;
  const bearing = bearingDeg(site, position);
  const metres = distanceM(site, position);
  const ageS = (nowMs - Date.parse(position.at)) / 1000;
  const direction = words.directions[octant(bearing)] ?? words.directions[0];
  return {
    bearing,
    sentence: metres < 50 ? words.atYourDoor(who) : words.distance(who, words.metres(metres), direction),
    updated: ageS < 60 ? words.updatedNow : words.updated(words.duration(ageS)),
  };
}

function staleText(progress: Progress, nowMs: number, words: Words): string | null {
  if (!progress.stale || progress.ended) return null;
  const fromMs = Date.parse(progress.position?.at ?? progress.stale.since);
  return words.stale(words.duration((nowMs - fromMs) / 1000));
}

function summary(progress: Progress, nowMs: number, promised: string, times: Times, words: Words): Fact[] {
  const facts: Fact[] = [{ label: words.summary.promised, value: promised }];
  const add = (label: string, iso: string | null): void => {
    if (iso) facts.push({ label, value: times.moment(Date.parse(iso), nowMs) });
  };
  add(words.summary.arrived, progress.arrived_at);
  add(words.summary.began, progress.service_at);
  add(words.summary.finished, progress.finished_at);
  const began = progress.service_at ?? progress.arrived_at;
  if (began && progress.finished_at) {
    const seconds = (Date.parse(progress.finished_at) - Date.parse(began)) / 1000;
    facts.push({ label: words.summary.duration, value: words.duration(seconds) });
  }
  return facts;
}

function promise(progress: Progress, nowMs: number, times: Times, words: Words): string {
  const [fromMs, toMs] = [Date.parse(progress.visit.window_from), Date.parse(progress.visit.window_to)];
  const zone = times.foreignZone(fromMs);
  const window = times.window(fromMs, toMs, nowMs);
  return zone ? `${window} (${words.zone(zone)})` : window;
}

function banner(progress: Progress, nowMs: number, times: Times, words: Words): string | null {
  const { mode, rate } = progress.clock;
  if (mode === "scaled") return words.demoClock(String(Math.round(rate * 10) / 10), times.clock(nowMs));
  return mode === "followed" ? words.replayClock(times.clock(nowMs)) : null;
}
