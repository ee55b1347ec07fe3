// How a device's clock runs, and correcting it for a period: the estimate stands beside the form and is never applied.

import { useState } from "preact/hooks";
import { IconCheck } from "../../shared/icons.tsx";
import { useDesk } from "../desk.ts";
import { personOf } from "../words.ts";
import type { Correction, DeviceWhole } from "./contract.ts";
import { useDeed } from "./deed.ts";
import { Outcome } from "./outcome.tsx";
import { clockSaid, instantOf } from "./told.ts";

export function ClockPart({ device, seen }: { device: DeviceWhole; seen: () => void }) {
  const { words, times, minuteMs } = useDesk();
  const w = words.devices;
  const { clock } = device;
  return (
    <section class="card device-part" aria-label={w.clockTitle} data-testid="clock-part">
      <h3>{w.clockTitle}</h3>
      <p>{clock ? clockSaid(clock, words) : w.clockNone}</p>
      {clock && (
        <p class="quiet small">
          {w.clockBasis(clock.messages, times.moment(Date.parse(clock.since), minuteMs))} · {w.clockShown}
        </p>
      )}
      {device.flagged_ahead + device.flagged_unset > 0 && (
        <p class="quiet small">{w.flagged(device.flagged_ahead, device.flagged_unset)}</p>
      )}
      {device.clock_offset_ms !== 0 && <p>{w.corrected(signed(device.clock_offset_ms, w.span))}</p>}
      <details class="device-more">
        <summary>{w.correct}</summary>
        <Correct device={device} seen={seen} />
      </details>
      {device.corrections.length > 0 && <Corrections device={device} seen={seen} />}
    </section>
  );
}

function signed(ms: number, span: (ms: number) => string): string {
  return `${ms < 0 ? "−" : "+"}${span(ms)}`;
}

function Correct({ device, seen }: { device: DeviceWhole; seen: () => void }) {
  const { words, times } = useDesk();
  const w = words.devices;
  const { busy, failed, done, act } = useDeed(device.device, seen);
  const [isFast, setIsFast] = useState((device.clock?.ahead_ms ?? 1) > 0);
  const [amount, setAmount] = useState("");
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const adopt = (): void => {
    const aheadMs = device.clock?.ahead_ms ?? 0;
    setIsFast(aheadMs > 0);
    setAmount(String(Math.round(Math.abs(aheadMs) / 1000)));
  };
  const [fromMs, untilMs] = [instantOf(from, times), instantOf(until, times)];
  const seconds = Number(amount);
  const isReady = amount !== "" && seconds > 0 && fromMs !== null && reason.trim() !== "";
  const correct = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (fromMs === null) return;
    const body = {
      offset_ms: Math.round(seconds * 1000) * (isFast ? -1 : 1),
      from: new Date(fromMs).toISOString(),
      ...(untilMs === null ? {} : { until: new Date(untilMs).toISOString() }),
      reason: reason.trim(),
    };
    if (await act("POST", "clock-corrections", body, w.correctedDone)) setAmount("");
  };
  return (
    <form class="device-form" onSubmit={(event) => void correct(event)} data-testid="correct">
      <div class="device-amount">
        <select aria-label={w.clockTitle} value={isFast ? "fast" : "slow"} onChange={(e) => setIsFast(e.currentTarget.value === "fast")}>
          <option value="fast">{w.isFast}</option>
          <option value="slow">{w.isSlow}</option>
        </select>
        <input
          type="number"
          min="0"
          step="any"
          inputMode="decimal"
          aria-label={w.amount}
          placeholder={w.amount}
          value={amount}
          onInput={(event) => setAmount(event.currentTarget.value)}
        />
        {device.clock && (
          <button type="button" class="text-button" onClick={adopt} data-testid="adopt">
            {w.adopt}
          </button>
        )}
      </div>
      <label class="field">
        {w.ownFrom}
        <input type="datetime-local" step="1" value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
      </label>
      <label class="field">
        {w.ownUntil}
        <input type="datetime-local" step="1" value={until} onInput={(event) => setUntil(event.currentTarget.value)} />
      </label>
      <label class="field">
        {w.reason}
        <input
          type="text"
          maxLength={500}
          placeholder={w.reasonPlaceholder}
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <p class="buttons">
        <button type="submit" class="button" disabled={!isReady} aria-disabled={busy} data-testid="send-correct">
          <IconCheck />
          {busy ? w.correcting : w.correct}
        </button>
      </p>
      <Outcome done={done} failed={failed} />
    </form>
  );
}

function Corrections({ device, seen }: { device: DeviceWhole; seen: () => void }) {
  const { words, times, minuteMs } = useDesk();
  const w = words.devices;
  const { busy, failed, done, act } = useDeed(device.device, seen);
  const moment = (at: string): string => times.moment(Date.parse(at), minuteMs);
  const takeBack = ({ from, until }: Correction): void => {
    const body = { offset_ms: 0, from, ...(until === null ? {} : { until }), reason: w.takeBackReason };
    void act("POST", "clock-corrections", body, w.correctedDone);
  };
  return (
    <>
      <h4>{w.corrections}</h4>
      <ul class="device-periods" data-testid="corrections">
        {device.corrections.map((each) => (
          <li key={each.at + each.from}>
            <span>
              {each.offset_ms === 0 ? w.takenBack : signed(each.offset_ms, w.span)}{" "}
              <span class="quiet small">
                {w.since(moment(each.from))}
                {each.until !== null && ` · ${w.until(moment(each.until))}`} · {each.reason} · {personOf(each.by, words)}{" "}
                {moment(each.at)}
              </span>
            </span>
            {each.offset_ms !== 0 && (
              <button type="button" class="text-button" aria-disabled={busy} onClick={() => takeBack(each)}>
                {w.takeBack}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Outcome done={done} failed={failed} />
    </>
  );
}
