// Makes a link for the customer on request: it works for whoever has it, so it is not made before somebody wants it.

import { useState } from "preact/hooks";
import type { CustomerLink } from "../shared/contract.ts";
import { IconLink } from "../shared/icons.tsx";
import type { Times } from "../shared/times.ts";
import type { Words } from "./words.ts";

export function CustomerLinkMaker({
  path,
  token,
  words,
  times,
}: {
  path: string;
  token: string;
  words: Words;
  times: Times;
}) {
  const [link, setLink] = useState<CustomerLink | "asking" | "failed" | null>(null);
  const [copied, setCopied] = useState(false);
  const ask = async (): Promise<void> => {
    setLink("asking");
    setCopied(false);
    try {
      const answer = await fetch(`${path}/links`, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
      setLink(answer.ok ? ((await answer.json()) as CustomerLink) : "failed");
    } catch {
      setLink("failed");
    }
  };
  const copy = async (url: string): Promise<void> => {
    await navigator.clipboard.writeText(url);
    setCopied(true);
  };
  if (link === null || link === "asking" || link === "failed") {
    return (
      <p class="link-maker">
        <button type="button" class="button" disabled={link === "asking"} onClick={() => void ask()}>
          <IconLink />
          {words.makeLink}
        </button>
        {link === "failed" && (
          <span class="trouble" role="alert">
            {words.linkFailed}
          </span>
        )}
      </p>
    );
  }
  const expiresMs = Date.parse(link.expires_at);
  return (
    <p class="link-maker">
      <a class="button" href={link.url} target="_blank" rel="noopener" data-testid="customer-link">
        <IconLink />
        {words.openLink}
      </a>
      <button type="button" class="text-button" onClick={() => void copy(link.url)}>
        {copied ? words.copied : words.copyLink}
      </button>
      {/* A link ends by the wall's clock, whatever the cell's says. */}
      <span class="quiet small">{words.linkUntil(times.moment(expiresMs, Date.now()))}</span>
    </p>
  );
}
