// One worker: the day as a timeline, the way on the map at any moment, and the same as a table. Without one, all of them.

import { useEffect, useMemo, useRef } from "preact/hooks";
import type { AlertFull, BoardVisit, Page, Track, VisitPage, WorkerItem } from "../../shared/contract.ts";
import { IconBack, IconMap } from "../../shared/icons.tsx";
import { AlertRow } from "../alerts/row.tsx";
import { usePolled } from "../ask.ts";
import { AlertBadge, StatusChip } from "../badge.tsx";
import { DayPicker } from "../day-picker.tsx";
import { useDesk } from "../desk.ts";
import { ConnectPhone } from "../invite/connect.tsx";
import { fleetOf } from "../map/fleet.ts";
import { placeHref, type Place } from "../place.ts";
import { Against } from "../table.tsx";
import { dayBounds, fixesOf, type Fix } from "./track.ts";
import { Way } from "./way.tsx";

const TRACK_MS = 30_000;
const REST_MS = 15_000;

export function WorkerView({ place }: { place: Place }) {
  return (
    <div class={place.id ? "view worker-view is-detail" : "view worker-view"}>
      <aside class="side">
        <Everybody chosen={place.id} ask={place.ask} />
      </aside>
      <div class="pane">
        {place.id ? <WorkerDay key={place.id} worker={place.id} chosen={place.ask.day ?? null} /> : <Choose />}
      </div>
    </div>
  );
}

function Choose() {
  const { words } = useDesk();
  return <p class="card empty-card quiet">{words.worker.choose}</p>;
}

function Everybody({ chosen, ask }: { chosen: string | null; ask: Place["ask"] }) {
  const { words, live, minuteMs } = useDesk();
  const fleet = useMemo(() => {
    const all = fleetOf(live, minuteMs);
    return all.sort((a, b) => a.name.localeCompare(b.name, "zh-CN"));
  }, [live.workers, live.alerts, live.board?.visits, minuteMs]);
  return (
    <nav class="card fleet" aria-label={words.map.count(fleet.length)}>
      <h2>{words.map.count(fleet.length)}</h2>
      {live.workers && fleet.length === 0 && <p class="quiet pad">{words.map.nobody}</p>}
      <ul data-testid="everybody">
        {fleet.map(({ worker, name, tone, alerts }) => (
          <li key={worker.worker} class={`member tone-${tone}`} aria-current={worker.worker === chosen || undefined}>
            <span class="dot" aria-hidden="true" />
            <a href={placeHref("worker", worker.worker, ask)}>{name}</a>
            {worker.visit ? <StatusChip status={worker.visit.status} words={words} /> : <span />}
            {alerts.length > 0 && (
              <span class="member-alerts">
                {alerts.map((alert) => (
                  <AlertBadge key={alert.alert} alert={alert} words={words} plain />
                ))}
              </span>
            )}
          </li>
        ))}
      </ul>
    </nav>
  );
}

