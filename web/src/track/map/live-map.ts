// The map of an approach: home, fence, the worker gliding from fix to fix. Loaded only after the text is on the screen.

import type { GeoJSON } from "geojson";
import { LngLatBounds, Marker, type GeoJSONSource, type Map } from "maplibre-gl";
import type { Fence, Point, Position } from "../../shared/contract.ts";
import { bearingDeg, distanceM, fenceRing, ringsM } from "../../shared/ground.ts";
import type { BaseMap } from "../../shared/map/base.ts";
import { drawn, openMap } from "../../shared/map/library.ts";
import { Overlay } from "./overlay.ts";
import { haloPx, homePin, workerPin } from "./pins.ts";
import { metresPerPixel, ringSource, styleOf } from "./style.ts";

/** Closer than this a plain ground shows nothing more. */
const MAX_ZOOM = 16.5;
const PADDING_PX = 44;
/** With nobody on the map, home should lie in some surroundings. */
const HOME_ZOOM = 15;
/** The camera follows in rare, whole steps: only when the pin nears the edge or much room is left over. */
const EDGE_PX = 30;
const ROOM_ZOOM = 0.8;
const LONGEST_GLIDE_MS = 1_500;

export interface MapTexts {
  map: string;
  home: string;
  worker: string;
  twoFingers: string;
  ctrlScroll: string;
  distance(m: number): string;
}

export interface MapSubject {
  home: Point;
  fence: Fence;
  worker: Position | null;
  stale: boolean;
}

export class LiveMap {
  readonly #map: Map;
  readonly #overlay: Overlay;
  readonly #container: HTMLElement;
  readonly #texts: MapTexts;
  readonly #base: BaseMap | null;
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");
  readonly #dark = matchMedia("(prefers-color-scheme: dark)");
  readonly #restyle = (): void => void this.#map.setStyle(this.#style());
  readonly #pin: HTMLElement;
  readonly #marker: Marker;
  #subject: MapSubject;
  #radii: number[];
  #shown: Point | null = null;
  #movedAtMs = 0;
  #frame = 0;
  #following = true;

