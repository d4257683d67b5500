// Runs one scenario; its server's address is in BASE_URL.

import { killAll } from "../durability/server.mjs";
import { runAll } from "../lib/steps.mjs";
import { browsers } from "./browsers.mjs";
import { full, slow } from "./disks.mjs";
import { kills } from "./kills.mjs";
import { store } from "./store.mjs";

process.once("exit", killAll);
await runAll([
  { id: "kills", make: kills },
  { id: "full", make: full },
  { id: "slow", make: slow },
  { id: "store", make: store },
  { id: "browsers", make: browsers },
]);