function WorkerDay({ worker, chosen }: { worker: string; chosen: string | null }) {
  const { token, words, live, times } = useDesk();
  const day = chosen ?? live.board?.day ?? null;
  const isToday = day !== null && day === live.board?.day;
  const title = useRef<HTMLHeadingElement>(null);
  const path = encodeURIComponent(worker);
  const bounds = useMemo(() => (day ? dayBounds(day, times) : null), [day, times]);
  const period = bounds
    ? `from=${new Date(bounds.fromMs).toISOString()}&to=${new Date(bounds.toMs).toISOString()}`
    : null;
  const track = usePolled<Track>(period && `/v1/workers/${path}/track?${period}`, token, {
    everyMs: isToday ? TRACK_MS : null,
  });
  const asked = usePolled<VisitPage>(day && `/v1/visits?day=${day}&worker=${path}&limit=100`, token, { everyMs: REST_MS });
  const alerts = usePolled<Page<AlertFull>>(
    day && `/v1/alerts?state=all&day=${day}&worker=${path}&limit=100`,
    token,
    { everyMs: REST_MS },
  );
  const item = live.workers?.get(worker);
  // Today's visits are live on the board; only their fences are not.
  const visits = useMemo(() => {
    const found = isToday
      ? (live.board?.visits.filter((visit) => visit.worker?.worker === worker) ?? [])
      : (asked.value?.items ?? []);
    return [...found].sort((a, b) => a.window_from.localeCompare(b.window_from));
  }, [isToday, live.board?.visits, asked.value, worker]);
  const fences = useMemo(() => Object.values(asked.value?.fences ?? {}), [asked.value]);
  const fixes = useFixes(track.value, isToday ? item : undefined);
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  const name = item?.name ?? visits[0]?.worker?.name ?? worker;
  return (
    <article class="worker-day" data-testid="worker">
      <a class="back" href={placeHref("worker", null, { day: chosen })}>
        <IconBack />
        {words.worker.backToAll}
      </a>
      <header class="worker-head">
        <h2 ref={title} tabIndex={-1}>
          {name}
        </h2>
        {item?.visit && isToday && <StatusChip status={item.visit.status} words={words} />}
        <a class="text-button" href={placeHref("map", worker)}>
          <IconMap />
          {words.views.map}
        </a>
        {track.trouble !== "not_found" && <ConnectPhone {...{ worker, name }} devices={item?.devices ?? []} />}
        <DayPicker
          chosen={chosen}
          day={day}
          choose={(next) => void (location.hash = placeHref("worker", worker, { day: next }))}
        />
      </header>
      {track.trouble === "not_found" && <p class="card empty-card quiet">{words.worker.notFound}</p>}
      {track.trouble !== "not_found" && (
        <>
          <section class="card" aria-label={words.worker.track}>
            {fixes.length === 0 && <p class="quiet pad">{track.value ? words.worker.noTrack : words.loading}</p>}
            {track.value?.truncated && <p class="notice">{words.worker.truncated}</p>}
            {bounds && fixes.length > 0 && (
              <Way
                key={day}
                {...{ fixes, visits, fences, isToday }}
                alerts={alerts.value?.items ?? []}
                frameKey={`${day} ${track.value !== null} ${visits.length > 0}`}
              />
            )}
          </section>
          <section class="card day-visits" aria-label={words.worker.visits}>
            <h3>
              {words.worker.visits} <span class="quiet">{visits.length}</span>
            </h3>
            {visits.length === 0 && <p class="quiet pad">{words.worker.noVisits}</p>}
            <ol data-testid="day-visits">
              {visits.map((visit, i) => (
                <DayVisit key={visit.visit} visit={visit} number={i + 1} day={chosen} />
              ))}
            </ol>
          </section>
          {alerts.value && alerts.value.items.length > 0 && (
            <section class="card alert-list" aria-label={words.worker.alerts}>
              <h3>
                {words.worker.alerts} <span class="quiet">{alerts.value.items.length}</span>
              </h3>
              <ul>
                {[...alerts.value.items]
                  .sort((a, b) => a.started_at.localeCompare(b.started_at))
                  .map((alert) => (
                    <AlertRow key={alert.alert} alert={alert} href={placeHref("alerts", alert.alert)} />
                  ))}
              </ul>
            </section>
          )}
        </>
      )}
    </article>
  );
}

function DayVisit({ visit, number, day }: { visit: BoardVisit; number: number; day: string | null }) {
  const { words, times, minuteMs } = useDesk();
  return (
    <li class="day-visit" data-visit={visit.visit}>
      <span class="fact-number" aria-hidden="true">
        {number}
      </span>
      <div>
        <p>
          <b class="day-window">{times.span(Date.parse(visit.window_from), Date.parse(visit.window_to))}</b>{" "}
          <a href={placeHref("board", visit.visit, { day })}>{visit.customer.name ?? visit.customer.customer}</a>
        </p>
        <p class="quiet small">{visit.site.name}</p>
      </div>
      <div class="day-visit-end">
        <StatusChip status={visit.status} words={words} />
        <span class="small">
          {visit.arrived_at && <span class="quiet">{times.clock(Date.parse(visit.arrived_at))} </span>}
          <Against visit={visit} minuteMs={minuteMs} words={words} />
        </span>
      </div>
    </li>
  );
}

/** The day's fixes, and today what the stream has said since. */
function useFixes(track: Track | null, item: WorkerItem | undefined): Fix[] {
  const asked = useMemo(() => (track ? fixesOf(track) : []), [track]);
  const position = item?.position;
  const heard = useRef<Fix[]>([]);
  return useMemo(() => {
    const lastMs = asked.at(-1)?.atMs ?? 0;
    if (position) {
      const fix: Fix = {
        lat: position.lat,
        lon: position.lon,
        atMs: Date.parse(position.at),
        accuracyM: position.accuracy_m,
        speedMps: position.speed_mps,
      };
      if (fix.atMs > (heard.current.at(-1)?.atMs ?? 0)) heard.current = [...heard.current, fix];
    }
    heard.current = heard.current.filter((fix) => fix.atMs > lastMs);
    return track ? [...asked, ...heard.current] : asked;
  }, [asked, position]);
}
