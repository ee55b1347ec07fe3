// The logins of a worker's phones, and taking one away: from a phone that was lost, or from one that has a newer login.

import { useState } from "preact/hooks";
import { newKey, post, usePolled } from "../ask.ts";
import { useDesk } from "../desk.ts";
import type { Login } from "./contract.ts";
import type { InviteWords } from "./words.ts";

/** `version`: another after something was made. */
export function Logins({ devices, version, w }: { devices: readonly string[]; version: number; w: InviteWords }) {
  if (devices.length === 0) return null;
  return (
    <details class="logins" data-testid="logins">
      <summary>{w.logins}</summary>
      {devices.map((device) => (
        <OfDevice key={device} {...{ device, version, w }} />
      ))}
    </details>
  );
}

function OfDevice({ device, version, w }: { device: string; version: number; w: InviteWords }) {
  const { token } = useDesk();
  const [revoked, setRevoked] = useState(0);
  const path = `/v1/devices/${encodeURIComponent(device)}/logins`;
  const { value, trouble } = usePolled<{ items: Login[] }>(path, token, {
    everyMs: null,
    version: `${version} ${revoked}`,
  });
  return (
    <section aria-label={device}>
      <h4>{device}</h4>
      {value?.items.length === 0 && <p class="quiet small">{w.noLogins}</p>}
      {trouble && (
        <p class="trouble" role="alert">
          {w.failed}
        </p>
      )}
      <ul>
        {[...(value?.items ?? [])].reverse().map((login) => (
          <Row key={login.login} {...{ login, path, w }} done={() => setRevoked(revoked + 1)} />
        ))}
      </ul>
    </section>
  );
}

function Row({ login, path, w, done }: { login: Login; path: string; w: InviteWords; done: () => void }) {
  const { token, times } = useDesk();
  const [sure, setSure] = useState(false);
  const [failed, setFailed] = useState(false);
  // Logins are made and revoked by the wall's clock, whatever the cell's says.
  const moment = (at: string): string => times.moment(Date.parse(at), Date.now());
  const revoke = async (): Promise<void> => {
    if (!sure) return setSure(true);
    try {
      await post(token, `${path}/${encodeURIComponent(login.login)}/revoke`, {}, newKey());
      done();
    } catch {
      setFailed(true);
    }
    setSure(false);
  };
  return (
    <li class={login.revoked_at ? "quiet" : undefined}>
      <code>{login.login}</code>
      <span class="quiet small">
        {login.revoked_at ? w.revoked(moment(login.revoked_at)) : w.created(moment(login.created_at))}
      </span>
      {failed && (
        <span class="trouble" role="alert">
          {w.failed}
        </span>
      )}
      {!login.revoked_at && (
        <button type="button" class="text-button" onClick={() => void revoke()}>
          {sure ? w.revokeSure : w.revoke}
        </button>
      )}
    </li>
  );
}
