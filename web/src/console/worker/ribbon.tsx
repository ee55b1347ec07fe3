// A day as a ribbon above its slider: promised windows, time on site, gaps without fixes, alerts. Decoration; lists say the same.

import { useMemo } from "preact/hooks";
import type { AlertFull, BoardVisit } from "../../shared/contract.ts";
import { gravity } from "../badge.tsx";
import { useDesk } from "../desk.ts";
import { titleOf } from "../rules.ts";
import { gapsOf, type Fix } from "./track.ts";

interface Props {
  fromMs: number;
  toMs: number;
  atMs: number;
  fixes: Fix[];
  visits: BoardVisit[];
  alerts: AlertFull[];
}

const HOUR_MS = 3_600_000;
const MOST_HOURS = 7;

export function Ribbon({ fromMs, toMs, atMs, fixes, visits, alerts }: Props) {
  const { words, times } = useDesk();
  const x = (ms: number): number => (Math.min(Math.max(ms, fromMs), toMs) - fromMs) / (toMs - fromMs);
  const bar = (a: number, b: number): string => `left:${(x(a) * 100).toFixed(2)}%;width:${((x(b) - x(a)) * 100).toFixed(2)}%`;
  const drawn = useMemo(() => {
    const hours = [];
    const every = Math.max(1, Math.ceil((toMs - fromMs) / HOUR_MS / MOST_HOURS)) * HOUR_MS;
    for (let at = Math.ceil(fromMs / every) * every; at <= toMs; at += every)
      if (x(at) > 0.03 && x(at) < 0.97) hours.push(at);
    return (
      <>
        <div class="ribbon-row">
          {visits.map((visit) => (
            <span key={visit.visit} class="ribbon-window" style={bar(Date.parse(visit.window_from), Date.parse(visit.window_to))} />
          ))}
          {visits.map(
            (visit) =>
              visit.arrived_at && (
                <span
                  key={visit.visit}
                  class="ribbon-present"
                  style={bar(Date.parse(visit.arrived_at), visit.over ? Date.parse(visit.status_at) : toMs)}
                />
              ),
          )}
        </div>
        <div class="ribbon-row ribbon-heard">
          {gapsOf(fixes).map((gap) => (
            <span key={gap.fromMs} class="ribbon-gap" style={bar(gap.fromMs, gap.toMs)} />
          ))}
          {alerts.map((alert) => (
            <span
              key={alert.alert}
              class={`ribbon-alert gravity-${gravity(alert.rule)}`}
              style={`left:${(x(Date.parse(alert.started_at)) * 100).toFixed(2)}%`}
              title={titleOf(alert.rule, words)}
            />
          ))}
        </div>
        <div class="ribbon-hours">
          {hours.map((at) => (
            <span key={at} style={`left:${(x(at) * 100).toFixed(2)}%`}>
              {times.clock(at)}
            </span>
          ))}
        </div>
      </>
    );
  }, [fromMs, toMs, fixes, visits, alerts, words, times]);
  return (
    <div class="ribbon" aria-hidden="true">
      {drawn}
      <span class="ribbon-now" style={`left:${(x(atMs) * 100).toFixed(2)}%`} />
    </div>
  );
}
