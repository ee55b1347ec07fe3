// Doing one thing to a device: sent once, a repeat under the same key, and shown when the page can show what became of it.

import { useRef, useState } from "preact/hooks";
import { getJson, newKey, Refused, send } from "../ask.ts";
import { useDesk } from "../desk.ts";
import type { Written } from "./contract.ts";

export interface Deed {
  busy: boolean;
  /** What to tell a person who was refused; null: nothing. */
  failed: string | null;
  /** Whether it was done. `done`: what to say then. */
  act: (method: "POST" | "PUT", path: string, body: unknown, done: string) => Promise<boolean>;
  /** What was done last, in words. */
  done: string | null;
}

/** `seen`: called when what was done can be read. */
export function useDeed(device: string, seen: () => void): Deed {
  const { token, words } = useDesk();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const underWay = useRef(false);
  const last = useRef<{ deed: string; key: string } | null>(null);
  const act: Deed["act"] = async (method, path, body, said) => {
    if (underWay.current) return false; // a second click comes before anything is drawn again
    underWay.current = true;
    setBusy(true);
    setFailed(null);
    setDone(null);
    const deed = `${method} ${path} ${JSON.stringify(body)}`;
    if (last.current?.deed !== deed) last.current = { deed, key: newKey() };
    const base = `/v1/devices/${encodeURIComponent(device)}`;
    try {
      const written = await send<Written>(method, token, `${base}/${path}`, body, last.current.key);
      last.current = null;
      // The projection follows within moments; where it does not, the next look finds it.
      await getJson(token, `${base}?min_position=${written.position}`).catch(() => null);
      setDone(said);
      seen();
      return true;
    } catch (error) {
      const code = error instanceof Refused ? error.code : null;
      if (code !== null) last.current = null;
      setFailed(words.devices.refused[code ?? ""] ?? words.devices.failed);
      return false;
    } finally {
      underWay.current = false;
      setBusy(false);
    }
  };
  return { busy, failed, done, act };
}
