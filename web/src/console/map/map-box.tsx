// A place for a map: loads it when it is needed, and says so where this device draws none.

import { useEffect, useRef, useState } from "preact/hooks";
import { IconFrame } from "../../shared/icons.tsx";
import { baseMap } from "../../shared/map/base.ts";
import { drawsWebGl } from "../../shared/map/webgl.ts";
import { useDesk } from "../desk.ts";
import type { Scene } from "./scene.ts";
import type { StaffMap } from "./staff-map.ts";

interface Props {
  scene: Scene;
  label: string;
  /** Besides `map-box`. */
  class: string;
  pick?: (id: string) => void;
}

/** `none`: this device draws no map. */
type State = "loading" | "ready" | "none";

export function MapBox({ scene, label, pick, class: className }: Props) {
  const { words } = useDesk();
  const place = useRef<HTMLDivElement>(null);
  const map = useRef<StaffMap | null>(null);
  const [state, setState] = useState<State>("loading");
  const newest = useRef({ scene, pick });
  newest.current = { scene, pick };
  useEffect(() => {
    let left = false;
    const begin = async (): Promise<void> => {
      if (!drawsWebGl()) throw new Error("no WebGL");
      const [{ StaffMap }, base] = await Promise.all([import("./staff-map.ts"), baseMap()]);
      if (left || !place.current) return;
      const { twoFingers, ctrlScroll } = words.map;
      const texts = { label, twoFingers, ctrlScroll };
      map.current = new StaffMap(place.current, newest.current.scene, texts, base, (id) => newest.current.pick?.(id));
      await map.current.drawn();
      if (!left) setState("ready");
    };
    begin().catch(() => !left && setState("none"));
    return () => {
      left = true;
      map.current?.remove();
      map.current = null;
    };
  }, []);
  useEffect(() => map.current?.show(scene), [scene]);
  if (state === "none") return <p class="map-none quiet">{words.map.none}</p>;
  return (
    <div class={`map-box map-${state} ${className}`} role="region" aria-label={label} data-testid="map">
      <div class="map" ref={place} />
      {state === "loading" && <p class="map-wait quiet">{words.map.loading}</p>}
      {state === "ready" && (
        <button type="button" class="map-fit" aria-label={words.map.all} title={words.map.all} onClick={() => map.current?.fit()}>
          <IconFrame />
        </button>
      )}
    </div>
  );
}
