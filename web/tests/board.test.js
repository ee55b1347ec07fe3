// Which visits the staff's board puts first, and what it redraws.

import assert from "node:assert/strict";
import { test } from "node:test";
import { lateness, matches, order, shiftDay, urgency } from "../src/console/order.ts";
import { placeHref, readPlace } from "../src/console/place.ts";
import { keepEqual } from "../src/console/state.ts";

const at = (clock) => `2025-10-21T${clock}:00.000Z`;
const ms = (clock) => Date.parse(at(clock));

function visit(name, changes = {}) {
  return {
    visit: name,
    customer: { customer: "c", name: "李女士" },
    site: { site: "s", name: "梧桐花园", address: "", lat: 31, lon: 121 },
    worker: null,
    service: "cleaning",
    window_from: at("02:00"),
    window_to: at("02:30"),
    planned_s: 3600,
    status: "scheduled",
    status_at: at("00:00"),
    over: false,
    eta: null,
    position: null,
    arrived_at: null,
    lateness_s: null,
    on_time: null,
    alerts: [],
    ...changes,
  };
}

const eta = (clock) => ({ at: at(clock), early: at(clock), late: at(clock), made_at: at("02:00"), remaining_m: 1 });
const open = (rule, changes = {}) => [
  { alert: "a", rule, started_at: at("02:00"), ended_at: null, standing: true, state: "open", ...changes },
];

test("a visit is late when its window is over, at risk when that is to be expected", () => {
  assert.equal(urgency(visit("v"), ms("01:00")), "none");
  assert.equal(urgency(visit("v"), ms("02:10")), "risk");
  assert.equal(urgency(visit("v", { status: "on_the_way", eta: eta("02:20") }), ms("02:10")), "none");
  assert.equal(urgency(visit("v", { status: "on_the_way", eta: eta("02:35") }), ms("02:10")), "risk");
  assert.equal(urgency(visit("v"), ms("02:31")), "late");
  assert.equal(urgency(visit("v", { arrived_at: at("02:40") }), ms("02:50")), "none");
});

test("help comes before all, broken promises before what may come to that", () => {
  assert.equal(urgency(visit("v", { over: true, alerts: open("sos") }), ms("01:00")), "alarm");
  assert.equal(urgency(visit("v", { over: true, status: "missed", alerts: open("no_show") }), ms("03:30")), "late");
  assert.equal(urgency(visit("v", { alerts: open("silent_device") }), ms("01:00")), "risk");
});

test("what is retracted, dealt with or past asks for nobody", () => {
  for (const changes of [{ state: "retracted", standing: false }, { state: "resolved" }, { ended_at: at("02:40") }]) {
    const over = visit("v", { over: true, alerts: open("late", changes) });
    assert.equal(urgency(over, ms("03:00")), "none", JSON.stringify(changes));
  }
});

test("attention first by how much, the rest by window", () => {
  const visits = [
    visit("later", { window_from: at("05:00"), window_to: at("05:30") }),
    visit("risk"),
    visit("done", { over: true }),
    visit("sooner", { window_from: at("04:00"), window_to: at("04:30") }),
    visit("late", { alerts: open("late") }),
  ];
  const groups = order(visits, ms("02:10"));
  assert.deepEqual(
    Object.values(groups).map((group) => group.map((each) => each.visit)),
    [["late", "risk"], ["sooner", "later"], ["done"]],
  );
});

test("lateness is what it was, or what it will be at least", () => {
  assert.deepEqual(lateness(visit("v", { lateness_s: -300 }), ms("03:00")), { kind: "was", seconds: -300 });
  assert.deepEqual(lateness(visit("v", { eta: eta("02:35") }), ms("02:10")), { kind: "expected", seconds: 300 });
  assert.deepEqual(lateness(visit("v"), ms("02:40")), { kind: "passed", seconds: 600 });
  assert.equal(lateness(visit("v"), ms("02:10")), null);
});

test("visits that have not changed stay the same objects", () => {
  const old = { day: "d", visits: [visit("a"), visit("b")] };
  const fresh = keepEqual(old, { day: "d", visits: [visit("a"), visit("b", { status: "on_the_way" })] });
  assert.equal(fresh.visits[0], old.visits[0]);
  assert.notEqual(fresh.visits[1], old.visits[1]);
});

test("search looks at names and places, days step over months, and the address keeps where one is", () => {
  assert.ok(matches(visit("v"), "梧桐"));
  assert.ok(!matches(visit("v"), "碧桂园"));
  assert.equal(shiftDay("2025-10-31", 1), "2025-11-01");
  const place = { view: "board", id: "v/1 ä", ask: { day: "2025-10-21" } };
  assert.deepEqual(readPlace(placeHref(place.view, place.id, place.ask)), place);
  assert.deepEqual(readPlace("#day=2025-10-21&visit=v-1"), { ...place, id: "v-1" });
  assert.deepEqual(readPlace("#nowhere/x"), { view: "board", id: "x", ask: {} });
  assert.equal(placeHref("alerts", null, { rule: null, state: "all" }), "#alerts?state=all");
});
