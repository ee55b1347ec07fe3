// Draws a scene of the console on a map. Loaded only once a map is in sight.

import type { Feature, FeatureCollection } from "geojson";
import { LngLatBounds, Marker, type FilterSpecification, type GeoJSONSource, type LayerSpecification, type Map, type StyleSpecification } from "maplibre-gl";
import type { Point } from "../../shared/contract.ts";
import { circleRing, fenceRing } from "../../shared/ground.ts";
import type { BaseMap } from "../../shared/map/base.ts";
import { groundColours, readColours } from "../../shared/map/colours.ts";
import { drawn, openMap } from "../../shared/map/library.ts";
import { groundOf } from "../../shared/map/style.ts";
import type { Drawing, Pin, Scene } from "./scene.ts";

const PADDING_PX = 48;
const MAX_ZOOM = 16;
/** A name of three or four characters beside its disc. */
const LABEL_PX = 90;
const GLIDE_MS = 900;
const SOURCE = "scene";
const COLOURS = {
  fence: "--map-fence",
  track: "--accent",
  gap: "--ink-soft",
  site: "--ink-soft",
  card: "--card",
} as const;

export interface MapTexts {
  label: string;
  twoFingers: string;
  ctrlScroll: string;
}

interface Standing {
  marker: Marker;
  element: HTMLElement;
  pin: Pin;
  at: Point;
}

export class StaffMap {
  readonly #map: Map;
  readonly #container: HTMLElement;
  readonly #base: BaseMap | null;
  readonly #pick: (id: string) => void;
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");
  readonly #dark = matchMedia("(prefers-color-scheme: dark)");
  readonly #restyle = (): void => void this.#map.setStyle(this.#style());
  readonly #pins = new globalThis.Map<string, Standing>();
  readonly #gliding = new globalThis.Map<string, { from: Point; to: Point; startMs: number }>();
  #scene: Scene;
  #frame = 0;

  /** Throws where there is no WebGL. `pick` hears which pin was tapped. */
  constructor(container: HTMLElement, scene: Scene, texts: MapTexts, base: BaseMap | null, pick: (id: string) => void) {
    this.#container = container;
    this.#base = base;
    this.#scene = scene;
    this.#pick = pick;
    const bounds = boundsOf(scene.frame);
    this.#map = openMap(container, base, {
      style: this.#style(),
      ...(bounds ? { bounds, fitBoundsOptions: this.#framing() } : {}),
      cooperativeGestures: true,
      locale: {
        "Map.Title": texts.label,
        "CooperativeGesturesHandler.MobileHelpText": texts.twoFingers,
        "CooperativeGesturesHandler.WindowsHelpText": texts.ctrlScroll,
        "CooperativeGesturesHandler.MacHelpText": texts.ctrlScroll.replace("Ctrl", "⌘"),
      },
    });
    this.#dark.addEventListener("change", this.#restyle);
    this.#map.on("moveend", () => this.#turnLabels());
    this.#showPins(scene.pins);
  }

