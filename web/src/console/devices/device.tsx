// One device: for whom it speaks and since when, what it said last, its clock, how it is read, and what it named wrongly.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { IconAlert, IconBack, IconClock } from "../../shared/icons.tsx";
import { usePolled } from "../ask.ts";
import { useDesk } from "../desk.ts";
import { placeHref } from "../place.ts";
import { Bind } from "./bind.tsx";
import { ClockPart } from "./clock.tsx";
import type { DeviceWhole, Holder } from "./contract.ts";
import { Holding } from "./devices-view.tsx";
import { SettingsPart } from "./settings.tsx";
import { ago, clockSaid, describe } from "./told.ts";

export function DeviceDetail({ device, backHref }: { device: string; backHref: string }) {
  const { token, words } = useDesk();
  const w = words.devices;
  const [version, setVersion] = useState(0);
  const path = `/v1/devices/${encodeURIComponent(device)}`;
  const { value, trouble } = usePolled<DeviceWhole>(path, token, { version });
  const title = useRef<HTMLHeadingElement>(null);
  const isThere = value !== null;
  useEffect(() => title.current?.focus({ preventScroll: true }), [isThere]);
  const seen = (): void => setVersion((old) => old + 1);
  return (
    <article class="device" data-testid="device">
      <a class="back" href={backHref}>
        <IconBack />
        {w.back}
      </a>
      {!value && <p class="card empty-card quiet">{trouble === "not_found" ? w.notFound : words.loading}</p>}
      {value && (
        <>
          <header class="device-head">
            <h2 ref={title} tabIndex={-1}>
              {value.device}
            </h2>
            <span class="quiet small">{w.sort[value.sort]}</span>
            <Holding item={value} />
          </header>
          <Now device={value} />
          <Bind device={value} seen={seen} />
          <Recent device={value} />
          {speaks(value) && (
            <>
              <ClockPart device={value} seen={seen} />
              <SettingsPart device={value} seen={seen} />
            </>
          )}
        </>
      )}
    </article>
  );
}

/** A tag says nothing itself: it has no clock, and its reader decides how it is read. */
function speaks(device: DeviceWhole): boolean {
  return device.sort !== "tag" && device.sort !== "beacon" && (device.reader === null || device.clock !== null);
}

export function holderLink(holder: Holder): ComponentChildren {
  const name = holder.name ?? holder.id;
  return holder.kind === "worker" ? <a href={placeHref("worker", holder.id)}>{name}</a> : name;
}

function Now({ device }: { device: DeviceWhole }) {
  const { words, times, minuteMs } = useDesk();
  const w = words.devices;
  const moment = (at: string): string => times.moment(Date.parse(at), minuteMs);
  const rows: [string, ComponentChildren][] = [];
  const { holder, last, contradictions, clock } = device;
  if (holder) {
    const since = device.since === null ? "" : ` · ${w.since(moment(device.since))}`;
    const until = device.until === null ? "" : ` · ${w.until(moment(device.until))}`;
    rows.push([w.speaksFor, [holderLink(holder), since, until]]);
  }
  rows.push([w.heard, device.heard_at === null ? w.never : `${moment(device.heard_at)} · ${ago(Date.parse(device.heard_at), minuteMs, words)}`]);
  if (last) rows.push([w.last, `${moment(last.at)} · ${describe(last, words)}`]);
  if (device.reader) rows.push([w.reader, <a href={placeHref("devices", device.reader)}>{device.reader}</a>]);
  if (device.battery_pct !== null) {
    rows.push([w.battery, `${device.battery_pct}%${device.battery_at === null ? "" : ` · ${moment(device.battery_at)}`}`]);
  }
  if (device.status) {
    const said = describe({ kind: "status", at: device.status_at ?? "", said: device.status }, words);
    rows.push([w.status, [said.split(" · ").slice(1).join(" · ") || "–", device.status_at && ` · ${moment(device.status_at)}`]]);
  }
  if (device.first_heard_at) rows.push([w.firstHeard, `${moment(device.first_heard_at)} · ${w.count(device.messages)}`]);
  return (
    <section class="card device-part" aria-label={w.status}>
      {!holder && <p class="device-hint">{w.unknownHint}</p>}
      {contradictions.count > 0 && (
        <p class="trouble device-warning" data-testid="contradictions">
          <IconAlert />
          {w.contradiction(contradictions.count, contradictions.last_said ?? "?")}
        </p>
      )}
      {(clock?.verdict === "ahead" || clock?.verdict === "behind") && (
        <p class="trouble device-warning" data-testid="clock-warning">
          <IconClock />
          {clockSaid(clock, words)}
        </p>
      )}
      <dl class="summary">
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Recent({ device }: { device: DeviceWhole }) {
  const { words, times, minuteMs } = useDesk();
  const w = words.devices;
  return (
    <section class="card device-part" aria-label={w.recent}>
      <h3>{w.recent}</h3>
      {device.recent.length === 0 && <p class="quiet">{w.noRecent}</p>}
      {device.recent.length > 0 && !speaks(device) && <p class="quiet small">{w.seenOnly}</p>}
      <ol class="device-recent" data-testid="recent">
        {device.recent.map((message) => (
          <li key={message.fact}>
            <details>
              <summary>
                <time>{times.moment(Date.parse(message.at), minuteMs)}</time> {describe(message, words)}
                {message.device !== device.device && ` · ${message.device}`}
              </summary>
              <p class="quiet small">{w.received(times.moment(Date.parse(message.received_at), minuteMs))}</p>
              <pre tabIndex={0} aria-label={w.raw}>
                {JSON.stringify(message.said, null, 1)}
              </pre>
            </details>
          </li>
        ))}
      </ol>
    </section>
  );
}
