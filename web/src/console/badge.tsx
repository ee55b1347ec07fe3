// The small marks that stand on rows everywhere: a visit's status, an alert with what became of it, a person's sign.

import type { AlertBrief, Status } from "../shared/contract.ts";
import { IconAlert, IconCheck, IconHand } from "../shared/icons.tsx";
import { titleOf } from "./rules.ts";
import { word, type Words } from "./words.ts";

export function StatusChip({ status, words }: { status: Status; words: Words }) {
  return (
    <span class={`status-chip status-${status}`}>
      <span class="dot" aria-hidden="true" />
      {words.status[status]}
    </span>
  );
}

const GRAVE = new Set(["sos", "no_show", "late"]);
const SLIGHT = new Set(["implausible_jump", "silent_device"]);

/** `sos`, `grave`, `slight` or, also for rules that this page does not know, `fair`. */
export function gravity(rule: string): "sos" | "grave" | "fair" | "slight" {
  if (rule === "sos") return "sos";
  return GRAVE.has(rule) ? "grave" : SLIGHT.has(rule) ? "slight" : "fair";
}

/** The kind of an alert; whether somebody has it in hand is said in words where it is not simply open. */
export function AlertBadge({ alert, words, plain = false }: { alert: AlertBrief; words: Words; plain?: boolean }) {
  const { rule, state } = alert;
  const over = state === "resolved" || state === "retracted" || (alert.ended_at !== null && state !== "open");
  return (
    <span
      class={`alert-chip gravity-${gravity(rule)} state-${state}${over ? " alert-over" : alert.ended_at ? " alert-past" : ""}`}
      data-rule={rule}
      data-state={state}
    >
      {state === "acknowledged" ? <IconHand /> : state === "resolved" ? <IconCheck /> : <IconAlert />}
      {titleOf(rule, words)}
      {state !== "open" && !plain && <span class="alert-chip-state">{word(words.alerts.state, state)}</span>}
    </span>
  );
}
