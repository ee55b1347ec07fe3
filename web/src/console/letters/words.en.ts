// The texts of the dead letters in English: what each reason means, and what a person can do.

import type { lettersZh } from "./words.zh.ts";

const letters = (count: number): string => (count === 1 ? "1 letter" : `${count} letters`);

export const lettersEn: typeof lettersZh = {
  title: "Dead letters",
  intro: "Messages that could not be read are kept here with their bytes. Once the cause is mended they can be read again; nothing is lost.",
  stateLabel: "State",
  state: { open: "Open", resolved: "Read", dropped: "Dropped", expired: "Given up" },
  none: {
    open: "No dead letters: everything that came could be read.",
    resolved: "None was read again.",
    dropped: "None was dropped.",
    expired: "None was given up for lack of room.",
  },
  choose: "Choose a reason to see what it means and what can be done.",
  back: "All dead letters",
  backToGroup: "Back to the list",
  notFound: "There is no such letter; perhaps it was closed long ago.",
  emptyGroup: "There are no more letters of this kind.",
  letters,
  came: (times) => (times === 1 ? "came once" : `came ${times} times`),
  newest: (ago) => `newest ${ago}`,
  example: "For example",
  more: "Show more",
  tooMany: "Only the latest 500 are shown; all of a reason can be read again or dropped at once.",
  warns: (percent) =>
    `Dead letters are at ${percent}% of what is kept. Look at them soon: beyond it the oldest are given up, and their bytes are gone.`,
  fill: (count, size, most, days, daysMost) =>
    `${letters(count)} open, taking ${size} of ${most}; the oldest kept for ${days} of ${daysMost} days.`,
  mark: "nearly full",
  whatToDo: "What to do",
  code: "Code",
  retry: "Read again",
  retryAll: (count) => (count === 1 ? "Read it again" : `Read all ${count} again`),
  retrying: "Reading…",
  drop: "Drop",
  dropAll: (count) => (count === 1 ? "Drop it" : `Drop all ${count}`),
  dropping: "Dropping…",
  why: "Why nobody needs it",
  whyHint: "It is kept with the letter, for whoever asks later.",
  keyDevice: "Device",
  key: "Encryption key",
  keyHint: "The same as in the phone's app; it is not shown again.",
  keyTooLong: "A key has at most 32 bytes.",
  keySave: "Save the key",
  keySaved: "The key is saved; read again now.",
  dropNow: "Drop",
  keep: "Keep",
  retried: (stored, unreadable, left) =>
    [
      stored > 0 ? `${letters(stored)} could be read and ${stored === 1 ? "is" : "are"} stored.` : "",
      unreadable > 0 ? `${letters(unreadable)} still cannot be read.` : "",
      left > 0 ? `There was no time for ${left} more: press again.` : "",
    ]
      .filter(Boolean)
      .join(" ") || "There was nothing to read.",
  dropped: (count) => `${letters(count)} dropped.`,
  failed: "That did not work; try again.",
  refused: {
    conflict: "Somebody is reading letters again right now; try a little later.",
    unavailable: "The database cannot be reached; try a little later.",
  },
  reasonLabel: "Reason",
  detail: "Detail",
  topic: "Topic",
  times: "How often",
  first: "First came",
  last: "Last came",
  size: "Size",
  retained: "Retained",
  yes: "yes",
  closed: "What became of it",
  closedWhy: "Why",
  byDoorstep: { "too old": "given up: it was kept for too long", "too many": "given up: there was no more room" },
  payload: "What was sent",
  payloadText: "As text, the beginning",
  payloadHex: "In hex, the beginning",
  payloadEmpty: "It is empty.",
  payloadGone: "It is gone: this letter was given up.",
  download: "Download all of it",
  reason: {
    unknown_topic: "Nobody knows the topic",
    unknown_dialect: "No such dialect",
    encrypted: "Encrypted, and no key",
    wrong_key: "The key does not fit",
    not_json: "Not JSON",
    not_utf8: "Not UTF-8 text",
    empty: "Empty",
    not_an_object: "Of another form",
    too_deep: "Nested too deeply",
    missing_field: "A field is missing",
    wrong_type: "A field of the wrong type",
    out_of_range: "A value out of range",
    unknown_value: "A value nobody knows",
    bad_time: "A time that cannot be read",
    clock_not_followed: "Somebody else's clock",
    codec_failed: "The reader failed",
    not_storable: "Cannot be stored",
  },
  todo: {
    unknown_topic:
      "The device sends to a topic that is not known here. Open the device on the Devices page and set its topic and dialect, or mend the topic on the device; then read again.",
    unknown_dialect:
      "The device is set to a dialect that this version lacks. Choose another on the Devices page, or install a newer version; then read again.",
    encrypted:
      "The phone's app encrypts, and there is no key for the device. Open a letter and enter the app's encryption key, then read again; or switch encryption off in the app.",
    wrong_key:
      "The key that was entered does not open it. Compare it with the encryption key in the phone's app, open a letter and enter it, then read again.",
    not_json:
      "It is not JSON: often another kind of device, another format, or an upload that was cut off. Look at what was sent; where the device uses another format, choose its dialect on the Devices page.",
    not_utf8: "It is not text: often a device that sends a binary format. Look at what was sent, and choose its dialect on the Devices page.",
    empty: "There is nothing in it: usually left by clearing a retained message. It can be dropped.",
    not_an_object: "It is JSON, but not of the form that this topic has. Look at what was sent, and compare the device's format and dialect.",
    too_deep: "It is nested so deeply that no device is likely to have meant it. Look at what was sent; drop it where nobody needs it.",
    missing_field:
      "A field that is needed is missing (see the detail). Look at the device's settings; where its fields have other names, map them on the Devices page, then read again.",
    wrong_type: "A field is of the wrong type (see the detail). Mend the device's settings or its field map, then read again.",
    out_of_range:
      "A value is impossible, such as a latitude above 90 (see the detail). What was sent wrong stays wrong: mend the device, then drop it.",
    unknown_value: "A value is not known here (see the detail), perhaps of a newer device. Read it again after an upgrade, or drop it.",
    bad_time: "The time cannot be read (see the detail). Check the device's time format and zone; the zone is set on the Devices page. Then read again.",
    clock_not_followed:
      "Somebody sends a clock, and this system has its own. Most likely a recording is played into a live system: stop that, then drop it.",
    codec_failed:
      "This is a fault of the system, not of the device. Keep it, tell whoever runs this system the detail, and read again after an upgrade.",
    not_storable:
      "It could be read and not stored: a fault of the system. Keep it, tell whoever runs this system the detail, and read again after an upgrade.",
  },
  todoOther: "Look at what was sent and at the detail. Once the cause is mended, read again; drop what nobody needs.",
};
