// The customer's page: the line that matters first, then the map, the steps, the booking.

import { useEffect, useMemo, useReducer, useState } from "preact/hooks";
import { cellNow, tickMs } from "../shared/clock.ts";
import { IconCheck, IconClock, IconDoor } from "../shared/icons.tsx";
import { pickLanguage, rememberedLanguage, rememberLanguage, type Language } from "../shared/language.ts";
import { useTick } from "../shared/tick.ts";
import { MapPanel } from "./map-panel.tsx";
import { scene, type Scene } from "./scene.ts";
import { BEGINNING, reduce, type State } from "./state.ts";
import { follow } from "./stream.ts";
import { WORDS, type Words } from "./words.ts";

export function TrackPage({ token }: { token: string | null }) {
  const [state, tell] = useReducer(reduce, token ? BEGINNING : { ...BEGINNING, connection: "closed", gone: "invalid" });
  useEffect(() => (token ? follow(`/v1/track/${token}/stream`, tell) : undefined), [token]);
  useTick(state.progress?.ended || state.gone ? null : tickMs(state.reading));

  const [chosen, setChosen] = useState(rememberedLanguage);
  const language = pickLanguage(chosen, state.progress?.locale ?? null, navigator.languages);
  const words = WORDS[language];
  const nowMs = state.reading ? cellNow(state.reading, Date.now()) : 0;
  const view = state.progress ? scene(state.progress, nowMs, language) : null;

  useEffect(() => void (document.documentElement.lang = language), [language]);
  useEffect(() => void (document.title = state.gone ? goneTitle(state, words) : (view?.title ?? words.brandLabel)));

  const choose = (): void => {
    const other: Language = language === "en" ? "zh-CN" : "en";
    rememberLanguage(other);
    setChosen(other);
  };
  return (
    <>
      {view?.banner && !state.gone && (
        <p class="banner" data-testid="clock">
          <IconClock />
          {view.banner}
        </p>
      )}
      <header class="top">
        <span class="brand">
          <IconDoor />
          {words.brandLabel}
        </span>
        <button
          type="button"
          class="text-button"
          lang={language === "en" ? "zh-CN" : "en"}
          onClick={choose}
          aria-label={words.otherLanguageLabel}
        >
          {words.otherLanguage}
        </button>
      </header>
      <main class={view?.map && !state.gone ? "page page-map" : "page"}>
        <Content state={state} view={view} words={words} language={language} />
      </main>
    </>
  );
}

function Content({
  state,
  view,
  words,
  language,
}: {
  state: State;
  view: Scene | null;
  words: Words;
  language: Language;
}) {
  if (state.gone) return <GoneCard title={goneTitle(state, words)} text={words[state.gone]} testid={state.gone} />;
  if (!state.progress || !view) return <Waiting state={state} words={words} />;
  return (
    <>
      <Hero state={state} view={view} words={words} />
      {view.map && <MapPanel key={language} progress={state.progress} view={view} words={words} />}
      <Steps view={view} words={words} />
      <Details view={view} words={words} />
      {!view.ended && <p class="footnote">{words.privacy}</p>}
    </>
  );
}

function Hero({ state, view, words }: { state: State; view: Scene; words: Words }) {
  const { eta, service } = view;
  return (
    <section class={`card hero tone-${view.tone}`} aria-label={view.chip}>
      <div class="hero-top">
        <Chip view={view} />
        <ConnectionMark state={state} words={words} />
      </div>
      <div aria-live="polite" aria-atomic="true">
        <h1 class="headline" data-testid="status" data-status={view.status}>
          <span class="unseen">{view.chip}: </span>
          {view.headline}
        </h1>
      </div>
      {view.sentence && <p class="sentence">{view.sentence}</p>}
      {eta && (
        <div class={view.stale ? "eta eta-stale" : "eta"} data-testid="eta" data-at={new Date(eta.atMs).toISOString()}>
          <p class="eta-label">
            {words.etaLabel}
            <span class="tag">{words.estimateTag}</span>
          </p>
          <p class="eta-line">
            <strong class="eta-clock">{eta.clock}</strong>
            <span class="eta-about">{eta.about}</span>
          </p>
          <p class="quiet">
            {eta.range} · {words.estimateHow}
          </p>
          {eta.beyond && <p class="notice">{eta.beyond}</p>}
        </div>
      )}
      {service && (
        <div class="service">
          <div
            class="meter"
            role="progressbar"
            aria-label={words.progressLabel}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(service.share * 100)}
          >
            <span style={{ width: `${(service.share * 100).toFixed(1)}%` }} />
          </div>
          <p>{service.text}</p>
          <p class="quiet">{service.ends}</p>
        </div>
      )}
      {view.stale && (
        <p class="notice" data-testid="stale" role="status">
          {view.stale}
        </p>
      )}
      <Lost state={state} words={words} view={view} />
      {view.ended ? (
        <Ended view={view} words={words} />
      ) : (
        <p class="promise">
          <span class="quiet">{words.promised}</span> {view.promised}
        </p>
      )}
    </section>
  );
}

