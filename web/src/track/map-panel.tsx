// Where they are: a live map where the device can draw one, a compass where it cannot, and always the same in words.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Progress } from "../shared/contract.ts";
import { IconFrame, IconShield } from "../shared/icons.tsx";
import { baseMap } from "../shared/map/base.ts";
import { drawsWebGl } from "../shared/map/webgl.ts";
import { Compass } from "./compass.tsx";
import type { LiveMap, MapSubject } from "./map/live-map.ts";
import type { Scene } from "./scene.ts";
import type { Words } from "./words.ts";

/** `none`: this device draws no map. */
type Drawing = "loading" | "ready" | "none";

export function MapPanel({ progress, view, words }: { progress: Progress; view: Scene; words: Words }) {
  const place = useRef<HTMLDivElement>(null);
  const live = useRef<LiveMap | null>(null);
  const [drawing, setDrawing] = useState<Drawing>("loading");
  const [following, setFollowing] = useState(true);
  const subject: MapSubject = {
    home: progress.site,
    fence: progress.site.fence,
    worker: progress.position,
    stale: progress.stale !== null,
  };
  const newest = useRef(subject);
  newest.current = subject;

  useEffect(() => {
    let left = false;
    const begin = async (): Promise<void> => {
      if (!drawsWebGl()) throw new Error("no WebGL");
      const [{ LiveMap }, base] = await Promise.all([import("./map/live-map.ts"), baseMap()]);
      if (left || !place.current) return;
      const texts = {
        map: words.mapLabel(view.who),
        home: words.homeLabel,
        worker: words.markerLabel(view.who),
        twoFingers: words.twoFingers,
        ctrlScroll: words.ctrlScroll,
        distance: words.metres,
      };
      live.current = new LiveMap(place.current, newest.current, texts, base, setFollowing);
      await live.current.drawn();
      if (!left) setDrawing("ready");
    };
    begin().catch(() => !left && setDrawing("none"));
    return () => {
      left = true;
      live.current?.remove();
      live.current = null;
    };
  }, []);

  const { position } = progress;
  useEffect(
    () => live.current?.show(newest.current),
    [position?.lat, position?.lon, position?.accuracy_m, subject.stale],
  );

  const recentre = (): void => {
    live.current?.recentre();
    setFollowing(true);
  };
  return (
    <section class="card map-card" aria-label={words.mapTitle}>
      <div class={`map-frame map-${drawing}`}>
        {drawing === "none" ? <Compass place={view.place} /> : <div class="map" ref={place} />}
        {drawing === "loading" && <p class="map-wait">{words.mapLoading}</p>}
        {drawing === "ready" && !following && (
          <button type="button" class="map-button" onClick={recentre}>
            <IconFrame />
            {words.recentre}
          </button>
        )}
        {view.withheld && (
          <p class="map-veil" data-testid="withheld" data-reason={progress.position_withheld}>
            <IconShield />
            <span>{view.withheld}</span>
          </p>
        )}
      </div>
      {view.place && (
        <p class="map-words">
          {view.place.sentence} <span class="quiet">{view.place.updated}</span>
        </p>
      )}
      {drawing === "none" && <p class="map-words quiet">{words.noMap}</p>}
    </section>
  );
}
