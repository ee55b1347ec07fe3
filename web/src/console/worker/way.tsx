// The way of a day: map, a slider over its hours, a ribbon that says what happened when, and a table of the same.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { AlertFull, BoardVisit, Fence } from "../../shared/contract.ts";
import { IconPause, IconPlay } from "../../shared/icons.tsx";
import { useDesk } from "../desk.ts";
import { MapBox } from "../map/map-box.tsx";
import { placeHref } from "../place.ts";
import type { Words } from "../words.ts";
import { Ribbon } from "./ribbon.tsx";
import { dayScene, visitPins, wayOf } from "./scene.ts";
import { nearest, whereAt, type Fix, type NamedPlace, type Whereabouts } from "./track.ts";

const STEP_MS = 60_000;
/** The table has a line for each quarter of an hour. */
const LINE_MS = 15 * 60_000;
/** Playing passes this much of the day with each picture. */
const PLAY_MS = 60_000;
const PICTURE_MS = 120;

interface Props {
  fixes: Fix[];
  visits: BoardVisit[];
  fences: Fence[];
  alerts: AlertFull[];
  isToday: boolean;
  frameKey: string;
}

export function Way({ fixes, visits, fences, alerts, isToday, frameKey }: Props) {
  const { words, times, minuteMs } = useDesk();
  const w = words.worker;
  const [fromMs, toMs] = useMemo(() => span(fixes, visits, isToday ? minuteMs : null), [fixes, visits, isToday, minuteMs]);
  /** null: the latest. */
  const [chosenMs, setChosenMs] = useState<number | null>(null);
  const [playing, setPlaying] = useState(false);
  const atMs = Math.min(Math.max(chosenMs ?? toMs, fromMs), toMs);
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(
      () => setChosenMs((old) => (old === null || old >= toMs ? fromMs : Math.min(old + PLAY_MS, toMs))),
      PICTURE_MS,
    );
    return () => clearInterval(timer);
  }, [playing, fromMs, toMs]);
  useEffect(() => {
    if (playing && atMs >= toMs) setPlaying(false);
  }, [playing, atMs >= toMs]);

  const places = useMemo(() => visits.map(({ site }): NamedPlace => ({ name: site.name, lat: site.lat, lon: site.lon })), [visits]);
  const where = whereAt(fixes, atMs);
  const way = useMemo(() => wayOf(fixes), [fixes]);
  const pins = useMemo(() => visitPins(visits, null), [visits]);
  const clock = times.clock(atMs);
  const scene = useMemo(
    () => dayScene(way, pins, fences, where, clock, frameKey),
    [way, pins, fences, clock, where?.at.lat, where?.at.lon, frameKey],
  );
  const said = say(where, atMs, places, words, (ms) => times.clock(ms));
  const pick = (id: string): void => {
    const visit = visits.find((each) => `visit ${each.visit}` === id);
    if (visit) location.hash = placeHref("board", visit.visit);
  };
  return (
    <>
      <MapBox scene={scene} label={w.mapLabel} class="map-track" pick={pick} />
      <div class="scrub">
        <button
          type="button"
          class="icon-button"
          aria-label={playing ? w.pause : w.play}
          onClick={() => {
            if (!playing && atMs >= toMs) setChosenMs(fromMs);
            setPlaying(!playing);
          }}
        >
          {playing ? <IconPause /> : <IconPlay />}
        </button>
        <div class="scrub-axis">
          <Ribbon {...{ fromMs, toMs, atMs, fixes, visits, alerts }} />
          <input
            type="range"
            aria-label={w.slider}
            aria-valuetext={`${clock}, ${said}`}
            min={fromMs}
            max={toMs}
            step={STEP_MS}
            value={atMs}
            data-testid="slider"
            onInput={(event) => {
              const value = Number(event.currentTarget.value);
              setPlaying(false);
              setChosenMs(value >= toMs - STEP_MS && isToday ? null : value);
            }}
          />
        </div>
      </div>
      <p class="where" data-testid="where">
        <time>{clock}</time> {said}
      </p>
      <ul class="ribbon-legend" aria-hidden="true">
        {(["window", "present", "gap", "alert"] as const).map((each) => (
          <li key={each}>
            <i class={`ribbon-${each}`} />
            {w.legend[each]}
          </li>
        ))}
      </ul>
      <details class="way-table">
        <summary>
          {w.table} <span class="quiet">{w.fixes(fixes.length)}</span>
        </summary>
        <WayTable {...{ fixes, fromMs, toMs, places }} />
      </details>
    </>
  );
}

/** From the first to the last that is known of the day, whole minutes; today up to now. */
function span(fixes: Fix[], visits: BoardVisit[], nowMs: number | null): [number, number] {
  const first = Math.min(fixes[0]?.atMs ?? Infinity, ...visits.map((visit) => Date.parse(visit.window_from)));
  const last = fixes.at(-1)?.atMs ?? first;
  const planned = nowMs ?? Math.max(last, ...visits.map((visit) => Date.parse(visit.window_to)));
  const from = Math.floor(Math.min(first, last) / STEP_MS) * STEP_MS;
  return [from, Math.max(Math.ceil(Math.max(last, planned) / STEP_MS) * STEP_MS, from + STEP_MS)];
}

function say(
  where: Whereabouts | null,
  atMs: number,
  places: NamedPlace[],
  words: Words,
  clock: (ms: number) => string,
): string {
  const w = words.worker;
  if (!where) return w.before;
  const near = nearest(where.at, places);
  const place = near ? (near.isThere ? w.atSite(near.name) : w.fromSite(words.metres(near.m), near.name)) : "";
  if (where.gap) return [w.gapSince(clock(where.gap.sinceMs), words.duration(where.gap.forMs / 1000)), place].filter(Boolean).join(" · ");
  const speed = where.speedMps !== null && where.speedMps >= 1 ? words.kmh(String(Math.round(where.speedMps * 3.6))) : "";
  return [place, speed].filter(Boolean).join(" · ") || clock(atMs);
}

function WayTable({ fixes, fromMs, toMs, places }: { fixes: Fix[]; fromMs: number; toMs: number; places: NamedPlace[] }) {
  const { words, times } = useDesk();
  const w = words.worker;
  const lines = [];
  for (let at = Math.ceil(fromMs / LINE_MS) * LINE_MS; at <= toMs; at += LINE_MS) lines.push({ at, where: whereAt(fixes, at) });
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">{w.tableTime}</th>
          <th scope="col">{w.tablePlace}</th>
          <th scope="col">{w.tableAccuracy}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ at, where }) => (
          <tr key={at} class={where?.gap ? "quiet" : undefined}>
            <td>{times.clock(at)}</td>
            <td>{say(where, at, places, words, times.clock)}</td>
            <td>{where && !where.gap && where.accuracyM !== null ? words.alerts.accuracy(words.metres(where.accuracyM)) : ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
