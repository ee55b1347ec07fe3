// The steps of a visit as a list: what has happened, what is happening, what is still ahead.

import type { Progress, Status } from "../shared/contract.ts";
import type { Times } from "../shared/times.ts";
import type { Ahead, Words } from "./words.ts";

export interface StepLine {
  key: string;
  status: Status;
  label: string;
  state: "done" | "now" | "ahead";
  /** A clock time, with the day where it is another; an expected time is said to be one. */
  time: string | null;
}

const AHEAD: readonly Ahead[] = ["on_the_way", "arrived", "in_service", "finished"];

/** How far along a status is; what ranks higher is still to come. */
const RANK: Record<Status, number> = {
  scheduled: 0,
  rescheduled: 0,
  on_the_way: 1,
  nearby: 1,
  missed: 1,
  at_compound: 2,
  arrived: 3,
  no_access: 3,
  in_service: 4,
  stepped_out: 4,
  finished: 5,
  cancelled: 5,
};

export function stepLines(
  progress: Progress,
  etaClock: string | null,
  nowMs: number,
  times: Times,
  words: Words,
): StepLine[] {
  const over = progress.over || progress.ended;
  const taken = withoutRepeats(progress);
  const lines = taken.map((step, i): StepLine => {
    const current = i === taken.length - 1 && !over;
    return {
      key: `${step.status} ${step.at}`,
      status: step.status,
      label: words.step[step.status],
      state: current ? "now" : "done",
      time: times.moment(Date.parse(step.at), nowMs),
    };
  });
  if (over) return lines;
  const ahead = AHEAD.filter((status) => RANK[status] > RANK[progress.status]);
  return lines.concat(
    ahead.map((status) => ({
      key: status,
      status,
      label: words.ahead[status],
      state: "ahead" as const,
      time: status === "arrived" ? etaClock : null,
    })),
  );
}

/** The steps taken; a status that follows itself is one step, at its latest time. */
function withoutRepeats(progress: Progress): Progress["steps"] {
  const steps = progress.steps.length > 0 ? progress.steps : [{ status: progress.status, at: progress.status_at }];
  return steps.filter((step, i) => steps[i + 1]?.status !== step.status);
}
