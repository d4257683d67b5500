// A patient writes to the doctor, the doctor sees that something waits and answers, the patient reads
// it; nobody else does.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { Browser } from "../lib/browser.mjs";
import { Clinic, openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { at, press, shown, signIn } from "../lib/pages.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = [
  { width: 375, height: 740 },
  { width: 1280, height: 800 },
];
const QUESTION = "La toux continue la nuit, surtout vers trois heures.";
const ANSWER = "Prenez du sirop le soir et revenez si la fièvre monte.";
const THANKS = "Merci, je le ferai.";

/** Serious violations at both sizes, and nothing that sticks out sideways. */
async function isReadable(page) {
  await page.evaluate(AXE);
  for (const size of SIZES) {
    await page.setViewportSize(size);
    const found = await page.evaluate(async () => {
      const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
      const { violations } = await window.axe.run(document, { runOnly });
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`);
    });
    assert.deepEqual(found, [], `at ${size.width} px`);
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(over <= 0, `the page is wider than ${size.width} px`);
  }
}

/** Waits until the conversation shows these words. */
async function says(page, words) {
  await at(page, "message").filter({ hasText: words }).first().waitFor();
}

/** The scenario. */
export function messages() {
  const scenario = new Scenario("Secure messages");
  const on = {};
  scenario.step("a patient without a conversation finds the way to the first one", async () => {
    const { doctor } = await openAppointment();
    on.doctorId = doctor.me.id;
    on.patients = scenario.keep(await Browser.open("patient", { bypassCSP: true }));
    on.patient = await on.patients.page();
    await signIn(on.patient, ACCOUNTS.patient);
    await press(on.patient, "nav-messages");
    await on.patient.waitForURL(/\/messages$/);
    await shown(on.patient, "messages-begin");
    await isReadable(on.patient);
  });
  scenario.step("what is missing is said, and the message is sent", async () => {
    await press(on.patient, "messages-begin");
    await shown(on.patient, "begin-send");
    await press(on.patient, "begin-send");
    await shown(on.patient, "begin-incomplete");
    await isReadable(on.patient);
    const { name } = (await Clinic.signIn(ACCOUNTS.doctor)).me;
    await on.patient.locator(`[data-testid="begin-person"][data-name="${name}"]`).setChecked(true);
    await at(on.patient, "begin-subject").fill("Toux");
    await at(on.patient, "begin-text").fill(QUESTION);
    await press(on.patient, "begin-send");
    await on.patient.waitForURL(/\/messages\/[0-9a-f-]{36}$/);
    on.path = new URL(on.patient.url()).pathname;
    on.id = on.path.split("/").at(-1);
    await says(on.patient, QUESTION);
    assert.equal(await at(on.patient, "thread-member").count(), 2);
    assert.equal(await at(on.patient, "thread-close").count(), 0, "a patient does not close it");
    await isReadable(on.patient);
  });
  scenario.step("the doctor sees in the menu and in the list that it is unread", async () => {
    on.doctors = scenario.keep(await Browser.open("doctor", { bypassCSP: true }));
    on.doctor = await on.doctors.page();
    await signIn(on.doctor, ACCOUNTS.doctor);
    await shown(on.doctor, "messages-badge");
    await press(on.doctor, "nav-messages");
    const row = on.doctor.locator(`[data-testid="thread"][href="${on.path}"]`);
    await row.waitFor();
    assert.equal(await row.getAttribute("data-unread"), "1");
    await isReadable(on.doctor);
    await row.click();
    await says(on.doctor, QUESTION);
    await shown(on.doctor, "thread-patient");
    await isReadable(on.doctor);
  });
  scenario.step("a half-written answer waits, by keyboard it is sent", async () => {
    await at(on.doctor, "answer").fill(ANSWER);
    await press(on.doctor, "messages-back");
    await shown(on.doctor, "threads");
    await on.doctor.goto(on.path);
    await shown(on.doctor, "answer");
    await until("the words are there again", async () => (await at(on.doctor, "answer").inputValue()) === ANSWER);
    await at(on.doctor, "answer").focus();
    await on.doctor.keyboard.press("Tab");
    await on.doctor.keyboard.press("Enter");
    await says(on.doctor, ANSWER);
    assert.equal(await at(on.doctor, "answer").inputValue(), "");
  });
  scenario.step("the patient's open page shows the answer by itself, once", async () => {
    await says(on.patient, ANSWER);
    assert.equal(await at(on.patient, "message").filter({ hasText: ANSWER }).count(), 1);
    const patient = await Clinic.signIn(ACCOUNTS.patient);
    await until("it counts as read", async () => (await patient.expect(200, "GET", `/threads/${on.id}`)).unread === 0);
  });
  scenario.step("nobody else hears of it", async () => {
    const words = [];
    for (const email of [ACCOUNTS.nurse, "doctor2@demo.clinic", ACCOUNTS.diabetic, ACCOUNTS.pharmacist]) {
      const other = await Clinic.signIn(email);
      for (const path of [`/threads/${on.id}`, `/threads/${on.id}/messages`]) {
        const answer = await other.call("GET", path);
        assert.equal(answer.status, 404, `${email} ${path}`);
      }
      words.push((await other.call("GET", "/threads")).text);
    }
    assert.ok(words.every((text) => !text.includes(on.id)));
    on.strangers = scenario.keep(await Browser.open("guest", { bypassCSP: true }));
    on.stranger = await on.strangers.page();
    await signIn(on.stranger, ACCOUNTS.nurse);
    await on.stranger.goto(on.path);
    await shown(on.stranger, "error");
    assert.equal(await at(on.stranger, "message").count(), 0);
  });
  scenario.step("the doctor adds a colleague, who reads and leaves", async () => {
    await press(on.doctor, "member-add");
    const nurse = (await Clinic.signIn(ACCOUNTS.nurse)).me;
    await shown(on.doctor, "member-choice");
    await isReadable(on.doctor);
    await at(on.doctor, "member-choice").selectOption(nurse.id);
    await press(on.doctor, "member-add-confirm");
    await until("three people read it", async () => (await at(on.doctor, "thread-member").count()) === 3);
    await on.stranger.goto(on.path);
    await says(on.stranger, ANSWER);
    await press(on.stranger, "thread-leave");
    await shown(on.stranger, "thread-leave-confirm");
    await press(on.stranger, "thread-leave-confirm");
    await on.stranger.waitForURL(/\/messages$/);
    await on.stranger.goto(on.path);
    await shown(on.stranger, "error");
  });
  scenario.step("a closed conversation takes no message until it is opened again", async () => {
    await press(on.doctor, "thread-close");
    await shown(on.doctor, "thread-closed");
    await isReadable(on.doctor);
    await at(on.patient, "answer").fill(THANKS);
    await press(on.patient, "answer-send");
    await shown(on.patient, "thread-closed");
    await press(on.doctor, "thread-reopen");
    await shown(on.doctor, "answer");
    await on.patient.goto(on.path);
    await shown(on.patient, "answer");
    await until("the words were kept", async () => (await at(on.patient, "answer").inputValue()) === THANKS);
    await press(on.patient, "answer-send");
    await says(on.patient, THANKS);
    await says(on.doctor, THANKS);
  });
  return scenario;
}
