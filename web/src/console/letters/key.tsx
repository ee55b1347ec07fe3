// Entering the key of a device that encrypts: what was sealed can be read again at once.

import { useState } from "preact/hooks";
import { newKey, send } from "../ask.ts";
import { useDesk } from "../desk.ts";
import { Outcome } from "../devices/outcome.tsx";
import { sealedBy } from "./told.ts";

/** Bytes of UTF-8 that a key may have. */
const MOST = 32;

export function KeyForm({ topic }: { topic: string }) {
  const { token, words } = useDesk();
  const w = words.letters;
  const [device, setDevice] = useState(sealedBy(topic));
  const [secret, setSecret] = useState("");
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<string | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const isTooLong = new TextEncoder().encode(secret).length > MOST;
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setDone(null);
    setFailed(null);
    try {
      await send("PUT", token, `/v1/devices/${encodeURIComponent(device.trim())}/key`, { secret }, newKey());
      setSecret("");
      setDone(w.keySaved);
    } catch {
      setFailed(w.failed);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="letter-why letter-key" onSubmit={(event) => void save(event)} data-testid="key">
      <label class="field">
        <span>{w.keyDevice}</span>
        <input class="search" type="text" maxLength={128} value={device} onInput={(event) => setDevice(event.currentTarget.value)} />
      </label>
      <label class="field">
        <span>{w.key}</span>
        <input
          class="search"
          type="password"
          autocomplete="off"
          value={secret}
          aria-invalid={isTooLong}
          onInput={(event) => setSecret(event.currentTarget.value)}
        />
        <span class={isTooLong ? "device-wrong small" : "quiet small"}>{isTooLong ? w.keyTooLong : w.keyHint}</span>
      </label>
      <div class="buttons">
        <button type="submit" class="button button-quiet" disabled={busy || isTooLong || !secret || !device.trim()}>
          {w.keySave}
        </button>
      </div>
      <Outcome done={done} failed={failed} />
    </form>
  );
}
