// Every text of the console: the Chinese one gives the shape, the English one must have it.

import type { Language } from "../shared/language.ts";
import { devicesEn } from "./devices/words.en.ts";
import { devicesZh } from "./devices/words.zh.ts";
import { lettersEn } from "./letters/words.en.ts";
import { lettersZh } from "./letters/words.zh.ts";
import { alertsEn } from "./words.alerts.en.ts";
import { alertsZh } from "./words.alerts.zh.ts";
import { en } from "./words.en.ts";
import { zh } from "./words.zh.ts";

export type PageWords = typeof zh;
export type AlertWords = typeof alertsZh;
export type DeviceWords = typeof devicesZh;
export type LetterWords = typeof lettersZh;
export type Words = PageWords & { alerts: AlertWords; devices: DeviceWords; letters: LetterWords };

export const WORDS: Record<Language, Words> = {
  "zh-CN": { ...zh, alerts: alertsZh, devices: devicesZh, letters: lettersZh },
  en: { ...en, alerts: alertsEn, devices: devicesEn, letters: lettersEn },
};

/** A word by a code that may be newer than this page: then the code itself. */
export function word(words: Record<string, string>, code: string): string {
  return words[code] ?? code;
}

/** Who decided: whoever gave no name is known by the token's only. */
export function personOf(by: string | null, words: Words): string {
  return by && by !== "staff" ? by : words.alerts.someone;
}
