// The registry: everything that was ever heard, unknown ones first; beside it one device with what can be done about it.

import { useEffect, useState } from "preact/hooks";
import { IconAlert, IconBeacon, IconDevice, IconTag } from "../../shared/icons.tsx";
import { usePolled } from "../ask.ts";
import { useDesk } from "../desk.ts";
import { placeHref, type Place } from "../place.ts";
import type { DeviceItem, DevicePage, Sort } from "./contract.ts";
import { DeviceDetail } from "./device.tsx";
import { ago, describe } from "./told.ts";

const STATES = ["all", "unknown", "bound"] as const;
const PAGE = 100;
/** The most that the API gives at once. */
const MOST = 500;
/** How long somebody types before it is asked for. */
const TYPING_MS = 250;

const ICONS: Record<Sort, () => preact.JSX.Element> = {
  device: IconDevice,
  tag: IconTag,
  beacon: IconBeacon,
  bluetooth: IconBeacon,
};

export function DevicesView({ place }: { place: Place }) {
  const { words } = useDesk();
  return (
    <div class={place.id ? "view devices-view is-detail" : "view devices-view"}>
      <section class="side" aria-label={words.devices.title}>
        <Registry place={place} />
      </section>
      <div class="pane">
        {place.id ? (
          <DeviceDetail key={place.id} device={place.id} backHref={placeHref("devices", null, place.ask)} />
        ) : (
          <p class="card empty-card quiet">{words.devices.choose}</p>
        )}
      </div>
    </div>
  );
}

function Registry({ place }: { place: Place }) {
  const { token, words } = useDesk();
  const w = words.devices;
  const state = STATES.find((each) => each === place.ask.state) ?? "all";
  const [typed, setTyped] = useState(place.ask.q ?? "");
  const [limit, setLimit] = useState(PAGE);
  const sought = useSettled(typed.trim());
  const query = new URLSearchParams({ limit: String(limit), state, ...(sought ? { q: sought } : {}) });
  const { value, trouble } = usePolled<DevicePage>(`/v1/devices?${query.toString()}`, token);
  const page = useKept(value);
  const ask = { state: state === "all" ? null : state, q: sought || null };
  const counts = page && { all: page.unknown + page.bound, unknown: page.unknown, bound: page.bound };
  return (
    <>
      <div class="toolbar devices-toolbar">
        <div class="filters" role="group" aria-label={w.stateLabel}>
          {STATES.map((each) => (
            <button
              key={each}
              type="button"
              class="filter"
              aria-pressed={state === each}
              onClick={() => void (location.hash = placeHref("devices", null, { ...ask, state: each === "all" ? null : each }))}
            >
              {w.state[each]} {counts && <b>{counts[each]}</b>}
            </button>
          ))}
        </div>
        <input
          type="search"
          class="search"
          placeholder={w.search}
          aria-label={w.search}
          maxLength={128}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </div>
      {page === null && <p class="empty">{trouble ? words.trouble : words.loading}</p>}
      {page?.items.length === 0 && <p class="empty">{sought || state !== "all" ? w.noneSuch : w.none}</p>}
      {page && page.items.length > 0 && (
        <ul class="card device-list" data-testid="devices">
          {page.items.map((item) => (
            <Row key={item.device} item={item} href={placeHref("devices", item.device, ask)} chosen={item.device === place.id} />
          ))}
        </ul>
      )}
      {page?.next && (
        <p class="more">
          {limit < MOST ? (
            <button type="button" class="text-button" onClick={() => setLimit(limit + PAGE)}>
              {w.more}
            </button>
          ) : (
            <span class="quiet small">{w.tooMany}</span>
          )}
        </p>
      )}
    </>
  );
}

function Row({ item, href, chosen }: { item: DeviceItem; href: string; chosen: boolean }) {
  const { words, minuteMs } = useDesk();
  const w = words.devices;
  const Icon = ICONS[item.sort];
  const off = item.clock && item.clock.verdict !== "right" ? w.verdict[item.clock.verdict] : null;
  return (
    <li
      class={item.holder ? "device-row" : "device-row device-unknown"}
      data-device={item.device}
      data-state={item.holder ? "bound" : "unknown"}
      aria-current={chosen || undefined}
    >
      <Icon />
      <div class="device-row-main">
        <p class="device-row-head">
          <a href={href}>{item.device}</a>
          <Holding item={item} />
        </p>
        <p class="quiet small">
          {item.last ? describe(item.last, words) : w.never}
          {item.reader && ` · ${w.reader} ${item.reader}`}
        </p>
        <p class="quiet small device-row-marks">
          {item.heard_at && <span>{ago(Date.parse(item.heard_at), minuteMs, words)}</span>}
          {item.battery_pct !== null && <span>{words.map.battery(String(item.battery_pct))}</span>}
          {item.dialect && <span>{item.dialect}</span>}
          {off && (
            <span class="device-mark">
              {w.clockTitle} {off}
            </span>
          )}
          {item.contradictions.count > 0 && (
            <span class="device-mark">
              <IconAlert /> {item.contradictions.count}
              <span class="unseen"> {w.contradiction(item.contradictions.count, item.contradictions.last_said ?? "")}</span>
            </span>
          )}
        </p>
      </div>
    </li>
  );
}

/** For whom it speaks, or that nobody knows. */
export function Holding({ item }: { item: DeviceItem }) {
  const { words } = useDesk();
  const w = words.devices;
  if (!item.holder) {
    return (
      <span class="alert-chip gravity-fair">
        <IconAlert />
        {w.unknown}
      </span>
    );
  }
  return (
    <span class="device-holder">
      <span class="unseen">{w.speaksFor} </span>
      {item.holder.name ?? item.holder.id}
    </span>
  );
}

/** The last value while the next is on its way: a list that is searched does not vanish between two letters. */
function useKept<T>(value: T | null): T | null {
  const [kept, setKept] = useState(value);
  useEffect(() => {
    if (value !== null) setKept(value);
  }, [value]);
  return value ?? kept;
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
