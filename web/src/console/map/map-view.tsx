// The live map: where everybody is, who is late or may be. The list beside it says the same without a map.

import { useMemo, useRef, useState } from "preact/hooks";
import type { Dot } from "./scene.ts";
import { IconClose, IconRoute } from "../../shared/icons.tsx";
import { AlertBadge, StatusChip } from "../badge.tsx";
import { useDesk } from "../desk.ts";
import { placeHref, type Place } from "../place.ts";
import { Against } from "../table.tsx";
import { fleetOf, fleetScene, pinsOf, sitesOf, type Member } from "./fleet.ts";
import { MapBox } from "./map-box.tsx";

const LEGEND = ["alarm", "risk", "moving", "present", "idle", "stale"] as const;
const MINUTE_S = 60;

export function MapView({ place }: { place: Place }) {
  const { words, live, minuteMs } = useDesk();
  const [search, setSearch] = useState("");
  const fleet = useMemo(
    () => fleetOf(live, minuteMs),
    [live.workers, live.alerts, live.board?.visits, minuteMs],
  );
  const chosen = fleet.find((member) => member.worker.worker === place.id) ?? null;
  const sites = useKept(useMemo(() => sitesOf(live.board?.visits ?? []), [live.board?.visits]));
  const pins = useMemo(() => pinsOf(fleet, place.id), [fleet, place.id]);
  const scene = useMemo(
    () => fleetScene(pins, sites, chosen, live.workers !== null && live.board !== null),
    [pins, sites, chosen, live.workers !== null, live.board !== null],
  );
  const wanted = search.trim().toLowerCase();
  const shown = fleet.filter((member) => member.name.toLowerCase().includes(wanted) || member.worker.worker === wanted);
  const choose = (worker: string | null): void => void (location.hash = placeHref("map", worker));
  return (
    <div class="view map-view">
      <div class="pane map-pane">
        <MapBox scene={scene} label={words.map.label} class="map-fleet" pick={(id) => choose(id === "goal" ? place.id : id)} />
        <ul class="legend" aria-label={words.map.legend}>
          {LEGEND.map((tone) => (
            <li key={tone} class={`tone-${tone}`}>
              <span class="dot" aria-hidden="true" />
              {words.map.tones[tone]}
            </li>
          ))}
          <li class="legend-site">{words.map.site}</li>
        </ul>
      </div>
      <aside class="side">
        {chosen && <Chosen member={chosen} close={() => choose(null)} />}
        <section class="card fleet" aria-label={words.map.count(fleet.length)}>
          <div class="fleet-head">
            <h2>{words.map.count(fleet.length)}</h2>
            <input
              type="search"
              class="search"
              placeholder={words.map.search}
              aria-label={words.map.search}
              value={search}
              onInput={(event) => setSearch(event.currentTarget.value)}
            />
          </div>
          {live.workers && fleet.length === 0 && <p class="quiet pad">{words.map.nobody}</p>}
          <ul data-testid="fleet">
            {shown.map((member) => (
              <Line key={member.worker.worker} member={member} chosen={member === chosen} />
            ))}
          </ul>
        </section>
      </aside>
    </div>
  );
}

function Line({ member, chosen }: { member: Member; chosen: boolean }) {
  const { words, times, minuteMs } = useDesk();
  const { worker, name, tone, visit, alerts } = member;
  return useMemo(
    () => (
      <li class={`member tone-${tone}`} data-worker={worker.worker} data-tone={tone} aria-current={chosen || undefined}>
        <span class="dot" aria-hidden="true" />
        <a href={placeHref("map", worker.worker)}>{name}</a>
        {worker.visit ? <StatusChip status={worker.visit.status} words={words} /> : <span />}
        <span class="quiet small">
          {worker.visit
            ? `${times.span(Date.parse(worker.visit.window_from), Date.parse(worker.visit.window_to))} ${worker.visit.site_name ?? ""}`
            : words.map.noVisit}
        </span>
        <span class="small member-against">{visit && <Against visit={visit} minuteMs={minuteMs} words={words} />}</span>
        {alerts.length > 0 && (
          <span class="member-alerts">
            {alerts.map((alert) => (
              <AlertBadge key={alert.alert} alert={alert} words={words} plain />
            ))}
          </span>
        )}
      </li>
    ),
    [worker, tone, visit, alerts.map((alert) => `${alert.alert} ${alert.state}`).join(), chosen, words, times, minuteMs],
  );
}

function Chosen({ member, close }: { member: Member; close: () => void }) {
  const { words, times, minuteMs } = useDesk();
  const { worker, name, visit, alerts, ageMs, tone } = member;
  const next = worker.visit;
  return (
    <section class={`card chosen tone-${tone}`} data-testid="chosen">
      <header>
        <h2>{name}</h2>
        {next && <StatusChip status={next.status} words={words} />}
        <button type="button" class="icon-button" aria-label={words.map.close} onClick={close}>
          <IconClose />
        </button>
      </header>
      {next && (
        <p>
          <a href={placeHref("board", next.visit)}>{visit?.customer.name ?? next.site_name ?? next.visit}</a>
          <span class="quiet">
            {" · "}
            {times.window(Date.parse(next.window_from), Date.parse(next.window_to), minuteMs)}
            {visit?.customer.name && next.site_name ? ` · ${next.site_name}` : ""}
          </span>
        </p>
      )}
      {visit && (
        <p>
          {visit.eta && !visit.arrived_at && <b>{words.map.eta(times.clock(Date.parse(visit.eta.at)))} </b>}
          <Against visit={visit} minuteMs={minuteMs} words={words} />
        </p>
      )}
      <p class="quiet small">
        {ageMs === null
          ? words.map.noPosition
          : ageMs < 2 * MINUTE_S * 1000
            ? words.map.heardNow
            : words.map.heard(words.duration(ageMs / 1000))}
        {worker.position?.battery_pct != null && ` · ${words.map.battery(String(worker.position.battery_pct))}`}
      </p>
      {alerts.length > 0 && (
        <p class="chosen-alerts">
          {alerts.map((alert) => (
            <a key={alert.alert} href={placeHref("alerts", alert.alert)}>
              <AlertBadge alert={alert} words={words} />
            </a>
          ))}
        </p>
      )}
      <a class="button" href={placeHref("worker", worker.worker)}>
        <IconRoute />
        {words.map.track}
      </a>
    </section>
  );
}

/** The same array while what is in it is the same: the map need not draw the sites again with every change of a visit. */
function useKept(dots: Dot[]): Dot[] {
  const kept = useRef(dots);
  if (JSON.stringify(kept.current) !== JSON.stringify(dots)) kept.current = dots;
  return kept.current;
}
