// What the customer's page says, for instants and states that matter.

import assert from "node:assert/strict";
import { test } from "node:test";
import { scene } from "../src/track/scene.ts";
import { BEGINNING, reduce } from "../src/track/state.ts";

const at = (clock) => `2025-10-21T${clock}:00.000Z`; // Shanghai is eight hours ahead
const ms = (clock) => Date.parse(at(clock));

function progress(changes = {}) {
  return {
    visit: {
      visit: "v",
      service: "cleaning",
      window_from: at("01:30"),
      window_to: at("02:00"),
      planned_s: 7200,
      zone: "Asia/Shanghai",
      revision: 1,
    },
    worker: { called: "王阿姨" },
    status: "on_the_way",
    status_at: at("01:12"),
    over: false,
    steps: [
      { status: "scheduled", at: "2025-10-20T10:00:00.000Z" },
      { status: "on_the_way", at: at("01:12") },
    ],
    eta: { at: at("01:42"), early: at("01:38"), late: at("01:50"), made_at: at("01:30"), remaining_m: 1600 },
    position: { lat: 31.24, lon: 121.48, accuracy_m: 20, at: at("01:30") },
    position_withheld: null,
    site: { name: "家", lat: 31.23, lon: 121.47, fence: { shape: "circle", lat: 31.23, lon: 121.47, radius_m: 150 } },
    arrived_at: null,
    service_at: null,
    finished_at: null,
    stale: null,
    ended: false,
    locale: "zh-CN",
    clock: { now: at("01:30"), mode: "wall", rate: 1 },
    ...changes,
  };
}

const bare = { eta: null, position: null, position_withheld: "not_on_the_way" };

test("the estimate is a clock time in the site's zone, with what is left and a range", () => {
  const { eta } = scene(progress(), ms("01:30"), "zh-CN");
  assert.deepEqual([eta.clock, eta.about, eta.range], ["09:42", "约 12 分钟后", "09:38–09:50 之间"]);
  assert.equal(eta.beyond, null);
});

test("once the early bound is past only the late one is said", () => {
  assert.equal(scene(progress(), ms("01:40"), "zh-CN").eta.range, "最晚约 09:50");
});

test("an estimate that has come and gone promises nothing", () => {
  assert.equal(scene(progress(), ms("01:42"), "zh-CN").eta.about, "马上就到");
  assert.equal(scene(progress(), ms("01:47"), "zh-CN").eta.about, "随时可能到达");
});

test("an arrival after the promised window is said, and by how much", () => {
  const eta = { at: at("02:14"), early: at("02:08"), late: at("02:26"), made_at: at("01:52"), remaining_m: 3000 };
  assert.match(scene(progress({ eta }), ms("01:52"), "zh-CN").eta.beyond, /14 分钟/);
});

test("no estimate is shown once they are there", () => {
  const view = scene(progress({ status: "arrived" }), ms("01:45"), "zh-CN");
  assert.equal(view.eta, null);
  assert.equal(view.map, false);
});

test("a stale position says its age, which grows while nothing is heard", () => {
  const stale = progress({ stale: { since: at("01:30") } });
  assert.match(scene(stale, ms("01:33"), "zh-CN").stale, /3 分钟前/);
  assert.match(scene(stale, ms("01:38"), "zh-CN").stale, /8 分钟前/);
});

test("a withheld position says why", () => {
  const view = scene(progress({ position: null, position_withheld: "near_other_site" }), ms("01:31"), "zh-CN");
  assert.match(view.withheld, /隐私/);
  assert.equal(view.place, null);
});

test("nobody is blamed when the promise passes without a sign", () => {
  const waiting = scene(progress({ ...bare, status: "scheduled", steps: [] }), ms("02:05"), "zh-CN");
  const missed = scene(progress({ ...bare, status: "missed", steps: [] }), ms("02:35"), "zh-CN");
  for (const view of [waiting, missed]) {
    assert.match(view.headline + view.sentence, /正在为您核实/);
    assert.equal(view.tone, "attention");
  }
  assert.doesNotMatch(JSON.stringify([waiting, missed]), /失联|未上门|迟到|爽约/);
});

test("a visit at a closed door does not blame the customer", () => {
  const view = scene(progress({ ...bare, status: "no_access" }), ms("01:55"), "zh-CN");
  assert.doesNotMatch(view.chip + view.headline + view.sentence, /客户不在/);
});

test("steps that happened carry times, those ahead do not, except the estimated arrival", () => {
  const { steps } = scene(progress(), ms("01:30"), "zh-CN");
  assert.deepEqual(
    steps.map((step) => [step.status, step.state, step.time]),
    [
      ["scheduled", "done", "昨天 18:00"],
      ["on_the_way", "now", "09:12"],
      ["arrived", "ahead", "09:42"],
      ["in_service", "ahead", null],
      ["finished", "ahead", null],
    ],
  );
});

test("after the end nothing is ahead, and the summary says how long it took", () => {
  const done = progress({
    ...bare,
    status: "finished",
    over: true,
    ended: true,
    arrived_at: at("01:40"),
    service_at: at("01:45"),
    finished_at: at("03:43"),
  });
  const view = scene(done, ms("04:00"), "en");
  assert.ok(view.steps.every((step) => step.state === "done"));
  assert.equal(view.ended.at(-1).value, "1 h 58 min");
});

test("a clock that is not the wall's is named on the page", () => {
  const demo = progress({ clock: { now: at("01:30"), mode: "scaled", rate: 60 } });
  assert.equal(scene(demo, ms("01:30"), "zh-CN").banner, "演示时间 ×60 · 09:30");
  assert.equal(scene(progress(), ms("01:30"), "zh-CN").banner, null);
});

test("English has a text for everything that Chinese has", () => {
  for (const status of [
    "scheduled",
    "rescheduled",
    "on_the_way",
    "nearby",
    "at_compound",
    "arrived",
    "in_service",
    "stepped_out",
    "finished",
    "missed",
    "no_access",
    "cancelled",
  ]) {
    const view = scene(progress({ status }), ms("01:30"), "en");
    assert.doesNotMatch(
      view.chip + view.headline.replace("王阿姨", "") + view.sentence.replace("王阿姨", ""),
      /[\u4e00-\u9fff]/,
    );
  }
});

test("before anything was shown a lost line is still connecting", () => {
  const lost = { what: "connection", connection: "reconnecting" };
  assert.equal(reduce(BEGINNING, lost).connection, "connecting");
  const shown = reduce(BEGINNING, { what: "progress", progress: progress(), heardMs: 0 });
  assert.equal(shown.connection, "live");
  assert.equal(reduce(shown, lost).connection, "reconnecting");
  assert.equal(reduce(shown, { what: "gone", why: "expired" }).gone, "expired");
});
