// What the console makes of what it hears: the state of now, sentences of alerts, tracks with their gaps.

import assert from "node:assert/strict";
import { test } from "node:test";
import { byUrgency } from "../src/console/alerts/order.ts";
import { evidenceScene } from "../src/console/alerts/evidence-scene.ts";
import { explain, figures } from "../src/console/explain.ts";
import { fleetOf, initials } from "../src/console/map/fleet.ts";
import { learn, titleOf } from "../src/console/rules.ts";
import { BEGINNING, decided, merged, replaced } from "../src/console/state.ts";
import { WORDS } from "../src/console/words.ts";
import { dayBounds, fixesOf, gapsOf, nearest, stretches, whereAt } from "../src/console/worker/track.ts";
import { beyondFenceM } from "../src/shared/ground.ts";
import { timesFor } from "../src/shared/times.ts";

const at = (clock) => `2025-10-21T${clock}:00.000Z`;
const ms = (clock) => Date.parse(at(clock));
const CLOCK = { now: at("02:00"), mode: "wall", rate: 1 };
const times = timesFor("zh-CN", "Asia/Shanghai");

learn([
  ["sos", 1, "紧急求助", "SOS", "设备 {device} 求助[：{note}]。", "Device {device} asked for help[: {note}]."],
  ["no_show", 2, "未上门", "No-show", "超过 {no_show_s}。", "{no_show_s} over."],
  ["late", 4, "迟到", "Late", "应在 {promised_ms} 前到达；[晚到 {lateness_s}|仍未到达]。", "Due by {promised_ms}; [{lateness_s} late|not there yet]."],
  ["left_site", 5, "中途离开", "Left the site", "{started_ms} 起离开[ {lasted_s}，{ended_ms} 返回]；离开满 {left_site_s}即提醒。", "Away since {started_ms}[ until {ended_ms}]."],
  ["silent_device", 8, "设备失联", "Device silent", "{silent_s}没有消息。", "Silent for {silent_s}."],
].map(([rule, urgency, zh, en, sayZh, sayEn]) => ({ rule, version: 1, urgency, title: { zh, en }, sentence: { zh: sayZh, en: sayEn } })));

const visit = (name, status = "scheduled") => ({
  visit: name,
  status,
  over: false,
  arrived_at: null,
  eta: null,
  window_from: at("04:00"),
  window_to: at("05:00"),
  alerts: [],
});

function alert(name, rule, changes = {}) {
  return {
    alert: name,
    rule,
    state: "open",
    started_at: at("01:42"),
    ended_at: null,
    worker: "w-1",
    params: {},
    revision: 1,
    ...changes,
  };
}

const worker = (name, changes = {}) => ({ worker: name, name, position: null, visit: null, ...changes });
const changed = (changes) => ({ position: 2, clock: CLOCK, visits: [], alerts: [], workers: [], ...changes });

function known() {
  const board = { clock: CLOCK, day: "2025-10-21", zone: "Asia/Shanghai", position: 1, counts: {}, visits: [visit("a"), visit("b")] };
  return replaced(BEGINNING, { board, alerts: [alert("1", "late")], workers: [worker("w-1")] }, 0);
}

test("the stream's changes are laid over what is known, and the rest stays the same object", () => {
  const old = known();
  const { live, strangers } = merged(old, changed({ visits: [visit("b", "on_the_way"), visit("c")] }), 0);
  assert.equal(live.board.visits[0], old.board.visits[0]);
  assert.equal(live.board.visits[1].status, "on_the_way");
  assert.deepEqual(strangers, ["c"]);
  assert.equal(live.alerts, old.alerts);
});

test("an alert is fresh when it comes in while somebody looks, not when it was there or changes", () => {
  const old = known();
  assert.equal(old.fresh.size, 0);
  const news = [alert("1", "late", { revision: 2 }), alert("2", "sos"), alert("3", "late", { state: "retracted" })];
  const { live } = merged(old, changed({ alerts: news }), 0);
  assert.deepEqual([...live.fresh], ["2"]);
});

test("a decision is shown before the stream says it, and what was asked for again forgets what is over", () => {
  const taken = { alert: "1", outcome: "created", state: "resolved", acknowledged: null, resolved: { verdict: "true" }, position: 3 };
  const live = decided(known(), taken);
  assert.equal(live.alerts.get("1").state, "resolved");
  assert.equal(decided(known(), { ...taken, alert: "9" }).alerts.size, 1);
  const again = replaced(live, { board: live.board, alerts: [], workers: [] }, 0);
  assert.equal(again.alerts.size, 0);
});

test("open alerts come before those in hand, help before everything", () => {
  const all = [
    alert("1", "silent_device"),
    alert("2", "sos", { state: "acknowledged" }),
    alert("3", "late"),
    alert("4", "a_rule_of_tomorrow"),
    alert("5", "sos"),
    alert("6", "no_show"),
  ];
  assert.deepEqual(all.sort(byUrgency).map((each) => each.alert), ["5", "6", "3", "4", "1", "2"]);
});

test("an alert is explained by its rule's sentence, in both languages", () => {
  const left = alert("1", "left_site", { params: { left_site_s: 300 } });
  assert.equal(explain(left, WORDS["zh-CN"], times, ms("02:00")), "09:42 起离开；离开满 5 分钟即提醒。");
  const back = { ...left, ended_at: at("02:00") };
  assert.equal(explain(back, WORDS["zh-CN"], times, ms("03:00")), "09:42 起离开 18 分钟，10:00 返回；离开满 5 分钟即提醒。");
  assert.equal(explain(back, WORDS.en, times, ms("03:00")), "Away since 09:42 until 10:00.");
  assert.equal(titleOf("left_site", WORDS.en), "Left the site");
});

