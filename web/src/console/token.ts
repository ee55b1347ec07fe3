// The staff token: comes in the address's fragment, which no server sees, and is kept for this tab only.

const KEY = "doorstep.staff";

/** The token of this tab. One in the fragment is kept and taken out of the address, so that it stays out of histories. */
export function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get("token");
  if (token) {
    keepToken(token);
    given.delete("token");
    const rest = given.toString();
    history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
    return token;
  }
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function keepToken(token: string | null): void {
  try {
    if (token === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
  } catch {
    // Nothing may be stored: the token lasts as long as the page.
  }
}
