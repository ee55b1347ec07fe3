// How a device is read: its dialect and topic, zone, coordinates, and where a tracker's payload keeps what.

import { useState } from "preact/hooks";
import { IconCheck } from "../../shared/icons.tsx";
import { usePolled } from "../ask.ts";
import { useDesk } from "../desk.ts";
import type { Crs, DeviceWhole, Dialects } from "./contract.ts";
import { useDeed } from "./deed.ts";
import { Outcome } from "./outcome.tsx";
import { fieldsOf } from "./told.ts";

const CRS: Crs[] = ["wgs84", "gcj02", "bd09"];

export function SettingsPart({ device, seen }: { device: DeviceWhole; seen: () => void }) {
  const { words } = useDesk();
  const w = words.devices;
  const { dialect, zone, crs, model, topic } = device.settings;
  const said = [dialect, model, topic, zone, crs && w.crsName[crs]].filter(Boolean);
  return (
    <section class="card device-part" aria-label={w.settingsTitle} data-testid="settings-part">
      <h3>{w.settingsTitle}</h3>
      <details class="device-more">
        <summary>{said.length > 0 ? said.join(" · ") : w.byTopic}</summary>
        <SettingsForm key={JSON.stringify(device.settings)} device={device} seen={seen} />
      </details>
    </section>
  );
}

function SettingsForm({ device, seen }: { device: DeviceWhole; seen: () => void }) {
  const { token, words } = useDesk();
  const w = words.devices;
  const { settings } = device;
  const { busy, failed, done, act } = useDeed(device.device, seen);
  const { value: known } = usePolled<Dialects>("/v1/dialects", token, { everyMs: null });
  const [dialect, setDialect] = useState(settings.dialect ?? "");
  const [topic, setTopic] = useState(settings.topic ?? "");
  const [zone, setZone] = useState(settings.zone ?? "");
  const [crs, setCrs] = useState<string>(settings.crs ?? "");
  const [model, setModel] = useState(settings.model ?? "");
  const [fields, setFields] = useState(
    Object.entries(settings.fields)
      .map(([name, path]) => `${name} = ${path}`)
      .join("\n"),
  );
  const read = fieldsOf(fields);
  const wrongLine = typeof read === "number" ? read : null;
  const save = (event: Event): void => {
    event.preventDefault();
    if (wrongLine !== null) return;
    const given = { dialect, topic: topic.trim(), zone: zone.trim(), crs, model };
    const body = { ...Object.fromEntries(Object.entries(given).filter(([, value]) => value)), fields: read };
    void act("PUT", "settings", body, w.saved);
  };
  const dialects = withOwn(known?.dialects ?? [], settings.dialect);
  const models = known?.models ?? [];
  return (
    <form class="device-form" onSubmit={save} data-testid="settings">
      <p class="quiet small">{w.settingsHint}</p>
      <label class="field">
        {w.dialect}
        <select value={dialect} onChange={(event) => setDialect(event.currentTarget.value)}>
          <option value="">{w.byTopic}</option>
          {dialects.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        {w.topic}
        <input type="text" maxLength={500} spellcheck={false} autocapitalize="off" value={topic} onInput={(event) => setTopic(event.currentTarget.value)} />
        <span class="quiet small">{w.topicHint}</span>
      </label>
      <label class="field">
        {w.crs}
        <select value={crs} onChange={(event) => setCrs(event.currentTarget.value)}>
          <option value="">{w.crsAsSaid}</option>
          {CRS.map((each) => (
            <option key={each} value={each}>
              {w.crsName[each]}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        {w.zone}
        <input type="text" list="zones" maxLength={64} spellcheck={false} autocapitalize="off" value={zone} onInput={(event) => setZone(event.currentTarget.value)} />
        <datalist id="zones">
          {zones().map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        <span class="quiet small">{w.zoneHint}</span>
      </label>
      <label class="field">
        {w.model}
        <select value={model} onChange={(event) => setModel(event.currentTarget.value)}>
          <option value="">{w.noModel}</option>
          {settings.model && !models.some((each) => each.model === settings.model) && (
            <option value={settings.model}>{settings.model}</option>
          )}
          {models.map((each) => (
            <option key={each.model} value={each.model}>
              {each.title}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        {w.fields}
        <textarea
          rows={3}
          spellcheck={false}
          autocapitalize="off"
          aria-invalid={wrongLine !== null}
          value={fields}
          onInput={(event) => setFields(event.currentTarget.value)}
        />
        <span class={wrongLine === null ? "quiet small" : "small device-wrong"}>
          {wrongLine === null ? w.fieldsHint : w.fieldsWrong(wrongLine)}
        </span>
      </label>
      <p class="buttons">
        <button type="submit" class="button" disabled={wrongLine !== null} aria-disabled={busy} data-testid="send-settings">
          <IconCheck />
          {busy ? w.saving : w.save}
        </button>
      </p>
      <Outcome done={done} failed={failed} />
    </form>
  );
}

/** What is set stays choosable, also where this program no longer knows it. */
function withOwn(names: readonly string[], own: string | null): string[] {
  return own === null || names.includes(own) ? [...names] : [...names, own];
}

function zones(): string[] {
  return typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : [];
}
