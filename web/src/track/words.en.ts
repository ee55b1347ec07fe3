// The texts of the customer's page in English.

import type { Status } from "../shared/contract.ts";
import type { Words } from "./words.ts";

const HEADLINE: Record<Status, (who: string) => string> = {
  scheduled: (who) => `${who} will come as agreed`,
  rescheduled: () => "The time of your visit has changed",
  on_the_way: (who) => `${who} is on the way to you`,
  nearby: (who) => `${who} is almost there`,
  at_compound: (who) => `${who} has reached your compound`,
  arrived: (who) => `${who} has arrived`,
  in_service: () => "Your service is under way",
  stepped_out: (who) => `${who} has stepped out for a moment`,
  finished: () => "Your service is finished",
  missed: () => "We are checking on your visit",
  no_access: (who) => `${who} is waiting at your door`,
  cancelled: () => "This visit was cancelled",
};

const CHIP: Record<Status, string> = {
  scheduled: "Scheduled",
  rescheduled: "Rescheduled",
  on_the_way: "On the way",
  nearby: "Nearby",
  at_compound: "At the compound",
  arrived: "Arrived",
  in_service: "In service",
  stepped_out: "Stepped out",
  finished: "Finished",
  missed: "Being checked",
  no_access: "At your door",
  cancelled: "Cancelled",
};

export const en: Words = {
  otherLanguage: "中文",
  otherLanguageLabel: "切换到中文",
  someone: "Your housekeeper",
  brandLabel: "Progress of your visit",

  chip: CHIP,
  step: {
    scheduled: "Booked",
    rescheduled: "Rescheduled",
    on_the_way: "Set out",
    nearby: "Nearby",
    at_compound: "Reached the compound",
    arrived: "Arrived",
    in_service: "Service began",
    stepped_out: "Stepped out",
    finished: "Finished",
    missed: "Being checked",
    no_access: "Waiting at the door",
    cancelled: "Cancelled",
  },
  ahead: { on_the_way: "Setting out", arrived: "Arrival", in_service: "Service", finished: "Finish" },
  stepState: { done: "done", now: "now", ahead: "ahead" },
  stepsTitle: "Progress",

  headline: (status, who) => HEADLINE[status](who),
  headlineNobodyYet: "We are finding the right person for you",
  headlineOverdue: "We are checking on your visit",
  headlineNotMet: "We could not meet you this time",
  scheduled: (who) => `Once ${who} sets out, the position and the estimated arrival appear here.`,
  nobodyYet: "The name will appear here. The agreed time stays the same.",
  overdue: "The agreed time has come and we have no word of the departure yet. We are checking for you.",
  rescheduled: (who) =>
    `The new time is below. Once ${who} sets out, the position and the estimated arrival appear here.`,
  setOut: (clock) => `Set out at ${clock}`,
  nearby: "Please listen for the doorbell.",
  atCompound: "At your door in a moment. Please listen for the doorbell.",
  arrived: (clock) => `Arrived at ${clock}`,
  inService: (clock) => `Began at ${clock}`,
  steppedOut: (clock) => `Left at ${clock}. The service goes on afterwards.`,
  missed: "The agreed time is over and we have no word of the arrival yet. We are checking for you.",
  noAccess: "Please listen for the doorbell or your phone.",
  notMet: (who, clock) =>
    `${who} came at ${clock}, waited and left. To arrange a new time, please contact your service company.`,
  finished: "Thank you for your trust.",
  cancelled: "To arrange a new time, please contact your service company.",

  etaLabel: "Estimated arrival",
  about: (duration) => `in about ${duration}`,
  anyMinute: "any minute now",
  anyTime: "could arrive at any time",
  between: (span) => `between ${span}`,
  atLatest: (clock) => `by about ${clock}`,
  estimateTag: "Estimate",
  estimateHow: "from straight distance and recent speed",
  beyond: (duration) => `May be about ${duration} later than agreed. We are sorry for the wait.`,
  promised: "Agreed time",
  zone: (name) => name,

  served: (done, planned) => `${done} done · ${planned} planned`,
  endsAbout: (clock) => `ends around ${clock}`,
  progressLabel: "Progress of the service",

  mapTitle: "Position",
  mapLabel: (who) => `Map: your home and the position of ${who}`,
  markerLabel: (who) => `Position of ${who}`,
  homeLabel: "Your home",
  recentre: "Show both",
  twoFingers: "Use two fingers to move the map",
  ctrlScroll: "Hold Ctrl and scroll to zoom the map",
  noMap: "This device cannot show the map. Here are direction and distance instead.",
  mapLoading: "Loading the map",
  distance: (who, distance, direction) => `${who} is about ${distance} ${direction} of your home (straight line)`,
  atYourDoor: (who) => `${who} is right by your home`,
  directions: ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"],
  updatedNow: "updated just now",
  updated: (ago) => `updated ${ago} ago`,

  stale: (ago) => `Position updated ${ago} ago. Waiting for a new one.`,
  withheld: {
    not_on_the_way: "The position appears after departure.",
    near_other_site:
      "Passing near other homes: the position is hidden for their privacy. The estimated arrival keeps being updated.",
    no_fix: "Waiting for the first position.",
  },
  privacy: "The position is shown only on the way to you, and no longer once you have been reached.",

  summaryTitle: "Your visit",
  summary: { arrived: "Arrived", began: "Began", finished: "Finished", duration: "Duration", promised: "Agreed time" },
  detailsTitle: "Your booking",
  details: { service: "Service", place: "Place", planned: "Planned duration" },

  connection: {
    connecting: "Connecting",
    live: "Live",
    reconnecting: "Reconnecting",
    offline: "No network",
    closed: "Ended",
  },
  shownAsOf: (clock) => `Showing how things stood at ${clock}. It updates by itself once the connection is back.`,
  demoClock: (rate, clock) => `Demo time ×${rate} · ${clock}`,
  replayClock: (clock) => `Replay time · ${clock}`,

  loading: "Opening",
  expiredTitle: "This link has expired",
  expired: "To protect privacy, links work for a limited time. Please ask your service company for a new one.",
  invalidTitle: "This link cannot be opened",
  invalid:
    "It may not have been copied completely. Please open it again from the message, or ask your service company for a new one.",

  duration: (seconds) => {
    const minutes = Math.max(1, Math.round(seconds / 60));
    if (minutes < 60) return `${minutes} min`;
    const rest = minutes % 60;
    return `${Math.floor(minutes / 60)} h${rest ? ` ${rest} min` : ""}`;
  },
  metres: (m) =>
    m < 950 ? `${Math.max(10, Math.round(m / 10) * 10)} m` : `${Number((m / 1000).toFixed(m < 9950 ? 1 : 0))} km`,
  title: (status, who, etaClock) => (etaClock ? `${etaClock} · ${who}` : `${CHIP[status]} · ${who}`),
};
