// A visit in which one of two people has nothing but a telephone: the doctor in Chromium, the patient on
// baresip. Its server's address is in BASE_URL.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { freePort, killAll } from "../durability/server.mjs";
import { Browser } from "../lib/browser.mjs";
import { Clinic, openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { checkDevices, comeIn, openPanel, press, shown, signIn } from "../lib/pages.mjs";
import { LOOKS, OUT } from "../lib/recorder.mjs";
import { Scenario, runAll } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";
import { House, judged } from "../recordings/house.mjs";
import { Baresip, shares } from "./baresip.mjs";

const NUMBER = "+33123456789";
const CALLER = "+33612345678";
/** Of the patient of the demo clinic. */
const ON_RECORD = "+237699000101";
/** What the caller says; the doctor's browser says LOOKS.doctor. */
const VOICE_HZ = 1_100;

/** How loud pitches are in what a page's connections bring, in dB. */
function levels(page, hertz) {
  return page.evaluate((wanted) => {
    if (!window.ear) {
      const context = new AudioContext();
      const living = window.keptConnections.filter((one) => one.connectionState === "connected");
      const tracks = living.flatMap((one) => one.getReceivers().map((receiver) => receiver.track));
      const sound = tracks.filter((track) => track.kind === "audio");
      const analyser = context.createAnalyser();
      analyser.fftSize = 4096;
      // Each track is a source of its own: a stream plays one.
      for (const track of sound) context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      window.ear = { context, analyser };
    }
    const { context, analyser } = window.ear;
    const all = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(all);
    return wanted.map((pitch) => {
      const bin = Math.round((pitch * analyser.fftSize) / context.sampleRate);
      return Math.max(all[bin - 1], all[bin], all[bin + 1]);
    });
  }, hertz);
}

function prepared(scenario, on) {
  scenario.step("a clinic with a telephone line", async () => {
    on.sip = await freePort();
    on.callee = await freePort();
    on.house = new House(scenario);
    const { house } = on;
    await house.server.start();
    const { text } = await house.server.run("facility", "list");
    const [facility] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(text);
    await house.server.stop();
    fs.appendFileSync(
      house.server.config,
      `[phone]
bind = "127.0.0.1:${on.sip}"
realm = "clinic.example.org"
[phone.sound]
prompts = "${OUT}prompts"
[[phone.trunks]]
name = "carrier"
addresses = ["127.0.0.0/8"]
numbers = [{ number = "${NUMBER}", facility = "${facility}", language = "fr" }]
country = "33"
codecs = ["pcma", "pcmu"]
srtp = "required"
[phone.trunks.outbound]
proxy = "127.0.0.1:${on.callee}"
caller = "${NUMBER}"
countries = ["237"]
[phone.spend]
currency = "EUR"
prices = [{ prefix = "237", per_minute = 0.25 }]
budgets = [{ facility = "${facility}", per_month = 1000 }]
[signaling.call_back]
after_s = 5
automatic = true
`,
    );
    await house.server.start();
  });
  scenario.step("the patient is told what to call and to type", async () => {
    on.visit = await openAppointment();
    on.house.visit = on.visit;
    const { way } = await on.visit.patient.expect(200, "GET", `/appointments/${on.visit.appointment.id}/phone`);
    assert.equal(way.number, NUMBER);
    assert.match(way.pin, /^\d{6}$/);
    on.pin = way.pin;
  });
}

function called(scenario, on) {
  scenario.step("the doctor is in the visit; the patient calls and types the PIN", async () => {
    const browser = scenario.keep(await Browser.open("doctor", { bypassCSP: true }));
    on.doctor = await browser.page();
    on.house.doctor = on.doctor;
    await signIn(on.doctor, ACCOUNTS.doctor);
    await on.doctor.goto(`/visit/${on.visit.appointment.id}`);
    await checkDevices(on.doctor);
    await press(on.doctor, "enter-waiting");
    on.phone = await Baresip.start(path.join(on.house.root, "phone"), { number: CALLER, pitch_hz: VOICE_HZ, secret: true });
    scenario.finally(() => on.phone.stop());
    on.phone.dial(`sip:${NUMBER}@127.0.0.1:${on.sip}`);
    await on.phone.happens("CALL_ESTABLISHED");
    // As a person does: when the question was heard.
    await on.doctor.waitForTimeout(1_500);
    on.phone.press("2");
    await on.doctor.waitForTimeout(1_500);
    on.phone.press(on.pin);
    await shown(on.doctor, "admit-0");
  });
  scenario.step("the doctor lets the caller in, and hears the caller", async () => {
    await press(on.doctor, "admit-0");
    let heard;
    await until("the caller's voice", async () => {
      heard = await levels(on.doctor, [VOICE_HZ, 1_900]);
      return heard[0] > -60 && heard[0] > heard[1] + 20;
    }).catch((error) => {
      throw new Error(`${error.message}: ${heard}`);
    });
    return `${VOICE_HZ} Hz at ${heard[0].toFixed(0)} dB, silence at ${heard[1].toFixed(0)} dB`;
  });
  scenario.step("the caller hears the doctor, and not themself", async () => {
    let found;
    await until("the doctor's voice", async () => {
      found = shares(on.phone.heard(3), [LOOKS.doctor.pitch_hz, VOICE_HZ]);
      return found[0] > 0.2;
    }).catch((error) => {
      throw new Error(`${error.message}: ${found}`);
    });
    assert.ok(found[1] < 0.01, `the caller hears themself: ${found[1]}`);
    return `${(found[0] * 100).toFixed(0)} % is the doctor, ${(found[1] * 100).toFixed(2)} % the caller`;
  });
  scenario.step("the page says that it is a telephone, and shows no whole number", async () => {
    const words = await on.doctor.locator("body").innerText();
    assert.ok(!words.includes(CALLER) && !words.includes(CALLER.slice(3)), "the whole number is on the page");
  });
}

function recorded(scenario, on) {
  scenario.step("the caller agrees to a recording by a key", async () => {
    await press(on.doctor, "record");
    await until("the visit to be recorded", async () => {
      if ((await on.house.phase(on.doctor)) === "running") return true;
      on.phone.press("1");
      await on.doctor.waitForTimeout(2_000);
      return false;
    });
    await on.doctor.waitForTimeout(6_000);
    await press(on.doctor, "record");
  });
  scenario.step("the caller's voice is in the recording", async () => {
    const row = await on.house.ready();
    const files = [...(await on.house.files(row.id)).values()];
    const voices = files.filter(({ track }) => track.kind === "microphone");
    assert.equal(voices.length, 2);
    const names = voices.map(({ track }) => track.name).sort();
    assert.deepEqual(names, [on.visit.doctor.me.name, on.visit.patient.me.name].sort(), "a voice has no name");
    const { execFileSync } = await import("node:child_process");
    const found = voices.map(({ bytes }) => {
      judged(bytes);
      const raw = execFileSync("ffmpeg", "-v error -i pipe:0 -f s16le -ac 1 -ar 8000 pipe:1".split(" "), { input: bytes });
      const samples = Array.from({ length: raw.length / 2 }, (_, n) => raw.readInt16LE(n * 2));
      return shares(samples, [LOOKS.doctor.pitch_hz, VOICE_HZ]);
    });
    assert.ok(found.some(([doctor]) => doctor > 0.2), `nobody is the doctor: ${found}`);
    assert.ok(found.some(([, caller]) => caller > 0.2), `nobody is the caller: ${found}`);
    return found.map((one) => one.map((it) => it.toFixed(2)).join(" ")).join(", ");
  });
  scenario.step("the doctor ends the visit, and the telephone is hung up", async () => {
    await press(on.doctor, "end-visit");
    await press(on.doctor, "end-confirm");
    await on.phone.happens("CALL_CLOSED");
  });
}

/** The doctor has somebody called, who is chosen in the dialog by `choose`. */
async function ring(on, choose) {
  on.pocket.events.length = 0;
  await press(on.doctor, "ring-open");
  await choose(on.doctor);
  const sure = await (await shown(on.doctor, "ring-sure")).innerText();
  await press(on.doctor, "ring-now");
  return sure;
}

/** The page says that the call has come to this; then the line is taken away. */
async function comesTo(on, stage) {
  await on.doctor.locator(`[data-testid="ring"][data-stage="${stage}"]`).waitFor();
  const said = await (await shown(on.doctor, "ring")).innerText();
  await press(on.doctor, "ring-act");
  return said.split("\n")[0];
}

const thePatient = (page) => press(page, "ring-patient");

async function another(page, number) {
  await page.getByTestId("ring-name").fill("Interprète");
  await page.getByTestId("ring-number").fill(number);
  await press(page, "ring-next");
}

function rung(scenario, on) {
  scenario.step("the doctor is in a visit alone, and the patient has a telephone", async () => {
    on.visit = await openAppointment();
    on.house.visit = on.visit;
    await on.doctor.goto(`/visit/${on.visit.appointment.id}`);
    await checkDevices(on.doctor);
    await press(on.doctor, "enter-waiting");
    on.pocket = await Baresip.start(path.join(on.house.root, "called"), {
      number: ON_RECORD,
      pitch_hz: VOICE_HZ,
      port: on.callee,
      secret: true,
    });
    scenario.finally(() => on.pocket.stop());
  });
  scenario.step("the doctor rings the patient, who rejects: the page says busy", async () => {
    const sure = await ring(on, thePatient);
    assert.ok(sure.includes("01") && !sure.includes(ON_RECORD.slice(4, -2)), sure);
    await on.pocket.happens("CALL_INCOMING");
    await on.doctor.locator('[data-testid="ring"][data-stage="ringing"]').waitFor();
    on.pocket.command("hangup");
    return comesTo(on, "busy");
  });
  scenario.step("the patient answers and declines by a key", async () => {
    await ring(on, thePatient);
    await on.pocket.happens("CALL_INCOMING");
    on.pocket.command("accept");
    await on.doctor.locator('[data-testid="ring"][data-stage="answered"]').waitFor();
    on.pocket.press("2");
    return comesTo(on, "declined");
  });
  scenario.step("the doctor hangs up while it rings", async () => {
    await ring(on, thePatient);
    await on.pocket.happens("CALL_INCOMING");
    await press(on.doctor, "ring-act");
    await on.pocket.happens("CALL_CLOSED");
    return comesTo(on, "stopped");
  });
  scenario.step("a country that may not be called, and a number that is nobody's", async () => {
    await ring(on, (page) => another(page, "+33612345678"));
    const barred = await comesTo(on, "country_barred");
    await ring(on, (page) => another(page, "+237677000202"));
    return `${barred} / ${await comesTo(on, "unreachable")}`;
  });
  scenario.step("the patient answers with 1: both hear each other, and the roster has them", async () => {
    await ring(on, thePatient);
    await on.pocket.happens("CALL_INCOMING");
    on.pocket.command("accept");
    await on.doctor.locator('[data-testid="ring"][data-stage="answered"]').waitFor();
    // As a person does: when the question was heard. Once, because in the visit 1 mutes.
    await on.doctor.waitForTimeout(3_000);
    on.pocket.press("1");
    let heard;
    await until("the patient's voice", async () => {
      await on.doctor.evaluate(() => window.ear?.context.close().then(() => delete window.ear));
      await levels(on.doctor, []);
      await on.doctor.waitForTimeout(1_000);
      heard = await levels(on.doctor, [VOICE_HZ, 1_900]);
      return heard[0] > -60 && heard[0] > heard[1] + 20;
    }).catch((error) => {
      throw new Error(`${error.message}: ${heard}`);
    });
    await until("the doctor's voice on the telephone", () => shares(on.pocket.heard(3), [LOOKS.doctor.pitch_hz])[0] > 0.2);
    return `${VOICE_HZ} Hz at ${heard[0].toFixed(0)} dB`;
  });
  scenario.step("the telephone raises a hand, and the doctor lowers it", async () => {
    await openPanel(on.doctor, "toggle-people", "person-patient");
    on.pocket.press("5");
    await shown(on.doctor, "hand");
    await press(on.doctor, "lower-hand");
    await on.doctor.getByTestId("hand").waitFor({ state: "detached" });
  });
  scenario.step("the doctor ends the visit; what calls cost is in the books, without a number", async () => {
    await press(on.doctor, "end-visit");
    await press(on.doctor, "end-confirm");
    await on.pocket.happens("CALL_CLOSED");
    on.pocket.stop();
    const admin = await Clinic.signIn(ACCOUNTS.admin);
    const view = await until("the call to be in the books", async () => {
      const view = await admin.expect(200, "GET", "/telephone");
      return view.money.spent_micros > 0 && view.money.spent_micros < 5_000_000 && view;
    });
    const [trunk] = view.trunks;
    assert.equal(trunk.name, "carrier");
    assert.ok(!JSON.stringify(view).includes(ON_RECORD), "a patient's number is shown");
    return `${trunk.calls} calls, ${trunk.minutes} minutes, ${view.money.spent_micros / 1e6} ${view.money.currency}`;
  });
}

function calledBack(scenario, on) {
  scenario.step("a patient is in a visit with the browser, and has a telephone", async () => {
    on.visit = await openAppointment();
    on.house.visit = on.visit;
    await on.doctor.goto(`/visit/${on.visit.appointment.id}`);
    await checkDevices(on.doctor);
    await press(on.doctor, "enter-waiting");
    on.browser = await Browser.open("patient", { bypassCSP: true });
    scenario.finally(() => on.browser.close().catch(() => {}));
    const patient = await on.browser.page();
    await comeIn(patient, `/join#${on.visit.token}`, on.doctor);
    on.pocket = await Baresip.start(path.join(on.house.root, "pocket"), {
      number: ON_RECORD,
      pitch_hz: VOICE_HZ,
      port: on.callee,
      secret: true,
    });
    scenario.finally(() => on.pocket.stop());
    await levels(on.doctor, [LOOKS.patient.pitch_hz]);
  });
  scenario.step("the browser dies: the telephone rings by itself", async () => {
    const died_ms = Date.now();
    await on.browser.process.close();
    await on.pocket.happens("CALL_INCOMING");
    return `after ${((Date.now() - died_ms) / 1_000).toFixed(1)} s`;
  });
  scenario.step("it is answered with 1, and is in the same visit", async () => {
    on.pocket.command("accept");
    await on.pocket.happens("CALL_ESTABLISHED");
    let heard;
    // As a person does: when the question was heard. Once, because in the visit 1 mutes.
    await on.doctor.waitForTimeout(3_000);
    on.pocket.press("1");
    await until("the voice on the telephone", async () => {
      // Another telephone may come by another slot.
      await on.doctor.evaluate(() => window.ear?.context.close().then(() => delete window.ear));
      await levels(on.doctor, []);
      await on.doctor.waitForTimeout(1_000);
      heard = await levels(on.doctor, [VOICE_HZ, 1_900]);
      return heard[0] > -60 && heard[0] > heard[1] + 20;
    }).catch((error) => {
      throw new Error(`${error.message}: ${heard}`);
    });
    await until("the doctor's voice on the telephone", () => shares(on.pocket.heard(3), [LOOKS.doctor.pitch_hz])[0] > 0.2);
    return `${VOICE_HZ} Hz at ${heard[0].toFixed(0)} dB`;
  });
}

function telephone() {
  const scenario = new Scenario("telephone: a patient who has nothing else");
  const on = {};
  prepared(scenario, on);
  called(scenario, on);
  recorded(scenario, on);
  rung(scenario, on);
  calledBack(scenario, on);
  return scenario;
}

process.once("exit", killAll);
await runAll([{ id: "telephone", make: telephone }]);
