// Which alert wants a person first: what nobody has taken, then by kind, then what still goes on, then the newest.

import type { AlertFull } from "../../shared/contract.ts";
import { urgencyOf } from "../rules.ts";

export function byUrgency(a: AlertFull, b: AlertFull): number {
  return (
    Number(b.state === "open") - Number(a.state === "open") ||
    urgencyOf(a.rule) - urgencyOf(b.rule) ||
    Number(a.ended_at !== null) - Number(b.ended_at !== null) ||
    b.started_at.localeCompare(a.started_at) ||
    a.alert.localeCompare(b.alert)
  );
}

/** As a row of badges reads: the gravest first. */
export function byKind(a: { rule: string }, b: { rule: string }): number {
  return urgencyOf(a.rule) - urgencyOf(b.rule);
}

export function kindsInOrder(rules: Iterable<string>): string[] {
  return [...new Set(rules)].sort((a, b) => urgencyOf(a) - urgencyOf(b) || a.localeCompare(b));
}
