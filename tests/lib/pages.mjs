// What people do on the pages. Every control is found by its test id, never by its words.

import assert from "node:assert/strict";

import { Browser } from "./browser.mjs";
import { PASSWORD } from "./demo.mjs";
import { until } from "./wait.mjs";

/** The element with this test id. */
export function at(page, id) {
  return page.getByTestId(id);
}

/** Waits until the element is shown. */
export async function shown(page, id) {
  const element = at(page, id).first();
  await element.waitFor({ state: "visible" });
  return element;
}

/** Presses a button or follows a link. */
export async function press(page, id) {
  await at(page, id).first().click();
}

/** Signs in on the sign-in page and waits for the person's own page. */
export async function signIn(page, email, password = PASSWORD) {
  await page.goto("/login");
  await at(page, "login-email").fill(email);
  await at(page, "login-password").fill(password);
  await press(page, "login-submit");
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
}

/** A page of somebody who is signed in, in a browser of their own; `person` is a key of LOOKS. */
export async function signedIn(scenario, person, email, options = {}) {
  const browser = scenario.keep(await Browser.open(person, { bypassCSP: true, ...options }));
  const page = await browser.page();
  await signIn(page, email);
  return page;
}

/** Books the first free time of the doctor with this name; gives the join link. */
export async function book(page, doctorName, reason) {
  await page.goto("/book");
  await page.locator('[data-testid^="book-doctor-"]').filter({ hasText: doctorName }).click();
  await press(page, "slot");
  await at(page, "book-reason").fill(reason);
  await press(page, "book-confirm");
  await shown(page, "booked");
  return at(page, "join-link").inputValue();
}

/**
 * Goes through the device check up to its last button: preview, level, connection test. Without a sound
 * device Firefox sends its fake microphone but shows no `level` of it: no audio context of it begins.
 */
export async function checkDevices(page, { level: hasLevel = true } = {}) {
  await press(page, "join-start");
  const preview = await shown(page, "device-preview");
  await until("the own picture", () => preview.evaluate((video) => video.videoWidth > 0 && video.currentTime > 0));
  const level = at(page, "device-level");
  if (hasLevel)
    await until("the level of the own voice", async () => (await level.evaluate((meter) => meter.value)) > 0);
  const result = await shown(page, "test-result");
  assert.equal(await result.getAttribute("data-verdict"), "works");
}

/** Writes into the chat. */
export async function write(page, text) {
  await at(page, "chat-input").fill(text);
  await press(page, "chat-send");
}

/** Waits until the chat shows a message. */
export async function reads(page, text) {
  await at(page, "chat-message").filter({ hasText: text }).first().waitFor();
}

/** Opens a panel unless it is open. */
export async function openPanel(page, button, content) {
  if (!(await at(page, content).first().isVisible())) {
    await press(page, button);
    // The focus follows with the next picture, and takes it from whatever has it by then.
    await until("the focus to be in the panel", () =>
      page.evaluate(() => Boolean(document.activeElement?.closest(".visit-panel"))),
    );
  }
  await shown(page, content);
}

/** Somebody comes by a link up to the waiting room, and the doctor lets them in. */
export async function comeIn(page, link, doctorPage) {
  await page.goto(link);
  await checkDevices(page);
  await press(page, "enter-waiting");
  await shown(page, "waiting");
  await shown(doctorPage, "admit-0");
  await press(doctorPage, "admit-0");
  await shown(page, "stage");
}
