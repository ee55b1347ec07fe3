// The ground below every map: what the operator's answer becomes, and that its style is one the library accepts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readBaseMap } from "../src/shared/map/base.ts";
import { groundOf, ROADS } from "../src/shared/map/style.ts";

const HERE = "https://doorstep.example/v/abc";
const COLOURS = new Proxy({}, { get: () => "#888" });

test("our own tiles are found from whatever page asks, a stranger's stay where they are", () => {
  assert.equal(readBaseMap({ kind: "pmtiles", url: "/map/town.pmtiles" }, HERE).url, "https://doorstep.example/map/town.pmtiles");
  const url = "https://tiles.example/{z}/{x}/{y}.png?key=a%20b";
  assert.equal(readBaseMap({ kind: "raster", url, attribution: "©" }, HERE).url, url);
});

test("without a base map there is none", () => {
  assert.equal(readBaseMap({ kind: "none", url: null }, HERE), null);
  assert.equal(readBaseMap({ kind: "pmtiles", url: null }, HERE), null);
});

test("a plain ground asks for nothing, tiles come below what a page says and their names above it", () => {
  assert.deepEqual(groundOf(null, COLOURS).sources, {});
  const ground = groundOf({ kind: "pmtiles", url: "https://a.example/t.pmtiles", attribution: "town" }, COLOURS);
  assert.deepEqual(ground.sources.base, { type: "vector", url: "pmtiles://https://a.example/t.pmtiles", attribution: "town" });
  assert.ok(ground.under.some((layer) => layer.id === ROADS));
  assert.ok(ground.under.every((layer) => layer.type !== "symbol"));
  assert.ok(ground.labels.every((layer) => layer.type === "symbol"));
});
