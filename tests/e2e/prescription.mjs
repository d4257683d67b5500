// Glucose for a person with diabetes: from the prescription to the refusal to the replacement.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";

import { Browser } from "../lib/browser.mjs";
import { Clinic } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { at, press, shown, signedIn } from "../lib/pages.mjs";
import { isReadable as readable } from "../lib/readable.mjs";
import { OUT } from "../lib/recorder.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

const WORDS = "Glycémie à 16,4 mmol/l : l’olanzapine l’élèverait encore.";

/** Readable, with a picture of each size. */
const isReadable = (page, name) => readable(page, name, path.join(OUT, "prescription"));

/** Waits until the draft is kept and checked as it stands in the fields. */
async function checked(page) {
  await page.locator('[data-testid="rx-kept"][data-kept="checked"]').waitFor();
}

/** Puts a medicine into the only line. */
async function choose(page, typed, slug) {
  if (await at(page, "line-other").isVisible()) await press(page, "line-other");
  await at(page, "medicine-search").fill(typed);
  await page.locator(`[data-testid="medicine"][data-id="${slug}"]`).click();
}

async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) await at(page, `line-${name}`).fill(value);
}

/** Gives a reason wherever one is asked for, and signs. */
async function sign(page) {
  for (const reason of await at(page, "reason").all())
    await reason.getByTestId("reason-code").selectOption("monitored");
  await press(page, "rx-sign");
  await press(page, "rx-sign-confirm");
  await shown(page, "rx-signed");
}

/** What the check found: the rules of a level. */
async function rules(page, level) {
  const found = page.locator(`[data-testid="finding"][data-level="${level}"]`);
  return found.evaluateAll((all) => all.map((one) => one.dataset.rule));
}

