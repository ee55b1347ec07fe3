// The sentence of an alert, from its rule and parameters; by its figures alone where the rule is not known.

import type { AlertFull } from "../shared/contract.ts";
import type { Times } from "../shared/times.ts";
import { sentenceOf } from "./rules.ts";
import type { Words } from "./words.ts";

export function explain(alert: AlertFull, words: Words, times: Times, nowMs: number): string {
  return (
    sentenceOf(alert.rule, words, (name) => figure(alert, name, words, times, nowMs)) ??
    figures(alert, words, times)
      .map(({ label, value }) => `${label} ${value}`)
      .join(" · ")
  );
}

/** The parameters of an alert with their names, thresholds in force included. Coordinates are for the map. */
export function figures(alert: AlertFull, words: Words, times: Times): { label: string; value: string }[] {
  return Object.entries(alert.params)
    .filter(([name]) => !name.endsWith("_e7"))
    .map(([name, value]) => ({ label: words.alerts.params[name] ?? name, value: written(name, value, words, times) }));
}

function figure(alert: AlertFull, name: string, words: Words, times: Times, nowMs: number): string | null {
  const startedMs = Date.parse(alert.started_at);
  const endedMs = alert.ended_at === null ? null : Date.parse(alert.ended_at);
  if (name === "started_ms") return times.clock(startedMs);
  if (name === "ended_ms") return endedMs === null ? null : times.clock(endedMs);
  if (name === "lasted_s") return words.duration(Math.max(0, ((endedMs ?? nowMs) - startedMs) / 1000));
  if (name === "worker") return alert.context?.worker_name ?? alert.worker;
  const value = alert.params[name];
  return value === undefined ? null : written(name, value, words, times);
}

/** As its unit is read; the unit stands in the name. */
function written(name: string, value: string | number, words: Words, times: Times): string {
  if (typeof value === "string") return value;
  if (name.endsWith("_ms")) return times.clock(value);
  if (name.endsWith("_mps")) return words.kmh(String(Math.round(value * 3.6)));
  if (name.endsWith("_s")) return words.duration(value);
  if (name.endsWith("_m")) return words.metres(value);
  if (name.endsWith("_pct")) return `${value} %`;
  return String(value);
}
