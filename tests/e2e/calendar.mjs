// Booking: what an admin offers, a patient's way to it, the calendar of the staff, the waiting list.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import { Clinic } from "../lib/clinic.mjs";
import { ACCOUNTS, BASE } from "../lib/demo.mjs";
import { at, press, shown, signedIn } from "../lib/pages.mjs";
import { SMALL, isReadable } from "../lib/readable.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

const NURSE = "nurse@demo.clinic";
const DAY_MS = 86_400_000;
/** The browsers' clock is an hour before UTC all the year. */
const DOUALA_MS = 3_600_000;

/** An entry of the grid begins beside its minute and stands in its column. */
async function standsAt(page, entry, minute, head) {
  await entry.scrollIntoViewIfNeeded();
  const row = page.locator(`.hours-row[data-min="${minute - (minute % 15)}"] > [role="rowheader"]`);
  const [box, line, column] = [await entry.boundingBox(), await row.boundingBox(), await head.boundingBox()];
  const wanted = line.y + ((minute % 15) / 15) * line.height;
  assert.ok(Math.abs(box.y - wanted) <= 3, `at ${box.y} px in place of ${wanted} px`);
  assert.ok(box.x >= column.x - 1 && box.x + box.width <= column.x + column.width + 1, "in its column");
}

/** What a screen reader says of the stop that has the focus; null outside the grid. */
function stop(page) {
  return page.evaluate(() => {
    const here = document.activeElement?.closest("[data-stop]");
    return here ? (here.getAttribute("aria-label") ?? here.textContent) : null;
  });
}

/** Goes up in the grid until it goes no further: where the focus begins depends on the hour. */
async function toFirst(page) {
  for (let before = null; before !== (await stop(page)); ) {
    before = await stop(page);
    await page.keyboard.press("ArrowUp");
  }
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
  scenario.step("an appointment stands at its hour, in the day and in the week", async () => {
    const patient = await Clinic.signIn(ACCOUNTS.patient);
    const it = await patient.expect(200, "GET", `/appointments/${on.appointment}`);
    const wall = new Date(it.start_us / 1000 + DOUALA_MS);
    const minute = wall.getUTCHours() * 60 + wall.getUTCMinutes();
    on.day = wall.toISOString().slice(0, 10);
    on.nurse = await signedIn(scenario, "doctor", NURSE);
    await on.nurse.goto("/calendar");
    await shown(on.nurse, "calendar-grid");
    await isReadable(on.nurse);
    await at(on.nurse, "calendar-day").fill(on.day);
    const entry = at(on.nurse, "calendar-entry").filter({ hasText: on.code });
    await entry.waitFor();
    const head = on.nurse.getByRole("columnheader");
    await standsAt(on.nurse, entry, minute, head.filter({ hasText: it.doctor.name }));
    await press(on.nurse, "calendar-week");
    await at(on.nurse, "calendar-who").selectOption({ label: it.doctor.name });
    await entry.waitFor();
    await standsAt(on.nurse, entry, minute, head.nth(1 + ((wall.getUTCDay() + 6) % 7)));
    await isReadable(on.nurse);
    await on.nurse.emulateMedia({ media: "print" });
    assert.equal(
      await at(on.nurse, "calendar-grid").evaluate((grid) => getComputedStyle(grid).overflowY),
      "visible",
      "paper does not scroll",
    );
    assert.equal(await at(on.nurse, "calendar-new").isVisible(), false);
    await on.nurse.emulateMedia({ media: "screen" });
    await press(on.nurse, "calendar-week");
  });
  scenario.step("a nurse goes through the grid by keyboard, books a free time and cancels it", async () => {
    const page = on.nurse;
    const { keyboard } = page;
    const range = at(page, "calendar-range");
    const later = new Date(Date.parse(on.day) + DAY_MS).toISOString().slice(0, 10);
    await at(page, "calendar-day").fill(later);
    await shown(page, "calendar-grid");
    assert.equal(await page.locator('[data-stop][tabindex="0"]').count(), 1, "the grid is one tab stop");
    await at(page, "calendar-new").focus();
    await keyboard.press("Tab");
    const words = await range.innerText();
    await until("the focus is in the grid", async () => (await stop(page)) !== null);
    for (const key of ["PageDown", "PageUp"]) {
      const before = await range.innerText();
      await keyboard.press(key);
      await until(`${key} turns the page`, async () => (await range.innerText()) !== before);
      await until("the focus is in the grid again", async () => (await stop(page)) !== null);
    }
    assert.equal(await range.innerText(), words);
    await keyboard.press("Home");
    await until("Home goes to today", async () => (await range.innerText()) !== words);
    await until("the focus is in the grid again", async () => (await stop(page)) !== null);
    await at(page, "calendar-day").fill(later);
    await until("the day is there", async () => (await range.innerText()) === words);
    await shown(page, "calendar-grid");
    await page.locator('[data-stop][tabindex="0"]').focus();
    for (let n = 0; n < 10 && !(await stop(page)).includes("Mbarga"); n += 1) await keyboard.press("ArrowRight");
    assert.match(await stop(page), /Mbarga/);
    await toFirst(page);
    const from = await stop(page);
    await keyboard.press("ArrowDown");
    assert.notEqual(await stop(page), from);
    await keyboard.press("ArrowUp");
    assert.equal(await stop(page), from);
    for (let n = 0; n < 60 && !(await stop(page)).startsWith("Free"); n += 1) await keyboard.press("ArrowDown");
    const [, time] = (await stop(page)).match(/^Free, (\d\d:\d\d) to \d\d:\d\d, .*Mbarga/);
    await keyboard.press("Enter");
    await shown(page, "make-form");
    await isReadable(page);
    assert.equal(await at(page, "make-day").inputValue(), later);
    assert.equal(await at(page, "make-time").inputValue(), time);
    assert.match(await at(page, "make-doctor").locator("option:checked").innerText(), /Mbarga/);
    await at(page, "make-patient").fill("Essomba");
    await press(page, "make-look");
    await press(page, "make-found");
    await press(page, "make-send");
    await until("the dialog is closed", async () => (await at(page, "make-form").count()) === 0);
    const made = at(page, "calendar-entry").filter({ hasText: time }).filter({ hasText: "Essomba" });
    await made.waitFor();
    await until("the focus is in the grid again", async () => (await stop(page)) !== null);
    await made.focus();
    await keyboard.press("Enter");
    await shown(page, "entry-dialog");
    await press(page, "entry-cancel");
    await press(page, "entry-cancel-confirm");
    await until("the time is free", async () => (await made.count()) === 0);
  });
  scenario.step("a nurse finds it on a small screen by keyboard and cancels it", async () => {
    await on.nurse.setViewportSize(SMALL);
    await at(on.nurse, "calendar-day").fill(on.day);
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
    await on.nurse.setViewportSize(SMALL);
    await press(on.nurse, "entry-cancel");
    await press(on.nurse, "entry-cancel-confirm");
    await entries.first().waitFor();
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
    // The last time of the day: the one who waits has another appointment on the morning of the next working day.
    await at(other, "take-day").nth(1).click();
    await at(other, "take-time").last().click();
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
    await on.doctor.goto("/calendar");
    await at(on.doctor, "calendar-day").fill("2027-03-02");
    await on.doctor.locator('.band.away[data-words="Leave"]').waitFor();
    await on.doctor.goto("/hours");
    await press(on.doctor, "leave-remove");
    await until("it is gone", async () => (await at(on.doctor, "leave-row").count()) === 0);
  });
  return scenario;
}
