// Dead letters: sizes and bytes as people read them, and words for every reason in both languages.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hexDump, sealedBy, sizeOf } from "../src/console/letters/told.ts";
import { WORDS } from "../src/console/words.ts";

test("a size has the unit that fits", () => {
  assert.deepEqual([0, 999, 1_000, 9_949, 12_345, 2_500_000, 1_073_741_824].map(sizeOf), [
    "0 B",
    "999 B",
    "1.0 kB",
    "9.9 kB",
    "12 kB",
    "2.5 MB",
    "1.1 GB",
  ]);
});

test("bytes are told by place, in hex and as ASCII, and no more of them than anybody reads", () => {
  assert.equal(hexDump(new TextEncoder().encode("a\u0000b")), "0000  61 00 62                 a·b");
  const lines = hexDump(new Uint8Array(513)).split("\n");
  assert.equal(lines.length, 65);
  assert.equal(lines.at(-1), "…");
  assert.equal(hexDump(new Uint8Array(0)), "");
});

test("an OwnTracks topic names its device, another topic none", () => {
  assert.equal(sealedBy("owntracks/jane/phone"), "jane.phone");
  assert.equal(sealedBy("owntracks/jane/phone/event"), "jane.phone");
  assert.equal(sealedBy("owntracks/jane doe/phone"), "");
  assert.equal(sealedBy("doorstep/v1/p1/position"), "");
});

test("every reason has a name and says what to do, in both languages", () => {
  const [zh, en] = [WORDS["zh-CN"].letters, WORDS.en.letters];
  const reasons = Object.keys(zh.reason).sort();
  assert.ok(reasons.length >= 17);
  for (const words of [zh.todo, en.reason, en.todo]) assert.deepEqual(Object.keys(words).sort(), reasons);
});

test("what became of letters is said in one sentence for each part", () => {
  const { retried } = WORDS.en.letters;
  assert.equal(retried(1, 0, 0), "1 letter could be read and is stored.");
  assert.equal(retried(2, 1, 0), "2 letters could be read and are stored. 1 letter still cannot be read.");
  assert.equal(retried(0, 0, 0), "There was nothing to read.");
});
