// What stands now, the newest first, each with its reason in one sentence.

import type { AlertFull, AlertPage, BoardVisit } from "../shared/contract.ts";
import { IconAlert } from "../shared/icons.tsx";
import type { Times } from "../shared/times.ts";
import { placeHref, type Place } from "./place.ts";
import type { Words } from "./words.ts";

interface Props {
  page: AlertPage | null;
  visits: readonly BoardVisit[];
  words: Words;
  times: Times;
  nowMs: number;
  place: Place;
}

export function Alerts({ page, visits, words, times, nowMs, place }: Props) {
  const open = (page?.items ?? []).filter((alert) => alert.standing && alert.ended_at === null);
  const known = new Map(visits.map((visit) => [visit.visit, visit]));
  return (
    <section class="card alerts" data-testid="alerts" aria-label={words.alertsTitle}>
      <h2>
        {words.alertsTitle} <span class="quiet">{open.length}</span>
      </h2>
      {open.length === 0 && page && <p class="quiet">{words.noAlerts}</p>}
      <ul>
        {open.map((alert) => {
          const visit = alert.subject_kind === "visit" ? known.get(alert.subject) : undefined;
          const workerName =
            visit?.worker?.name ?? visits.find((each) => each.worker?.worker === alert.worker)?.worker?.name;
          return (
            <li key={alert.alert} class={`alert rule-${alert.rule}`}>
              <p class="alert-head">
                <span class={`alert-chip rule-${alert.rule}`}>
                  <IconAlert />
                  {words.rule[alert.rule] ?? alert.rule}
                </span>
                <time class="quiet">{times.moment(Date.parse(alert.started_at), nowMs)}</time>
              </p>
              <p>
                {alert.subject_kind === "visit" ? (
                  <a href={placeHref({ day: place.day, visit: alert.subject })}>
                    {visit?.customer.name ?? alert.subject}
                  </a>
                ) : (
                  alert.subject
                )}
                {(workerName ?? alert.worker) && <span class="quiet"> · {workerName ?? alert.worker}</span>}
              </p>
              <p class="quiet">{explain(alert, words, times)}</p>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The sentence of an alert, from its parameters. */
export function explain(alert: AlertFull, words: Words, times: Times): string {
  const { params } = alert;
  const number = (name: string): number | null => (typeof params[name] === "number" ? params[name] : null);
  const text = (name: string): string | null => (typeof params[name] === "string" ? params[name] : null);
  const [promisedMs, graceS, latenessS] = [
    number("promised_ms"),
    number("grace_s") ?? number("no_show_s"),
    number("lateness_s"),
  ];
  return words.explain(alert.rule, {
    promised: promisedMs === null ? null : times.clock(promisedMs),
    grace: graceS === null ? null : words.duration(graceS),
    lateness: latenessS === null ? null : words.duration(latenessS),
    note: text("note"),
    device: text("device"),
  });
}
