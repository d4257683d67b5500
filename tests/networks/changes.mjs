// The address of a person changes while they talk.

import assert from "node:assert/strict";

import { figure, quantile } from "./figures.mjs";
import { silence } from "./meter.mjs";
import { bothGood, goodAgain } from "./visit.mjs";

/** How long a change may take before it counts as an end. */
const PATIENCE_MS = 20_000;

/** Does something to the network a few times; the longest silences in s that the two people heard. */
async function gaps(on, times, act) {
  const heard = { patient: [], doctor: [] };
  for (let n = 0; n < times; n += 1) {
    await bothGood(on);
    const from = await act();
    // A browser that notices nothing at first still hears what is on its way.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const back = await Promise.all([on.patientMeter, on.doctorMeter].map((m) => goodAgain(m, from, PATIENCE_MS)));
    for (const [n, who] of ["patient", "doctor"].entries()) {
      const rows = await on[`${who}Meter`].since(from);
      heard[who].push(Number.isFinite(back[n]) ? silence(rows) / 1_000 : Number.POSITIVE_INFINITY);
    }
  }
  return heard;
}

function judge(scenario, what, heard, target_s) {
  for (const [who, list] of Object.entries(heard)) {
    figure(scenario.name, `${what}: silence at the ${who}, p95 of ${list.length}`, quantile(list, 0.95), "s", target_s);
    figure(scenario.name, `${what}: silence at the ${who}, median`, quantile(list, 0.5), "s");
  }
}

function heardAgain(heard) {
  for (const [who, list] of Object.entries(heard))
    assert.ok(list.every(Number.isFinite), `the ${who} did not hear again: ${list}`);
}

/** Steps in a running visit. */
export function changes(scenario, on, times) {
  scenario.step(
    `the patient changes between wifi and mobile ${times} times`,
    async () => {
      on.changed = await gaps(on, times, () => on.network.change("patient"));
      judge(scenario, "network change", on.changed, 1.5);
    },
    () => heardAgain(on.changed),
  );
  scenario.step(
    `the router forgets its translations ${times} times`,
    async () => {
      on.rebound = await gaps(on, times, () => on.network.rebind("patient"));
      judge(scenario, "NAT rebind", on.rebound, 0.5);
    },
    () => heardAgain(on.rebound),
  );
}
