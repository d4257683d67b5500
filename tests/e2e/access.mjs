// Every page in both languages through axe-core, and the first steps by keyboard alone.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { Browser } from "../lib/browser.mjs";
import { Clinic, openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS, PASSWORD } from "../lib/demo.mjs";
import { shown } from "../lib/pages.mjs";
import { Scenario } from "../lib/steps.mjs";
import { tour } from "../lib/tour.mjs";
import { until } from "../lib/wait.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const SIZES = [
  { width: 1280, height: 800 },
  { width: 375, height: 740 },
];

/** Serious and critical violations (WCAG 2.2 A and AA) of a page, in words. */
export async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const { violations } = await window.axe.run(document, { runOnly: tags });
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      where: nodes.slice(0, 3).map((node) => node.html.slice(0, 160)),
    }));
  });
  return found.filter(({ impact }) => impact === "serious" || impact === "critical");
}

/** Nothing sticks out sideways: a page that scrolls in two directions is hard to read. */
export async function sticksOut(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** The scenario of one language. */
export function everyPage(language) {
  const scenario = new Scenario(`Every page in ${language === "fr" ? "French" : "English"}`);
  const walk = tour(language);
  scenario.step("accounts, appointments and links for the walk", walk.start);
  for (const { name, visit } of walk.stops) {
    scenario.step(name, visit, async (page) => {
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      assert.equal(await page.locator("main h1").count(), 1, "one main heading");
      for (const size of SIZES) {
        await page.setViewportSize(size);
        assert.deepEqual(await violations(page), [], `at ${size.width} px`);
        assert.ok((await sticksOut(page)) <= 0, `the page is wider than ${size.width} px`);
      }
      await page.setViewportSize(SIZES[0]);
    });
  }
  scenario.finally(walk.close);
  return scenario;
}

/** Presses Tab until the element with this test id has the focus. */
export async function tabTo(page, id, most = 60) {
  for (let n = 0; n < most; n += 1) {
    const here = await page.evaluate(() => document.activeElement?.getAttribute("data-testid"));
    if (here === id || (id.endsWith("*") && here?.startsWith(id.slice(0, -1)))) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${id} within ${most} steps`);
}

/** The focus must be visible where it is. */
async function focusIsVisible(page) {
  const style = await page.evaluate(() => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
    return { outlineStyle, outlineWidth, boxShadow };
  });
  const outlined = style.outlineStyle !== "none" && style.outlineWidth !== "0px";
  assert.ok(outlined || style.boxShadow !== "none", JSON.stringify(style));
}

/** The scenario. */
export function keyboard() {
  const scenario = new Scenario("By keyboard alone");
  const on = {};
  const go = async (id, key = "Enter") => {
    await tabTo(on.page, id);
    await focusIsVisible(on.page);
    await on.page.keyboard.press(key);
  };
  scenario.step("signing in", async () => {
    on.browser = scenario.keep(await Browser.open("patient"));
    on.page = await on.browser.page("/");
    await shown(on.page, "nav-login");
    await go("nav-login");
    await shown(on.page, "login-email");
    await tabTo(on.page, "login-email");
    await on.page.keyboard.type(ACCOUNTS.patient);
    await tabTo(on.page, "login-password");
    await on.page.keyboard.type(PASSWORD);
    await on.page.keyboard.press("Enter");
    await on.page.waitForURL(/\/appointments/);
    await until("the focus to be at the new heading", () =>
      on.page.evaluate(() => ["H1", "MAIN"].includes(document.activeElement?.tagName)),
    );
  });
  scenario.step("booking", async () => {
    await go("nav-book");
    await shown(on.page, "book-doctor-0");
    const { name } = (await Clinic.signIn(ACCOUNTS.doctor)).me;
    const doctor = on.page.locator('[data-testid^="book-doctor-"]').filter({ hasText: name });
    await go(await doctor.getAttribute("data-testid"));
    await shown(on.page, "slot");
    await go("slot");
    await shown(on.page, "book-reason");
    await tabTo(on.page, "book-reason");
    await on.page.keyboard.type("Toux");
    await go("book-confirm");
    await shown(on.page, "booked");
  });
  scenario.step("the device check", async () => {
    const { token } = await openAppointment();
    await on.page.goto(`/join#${token}`);
    await shown(on.page, "join-start");
    await go("join-start");
    await shown(on.page, "device-preview");
    await tabTo(on.page, "device-camera");
    await tabTo(on.page, "device-microphone");
    await shown(on.page, "test-result");
    await go("enter-waiting");
    await shown(on.page, "waiting");
    await go("waiting-leave");
    await shown(on.page, "ended");
  });
  return scenario;
}
