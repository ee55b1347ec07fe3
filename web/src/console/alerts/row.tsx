// One alert as a line of a list: its kind and state, whom it is about, and its reason in one sentence.

import { useMemo } from "preact/hooks";
import type { AlertFull } from "../../shared/contract.ts";
import { AlertBadge, gravity } from "../badge.tsx";
import { timesOf, useDesk } from "../desk.ts";
import { explain } from "../explain.ts";
import type { Words } from "../words.ts";

export function AlertRow({ alert, href, chosen = false }: { alert: AlertFull; href: string; chosen?: boolean }) {
  const desk = useDesk();
  const { words, minuteMs, live } = desk;
  const times = timesOf(desk, alert.context?.zone);
  const isFresh = live.fresh.has(alert.alert);
  return useMemo(
    () => (
      <li
        class={`alert gravity-${gravity(alert.rule)} state-${alert.state}${isFresh ? " alert-fresh" : ""}`}
        data-alert={alert.alert}
        data-state={alert.state}
        aria-current={chosen || undefined}
      >
        <p class="alert-head">
          <AlertBadge alert={alert} words={words} />
          <time class="quiet">{times.moment(Date.parse(alert.started_at), minuteMs)}</time>
        </p>
        <p class="alert-who">
          <a href={href}>{subjectOf(alert, words)}</a>
          {withWhom(alert) && <span class="quiet"> · {withWhom(alert)}</span>}
        </p>
        <p class="quiet small">{explain(alert, words, times, minuteMs)}</p>
      </li>
    ),
    [alert, href, chosen, words, times, minuteMs, isFresh],
  );
}

/** Whom it is about: the customer of the visit, or the person who asks for help. */
export function subjectOf(alert: AlertFull, words: Words): string {
  const { context } = alert;
  if (alert.subject_kind === "visit") return context?.customer_name ?? context?.site_name ?? alert.subject;
  if (alert.subject_kind === "worker") return context?.worker_name ?? alert.subject;
  return `${words.worker.devices} ${alert.subject}`;
}

/** Besides: the worker of a visit, or the place where a person is. */
export function withWhom(alert: AlertFull): string | null {
  const { context } = alert;
  return alert.subject_kind === "visit" ? (context?.worker_name ?? alert.worker) : (context?.site_name ?? null);
}
