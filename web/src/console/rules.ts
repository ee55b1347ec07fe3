// The alert rules, as the server tells them: what each is called, how urgent it is, and how it explains an alert. The
// page has no words of its own for them, so a rule that is added there is understood here.

import type { RuleTold } from "../shared/contract.ts";
import type { Words } from "./words.ts";

/** A rule that was not told yet stands in the middle. */
const MIDDLE = 5;

let known: ReadonlyMap<string, RuleTold> = new Map();

export function learn(rules: readonly RuleTold[]): void {
  known = new Map(rules.map((rule) => [rule.rule, rule]));
}

export function rulesKnown(): string[] {
  return [...known.keys()];
}

export function titleOf(rule: string, words: Words): string {
  return known.get(rule)?.title[words.short] ?? rule;
}

export function urgencyOf(rule: string): number {
  return known.get(rule)?.urgency ?? MIDDLE;
}

/**
 * The rule's sentence with its figures; null where the rule is not known or a figure outside [brackets] is missing.
 * `[said]` is left out without its figures, `[said|otherwise]` then says the second.
 */
export function sentenceOf(rule: string, words: Words, figure: (name: string) => string | null): string | null {
  const sentence = known.get(rule)?.sentence[words.short];
  if (sentence === undefined) return null;
  const chosen = sentence.replace(/\[([^\]|]*)(?:\|([^\]]*))?\]/g, (_, said: string, otherwise: string | undefined) =>
    filled(said, figure) === null ? (otherwise ?? "") : said,
  );
  return filled(chosen, figure);
}

function filled(text: string, figure: (name: string) => string | null): string | null {
  let whole = true;
  const said = text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = figure(name);
    whole &&= value !== null;
    return value ?? "";
  });
  return whole ? said : null;
}
