// Patients and their charts: found with a slip, written and amended, read by the patient, hidden from the nurse.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { ACCOUNTS } from "../lib/demo.mjs";
import { at, press, shown, signedIn } from "../lib/pages.mjs";
import { isReadable } from "../lib/readable.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";


/** Looks for a patient and opens the first one. */
async function open(page, typed, name) {
  await page.goto("/patients");
  await at(page, "patients-search").fill(typed);
  const row = at(page, "patient").filter({ hasText: name }).first();
  await row.waitFor({ state: "visible" });
  await row.click();
  await shown(page, "chart-allergies");
}

/** Waits until a part of the page says something. */
async function says(page, part, text) {
  await until(`${part} to say ${text}`, async () => (await at(page, part).innerText()).includes(text));
}

/** The scenario. */
export function records() {
  const scenario = new Scenario("Patients and charts");
  const on = { secret: `Suivi confidentiel ${Date.now()}` };
  scenario.step("a doctor finds a patient in spite of a slip", async () => {
    on.doctor = await signedIn(scenario, "doctor", ACCOUNTS.doctor);
    await open(on.doctor, "eyenag brigite", "Eyenga");
    await isReadable(on.doctor, "patient");
  });
  scenario.step("she adds an allergy and corrects it; the first version stays", async () => {
    await press(on.doctor, "entry-add");
    await at(on.doctor, "entry-kind").selectOption("allergy");
    await at(on.doctor, "entry-what").fill("Pénicillines");
    await at(on.doctor, "entry-more").fill("Boutons");
    await isReadable(on.doctor, "dialog");
    await press(on.doctor, "entry-save");
    await says(on.doctor, "chart-allergies", "Boutons");
    const group = at(on.doctor, "chart-allergies");
    await group.getByTestId("entry-amend").first().click();
    await at(on.doctor, "entry-more").fill("Urticaire étendue");
    await press(on.doctor, "entry-save");
    await says(on.doctor, "chart-allergies", "Urticaire étendue");
    await group.getByTestId("entry-versions").first().click();
    await until("two versions", async () => (await at(on.doctor, "entry-version").count()) === 2);
    assert.match(await at(on.doctor, "entry-dialog").innerText(), /Boutons/);
    await on.doctor.keyboard.press("Escape");
  });
  scenario.step("two changes of one allergy stand side by side, and both are kept", async () => {
    const amend = async (page, words) => {
      await at(page, "chart-allergies").getByTestId("entry-amend").first().click();
      await at(page, "entry-more").fill(words);
    };
    const other = await on.doctor.context().newPage();
    await open(other, "Eyenga", "Eyenga");
    await amend(on.doctor, "Urticaire géante");
    await amend(other, "Urticaire et œdème");
    await press(other, "entry-save");
    await says(other, "chart-allergies", "Urticaire et œdème");
    await press(on.doctor, "entry-save");
    await shown(on.doctor, "conflict");
    assert.equal(await on.doctor.evaluate(() => document.activeElement.id), "conflict-title");
    await says(on.doctor, "conflict-began", "Urticaire étendue");
    await says(on.doctor, "conflict-stored", "Urticaire et œdème");
    await says(on.doctor, "conflict-mine", "Urticaire géante");
    await isReadable(on.doctor, "conflict");
    await press(on.doctor, "conflict-both");
    await shown(on.doctor, "entry-joined");
    assert.equal(await at(on.doctor, "entry-more").inputValue(), "Urticaire et œdème; Urticaire géante");
    await press(on.doctor, "entry-save");
    await says(on.doctor, "chart-allergies", "Urticaire et œdème; Urticaire géante");
    await other.close();
  });
  scenario.step("the timeline shows it, filtered by kind", async () => {
    await at(on.doctor, "timeline-kind").selectOption("allergy");
    await says(on.doctor, "timeline", "Pénicillines");
    await until("nothing else", async () => (await at(on.doctor, "timeline-visit").count()) === 0);
  });
  scenario.step("she writes something confidential", async () => {
    await press(on.doctor, "entry-add");
    await at(on.doctor, "entry-kind").selectOption("condition");
    await at(on.doctor, "entry-what").fill(on.secret);
    await at(on.doctor, "entry-hidden").check();
    await press(on.doctor, "entry-save");
    await says(on.doctor, "chart-conditions", on.secret);
  });
  scenario.step("blood sugar and blood pressure stand as plot and table", async () => {
    await open(on.doctor, "Tchoumy", "Tchoumi");
    await shown(on.doctor, "plot");
    await at(on.doctor, "trend").selectOption("glucose");
    await at(on.doctor, "trend-table").locator("summary").click();
    await says(on.doctor, "trend-table", "14.1");
    await isReadable(on.doctor, "trends");
  });
  scenario.step("the nurse sees the allergy and not what is confidential", async () => {
    on.nurse = await signedIn(scenario, "patient", ACCOUNTS.nurse);
    await open(on.nurse, "Eyenga", "Eyenga");
    await says(on.nurse, "chart-allergies", "Urticaire géante");
    await until("the timeline", async () => (await at(on.nurse, "timeline").getByTestId("entry").count()) > 0);
    const all = await on.nurse.locator("main").innerText();
    assert.ok(!all.includes(on.secret), "the nurse must not see it");
  });
  scenario.step("she is asked before she registers somebody a second time", async () => {
    await on.nurse.goto("/patients");
    await press(on.nurse, "patients-register");
    await at(on.nurse, "register-given").fill("Brigite");
    await at(on.nurse, "register-family").fill("Eyenga");
    await at(on.nurse, "register-birth").fill("1968-03-14");
    await at(on.nurse, "register-phone").fill("699 00 01 01");
    await press(on.nurse, "register-submit");
    await shown(on.nurse, "register-alike");
    await isReadable(on.nurse, "register");
  });
  scenario.step("the patient reads both in her own record and brings a paper", async () => {
    on.patient = await signedIn(scenario, "patient", ACCOUNTS.patient);
    await on.patient.goto("/record");
    await says(on.patient, "chart-allergies", "Urticaire géante");
    await says(on.patient, "chart-conditions", on.secret);
    await press(on.patient, "document-add");
    await at(on.patient, "document-title").fill("Carnet de vaccination");
    const lie = { name: "x.pdf", mimeType: "application/pdf", buffer: Buffer.from("Bonjour") };
    await at(on.patient, "document-file").setInputFiles(lie);
    await press(on.patient, "document-submit");
    await shown(on.patient, "document-refused");
    const paper = { name: "x.txt", mimeType: "text/plain", buffer: Buffer.from("Tétanos 2019") };
    await at(on.patient, "document-file").setInputFiles(paper);
    await press(on.patient, "document-submit");
    await says(on.patient, "documents", "Carnet de vaccination");
    const [file] = await Promise.all([
      on.patient.waitForEvent("download"),
      at(on.patient, "document-save").first().click(),
    ]);
    assert.equal(readFileSync(await file.path(), "utf8"), "Tétanos 2019");
    await isReadable(on.patient, "record");
  });
  scenario.step("she answers about her family, and it goes into the record", async () => {
    await press(on.patient, "family-begin");
    await press(on.patient, "family-yes");
    await at(on.patient, "relative-FTH").check();
    await press(on.patient, "family-next");
    await at(on.patient, "family-years").fill("48");
    await press(on.patient, "family-next");
    const asked = async () => at(on.patient, "family-question").innerText();
    for (let left = 0; left < 4; left += 1) {
      const before = await asked();
      await press(on.patient, "family-no");
      if (left < 3) await until("the next question", async () => (await asked()) !== before);
    }
    await shown(on.patient, "family-risks");
    await press(on.patient, "family-save");
    await until("the father", async () => (await at(on.patient, "chart-family").getByTestId("entry").count()) > 0);
  });
  return scenario;
}
