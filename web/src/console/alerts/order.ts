// Which alert wants a person first: what nobody has taken, then by kind, then what still goes on, then the newest.

import type { AlertFull } from "../../shared/contract.ts";

/** The most urgent kind first. A kind that this page does not know stands after those of broken promises. */
const RANK = ["sos", "no_show", "at_risk", "late", "*", "left_site", "check_in_away", "implausible_jump", "silent_device"];

export function byUrgency(a: AlertFull, b: AlertFull): number {
  return (
    Number(b.state === "open") - Number(a.state === "open") ||
    rank(a.rule) - rank(b.rule) ||
    Number(a.ended_at !== null) - Number(b.ended_at !== null) ||
    b.started_at.localeCompare(a.started_at) ||
    a.alert.localeCompare(b.alert)
  );
}

/** As a row of badges reads: the gravest first. */
export function byKind(a: { rule: string }, b: { rule: string }): number {
  return rank(a.rule) - rank(b.rule);
}

export function kindsInOrder(rules: Iterable<string>): string[] {
  return [...new Set(rules)].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

function rank(rule: string): number {
  const found = RANK.indexOf(rule);
  return found === -1 ? RANK.indexOf("*") : found;
}
