// The browser tests. Arguments choose scenarios.

import { runAll } from "../lib/steps.mjs";
import { abuse } from "./abuse.mjs";
import { assistant } from "./assistant.mjs";
import { calendar } from "./calendar.mjs";
import { captions } from "./captions.mjs";
import { codecs } from "./codecs.mjs";
import { everyPage, keyboard } from "./access.mjs";
import { factors } from "./factors.mjs";
import { log } from "./log.mjs";
import { mediaPlane } from "./media.mjs";
import { medicines } from "./medicines.mjs";
import { messages } from "./messages.mjs";
import { playback } from "./playback.mjs";
import { prescription } from "./prescription.mjs";
import { recording } from "./recording.mjs";
import { records } from "./records.mjs";
import { refusals } from "./refusals.mjs";
import { results } from "./results.mjs";
import { rights } from "./rights.mjs";
import { secrecy } from "./secrecy.mjs";
import { triage } from "./triage.mjs";
import { visit } from "./visit.mjs";

await runAll([
  { id: "visit", make: visit },
  { id: "media", make: mediaPlane },
  { id: "codecs", make: codecs },
  { id: "secrecy", make: secrecy },
  { id: "playback", make: playback },
  { id: "refusals", make: refusals },
  { id: "keyboard", make: keyboard },
  { id: "english", make: () => everyPage("en") },
  { id: "french", make: () => everyPage("fr") },
  { id: "factors", make: factors },
  { id: "prescription", make: prescription },
  { id: "medicines", make: medicines },
  { id: "results", make: results },
  { id: "messages", make: messages },
  { id: "rights", make: rights },
  { id: "recording", make: recording },
  { id: "records", make: records },
  { id: "calendar", make: calendar },
  { id: "triage", make: triage },
  { id: "assistant", make: assistant },
  { id: "captions", make: captions },
  { id: "abuse", make: abuse },
  { id: "log", make: log },
]);
