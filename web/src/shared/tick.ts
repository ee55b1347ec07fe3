// Draws a component again and again, because time passes.

import { useEffect, useState } from "preact/hooks";

/** Every `everyMs`; not at all where that is null. */
export function useTick(everyMs: number | null): void {
  const [, setCount] = useState(0);
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => setCount((count) => count + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}
