// The board of one business day: what wants attention first, then what is to come, then what is over.

import { useEffect, useMemo, useState } from "preact/hooks";
import { cellNow, readClock, tickMs } from "../shared/clock.ts";
import { STATUSES, type AlertPage, type Board, type Status } from "../shared/contract.ts";
import { IconBack, IconClock, IconDoor, IconNext } from "../shared/icons.tsx";
import type { Language } from "../shared/language.ts";
import { useTick } from "../shared/tick.ts";
import { timesFor } from "../shared/times.ts";
import { Alerts } from "./alerts.tsx";
import { Detail } from "./detail.tsx";
import { keepEqual, matches, order, shiftDay } from "./order.ts";
import { placeHref, usePlace } from "./place.ts";
import { usePolled } from "./poll.ts";
import { VisitTable } from "./table.tsx";
import type { Words } from "./words.ts";

interface Props {
  token: string;
  words: Words;
  language: Language;
  leave: (refused: boolean) => void;
  toggle: preact.JSX.Element;
}

export function BoardView({ token, words, language, leave, toggle }: Props) {
  const [place, go] = usePlace();
  const polled = usePolled<Board>(`/v1/board${place.day ? `?day=${place.day}` : ""}`, token, keepEqual);
  const alerts = usePolled<AlertPage>("/v1/alerts?standing=true&limit=100", token);
  const [only, setOnly] = useState<Status | null>(null);
  const [search, setSearch] = useState("");
  const board = polled.value;
  const reading = useMemo(() => (board ? readClock(board.clock, polled.heardMs) : null), [board]);
  useTick(tickMs(reading));
  useEffect(() => {
    if (polled.trouble === "unauthorized") leave(true);
  }, [polled.trouble]);

  const nowMs = reading ? cellNow(reading, Date.now()) : 0;
  // Rows need the minute only: between two minutes they are not drawn again.
  const minuteMs = Math.floor(nowMs / 60_000) * 60_000;
  const times = timesFor(language, board?.zone ?? "UTC");
  const shown = useMemo(
    () => (board?.visits ?? []).filter((visit) => (!only || visit.status === only) && matches(visit, search)),
    [board?.visits, only, search],
  );
  const groups = useMemo(() => order(shown, minuteMs), [shown, minuteMs]);
  const counts = board?.counts ?? {};
  const day = place.day ?? board?.day ?? null;
  const toDay = (next: string | null): void => go({ day: next, visit: null });

  return (
    <div class={place.visit ? "console console-detail" : "console"}>
      <header class="bar">
        <h1 class="brand">
          <IconDoor />
          {words.title}
        </h1>
        <div class="days">
          <button
            type="button"
            class="icon-button"
            aria-label={words.dayBefore}
            disabled={!day}
            onClick={() => day && toDay(shiftDay(day, -1))}
          >
            <IconBack />
          </button>
          <input
            type="date"
            aria-label={words.day}
            value={day ?? ""}
            onChange={(event) => toDay(event.currentTarget.value || null)}
          />
          <button
            type="button"
            class="icon-button"
            aria-label={words.dayAfter}
            disabled={!day}
            onClick={() => day && toDay(shiftDay(day, 1))}
          >
            <IconNext />
          </button>
          <button type="button" class="text-button" disabled={place.day === null} onClick={() => toDay(null)}>
            {words.today}
          </button>
        </div>
        <p class={reading && reading.mode !== "wall" ? "now now-other" : "now"} data-testid="clock">
          <IconClock />
          {reading && clockText(words, reading.mode, reading.rate, times.clock(nowMs))}
        </p>
        <div class="bar-end">
          {toggle}
          <button type="button" class="text-button" onClick={() => leave(false)}>
            {words.leave}
          </button>
        </div>
      </header>
      {polled.trouble === "network" && (
        <p class="trouble" role="status">
          {words.trouble}
        </p>
      )}
      <main class="board" aria-busy={board === null}>
        <div class="filters">
          <button type="button" class="filter" aria-pressed={only === null} onClick={() => setOnly(null)}>
            {words.everything} <b>{board?.visits.length ?? "–"}</b>
          </button>
          {STATUSES.filter((status) => counts[status]).map((status) => (
            <button
              key={status}
              type="button"
              class={`filter status-${status}`}
              aria-pressed={only === status}
              onClick={() => setOnly(only === status ? null : status)}
            >
              <span class="dot" aria-hidden="true" />
              {words.status[status]} <b>{counts[status]}</b>
            </button>
          ))}
          <input
            type="search"
            class="search"
            placeholder={words.search}
            aria-label={words.search}
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </div>
        {board && board.visits.length === 0 && <p class="empty">{words.nothing}</p>}
        {board && board.visits.length > 0 && shown.length === 0 && <p class="empty">{words.nothingFound}</p>}
        {(["attention", "open", "over"] as const).map((name) => (
          <VisitTable
            key={name}
            name={name}
            visits={groups[name]}
            minuteMs={minuteMs}
            words={words}
            times={times}
            language={language}
            place={place}
          />
        ))}
      </main>
      <aside class="side">
        {place.visit ? (
          <Detail
            key={place.visit}
            visit={place.visit}
            token={token}
            words={words}
            language={language}
            backHref={placeHref({ day: place.day, visit: null })}
          />
        ) : (
          <Alerts
            page={alerts.value}
            visits={board?.visits ?? []}
            words={words}
            times={times}
            nowMs={minuteMs}
            place={place}
          />
        )}
      </aside>
    </div>
  );
}

function clockText(words: Words, mode: string, rate: number, clock: string): string {
  if (mode === "scaled") return words.demoClock(String(Math.round(rate * 10) / 10), clock);
  return mode === "followed" ? words.replayClock(clock) : clock;
}
