// What people and admins see of the media plane: a tile kept large, who speaks, what the doctor
// allows, the numbers of live visits, and reports that say nothing of anybody.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { media } from "../lib/browser.mjs";
import { openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { at, checkDevices, openPanel, press, shown, signedIn } from "../lib/pages.mjs";
import { isReadable } from "../lib/readable.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sums of one kind of received media. */
async function received(page, kind) {
  const streams = (await media(page)).streams.filter((stream) => stream.kind === kind);
  const sum = (what) => streams.reduce((all, stream) => all + stream[what], 0);
  return { packets: sum("packets"), frames: sum("frames") };
}

/** Waits until nothing of a kind has arrived for a second. */
async function stops(page, kind, what) {
  const field = kind === "video" ? "frames" : "packets";
  await until(`${what} to stop`, async () => {
    const before = (await received(page, kind))[field];
    await pause(1_000);
    return (await received(page, kind))[field] === before;
  });
}

/** Waits until more of a kind arrives. */
async function flows(page, kind, what) {
  const field = kind === "video" ? "frames" : "packets";
  const before = (await received(page, kind))[field];
  await until(`${what} to flow`, async () => (await received(page, kind))[field] > before + 10);
}

/** What a page has sent of a kind: pictures that it encoded, or packets. */
async function sent(page, kind) {
  return page.evaluate(async (kind) => {
    let all = 0;
    for (const connection of window.keptConnections) {
      if (connection.connectionState === "closed") continue;
      for (const row of (await connection.getStats()).values())
        if (row.type === "outbound-rtp" && row.kind === kind) all += kind === "video" ? row.framesEncoded : row.packetsSent;
    }
    return all;
  }, kind);
}

/** Waits until a page has sent nothing of a kind for a second. */
async function rests(page, kind) {
  await until(`no ${kind} to be sent`, async () => {
    const before = await sent(page, kind);
    await pause(1_000);
    return (await sent(page, kind)) === before;
  });
}

/** Pictures that a page has encoded in each of its sizes. */
async function encoded(page) {
  return page.evaluate(async () => {
    const sizes = {};
    for (const connection of window.keptConnections) {
      if (connection.connectionState === "closed") continue;
      for (const row of (await connection.getStats()).values())
        if (row.type === "outbound-rtp" && row.rid) sizes[row.rid] = row.framesEncoded;
    }
    return sizes;
  });
}

/** The file that a press downloads, as text. */
async function download(page, button) {
  const [file] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
}

/** No line of a report may name anybody or lead to them. */
function saysNothingOf(text, on) {
  const { appointment, doctor } = on.open;
  const markers = [
    appointment.id,
    appointment.room,
    appointment.patient_name,
    doctor.me.name,
    doctor.me.id,
    appointment.reason,
    "127.0.0.1",
    "localhost",
    "candidate",
    "Mozilla",
    "Linux",
    "a=",
  ];
  for (const marker of markers) assert.ok(!text.includes(marker), `${marker} stands in the report`);
  const id = /[0-9a-f]{8}-[0-9a-f]{4}-/i;
  const address = /\d+\.\d+\.\d+\.\d+|[0-9a-f]{1,4}:[0-9a-f]{0,4}:[0-9a-f]/i;
  for (const form of [id, address]) assert.doesNotMatch(text, form);
}

function entering(scenario, on) {
  scenario.step("a doctor and a patient see and hear each other", async () => {
    on.open = await openAppointment();
    on.patient = await signedIn(scenario, "patient", ACCOUNTS.patient);
    on.doctor = await signedIn(scenario, "doctor", ACCOUNTS.doctor);
    await on.patient.goto(`/join#${on.open.token}`);
    await checkDevices(on.patient);
    await press(on.patient, "enter-waiting");
    await shown(on.patient, "waiting");
    await on.doctor.goto(`/visit/${on.open.appointment.id}`);
    await checkDevices(on.doctor);
    await press(on.doctor, "enter-waiting");
    await press(on.doctor, "admit-0");
    await Promise.all([flows(on.doctor, "video", "pictures"), flows(on.patient, "audio", "sound")]);
  });
}

function stage(scenario, on) {
  scenario.step("whoever speaks is marked in words, and nothing is read out for it", async () => {
    const tile = await shown(on.doctor, "tile-patient");
    const mark = tile.getByTestId("tile-speaking");
    await mark.waitFor();
    assert.ok((await mark.innerText()).trim().length > 0, "the mark has words");
    assert.equal(await mark.evaluate((it) => it.closest("[aria-live], [role=status]")), null);
    await press(on.patient, "toggle-mic");
    await until("the mark to go", async () => (await mark.count()) === 0);
    await press(on.patient, "toggle-mic");
    await mark.waitFor();
  });
  scenario.step("a tile is kept large by its button, and small again", async () => {
    const tile = at(on.doctor, "tile-patient");
    const pin = tile.getByTestId("pin");
    const stage = at(on.doctor, "stage");
    assert.equal(await pin.getAttribute("aria-pressed"), "false");
    assert.ok(!(await stage.evaluate((it) => it.classList.contains("shared"))));
    await pin.focus();
    await on.doctor.keyboard.press("Enter");
    await until("the button to be pressed", async () => (await pin.getAttribute("aria-pressed")) === "true");
    const own = at(on.doctor, "tile-self");
    const [large, small] = [await tile.boundingBox(), await own.boundingBox()];
    assert.ok(large.width > 2 * small.width, `${large.width} px beside ${small.width} px`);
    assert.ok(large.x + large.width <= small.x + 1, "the own picture stands beside it");
    await isReadable(on.doctor, "visit-pinned");
    await pin.click();
    await until("the button to be released", async () => (await pin.getAttribute("aria-pressed")) === "false");
    await flows(on.doctor, "video", "pictures");
  });
  scenario.step("a tile without a picture says why", async () => {
    await press(on.patient, "toggle-camera");
    const why = at(on.doctor, "tile-patient").getByTestId("tile-dark");
    await why.waitFor();
    assert.ok((await why.innerText()).trim().length > 0);
    await press(on.patient, "toggle-camera");
    await until("the words to go", async () => (await why.count()) === 0);
  });
}

function sizes(scenario, on) {
  scenario.step("a size of the picture that nobody shows is not encoded, and is again when somebody does", async () => {
    const goes = (size) => async () => {
      const before = await encoded(on.patient);
      await pause(1_000);
      return (await encoded(on.patient))[size] > before[size];
    };
    const full = on.doctor.viewportSize();
    // Of a camera of 360 lines Chromium sends two sizes: 90 and 180.
    await until("the larger size to be sent", goes("h"));
    await on.doctor.setViewportSize({ width: 200, height: 400 });
    await until("the larger size to rest", async () => !(await goes("h")()));
    assert.ok(await goes("q")(), "the smaller one goes on");
    await on.doctor.setViewportSize(full);
    await until("the larger size to be sent again", goes("h"));
  });
}

function grants(scenario, on) {
  const pairs = [
    { switchId: "may-camera", button: "toggle-camera", kind: "video" },
    { switchId: "may-speak", button: "toggle-mic", kind: "audio" },
  ];
  for (const { switchId, button, kind } of pairs)
    scenario.step(`without leave ${kind} stops at the other side, and the button says why`, async () => {
      await openPanel(on.doctor, "toggle-people", "people");
      const toggle = at(on.doctor, "person-patient").getByTestId(switchId);
      assert.equal(await toggle.isChecked(), true);
      await toggle.focus();
      await on.doctor.keyboard.press("Space");
      const own = at(on.patient, button);
      await until("the own button to be disabled", () => own.isDisabled());
      const reason = await own.getAttribute("aria-describedby");
      assert.ok((await on.patient.locator(`#${reason}`).innerText()).trim().length > 10, "no reason");
      await stops(on.doctor, kind, kind);
      assert.equal(await toggle.isChecked(), false);
      assert.equal(
        await on.doctor.evaluate(() => document.activeElement?.getAttribute("data-testid")),
        switchId,
        "the switch keeps the focus",
      );
      if (kind === "video") await isReadable(on.patient, "visit-barred");
      await toggle.click();
      await until("the own button to be back", () => own.isEnabled());
      assert.equal(await at(on.patient, "barred").count(), 0);
      await own.click();
      await flows(on.doctor, kind, kind);
    });
  scenario.step("whoever may not receive gets no frame, is told so, and gets them again", async () => {
    const toggle = at(on.doctor, "person-patient").getByTestId("may-receive");
    await toggle.click();
    await shown(on.patient, "barred-receive");
    await stops(on.patient, "video", "pictures");
    await stops(on.patient, "audio", "sound");
    await flows(on.doctor, "video", "the patient's own pictures");
    // Nobody else is there, so what the doctor's page would send is for nobody.
    for (const kind of ["video", "audio"]) await rests(on.doctor, kind);
    await toggle.click();
    await until("the words to go", async () => (await at(on.patient, "barred-receive").count()) === 0);
    await flows(on.patient, "video", "pictures");
    await flows(on.patient, "audio", "sound");
  });
}

function numbers(scenario, on) {
  scenario.step("an admin sees the visit's plots, and their numbers move", async () => {
    on.admin = await signedIn(scenario, "guest", ACCOUNTS.admin);
    await on.admin.goto("/calls");
    on.call = on.admin.locator(`[data-testid="call"][data-room="${on.open.appointment.room}"]`);
    const people = on.call.getByTestId("call-person");
    await until("both people", async () => (await people.count()) === 2);
    const roles = await people.evaluateAll((all) => all.map((one) => one.dataset.role).sort());
    assert.deepEqual(roles, ["clinician", "patient"]);
    on.measured = on.call.locator('[data-testid="call-person"][data-role="patient"]');
    const rate = on.measured.getByTestId("plot-rate");
    const now = rate.getByTestId("plot-now");
    await until("a bit rate", async () => /[1-9]\d/.test(await now.innerText()));
    const said = await now.innerText();
    await until("another bit rate", async () => (await now.innerText()) !== said);
    const line = () => rate.locator("path").first().getAttribute("d");
    await rate.locator("path").first().waitFor({ state: "attached" });
    const drawn = await line();
    await until("the plot to move", async () => (await line()) !== drawn);
    assert.ok((await rate.locator("svg").getAttribute("aria-label")).length > 10, "no words for the plot");
    assert.equal(await on.measured.getByTestId("plot-loss").locator("line.limit").count(), 2);
    for (const name of [on.open.appointment.patient_name, on.open.doctor.me.name])
      assert.ok(!(await on.call.innerText()).includes(name), "a name stands beside numbers");
  });
  scenario.step("the same numbers are a table, and the page can be read by everybody", async () => {
    const table = on.measured.getByTestId("call-table");
    await table.locator("summary").focus();
    await on.admin.keyboard.press("Enter");
    await until("a row", async () => (await table.locator("tbody tr").count()) > 0);
    await isReadable(on.admin, "calls");
  });
  scenario.step("only visits with trouble are shown on request", async () => {
    await at(on.admin, "calls-troubled").check();
    await until("the visit to be hidden", async () => (await on.call.count()) === 0);
    await shown(on.admin, "empty");
    await at(on.admin, "calls-troubled").uncheck();
    await on.call.waitFor();
  });
}

function reports(scenario, on) {
  scenario.step("a visit's report for the admin has its numbers and nobody's name", async () => {
    const { name, text } = await download(on.admin, on.call.getByTestId("room-report"));
    assert.match(name, /\.json$/);
    const report = JSON.parse(text);
    assert.equal(report.version, 1);
    assert.deepEqual(report.people.map(({ person }) => person), ["p1", "p2"]);
    const patient = report.people.find(({ role }) => role === "patient");
    assert.ok(patient.media.past.length > 0 && patient.media.now.up_kbps > 0);
    saysNothingOf(text, on);
  });
  scenario.step("the report of a call from its own page says how it was and nothing of who", async () => {
    await openPanel(on.patient, "toggle-devices", "call-report");
    const { name, text } = await download(on.patient, at(on.patient, "call-report"));
    assert.match(name, /\.json$/);
    const report = JSON.parse(text);
    assert.equal(report.version, 1);
    assert.equal(report.browser, "Chrome");
    assert.ok(report.browser_major > 100);
    assert.equal(report.people.find(({ person }) => person === report.me).role, "patient");
    const last = report.readings.at(-1);
    assert.equal(last.route, "udp");
    assert.ok(last.received.some(({ source, packets }) => source === "microphone" && packets > 0));
    assert.ok(last.sent.some(({ kind, bytes }) => kind === "video" && bytes > 0));
    saysNothingOf(text, on);
  });
  scenario.step("no page reported a fault", async () => {
    const faults = scenario.browsers.flatMap((b) => b.faults.map((fault) => `${b.person}: ${fault}`));
    assert.deepEqual(faults, []);
  });
}

/** The scenario. */
export function mediaPlane() {
  const scenario = new Scenario("What is seen of the media plane");
  const on = {};
  entering(scenario, on);
  stage(scenario, on);
  sizes(scenario, on);
  grants(scenario, on);
  numbers(scenario, on);
  reports(scenario, on);
  return scenario;
}
