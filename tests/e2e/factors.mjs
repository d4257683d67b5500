// Second factors: set up, signed in with, taken away; one's sign-ins; the staff of the facility.

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";

import { Browser } from "../lib/browser.mjs";
import { ACCOUNTS, PASSWORD } from "../lib/demo.mjs";
import { at, press, shown, signIn } from "../lib/pages.mjs";
import { isReadable } from "../lib/readable.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

/** Browsers bind passkeys to names and not to addresses. */
const NAMED = process.env.BASE_URL?.replace("127.0.0.1", "localhost");
const NEW_PASSWORD = "une phrase assez longue";

/** The bytes of a base 32 text. */
function base32(text) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const letter of text.replace(/[\s=]/g, ""))
    bits += letters.indexOf(letter).toString(2).padStart(5, "0");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** The code of an authenticator app (RFC 6238), `steps` of thirty seconds from now. */
function codeOf(secret, steps = 0) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac("sha1", base32(secret)).update(counter).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** Gives a page a passkey device that always agrees. */
async function passkeyDevice(page) {
  const device = await page.context().newCDPSession(page);
  await device.send("WebAuthn.enable");
  await device.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

/** Types e-mail and password on the sign-in page. */
async function typePassword(page, email, password) {
  await page.goto("/login");
  await at(page, "login-email").fill(email);
  await at(page, "login-password").fill(password);
  await press(page, "login-submit");
}

/** Invites a nurse; gives the link. */
async function invite(page, email) {
  await page.goto("/people");
  await press(page, "people-invite");
  await at(page, "invite-email").fill(email);
  await at(page, "invite-name").fill("Nadège Etoa");
  await at(page, "invite-role").selectOption("nurse");
  await press(page, "invite-submit");
  return (await shown(page, "people-link")).inputValue();
}

/** The scenario. */
export function factors() {
  const scenario = new Scenario("Second factors and staff");
  const on = { email: `nurse-${randomUUID()}@demo.clinic` };
  scenario.step("an administrator invites a nurse and gets a link", async () => {
    on.admins = scenario.keep(await Browser.open("doctor", { bypassCSP: true }));
    on.admin = await on.admins.page();
    await signIn(on.admin, ACCOUNTS.admin);
    on.link = await invite(on.admin, on.email);
    await isReadable(on.admin);
  });
  scenario.step("the nurse chooses a password with it, once", async () => {
    on.nurses = scenario.keep(await Browser.open("patient", { bypassCSP: true }));
    on.nurse = await on.nurses.page();
    await on.nurse.goto(on.link);
    await at(on.nurse, "set-password").fill(NEW_PASSWORD);
    await isReadable(on.nurse);
    await press(on.nurse, "set-password-submit");
    await shown(on.nurse, "set-password-done");
    const again = await on.nurses.page(on.link);
    await at(again, "set-password").fill(NEW_PASSWORD);
    await press(again, "set-password-submit");
    await shown(again, "error");
    await again.close();
  });
  scenario.step("without a second factor she sees its set-up on every page", async () => {
    await typePassword(on.nurse, on.email, NEW_PASSWORD);
    await shown(on.nurse, "enrol");
    await on.nurse.goto("/home");
    await shown(on.nurse, "enrol");
  });
  scenario.step("she sets up an app and takes recovery codes", async () => {
    await at(on.nurse, "factor-name").fill("Mon téléphone");
    await press(on.nurse, "factor-add-app");
    await shown(on.nurse, "app-qr");
    on.secret = await at(on.nurse, "app-secret").inputValue();
    await isReadable(on.nurse);
    on.used = codeOf(on.secret);
    await at(on.nurse, "app-code").fill(on.used);
    await press(on.nurse, "app-confirm");
    await shown(on.nurse, "factor");
    await press(on.nurse, "recovery-make");
    await shown(on.nurse, "recovery-shown");
    on.codes = await at(on.nurse, "recovery-code").allInnerTexts();
    assert.equal(on.codes.length, 10);
    await press(on.nurse, "recovery-kept");
    await press(on.nurse, "enrol-done");
    await until("the confinement to end", async () => (await at(on.nurse, "enrol").count()) === 0);
  });
  scenario.step("the next sign-in asks for the code, and no code counts twice", async () => {
    await press(on.nurse, "logout");
    await typePassword(on.nurse, on.email, NEW_PASSWORD);
    await shown(on.nurse, "second-step");
    await isReadable(on.nurse);
    await at(on.nurse, "second-code").fill(on.used);
    await press(on.nurse, "second-submit");
    await shown(on.nurse, "error");
    await at(on.nurse, "second-code").fill(codeOf(on.secret, 1));
    await press(on.nurse, "second-submit");
    await shown(on.nurse, "logout");
  });
  scenario.step("a passkey signs in alone", async () => {
    await passkeyDevice(on.nurse);
    await on.nurse.goto(`${NAMED}/login`);
    await at(on.nurse, "login-email").fill(on.email);
    await at(on.nurse, "login-password").fill(NEW_PASSWORD);
    await press(on.nurse, "login-submit");
    await at(on.nurse, "second-code").fill(on.codes[9]);
    await press(on.nurse, "second-submit");
    await shown(on.nurse, "logout");
    await on.nurse.goto(`${NAMED}/security`);
    await at(on.nurse, "factor-name").fill("Cet ordinateur");
    await press(on.nurse, "factor-add-passkey");
    await until("two factors", async () => (await at(on.nurse, "factor").count()) === 2);
    await isReadable(on.nurse);
    await press(on.nurse, "logout");
    await on.nurse.goto(`${NAMED}/login`);
    await press(on.nurse, "login-passkey");
    await shown(on.nurse, "tiles");
    await press(on.nurse, "logout");
    await until("the sign-out", async () => (await at(on.nurse, "logout").count()) === 0);
  });
  scenario.step("a recovery code signs in once", async () => {
    const other = scenario.keep(await Browser.open("patient", { bypassCSP: true }));
    const page = await other.page();
    for (const opens of [true, false]) {
      await typePassword(page, on.email, NEW_PASSWORD);
      await at(page, "second-code").fill(on.codes[0]);
      await press(page, "second-submit");
      await shown(page, opens ? "logout" : "error");
      if (opens) await press(page, "logout");
    }
    await at(page, "second-code").fill(on.codes[1]);
    await press(page, "second-submit");
    await shown(page, "logout");
    on.other = page;
  });
  scenario.step("she ends her sign-ins everywhere else", async () => {
    await on.nurse.goto("/security");
    await until("both sign-ins", async () => (await at(on.nurse, "session").count()) >= 2);
    await press(on.nurse, "sessions-end-others");
    await until("one sign-in", async () => (await at(on.nurse, "session").count()) === 1);
    await on.other.goto("/security");
    await on.other.waitForURL(/\/login/);
  });
  scenario.step("the administrator suspends her, and she is out", async () => {
    await on.admin.goto("/people");
    await at(on.admin, "people-search").fill(on.email);
    await until("one card", async () => (await at(on.admin, "person").count()) === 1);
    await press(on.admin, "person-do-review");
    await press(on.admin, "person-suspend");
    await press(on.admin, "person-suspend-confirm");
    await shown(on.admin, "person-suspended");
    await on.nurse.goto("/security");
    await on.nurse.waitForURL(/\/login/);
    await press(on.admin, "person-resume");
    await until("the account to be open", async () => (await at(on.admin, "person-suspended").count()) === 0);
  });
  scenario.step("staff of the demo clinic still sign in with the password alone", async () => {
    const browser = scenario.keep(await Browser.open("doctor", { bypassCSP: true }));
    await signIn(await browser.page(), ACCOUNTS.nurse, PASSWORD);
  });
  return scenario;
}
