// One visit with everything that is known: the promise, what happened, what each step rests on and when we knew it.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { cellNow, readClock } from "../shared/clock.ts";
import type { FactRow, TimelineStep, VisitDetail } from "../shared/contract.ts";
import { IconBack } from "../shared/icons.tsx";
import type { Language } from "../shared/language.ts";
import { serviceName } from "../shared/services.ts";
import { timesFor, type Times } from "../shared/times.ts";
import { usePolled } from "./ask.ts";
import { AlertBadge, StatusChip } from "./badge.tsx";
import { useDesk } from "./desk.ts";
import { explain } from "./explain.ts";
import { CustomerLinkMaker } from "./link.tsx";
import { placeHref } from "./place.ts";
import { word, type Words } from "./words.ts";

/** Knowing something this much later than it happened is worth saying. */
const LATE_KNOWLEDGE_S = 60;

export function Detail({ visit, backHref }: { visit: string; backHref: string }) {
  const { token, words, language } = useDesk();
  const path = `/v1/visits/${encodeURIComponent(visit)}`;
  const { value, heardMs, trouble } = usePolled<VisitDetail>(path, token);
  const title = useRef<HTMLHeadingElement>(null);
  const isThere = value !== null;
  useEffect(() => title.current?.focus(), [isThere]);
  const nowMs = value ? cellNow(readClock(value.clock, heardMs), Date.now()) : 0;
  const times = timesFor(language, value?.zone ?? "UTC");
  return (
    <section class="card detail" data-testid="detail">
      <a class="back" href={backHref}>
        <IconBack />
        {words.back}
      </a>
      {!value && <p class="quiet">{trouble === "not_found" ? words.notFound : words.loading}</p>}
      {value && (
        <>
          <h2 ref={title} tabIndex={-1}>
            {value.customer.name ?? value.customer.customer}
            <StatusChip status={value.status} words={words} />
          </h2>
          <Summary visit={value} {...{ nowMs, words, times, language }} />
          <CustomerLinkMaker path={path} token={token} words={words} times={times} />
          <VisitAlerts visit={value} {...{ nowMs, words, times }} />
          <Timeline visit={value} {...{ nowMs, words, times }} />
          <Facts visit={value} words={words} times={times} />
        </>
      )}
    </section>
  );
}

interface Part {
  visit: VisitDetail;
  words: Words;
  times: Times;
}

