// What a patient takes: the doses of the day, what is to collect, and being reminded of it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { Browser } from "../lib/browser.mjs";
import { Clinic } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { at, press, shown, signIn } from "../lib/pages.mjs";
import { Scenario } from "../lib/steps.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = [
  { width: 375, height: 740 },
  { width: 1280, height: 800 },
];

/** Serious violations at both sizes, and nothing that sticks out sideways. */
async function isReadable(page, name) {
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
    assert.deepEqual(found, [], `${name} at ${size.width} px`);
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(over <= 0, `${name} is wider than ${size.width} px`);
  }
}

/** Signs a prescription and sends it to the pharmacy. */
async function prescribe(doctor, patient, line, confidential = false) {
  const lines = [
    { dose: 500, unit: "mg", route: "oral", duration_days: 5, quantity: 10, repeats: 0, ...line },
  ];
  const request = { patient, lines, valid_days: 30, confidential };
  const draft = await doctor.expect(201, "POST", "/prescriptions", request);
  const rules = draft.findings.filter(({ level }) => level === "justify").map(({ rule }) => rule);
  const reasons = [...new Set(rules)].map((rule) => ({ rule, code: "monitored" }));
  const { id } = draft;
  const signed = await doctor.expect(200, "POST", `/prescriptions/${id}/sign`, {
    version: draft.version,
    reasons,
  });
  await doctor.expect(200, "POST", `/prescriptions/${id}/transmit`, { version: signed.version });
  return id;
}

/** The scenario. */
export function medicines() {
  const scenario = new Scenario("What a patient takes, and being reminded of it");
  const on = {};
  const open = async (person, account) => {
    const browser = scenario.keep(await Browser.open(person, { bypassCSP: true, locale: "fr-FR" }));
    const page = await browser.page();
    await signIn(page, account);
    return page;
  };
  scenario.step("a doctor prescribes twice a day, and once a week in confidence", async () => {
    const doctor = await Clinic.signIn(ACCOUNTS.doctor);
    const patient = await Clinic.signIn(ACCOUNTS.patient);
    // Booking gives the doctor a right to the record.
    await patient.book(doctor.me.id, (slot) => slot.start_us > Date.now() * 1000 + 3_600_000_000);
    on.record = patient.me.patient;
    on.daily = await prescribe(doctor, on.record, { medicine: "paracetamol", per_day: 2 });
    on.weekly = await prescribe(
      doctor,
      on.record,
      { medicine: "folic_acid", dose: 5, per_day: 1 / 7, duration_days: 28, quantity: 4 },
      true,
    );
  });
  scenario.step("the patient reads what to take and what to collect", async () => {
    on.patient = await open("patient", ACCOUNTS.patient);
    await on.patient.goto("/my-medicines");
    await shown(on.patient, "today");
    on.line = on.patient.locator(`[data-testid="medicine"][data-prescription="${on.daily}"]`);
    await on.line.waitFor();
    assert.match(await on.line.getByTestId("plan-supply").innerText(), /Pas encore retiré/);
    assert.ok((await at(on.patient, "collect").count()) >= 2);
    const weekly = on.patient.locator(`[data-testid="medicine"][data-prescription="${on.weekly}"]`);
    assert.ok(await weekly.getByTestId("remind-impossible").isVisible());
    await isReadable(on.patient, "medicines");
  });
  scenario.step("two doses at one time are refused with words", async () => {
    await on.line.getByTestId("remind-times").click();
    const times = on.line.getByTestId("remind-time");
    assert.equal(await times.count(), 2);
    await times.nth(0).fill("07:30");
    await times.nth(1).fill("07:30");
    await on.line.getByTestId("remind-save").click();
    await on.line.getByTestId("remind-unlike").waitFor();
    await isReadable(on.patient, "times");
  });
  scenario.step("reminders are switched on at times of the patient's own, and off again", async () => {
    await on.line.getByTestId("remind-time").nth(1).fill("19:30");
    await on.line.getByTestId("remind-save").click();
    await on.line.locator('[data-testid="remind"][data-on="true"]').waitFor();
    assert.match(await on.line.getByTestId("remind").innerText(), /07:30 · 19:30/);
    await on.line.getByTestId("remind-off").click();
    await on.line.locator('[data-testid="remind"][data-on="false"]').waitFor();
  });
  scenario.step("the doctor sees both in the record, the nurse the one alone", async () => {
    const page = await open("doctor", ACCOUNTS.doctor);
    await page.goto(`/patients/${on.record}`);
    await shown(page, "plan");
    const lines = page.getByTestId("plan-line");
    await lines.first().waitFor();
    assert.match(await page.getByTestId("plan").innerText(), /Confidentiel/);
    await isReadable(page, "record");
    const nurse = await Clinic.signIn(ACCOUNTS.nurse);
    const plan = await nurse.expect(200, "GET", `/patients/${on.record}/medication-plan`);
    const ids = plan.prescribed.map(({ prescription }) => prescription);
    assert.ok(ids.includes(on.daily));
    assert.ok(!JSON.stringify(plan).includes(on.weekly));
  });
  return scenario;
}
