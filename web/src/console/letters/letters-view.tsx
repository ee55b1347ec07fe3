// Dead letters by what is wrong with them; beside it one reason with what to do about it and its letters, or one letter.

import { useEffect, useRef, useState } from "preact/hooks";
import { IconAlert, IconBack } from "../../shared/icons.tsx";
import { usePolled } from "../ask.ts";
import { useDesk } from "../desk.ts";
import { ago } from "../devices/told.ts";
import { placeHref, type Place } from "../place.ts";
import { word } from "../words.ts";
import { STATES, type Fill, type Group, type GroupList, type LetterPage, type State } from "./contract.ts";
import { Deeds } from "./deeds.tsx";
import { LetterDetail } from "./letter.tsx";
import { sizeOf } from "./told.ts";

const PAGE = 50;
/** The most that the API gives at once. */
const MOST = 500;
/** What is wrong seldom changes, and counting many letters takes a while. */
const EVERY_MS = 15_000;

export function LettersView({ place }: { place: Place }) {
  const { token, words } = useDesk();
  const w = words.letters;
  const state = STATES.find((each) => each === place.ask.state) ?? "open";
  const reason = place.ask.reason ?? null;
  const [version, setVersion] = useState(0);
  const path = `/v1/dead-letters/groups?state=${state}`;
  const polled = usePolled<GroupList>(path, token, { everyMs: EVERY_MS, version });
  const asked = { state: state === "open" ? null : state };
  const group = polled.value?.groups.find((each) => each.reason === reason) ?? null;
  const seen = (): void => setVersion((old) => old + 1);
  return (
    <div class={place.id || reason ? "view letters-view is-detail" : "view letters-view"}>
      <section class="side" aria-label={w.title}>
        <h2 class="unseen">{w.title}</h2>
        {polled.value && <FillLine fill={polled.value.fill} />}
        <div class="filters letter-states" role="group" aria-label={w.stateLabel}>
          {STATES.map((each) => (
            <button
              key={each}
              type="button"
              class="filter"
              aria-pressed={state === each}
              onClick={() => void (location.hash = placeHref("letters", null, { state: each === "open" ? null : each }))}
            >
              {w.state[each]}
            </button>
          ))}
        </div>
        {!polled.value && <p class="empty">{polled.trouble ? words.trouble : words.loading}</p>}
        {polled.value?.groups.length === 0 && <p class="empty">{w.none[state]}</p>}
        {polled.value && polled.value.groups.length > 0 && (
          <ul class="card letter-groups" data-testid="letter-groups">
            {polled.value.groups.map((each) => (
              <GroupRow key={each.reason} group={each} state={state} chosen={each.reason === reason} />
            ))}
          </ul>
        )}
      </section>
      <div class="pane">
        {place.id ? (
          <LetterDetail
            key={place.id}
            id={place.id}
            backHref={placeHref("letters", null, { ...asked, reason })}
            seen={seen}
          />
        ) : reason ? (
          <GroupPane key={`${state} ${reason}`} {...{ reason, state, group, version, seen }} backHref={placeHref("letters", null, asked)} />
        ) : (
          <p class="card empty-card quiet">{w.choose}</p>
        )}
      </div>
    </div>
  );
}

/** How full it is; loud where somebody should look before the oldest are given up. */
function FillLine({ fill }: { fill: Fill }) {
  const { words } = useDesk();
  const w = words.letters;
  const told = w.fill(
    fill.letters,
    sizeOf(fill.size),
    sizeOf(fill.size_most),
    Math.floor(fill.oldest_days),
    Math.round(fill.days_most),
  );
  if (!fill.warns) return <p class="quiet small letter-fill">{fill.letters > 0 ? told : w.intro}</p>;
  return (
    <div class="trouble letter-warns" role="alert" data-testid="letters-warn">
      <IconAlert />
      <p>
        <b>{w.warns(Math.round(100 * fill.share))}</b> {told}
      </p>
    </div>
  );
}

function GroupRow({ group, state, chosen }: { group: Group; state: State; chosen: boolean }) {
  const { words, minuteMs } = useDesk();
  const w = words.letters;
  const href = placeHref("letters", null, { state: state === "open" ? null : state, reason: group.reason });
  return (
    <li class="letter-row" data-reason={group.reason} aria-current={chosen || undefined}>
      <p class="letter-row-head">
        <a href={href}>{word(w.reason, group.reason)}</a>
        <b class="letter-count">{w.letters(group.letters)}</b>
      </p>
      <p class="quiet small letter-row-facts">
        <span>{w.newest(ago(Date.parse(group.last_seen), minuteMs, words))}</span>
        {group.times > group.letters && <span>{w.came(group.times)}</span>}
        <span>{sizeOf(group.size)}</span>
      </p>
      <p class="quiet small letter-topic">
        <span class="unseen">{w.example} </span>
        <code>{group.topic}</code>
      </p>
    </li>
  );
}

interface PaneProps {
  reason: string;
  state: State;
  /** null: there are none, or nobody knows yet. */
  group: Group | null;
  version: number;
  seen: () => void;
  backHref: string;
}

function GroupPane({ reason, state, group, version, seen, backHref }: PaneProps) {
  const { token, words, minuteMs } = useDesk();
  const w = words.letters;
  const [limit, setLimit] = useState(PAGE);
  const query = new URLSearchParams({ state, reason, limit: String(limit) });
  const { value, trouble } = usePolled<LetterPage>(`/v1/dead-letters?${query.toString()}`, token, {
    everyMs: EVERY_MS,
    version,
  });
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  const href = (key: string): string => placeHref("letters", key, { state: state === "open" ? null : state, reason });
  return (
    <article data-testid="letter-group">
      <a class="back letter-back letter-back-all" href={backHref}>
        <IconBack />
        {w.back}
      </a>
      <section class="card letter-part" aria-label={w.whatToDo}>
        <h2 ref={title} tabIndex={-1}>
          {word(w.reason, reason)} <code class="quiet small">{reason}</code>
        </h2>
        <p class="letter-todo">{w.todo[reason] ?? w.todoOther}</p>
        {state === "open" && <Deeds which={{ reason }} count={group?.letters ?? 0} mayDrop seen={seen} />}
      </section>
      {!value && <p class="empty">{trouble ? words.trouble : words.loading}</p>}
      {value?.items.length === 0 && <p class="empty">{w.emptyGroup}</p>}
      {value && value.items.length > 0 && (
        <ul class="card letter-groups" data-testid="letters">
          {value.items.map((letter) => (
            <li key={letter.key} class="letter-row" data-letter={letter.key}>
              <p class="letter-row-head">
                <a href={href(letter.key)}>{letter.topic}</a>
              </p>
              <p class="small letter-detail">{letter.detail}</p>
              <p class="quiet small letter-row-facts">
                <span>{ago(Date.parse(letter.last_seen), minuteMs, words)}</span>
                {letter.times > 1 && <span>{w.came(letter.times)}</span>}
                <span>{sizeOf(letter.size)}</span>
                {letter.closed_why && <span>{word(w.byDoorstep, letter.closed_why)}</span>}
              </p>
            </li>
          ))}
        </ul>
      )}
      {value?.next && (
        <p class="more">
          {limit < MOST ? (
            <button type="button" class="text-button" onClick={() => setLimit(Math.min(MOST, limit + 3 * PAGE))}>
              {w.more}
            </button>
          ) : (
            <span class="quiet small">{w.tooMany}</span>
          )}
        </p>
      )}
    </article>
  );
}