function Chip({ view }: { view: Scene }) {
  return (
    <span class="chip" aria-hidden="true">
      {view.tone === "done" ? <IconCheck /> : <span class="dot" />}
      {view.chip}
    </span>
  );
}

function ConnectionMark({ state, words }: { state: State; words: Words }) {
  return (
    <span
      class={`connection connection-${state.connection}`}
      hidden={state.progress?.ended ?? false}
      data-testid="connection"
      data-connection={state.connection}
    >
      <span class="dot" aria-hidden="true" />
      {words.connection[state.connection]}
    </span>
  );
}

/** What is on the screen is older than it looks: said calmly, with its time. */
function Lost({ state, view, words }: { state: State; view: Scene; words: Words }) {
  const lost = state.connection === "reconnecting" || state.connection === "offline";
  // The time of the last word, not of this render.
  const asOf = useMemo(() => view.now, [lost]);
  return lost ? (
    <p class="notice" role="status">
      {words.shownAsOf(asOf)}
    </p>
  ) : null;
}

function Ended({ view, words }: { view: Scene; words: Words }) {
  return (
    <div class="ended" data-testid="ended">
      <h2 class="unseen">{words.summaryTitle}</h2>
      <FactList facts={view.ended ?? []} />
    </div>
  );
}

function Steps({ view, words }: { view: Scene; words: Words }) {
  return (
    <section class="card steps-card">
      <h2>{words.stepsTitle}</h2>
      <ol class="steps" data-testid="steps">
        {view.steps.map((step) => (
          <li
            key={step.key}
            class={`step step-${step.state}`}
            data-status={step.status}
            aria-current={step.state === "now" ? "step" : undefined}
          >
            <span class="step-mark" aria-hidden="true">
              {step.state === "done" && <IconCheck />}
            </span>
            <span class="step-line">
              <span class="step-label">
                {step.label}
                <span class="unseen"> ({words.stepState[step.state]})</span>
              </span>
              {step.time && (
                <span class="step-time">
                  {step.state === "ahead" ? `${words.estimateTag} ${step.time}` : step.time}
                </span>
              )}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Details({ view, words }: { view: Scene; words: Words }) {
  return (
    <section class="card details">
      <h2>{words.detailsTitle}</h2>
      <FactList facts={view.details} />
    </section>
  );
}

function FactList({ facts }: { facts: Scene["details"] }) {
  return (
    <dl class="facts">
      {facts.map((fact) => (
        <div key={fact.label}>
          <dt>{fact.label}</dt>
          <dd>{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Waiting({ state, words }: { state: State; words: Words }) {
  return (
    <section class="card hero waiting" aria-busy="true">
      <div class="hero-top">
        <span class="shape shape-chip" />
        <ConnectionMark state={state} words={words} />
      </div>
      <h1 class="unseen">{words.loading}</h1>
      <span class="shape shape-headline" />
      <span class="shape shape-clock" />
      <span class="shape shape-line" />
    </section>
  );
}

function GoneCard({ title, text, testid }: { title: string; text: string; testid: string }) {
  return (
    <section class="card hero gone tone-off" data-testid={testid} role="status">
      <IconDoor />
      <h1 class="headline">{title}</h1>
      <p class="sentence">{text}</p>
    </section>
  );
}

function goneTitle(state: State, words: Words): string {
  return state.gone === "expired" ? words.expiredTitle : words.invalidTitle;
}