/** The scenario. */
export function prescription() {
  const scenario = new Scenario("A prescription from the doctor to the pharmacy and back");
  const on = {};
  const open = (person, account) => signedIn(scenario, person, account, { locale: "fr-FR" });
  scenario.step("the doctor chooses the patient from her appointments", async () => {
    on.doctor = await open("doctor", ACCOUNTS.doctor);
    await press(on.doctor, "nav-prescriptions");
    await press(on.doctor, "rx-new");
    await at(on.doctor, "choose-patient").filter({ hasText: "Tchoumi" }).click();
    await shown(on.doctor, "medicine-search");
    await isReadable(on.doctor, "new");
  });
  scenario.step("glucose is contraindicated, with rule, fact and what instead, and cannot be signed", async () => {
    await choose(on.doctor, "glucos", "glucose");
    await fill(on.doctor, { dose: "25", days: "1", quantity: "1" });
    await checked(on.doctor);
    await shown(on.doctor, "rx-blocked");
    assert.ok((await rules(on.doctor, "contraindicated")).includes("dc-glucose-diabetes"));
    const facts = await at(on.doctor, "finding-facts").first().innerText();
    assert.match(facts, /E11\.9/);
    assert.ok(await at(on.doctor, "safer-sodium_chloride").first().isVisible());
    assert.equal(await at(on.doctor, "rx-sign").count(), 0);
    await isReadable(on.doctor, "blocked");
    on.draft = on.doctor.url().match(/prescriptions\/([0-9a-f-]+)\/edit/)[1];
  });
  scenario.step("the interface refuses that signature too, whatever reasons are given", async () => {
    const doctor = await Clinic.signIn(ACCOUNTS.doctor);
    const draft = await doctor.expect(200, "GET", `/prescriptions/${on.draft}`);
    const reasons = draft.findings.map(({ rule }) => ({ rule, code: "benefit_outweighs" }));
    const answer = await doctor.call("POST", `/prescriptions/${on.draft}/sign`, {
      version: draft.version,
      reasons,
    });
    assert.equal(answer.status, 409);
    assert.equal(answer.body.code, "contraindicated");
  });
  scenario.step("one press puts a safer option in, and its dose is asked for", async () => {
    await press(on.doctor, "safer-sodium_chloride");
    await on.doctor.locator('[data-testid="line-medicine"][data-id="sodium_chloride"]').waitFor();
    await until("an empty dose", async () => (await at(on.doctor, "line-dose").inputValue()) === "");
    assert.equal(await at(on.doctor, "rx-sign").count(), 0);
  });
  scenario.step("olanzapine needs a reason, is signed with one, and sent to the pharmacy", async () => {
    await choose(on.doctor, "olanzapine", "olanzapine");
    await fill(on.doctor, { dose: "10", days: "30", quantity: "30" });
    await checked(on.doctor);
    assert.ok((await rules(on.doctor, "justify")).includes("dc-olanzapine-diabetes"));
    assert.ok(await at(on.doctor, "rx-sign").isDisabled());
    await isReadable(on.doctor, "reason");
    await sign(on.doctor);
    await isReadable(on.doctor, "signed");
    on.code = (await at(on.doctor, "rx-code").innerText()).trim();
    await press(on.doctor, "rx-transmit");
    await on.doctor.locator('[data-testid="rx-stage"][data-stage="transmitted"]').waitFor();
    on.first = on.doctor.url().split("/").pop();
  });
  scenario.step("the pharmacist finds it first, and by its code", async () => {
    on.pharmacist = await open("guest", ACCOUNTS.pharmacist);
    await on.pharmacist.waitForURL(/\/pharmacy$/);
    const row = on.pharmacist.locator(`[data-testid="incoming"] [data-id="${on.first}"]`);
    await row.waitFor();
    assert.ok(await row.getByTestId("waits").isVisible());
    await isReadable(on.pharmacist, "worklist");
    await at(on.pharmacist, "code").fill("0000-0000");
    await press(on.pharmacist, "code-submit");
    await shown(on.pharmacist, "code-unknown");
    await at(on.pharmacist, "code").fill(on.code.toLowerCase());
    await press(on.pharmacist, "code-submit");
    await on.pharmacist.waitForURL(new RegExp(`/pharmacy/${on.first}`));
  });
  scenario.step("sends it back with words; without words nothing happens", async () => {
    await shown(on.pharmacist, "rx-reasons");
    await isReadable(on.pharmacist, "counter");
    await at(on.doctor, "rx-list").click();
    await press(on.pharmacist, "rx-refuse");
    await press(on.pharmacist, "rx-refuse-confirm");
    await on.pharmacist.locator("#refuse-text-error").waitFor();
    await at(on.pharmacist, "refuse-reason").selectOption("safety");
    await at(on.pharmacist, "refuse-text").fill(WORDS);
    await press(on.pharmacist, "rx-refuse-confirm");
    await on.pharmacist.locator('[data-testid="rx-stage"][data-stage="refused"]').waitFor();
    assert.equal(await at(on.pharmacist, "rx-dispense").count(), 0);
  });
  scenario.step("the doctor is told on the page that is open, and says that she has seen it", async () => {
    await shown(on.doctor, "rx-badge");
    await shown(on.doctor, "rx-refused-card");
    assert.match(await at(on.doctor, "rx-refusal-text").first().innerText(), /16,4 mmol/);
    await isReadable(on.doctor, "refused");
    await press(on.doctor, "rx-seen");
    await until("the badge to go", async () => (await at(on.doctor, "rx-badge").count()) === 0);
  });
  scenario.step("she replaces it by a safer option with one press and a dose", async () => {
    await press(on.doctor, "rx-replace");
    await checked(on.doctor);
    await press(on.doctor, "safer-aripiprazole");
    await on.doctor.locator('[data-testid="line-medicine"][data-id="aripiprazole"]').waitFor();
    await fill(on.doctor, { dose: "10" });
    // What was found in the old one stays to be read in a box of its own.
    const old = on.doctor.locator('[data-testid="finding"][data-rule*="diabetes"]:not(details *)');
    await old.first().waitFor({ state: "detached" });
    await checked(on.doctor);
    await sign(on.doctor);
    await press(on.doctor, "rx-transmit");
    await on.doctor.locator('[data-testid="rx-stage"][data-stage="transmitted"]').waitFor();
    on.second = on.doctor.url().split("/").pop();
    on.safe = (await at(on.doctor, "rx-code").innerText()).trim();
  });
  scenario.step("the pharmacist hands the replacement out", async () => {
    await on.pharmacist.goto(`/pharmacy/${on.second}`);
    await press(on.pharmacist, "rx-dispense");
    await press(on.pharmacist, "rx-dispense-confirm");
    await on.pharmacist.locator('[data-testid="rx-stage"][data-stage="completed"]').waitFor();
    await on.pharmacist.goto("/pharmacy");
    await shown(on.pharmacist, "refusal-times");
    await isReadable(on.pharmacist, "worklist-after");
  });
  scenario.step("the patient reads it in plain words, with the times of the day", async () => {
    on.patient = await open("patient", ACCOUNTS.diabetic);
    await press(on.patient, "nav-my-prescriptions");
    const card = on.patient.locator(`[data-testid="my-prescription"][data-id="${on.second}"]`);
    await card.waitFor();
    assert.equal(await card.getAttribute("data-stage"), "completed");
    assert.match(await card.getByTestId("my-hours").innerText(), /08:00/);
    const old = on.patient.locator(`[data-testid="my-prescription"][data-id="${on.first}"]`);
    assert.equal(await old.getAttribute("data-stage"), "replaced");
    await isReadable(on.patient, "mine");
    const coming = on.patient.waitForEvent("download");
    await card.getByTestId("rx-pdf").click();
    on.pdf = readFileSync(await (await coming).path());
    assert.equal(on.pdf.subarray(0, 5).toString(), "%PDF-");
  });
  scenario.step("whoever holds a paper learns how it stands, without an account", async () => {
    const browser = scenario.keep(await Browser.open("guest", { bypassCSP: true, locale: "fr-FR" }));
    on.anybody = await browser.page(`/verify/${on.safe}`);
    await on.anybody.locator('[data-testid="verify-state"][data-state="dispensed"]').waitFor();
    await at(on.anybody, "verify-code").fill(on.code);
    await press(on.anybody, "verify-submit");
    await on.anybody.locator('[data-testid="verify-state"][data-state="replaced"]').waitFor();
    await at(on.anybody, "verify-code").fill("ABCD-EFGH-JKMN-PQRS");
    await press(on.anybody, "verify-submit");
    await shown(on.anybody, "verify-unknown");
    await isReadable(on.anybody, "verify");
  });
  scenario.step("the PDF is genuine, an altered one and a foreign one are refused", async () => {
    const show = async (buffer) =>
      at(on.anybody, "verify-file").setInputFiles({ name: "ordonnance.pdf", mimeType: "application/pdf", buffer });
    await show(on.pdf);
    await on.anybody.locator('[data-testid="verify-state"][data-state="dispensed"]').waitFor();
    const altered = Buffer.from(on.pdf);
    altered[Math.floor(altered.length / 3)] ^= 1;
    await show(altered);
    await shown(on.anybody, "verify-altered");
    await show(Buffer.from("%PDF-1.7 by hand"));
    await shown(on.anybody, "verify-foreign");
  });
  return scenario;
}
