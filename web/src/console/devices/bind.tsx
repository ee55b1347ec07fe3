// Saying for whom a device speaks, and from when on: now, since its first message, or any time, past ones too.

import { useMemo, useState } from "preact/hooks";
import { IconCheck } from "../../shared/icons.tsx";
import { usePolled } from "../ask.ts";
import { useDesk } from "../desk.ts";
import type { DeviceWhole, SiteItem } from "./contract.ts";
import { useDeed } from "./deed.ts";
import { Outcome } from "./outcome.tsx";
import { holderLink } from "./device.tsx";
import { instantOf, localOf } from "./told.ts";

/** Sites that are offered at once; more are found by searching. */
const SITES = 50;

type Since = "now" | "first" | "other";

export function Bind({ device, seen }: { device: DeviceWhole; seen: () => void }) {
  const { words, times, minuteMs } = useDesk();
  const w = words.devices;
  const { busy, failed, done, act } = useDeed(device.device, seen);
  const firstMs = device.first_observed_at === null ? null : Date.parse(device.first_observed_at);
  const [wasUnknown] = useState(device.holder === null);
  const [kind, setKind] = useState<"worker" | "site">("worker");
  const [chosen, setChosen] = useState("");
  // What an unknown device said is lost to its visits unless the binding reaches back.
  const [since, setSince] = useState<Since>(device.bindings.length === 0 && firstMs !== null ? "first" : "now");
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");

  const fromMs = since === "first" ? firstMs : since === "other" ? instantOf(from, times) : null;
  // "Now" is the cell's, which is not the wall's in a demo; to the minute is near enough.
  const begins = (): string => new Date(since === "now" ? minuteMs : (fromMs ?? minuteMs)).toISOString();
  const bind = (event: Event): void => {
    event.preventDefault();
    const untilMs = instantOf(until, times);
    const body = { [kind]: chosen, from: begins(), ...(untilMs === null ? {} : { until: new Date(untilMs).toISOString() }) };
    void act("POST", "bindings", body, w.bound).then((isDone) => {
      if (!isDone) return;
      setChosen("");
      setUntil("");
      setSince("now");
    });
  };
  const unbind = (): void => void act("POST", "unbind", { from: begins() }, w.unbound);
  const isDated = since !== "other" || fromMs !== null;
  const isReady = chosen !== "" && isDated;
  return (
    <section class="card device-part" aria-label={w.bindTitle} data-testid="bind">
      <h3>{w.bindTitle}</h3>
      <Periods device={device} />
      <details class="device-more" open={wasUnknown}>
        <summary>{device.holder ? w.otherwise : w.bind}</summary>
        <form class="device-form" onSubmit={bind}>
          <div class="segments" role="radiogroup" aria-label={w.speaksFor}>
            {(["worker", "site"] as const).map((each) => (
              <label key={each}>
                <input
                  type="radio"
                  name="kind"
                  checked={kind === each}
                  onChange={() => {
                    setKind(each);
                    setChosen("");
                  }}
                />
                <span>{w[each]}</span>
              </label>
            ))}
          </div>
          {kind === "worker" ? (
            <WorkerChoice chosen={chosen} choose={setChosen} />
          ) : (
            <SiteChoice chosen={chosen} choose={setChosen} />
          )}
          <fieldset class="choices">
            <legend>{w.fromWhen}</legend>
            <Choice name="since" label={w.now} isChosen={since === "now"} choose={() => setSince("now")} />
            {firstMs !== null && (
              <Choice
                name="since"
                label={w.firstMessage(times.moment(firstMs, minuteMs))}
                isChosen={since === "first"}
                choose={() => setSince("first")}
              />
            )}
            <Choice
              name="since"
              label={w.otherTime}
              isChosen={since === "other"}
              choose={() => {
                setSince("other");
                if (!from) setFrom(localOf(firstMs ?? minuteMs, times));
              }}
            />
            {since === "other" && (
              <input
                type="datetime-local"
                aria-label={w.otherTime}
                value={from}
                onInput={(event) => setFrom(event.currentTarget.value)}
              />
            )}
            <p class="quiet small">{w.pastHint}</p>
          </fieldset>
          <label class="field">
            {w.untilWhen}
            <input type="datetime-local" value={until} onInput={(event) => setUntil(event.currentTarget.value)} />
            <span class="quiet small">{w.untilHint}</span>
          </label>
          <p class="buttons">
            <button type="submit" class="button" disabled={!isReady} aria-disabled={busy} data-testid="send-bind">
              <IconCheck />
              {busy ? w.binding : device.holder ? w.rebind : w.bind}
            </button>
            {device.holder && (
              <button type="button" class="button button-quiet" disabled={!isDated} aria-disabled={busy} onClick={unbind} data-testid="unbind">
                {busy ? w.unbinding : w.unbind}
              </button>
            )}
          </p>
          <Outcome done={done} failed={failed} />
        </form>
      </details>
    </section>
  );
}

