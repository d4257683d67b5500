// Booking: what an admin offers, a patient's way to it, the calendar of the staff, the waiting list.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { Browser } from "../lib/browser.mjs";
import { ACCOUNTS, BASE } from "../lib/demo.mjs";
import { at, press, shown, signIn } from "../lib/pages.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = [
  { width: 375, height: 740 },
  { width: 1280, height: 800 },
];
const NURSE = "nurse@demo.clinic";

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

async function signedIn(scenario, person, email) {
  const browser = scenario.keep(await Browser.open(person, { bypassCSP: true }));
  const page = await browser.page();
  await signIn(page, email);
  return page;
}

/** Chooses a time of the second day with free times: the first may be nearly over. */
async function tomorrow(page, index) {
  await at(page, "take-day").nth(1).click();
  await at(page, "take-time").nth(index).click();
}

/** The scenario. */
export function calendar() {
  const scenario = new Scenario("Booking and the calendar");
  const on = { room: `Salle ${randomUUID().slice(0, 6)}`, code: `echo-${randomUUID().slice(0, 6)}` };
  scenario.step("an administrator makes a room and a service that needs it", async () => {
    on.admin = await signedIn(scenario, "doctor", ACCOUNTS.admin);
    await on.admin.goto("/services");
    await press(on.admin, "resource-add");
    await at(on.admin, "resource-name").fill(on.room);
    await press(on.admin, "resource-save");
    await until("the room is listed", async () =>
      (await at(on.admin, "resources").innerText()).includes(on.room),
    );
    await press(on.admin, "service-add");
    await at(on.admin, "service-code").fill(on.code);
    await at(on.admin, "service-length").fill("30");
    await at(on.admin, "service-modality").selectOption("in_person");
    await on.admin.getByLabel(on.room).check();
    await isReadable(on.admin);
    await press(on.admin, "service-save");
    await until("the service is listed", async () =>
      (await at(on.admin, "services").innerText()).toLowerCase().includes(on.code),
    );
  });
  scenario.step("a patient chooses it, sees how long the time is kept, and books", async () => {
    on.patient = await signedIn(scenario, "patient", ACCOUNTS.patient);
    await on.patient.goto("/book");
    await on.patient.getByText(on.code).click();
    await isReadable(on.patient);
    await press(on.patient, "take-anyone");
    await shown(on.patient, "take-times");
    await isReadable(on.patient);
    await tomorrow(on.patient, 20);
    const left = await shown(on.patient, "hold-left");
    assert.match(await left.innerText(), /[45]:\d\d/);
    await isReadable(on.patient);
    await press(on.patient, "hold-confirm");
    await on.patient.waitForURL(/\/appointments\/[0-9a-f-]+\/booked/);
    on.appointment = on.patient.url().match(/appointments\/([0-9a-f-]+)/)[1];
  });
  scenario.step("the appointment goes into the calendar of the device, and there is an address", async () => {
    await on.patient.goto(`/appointments/${on.appointment}`);
    assert.match(await (await shown(on.patient, "appointment-service")).innerText(), new RegExp(on.code));
    const [file] = await Promise.all([
      on.patient.waitForEvent("download"),
      press(on.patient, "add-to-calendar"),
    ]);
    const text = readFileSync(await file.path(), "utf8");
    assert.ok(text.startsWith("BEGIN:VCALENDAR"), text.slice(0, 40));
    await on.patient.goto("/appointments");
    await press(on.patient, "feed-make");
    const address = await (await shown(on.patient, "feed-address")).inputValue();
    const feed = await fetch(address.replace(/^https?:\/\/[^/]+/, BASE));
    assert.equal(feed.status, 200);
    assert.ok((await feed.text()).includes(on.appointment));
    await isReadable(on.patient);
    await press(on.patient, "feed-revoke");
    await until("the address is gone", async () => (await fetch(feed.url)).status === 404);
  });
  scenario.step("a nurse finds it in the calendar by keyboard, moves it and cancels it", async () => {
    on.nurse = await signedIn(scenario, "doctor", NURSE);
    await on.nurse.goto("/calendar");
    await shown(on.nurse, "calendar");
    await isReadable(on.nurse);
    await press(on.nurse, "calendar-resources");
    await press(on.nurse, "calendar-week");
    const entries = on.nurse.getByTestId("calendar-column").filter({ hasText: on.room });
    const entry = entries.getByTestId("calendar-entry").first();
    await entry.focus();
    await on.nurse.keyboard.press("ArrowDown");
    await on.nurse.keyboard.press("ArrowUp");
    await entry.focus();
    await on.nurse.keyboard.press("Enter");
    await shown(on.nurse, "entry-dialog");
    await isReadable(on.nurse);
    await press(on.nurse, "entry-cancel");
    await press(on.nurse, "entry-cancel-confirm");
    await until("the time is free", async () => (await entries.getByTestId("calendar-entry").count()) === 0);
  });
  scenario.step("a patient who finds no time waits, and gets the next that becomes free", async () => {
    await on.patient.goto("/book");
    await on.patient.getByText(on.code).click();
    await press(on.patient, "take-anyone");
    await press(on.patient, "take-wait");
    await isReadable(on.patient);
    await press(on.patient, "wait-send");
    await shown(on.patient, "waiting-place");
    const other = await signedIn(scenario, "guest", "patient3@demo.clinic");
    await other.goto("/book");
    await other.getByText(on.code).click();
    await press(other, "take-anyone");
    await tomorrow(other, 24);
    await press(other, "hold-confirm");
    await other.waitForURL(/\/booked/);
    await other.goto(other.url().replace("/booked", ""));
    await press(other, "cancel");
    await press(other, "cancel-confirm");
    await until(
      "the time is offered",
      async () => {
        await on.patient.reload();
        await shown(on.patient, "waiting-place");
        return (await at(on.patient, "waiting-offer").count()) === 1;
      },
      60_000,
    );
    await isReadable(on.patient);
    await press(on.patient, "offer-take");
    await on.patient.waitForURL(/\/booked/);
  });
  scenario.step("a doctor writes leave down and takes it back", async () => {
    on.doctor = await signedIn(scenario, "doctor", "doctor3@demo.clinic");
    await on.doctor.goto("/hours");
    await at(on.doctor, "leave-from").fill("2027-03-01T08:00");
    await at(on.doctor, "leave-to").fill("2027-03-05T18:00");
    await press(on.doctor, "leave-add");
    await shown(on.doctor, "leave-row");
    await isReadable(on.doctor);
    await press(on.doctor, "leave-remove");
    await until("it is gone", async () => (await at(on.doctor, "leave-row").count()) === 0);
  });
  return scenario;
}
