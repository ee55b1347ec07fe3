// Sizes and bytes as people read them. Pure.

/** Bytes of a row: as many as fit on a phone. */
const ROW = 8;
/** Bytes that are shown; a person looks for how it begins. */
const MOST = 512;

/** 412 B, 1.2 kB, 3.4 MB. */
export function sizeOf(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const unit = bytes < 1_000_000 ? "kB" : bytes < 1_000_000_000 ? "MB" : "GB";
  const amount = bytes / { kB: 1e3, MB: 1e6, GB: 1e9 }[unit];
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
}

/** Lines of offset, bytes in hex, and the same as ASCII where it is any. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, MOST); at += ROW) {
    const row = [...bytes.subarray(at, at + ROW)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${hex.padEnd(3 * ROW - 1)}  ${text}`);
  }
  if (bytes.length > MOST) lines.push("…");
  return lines.join("\n");
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** The device that an OwnTracks topic names, where it needs no other spelling; else nobody knows: empty. */
export function sealedBy(topic: string): string {
  const found = /^owntracks\/([A-Za-z0-9_-]+)\/([A-Za-z0-9_-]+)(\/|$)/.exec(topic);
  return found ? `${found[1]}.${found[2]}` : "";
}
