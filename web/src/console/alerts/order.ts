// Which alert wants a person first: what nobody has taken, then by kind, then the newest.

import type { AlertFull } from "../../shared/contract.ts";

/** The most urgent kind first. A kind that this page does not know stands after those of broken promises. */
const RANK = ["sos", "no_show", "at_risk", "late", "*", "left_site", "check_in_away", "implausible_jump", "silent_device"];

export function byUrgency(a: AlertFull, b: AlertFull): number {
  return (
    Number(b.state === "open") - Number(a.state === "open") ||
    rank(a.rule) - rank(b.rule) ||
    b.started_at.localeCompare(a.started_at) ||
    a.alert.localeCompare(b.alert)
  );
}

export function kindsInOrder(rules: Iterable<string>): string[] {
  return [...new Set(rules)].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

function rank(rule: string): number {
  const found = RANK.indexOf(rule);
  return found === -1 ? RANK.indexOf("*") : found;
}
