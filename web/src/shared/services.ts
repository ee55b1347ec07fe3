// Names of the usual kinds of service, found by code or by Chinese name. Others are shown as the company wrote them.

import type { Language } from "./language.ts";

/** Code, Chinese, English. */
const SERVICES: readonly [string, string, string][] = [
  ["cleaning", "日常保洁", "Cleaning"],
  ["deep_cleaning", "深度保洁", "Deep cleaning"],
  ["window_cleaning", "擦窗", "Window cleaning"],
  ["cooking", "做饭", "Cooking"],
  ["laundry", "洗衣熨烫", "Laundry and ironing"],
  ["childcare", "育儿照护", "Childcare"],
  ["elder_care", "老人照护", "Elder care"],
  ["maternity_care", "母婴护理", "Mother and baby care"],
  ["accompanying", "陪诊", "Accompanying a patient"],
  ["shopping", "代购", "Shopping"],
  ["replay", "回放", "Replay"],
];

export function serviceName(service: string, language: Language): string {
  const code = service.toLowerCase().replace(/[\s-]+/g, "_");
  const found = SERVICES.find(([known, chinese]) => known === code || chinese === service);
  if (!found) return service;
  return language === "en" ? found[2] : found[1];
}
