// Doors that stay closed, and what a person reads there; signing in; languages.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { Browser } from "../lib/browser.mjs";
import { ACCOUNTS, PASSWORD } from "../lib/demo.mjs";
import { at, press, shown, signIn } from "../lib/pages.mjs";
import { Scenario } from "../lib/steps.mjs";
import { closedLinks } from "../lib/tour.mjs";
import { until } from "../lib/wait.mjs";

/** What the sign-in page says to these words, as text and as markup. */
async function refusalOf(page, email, password) {
  await page.goto("/login");
  await at(page, "login-email").fill(email);
  await at(page, "login-password").fill(password);
  await press(page, "login-submit");
  return (await shown(page, "error")).evaluate((alert) => alert.outerHTML);
}

/** The scenario. */
export function refusals() {
  const scenario = new Scenario("Closed doors");
  const on = {};
  scenario.step("links that do not open", async () => {
    on.links = await closedLinks();
    on.browser = scenario.keep(await Browser.open("patient"));
    on.page = await on.browser.page();
  });
  for (const code of ["too_early", "cancelled", "ended", "link_revoked", "not_found"]) {
    scenario.step(`a link that is ${code.replace("_", " ")} says so and asks for no camera`, async () => {
      await on.page.goto("/");
      await on.page.goto(`/join#${on.links[code]}`);
      const refusal = await shown(on.page, "refusal");
      assert.equal(await refusal.getAttribute("data-code"), code);
      assert.equal(await at(on.page, "join-start").count(), 0);
      if (code === "too_early") assert.match(await (await shown(on.page, "opens-at")).innerText(), /\d/);
    });
  }
  scenario.step("a wrong password and an unknown person look the same", async () => {
    const wrong = await refusalOf(on.page, ACCOUNTS.patient, "wrong");
    const unknown = await refusalOf(on.page, `${randomUUID()}@demo.clinic`, "wrong");
    assert.equal(wrong, unknown);
  });
  scenario.step("a page that needs a person leads to the sign-in and back", async () => {
    await on.page.goto("/appointments");
    await on.page.waitForURL(/\/login/);
    await at(on.page, "login-email").fill(ACCOUNTS.patient);
    await at(on.page, "login-password").fill(PASSWORD);
    await press(on.page, "login-submit");
    await on.page.waitForURL(/\/appointments/);
  });
  scenario.step("the session survives a reload, and no token is left where scripts can find it", async () => {
    await on.page.reload();
    await shown(on.page, "logout");
    const stored = await on.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    assert.ok(!/eyJ/.test(stored), "a token lies in the storage");
    const cookie = (await on.browser.context.cookies()).find(({ name }) => name === "refresh");
    const { httpOnly, sameSite } = cookie ?? {};
    assert.deepEqual({ httpOnly, sameSite }, { httpOnly: true, sameSite: "Strict" });
  });
  scenario.step("the pages of another role stay closed", async () => {
    for (const path of ["/day", "/hours", "/visits"]) {
      await on.page.goto(path);
      await on.page.locator("main h1").waitFor();
      await shown(on.page, "error");
      for (const id of ["day-row", "hours-save", "live-visit"]) assert.equal(await at(on.page, id).count(), 0);
    }
  });
  scenario.step("signing out closes the account, in other windows too", async () => {
    const other = await on.browser.page("/appointments");
    await shown(other, "logout");
    await press(on.page, "logout");
    await until("the sign-in to be offered", async () => (await at(on.page, "logout").count()) === 0);
    await other.reload();
    await other.waitForURL(/\/(login|$)/);
    assert.equal(await at(other, "logout").count(), 0);
    await other.close();
  });
  scenario.step("the language changes at once and stays", async () => {
    await on.page.goto("/login");
    const heading = () => on.page.locator("main h1").innerText();
    const english = await heading();
    await press(on.page, "lang-fr");
    await until("French", async () => (await heading()) !== english);
    assert.equal(await on.page.locator("html").getAttribute("lang"), "fr");
    const french = await heading();
    await on.page.reload();
    await shown(on.page, "login-email");
    assert.equal(await heading(), french);
    await press(on.page, "lang-en");
    await until("English", async () => (await heading()) === english);
  });
  scenario.step("an address that leads nowhere says so", async () => {
    await on.page.goto("/no/such/page");
    await shown(on.page, "not-found");
  });
  scenario.step("no page reported a fault", () => assert.deepEqual(on.browser.faults, []));
  return scenario;
}
