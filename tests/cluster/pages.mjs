// Two pages in a visit whose node is emptied: what each of them plays and shows meanwhile.

import assert from "node:assert/strict";

import { Browser } from "../lib/browser.mjs";
import { Clinic } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { Scenario, runAll } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";
import { figure } from "../networks/figures.mjs";
import { silence, standstill } from "../networks/meter.mjs";
import { bothGood, noFaults, visit } from "../networks/visit.mjs";

/** Runs in every page before it: every 20 ms, whether an element plays a stream of a connection that is open. */
function listen() {
  window.played = [];
  const elements = new Set();
  const property = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "srcObject");
  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    ...property,
    set(stream) {
      if (this instanceof HTMLAudioElement) elements.add(this);
      property.set.call(this, stream);
    },
  });
  const open = () =>
    window.keptConnections
      .filter((one) => one.connectionState === "connected")
      .flatMap((one) => one.getReceivers().map((receiver) => receiver.track));
  const plays = (element, tracks) => {
    const stream = element.srcObject;
    return !element.paused && stream?.getAudioTracks().some((track) => !track.muted && tracks.includes(track));
  };
  const look = () => {
    const tracks = open();
    window.played.push({ at: Date.now(), plays: [...elements].some((one) => plays(one, tracks)) });
  };
  setInterval(look, 20);
}

/** The longest time in ms in which no element played. */
async function unplayed(page, from) {
  const rows = await page.evaluate((from) => window.played.filter((row) => row.at >= from), from);
  let worst = 0;
  let last = from;
  for (const row of rows) {
    worst = Math.max(worst, row.at - last);
    if (row.plays) last = row.at;
  }
  return worst / 1_000;
}

const native = Browser.open;
Browser.open = async (...given) => {
  const browser = await native.apply(Browser, given);
  await browser.context.addInitScript(listen);
  return browser;
};

function emptied() {
  const scenario = new Scenario("A node is emptied while two people talk");
  const on = { network: { place: () => null } };
  visit(scenario, on, "chromium");
  scenario.step("its rooms go to another node, and nobody comes back to a page that says so", async () => {
    const pages = { patient: on.patientPage, doctor: on.doctorPage };
    const admin = await Clinic.signIn(ACCOUNTS.admin);
    const nodes = async () => (await admin.expect(200, "GET", "/nodes")).nodes;
    const owner = (await nodes()).find((node) => node.rooms > 0);
    assert(owner, "a node has the visit");
    assert.equal(owner.people, 2);
    const from = Date.now();
    await admin.expect(202, "POST", `/nodes/${owner.name}/drain`);
    const isEmpty = async () => (await nodes()).some((node) => node.name !== owner.name && node.people === 2);
    await until("the visit on another node", isEmpty, 60_000);
    const left = async () => (await nodes()).find((node) => node.name === owner.name).rooms === 0;
    await until("an empty node", left, 60_000);
    await bothGood(on);
    for (const [who, page] of Object.entries(pages)) {
      const rows = await on[`${who}Meter`].since(from);
      figure("drain", `silence at the ${who}`, silence(rows) / 1_000, "s", 0.5);
      figure("drain", `no new picture at the ${who}`, standstill(rows) / 1_000, "s", null);
      figure("drain", `nothing played at the ${who}`, await unplayed(page, from), "s", 0.5);
      const kept = await page.evaluate(() => window.keptConnections.map((one) => one.connectionState));
      assert.deepEqual(kept, ["closed", "connected"], `${who}: two connections, and the first one is closed`);
    }
    await admin.expect(202, "DELETE", `/nodes/${owner.name}/drain`);
  });
  noFaults(scenario, on);
  return scenario;
}

await runAll([{ id: "emptied", make: emptied }]);
