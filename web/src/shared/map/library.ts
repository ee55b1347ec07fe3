// The map's library as our pages use it: north up, flat, its worker found, PMTiles read. To be loaded only after the text.

import "maplibre-gl/dist/maplibre-gl.css";

import { addProtocol, Map, setWorkerUrl, type MapOptions } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { Protocol } from "pmtiles";
import type { BaseMap } from "./base.ts";
import { ROADS } from "./style.ts";

setWorkerUrl(workerUrl); // without it the library waits for ever
addProtocol("pmtiles", new Protocol().tile);

/** A map in `container`; `options` as the library's. Throws where there is no WebGL. */
export function openMap(container: HTMLElement, base: BaseMap | null, options: Omit<MapOptions, "container">): Map {
  const map = new Map({
    container,
    maxZoom: 18,
    minZoom: 3,
    attributionControl: base?.attribution ? { compact: true } : false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    ...options,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  return map;
}

/** Resolves once the first picture is drawn; the container says in `data-roads` how many of a base map's are in it. */
export function drawn(map: Map): Promise<void> {
  return new Promise((resolve) => {
    void map.once("load", () => {
      const roads = map.getLayer(ROADS) ? map.queryRenderedFeatures({ layers: [ROADS] }).length : 0;
      map.getContainer().dataset.roads = String(roads);
      resolve();
    });
  });
}
