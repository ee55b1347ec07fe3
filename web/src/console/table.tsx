// One group of visits: a table where there is room, cards on a phone. Long groups grow as somebody reads on.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { BoardVisit } from "../shared/contract.ts";
import { serviceName } from "../shared/services.ts";
import type { Times } from "../shared/times.ts";
import { byKind } from "./alerts/order.ts";
import { AlertBadge, StatusChip } from "./badge.tsx";
import { useDesk } from "./desk.ts";
import { lateness, urgency } from "./order.ts";
import { placeHref } from "./place.ts";
import type { Words } from "./words.ts";

/** So many rows are drawn at once; more when the end comes into sight. */
const ROWS = 60;

interface Props {
  name: "attention" | "open" | "over";
  visits: BoardVisit[];
  /** Folded until somebody wants to see it. */
  folded: boolean;
  /** The day in the address, null for today. */
  day: string | null;
  opened: string | null;
}

export function VisitTable({ name, visits, folded, day, opened }: Props) {
  const { words, language, times, minuteMs } = useDesk();
  const [unfolded, setUnfolded] = useState(false);
  const [rows, setRows] = useState(ROWS);
  const end = useRef<HTMLParagraphElement>(null);
  const shown = folded && !unfolded ? [] : visits.slice(0, rows);
  const left = folded && !unfolded ? 0 : visits.length - shown.length;
  useEffect(() => {
    if (!end.current) return;
    const watch = new IntersectionObserver((seen) => {
      if (seen.some((entry) => entry.isIntersecting)) setRows((old) => old + ROWS);
    });
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [left > 0, rows]);
  if (visits.length === 0) return null;
  return (
    <section class={`group group-${name}`} data-testid={`group-${name}`}>
      <h2>
        {words.groups[name]} <span class="quiet">{visits.length}</span>
        {folded && (
          <button type="button" class="text-button" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
            {unfolded ? words.hideOver : words.showOver}
          </button>
        )}
      </h2>
      {shown.length > 0 && (
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
            {shown.map((visit) => (
              <Row
                key={visit.visit}
                visit={visit}
                {...{ words, language, times, minuteMs, day, opened: opened === visit.visit }}
              />
            ))}
          </tbody>
        </table>
      )}
      {left > 0 && (
        <p ref={end} class="more">
          <button type="button" class="text-button" onClick={() => setRows(rows + ROWS)}>
            {words.moreRows(Math.min(left, ROWS))}
          </button>
        </p>
      )}
    </section>
  );
}

interface RowProps extends Pick<ReturnType<typeof useDesk>, "words" | "language" | "times" | "minuteMs"> {
  visit: BoardVisit;
  day: string | null;
  opened: boolean;
}

function Row({ visit, day, opened, minuteMs, words, times, language }: RowProps) {
  // An element that is the same object is not compared again: rows cost nothing while nothing happens.
  return useMemo(
    () => (
      <tr
        class={`visit urgency-${urgency(visit, minuteMs)}`}
        data-visit={visit.visit}
        data-status={visit.status}
        aria-current={opened || undefined}
      >
        <td class="cell-window">{times.span(Date.parse(visit.window_from), Date.parse(visit.window_to))}</td>
        <td class="cell-status">
          <StatusChip status={visit.status} words={words} />
        </td>
        <td class="cell-customer">
          <a href={placeHref("board", visit.visit, { day })}>{visit.customer.name ?? visit.customer.customer}</a>
          <span class="quiet">
            {visit.site.name} · {serviceName(visit.service, language)}
          </span>
        </td>
        <td class="cell-worker">
          {visit.worker ? (
            <a href={placeHref("worker", visit.worker.worker, { day })}>{visit.worker.name ?? visit.worker.worker}</a>
          ) : (
            <span class="quiet">{words.nobody}</span>
          )}
        </td>
        <td class="cell-arrival">{arrivalText(visit, words, times)}</td>
        <td class="cell-against">
          <Against visit={visit} minuteMs={minuteMs} words={words} />
        </td>
        <td class="cell-alerts">
          {visit.alerts
            .filter((alert) => alert.state !== "retracted")
            .sort(byKind)
            .map((alert) => (
              <AlertBadge key={alert.alert} alert={alert} words={words} />
            ))}
        </td>
      </tr>
    ),
    [visit, minuteMs, words, times, day, opened],
  );
}

function arrivalText(visit: BoardVisit, words: Words, times: Times): string {
  if (visit.arrived_at) return words.arrivedAt(times.clock(Date.parse(visit.arrived_at)));
  return visit.eta && !visit.over ? words.about(times.clock(Date.parse(visit.eta.at))) : "";
}

export function Against({ visit, minuteMs, words }: { visit: BoardVisit; minuteMs: number; words: Words }) {
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
