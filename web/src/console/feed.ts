// Keeps what the console knows up to date: asks for everything once, then listens; while nothing is heard it asks again.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { AlertFull, Board, Changed, DecisionTaken, Page, RuleTold, WorkerItem } from "../shared/contract.ts";
import { listen } from "../shared/line.ts";
import { EVERY_MS, getJson, Refused } from "./ask.ts";
import { learn } from "./rules.ts";
import { BEGINNING, decided, merged, replaced, type Live, type Snapshot } from "./state.ts";

/** Changes within this time are drawn together. */
const TOGETHER_MS = 200;
/** Asked for again now and then even while the stream lives: a new business day begins, somebody's plan grows. */
const AFRESH_MS = 300_000;
const PAGE = 500;
/** More pages than this are not a day that somebody looks at. */
const MOST_PAGES = 10;

export class Feed {
  readonly #token: string;
  readonly #tell: (live: Live) => void;
  readonly #stop = new AbortController();
  #live: Live = BEGINNING;
  #isLive = false;
  #telling: ReturnType<typeof setTimeout> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The log's place from which the stream goes on: answers must not be older. */
  #least = 0;
  #asking = false;
  #again = false;
  /** What the stream said since the question that is under way was asked. */
  #since: { changed: Changed; heardMs: number }[] = [];
  /** Visits that are not on the board although it was asked for again: another day's. */
  readonly #elsewhere = new Set<string>();

  constructor(token: string, tell: (live: Live) => void) {
    this.#token = token;
    this.#tell = tell;
  }

  start(): void {
    void this.#ask();
    const hangUp = listen("/v1/stream", {
      headers: { Authorization: `Bearer ${this.#token}` },
      message: (message) => {
        if (message.event === "changed") this.#changed(JSON.parse(message.data) as Changed);
        if (message.event === "reset") this.#reset(JSON.parse(message.data) as { position: number });
      },
      connection: (connection) => {
        this.#isLive = connection === "live";
        if (!this.#isLive) return void this.#ask();
        this.#put({ ...this.#live, connection: "live" });
        this.#askIn(AFRESH_MS);
      },
      refused: (status) => {
        this.#isLive = false;
        if (status === 401 || status === 403) this.#put({ ...this.#live, unauthorized: true });
        else void this.#ask();
      },
      isOver: () => false,
    });
    const seen = (): void => void (document.visibilityState === "visible" && !this.#isLive && this.#ask());
    document.addEventListener("visibilitychange", seen);
    this.#stop.signal.addEventListener("abort", () => {
      hangUp();
      clearTimeout(this.#timer);
      clearTimeout(this.#telling);
      document.removeEventListener("visibilitychange", seen);
    });
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Somebody decided on this page. */
  decided(taken: DecisionTaken): void {
    this.#put(decided(this.#live, taken));
  }

  #changed(changed: Changed): void {
    const heardMs = Date.now();
    if (this.#asking) this.#since.push({ changed, heardMs });
    this.#merge(changed, heardMs);
  }

  #merge(changed: Changed, heardMs: number): void {
    const { live, strangers } = merged(this.#live, changed, heardMs);
    this.#put(live);
    if (strangers.some((visit) => !this.#elsewhere.has(visit))) {
      for (const visit of strangers) this.#elsewhere.add(visit);
      void this.#ask();
    }
  }

  /** What was answered after the stream's place is new enough already. */
  #reset({ position }: { position: number }): void {
    this.#least = position;
    if (this.#live.board === null || this.#live.board.position < position) void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    this.#again = false;
    clearTimeout(this.#timer);
    let failed = false;
    try {
      const fresh = await this.#snapshot();
      this.#put(replaced(this.#live, fresh, Date.now()));
      for (const { changed, heardMs } of this.#since) this.#merge(changed, heardMs);
      if (!this.#isLive) this.#put({ ...this.#live, connection: "polling" });
    } catch (trouble) {
      if (this.#stop.signal.aborted) return;
      if (trouble instanceof Refused && trouble.trouble === "unauthorized")
        this.#put({ ...this.#live, unauthorized: true });
      else if (!this.#isLive) this.#put({ ...this.#live, connection: "lost" });
      failed = true;
    } finally {
      this.#asking = false;
      this.#since = [];
    }
    if (this.#again && !failed) return this.#ask();
    this.#askIn(failed || !this.#isLive ? EVERY_MS : AFRESH_MS);
  }

  /** Not while nobody looks. */
  #askIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (document.hidden ? this.#askIn(ms) : void this.#ask()), ms);
  }

  async #snapshot(): Promise<Snapshot> {
    const least = `min_position=${this.#least}`;
    const [rules, board, alerts, workers] = await Promise.all([
      getJson<{ items: RuleTold[] }>(this.#token, "/v1/rules", this.#stop.signal),
      getJson<Board>(this.#token, `/v1/board?${least}`, this.#stop.signal),
      this.#all<AlertFull>(`/v1/alerts?state=active&${least}`),
      this.#all<WorkerItem>(`/v1/workers?${least}`),
    ]);
    learn(rules.items);
    return { board, alerts, workers };
  }

  async #all<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    let cursor = "";
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const page: Page<T> = await getJson(this.#token, `${path}&limit=${PAGE}${cursor}`, this.#stop.signal);
      items.push(...page.items);
      if (page.next === null) break;
      cursor = `&cursor=${encodeURIComponent(page.next)}`;
    }
    return items;
  }

  #put(live: Live): void {
    this.#live = live;
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#tell(this.#live);
    }, TOGETHER_MS);
  }
}

/** What is known now, and the feed to tell of decisions. */
export function useFeed(token: string): [Live, Feed] {
  const [live, setLive] = useState(BEGINNING);
  const feed = useMemo(() => new Feed(token, setLive), [token]);
  useEffect(() => {
    feed.start();
    return () => feed.stop();
  }, [feed]);
  return [live, feed];
}
