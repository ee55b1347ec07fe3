// The console around its views: where one is, what the time is, whether the line lives, who asks for help.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { cellNow, tickMs, type Reading } from "../shared/clock.ts";
import { IconAlert, IconBell, IconBoard, IconChart, IconClock, IconDevice, IconDoor, IconLetter, IconMap, IconPerson } from "../shared/icons.tsx";
import type { Language } from "../shared/language.ts";
import { useTick } from "../shared/tick.ts";
import { timesFor, type Times } from "../shared/times.ts";
import { AlertsView } from "./alerts/inbox.tsx";
import { byUrgency } from "./alerts/order.ts";
import { subjectOf } from "./alerts/row.tsx";
import { BoardView } from "./board.tsx";
import { DevicesView } from "./devices/devices-view.tsx";
import { DeskProvider, useDesk, useMinute, type Desk } from "./desk.ts";
import { useFeed } from "./feed.ts";
import { LettersView } from "./letters/letters-view.tsx";
import { useLettersWarn } from "./letters/warn.ts";
import { MapView } from "./map/map-view.tsx";
import { placeHref, usePlace, VIEWS, type Place, type View } from "./place.ts";
import { titleOf } from "./rules.ts";
import { isUntaken } from "./state.ts";
import { TimelinessView } from "./timeliness.tsx";
import { WorkerView } from "./worker/worker-view.tsx";
import { word, type Words } from "./words.ts";

interface Props {
  token: string;
  words: Words;
  language: Language;
  leave: (refused: boolean) => void;
  toggle: preact.JSX.Element;
}

const ICONS: Record<View, () => preact.JSX.Element> = {
  board: IconBoard,
  map: IconMap,
  alerts: IconBell,
  worker: IconPerson,
  devices: IconDevice,
  letters: IconLetter,
  timeliness: IconChart,
};

export function Console({ token, words, language, leave, toggle }: Props) {
  const place = usePlace();
  const [live, feed] = useFeed(token);
  const minuteMs = useMinute(live.reading);
  const lettersWarn = useLettersWarn(token);
  const times = timesFor(language, live.board?.zone ?? "UTC");
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    if (live.unauthorized) leave(true);
  }, [live.unauthorized]);
  useEffect(() => scrollTo(0, 0), [place.view, place.id]);

  const untaken = useMemo(() => [...(live.alerts?.values() ?? [])].filter(isUntaken), [live.alerts]);
  const calls = untaken.filter((alert) => alert.rule === "sos");
  // The one that somebody is looking at need not interrupt them.
  const unseen = calls.filter((alert) => place.view !== "alerts" || alert.alert !== place.id).sort(byUrgency);
  useEffect(() => {
    const name = `${words.views[place.view]} · Doorstep`;
    document.title = `${untaken.length > 0 ? `(${untaken.length}) ` : ""}${name}`;
  }, [untaken.length, place.view, words]);

  const desk: Desk = { token, language, words, times, live, feed, minuteMs };
  return (
    <DeskProvider value={desk}>
      <div class={`console at-${place.view}${place.id === null ? "" : " at-one"}`}>
        <button type="button" class="skip" onClick={() => main.current?.focus()}>
          {words.toContent}
        </button>
        <header class="bar">
          <h1 class="brand">
            <IconDoor />
            <span>{words.title}</span>
          </h1>
          <nav class="tabs" aria-label={words.navigation}>
            {VIEWS.map((view) => {
              const Icon = ICONS[view];
              return (
                <a key={view} href={placeHref(view)} aria-current={place.view === view ? "page" : undefined}>
                  <Icon />
                  <span>{words.views[view]}</span>
                  {view === "alerts" && untaken.length > 0 && (
                    <b class={calls.length > 0 ? "tab-count tab-count-sos" : "tab-count"}>
                      {untaken.length}
                      <span class="unseen"> {words.alerts.state.open}</span>
                    </b>
                  )}
                  {view === "letters" && lettersWarn && (
                    <b class="tab-count" data-testid="letters-mark">
                      !<span class="unseen"> {words.letters.mark}</span>
                    </b>
                  )}
                </a>
              );
            })}
          </nav>
          <div class="bar-end">
            <Now reading={live.reading} words={words} times={times} />
            <p class={`line line-${live.connection}`} data-testid="line" data-connection={live.connection}>
              <span class="dot" aria-hidden="true" />
              <span>{word(words.connection, live.connection)}</span>
            </p>
            {toggle}
            <button type="button" class="text-button" onClick={() => leave(false)}>
              {words.leave}
            </button>
          </div>
        </header>
        {unseen[0] && (
          <div class="calls" role="alert" data-testid="sos">
            <a href={placeHref("alerts", unseen[0].alert)}>
              <IconAlert />
              <b>{words.alerts.sosBanner(subjectOf(unseen[0], words), times.clock(Date.parse(unseen[0].started_at)))}</b>
              <span class="calls-look">{words.alerts.look}</span>
            </a>
            {unseen.length > 1 && (
              <a class="calls-more" href={placeHref("alerts", null, { rule: "sos" })}>
                {words.alerts.moreCalls(unseen.length - 1)}
              </a>
            )}
          </div>
        )}
        {live.connection === "lost" && (
          <p class="trouble" role="status">
            {words.trouble}
          </p>
        )}
        <main ref={main} tabIndex={-1} aria-busy={live.board === null}>
          <Shown place={place} />
        </main>
        <Announcer />
      </div>
    </DeskProvider>
  );
}

function Shown({ place }: { place: Place }) {
  if (place.view === "map") return <MapView place={place} />;
  if (place.view === "alerts") return <AlertsView place={place} />;
  if (place.view === "worker") return <WorkerView place={place} />;
  if (place.view === "devices") return <DevicesView place={place} />;
  if (place.view === "letters") return <LettersView place={place} />;
  if (place.view === "timeliness") return <TimelinessView place={place} />;
  return <BoardView place={place} />;
}

/** The cell's time. One that is not the wall's says so. */
function Now({ reading, words, times }: { reading: Reading | null; words: Words; times: Times }) {
  useTick(tickMs(reading));
  if (!reading) return null;
  const clock = times.clock(cellNow(reading, Date.now()));
  const text =
    reading.mode === "scaled"
      ? words.demoClock(String(Math.round(reading.rate * 10) / 10), clock)
      : reading.mode === "followed"
        ? words.replayClock(clock)
        : clock;
  return (
    <p class={reading.mode === "wall" ? "now" : "now now-other"} data-testid="clock">
      <IconClock />
      {text}
    </p>
  );
}

/** Says new alerts to those who do not see them appear. */
function Announcer() {
  const { live, words } = useDesk();
  const [said, setSaid] = useState("");
  const known = useRef(new Set<string>());
  useEffect(() => {
    const news = [...live.fresh].filter((id) => !known.current.has(id)).flatMap((id) => live.alerts?.get(id) ?? []);
    known.current = new Set(live.fresh);
    if (news.length === 0) return;
    const names = news.map((alert) =>
      words.alerts.about(titleOf(alert.rule, words), subjectOf(alert, words)),
    );
    setSaid(words.alerts.arrivedNew(names.join(", ")));
  }, [live.fresh]);
  return (
    <p class="unseen" role="status" aria-live="polite" data-testid="announcer">
      {said}
    </p>
  );
}
