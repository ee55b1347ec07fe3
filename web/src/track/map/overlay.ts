// What is drawn over the map in screen space: the straight line that the estimate is made of, and the rings' distances.

import type { Map } from "maplibre-gl";
import type { Point } from "../../shared/contract.ts";
import { offset } from "../../shared/ground.ts";

const SVG = "http://www.w3.org/2000/svg";

/** Where a ring may carry its name: degrees from the worker's direction, the first that is in sight. */
const BESIDE_DEG = [42, -42, 65, -65, 90, -90, 24, -24, 180];
const MARGIN_PX = 28;

export class Overlay {
  readonly #map: Map;
  readonly #svg = document.createElementNS(SVG, "svg");
  readonly #line = document.createElementNS(SVG, "line");
  #labels: { element: SVGTextElement; places: Point[] }[] = [];
  #ends: [Point, Point] | null = null;

  constructor(map: Map) {
    this.#map = map;
    this.#svg.setAttribute("class", "map-overlay");
    this.#svg.setAttribute("aria-hidden", "true");
    this.#svg.append(this.#line);
    map.getCanvasContainer().append(this.#svg);
    map.on("render", () => this.draw());
  }

  connect(home: Point, worker: Point | null): void {
    this.#ends = worker ? [home, worker] : null;
    this.draw();
  }

  /** Names the rings, each where its circle lies in sight near the line. */
  label(home: Point, radii: number[], names: string[], workerBearing: number): void {
    for (const { element } of this.#labels) element.remove();
    this.#labels = radii.map((m, i) => {
      const element = document.createElementNS(SVG, "text");
      element.textContent = names[i] ?? "";
      this.#svg.append(element);
      return { element, places: BESIDE_DEG.map((deg) => offset(home, workerBearing + deg, m)) };
    });
    this.draw();
  }

  draw(): void {
    this.#line.style.display = this.#ends ? "" : "none";
    if (this.#ends) {
      const [home, worker] = this.#ends;
      const [a, b] = [this.#map.project([home.lon, home.lat]), this.#map.project([worker.lon, worker.lat])];
      for (const [name, value] of Object.entries({ x1: a.x, y1: a.y, x2: b.x, y2: b.y }))
        this.#line.setAttribute(name, value.toFixed(1));
    }
    const { clientWidth: w, clientHeight: h } = this.#map.getContainer();
    for (const { element, places } of this.#labels) {
      const px = places
        .map((at) => this.#map.project([at.lon, at.lat]))
        .find(({ x, y }) => x > MARGIN_PX && y > MARGIN_PX && x < w - MARGIN_PX && y < h - MARGIN_PX);
      element.style.display = px ? "" : "none";
      if (!px) continue;
      element.setAttribute("x", px.x.toFixed(1));
      element.setAttribute("y", px.y.toFixed(1));
    }
  }
}
