// Nothing passes for a while, or signaling alone does not.

import assert from "node:assert/strict";

import { at, openPanel, reads, write } from "../lib/pages.mjs";
import { figure } from "./figures.mjs";
import { silence } from "./meter.mjs";
import { bothGood, goodAgain } from "./visit.mjs";

const PATIENCE_MS = 40_000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function outage(scenario, on, seconds) {
  scenario.step(`nothing passes to and from the patient for ${seconds} s; the visit goes on by itself`, async () => {
    await bothGood(on);
    await on.network.cut("patient");
    await pause(seconds * 1_000);
    await on.network.shape("patient");
    const from = Date.now();
    const [patient, doctor] = await Promise.all(
      [on.patientMeter, on.doctorMeter].map((m) => goodAgain(m, from, PATIENCE_MS)),
    );
    for (const [who, back] of Object.entries({ patient, doctor })) {
      const rows = await on[`${who}Meter`].since(from);
      const first = rows.find((row, n) => n > 0 && row.totalSamplesReceived - row.concealedSamples > rows[0].totalSamplesReceived - rows[0].concealedSamples + 2_400);
      figure(scenario.name, `outage of ${seconds} s: speech at the ${who} after its end`, first && Number.isFinite(back) ? (first.at - from) / 1_000 : Number.POSITIVE_INFINITY, "s");
    }
    assert.ok(Number.isFinite(patient) && Number.isFinite(doctor), "the visit did not go on");
    await openPanel(on.patientPage, "toggle-chat", "chat-input");
    const words = `Après ${seconds} secondes.`;
    await write(on.patientPage, words);
    await openPanel(on.doctorPage, "toggle-chat", "chat-input");
    await reads(on.doctorPage, words);
  });
}

/** Steps in a running visit. */
export function outages(scenario, on, lengths_s) {
  for (const seconds of lengths_s) outage(scenario, on, seconds);
}

/** Steps in a running visit. */
export function signalingCut(scenario, on) {
  scenario.step(
    "TCP of the patient is reset for 3 s: speech goes on, and signaling comes back",
    async () => {
      await bothGood(on);
      const from = Date.now();
      await on.network.resetTcp("patient");
      await pause(3_000);
      on.lostShown = await at(on.patientPage, "reconnecting").count();
      await on.network.openFirewall();
      const back = Date.now();
      await openPanel(on.patientPage, "toggle-chat", "chat-input");
      await write(on.patientPage, "La ligne est revenue.");
      await openPanel(on.doctorPage, "toggle-chat", "chat-input");
      await reads(on.doctorPage, "La ligne est revenue.");
      figure(scenario.name, "signaling cut: a message after its end", (Date.now() - back) / 1_000, "s");
      await pause(1_500);
      on.gaps = {};
      for (const who of ["patient", "doctor"]) {
        // Shorter than two looks is none.
        const gap = silence(await on[`${who}Meter`].since(from));
        on.gaps[who] = gap < 150 ? 0 : gap / 1_000;
        figure(scenario.name, `signaling cut: silence at the ${who}`, on.gaps[who], "s", 0);
      }
    },
    () => assert.ok(on.lostShown > 0, "the cut did not reach the page"),
  );
}
