// One group of visits: a table where there is room, cards on a phone.

import { useMemo } from "preact/hooks";
import type { BoardVisit } from "../shared/contract.ts";
import { IconAlert } from "../shared/icons.tsx";
import type { Language } from "../shared/language.ts";
import { serviceName } from "../shared/services.ts";
import type { Times } from "../shared/times.ts";
import { lateness, urgency } from "./order.ts";
import { placeHref, type Place } from "./place.ts";
import type { Words } from "./words.ts";

interface Shared {
  minuteMs: number;
  words: Words;
  times: Times;
  language: Language;
  place: Place;
}

export function VisitTable({
  name,
  visits,
  ...shared
}: Shared & { name: "attention" | "open" | "over"; visits: BoardVisit[] }) {
  const { words } = shared;
  if (visits.length === 0) return null;
  return (
    <section class={`group group-${name}`} data-testid={`group-${name}`}>
      <h2>
        {words.groups[name]} <span class="quiet">{visits.length}</span>
      </h2>
      <table class="visits">
        <thead>
          <tr>
            <th scope="col">{words.columns.window}</th>
            <th scope="col">{words.columns.status}</th>
            <th scope="col">{words.columns.customer}</th>
            <th scope="col">{words.columns.worker}</th>
            <th scope="col">{words.columns.arrival}</th>
            <th scope="col">{words.columns.against}</th>
            <th scope="col">{words.columns.alerts}</th>
          </tr>
        </thead>
        <tbody>
          {visits.map((visit) => (
            <Row key={visit.visit} visit={visit} {...shared} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ visit, minuteMs, words, times, language, place }: Shared & { visit: BoardVisit }) {
  // An element that is the same object is not compared again: 200 rows cost nothing while nothing happens.
  return useMemo(() => {
    const opened = place.visit === visit.visit;
    const standing = visit.alerts.filter((alert) => alert.standing);
    return (
      <tr
        class={`visit urgency-${urgency(visit, minuteMs)}`}
        data-visit={visit.visit}
        data-status={visit.status}
        aria-current={opened || undefined}
      >
        <td class="cell-window">{times.span(Date.parse(visit.window_from), Date.parse(visit.window_to))}</td>
        <td class="cell-status">
          <span class={`status-chip status-${visit.status}`}>
            <span class="dot" aria-hidden="true" />
            {words.status[visit.status]}
          </span>
        </td>
        <td class="cell-customer">
          <a href={placeHref({ day: place.day, visit: visit.visit })}>
            {visit.customer.name ?? visit.customer.customer}
          </a>
          <span class="quiet">
            {visit.site.name} · {serviceName(visit.service, language)}
          </span>
        </td>
        <td class="cell-worker">
          {visit.worker ? (visit.worker.name ?? visit.worker.worker) : <span class="quiet">{words.nobody}</span>}
        </td>
        <td class="cell-arrival">{arrivalText(visit, words, times)}</td>
        <td class="cell-against">
          <Against visit={visit} minuteMs={minuteMs} words={words} />
        </td>
        <td class="cell-alerts">
          {standing.map((alert) => (
            <span key={alert.alert} class={`alert-chip rule-${alert.rule}${alert.ended_at ? " alert-over" : ""}`}>
              <IconAlert />
              {words.rule[alert.rule] ?? alert.rule}
            </span>
          ))}
        </td>
      </tr>
    );
  }, [visit, minuteMs, words, times, place.day, place.visit === visit.visit]);
}

function arrivalText(visit: BoardVisit, words: Words, times: Times): string {
  if (visit.arrived_at) return words.arrivedAt(times.clock(Date.parse(visit.arrived_at)));
  return visit.eta && !visit.over ? words.about(times.clock(Date.parse(visit.eta.at))) : "";
}

function Against({ visit, minuteMs, words }: { visit: BoardVisit; minuteMs: number; words: Words }) {
  const found = lateness(visit, minuteMs);
  if (!found) return null;
  const duration = words.duration(found.seconds);
  if (found.kind === "passed") return <span class="against-late">{words.passed(duration)}</span>;
  if (found.kind === "expected") return <span class="against-risk">{words.expectedLate(duration)}</span>;
  if (found.seconds <= 0)
    return (
      <span class={visit.on_time === false ? "against-risk" : "against-good"}>
        {visit.on_time === false ? words.early(duration) : words.onTime}
      </span>
    );
  return <span class={visit.on_time ? "against-good" : "against-late"}>{words.late(duration)}</span>;
}
