// A visit that is recorded: everybody is asked, everybody sees it, and everybody can end it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Browser } from "../lib/browser.mjs";
import { guestLink, openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { at, checkDevices, comeIn, openPanel, press, shown, signIn } from "../lib/pages.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";
import { SIZES, sticksOut, tabTo, violations } from "./access.mjs";

const TEXTS = Object.fromEntries(
  ["en", "fr"].map((language) => {
    const file = new URL(`../../web/logic/texts/${language}/recordings.json`, import.meta.url);
    return [language, JSON.parse(readFileSync(file, "utf8"))];
  }),
);
const GUEST = "Awa Ndiaye";

/** Keeps every short message: each is shown for some seconds only. */
function keepMessages() {
  window.keptMessages = [];
  let last = "";
  const look = () => {
    const words = document.querySelector('[data-testid="toast"]')?.textContent.trim() ?? "";
    if (words && words !== last) window.keptMessages.push(words);
    last = words;
  };
  new MutationObserver(look).observe(document, { childList: true, characterData: true, subtree: true });
}

async function open(scenario, person, locale) {
  const browser = scenario.keep(await Browser.open(person, { locale, bypassCSP: true }));
  await browser.context.addInitScript(keepMessages);
  return browser.page();
}

/** Waits for the indicator of a page to say this; `off` is without one. */
async function phase(page, wanted) {
  let seen;
  await until(`the recording to be ${wanted}`, async () => {
    const tape = at(page, "tape");
    seen = (await tape.count()) === 0 ? "off" : await tape.getAttribute("data-phase", { timeout: 1_000 }).catch(() => null);
    return seen === wanted;
  }).catch((error) => {
    throw new Error(`${error.message}; it is ${seen}`);
  });
}

async function everybody(pages, wanted) {
  await Promise.all(pages.map((page) => phase(page, wanted)));
}

/** Waits until the page has shown this short message and forgets all until then. */
async function told(page, words) {
  const has = () => page.evaluate((text) => window.keptMessages.includes(text), words);
  await until(`the message: ${words}`, has).catch(async (error) => {
    throw new Error(`${error.message}; ${JSON.stringify(await page.evaluate(() => window.keptMessages))}`);
  });
  await page.evaluate(() => window.keptMessages.splice(0));
}

async function answer(page, testid) {
  await shown(page, testid);
  await press(page, testid);
}

/** In both widths nothing that axe knows is wrong and nothing sticks out. */
async function fits(page) {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    assert.deepEqual(await violations(page), [], `at ${size.width} px`);
    assert.ok((await sticksOut(page)) <= 0, `the page is wider than ${size.width} px`);
  }
  await page.setViewportSize(SIZES[0]);
}

async function recordings({ doctor, appointment }) {
  const path = `/recordings?appointment=${appointment.id}`;
  return (await doctor.expect(200, "GET", path)).recordings;
}

function asking(scenario, on) {
  scenario.step("a doctor in English and a patient in French are in a visit; only the doctor can record", async () => {
    on.visit = await openAppointment();
    on.doctor = await open(scenario, "doctor", "en-GB");
    await signIn(on.doctor, ACCOUNTS.doctor);
    await on.doctor.goto(`/visit/${on.visit.appointment.id}`);
    await checkDevices(on.doctor);
    await press(on.doctor, "enter-waiting");
    on.patient = await open(scenario, "patient", "fr-FR");
    await comeIn(on.patient, `/join#${on.visit.token}`, on.doctor);
    await shown(on.doctor, "record");
    assert.equal(await at(on.patient, "record").count(), 0, "the patient can record");
    await everybody([on.doctor, on.patient], "off");
  });
  scenario.step("the patient is asked in plain words, and closing the question is no answer", async () => {
    await press(on.doctor, "record");
    await shown(on.patient, "consent-yes");
    await everybody([on.doctor, on.patient], "asking");
    const words = await at(on.patient, "consent").innerText();
    for (const key of ["what", "who", "free", "back"]) {
      const line = TEXTS.fr[`recording_${key}`];
      assert.ok(words.includes(line), `not in the question: ${line}`);
    }
    assert.ok(words.includes(on.visit.doctor.me.name), `who asks is not in the question: ${words}`);
    const waits = await at(on.doctor, "tape").innerText();
    assert.ok(waits.includes(on.visit.patient.me.name), `whom one waits for is not said: ${waits}`);
    const focus = () => document.activeElement?.closest("[data-testid=consent]") !== null;
    assert.ok(await on.patient.evaluate(focus), "the focus is not in the question");
    await on.patient.keyboard.press("Escape");
    await until("the question to close", async () => !(await at(on.patient, "consent").isVisible()));
    await everybody([on.doctor, on.patient], "asking");
    assert.deepEqual(await recordings(on.visit), [], "something was recorded before anybody agreed");
  });
  scenario.step("the question fits a telephone, and no barrier is known in it", async () => {
    await press(on.patient, "tape-answer");
    await shown(on.patient, "consent-yes");
    await fits(on.patient);
  });
}

