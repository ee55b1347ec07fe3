// How punctual: on-time rate and lateness by worker, service, place or day, as a plain table with bars.

import { GROUPINGS, type Grouping, type TimelinessReport, type TimelinessRow } from "../shared/contract.ts";
import { serviceName } from "../shared/services.ts";
import { usePolled } from "./ask.ts";
import { useDesk } from "./desk.ts";
import { shiftDay } from "./order.ts";
import { placeHref, type Place } from "./place.ts";

const EVERY_MS = 30_000;
const SPANS = [1, 7, 30] as const;
const USUAL_DAYS = 7;

export function TimelinessView({ place }: { place: Place }) {
  const { token, words, live, language } = useDesk();
  const w = words.timeliness;
  const today = live.board?.day ?? null;
  const by: Grouping = GROUPINGS.find((each) => each === place.ask.by) ?? "worker";
  const to = place.ask.to ?? today;
  const from = place.ask.from ?? (to && shiftDay(to, 1 - USUAL_DAYS));
  const query = from && to && `/v1/timeliness?by=${by}&from=${from}&to=${to}`;
  const { value, trouble } = usePolled<TimelinessReport>(query, token, { everyMs: EVERY_MS });
  const go = (ask: Record<string, string | null>): void =>
    void (location.hash = placeHref("timeliness", null, { ...place.ask, ...ask }));
  const nameOf = (row: TimelinessRow): string =>
    by === "service" ? serviceName(row.name ?? row.key, language) : (row.name ?? row.key);
  return (
    <section class="view timeliness" aria-label={w.title}>
      <div class="toolbar">
        <div class="filters" role="group" aria-label={w.byLabel}>
          {GROUPINGS.map((each) => (
            <button key={each} type="button" class="filter" aria-pressed={by === each} onClick={() => go({ by: each })}>
              {w.by[each]}
            </button>
          ))}
        </div>
        <div class="period">
          <label>
            <span class="quiet">{w.from}</span>
            <input
              type="date"
              value={from ?? ""}
              max={to ?? undefined}
              onChange={(event) => go({ from: event.currentTarget.value || null })}
            />
          </label>
          <label>
            <span class="quiet">{w.to}</span>
            <input
              type="date"
              value={to ?? ""}
              min={from ?? undefined}
              onChange={(event) => go({ to: event.currentTarget.value || null })}
            />
          </label>
          {SPANS.map((days) => (
            <button
              key={days}
              type="button"
              class="text-button"
              disabled={!today || (to === today && from === shiftDay(today, 1 - days))}
              onClick={() => today && go({ from: shiftDay(today, 1 - days), to: today })}
            >
              {days === 1 ? words.today : w.lastDays(days)}
            </button>
          ))}
        </div>
      </div>
      {!value && <p class="empty">{trouble ? words.trouble : words.loading}</p>}
      {value && value.items.length === 0 && <p class="empty">{w.nothing}</p>}
      {value && value.items.length > 0 && (
        <>
          <table class="visits rates" data-testid="timeliness">
            <thead>
              <tr>
                <th scope="col">{w.name[by]}</th>
                <th scope="col">{w.rate}</th>
                <th scope="col" class="number">
                  {w.visits}
                </th>
                <th scope="col" class="number">
                  {w.late}
                </th>
                <th scope="col" class="number">
                  {w.missed}
                </th>
                <th scope="col" class="number">
                  {w.open}
                </th>
                <th scope="col" class="number">
                  {w.p50}
                </th>
                <th scope="col" class="number">
                  {w.p90}
                </th>
                <th scope="col" class="number" title={w.servedHint}>
                  {w.served}
                </th>
              </tr>
            </thead>
            <tbody>
              {value.items.map((row) => (
                <Row key={row.key} row={row} name={nameOf(row)} href={by === "worker" ? placeHref("worker", row.key) : null} />
              ))}
            </tbody>
            <tfoot>
              <Row row={value.total} name={w.total} href={null} />
            </tfoot>
          </table>
          <p class="quiet small note">{w.note}</p>
        </>
      )}
    </section>
  );
}

function Row({ row, name, href }: { row: TimelinessRow; name: string; href: string | null }) {
  const { words } = useDesk();
  const w = words.timeliness;
  const rate = row.on_time_rate;
  const minutes = (seconds: number | undefined): string =>
    seconds === undefined ? "–" : seconds < 30 ? w.zero : w.minutes(String(Math.round(seconds / 60)));
  const cells: [string, string | number][] = [
    [w.visits, row.visits],
    [w.late, row.late],
    [w.missed, row.missed],
    [w.open, row.open],
    [w.p50, minutes(row.lateness_s?.p50)],
    [w.p90, minutes(row.lateness_s?.p90)],
    [w.served, row.served_ratio ? `${Math.round(row.served_ratio.p50 * 100)}%` : "–"],
  ];
  return (
    <tr class="rate" data-key={row.key}>
      <th scope="row">{href ? <a href={href}>{name}</a> : name}</th>
      <td class="rate-cell">
        <span class="rate-bar" aria-hidden="true">
          <span style={`width:${((rate ?? 0) * 100).toFixed(1)}%`} class={rate !== null && rate < 0.8 ? "rate-low" : undefined} />
        </span>
        <b>{rate === null ? "–" : `${Math.round(rate * 100)}%`}</b>
      </td>
      {cells.map(([label, value]) => (
        <td key={label} class="number" data-label={label}>
          {value}
        </td>
      ))}
    </tr>
  );
}
