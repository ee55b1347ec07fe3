// Metres and directions on the ground, for what a page says and draws. The judging is the server's.

import type { Fence, Point } from "./contract.ts";

const M_PER_DEG = 111_195;

/** Straight distance in metres; good to a few metres within a city. */
export function distanceM(a: Point, b: Point): number {
  const dy = (b.lat - a.lat) * M_PER_DEG;
  const dx = (b.lon - a.lon) * M_PER_DEG * Math.cos((((a.lat + b.lat) / 2) * Math.PI) / 180);
  return Math.hypot(dx, dy);
}

/** Direction from `a` to `b` in degrees clockwise from north. */
export function bearingDeg(a: Point, b: Point): number {
  const dy = b.lat - a.lat;
  const dx = (b.lon - a.lon) * Math.cos((((a.lat + b.lat) / 2) * Math.PI) / 180);
  return ((Math.atan2(dx, dy) * 180) / Math.PI + 360) % 360;
}

/** 0 north, 1 north-east … 7 north-west. */
export function octant(bearing: number): number {
  return Math.round(bearing / 45) % 8;
}

/** The point `m` metres from `a` in direction `bearing`. */
export function offset(a: Point, bearing: number, m: number): Point {
  const rad = (bearing * Math.PI) / 180;
  return {
    lat: a.lat + (m * Math.cos(rad)) / M_PER_DEG,
    lon: a.lon + (m * Math.sin(rad)) / (M_PER_DEG * Math.cos((a.lat * Math.PI) / 180)),
  };
}

/** A closed ring of [lon, lat] around a point. */
export function circleRing(centre: Point, radiusM: number, corners = 72): [number, number][] {
  return Array.from({ length: corners + 1 }, (_, i) => {
    const p = offset(centre, (i * 360) / corners, radiusM);
    return [p.lon, p.lat];
  });
}

/** A geofence as a closed ring of [lon, lat]. */
export function fenceRing(fence: Fence): [number, number][] {
  if (fence.shape === "circle") return circleRing(fence, fence.radius_m);
  const ring = fence.ring.map(([lat, lon]): [number, number] => [lon, lat]);
  const [first, last] = [ring[0], ring[ring.length - 1]];
  if (first && last && (first[0] !== last[0] || first[1] !== last[1])) ring.push(first);
  return ring;
}

/** How far a point lies outside a fence, in metres; 0 inside. */
export function beyondFenceM(fence: Fence, at: Point): number {
  if (fence.shape === "circle") return Math.max(0, distanceM(fence, at) - fence.radius_m);
  const ring = fenceRing(fence).map(([lon, lat]) => flat(at, lon, lat));
  let nearest = Infinity;
  let inside = false;
  for (let i = 1; i < ring.length; i++) {
    const [a, b] = [ring[i - 1]!, ring[i]!];
    nearest = Math.min(nearest, fromOriginM(a, b));
    if (a.y > 0 !== b.y > 0 && 0 < ((b.x - a.x) * -a.y) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside ? 0 : Math.max(0, nearest - (fence.buffer_m ?? 0));
}

interface Flat {
  x: number;
  y: number;
}

/** Metres east and north of `origin`. */
function flat(origin: Point, lon: number, lat: number): Flat {
  const east = (lon - origin.lon) * M_PER_DEG * Math.cos((origin.lat * Math.PI) / 180);
  return { x: east, y: (lat - origin.lat) * M_PER_DEG };
}

/** From the origin to the stretch between `a` and `b`. */
function fromOriginM(a: Flat, b: Flat): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : Math.max(0, Math.min(1, -(a.x * dx + a.y * dy) / length2));
  return Math.hypot(a.x + t * dx, a.y + t * dy);
}

const NICE_M = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000];

/** Radii of at most three round distances, the largest just beyond `reachM`. */
export function ringsM(reachM: number): number[] {
  const outer = NICE_M.findIndex((m) => m >= reachM);
  const last = outer === -1 ? NICE_M.length - 1 : outer;
  return NICE_M.slice(Math.max(0, last - 2), last + 1);
}