function running(scenario, on) {
  scenario.step("the patient agrees by keyboard: both see that they are recorded, and for how long", async () => {
    await tabTo(on.patient, "consent-yes");
    await on.patient.keyboard.press("Enter");
    await everybody([on.doctor, on.patient], "running");
    await told(on.doctor, TEXTS.en.recording_said_on);
    await told(on.patient, TEXTS.fr.recording_said_on);
    for (const page of [on.doctor, on.patient]) {
      const time = await shown(page, "tape-time");
      const before = await time.innerText();
      await until("the time to go on", async () => (await time.innerText()) !== before);
      await fits(page);
    }
    assert.equal((await recordings(on.visit)).length, 1);
  });
  scenario.step("a guest who comes later pauses it for everybody until the guest agrees", async () => {
    on.guest = await open(scenario, "guest", "fr-FR");
    await comeIn(on.guest, await guestLink(on.visit, GUEST), on.doctor);
    on.all = [on.doctor, on.patient, on.guest];
    await everybody(on.all, "paused");
    await told(on.doctor, TEXTS.en.recording_said_paused);
    for (const page of [on.doctor, on.patient]) assert.ok((await at(page, "tape").innerText()).includes(GUEST));
    await answer(on.guest, "consent-yes");
    await everybody(on.all, "running");
    await told(on.guest, TEXTS.fr.recording_said_on);
    assert.equal((await recordings(on.visit)).length, 1, "the pause began another recording");
  });
}

function ending(scenario, on) {
  scenario.step("the guest takes the consent back, after a question: it is over for everybody", async () => {
    await press(on.guest, "tape-withdraw");
    await answer(on.guest, "withdraw-no");
    await everybody(on.all, "running");
    await press(on.guest, "tape-withdraw");
    await answer(on.guest, "withdraw-yes");
    await everybody(on.all, "off");
    await told(on.doctor, TEXTS.en.recording_end_declined);
    await told(on.patient, TEXTS.fr.recording_end_declined);
  });
  scenario.step("asked again, nobody's old answer counts; one no is enough, and nothing is kept", async () => {
    await press(on.doctor, "record");
    for (const page of [on.patient, on.guest]) await shown(page, "consent-yes");
    await press(on.patient, "consent-no");
    await everybody(on.all, "off");
    await until("the guest's question to close", async () => !(await at(on.guest, "consent").isVisible()));
    assert.equal((await recordings(on.visit)).length, 1);
  });
  scenario.step("the doctor stops what all have agreed to", async () => {
    await press(on.doctor, "record");
    for (const page of [on.patient, on.guest]) await answer(page, "consent-yes");
    await everybody(on.all, "running");
    await press(on.doctor, "record");
    await everybody(on.all, "off");
    await told(on.patient, TEXTS.fr.recording_end_stopped);
    assert.equal((await recordings(on.visit)).length, 2);
  });
  scenario.step("the clinic has every answer on record, with the words that were agreed to", async () => {
    const [newest] = await recordings(on.visit);
    let consents;
    await until("seven times yes and twice no", async () => {
      ({ consents } = await on.visit.doctor.expect(200, "GET", `/recordings/${newest.id}`));
      return consents.filter((one) => one.agreed).length === 7 && consents.filter((one) => !one.agreed).length === 2;
    }).catch((error) => {
      throw new Error(`${error.message}; ${JSON.stringify(consents)}`);
    });
    assert.ok(consents.every((one) => !one.agreed || one.wording === 1), JSON.stringify(consents));
  });
  scenario.step("an encrypted visit cannot be recorded, and the button says why", async () => {
    await press(on.guest, "leave");
    await press(on.guest, "leave-confirm");
    await shown(on.guest, "ended");
    await openPanel(on.doctor, "toggle-people", "secrecy-switch");
    const control = at(on.doctor, "secrecy-switch");
    await until("the switch", () => control.isEnabled());
    await control.click();
    const record = at(on.doctor, "record");
    await until("the button to be barred", () => record.isDisabled());
    const why = await record.getAttribute("aria-describedby");
    assert.equal(await on.doctor.locator(`#${why}`).innerText(), TEXTS.en.recording_not_encrypted);
  });
  scenario.step("no page reported a fault", async () => {
    const faults = scenario.browsers.flatMap((b) => b.faults.map((fault) => `${b.person}: ${fault}`));
    assert.deepEqual(faults, []);
  });
}

/** The scenario. */
export function recording() {
  const scenario = new Scenario("A visit that is recorded");
  const on = {};
  for (const part of [asking, running, ending]) part(scenario, on);
  return scenario;
}
