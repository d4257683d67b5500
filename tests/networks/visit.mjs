// A visit between a patient and a doctor, each in a network of their own.

import assert from "node:assert/strict";

import { Browser, media } from "../lib/browser.mjs";
import { Clinic, openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { metrics } from "../lib/metrics.mjs";
import { at, checkDevices, press, shown, signIn } from "../lib/pages.mjs";
import { until } from "../lib/wait.mjs";
import { figure } from "./figures.mjs";
import { Meter } from "./meter.mjs";
import { trace, traceStates } from "./trace.mjs";

/** Waits until a page hears and sees without holes; the time it took since `from`, or infinity. */
export async function goodAgain(meter, from, patience_ms) {
  const found = await until("a good connection", () => meter.isGood(), patience_ms).catch(() => null);
  return found ? (Date.now() - from) / 1_000 : Number.POSITIVE_INFINITY;
}

/** Both sides hear and see. */
export async function bothGood(on, patience_ms = 30_000) {
  const meters = [on.patientMeter, on.doctorMeter];
  const good = await Promise.all(meters.map((m) => goodAgain(m, Date.now(), patience_ms)));
  if (good.every(Number.isFinite)) return;
  const counted = JSON.stringify({ patient: await media(on.patientPage), doctor: await media(on.doctorPage) });
  throw new Error(`not both see and hear after ${patience_ms / 1_000} s: ${counted}`);
}

/** The step with which every visit begins. `on.network` is there. */
export function doctorComes(scenario, on) {
  scenario.step("the doctor comes to the visit", async () => {
    Object.assign(on, await openAppointment());
    on.doctorBrowser = scenario.keep(await Browser.open("doctor", { inside: on.network.place("doctor") }));
    on.doctorPage = await on.doctorBrowser.page();
    await signIn(on.doctorPage, ACCOUNTS.doctor);
    await on.doctorPage.goto(`/visit/${on.appointment.id}`);
    await checkDevices(on.doctorPage);
    await press(on.doctorPage, "enter-waiting");
    await shown(on.doctorPage, "stage");
  });
}

/** Opens the link in a browser of this engine. */
export async function patientOpensLink(scenario, on, engine) {
  const inside = on.network.place("patient");
  on.patientBrowser = scenario.keep(await Browser.open("patient", { engine, inside }));
  await trace(on.patientBrowser.context);
  on.patientPage = await on.patientBrowser.page(`/join#${on.token}`);
}

/** The doctor lets the patient in; seconds from there to the first sound at the patient. */
export async function admit(on) {
  await shown(on.doctorPage, "admit-0");
  await press(on.doctorPage, "admit-0");
  const from = Date.now();
  await shown(on.patientPage, "stage");
  await until("media", async () => (await media(on.patientPage)).audioPackets > 0, 30_000);
  const took_s = (Date.now() - from) / 1_000;
  on.patientMeter = await Meter.on(on.patientPage);
  on.doctorMeter = await Meter.on(on.doctorPage);
  await traceStates(on.patientPage);
  await bothGood(on);
  return took_s;
}

/** Both hear and see, if need be after the patient has loaded the page again: for the next measurement. */
export async function bothGoodInTheEnd(on) {
  await bothGood(on).catch(async () => {
    console.log("       the patient loads the page again");
    await on.patientPage.reload();
    on.patientMeter = await Meter.on(on.patientPage);
    await bothGood(on);
  });
}

/** Steps up to a running visit over good networks. */
export function visit(scenario, on, engine) {
  doctorComes(scenario, on);
  scenario.step(`the patient comes with ${engine} by the link`, async () => {
    await patientOpensLink(scenario, on, engine);
    await checkDevices(on.patientPage, { level: engine !== "firefox" });
    await press(on.patientPage, "enter-waiting");
    await shown(on.patientPage, "waiting");
  });
  scenario.step("admitted, both see and hear", async () => {
    figure(scenario.name, "good networks: sound after admission", await admit(on), "s");
  });
}

/** A guest of the running visit who stands before its door: the device check is done. */
export async function bringGuest(scenario, on) {
  const clinic = await Clinic.signIn(ACCOUNTS.doctor);
  const invited = { name: "Awa Ndiaye", relation: "fille" };
  const guest = await clinic.expect(201, "POST", `/appointments/${on.appointment.id}/guests`, invited);
  on.guestBrowser = scenario.keep(await Browser.open("guest", { inside: on.network.place("guest") }));
  on.guestPage = await on.guestBrowser.page(`/join#${guest.link.token}`);
  await checkDevices(on.guestPage);
  await press(on.guestPage, "enter-waiting");
  await shown(on.guestPage, "waiting");
}

/** The last step: nothing went wrong beside what was asked for. */
export function noFaults(scenario, on) {
  scenario.step("no page reported a fault, nobody became a ghost, no connection of the server panicked", async () => {
    const faults = scenario.browsers.flatMap((b) => b.faults.map((fault) => `${b.person}: ${fault}`));
    assert.deepEqual(faults, []);
    assert.equal(await at(on.doctorPage, "tile-patient").count(), 1);
    assert.equal((await metrics())("sfu_peer_panics_total"), 0);
  });
}