test("what is missing is left out, or said otherwise", () => {
  const late = alert("1", "late", { params: { promised_ms: ms("01:50") } });
  assert.equal(explain(late, WORDS.en, times, 0), "Due by 09:50; not there yet.");
  late.params.lateness_s = 960;
  assert.equal(explain(late, WORDS.en, times, 0), "Due by 09:50; 16 min late.");
});

test("a rule that is not known, or misses a figure, is told by its figures", () => {
  const made = alert("1", "tomorrow", { params: { waited_s: 600, promised_ms: ms("01:50"), lat_e7: 3 } });
  assert.equal(explain(made, WORDS.en, times, 0), "waited_s 10 min · Promised by 09:50");
  assert.equal(figures(made, WORDS.en, times).length, 2);
  assert.equal(titleOf("tomorrow", WORDS.en), "tomorrow");
  assert.equal(explain(alert("1", "sos", { params: { note: "help" } }), WORDS.en, times, 0), "Note help");
});

test("workers who need a look come first, and silence indoors is no staleness", () => {
  const heard = (clock) => ({ lat: 31, lon: 121, at: at(clock) });
  const here = (name, status, clock) =>
    worker(name, { position: heard(clock), visit: { visit: name, status, window_from: at("01:00"), window_to: at("03:00") } });
  const live = {
    ...known(),
    alerts: new Map([["1", alert("1", "at_risk", { worker: "risk" })], ["2", alert("2", "late", { worker: "calm", ended_at: at("01:50") })]]),
    workers: new Map(
      [here("work", "in_service", "00:30"), here("lost", "on_the_way", "00:30"), here("risk", "scheduled", "01:59"), here("calm", "on_the_way", "01:59")].map(
        (each) => [each.worker, each],
      ),
    ),
  };
  assert.deepEqual(
    fleetOf(live, ms("02:00")).map(({ name, tone }) => `${name} ${tone}`),
    ["risk risk", "lost stale", "calm moving", "work present"],
  );
  assert.equal(initials("王秀英"), "王");
  assert.equal(initials("Ada Lovelace King"), "AL");
});

const fix = (clock, lat, lon) => ({
  geometry: { type: "Point", coordinates: [lon, lat] },
  properties: { at: at(clock), accuracy_m: 10, speed_mps: 3 },
});

test("between two fixes a position is interpolated, in a gap it is the last and says since when", () => {
  const line = { geometry: { type: "LineString", coordinates: [] }, properties: { device: "d" } };
  const fixes = fixesOf({ features: [line, fix("01:04", 31.2, 121.2), fix("01:00", 31, 121), fix("02:00", 31.4, 121.4)] });
  assert.equal(stretches(fixes).length, 2);
  assert.deepEqual(gapsOf(fixes), [{ fromMs: ms("01:04"), toMs: ms("02:00") }]);
  assert.equal(whereAt(fixes, ms("00:59")), null);
  assert.ok(Math.abs(whereAt(fixes, ms("01:02")).at.lat - 31.1) < 1e-9);
  assert.deepEqual(whereAt(fixes, ms("01:34")).gap, { sinceMs: ms("01:04"), forMs: 1_800_000 });
  assert.equal(whereAt(fixes, ms("02:00")).gap, null);
  assert.equal(whereAt(fixes, ms("02:30")).gap.forMs, 1_800_000);
  assert.deepEqual(nearest({ lat: 31, lon: 121 }, []), null);
  assert.equal(nearest({ lat: 31, lon: 121 }, [{ name: "far", lat: 32, lon: 121 }, { name: "here", lat: 31.001, lon: 121 }]).name, "here");
});

test("a business day begins at four by the clock of the place, also where clocks change", () => {
  assert.deepEqual(dayBounds("2025-10-21", times), { fromMs: Date.parse("2025-10-20T20:00Z"), toMs: Date.parse("2025-10-21T20:00Z") });
  const { fromMs, toMs } = dayBounds("2025-10-25", timesFor("en", "Europe/Berlin"));
  assert.equal(toMs - fromMs, 25 * 3_600_000);
});

test("the distance to a fence is zero inside and counts from its edge and buffer", () => {
  const square = { shape: "polygon", ring: [[31, 121], [31, 121.01], [31.01, 121.01], [31.01, 121]], buffer_m: 50 };
  assert.equal(beyondFenceM(square, { lat: 31.005, lon: 121.005 }), 0);
  assert.ok(Math.abs(beyondFenceM(square, { lat: 31.02, lon: 121.005 }) - 1062) < 2);
  assert.ok(Math.abs(beyondFenceM({ shape: "circle", lat: 31, lon: 121, radius_m: 150 }, { lat: 31.01, lon: 121 }) - 962) < 2);
});

test("the evidence of a check-in elsewhere is joined to the place where it should have been", () => {
  const fence = { shape: "circle", lat: 31, lon: 121, radius_m: 150 };
  const one = { fact: "f", kind: "checkin", lat: 31.02, lon: 121, accuracy_m: 20, at: at("01:00"), known_at: at("01:00"), device: "d", body: {} };
  const scene = evidenceScene([one, { ...one, fact: "g", lat: null, lon: null }], fence, WORDS.en);
  assert.equal(scene.pins.length, 1);
  assert.deepEqual(scene.lines[0].points[1], { lat: 31, lon: 121 });
});
