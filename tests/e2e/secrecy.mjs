// A visit that is encrypted between the browsers: what is seen, who cannot, and that the mode can be left.

import assert from "node:assert/strict";

import { Browser, media } from "../lib/browser.mjs";
import { guestLink, openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { metrics } from "../lib/metrics.mjs";
import { at, checkDevices, comeIn, openPanel, press, shown, signIn } from "../lib/pages.mjs";
import { LOOKS } from "../lib/recorder.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

/** How far a colour may be off after encoding, of 255. */
const COLOUR_OFF = 14;
/** Energy that no silence reaches, and no noise of frames that were not decrypted. */
const AUDIBLE = 0.005;

/** Counts the sealed keys that a page sends. */
function countKeys(page) {
  const sent = { keys: 0 };
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => {
      if (String(payload).includes('"sealed_key"')) sent.keys += 1;
    });
  });
  return sent;
}

/** Waits until the tile shows the colour of that person, in pictures that go on, and sound comes. */
async function seesAndHears(page, tile, person) {
  const before = await media(page);
  const video = at(page, tile).locator("video");
  let seen;
  await until(`${tile} in the colour of the ${person}`, async () => {
    seen = await video.evaluate((element) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 8, height: 8 });
      const context = canvas.getContext("2d");
      context.drawImage(element, 0, 0, 8, 8);
      const [r, g, b] = context.getImageData(1, 4, 1, 1).data;
      return { blue: 128 - 0.169 * r - 0.331 * g + 0.5 * b, red: 128 + 0.5 * r - 0.419 * g - 0.081 * b };
    });
    const { blue, red } = LOOKS[person];
    const now = await media(page);
    return (
      Math.abs(seen.blue - blue) < COLOUR_OFF &&
      Math.abs(seen.red - red) < COLOUR_OFF &&
      now.frames >= before.frames + 10 &&
      now.energy >= before.energy + AUDIBLE
    );
  }).catch(async (error) => {
    throw new Error(`${error.message}; ${JSON.stringify([seen, await counters(page), await media(page)])}`);
  });
}

/** What a page's worker has counted, as the page shows it. */
async function counters(page) {
  const line = at(page, "secrecy-frames");
  if ((await line.count()) === 0) return null;
  return line.evaluate(({ dataset }) => ({
    sealed: Number(dataset.sealed),
    opened: Number(dataset.opened),
    refused: Number(dataset.refused),
  }));
}

async function codeOf(page) {
  await openPanel(page, "toggle-people", "secrecy-code");
  return (await at(page, "secrecy-code").innerText()).replace(/\s+/g, " ").trim();
}

/** Waits until all pages show the same digits, which `fits`. */
async function sameCode(pages, fits = () => true) {
  return until("the same digits on all pages", async () => {
    const codes = await Promise.all(pages.map(codeOf));
    return new Set(codes).size === 1 && /^(\d{5} ){5}\d{5}$/.test(codes[0]) && fits(codes[0]) ? codes[0] : null;
  });
}

function beginning(scenario, on) {
  scenario.step("doctor and patient are in a visit that the server can read", async () => {
    on.visit = await openAppointment();
    on.doctor = scenario.keep(await Browser.open("doctor"));
    on.doctorPage = await on.doctor.page();
    on.keys = countKeys(on.doctorPage);
    await signIn(on.doctorPage, ACCOUNTS.doctor);
    await on.doctorPage.goto(`/visit/${on.visit.appointment.id}`);
    await checkDevices(on.doctorPage);
    await press(on.doctorPage, "enter-waiting");
    on.patient = scenario.keep(await Browser.open("patient"));
    on.patientPage = await on.patient.page();
    await comeIn(on.patientPage, `/join#${on.visit.token}`, on.doctorPage);
    await seesAndHears(on.patientPage, "tile-clinician", "doctor");
    for (const page of [on.doctorPage, on.patientPage]) {
      await openPanel(page, "toggle-people", "secrecy");
      assert.equal(await at(page, "secrecy-badge").count(), 0);
      assert.equal(await at(page, "secrecy-code").count(), 0);
    }
    assert.equal(await at(on.patientPage, "secrecy-switch").count(), 0, "the patient has the switch");
    assert.equal(on.keys.keys, 0, "keys were sent without need");
  });
  scenario.step("the doctor switches encryption on: both see and hear, and read the same digits", async () => {
    const control = at(on.doctorPage, "secrecy-switch");
    await until("the switch", () => control.isEnabled());
    await control.focus();
    await on.doctorPage.keyboard.press("Space");
    for (const page of [on.doctorPage, on.patientPage]) await shown(page, "secrecy-badge");
    await Promise.all([
      seesAndHears(on.patientPage, "tile-clinician", "doctor"),
      seesAndHears(on.doctorPage, "tile-patient", "patient"),
    ]);
    assert.equal(await control.getAttribute("aria-checked"), "true");
    on.code = await sameCode([on.doctorPage, on.patientPage]);
    return on.code;
  });
  scenario.step("every frame goes through the keys, and nothing but VP8 and Opus is negotiated", async () => {
    for (const page of [on.doctorPage, on.patientPage]) {
      const before = await counters(page);
      const after = await until("the counters to go on", async () => {
        const now = await counters(page);
        return now.sealed > before.sealed + 30 && now.opened > before.opened + 30 ? now : null;
      });
      assert.ok(after.refused - before.refused < 5, `refused: ${JSON.stringify([before, after])}`);
      const state = await page.evaluate(async () => {
        const connection = window.keptConnections.at(-1);
        const lines = connection.getTransceivers();
        const codecs = [...(await connection.getStats()).values()].filter((row) => row.type === "codec");
        return {
          open: lines.filter((line) => !(line.direction === "sendonly" ? line.sender : line.receiver).transform).length,
          codecs: [...new Set(codecs.map((row) => row.mimeType.toLowerCase()))].sort(),
        };
      });
      assert.equal(state.open, 0, "a line without encryption");
      assert.ok(state.codecs.every((name) => ["audio/opus", "video/rtx", "video/vp8"].includes(name)), String(state.codecs));
    }
  });
}

