// Which of the two languages the page speaks, and how that is remembered.

export type Language = "zh-CN" | "en";

const KEY = "doorstep.language";

export function parseLanguage(text: string | null | undefined): Language | null {
  if (!text) return null;
  if (/^zh\b/i.test(text)) return "zh-CN";
  if (/^en\b/i.test(text)) return "en";
  return null;
}

/** What the reader chose with the toggle, else what the link belongs to, else what the browser asks for. */
export function pickLanguage(chosen: Language | null, locale: string | null, wanted: readonly string[]): Language {
  if (chosen) return chosen;
  const known = parseLanguage(locale);
  if (known) return known;
  for (const each of wanted) {
    const language = parseLanguage(each);
    if (language) return language;
  }
  return "zh-CN";
}

/** The remembered choice; null where none was made or nothing may be stored. */
export function rememberedLanguage(): Language | null {
  try {
    return parseLanguage(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
}
