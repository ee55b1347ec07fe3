// Home in the middle, the worker's direction about it: what remains of the map without WebGL.

import type { PlaceView } from "./scene.ts";

export function Compass({ place }: { place: PlaceView | null }) {
  return (
    <svg class="compass" viewBox="-110 -110 220 220" aria-hidden="true" data-testid="compass">
      {[36, 68, 100].map((r) => (
        <circle key={r} class="compass-ring" r={r} />
      ))}
      <path class="compass-north" d="M0-106l5 10h-10z" />
      <g class="compass-home" transform="translate(-13 -14) scale(1.08)">
        <path d="M12 4 3.8 11h2.4v8.2h4.3v-5h3v5h4.3V11h2.4z" />
      </g>
      {place && (
        <g style={{ transform: `rotate(${place.bearing}deg)` }} class="compass-needle">
          <line y1="-24" y2="-70" />
          <circle cy="-82" r="11" />
        </g>
      )}
    </svg>
  );
}
