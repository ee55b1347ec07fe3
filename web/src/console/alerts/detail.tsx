// One alert: what is said, why, what shows it, how it came about, and what somebody decides.

import { useEffect, useRef } from "preact/hooks";
import type { AlertChange, AlertDetail } from "../../shared/contract.ts";
import { IconBack, IconRoute } from "../../shared/icons.tsx";
import { serviceName } from "../../shared/services.ts";
import type { Times } from "../../shared/times.ts";
import { usePolled } from "../ask.ts";
import { AlertBadge } from "../badge.tsx";
import { timesOf, useDesk } from "../desk.ts";
import { explain, figures } from "../explain.ts";
import { placeHref } from "../place.ts";
import { personOf, word, type Words } from "../words.ts";
import { Decide } from "./decide.tsx";
import { Evidence } from "./evidence.tsx";
import { subjectOf } from "./row.tsx";

/** An alert that no stream speaks of any more may still be amended. */
const EVERY_MS = 30_000;

export function AlertDetailView({ alert, backHref }: { alert: string; backHref: string }) {
  const desk = useDesk();
  const { token, words, live } = desk;
  const listed = live.alerts?.get(alert);
  const { value, trouble } = usePolled<AlertDetail>(`/v1/alerts/${encodeURIComponent(alert)}`, token, {
    everyMs: EVERY_MS,
    version: listed ? `${listed.revision} ${listed.state} ${listed.resolved?.verdict}` : "",
  });
  const title = useRef<HTMLHeadingElement>(null);
  const isThere = value !== null;
  useEffect(() => title.current?.focus(), [isThere]);
  // What the list knows of state is newer than what was asked for: a decision is shown at once.
  const shown = value && listed ? { ...value, ...listed } : value;
  const times = timesOf(desk, value?.context?.zone);
  return (
    <article class="card detail alert-detail" data-testid="alert" data-state={shown?.state}>
      <a class="back" href={backHref}>
        <IconBack />
        {words.alerts.title}
      </a>
      {!shown && <p class="quiet">{trouble === "not_found" ? words.alerts.noneSuch : words.loading}</p>}
      {shown && (
        <>
          <h2 ref={title} tabIndex={-1}>
            {subjectOf(shown, words)}
            <AlertBadge alert={shown} words={words} plain />
          </h2>
          <Said alert={shown} times={times} />
          <Decide alert={shown} times={times} />
          <h3>{words.alerts.evidence}</h3>
          <Evidence alert={shown} times={times} />
          <h3>
            {words.alerts.why} <span class="quiet small">{words.alerts.version(shown.rule_version)}</span>
          </h3>
          <dl class="summary">
            {figures(shown, words, times).map(({ label, value: figure }) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{figure}</dd>
              </div>
            ))}
          </dl>
          <h3>{words.alerts.history}</h3>
          <History changes={shown.history} times={times} words={words} />
        </>
      )}
    </article>
  );
}

/** The sentence, how long it has stood, and whom it is about. */
function Said({ alert, times }: { alert: AlertDetail; times: Times }) {
  const { words, language, minuteMs } = useDesk();
  const { context } = alert;
  const w = words.alerts;
  const why = [...alert.history].reverse().find((change) => change.change === "retracted")?.reason;
  const day = times.isoDay(Date.parse(alert.started_at));
  return (
    <>
      {alert.state === "retracted" && (
        <p class="notice" data-testid="retracted">
          {w.retracted(word(w.reason, why ?? "refuted"))}
        </p>
      )}
      <p class={alert.state === "retracted" ? "said said-gone" : "said"}>{explain(alert, words, times, minuteMs)}</p>
      <p class="quiet small">
        {w.since(times.moment(Date.parse(alert.started_at), minuteMs))}
        {alert.state !== "retracted" &&
          ` · ${alert.ended_at ? w.ended(times.moment(Date.parse(alert.ended_at), minuteMs)) : w.goesOn}`}
      </p>
      {context?.visit && (
        <p class="small">
          <a href={placeHref("board", context.visit)}>{w.visit}</a>
          <span class="quiet">
            {context.window_from &&
              context.window_to &&
              ` ${times.window(Date.parse(context.window_from), Date.parse(context.window_to), minuteMs)}`}
            {context.site_name && ` · ${context.site_name}`}
            {context.service && ` · ${serviceName(context.service, language)}`}
          </span>
        </p>
      )}
      {alert.worker && (
        <p class="small alert-worker">
          <span>{context?.worker_name ?? alert.worker}</span>
          <a href={placeHref("worker", alert.worker, { day })}>
            <IconRoute />
            {w.track}
          </a>
        </p>
      )}
    </>
  );
}

function History({ changes, times, words }: { changes: AlertChange[]; times: Times; words: Words }) {
  const { minuteMs } = useDesk();
  const w = words.alerts;
  const ordered = [...changes].sort((a, b) => a.known_at.localeCompare(b.known_at) || a.revision - b.revision);
  return (
    <ol class="timeline" data-testid="history">
      {ordered.map((change, i) => {
        const byPeople = change.change === "acknowledged" || change.change === "resolved";
        return (
          <li key={i} class="moment" data-change={change.change}>
            <time>{times.moment(Date.parse(change.known_at), minuteMs)}</time>
            <p>
              <b>{word(w.change, change.change)}</b>
              {byPeople && <span class="quiet"> {w.by(personOf(change.by, words))}</span>}
              {change.reason && <span class="quiet"> · {word(w.reason, change.reason)}</span>}
            </p>
          </li>
        );
      })}
    </ol>
  );
}
