// The parts that both pages stand on: time, language, ground, streams.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cellNow, readClock } from "../src/shared/clock.ts";
import { bearingDeg, distanceM, fenceRing, octant, offset, ringsM } from "../src/shared/ground.ts";
import { pickLanguage } from "../src/shared/language.ts";
import { serviceName } from "../src/shared/services.ts";
import { MessageReader } from "../src/shared/sse.ts";
import { timesFor } from "../src/shared/times.ts";

const NOON = Date.parse("2025-10-21T04:00:00Z"); // in Shanghai

test("a scaled clock runs on by its rate, a followed one waits, the wall's ignores this device's error", () => {
  const clock = { now: "2025-10-21T04:00:00.000Z", rate: 60 };
  assert.equal(cellNow(readClock({ ...clock, mode: "scaled" }, 5_000), 6_000), NOON + 60_000);
  assert.equal(cellNow(readClock({ ...clock, mode: "followed" }, 5_000), 6_000), NOON);
  assert.equal(cellNow(readClock({ ...clock, mode: "wall" }, 5_000), 6_000), NOON + 1_000);
});

test("a day is named in the site's zone, not in the reader's", () => {
  const shanghai = timesFor("zh-CN", "Asia/Shanghai");
  const lateEvening = Date.parse("2025-10-21T15:59:00Z");
  assert.equal(shanghai.moment(lateEvening, NOON), "23:59");
  assert.equal(shanghai.moment(lateEvening + 60_000, NOON), "明天 00:00");
  assert.equal(timesFor("en", "America/New_York").isoDay(Date.parse("2025-10-22T03:30:00Z")), "2025-10-21");
  assert.equal(shanghai.window(NOON, NOON + 1_800_000, NOON), "今天 12:00–12:30");
});

test("a zone that the browser does not know is no reason to show nothing", () => {
  assert.equal(timesFor("en", "Mars/Olympus").clock(NOON), "04:00");
});

test("the reader's choice goes before the link's language, and that before the browser's", () => {
  assert.equal(pickLanguage("en", "zh-CN", ["zh"]), "en");
  assert.equal(pickLanguage(null, "zh-CN", ["en-US"]), "zh-CN");
  assert.equal(pickLanguage(null, null, ["fr", "en-GB"]), "en");
  assert.equal(pickLanguage(null, null, ["fr"]), "zh-CN");
});

test("services are named in the reader's language, unknown ones as the company wrote them", () => {
  assert.equal(serviceName("日常保洁", "en"), "Cleaning");
  assert.equal(serviceName("elder_care", "zh-CN"), "老人照护");
  assert.equal(serviceName("擦水晶灯", "en"), "擦水晶灯");
});

test("distance and direction on the ground", () => {
  const home = { lat: 31.23, lon: 121.47 };
  const there = offset(home, 45, 1_000);
  assert.ok(Math.abs(distanceM(home, there) - 1_000) < 1);
  assert.ok(Math.abs(bearingDeg(home, there) - 45) < 0.1);
  assert.deepEqual([0, 44, 90, 337, 338, 359].map(octant), [0, 1, 2, 7, 0, 0]);
});

test("the largest ring lies beyond the worker", () => {
  assert.deepEqual(ringsM(1_600), [500, 1_000, 2_000]);
  assert.deepEqual(ringsM(80), [100]);
  assert.equal(ringsM(200_000).at(-1), 50_000);
});

test("a fence's ring is closed and in the order of maps", () => {
  const ring = fenceRing({
    shape: "polygon",
    ring: [
      [31, 121],
      [31, 122],
      [32, 122],
    ],
  });
  assert.deepEqual(ring, [
    [121, 31],
    [122, 31],
    [122, 32],
    [121, 31],
  ]);
});

test("events arrive whole, however the stream was cut", () => {
  const stream =
    ': hello\r\nretry: 1500\r\n\r\nid: 7-1\r\nevent: progress\r\ndata: {"a":\r\ndata: 1}\r\n\r\n:\n\ndata: x\n\n';
  for (const size of [1, 2, 3, 7, stream.length]) {
    const reader = new MessageReader();
    const found = [];
    for (let i = 0; i < stream.length; i += size) found.push(...reader.push(stream.slice(i, i + size)));
    assert.deepEqual(found, [
      { event: "progress", data: '{"a":\n1}', id: "7-1" },
      { event: "message", data: "x", id: "7-1" },
    ]);
    assert.equal(reader.retryMs, 1_500);
  }
});

test("half an event of a broken line does not leak into the next one", () => {
  const reader = new MessageReader();
  reader.push("id: 7-1\ndata: a\n\nevent: progress\ndata: half");
  reader.restart();
  assert.deepEqual(reader.push("data: whole\n\n"), [{ event: "message", data: "whole", id: "7-1" }]);
});