  /** Resolves once the first picture is drawn. */
  drawn(): Promise<void> {
    return drawn(this.#map);
  }

  show(scene: Scene): void {
    const old = this.#scene;
    this.#scene = scene;
    if (!sameDrawing(old, scene)) void this.#map.getSource<GeoJSONSource>(SOURCE)?.setData(features(scene));
    this.#showPins(scene.pins);
    if (old.frameKey !== scene.frameKey) this.fit();
  }

  /** Everything that should be in sight. */
  fit(): void {
    const bounds = boundsOf(this.#scene.frame);
    const { clientWidth: w, clientHeight: h } = this.#container;
    if (!bounds || Math.min(w, h) < 2.5 * PADDING_PX) return;
    this.#map.fitBounds(bounds, { ...this.#framing(), duration: this.#still.matches ? 0 : 700 });
  }

  remove(): void {
    cancelAnimationFrame(this.#frame);
    this.#dark.removeEventListener("change", this.#restyle);
    this.#map.remove();
  }

  #framing(): { padding: number; maxZoom: number } {
    return { padding: PADDING_PX, maxZoom: MAX_ZOOM };
  }

  #style(): StyleSpecification {
    const ground = groundOf(this.#base, groundColours(this.#container));
    return {
      version: 8,
      sources: { ...ground.sources, [SOURCE]: { type: "geojson", data: features(this.#scene), tolerance: 0.1 } },
      layers: [...ground.under, ...layers(readColours(this.#container, COLOURS)), ...ground.labels],
    };
  }

  #showPins(pins: Pin[]): void {
    const wanted = new Set(pins.map((pin) => pin.id));
    for (const [id, standing] of this.#pins) {
      if (wanted.has(id)) continue;
      standing.marker.remove();
      this.#pins.delete(id);
      this.#gliding.delete(id);
    }
    for (const pin of pins) {
      const standing = this.#pins.get(pin.id);
      if (!standing) this.#add(pin);
      else if (standing.pin !== pin) this.#change(standing, pin);
    }
    this.#turnLabels();
  }

  #add(pin: Pin): void {
    const element = document.createElement("div");
    // The list beside the map is the way for keyboards and screen readers; two hundred stops on the way there are not.
    element.setAttribute("aria-hidden", "true");
    element.append(part("mark-disc"), part("mark-label"));
    element.addEventListener("click", () => this.#pick(pin.id));
    const marker = new Marker({ element }).setLngLat([pin.lon, pin.lat]).addTo(this.#map);
    const standing: Standing = { marker, element, pin, at: pin };
    this.#pins.set(pin.id, standing);
    this.#dress(standing, pin);
  }

  #change(standing: Standing, pin: Pin): void {
    const moved = standing.pin.lat !== pin.lat || standing.pin.lon !== pin.lon;
    this.#dress(standing, pin);
    if (!moved) return;
    if (this.#still.matches || document.hidden) {
      standing.at = pin;
      standing.marker.setLngLat([pin.lon, pin.lat]);
      return;
    }
    this.#gliding.set(pin.id, { from: standing.at, to: pin, startMs: performance.now() });
    if (!this.#frame) this.#frame = requestAnimationFrame(this.#glide);
  }

  /** Near the right edge a label stands to the left of its disc. */
  #turnLabels(): void {
    const edge = this.#container.clientWidth - LABEL_PX;
    for (const { element, at } of this.#pins.values())
      element.classList.toggle("to-left", this.#map.project([at.lon, at.lat]).x > edge);
  }

  readonly #glide = (nowMs: number): void => {
    for (const [id, { from, to, startMs }] of this.#gliding) {
      const standing = this.#pins.get(id);
      const t = Math.min(1, Math.max(0, (nowMs - startMs) / GLIDE_MS));
      if (standing) {
        standing.at = { lat: from.lat + (to.lat - from.lat) * t, lon: from.lon + (to.lon - from.lon) * t };
        standing.marker.setLngLat([standing.at.lon, standing.at.lat]);
      }
      if (t >= 1 || !standing) this.#gliding.delete(id);
    }
    this.#frame = this.#gliding.size > 0 ? requestAnimationFrame(this.#glide) : 0;
  };

  #dress(standing: Standing, pin: Pin): void {
    const { element } = standing;
    standing.pin = pin;
    const [disc, label] = element.children;
    // The library keeps classes of its own on the element.
    for (const name of [...element.classList]) if (/^(mark|tone|is)(-|$)/.test(name)) element.classList.remove(name);
    element.classList.add("mark", `tone-${pin.tone}`);
    if (pin.named) element.classList.add("is-named");
    if (pin.chosen) element.classList.add("is-chosen");
    element.dataset.pin = pin.id;
    if (disc) disc.textContent = pin.text;
    if (label) label.textContent = pin.label;
  }
}

function part(className: string): HTMLElement {
  const element = document.createElement("span");
  element.className = className;
  return element;
}

function sameDrawing(a: Drawing, b: Drawing): boolean {
  return a.fences === b.fences && a.lines === b.lines && a.dots === b.dots && a.halos === b.halos;
}

function features({ fences, lines, dots, halos }: Drawing): FeatureCollection {
  const all: Feature[] = [];
  const polygon = (kind: string, ring: [number, number][]): void =>
    void all.push({ type: "Feature", properties: { kind }, geometry: { type: "Polygon", coordinates: [ring] } });
  for (const fence of fences) polygon("fence", fenceRing(fence));
  for (const halo of halos) polygon("halo", circleRing(halo, halo.radius_m, 48));
  for (const { kind, points } of lines) {
    const coordinates = points.map((at) => [at.lon, at.lat]);
    all.push({ type: "Feature", properties: { kind }, geometry: { type: "LineString", coordinates } });
  }
  for (const { kind, lon, lat } of dots)
    all.push({ type: "Feature", properties: { kind }, geometry: { type: "Point", coordinates: [lon, lat] } });
  return { type: "FeatureCollection", features: all };
}

function layers(colours: Record<keyof typeof COLOURS, string>): LayerSpecification[] {
  const source = SOURCE;
  const only = (kind: string): FilterSpecification => ["==", ["get", "kind"], kind];
  const line = (id: string, kind: string, paint: object): LayerSpecification => ({
    id,
    type: "line",
    source,
    filter: only(kind),
    layout: { "line-cap": "round", "line-join": "round" },
    paint,
  });
  return [
    { id: "scene-fence", type: "fill", source, filter: only("fence"), paint: { "fill-color": colours.fence, "fill-opacity": 0.14 } },
    line("scene-fence-edge", "fence", { "line-color": colours.fence, "line-width": 1.5, "line-opacity": 0.75 }),
    { id: "scene-halo", type: "fill", source, filter: only("halo"), paint: { "fill-color": colours.track, "fill-opacity": 0.12 } },
    line("scene-halo-edge", "halo", { "line-color": colours.track, "line-width": 1, "line-opacity": 0.45 }),
    {
      id: "scene-site",
      type: "circle",
      source,
      filter: only("site"),
      paint: {
        "circle-radius": 3.5,
        "circle-color": colours.card,
        "circle-stroke-color": colours.site,
        "circle-stroke-width": 1.5,
        "circle-opacity": 0.9,
        "circle-stroke-opacity": 0.8,
      },
    },
    line("scene-gap", "gap", { "line-color": colours.gap, "line-width": 2, "line-dasharray": [0.5, 2.2], "line-opacity": 0.8 }),
    line("scene-lead", "lead", { "line-color": colours.fence, "line-width": 1.5, "line-dasharray": [3, 2] }),
    line("scene-track", "track", { "line-color": colours.track, "line-width": 3.5, "line-opacity": 0.85 }),
    {
      id: "scene-fix",
      type: "circle",
      source,
      filter: only("fix"),
      minzoom: 13,
      paint: { "circle-radius": 2.5, "circle-color": colours.card, "circle-stroke-color": colours.track, "circle-stroke-width": 1.2 },
    },
  ];
}

function boundsOf(points: Point[]): LngLatBounds | null {
  if (points.length === 0) return null;
  const bounds = new LngLatBounds();
  for (const at of points) bounds.extend([at.lon, at.lat]);
  return bounds;
}
