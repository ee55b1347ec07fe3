// Alerts in English: kinds, states, the sentence that explains each, evidence and decisions.

import type { Figure } from "./words.alerts.zh.ts";
import type { AlertWords } from "./words.ts";

const or = (text: string | null): string => text ?? "–";

export const alertsEn: AlertWords = {
  title: "Alerts",
  open: (count) => `${count} open`,
  none: "Nothing needs attention at present.",
  noneSuch: "No alert matches.",
  rule: {
    sos: "SOS",
    no_show: "No-show",
    at_risk: "At risk",
    late: "Late",
    left_site: "Left the site",
    check_in_away: "Check-in away",
    implausible_jump: "Position jump",
    silent_device: "Device silent",
  },
  state: { open: "Open", acknowledged: "Taken on", resolved: "Resolved", retracted: "Retracted" },
  verdict: { true: "True", false: "False alarm", excused: "Excused" },
  verdictHint: { true: "it was so", false: "it was not so", excused: "it was so, nobody to blame" },
  filterState: {
    active: "Active",
    open: "Open",
    acknowledged: "Taken on",
    resolved: "Resolved",
    retracted: "Retracted",
    all: "All",
  },
  stateLabel: "State",
  kindLabel: "Kind",
  allKinds: "All kinds",
  more: "More",
  since: (moment) => `since ${moment}`,
  ended: (moment) => `until ${moment}`,
  goesOn: "goes on",
  choose: "Choose an alert to see why it was raised and what it rests on.",

  explain: {
    sos: (f: Figure) => `Device ${or(f("device"))} asked for help at ${or(f("started"))}${f("note") ? `: ${f("note")}` : ""}.`,
    late: (f: Figure) =>
      `Due by ${or(f("promised_ms"))} with ${or(f("grace_s"))} of grace; ${f("lateness_s") ? `arrived ${f("lateness_s")} late` : "not there yet"}.`,
    no_show: (f: Figure) =>
      `Due by ${or(f("promised_ms"))}; nobody had come ${or(f("no_show_s"))} after that${f("ended") ? `. Somebody came at ${f("ended")}` : ""}.`,
    at_risk: (f: Figure) =>
      f("expected_ms")
        ? `As things stood at ${or(f("started"))}, not there before ${f("expected_ms")}; promised by ${or(f("promised_ms"))} with ${or(f("grace_s"))} of grace.`
        : `No position at all by ${or(f("started"))}: from wherever they set out, ${or(f("promised_ms"))} with ${or(f("grace_s"))} of grace is hard to keep.`,
    left_site: (f: Figure) =>
      `Away from the site since ${or(f("started"))}${f("ended") ? ` for ${or(f("lasted"))}, back or over at ${f("ended")}` : `, ${or(f("lasted"))} so far`}, no outing declared; ${or(f("left_site_s"))} away calls for this.`,
    check_in_away: (f: Figure) =>
      `The check-in at ${or(f("started"))} was made ${or(f("outside_m"))} outside the fence; more than ${or(f("check_in_away_m"))} beyond its accuracy calls for this.`,
    implausible_jump: (f: Figure) =>
      `At ${or(f("started"))} two fixes in a row lie ${or(f("apart_m"))} apart: faster than ${or(f("impossible_mps"))}, which nobody travels.`,
    silent_device: (f: Figure) =>
      `Nothing was heard for ${or(f("silent_s"))} before the visit${f("ended") ? `; heard again at ${f("ended")}` : ", and nothing since"}.`,
  },
  about: (rule, customer) => (customer ? `${rule}: ${customer}` : rule),
  arrivedNew: (what) => `New alert: ${what}`,
  sosBanner: (who, moment) => `SOS: ${who}, ${moment}`,
  look: "Look",
  moreCalls: (count) => `${count} more`,

  why: "Why we say so",
  version: (n) => `rule version ${n}`,
  params: {
    promised_ms: "Promised by",
    grace_s: "Grace",
    lateness_s: "Late by",
    no_show_s: "No-show after",
    expected_ms: "Expected arrival",
    left_site_s: "Away for at least",
    exit_m: "Distance that is leaving",
    outside_m: "Outside the fence",
    check_in_away_m: "Farthest check-in",
    apart_m: "Fixes apart",
    impossible_mps: "Fastest believed",
    silent_s: "Longest silence",
    device: "Device",
    note: "Note",
  },
  evidence: "Evidence",
  noEvidence: "Concluded from absence at a deadline: no fact shows it.",
  evidenceMap: "Map of the evidence: fence and fixes",
  observed: "Happened",
  received: "Received",
  receivedLater: (duration) => `${duration} later`,
  place: "Place",
  inFence: "inside the fence",
  beyond: (distance) => `${distance} outside the fence`,
  apart: (distance) => `${distance} apart`,
  accuracy: (m) => `±${m}`,
  history: "History",
  change: {
    raised: "Raised",
    amended: "Amended",
    retracted: "Retracted",
    reinstated: "Reinstated",
    acknowledged: "Taken on",
    resolved: "Resolved",
  },
  reason: {
    refuted: "data received later shows that it was not so",
    true: "true",
    false: "false alarm",
    excused: "excused",
  },
  by: (who) => `by ${who}`,
  someone: "Staff",
  system: "system",
  retracted: (why) => `Retracted by the system: ${why}.`,
  takenBy: (who, moment) => `${who} took it on at ${moment}`,
  resolvedBy: (who, moment, verdict) => `${who} resolved it at ${moment}: ${verdict.toLowerCase()}`,

  take: "Take on",
  taking: "Taking on",
  resolve: "Resolve",
  resolving: "Sending",
  decide: "Decide",
  verdictLabel: "Verdict",
  note: "Note",
  notePlaceholder: "What was done, what was learnt (optional)",
  signature: "Signed",
  signaturePlaceholder: "Your name",
  change_verdict: "Change the verdict",
  failed: "That did not go through. Please try again.",
  alreadyResolved: "Somebody has resolved this alert already.",
  visit: "Visit",
  track: "Track of the day",
};
