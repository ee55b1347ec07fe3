// What the customer's map says, over whatever ground: the fence of the home, and where the ground is plain rings of round
// distances to judge by.

import type { Feature, Geometry } from "geojson";
import type { GeoJSONSourceSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Fence, Point } from "../../shared/contract.ts";
import { circleRing, fenceRing } from "../../shared/ground.ts";
import type { BaseMap } from "../../shared/map/base.ts";
import { groundColours, readColours } from "../../shared/map/colours.ts";
import { groundOf } from "../../shared/map/style.ts";

const NAMES = { ring: "--map-ring", fence: "--map-fence", inside: "--map-inside", buffer: "--map-buffer" } as const;
type Colours = Record<keyof typeof NAMES, string>;

/** `element` is where the colours are read. */
export function styleOf(
  element: Element,
  home: Point,
  fence: Fence,
  radii: number[],
  base: BaseMap | null,
): StyleSpecification {
  const colours = readColours(element, NAMES);
  const ground = groundOf(base, groundColours(element));
  return {
    version: 8,
    sources: {
      ...ground.sources,
      rings: ringSource(home, radii),
      fence: shapes([{ type: "Polygon", coordinates: [fenceRing(fence)] }]),
    },
    layers: [
      ...ground.under,
      ...(base ? [] : bufferLayers(colours, home, fence)),
      {
        id: "fence",
        type: "fill",
        source: "fence",
        paint: base ? { "fill-color": colours.fence, "fill-opacity": 0.14 } : { "fill-color": colours.inside },
      },
      {
        id: "rings",
        type: "line",
        source: "rings",
        layout: { visibility: base ? "none" : "visible" },
        paint: { "line-color": colours.ring, "line-width": 1 },
      },
      {
        id: "fence-edge",
        type: "line",
        source: "fence",
        paint: { "line-color": colours.fence, "line-width": 1.5, "line-opacity": 0.7 },
      },
      ...ground.labels,
    ],
  };
}

export function ringSource(home: Point, radii: number[]): GeoJSONSourceSpecification {
  return shapes(radii.map((m) => ({ type: "LineString", coordinates: circleRing(home, m, 120) })));
}

/** A polygon's buffer: a stroke about its edge, so many metres wide at every zoom. Opaque, as it overlaps itself. */
function bufferLayers(colours: Colours, home: Point, fence: Fence): LayerSpecification[] {
  if (fence.shape !== "polygon" || !fence.buffer_m) return [];
  const widthAt0 = (2 * fence.buffer_m) / metresPerPixel(home.lat, 0);
  return [
    {
      id: "fence-buffer",
      type: "line",
      source: "fence",
      layout: { "line-join": "round" },
      paint: {
        "line-color": colours.buffer,
        "line-width": ["interpolate", ["exponential", 2], ["zoom"], 0, widthAt0, 22, widthAt0 * 2 ** 22],
      },
    },
  ];
}

/** Metres that one pixel spans, with tiles of 512 pixels (Web Mercator). */
export function metresPerPixel(lat: number, zoom: number): number {
  return (40_075_016.686 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** zoom);
}

function shapes(geometries: Geometry[]): GeoJSONSourceSpecification {
  const features = geometries.map((geometry): Feature => ({ type: "Feature", properties: {}, geometry }));
  // Circles stay round: without a tolerance of its own the library thins their corners.
  return { type: "geojson", data: { type: "FeatureCollection", features }, tolerance: 0.02 };
}
