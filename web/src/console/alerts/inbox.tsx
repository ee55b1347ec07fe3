// The inbox: what somebody must act on, the most urgent first; beside it one alert with all that it rests on.

import { useMemo, useState } from "preact/hooks";
import type { AlertFull, Page } from "../../shared/contract.ts";
import { getJson, usePolled } from "../ask.ts";
import { useDesk } from "../desk.ts";
import { placeHref, type Place } from "../place.ts";
import { rulesKnown, titleOf } from "../rules.ts";
import { isActive } from "../state.ts";
import { AlertDetailView } from "./detail.tsx";
import { byUrgency, kindsInOrder } from "./order.ts";
import { AlertRow } from "./row.tsx";

const STATES = ["active", "open", "acknowledged", "resolved", "retracted", "all"] as const;
/** Of those that need nobody any more, so many at a time. */
const PAGE = 50;
/** How often the list of such alerts is asked for again. */
const PAST_MS = 15_000;

export function AlertsView({ place }: { place: Place }) {
  const { words } = useDesk();
  const { alerts: w } = words;
  const state = STATES.find((each) => each === place.ask.state) ?? "active";
  const kind = place.ask.rule ?? null;
  const { items, more } = useItems(state, kind);
  const rules = kindsInOrder([...rulesKnown(), ...(kind ? [kind] : [])]);
  const counts = useCounts();
  const narrow = (ask: { state?: string; rule?: string | null }): void => {
    const next: Record<string, string | null> = { state, rule: kind, ...ask };
    location.hash = placeHref("alerts", null, { ...next, state: next.state === "active" ? null : (next.state ?? null) });
  };
  const href = (alert: string): string => placeHref("alerts", alert, place.ask);
  return (
    <div class={place.id ? "view inbox is-detail" : "view inbox"}>
      <section class="pane" aria-label={w.title}>
        <div class="filters" role="group" aria-label={w.stateLabel}>
          {STATES.map((each) => (
            <button key={each} type="button" class="filter" aria-pressed={state === each} onClick={() => narrow({ state: each })}>
              {w.filterState[each]} {counts[each] !== undefined && <b>{counts[each]}</b>}
            </button>
          ))}
          <select
            class="kind"
            aria-label={w.kindLabel}
            value={kind ?? ""}
            onChange={(event) => narrow({ rule: event.currentTarget.value || null })}
          >
            <option value="">{w.allKinds}</option>
            {rules.map((rule) => (
              <option key={rule} value={rule}>
                {titleOf(rule, words)}
              </option>
            ))}
          </select>
        </div>
        {items === null && <p class="empty">{words.loading}</p>}
        {items?.length === 0 && <p class="empty">{state === "active" && !kind ? w.none : w.noneSuch}</p>}
        {items && items.length > 0 && (
          <ul class="card alert-list" data-testid="inbox">
            {items.map((alert) => (
              <AlertRow key={alert.alert} alert={alert} href={href(alert.alert)} chosen={alert.alert === place.id} />
            ))}
          </ul>
        )}
        {more && (
          <p class="more">
            <button type="button" class="text-button" onClick={more}>
              {w.more}
            </button>
          </p>
        )}
      </section>
      <aside class="side">
        {place.id ? (
          <AlertDetailView key={place.id} alert={place.id} backHref={placeHref("alerts", null, place.ask)} />
        ) : (
          <p class="card empty-card quiet">{w.choose}</p>
        )}
      </aside>
    </div>
  );
}

function useCounts(): Partial<Record<string, number>> {
  const { live } = useDesk();
  return useMemo(() => {
    if (!live.alerts) return {};
    const active = [...live.alerts.values()].filter(isActive);
    const open = active.filter((alert) => alert.state === "open").length;
    return { active: active.length, open, acknowledged: active.length - open };
  }, [live.alerts]);
}

/** Active alerts are known already and live; others are asked for, a page at a time. */
function useItems(state: string, kind: string | null): { items: AlertFull[] | null; more: (() => void) | null } {
  const { token, live } = useDesk();
  const isLive = state === "active" || state === "open" || state === "acknowledged";
  const query = `/v1/alerts?state=${state}${kind ? `&rule=${encodeURIComponent(kind)}` : ""}&limit=${PAGE}`;
  const first = usePolled<Page<AlertFull>>(isLive ? null : query, token, { everyMs: PAST_MS });
  const [rest, setRest] = useState<{ query: string; items: AlertFull[]; next: string | null } | null>(null);
  const active = useMemo(
    () =>
      live.alerts &&
      [...live.alerts.values()]
        .filter((alert) => isActive(alert) && (state === "active" || alert.state === state))
        .filter((alert) => !kind || alert.rule === kind)
        .sort(byUrgency),
    [live.alerts, state, kind],
  );
  if (isLive) return { items: active, more: null };
  if (!first.value) return { items: null, more: null };
  const held = rest?.query === query ? rest : { query, items: [], next: first.value.next };
  const known = new Set(first.value.items.map((alert) => alert.alert));
  const items = [...first.value.items, ...held.items.filter((alert) => !known.has(alert.alert))];
  const { next } = held;
  const more = async (): Promise<void> => {
    const page = await getJson<Page<AlertFull>>(token, `${query}&cursor=${encodeURIComponent(next ?? "")}`);
    setRest({ query, items: [...held.items, ...page.items], next: page.next });
  };
  return { items, more: next === null ? null : () => void more() };
}
