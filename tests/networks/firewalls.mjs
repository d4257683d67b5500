// Firewalls that let nothing but TCP through.

import assert from "node:assert/strict";

import { BASE } from "../lib/demo.mjs";
import { press, shown } from "../lib/pages.mjs";
import { until } from "../lib/wait.mjs";
import { figure } from "./figures.mjs";
import { Meter, silence } from "./meter.mjs";
import { printTrace, traceStates } from "./trace.mjs";
import { admit, bothGood, doctorComes, goodAgain, patientOpensLink } from "./visit.mjs";

/** How the media of a page travels: `udp`, `tcp` or `tls`, of the pair in use. */
export async function transport(page) {
  return page.evaluate(async () => {
    for (const connection of window.keptConnections) {
      if (connection.connectionState === "closed") continue;
      const rows = await connection.getStats();
      for (const row of rows.values()) {
        if (row.type !== "candidate-pair" || row.state !== "succeeded" || !row.nominated) continue;
        const local = rows.get(row.localCandidateId);
        if (local) return (local.relayProtocol ?? local.protocol).toLowerCase();
      }
    }
    return null;
  });
}

/** A whole scenario. */
export function udpBlocked(scenario, on, engine) {
  doctorComes(scenario, on);
  scenario.step("a patient behind a firewall without UDP comes by the link", async () => {
    await on.network.blockUdp("patient");
    await patientOpensLink(scenario, on, engine);
    await press(on.patientPage, "join-start");
    const result = await shown(on.patientPage, "test-result");
    on.verdict = await result.getAttribute("data-verdict");
    await press(on.patientPage, "enter-waiting");
    await shown(on.patientPage, "waiting");
    assert.equal(on.verdict, "works", "what the connection test says");
  });
  scenario.step("admitted, media flows over TCP", async () => {
    const took_s = await admit(on);
    figure(scenario.name, "UDP blocked before: sound after admission", took_s, "s", 3);
    assert.equal(await transport(on.patientPage), "tcp");
  });
  scenario.step("UDP allowed again and blocked while they talk: media goes on over TCP", async () => {
    await on.network.openFirewall();
    await on.patientPage.reload();
    on.patientMeter = await Meter.on(on.patientPage);
    await until("UDP again", async () => (await transport(on.patientPage)) === "udp", 30_000);
    await traceStates(on.patientPage);
    await bothGood(on);
    const from = Date.now();
    await on.network.blockUdp("patient");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const back = await Promise.all([on.patientMeter, on.doctorMeter].map((m) => goodAgain(m, from, 30_000)));
    for (const [n, who] of ["patient", "doctor"].entries()) {
      const silent_s = silence(await on[`${who}Meter`].since(from)) / 1_000;
      const gap = Number.isFinite(back[n]) ? silent_s : Number.POSITIVE_INFINITY;
      figure(scenario.name, `UDP blocked in the visit: silence at the ${who}`, gap, "s", 3);
    }
    await printTrace(on.patientPage, from);
    assert.ok(back.every(Number.isFinite), "media did not come back");
    // Media flows before the browser has nominated the pair.
    await until("TCP", async () => (await transport(on.patientPage)) === "tcp", 10_000);
    await on.network.openFirewall();
  });
}

/** A whole scenario. */
export function oneTcpPort(scenario, on, engine) {
  doctorComes(scenario, on);
  const { port, protocol } = new URL(BASE);
  const isTls = protocol === "https:";
  const allowed = `${isTls ? "TLS" : "TCP"} to one port`;
  scenario.step(`a patient for whom nothing passes but ${allowed} comes by the link`, async () => {
    await on.network.allowOnly("patient", port, isTls);
    await patientOpensLink(scenario, on, engine);
    await press(on.patientPage, "join-start");
    await shown(on.patientPage, "test-result");
    await press(on.patientPage, "enter-waiting");
    await shown(on.patientPage, "waiting");
  });
  scenario.step("admitted, media flows over that port", async () => {
    const took_s = await admit(on);
    figure(scenario.name, `${allowed}: sound after admission`, took_s, "s", 3);
    const used = await transport(on.patientPage);
    assert.ok((isTls ? ["tls"] : ["tcp", "tls"]).includes(used), `media flows over ${used}`);
    await on.network.shape("patient");
    await on.network.openFirewall();
  });
}