function Summary({ visit, nowMs, words, times, language }: Part & { nowMs: number; language: Language }) {
  const { promises, timeliness: kept, position, eta } = visit;
  const window = (from: string, to: string): string => times.window(Date.parse(from), Date.parse(to), nowMs);
  const rows: [string, ComponentChildren][] = [[words.promise, window(promises.from, promises.to)]];
  if (promises.revision > 1) rows.push([words.firstPromise, window(promises.first_from, promises.first_to)]);
  rows.push([words.service, serviceName(visit.service, language)], [words.planned, words.duration(visit.planned_s)]);
  const { worker } = visit;
  rows.push([
    words.columns.worker,
    worker ? <a href={placeHref("worker", worker.worker)}>{worker.name ?? worker.worker}</a> : words.nobody,
  ]);
  rows.push([words.address, [visit.site.name, visit.site.address].filter(Boolean).join(" · ")]);
  if (kept.arrived_at) {
    const late = kept.lateness_s ?? 0;
    const against = kept.on_time
      ? words.onTime
      : late > 0
        ? words.late(words.duration(late))
        : words.early(words.duration(kept.early_s ?? 0));
    rows.push([words.arrival, `${times.moment(Date.parse(kept.arrived_at), nowMs)} · ${against}`]);
  } else if (eta && !visit.over) {
    rows.push([
      words.arrival,
      `${words.about(times.clock(Date.parse(eta.at)))} · ${words.remaining(words.metres(eta.remaining_m))}`,
    ]);
  }
  if (kept.served_from) {
    const span = kept.served_to
      ? times.span(Date.parse(kept.served_from), Date.parse(kept.served_to))
      : `${times.clock(Date.parse(kept.served_from))}–`;
    rows.push([words.served, kept.served_s === null ? span : `${span} · ${words.duration(kept.served_s)}`]);
  }
  if (position) {
    const accuracy = position.accuracy_m === null ? "" : ` · ${words.accuracy(words.metres(position.accuracy_m))}`;
    rows.push([
      words.position,
      `${position.lat.toFixed(5)}, ${position.lon.toFixed(5)}${accuracy} · ${times.moment(Date.parse(position.at), nowMs)}`,
    ]);
  }
  if (visit.checklist.length > 0) rows.push([words.checklist, visit.checklist.join(" · ")]);
  return (
    <dl class="summary">
      {rows.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function VisitAlerts({ visit, nowMs, words, times }: Part & { nowMs: number }) {
  if (visit.alerts.length === 0) return null;
  return (
    <>
      <h3>{words.columns.alerts}</h3>
      <ul class="visit-alerts">
        {visit.alerts.map((alert) => (
          <li key={alert.alert} class={alert.standing ? "alert" : "alert alert-gone"}>
            <p class="alert-head">
              <a href={placeHref("alerts", alert.alert)}>
                <AlertBadge alert={alert} words={words} />
              </a>
              <span class="quiet">
                {times.clock(Date.parse(alert.started_at))}
                {alert.ended_at && `–${times.clock(Date.parse(alert.ended_at))}`}
              </span>
            </p>
            <p class="small">{explain(alert, words, times, nowMs)}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

function Timeline({ visit, nowMs, words, times }: Part & { nowMs: number }) {
  const [all, setAll] = useState(false);
  const facts = new Map(visit.facts.map((fact) => [fact.fact, fact]));
  const corrected = visit.timeline.filter((step) => step.known_to !== null).length;
  const steps = visit.timeline.filter((step) => all || step.known_to === null);
  return (
    <>
      <h3>{words.timeline}</h3>
      <ol class="timeline" data-testid="timeline">
        {steps.map((step) => (
          <li key={`${step.step} ${step.known_from}`} class={step.known_to === null ? "moment" : "moment moment-gone"}>
            <time>{times.moment(Date.parse(step.at), nowMs)}</time>
            <div>
              <p>
                <b>{words.status[step.status]}</b> <span class="quiet">{words.cause[step.cause]}</span>
              </p>
              <p class="quiet small">{knowledge(step, words, times)}</p>
              {step.evidence.map((id) => (
                <p key={id} class="quiet small evidence">
                  {evidence(id, facts.get(id), words, times)}
                </p>
              ))}
            </div>
          </li>
        ))}
      </ol>
      {corrected > 0 && (
        <label class="check">
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
          {words.showCorrected(corrected)}
        </label>
      )}
    </>
  );
}

function knowledge(step: TimelineStep, words: Words, times: Times): string {
  const knownMs = Date.parse(step.known_from);
  const lagS = (knownMs - Date.parse(step.at)) / 1000;
  const known =
    lagS >= LATE_KNOWLEDGE_S
      ? `${words.knownAt(times.clock(knownMs))} (${words.knownLater(words.duration(lagS))})`
      : words.knownAt(times.clock(knownMs));
  return step.known_to === null ? known : `${known} · ${words.corrected(times.clock(Date.parse(step.known_to)))}`;
}

function evidence(id: string, fact: FactRow | undefined, words: Words, times: Times): string {
  if (!fact) return id.slice(0, 8);
  return `${times.clock(Date.parse(fact.at))} ${word(words.kind, fact.kind)} · ${fact.device}`;
}

function Facts({ visit, words, times }: Part) {
  return (
    <>
      <h3>
        {words.facts} <span class="quiet">{visit.facts.length}</span>
      </h3>
      {visit.facts.length === 0 && <p class="quiet">{words.noFacts}</p>}
      <ul class="fact-list">
        {visit.facts.map((fact) => (
          <li key={fact.fact}>
            <details>
              <summary>
                <time>{times.clock(Date.parse(fact.at))}</time> <b>{word(words.kind, fact.kind)}</b>{" "}
                <span class="quiet">
                  {fact.device} · {words.knownAt(times.clock(Date.parse(fact.known_at)))}
                </span>
              </summary>
              <pre>{JSON.stringify(fact.body, null, 1)}</pre>
            </details>
          </li>
        ))}
      </ul>
    </>
  );
}
