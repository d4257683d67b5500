// Networks that lose, delay and narrow.

import assert from "node:assert/strict";

import { at } from "../lib/pages.mjs";
import { until } from "../lib/wait.mjs";
import { figure } from "./figures.mjs";
import { concealed, freezes, silence, standstill } from "./meter.mjs";
import { bothGood, bothGoodInTheEnd, goodAgain } from "./visit.mjs";

const LOSSY = { loss: 0.1, delay_ms: 20, jitter_ms: 80 };
const NARROW = { rate_kbps: 100, queue_ms: 400 };

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** How speech leaves a page and arrives there: the codecs in use. */
async function speech(page) {
  return page.evaluate(async () => {
    const found = { "outbound-rtp": null, "inbound-rtp": null };
    for (const connection of window.keptConnections) {
      if (connection.connectionState === "closed") continue;
      const rows = await connection.getStats();
      for (const row of rows.values())
        if (row.kind === "audio" && row.type in found && row.codecId) found[row.type] = rows.get(row.codecId)?.mimeType;
    }
    return `sent as ${found["outbound-rtp"]}, received as ${found["inbound-rtp"]}`;
  });
}

/** Steps in a running visit. */
export function loss(scenario, on, seconds) {
  scenario.step(
    `10 % loss and 80 ms of jitter both ways at the patient for ${seconds} s`,
    async () => {
      await bothGoodInTheEnd(on);
      await on.network.shape("patient", { up: LOSSY, down: LOSSY });
      // Jitter buffers grow first.
      await pause(5_000);
      const from = Date.now();
      await pause(seconds * 1_000);
      console.log(`       speech of the patient: ${await speech(on.patientPage)}`);
      on.lossy = {};
      for (const who of ["patient", "doctor"]) {
        const rows = await on[`${who}Meter`].since(from);
        const share = 100 * concealed(rows);
        const { count, seconds: frozen } = freezes(rows);
        on.lossy[who] = { share, still_s: standstill(rows) / 1_000 };
        figure(scenario.name, `10 % loss: speech made up at the ${who}`, share, "%", 10);
        figure(scenario.name, `10 % loss: longest silence at the ${who}`, silence(rows) / 1_000, "s");
        figure(scenario.name, `10 % loss: longest standstill at the ${who}`, on.lossy[who].still_s, "s", 1);
        figure(scenario.name, `10 % loss: freezes at the ${who}`, count, "times");
        figure(scenario.name, `10 % loss: time frozen at the ${who}`, frozen, "s");
      }
      await on.network.shape("patient");
    },
    () => {
      for (const [who, { share }] of Object.entries(on.lossy)) assert.ok(share < 50, `the ${who} hears nothing whole`);
    },
  );
  scenario.step("without loss all is as before", () => bothGood(on));
}

/** Steps in a running visit. */
export function narrow(scenario, on) {
  scenario.step("at 100 kbit/s the patient's page says that it goes on with sound alone, and it does", async () => {
    await bothGoodInTheEnd(on);
    const from = Date.now();
    await on.network.shape("patient", { down: NARROW });
    await until("sound alone said on the page", () => at(on.patientPage, "audio-only").isVisible(), 40_000);
    figure(scenario.name, "100 kbit/s: said after", (Date.now() - from) / 1_000, "s");
    figure(scenario.name, "100 kbit/s: longest silence until then", silence(await on.patientMeter.since(from)) / 1_000, "s");
    const calm = Date.now();
    await pause(10_000);
    const rows = await on.patientMeter.since(calm);
    figure(scenario.name, "100 kbit/s: longest silence afterwards", silence(rows) / 1_000, "s");
    const share = figure(scenario.name, "100 kbit/s: speech made up", 100 * concealed(rows), "%");
    assert.ok(share < 10, "sound does not go on");
  });
  scenario.step("without the limit the pictures come back by themselves", async () => {
    const from = Date.now();
    await on.network.shape("patient");
    await until("no word of sound alone", async () => !(await at(on.patientPage, "audio-only").isVisible()), 40_000);
    const back = await goodAgain(on.patientMeter, from, 40_000);
    figure(scenario.name, "100 kbit/s: pictures after its end", back, "s");
    assert.ok(Number.isFinite(back), "no pictures again");
  });
}
