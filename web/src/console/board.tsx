// The board of one business day: what needs a look first, then what is to come, then what is over.

import { useMemo, useState } from "preact/hooks";
import { STATUSES, type Board } from "../shared/contract.ts";
import { AlertRow } from "./alerts/row.tsx";
import { byUrgency } from "./alerts/order.ts";
import { usePolled } from "./ask.ts";
import { DayPicker } from "./day-picker.tsx";
import { useDesk } from "./desk.ts";
import { Detail } from "./detail.tsx";
import { isAmong, matches, order, urgency, type Only } from "./order.ts";
import { placeHref, type Place } from "./place.ts";
import { isActive, keepEqual } from "./state.ts";
import { VisitTable } from "./table.tsx";

/** Another day's board changes rarely. */
const OTHER_DAY_MS = 30_000;
/** Visits that are over are folded where there are more than these, so that the open ones are not buried. */
const FOLD_FROM = 12;
/** Beside the board the most urgent alerts only; the inbox has all. */
const MOST_ALERTS = 6;

export function BoardView({ place }: { place: Place }) {
  const { token, words, live, minuteMs } = useDesk();
  const chosen = place.ask.day ?? null;
  const another = chosen !== null && chosen !== live.board?.day;
  const polled = usePolled<Board>(another ? `/v1/board?day=${chosen}` : null, token, {
    everyMs: OTHER_DAY_MS,
    merge: keepEqual,
  });
  const board = another ? polled.value : live.board;
  const [only, setOnly] = useState<Only | null>(null);
  const [search, setSearch] = useState("");
  const visits = board?.visits;
  const shown = useMemo(
    () => (visits ?? []).filter((visit) => isAmong(visit, only, minuteMs) && matches(visit, search)),
    [visits, only, search, minuteMs],
  );
  const groups = useMemo(() => order(shown, minuteMs), [shown, minuteMs]);
  const counts = useMemo(() => count(visits ?? [], minuteMs), [visits, minuteMs]);
  const filters: Only[] = ["attention", "alerts", ...STATUSES];
  const names: Record<string, string> = { attention: words.groups.attention, alerts: words.someAlert, ...words.status };
  const narrowed = only !== null || search.trim() !== "";

  return (
    <div class={place.id ? "view board-view is-detail" : "view board-view"}>
      <div class="pane">
        <div class="toolbar">
          <DayPicker
            chosen={chosen}
            day={chosen ?? board?.day ?? null}
            choose={(day) => void (location.hash = placeHref("board", null, { day }))}
          />
          <input
            type="search"
            class="search"
            placeholder={words.search}
            aria-label={words.search}
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </div>
        <div class="filters" role="group" aria-label={words.columns.status}>
          <button type="button" class="filter" aria-pressed={only === null} onClick={() => setOnly(null)}>
            {words.everything} <b>{visits?.length ?? "–"}</b>
          </button>
          {filters
            .filter((each) => counts[each] || each === only)
            .map((each) => (
              <button
                key={each}
                type="button"
                class={`filter status-${each}`}
                aria-pressed={only === each}
                onClick={() => setOnly(only === each ? null : each)}
              >
                <span class="dot" aria-hidden="true" />
                {names[each]} <b>{counts[each] ?? 0}</b>
              </button>
            ))}
        </div>
        {another && polled.trouble === "network" && (
          <p class="trouble" role="status">
            {words.trouble}
          </p>
        )}
        {!board && <p class="empty">{words.loading}</p>}
        {board && board.visits.length === 0 && <p class="empty">{words.nothing}</p>}
        {board && board.visits.length > 0 && shown.length === 0 && <p class="empty">{words.nothingFound}</p>}
        {(["attention", "open", "over"] as const).map((name) => (
          <VisitTable
            key={`${name} ${chosen}`}
            name={name}
            visits={groups[name]}
            folded={name === "over" && !narrowed && groups.over.length > FOLD_FROM && shown.length > groups.over.length}
            day={chosen}
            opened={place.id}
          />
        ))}
      </div>
      <aside class="side">
        {place.id ? (
          <Detail key={place.id} visit={place.id} backHref={placeHref("board", null, { day: chosen })} />
        ) : (
          <OpenAlerts />
        )}
      </aside>
    </div>
  );
}

function count(visits: Board["visits"], nowMs: number): Partial<Record<Only, number>> {
  const counts: Partial<Record<Only, number>> = {};
  const add = (name: Only): void => void (counts[name] = (counts[name] ?? 0) + 1);
  for (const visit of visits) {
    add(visit.status);
    if (urgency(visit, nowMs) !== "none") add("attention");
    if (visit.alerts.some(isActive)) add("alerts");
  }
  return counts;
}

function OpenAlerts() {
  const { words, live } = useDesk();
  const active = useMemo(() => [...(live.alerts?.values() ?? [])].filter(isActive).sort(byUrgency), [live.alerts]);
  const open = active.filter((alert) => alert.state === "open");
  return (
    <section class="card alert-list" data-testid="alerts" aria-label={words.openAlerts}>
      <h2>
        {words.openAlerts} <span class="quiet">{open.length}</span>
      </h2>
      {open.length === 0 && live.alerts && <p class="quiet pad">{words.alerts.none}</p>}
      <ul>
        {open.slice(0, MOST_ALERTS).map((alert) => (
          <AlertRow key={alert.alert} alert={alert} href={placeHref("alerts", alert.alert)} />
        ))}
      </ul>
      <p class="pad">
        <a href={placeHref("alerts")}>
          {words.allAlerts} <span class="quiet">{active.length}</span>
        </a>
      </p>
    </section>
  );
}
