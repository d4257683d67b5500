// A line that does not carry everybody's picture: whose goes on.

import assert from "node:assert/strict";

import { press, shown } from "../lib/pages.mjs";
import { until } from "../lib/wait.mjs";
import { figure } from "./figures.mjs";
import { bothGood, bringGuest } from "./visit.mjs";

/** Rates that are tried one after the other, in kbit/s, and for how long. */
const RATES_KBPS = [300, 250, 210, 180, 150];
const EACH_S = 14;
const LOOK_S = 2;

/** Pictures that a page has decoded of each person, by the tile that shows them. */
async function decoded(page) {
  return page.evaluate(async () => {
    const frames = {};
    const rows = [];
    for (const connection of window.keptConnections)
      if (connection.connectionState !== "closed") rows.push(...(await connection.getStats()).values());
    for (const who of ["clinician", "guest"]) {
      const mid = document.querySelector(`[data-testid="tile-${who}"] video[data-slot]`)?.dataset.slot;
      frames[who] = rows.find((row) => row.type === "inbound-rtp" && row.mid === mid)?.framesDecoded ?? 0;
    }
    return frames;
  });
}

/** Pictures a second of each. */
async function rates(page) {
  const before = await decoded(page);
  await new Promise((resolve) => setTimeout(resolve, LOOK_S * 1_000));
  const after = await decoded(page);
  return Object.fromEntries(Object.keys(after).map((who) => [who, (after[who] - before[who]) / LOOK_S]));
}

/** Steps in a running visit of two. */
export function order(scenario, on) {
  scenario.step("a guest is there, and the patient sees both", async () => {
    await bothGood(on);
    await bringGuest(scenario, on);
    await shown(on.doctorPage, "admit-0");
    await press(on.doctorPage, "admit-0");
    await until("both pictures", async () => {
      const now = await rates(on.patientPage);
      return now.clinician > 8 && now.guest > 8;
    });
  });
  scenario.step("on a narrow line the patient goes on seeing the doctor, and less of the guest", async () => {
    let thin = null;
    let found = null;
    for (const rate_kbps of RATES_KBPS) {
      await on.network.shape("patient", { down: { rate_kbps, queue_ms: 400 } });
      const end = Date.now() + EACH_S * 1_000;
      while (Date.now() < end && !found) {
        const now = await rates(on.patientPage);
        console.log(`       ${rate_kbps} kbit/s: doctor ${now.clinician}, guest ${now.guest} pictures a second`);
        // Some pictures of a camera, but not all: a temporal layer was dropped.
        if (now.guest > 1 && now.guest < 7 && now.clinician > 8) thin ??= now.guest;
        if (now.guest === 0 && now.clinician > 8) found = { rate_kbps, ...now };
      }
      if (found) break;
    }
    await on.network.shape("patient");
    assert.ok(found, "the guest's picture never gave way");
    figure(scenario.name, "narrow line: pictures of the doctor while the guest's rest", found.clinician, "1/s");
    figure(scenario.name, "narrow line: rate at which that was so", found.rate_kbps, "kbit/s");
    if (thin !== null) figure(scenario.name, "narrow line: pictures of the guest before that", thin, "1/s");
  });
  scenario.step("without the limit the patient sees both again", async () => {
    await until("both pictures", async () => {
      const now = await rates(on.patientPage);
      return now.clinician > 8 && now.guest > 8;
    });
    await on.guestBrowser.close();
  });
}