function others(scenario, on) {
  scenario.step("a guest comes in and is seen; the digits change for everybody", async () => {
    on.guest = scenario.keep(await Browser.open("guest"));
    on.guestPage = await on.guest.page();
    await comeIn(on.guestPage, await guestLink(on.visit, "Awa Ndiaye"), on.doctorPage);
    await shown(on.guestPage, "secrecy-badge");
    await Promise.all([
      seesAndHears(on.guestPage, "tile-clinician", "doctor"),
      seesAndHears(on.guestPage, "tile-patient", "patient"),
      seesAndHears(on.doctorPage, "tile-guest", "guest"),
      seesAndHears(on.patientPage, "tile-guest", "guest"),
    ]);
    await sameCode([on.doctorPage, on.patientPage, on.guestPage], (code) => code !== on.code);
  });
  scenario.step("after the guest has gone there are new keys, and the two go on", async () => {
    const before = on.keys.keys;
    await openPanel(on.doctorPage, "toggle-people", "people");
    const guest = at(on.doctorPage, "person-guest");
    await guest.getByTestId("remove").click();
    await guest.getByTestId("remove-confirm").click();
    await shown(on.guestPage, "ended");
    await until("a new key for the patient", async () => on.keys.keys > before);
    assert.equal(await sameCode([on.doctorPage, on.patientPage]), on.code);
    await Promise.all([
      seesAndHears(on.patientPage, "tile-clinician", "doctor"),
      seesAndHears(on.doctorPage, "tile-patient", "patient"),
    ]);
  });
  scenario.step("a reload makes a new key pair, and is seen again", async () => {
    await on.patientPage.reload();
    await shown(on.patientPage, "secrecy-badge");
    await Promise.all([
      seesAndHears(on.patientPage, "tile-clinician", "doctor"),
      seesAndHears(on.doctorPage, "tile-patient", "patient"),
    ]);
    await sameCode([on.doctorPage, on.patientPage], (code) => code !== on.code);
  });
}

function leaving(scenario, on) {
  scenario.step("encryption can be switched off again", async () => {
    await openPanel(on.doctorPage, "toggle-people", "secrecy-switch");
    await press(on.doctorPage, "secrecy-switch");
    for (const page of [on.doctorPage, on.patientPage]) {
      await until("the badge to go", async () => (await at(page, "secrecy-badge").count()) === 0);
      await until("the digits to go", async () => (await at(page, "secrecy-code").count()) === 0);
    }
    await Promise.all([
      seesAndHears(on.patientPage, "tile-clinician", "doctor"),
      seesAndHears(on.doctorPage, "tile-patient", "patient"),
    ]);
  });
  scenario.step("while a browser that cannot is there, the switch says why it cannot be pressed", async () => {
    on.old = scenario.keep(await Browser.open("guest"));
    await on.old.context.addInitScript(() => {
      delete window.RTCRtpScriptTransform;
      delete window.RTCRtpSender.prototype.createEncodedStreams;
    });
    on.oldPage = await on.old.page();
    await comeIn(on.oldPage, await guestLink(on.visit, "Moussa Ba"), on.doctorPage);
    await seesAndHears(on.oldPage, "tile-clinician", "doctor");
    await openPanel(on.doctorPage, "toggle-people", "secrecy-switch");
    const control = at(on.doctorPage, "secrecy-switch");
    await until("the switch to be disabled", () => control.isDisabled());
    assert.ok((await at(on.doctorPage, "secrecy-reason").innerText()).includes("Moussa Ba"));
  });
  scenario.step("such a browser in an encrypted visit is told so, and gets and sends nothing", async () => {
    await on.oldPage.close();
    await openPanel(on.doctorPage, "toggle-people", "people");
    const guest = at(on.doctorPage, "person-guest");
    await guest.getByTestId("remove").click();
    await guest.getByTestId("remove-confirm").click();
    const control = at(on.doctorPage, "secrecy-switch");
    await until("the switch", () => control.isEnabled());
    await control.click();
    await shown(on.patientPage, "secrecy-badge");
    on.oldPage = await on.old.page();
    await comeIn(on.oldPage, await guestLink(on.visit, "Nora Faye"), on.doctorPage);
    await shown(on.oldPage, "secrecy-closed");
    await shown(on.doctorPage, "secrecy-left-out");
    assert.deepEqual([(await media(on.oldPage)).living, (await media(on.oldPage)).bytesOut], [0, 0]);
  });
  scenario.step("no page reported a fault, no connection of the server panicked", async () => {
    const faults = scenario.browsers.flatMap((b) => b.faults.map((fault) => `${b.person}: ${fault}`));
    assert.deepEqual(faults, []);
    assert.equal((await metrics())("sfu_peer_panics_total"), 0);
  });
}

/** The scenario. */
export function secrecy() {
  const scenario = new Scenario("A visit that nobody else can read");
  const on = {};
  for (const part of [beginning, others, leaving]) part(scenario, on);
  return scenario;
}
