// With which name somebody signs decisions: remembered on this device, because the token does not say who holds it.

const KEY = "doorstep.signature";

export function signature(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

export function keepSignature(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Nothing may be stored: it is asked for again.
  }
}
