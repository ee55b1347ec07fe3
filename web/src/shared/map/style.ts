// The ground of every map: plain, the operator's raster tiles, or vector tiles drawn quietly. A page puts what it has to say
// between `under` and `labels`.
//
// Vector tiles follow the layers and kinds of the Protomaps basemap, version 4 (docs.protomaps.com/basemaps/layers): a city
// cut from it works as well as the made town. No glyphs and no sprite: names are drawn with the device's own fonts.

import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from "maplibre-gl";
import type { BaseMap } from "./base.ts";
import type { GroundColours } from "./colours.ts";

export interface Ground {
  sources: Record<string, SourceSpecification>;
  under: LayerSpecification[];
  labels: LayerSpecification[];
}

/** The layer that is there whenever vector tiles are. */
export const ROADS = "base-roads";

const FONTS = ["PingFang SC", "HarmonyOS Sans SC", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "sans-serif"];
const GREEN = [
  ...["park", "garden", "grass", "grassland", "village_green", "recreation_ground", "playground", "pitch"],
  ...["golf_course", "wood", "forest", "scrub", "meadow", "nature_reserve", "cemetery", "zoo"],
];
const WIDE = ["highway", "major_road"];
const NARROW = ["minor_road"];
const WAYS = ["other", "path"];

export function groundOf(base: BaseMap | null, colours: GroundColours): Ground {
  const plain: LayerSpecification = { id: "ground", type: "background", paint: { "background-color": colours.ground } };
  if (!base) return { sources: {}, under: [plain], labels: [] };
  const attribution = base.attribution ? { attribution: base.attribution } : {};
  if (base.kind === "raster") {
    return {
      sources: { base: { type: "raster", tiles: [base.url], tileSize: 256, ...attribution } },
      under: [plain, { id: "base", type: "raster", source: "base" }],
      labels: [],
    };
  }
  return {
    sources: { base: { type: "vector", url: `pmtiles://${base.url}`, ...attribution } },
    under: [plain, ...areas(colours), ...roads(colours)],
    labels: labels(colours),
  };
}

const source = "base";
const kind: ExpressionSpecification = ["get", "kind"];
const isLine: ExpressionSpecification = ["==", ["geometry-type"], "LineString"];
const isPoint: ExpressionSpecification = ["==", ["geometry-type"], "Point"];
const isPolygon: ExpressionSpecification = ["==", ["geometry-type"], "Polygon"];

function oneOf(kinds: string[]): ExpressionSpecification {
  return ["in", kind, ["literal", kinds]];
}

function areas(colours: GroundColours): LayerSpecification[] {
  return [
    {
      id: "base-blocks",
      type: "fill",
      source,
      "source-layer": "landuse",
      filter: oneOf(["residential", "neighbourhood"]),
      paint: { "fill-color": colours.block },
    },
    {
      id: "base-parks",
      type: "fill",
      source,
      "source-layer": "landuse",
      filter: oneOf(GREEN),
      paint: { "fill-color": colours.park },
    },
    {
      id: "base-water",
      type: "fill",
      source,
      "source-layer": "water",
      filter: isPolygon,
      paint: { "fill-color": colours.water },
    },
    {
      id: "base-streams",
      type: "line",
      source,
      "source-layer": "water",
      filter: isLine,
      paint: { "line-color": colours.water, "line-width": growing(0.6, 2) },
    },
    {
      id: "base-buildings",
      type: "fill",
      source,
      "source-layer": "buildings",
      minzoom: 14,
      filter: isPolygon,
      paint: {
        "fill-color": colours.building,
        "fill-opacity": ["interpolate", ["linear"], ["zoom"], 14, 0, 15, 1],
      },
    },
  ];
}

/** Narrow streets below wide ones, each with an edge, so that crossings stay open. */
function roads(colours: GroundColours): LayerSpecification[] {
  const line = (id: string, kinds: string[], color: string, width: ExpressionSpecification): LayerSpecification => ({
    id,
    type: "line",
    source,
    "source-layer": "roads",
    filter: oneOf(kinds),
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": color, "line-width": width },
  });
  return [
    line("base-ways", WAYS, colours.road, growing(0.2, 4)),
    line("base-lanes-edge", NARROW, colours.roadEdge, growing(1.1, 9)),
    line("base-roads-edge", WIDE, colours.roadEdge, growing(2.5, 17)),
    line("base-lanes", NARROW, colours.road, growing(0.6, 7)),
    line(ROADS, WIDE, colours.road, growing(1.6, 14.5)),
  ];
}

/** Pixels at zoom 11 and at zoom 17. */
function growing(at11: number, at17: number): ExpressionSpecification {
  return ["interpolate", ["exponential", 1.5], ["zoom"], 11, at11, 17, at17];
}

function labels(colours: GroundColours): LayerSpecification[] {
  const name: ExpressionSpecification = ["coalesce", ["get", "name:zh"], ["get", "name"], ""];
  const along = { "symbol-placement": "line", "symbol-spacing": 320, "text-max-angle": 30 } as const;
  const text = (size: number) => ({ "text-field": name, "text-font": FONTS, "text-size": size });
  const paint = (color: string, halo: string) => ({ "text-color": color, "text-halo-color": halo, "text-halo-width": 1.4 });
  return [
    {
      id: "base-lane-names",
      type: "symbol",
      source,
      "source-layer": "roads",
      minzoom: 14.5,
      filter: oneOf(NARROW),
      layout: { ...along, ...text(11) },
      paint: paint(colours.label, colours.road),
    },
    {
      id: "base-road-names",
      type: "symbol",
      source,
      "source-layer": "roads",
      minzoom: 11.5,
      filter: oneOf(WIDE),
      layout: { ...along, ...text(12) },
      paint: paint(colours.label, colours.road),
    },
    {
      id: "base-place-names",
      type: "symbol",
      source,
      "source-layer": "places",
      minzoom: 13.5,
      filter: oneOf(["neighbourhood"]),
      layout: { ...text(11.5), "text-max-width": 7, "text-padding": 6 },
      paint: paint(colours.label, colours.block),
    },
    {
      id: "base-park-names",
      type: "symbol",
      source,
      "source-layer": "pois",
      minzoom: 13,
      filter: oneOf(["park"]),
      layout: { ...text(11.5), "text-max-width": 7, "text-padding": 6 },
      paint: paint(colours.parkLabel, colours.park),
    },
    {
      id: "base-river-names",
      type: "symbol",
      source,
      "source-layer": "water",
      filter: isLine,
      layout: { ...along, ...text(12), "text-letter-spacing": 0.2 },
      paint: paint(colours.waterLabel, colours.water),
    },
    {
      id: "base-water-names",
      type: "symbol",
      source,
      "source-layer": "water",
      filter: isPoint,
      layout: { ...text(12), "text-max-width": 7 },
      paint: paint(colours.waterLabel, colours.water),
    },
  ];
}