  /** Throws where there is no WebGL. `onFollowing` hears whether the camera keeps both pins in sight by itself. */
  constructor(
    container: HTMLElement,
    subject: MapSubject,
    texts: MapTexts,
    base: BaseMap | null,
    onFollowing: (following: boolean) => void,
  ) {
    this.#container = container;
    this.#subject = subject;
    this.#texts = texts;
    this.#base = base;
    this.#radii = this.#rings();
    this.#map = openMap(container, base, {
      style: this.#style(),
      bounds: this.#bounds(),
      fitBoundsOptions: this.#framing(),
      cooperativeGestures: true,
      locale: {
        "Map.Title": texts.map,
        "CooperativeGesturesHandler.MobileHelpText": texts.twoFingers,
        "CooperativeGesturesHandler.WindowsHelpText": texts.ctrlScroll,
        "CooperativeGesturesHandler.MacHelpText": texts.ctrlScroll.replace("Ctrl", "⌘"),
      },
    });
    this.#overlay = new Overlay(this.#map);
    new Marker({ element: homePin(texts.home) }).setLngLat(lngLat(subject.home)).addTo(this.#map);
    this.#pin = workerPin(texts.worker);
    this.#marker = new Marker({ element: this.#pin });
    const taken = (event: { originalEvent?: unknown }): void => {
      if (!event.originalEvent || !this.#following) return;
      this.#following = false;
      onFollowing(false);
    };
    this.#map.on("dragstart", taken);
    this.#map.on("zoomstart", taken);
    this.#map.on("zoom", () => this.#size());
    this.#map.on("resize", () => this.#following && this.#fit(false));
    this.#dark.addEventListener("change", this.#restyle);
    this.#nameRings();
    this.show(subject);
  }

  /** Resolves once the first picture is drawn. */
  drawn(): Promise<void> {
    return drawn(this.#map);
  }

  show(subject: MapSubject): void {
    this.#subject = subject;
    const { worker } = subject;
    if (!worker) {
      cancelAnimationFrame(this.#frame);
      this.#marker.remove();
      this.#shown = null;
      this.#overlay.connect(subject.home, null);
      return;
    }
    this.#pin.dataset.lat = String(worker.lat);
    this.#pin.dataset.lon = String(worker.lon);
    this.#pin.classList.toggle("pin-stale", subject.stale);
    if (this.#shown === null) {
      this.#place(worker);
      this.#marker.addTo(this.#map);
    } else if (this.#shown.lat !== worker.lat || this.#shown.lon !== worker.lon) {
      this.#glide(this.#shown, worker);
    }
    this.#size();
    const radii = this.#rings();
    if (radii.join() !== this.#radii.join()) {
      this.#radii = radii;
      void this.#map.getSource<GeoJSONSource>("rings")?.setData(ringSource(subject.home, radii).data as GeoJSON);
      this.#nameRings();
    }
    if (this.#following && this.#wantsFit(worker)) this.#fit(true);
  }

  recentre(): void {
    this.#following = true;
    this.#fit(true);
  }

  remove(): void {
    cancelAnimationFrame(this.#frame);
    this.#dark.removeEventListener("change", this.#restyle);
    this.#map.remove();
  }

  #style(): ReturnType<typeof styleOf> {
    return styleOf(this.#container, this.#subject.home, this.#subject.fence, this.#radii, this.#base);
  }

  #rings(): number[] {
    const { worker, home } = this.#subject;
    return this.#base ? [] : ringsM(worker ? distanceM(home, worker) : 500);
  }

  #nameRings(): void {
    const { worker, home } = this.#subject;
    const names = this.#radii.map((m) => this.#texts.distance(m));
    this.#overlay.label(home, this.#radii, names, worker ? bearingDeg(home, worker) : 180);
  }

  /** As long as the last two fixes were apart, so that the pin rather flows than hops. */
  #glide(from: Point, to: Point): void {
    cancelAnimationFrame(this.#frame);
    const startMs = performance.now();
    const glideMs = Math.min(Math.max(startMs - this.#movedAtMs, 250), LONGEST_GLIDE_MS);
    this.#movedAtMs = startMs;
    if (this.#still.matches || document.hidden) return this.#place(to);
    const step = (nowMs: number): void => {
      const t = Math.min(1, Math.max(0, (nowMs - startMs) / glideMs));
      this.#place({ lat: from.lat + (to.lat - from.lat) * t, lon: from.lon + (to.lon - from.lon) * t });
      if (t < 1) this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }

  #place(at: Point): void {
    this.#shown = at;
    this.#marker.setLngLat(lngLat(at));
    this.#overlay.connect(this.#subject.home, at);
  }

  #size(): void {
    const { worker } = this.#subject;
    if (worker) haloPx(this.#pin, (2 * (worker.accuracy_m ?? 0)) / metresPerPixel(worker.lat, this.#map.getZoom()));
  }

  #wantsFit(worker: Point): boolean {
    const { clientWidth: w, clientHeight: h } = this.#container;
    const px = this.#map.project(lngLat(worker));
    if (px.x < EDGE_PX || px.y < EDGE_PX || px.x > w - EDGE_PX || px.y > h - EDGE_PX) return true;
    const best = this.#map.cameraForBounds(this.#bounds(), this.#framing());
    return best?.zoom !== undefined && best.zoom > this.#map.getZoom() + ROOM_ZOOM;
  }

  #fit(animate: boolean): void {
    const { clientWidth: w, clientHeight: h } = this.#container;
    if (Math.min(w, h) < 3 * PADDING_PX) return; // a window in the middle of changing its shape
    this.#map.fitBounds(this.#bounds(), { ...this.#framing(), duration: animate ? 900 : 0 });
  }

  #framing(): { padding: number; maxZoom: number } {
    return { padding: PADDING_PX, maxZoom: this.#subject.worker ? MAX_ZOOM : HOME_ZOOM };
  }

  /** Home with its fence, and the worker. */
  #bounds(): LngLatBounds {
    const { worker, fence } = this.#subject;
    const bounds = new LngLatBounds();
    for (const corner of fenceRing(fence)) bounds.extend(corner);
    return worker ? bounds.extend(lngLat(worker)) : bounds;
  }
}

function lngLat(p: Point): [number, number] {
  return [p.lon, p.lat];
}
