// The rights of patients: who looked, consents, a copy, an erasure that the law refuses; emergencies.

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";

import { Browser } from "../lib/browser.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { at, press, shown, signedIn } from "../lib/pages.mjs";
import { isReadable } from "../lib/readable.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

const NEW_PASSWORD = "une phrase assez longue";
/** The telephone of the demo patient who signs in. */
const PHONE = "+237 699 00 01 01";

/** The code of an authenticator app (RFC 6238), `steps` of thirty seconds from now. */
function codeOf(secret, steps = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const letter of secret.replace(/[\s=]/g, ""))
    bits += letters.indexOf(letter).toString(2).padStart(5, "0");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac("sha1", key).update(counter).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** The parts of a ZIP, by the directory at its end. */
function unzip(bytes) {
  const parts = new Map();
  const end = bytes.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  let place = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    const method = bytes.readUInt16LE(place + 10);
    const size = bytes.readUInt32LE(place + 20);
    const [name, extra, comment] = [28, 30, 32].map((field) => bytes.readUInt16LE(place + field));
    const local = bytes.readUInt32LE(place + 42);
    const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const packed = bytes.subarray(begin, begin + size);
    const text = method === 8 ? inflateRawSync(packed) : packed;
    parts.set(bytes.toString("utf8", place + 46, place + 46 + name), text.toString("utf8"));
    place += 46 + name + extra + comment;
  }
  return parts;
}

/** A new nurse with an authenticator app, signed in; she is not on duty. */
async function nurseWithApp(scenario, admin) {
  const email = `nurse-${randomUUID()}@demo.clinic`;
  await admin.goto("/people");
  await press(admin, "people-invite");
  await at(admin, "invite-email").fill(email);
  await at(admin, "invite-name").fill("Nadège Etoa");
  await at(admin, "invite-role").selectOption("nurse");
  await press(admin, "invite-submit");
  const link = await (await shown(admin, "people-link")).inputValue();
  const browser = scenario.keep(await Browser.open("doctor", { bypassCSP: true }));
  const page = await browser.page();
  await page.goto(link);
  await at(page, "set-password").fill(NEW_PASSWORD);
  await press(page, "set-password-submit");
  await shown(page, "set-password-done");
  await page.goto("/login");
  await at(page, "login-email").fill(email);
  await at(page, "login-password").fill(NEW_PASSWORD);
  await press(page, "login-submit");
  await shown(page, "enrol");
  await at(page, "factor-name").fill("Mon téléphone");
  await press(page, "factor-add-app");
  await shown(page, "app-qr");
  const secret = await at(page, "app-secret").inputValue();
  await at(page, "app-code").fill(codeOf(secret));
  await press(page, "app-confirm");
  await shown(page, "factor");
  await press(page, "enrol-done");
  await until("the confinement to end", async () => (await at(page, "enrol").count()) === 0);
  await press(page, "logout");
  await page.goto("/login");
  await at(page, "login-email").fill(email);
  await at(page, "login-password").fill(NEW_PASSWORD);
  await press(page, "login-submit");
  await at(page, "second-code").fill(codeOf(secret, 1));
  await press(page, "second-submit");
  await shown(page, "tiles");
  return page;
}

