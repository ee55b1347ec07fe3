// What a device said in words, and times as people enter them, by the clock of a place.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, clockSaid, describe, fieldsOf, instantOf, localOf } from "../src/console/devices/told.ts";
import { WORDS } from "../src/console/words.ts";
import { timesFor } from "../src/shared/times.ts";

const [zh, en] = [WORDS["zh-CN"], WORDS.en];

test("a time that is entered is the place's, whatever the reader's own clock", () => {
  const shanghai = timesFor("zh-CN", "Asia/Shanghai");
  assert.equal(instantOf("2025-10-21T08:30", shanghai), Date.parse("2025-10-21T00:30:00Z"));
  assert.equal(instantOf("2025-10-21T08:30:15", shanghai), Date.parse("2025-10-21T00:30:15Z"));
  assert.equal(instantOf("", shanghai), null);
});

test("on the days on which clocks are changed too", () => {
  const berlin = timesFor("en", "Europe/Berlin");
  for (const utc of ["2025-03-30T00:30:00Z", "2025-03-30T01:30:00Z", "2025-10-26T03:30:00Z", "2025-10-25T22:30:00Z"]) {
    assert.equal(instantOf(localOf(Date.parse(utc), berlin), berlin), Date.parse(utc), utc);
  }
});

test("a message is told by its kind and what matters of it", () => {
  const said = (kind, fields) => describe({ kind, at: "", said: fields }, zh);
  assert.equal(said("position", { lat: 31.2, lon: 121.4, accuracy_m: 10 }), "位置 · 31.20000, 121.40000 · 精度 10 米");
  assert.equal(said("contact", { open: false }), "门磁 · 关闭");
  assert.equal(said("button", { press: "long" }), "按钮 · 长按");
  assert.equal(said("status", { online: true, permission: "denied" }), "设备状态 · 在线 · 定位被拒绝");
  assert.equal(said("new_kind", { note: "x", visit: 7 }), "new_kind · x");
});

test("an estimate says no more than it knows", () => {
  const clock = (verdict, ahead_ms) => clockSaid({ verdict, ahead_ms, by: "sent", messages: 1, since: "" }, en);
  assert.match(clock("ahead", 3_602_000), /at least 1 h 2 s fast/);
  assert.match(clock("behind", -90_000), /about 1 min 30 s slow/);
  assert.match(clock("behind_or_late", -90_000), /slow, or it uploads late/);
  assert.match(clock("right", 300), /agrees/);
});

test("spans are read at a glance", () => {
  assert.equal(zh.devices.span(400), "0 秒");
  assert.equal(zh.devices.span(-90_061_000), "1 天 1 小时 1 分");
  assert.equal(en.devices.span(60_000), "1 min");
  assert.equal(ago(1_000, 30_000, zh), "刚刚");
  assert.equal(ago(0, 180_000, zh), "3 分钟前");
});

test("a field map is read line by line, and its first wrong line is named", () => {
  assert.deepEqual(fieldsOf("lat = a.b\n\n lon=c=d "), { lat: "a.b", lon: "c=d" });
  assert.equal(fieldsOf("lat = a\nlon"), 2);
  assert.equal(fieldsOf("= a"), 1);
  assert.deepEqual(fieldsOf(""), {});
});
