// The page's one live connection: what it brings becomes happenings of the page's state.

import type { Progress } from "../shared/contract.ts";
import { listen } from "../shared/line.ts";
import type { Happening } from "./state.ts";

const GONE = 410;

/** Follow a visit until the returned function is called, its link is over, or the visit has ended. */
export function follow(url: string, tell: (happening: Happening) => void): () => void {
  let ended = false;
  return listen(url, {
    message: (message) => {
      if (message.event !== "progress") return;
      const progress = JSON.parse(message.data) as Progress;
      ended = progress.ended;
      tell({ what: "progress", progress, heardMs: Date.now() });
    },
    connection: (connection) => tell({ what: "connection", connection }),
    refused: (status) => tell({ what: "gone", why: status === GONE ? "expired" : "invalid" }),
    isOver: () => {
      if (ended) tell({ what: "connection", connection: "closed" });
      return ended;
    },
  });
}
