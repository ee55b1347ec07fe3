// Whether somebody should look at the dead letters, for the mark on their entry in the navigation.

import { usePolled } from "../ask.ts";
import type { GroupList } from "./contract.ts";

/** They fill up over days. */
const EVERY_MS = 60_000;

export function useLettersWarn(token: string): boolean {
  const { value } = usePolled<GroupList>("/v1/dead-letters/groups", token, { everyMs: EVERY_MS });
  return value?.fill.warns ?? false;
}
