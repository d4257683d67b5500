// The address of a person changes while they talk.

import assert from "node:assert/strict";

import { figure, quantile } from "./figures.mjs";
import { silence, standstill } from "./meter.mjs";
import { printTrace } from "./trace.mjs";
import { bothGoodInTheEnd, goodAgain } from "./visit.mjs";

/**
 * How long the other network is there before the one in use goes. A phone keeps its mobile network
 * beside wifi. Where it comes up only then, Chromium on Linux knows nothing of it for 2 s more.
 */
const KNOWN_MS = 3_000;
const NEW_MS = 300;

/** How long a change may take before it counts as an end. */
const PATIENCE_MS = 20_000;

/** The longest time in s without something, or infinity when it is still missing at the end. */
function gap(rows, measure) {
  const last = rows.filter((row) => row.at >= rows.at(-1).at - 1_000);
  return measure(last) > 800 ? Number.POSITIVE_INFINITY : measure(rows) / 1_000;
}

/** Does something to the network a few times; the gaps in s that the two people had each time. */
async function gaps(on, times, act) {
  const found = { patient: [], doctor: [] };
  for (let n = 0; n < times; n += 1) {
    await bothGoodInTheEnd(on);
    const from = await act();
    // A browser that notices nothing at first still hears what is on its way.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await Promise.all([on.patientMeter, on.doctorMeter].map((m) => goodAgain(m, from, PATIENCE_MS)));
    for (const who of ["patient", "doctor"]) {
      const rows = await on[`${who}Meter`].since(from);
      found[who].push({ heard: gap(rows, silence), seen: gap(rows, standstill) });
    }
    await printTrace(on.patientPage, from);
  }
  return found;
}

function judge(scenario, what, found, target_s) {
  for (const [who, list] of Object.entries(found)) {
    const heard = list.map((one) => one.heard);
    const seen = list.map((one) => one.seen);
    figure(scenario.name, `${what}: silence at the ${who}, p95 of ${list.length}`, quantile(heard, 0.95), "s", target_s);
    figure(scenario.name, `${what}: silence at the ${who}, median`, quantile(heard, 0.5), "s");
    console.log(`       each: ${heard.map((one) => one.toFixed(2)).join(" ")}`);
    figure(scenario.name, `${what}: no picture at the ${who}, median`, quantile(seen, 0.5), "s");
  }
}

function allBack(found) {
  for (const [who, list] of Object.entries(found))
    for (const [what, count] of [["hear", "heard"], ["see", "seen"]])
      assert.ok(list.every((one) => Number.isFinite(one[count])), `the ${who} did not ${what} again`);
}

/** Steps in a running visit. */
export function changes(scenario, on, times) {
  scenario.step(
    `the patient changes between wifi and mobile ${times} times`,
    async () => {
      on.changed = await gaps(on, times, () => on.network.change("patient", KNOWN_MS));
      judge(scenario, "network change", on.changed, 1.5);
    },
    () => allBack(on.changed),
  );
  scenario.step(
    `the patient finds another network only when the first one goes, ${times} times`,
    async () => {
      on.found = await gaps(on, times, () => on.network.change("patient", NEW_MS));
      judge(scenario, "new network", on.found, 1.5);
    },
    () => allBack(on.found),
  );
  scenario.step(
    `the router forgets its translations ${times} times`,
    async () => {
      on.rebound = await gaps(on, times, () => on.network.rebind("patient"));
      judge(scenario, "NAT rebind", on.rebound, 0.5);
    },
    () => allBack(on.rebound),
  );
}
