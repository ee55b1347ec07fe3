// What an alert rests on: on a small map, and as a list with both times of every fact.

import { useMemo } from "preact/hooks";
import type { AlertDetail, EvidenceFact } from "../../shared/contract.ts";
import { beyondFenceM, distanceM } from "../../shared/ground.ts";
import type { Times } from "../../shared/times.ts";
import { useDesk } from "../desk.ts";
import { MapBox } from "../map/map-box.tsx";
import { word, type Words } from "../words.ts";
import { evidenceScene, placed } from "./evidence-scene.ts";

/** Receiving something this much later than it happened is worth saying. */
const LATE_S = 60;

export function Evidence({ alert, times }: { alert: AlertDetail; times: Times }) {
  const { words, minuteMs } = useDesk();
  const facts = useMemo(() => [...alert.facts].sort((a, b) => a.at.localeCompare(b.at)), [alert.facts]);
  const scene = useMemo(() => evidenceScene(facts, alert.fence, words), [facts, alert.fence, words]);
  const w = words.alerts;
  if (facts.length === 0) return <p class="quiet">{w.noEvidence}</p>;
  return (
    <>
      {scene.pins.length > 0 && <MapBox scene={scene} label={w.evidenceMap} class="map-evidence" />}
      <ol class="facts" data-testid="evidence">
        {facts.map((fact, i) => (
          <li key={fact.fact}>
            <span class="fact-number" aria-hidden="true">
              {i + 1}
            </span>
            <div>
              <p>
                <b>{word(words.kind, fact.kind)}</b> <span class="quiet">{fact.device}</span>
              </p>
              <p class="small">
                {w.observed} <time>{exactly(Date.parse(fact.at), minuteMs, times)}</time>
                <span class="quiet"> · {received(fact, words, times)}</span>
              </p>
              {where(fact, facts[i - 1] ?? null, alert, words) && (
                <p class="small quiet">{where(fact, facts[i - 1] ?? null, alert, words)}</p>
              )}
              {note(fact) && <p class="small">{note(fact)}</p>}
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}

/** To the second: a jump takes no longer. */
function exactly(ms: number, nowMs: number, times: Times): string {
  return times.isoDay(ms) === times.isoDay(nowMs) ? times.exact(ms) : `${times.day(ms, nowMs)} ${times.exact(ms)}`;
}

function received(fact: EvidenceFact, words: Words, times: Times): string {
  const lagS = (Date.parse(fact.known_at) - Date.parse(fact.at)) / 1000;
  const clock = times.exact(Date.parse(fact.known_at));
  const later = lagS >= LATE_S ? ` (${words.alerts.receivedLater(words.duration(lagS))})` : "";
  return `${words.alerts.received} ${clock}${later}`;
}

/** Where it was against the fence, and for a jump how far from the fact before. */
function where(fact: EvidenceFact, before: EvidenceFact | null, alert: AlertDetail, words: Words): string | null {
  const at = placed(fact);
  if (!at) return null;
  const w = words.alerts;
  const parts = [];
  if (alert.fence) {
    const beyondM = beyondFenceM(alert.fence, at);
    parts.push(beyondM === 0 ? w.inFence : w.beyond(words.metres(beyondM)));
  }
  const from = before && placed(before);
  if (alert.rule === "implausible_jump" && from) parts.push(w.apart(words.metres(distanceM(from, at))));
  if (fact.accuracy_m !== null) parts.push(w.accuracy(words.metres(fact.accuracy_m)));
  parts.push(`${at.lat.toFixed(5)}, ${at.lon.toFixed(5)}`);
  return parts.join(" · ");
}

/** What a person wrote into it. */
function note(fact: EvidenceFact): string | null {
  const text = fact.body.note ?? fact.body.reason;
  return typeof text === "string" && text ? text : null;
}
