// Captions of a visit and the draft of its note, with a recogniser that hears the tones of fake microphones.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";

import { Browser } from "../lib/browser.mjs";
import { openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { at, checkDevices, comeIn, press, shown, signIn } from "../lib/pages.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";
import { SIZES, sticksOut, violations } from "./access.mjs";

/** What the recogniser says when it hears their tones. */
const SORE = "J'ai mal à la gorge depuis hier.";
const ALLERGY = "Je suis allergique à la pénicilline.";
const RED = "La gorge est rouge.";
const PLAN = "Je vous prescris du repos.";

async function open(scenario, person, locale) {
  const browser = scenario.keep(await Browser.open(person, { locale, bypassCSP: true }));
  return browser.page();
}

async function phase(page, wanted) {
  await until(`the captions to be ${wanted}`, async () => {
    const state = at(page, "captions");
    const seen =
      (await state.count()) === 0 ? "off" : await state.getAttribute("data-phase", { timeout: 1_000 }).catch(() => null);
    return seen === wanted;
  });
}

/** Waits until the page shows that this person said it. */
async function reads(page, name, words) {
  await at(page, "caption").filter({ hasText: `${name}: ${words}` }).first().waitFor();
}

/** The processes that the server has started. */
function children() {
  const tasks = `/proc/${process.env.SERVER_PID}/task`;
  // A thread that is gone meanwhile has none.
  const of = (task) => {
    try {
      return readFileSync(`${tasks}/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number);
    } catch {
      return [];
    }
  };
  return readdirSync(tasks).flatMap(of);
}

/** The number of the last line of a page. */
async function newest(page) {
  return Number(await at(page, "caption").last().getAttribute("data-number"));
}

async function fits(page) {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    assert.deepEqual(await violations(page), [], `at ${size.width} px`);
    assert.ok((await sticksOut(page)) <= 0, `the page is wider than ${size.width} px`);
    const covered = await page.evaluate(() => {
      const box = (id) => document.querySelector(`[data-testid="${id}"]`).getBoundingClientRect();
      return box("captions-panel").bottom > box("captions-ask").top;
    });
    assert.ok(!covered, `captions cover the controls at ${size.width} px`);
  }
  await page.setViewportSize(SIZES[0]);
}

function consent(scenario, on) {
  scenario.step("a doctor in English and a patient in French are in a visit without captions", async () => {
    on.visit = await openAppointment();
    on.names = { doctor: on.visit.doctor.me.name, patient: on.visit.patient.me.name };
    on.doctor = await open(scenario, "doctor", "en-GB");
    await signIn(on.doctor, ACCOUNTS.doctor);
    await on.doctor.goto(`/visit/${on.visit.appointment.id}`);
    await checkDevices(on.doctor);
    await press(on.doctor, "enter-waiting");
    on.patient = await open(scenario, "patient", "fr-FR");
    await comeIn(on.patient, `/join#${on.visit.token}`, on.doctor);
    on.all = [on.doctor, on.patient];
    for (const page of on.all) await phase(page, "off");
  });
  scenario.step("the patient asks, the doctor is asked, and nothing is written before the doctor agrees", async () => {
    await press(on.patient, "captions-ask");
    await shown(on.doctor, "captions-consent-yes");
    for (const page of on.all) await phase(page, "asking");
    assert.ok((await at(on.doctor, "captions-consent").innerText()).includes(on.names.patient));
    assert.equal(await at(on.patient, "captions-panel").count(), 0);
    await press(on.doctor, "captions-consent-yes");
    for (const page of on.all) await phase(page, "running");
  });
}

function reading(scenario, on) {
  scenario.step("both read what both say, by name and in order, and nothing covers the controls", async () => {
    for (const page of on.all) {
      await reads(page, on.names.patient, SORE);
      await reads(page, on.names.doctor, RED);
    }
    const said = at(on.patient, "caption").filter({ hasText: SORE }).first();
    assert.equal(await said.locator("span").last().getAttribute("lang"), "fr");
    assert.equal(await at(on.patient, "captions-lines").getAttribute("aria-live"), "polite");
    await fits(on.patient);
  });
  scenario.step("each chooses the size, and may hide them", async () => {
    await press(on.patient, "captions-larger");
    await until("large words", async () => (await at(on.patient, "captions-panel").getAttribute("data-size")) === "large");
    assert.ok(await at(on.patient, "captions-larger").isDisabled());
    await fits(on.patient);
    await press(on.patient, "captions-hide");
    await until("no words", async () => (await at(on.patient, "captions-lines").count()) === 0);
    await shown(on.doctor, "captions-lines");
    await press(on.patient, "captions-hide");
    await shown(on.patient, "captions-lines");
  });
  scenario.step("the recogniser dies: the call goes on, and captions come back by themselves", async () => {
    const [recogniser, ...others] = children();
    assert.deepEqual(others, [], "the server has other children");
    process.kill(recogniser, "SIGKILL");
    await until("another recogniser", () => children().some((child) => child !== recogniser));
    const before = await newest(on.patient);
    await until("captions of the new one", async () => (await newest(on.patient)) > before);
    for (const page of on.all) await phase(page, "running");
    await shown(on.patient, "stage");
  });
  scenario.step("the patient withdraws: it is over for both, and what was kept is gone", async () => {
    const draft = () => on.visit.doctor.expect(200, "GET", `/appointments/${on.visit.appointment.id}/note/draft`);
    await until("something to be kept", async () => (await draft()).sections.length > 0);
    await press(on.patient, "captions-withdraw");
    await shown(on.patient, "captions-back-yes");
    await press(on.patient, "captions-back-yes");
    for (const page of on.all) await phase(page, "off");
    for (const page of on.all) assert.equal(await at(page, "captions-panel").count(), 0);
    await until("nothing to be kept", async () => (await draft()).sections.length === 0);
  });
}

function note(scenario, on) {
  scenario.step("with captions again, the doctor ends the visit and is offered a draft", async () => {
    await press(on.doctor, "captions-ask");
    await shown(on.patient, "captions-consent-yes");
    await press(on.patient, "captions-consent-yes");
    for (const words of [SORE, ALLERGY]) await reads(on.doctor, on.names.patient, words);
    for (const words of [RED, PLAN]) await reads(on.doctor, on.names.doctor, words);
    await press(on.doctor, "end-visit");
    await press(on.doctor, "end-confirm");
    await shown(on.doctor, "note-draft");
    const sections = await at(on.doctor, "note-draft").locator("dt").allInnerTexts();
    for (const section of ["Reason", "Medicines and allergies", "Findings", "Plan"])
      assert.ok(sections.includes(section), `${section} is not in ${sections}`);
    assert.equal(await at(on.doctor, "note-text").inputValue(), "", "it is in the note without the doctor");
  });
  scenario.step("the doctor adds it, edits and signs; what was said is deleted, and the patient reads the note", async () => {
    await press(on.doctor, "draft-insert");
    await shown(on.doctor, "draft-inserted");
    const text = await at(on.doctor, "note-text").inputValue();
    assert.match(text, new RegExp(`\\d\\d:\\d\\d ${on.names.patient}: ${SORE}`));
    await at(on.doctor, "note-text").fill("Angine. Repos trois jours.");
    await press(on.doctor, "note-sign");
    await press(on.doctor, "note-sign-confirm");
    await shown(on.doctor, "note-signed");
    const path = `/appointments/${on.visit.appointment.id}`;
    const draft = await on.visit.doctor.expect(200, "GET", `${path}/note/draft`);
    assert.deepEqual(draft.sections, []);
    const summary = await on.visit.patient.expect(200, "GET", `${path}/summary`);
    assert.equal(summary.note.text, "Angine. Repos trois jours.");
  });
  scenario.step("no page reported a fault, and no word is in the log", async () => {
    const faults = scenario.browsers.flatMap((b) => b.faults.map((fault) => `${b.person}: ${fault}`));
    assert.deepEqual(faults, []);
    const log = readFileSync(process.env.SERVER_LOG, "utf8");
    for (const words of [SORE, "gorge", "prescris"]) assert.ok(!log.includes(words), `the log says ${words}`);
  });
}

/** The scenario. */
export function captions() {
  const scenario = new Scenario("Captions of a visit");
  const on = {};
  for (const part of [consent, reading, note]) part(scenario, on);
  return scenario;
}