interface Choosing {
  chosen: string;
  choose: (id: string) => void;
}

function WorkerChoice({ chosen, choose }: Choosing) {
  const { words, live } = useDesk();
  const w = words.devices;
  const workers = useMemo(
    () =>
      [...(live.workers?.values() ?? [])]
        .map((worker) => ({ id: worker.worker, name: worker.name ?? worker.worker }))
        .sort((a, b) => a.name.localeCompare(b.name, "zh-CN")),
    [live.workers],
  );
  return (
    <label class="field">
      {w.worker}
      <select value={chosen} onChange={(event) => choose(event.currentTarget.value)} data-testid="choose-worker">
        <option value="">{w.chooseWorker}</option>
        {workers.map((worker) => (
          <option key={worker.id} value={worker.id}>
            {worker.name} ({worker.id})
          </option>
        ))}
      </select>
    </label>
  );
}

function SiteChoice({ chosen, choose }: Choosing) {
  const { token, words } = useDesk();
  const w = words.devices;
  const [sought, setSought] = useState("");
  const query = new URLSearchParams({ limit: String(SITES), ...(sought.trim() ? { q: sought.trim() } : {}) });
  const { value } = usePolled<{ items: SiteItem[] }>(`/v1/sites?${query.toString()}`, token, { everyMs: null });
  const sites = value?.items ?? [];
  return (
    <>
      <label class="field">
        {w.searchSite}
        <input type="search" class="search" maxLength={128} value={sought} onInput={(event) => setSought(event.currentTarget.value)} />
      </label>
      <label class="field">
        {w.site}
        <select value={chosen} onChange={(event) => choose(event.currentTarget.value)} data-testid="choose-site">
          <option value="">{value && sites.length === 0 ? w.noSite : w.chooseSite}</option>
          {sites.map((site) => (
            <option key={site.site} value={site.site}>
              {[site.name, site.customer_name].filter(Boolean).join(" · ")} ({site.site})
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

function Choice({ name, label, isChosen, choose }: { name: string; label: string; isChosen: boolean; choose: () => void }) {
  return (
    <label class="choice">
      <input type="radio" name={name} checked={isChosen} onChange={choose} />
      {label}
    </label>
  );
}

function Periods({ device }: { device: DeviceWhole }) {
  const { words, times, minuteMs } = useDesk();
  const w = words.devices;
  if (device.bindings.length === 0) return null;
  const moment = (at: string): string => times.moment(Date.parse(at), minuteMs);
  return (
    <ul class="device-periods" data-testid="periods">
      {device.bindings.map((binding) => {
        const isFuture = Date.parse(binding.from) > minuteMs + 60_000;
        const isCurrent = !isFuture && (binding.until === null || Date.parse(binding.until) > minuteMs);
        return (
          <li key={binding.from}>
            {holderLink(binding.holder)}{" "}
            <span class="quiet small">
              {w.since(moment(binding.from))}
              {binding.until !== null && ` · ${w.until(moment(binding.until))}`}
            </span>
            {(isCurrent || isFuture) && <b class="device-tense">{isFuture ? w.future : w.current}</b>}
          </li>
        );
      })}
    </ul>
  );
}