/** The scenario. */
export function rights() {
  const scenario = new Scenario("Rights of patients");
  const on = {};
  scenario.step("a patient agrees to research and takes it back", async () => {
    on.patient = await signedIn(scenario, "patient", ACCOUNTS.patient);
    await on.patient.goto("/privacy");
    const research = await shown(on.patient, "consent-research");
    await research.getByTestId("consent-give").click();
    await research.getByTestId("consent-given").waitFor();
    await isReadable(on.patient, "privacy");
    await research.getByTestId("consent-withdraw").click();
    await research.getByTestId("consent-give").waitFor();
  });
  scenario.step("a nurse who has just shown her second factor breaks the glass and sees the hour run", async () => {
    on.admin = await signedIn(scenario, "patient", ACCOUNTS.admin);
    const page = await nurseWithApp(scenario, on.admin);
    await page.goto("/emergency");
    await isReadable(page, "emergency");
    await at(page, "emergency-phone").fill(PHONE);
    await at(page, "emergency-reason").selectOption("unconscious");
    await at(page, "emergency-words").fill("Trouvée inconsciente au marché");
    await press(page, "emergency-go");
    const left = await shown(page, "emergency-left");
    assert.match(await left.innerText(), /(59|60) min/);
    await isReadable(page, "emergency-running");
  });
  scenario.step("the patient sees it under who looked, and asks about it", async () => {
    await on.patient.goto("/privacy");
    await at(on.patient, "looks-filter").selectOption("emergencies");
    const look = at(on.patient, "look").first();
    await until("the emergency", async () => (await look.getAttribute("data-action")) === "access.break_glass");
    assert.match(await look.innerText(), /Nadège Etoa/);
    await look.getByTestId("look-wrong").click();
    await at(on.patient, "look-question").fill("Pourquoi cette personne ?");
    await press(on.patient, "look-question-send");
    await until("the request", async () => (await at(on.patient, "request").count()) === 1);
  });
  scenario.step("an administrator closes the review and answers the patient", async () => {
    await on.admin.goto("/emergencies");
    await shown(on.admin, "emergency");
    await isReadable(on.admin, "emergencies");
    await press(on.admin, "review-justified");
    await on.admin.locator('[data-testid="emergency"][data-state="justified"]').first().waitFor();
    await on.admin.goto("/requests");
    await shown(on.admin, "request");
    await isReadable(on.admin, "requests");
    await press(on.admin, "request-accept");
    await on.admin.locator(".fault").first().waitFor();
    await at(on.admin, "request-answer-text").first().fill("Elle vous a secourue au marché.");
    await press(on.admin, "request-accept");
    await on.admin.locator('[data-testid="request"][data-state="accepted"]').first().waitFor();
    await on.patient.reload();
    assert.match(await (await shown(on.patient, "request-answer")).innerText(), /secourue/);
  });
  scenario.step("a copy of everything is a ZIP with a page, a bundle and the rest", async () => {
    const coming = on.patient.waitForEvent("download");
    await press(on.patient, "export-go");
    const download = await coming;
    assert.match(download.suggestedFilename(), /\.zip$/);
    const parts = unzip(readFileSync(await download.path()));
    const bundle = JSON.parse(parts.get("fhir-bundle.json"));
    assert.equal(bundle.resourceType, "Bundle");
    assert.equal(bundle.entry[0].resource.resourceType, "Patient");
    const rest = JSON.parse(parts.get("record.json"));
    assert.ok(rest.accesses.some((it) => it.action === "access.break_glass"));
    assert.ok(rest.consents.some((it) => it.purpose === "research" && it.withdrawn_us));
    const page = parts.get("record.html") ?? parts.get("dossier.html");
    assert.match(page, /Nadège Etoa/);
    await shown(on.patient, "export-done");
  });
  scenario.step("an erasure is asked for and refused with the law", async () => {
    await press(on.patient, "erasure");
    await press(on.patient, "erasure-confirm");
    await on.patient.locator('[data-testid="request"][data-kind="erasure"]').waitFor();
    await on.admin.goto("/requests");
    const open = on.admin.locator('[data-testid="request"][data-kind="erasure"]').first();
    await open.getByTestId("request-law").waitFor();
    assert.equal(await open.getByTestId("request-erase").count(), 0);
    await open.getByTestId("request-decline").click();
    await on.admin.locator('[data-kind="erasure"][data-state="retained"]').first().waitFor();
    await on.patient.reload();
    const mine = on.patient.locator('[data-testid="request"][data-kind="erasure"]');
    await mine.getByTestId("request-law").waitFor();
    assert.match(await mine.innerText(), /20 (ans|years)/);
    await isReadable(on.patient, "privacy-requests");
  });
  scenario.step("the register names every domain", async () => {
    await on.admin.goto("/register");
    await shown(on.admin, "processing");
    assert.ok((await at(on.admin, "processing").count()) >= 10);
    await isReadable(on.admin, "register");
  });
  return scenario;
}
