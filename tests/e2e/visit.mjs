// The whole visit: patient, doctor, guest and admin, each in a Chromium process of their own.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { Browser, media } from "../lib/browser.mjs";
import { Clinic } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { Line } from "../lib/line.mjs";
import { metrics } from "../lib/metrics.mjs";
import { at, book, checkDevices, openPanel, press, reads, shown, signIn, write } from "../lib/pages.mjs";
import { RawSignal } from "../lib/signal.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";
import { HTTP_ATTACKS, SOCKET_ATTACKS, datagramGuesses } from "./abuse.mjs";

const REASON = "Toux depuis trois jours";
const NOTE = "Bronchite simple. Repos, boire beaucoup, revoir dans une semaine.";
/** Energy (W3C webrtc-stats, 1 = full scale for a second) that no silence reaches. */
const AUDIBLE = 0.005;

/** Waits until a page has decoded more pictures and heard more than it had. */
async function seesAndHears(page, what, frames = 15) {
  const before = await media(page);
  await until(`${what} sees and hears`, async () => {
    const now = await media(page);
    return now.frames >= before.frames + frames && now.energy >= before.energy + AUDIBLE;
  }).catch(async (error) => {
    throw new Error(`${error.message}; ${JSON.stringify(await media(page))}`);
  });
}

/** Incoming video streams that decode further pictures. */
async function movingPictures(page) {
  const frames = async () => new Map((await media(page)).streams.map((s) => [s.mid, s.frames]));
  const before = await frames();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  return [...(await frames())].filter(([mid, count]) => count > (before.get(mid) ?? 0) + 2).length;
}

/**
 * The server's counters once nothing has moved for 3 s. An idle shard adds them up every 2 s, on a busy
 * machine later: what two readings say alike may still lack the last packets.
 */
async function countersAtRest() {
  const moved = (before, after) =>
    ["received", "forwarded"].some((what) => after(`sfu_packets_${what}_total`) !== before(`sfu_packets_${what}_total`));
  let last = await metrics();
  let still = 0;
  return until("the counters to rest", async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const now = await metrics();
    still = moved(last, now) ? 0 : still + 1;
    last = now;
    return still >= 3 ? now : null;
  });
}

function preparation(scenario, on) {
  scenario.step("the patient signs in and books the next free time", async () => {
    on.clinic = await Clinic.signIn(ACCOUNTS.doctor);
    on.patient = scenario.keep(await Browser.open("patient", { baseURL: on.line.base }));
    on.patientPage = await on.patient.page();
    await signIn(on.patientPage, ACCOUNTS.patient);
    on.link = await book(on.patientPage, on.clinic.me.name, REASON);
    on.token = new URL(on.link).hash.slice(1);
    assert.ok(on.token.length >= 32);
    const id = new URL(on.patientPage.url()).pathname.split("/")[2];
    on.appointment = await on.clinic.expect(200, "GET", `/appointments/${id}`);
    assert.deepEqual([on.appointment.state, on.appointment.reason], ["booked", REASON]);
  });
  scenario.step("the doctor signs in in another process; the day list shows nobody waiting", async () => {
    on.doctor = scenario.keep(await Browser.open("doctor"));
    on.doctorPage = await on.doctor.page();
    await signIn(on.doctorPage, ACCOUNTS.doctor);
    on.row = on.doctorPage.locator(`[data-testid="day-row"][data-id="${on.appointment.id}"]`);
    await on.row.waitFor();
    assert.equal(await on.row.getByTestId("day-waiting").count(), 0);
  });
  scenario.step("the link leads through the device check with a real connection test", async () => {
    await press(on.patientPage, "enter-waiting-room");
    await on.patientPage.waitForURL(/\/join#/);
    await checkDevices(on.patientPage);
  });
}

function waiting(scenario, on) {
  scenario.step("the patient waits and sees the place; the day list shows it live", async () => {
    // The connection test has ended before its result is shown; what it sent has been counted then.
    await until("the media of the test to end", async () => (await media(on.patientPage)).living === 0);
    on.before = await countersAtRest();
    on.keptBefore = (await media(on.patientPage)).kept;
    await press(on.patientPage, "enter-waiting");
    await shown(on.patientPage, "waiting");
    const place = await shown(on.patientPage, "queue-place");
    assert.equal(await place.getAttribute("data-place"), "1");
    await on.row.getByTestId("day-waiting").waitFor();
  });
  scenario.step("a socket in the waiting room cannot offer, guesses at the media port go nowhere", async () => {
    const guest = await on.clinic.expect(201, "POST", `/appointments/${on.appointment.id}/guests`, {
      name: "Paul Essomba",
      relation: "cousin",
    });
    on.rawGuest = guest.id;
    const nobody = new Clinic();
    const raw = await RawSignal.enter(
      await nobody.expect(200, "POST", "/join", { token: guest.link.token }),
    );
    const welcome = await raw.until("welcome");
    assert.equal(welcome.snapshot.stage, "lobby");
    const waiting = await metrics();
    for (const what of ["received", "forwarded"])
      assert.equal(waiting(`sfu_packets_${what}_total`), on.before(`sfu_packets_${what}_total`));
    assert.deepEqual([welcome.snapshot.others, welcome.snapshot.chat], [[], []]);
    const sdp = await on.patientPage.evaluate(async () => {
      const connection = new window.RTCPeerConnection();
      connection.addTransceiver("audio");
      const offer = await connection.createOffer();
      connection.close();
      return offer.sdp;
    });
    raw.say({ type: "offer", connection: randomUUID(), offer_no: 1, sdp, sources: [] });
    assert.equal((await raw.until("error")).code, "not_admitted");
    await datagramGuesses(50);
    raw.close();
    await on.clinic.expect(204, "DELETE", `/appointments/${on.appointment.id}/guests/${guest.id}`);
  });
  scenario.step("the doctor starts the visit, and still no media packet has moved for the patient", async () => {
    await on.row.getByTestId("start-visit").click();
    await on.doctorPage.waitForURL(/\/visit\//);
    await checkDevices(on.doctorPage);
    await until("the media of the doctor's test to end", async () => (await media(on.doctorPage)).living === 0);
    const patient = await media(on.patientPage);
    assert.equal(patient.living, 0, "the waiting page has a media connection");
    assert.equal(patient.kept, on.keptBefore + 1, "only this test made a connection there");
    on.afterTest = await countersAtRest();
  });
  scenario.step("before admission the server has received and forwarded nothing but the tests", async () => {
    await press(on.doctorPage, "enter-waiting");
    await shown(on.doctorPage, "stage");
    await until("the doctor's own media to arrive", async () => {
      const now = await metrics();
      const name = "sfu_packets_received_total";
      return now(name) > on.afterTest(name) + 100;
    });
    const now = await metrics();
    assert.equal(
      now("sfu_packets_forwarded_total"),
      on.afterTest("sfu_packets_forwarded_total"),
      "the doctor's media went to somebody",
    );
    const patient = await media(on.patientPage);
    assert.deepEqual([patient.living, patient.bytesIn, patient.bytesOut], [0, 0, 0]);
    const doctor = await media(on.doctorPage);
    assert.deepEqual([doctor.audioPackets, doctor.videoPackets], [0, 0]);
    return `${now("sfu_packets_received_total") - on.afterTest("sfu_packets_received_total")} packets of the doctor, 0 forwarded`;
  });
}

function talking(scenario, on) {
  scenario.step("the doctor admits; both see and hear", async () => {
    await shown(on.doctorPage, "admit-0");
    await press(on.doctorPage, "admit-0");
    await shown(on.patientPage, "stage");
    await Promise.all([
      seesAndHears(on.patientPage, "the patient"),
      seesAndHears(on.doctorPage, "the doctor"),
    ]);
    await shown(on.patientPage, "tile-clinician");
    await shown(on.doctorPage, "tile-patient");
  });
  scenario.step("the admin sees the live visit, its people and state, and nothing clinical", async () => {
    on.admin = scenario.keep(await Browser.open("guest"));
    on.adminPage = await on.admin.page();
    await signIn(on.adminPage, ACCOUNTS.admin);
    on.live = on.adminPage.locator(`[data-testid="live-visit"][data-room="${on.appointment.room}"]`);
    await until("both people in the list", async () => {
      const text = (await on.live.allInnerTexts()).join();
      return text.includes(on.clinic.me.name) && text.includes(on.appointment.patient_name);
    });
    assert.ok(!(await on.adminPage.content()).includes(REASON), "the reason is clinical");
  });
  scenario.step("chat goes both ways, and what was not read is marked", async () => {
    await openPanel(on.patientPage, "toggle-chat", "chat-input");
    await write(on.patientPage, "Bonjour docteur, vous m'entendez ?");
    await shown(on.doctorPage, "chat-unread");
    await openPanel(on.doctorPage, "toggle-chat", "chat-input");
    await reads(on.doctorPage, "Bonjour docteur");
    await write(on.doctorPage, "Très bien, je vous écoute.");
    await reads(on.patientPage, "Très bien, je vous écoute.");
    await until("the unread mark to go", async () => (await at(on.doctorPage, "chat-unread").count()) === 0);
  });
  scenario.step("every kind of bad input from outside does not disturb this visit", async () => {
    for (const attack of Object.values({ ...HTTP_ATTACKS, ...SOCKET_ATTACKS })) await attack();
    await datagramGuesses(50);
    await Promise.all([
      seesAndHears(on.patientPage, "the patient"),
      seesAndHears(on.doctorPage, "the doctor"),
    ]);
    assert.equal(await at(on.patientPage, "reconnecting").count(), 0);
  });
}

function leavingAndComingBack(scenario, on) {
  scenario.step("a reload comes back as the same person, with the chat, without a ghost", async () => {
    const start = Date.now();
    await on.patientPage.reload({ waitUntil: "commit" });
    const seen = until("the first picture after the reload", async () => (await media(on.patientPage)).frames > 0);
    await seen;
    const back_ms = Date.now() - start;
    await openPanel(on.patientPage, "toggle-chat", "chat-input");
    await reads(on.patientPage, "Bonjour docteur");
    await reads(on.patientPage, "Très bien, je vous écoute.");
    await Promise.all([
      seesAndHears(on.patientPage, "the patient"),
      seesAndHears(on.doctorPage, "the doctor"),
    ]);
    assert.equal(await at(on.doctorPage, "tile-patient").count(), 1, "a ghost of the patient");
    assert.equal(await movingPictures(on.doctorPage), 1);
    return `first picture after ${(back_ms / 1000).toFixed(2)} s`;
  });
  scenario.step("a line cut for 3 s comes back as the same person; the media went on", async () => {
    on.line.cut();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const during = await media(on.doctorPage);
    on.line.restore();
    const start = Date.now();
    await openPanel(on.patientPage, "toggle-chat", "chat-input");
    await write(on.patientPage, "Je suis de retour.");
    await openPanel(on.doctorPage, "toggle-chat", "chat-input");
    await reads(on.doctorPage, "Je suis de retour.");
    const back_ms = Date.now() - start;
    await Promise.all([
      seesAndHears(on.patientPage, "the patient"),
      seesAndHears(on.doctorPage, "the doctor"),
    ]);
    assert.ok((await media(on.doctorPage)).frames > during.frames);
    assert.equal(await at(on.doctorPage, "tile-patient").count(), 1);
    return `a message written meanwhile arrived ${(back_ms / 1000).toFixed(2)} s after the line was back`;
  });
}

/** The network of a phone that changes cells: the page's media connection dies without a word. */
function lostMedia(scenario, on) {
  scenario.step("a media connection that dies is replaced by a new one", async () => {
    const before = await media(on.patientPage);
    await on.patientPage.evaluate(() => window.keptConnections.at(-1).close());
    const start = Date.now();
    await until("a new connection with pictures", async () => {
      const now = await media(on.patientPage);
      return now.kept > before.kept && now.frames > 0;
    });
    const back_ms = Date.now() - start;
    await seesAndHears(on.doctorPage, "the doctor");
    assert.equal(await at(on.doctorPage, "tile-patient").count(), 1);
    return `back after ${(back_ms / 1000).toFixed(1)} s`;
  });
}

function controls(scenario, on) {
  scenario.step("the doctor's screen is decoded at the patient, and goes when sharing stops", async () => {
    const before = await movingPictures(on.patientPage);
    await press(on.doctorPage, "toggle-screen");
    await shown(on.patientPage, "tile-clinician-screen");
    await until("pictures of the screen", async () =>
      (await media(on.patientPage)).streams.some((s) => s.kind === "video" && s.width >= 800 && s.frames > 3),
    );
    await press(on.doctorPage, "toggle-screen");
    await until("the screen to go", async () => (await at(on.patientPage, "tile-clinician-screen").count()) === 0);
    return `${before} moving picture before`;
  });
  scenario.step("the doctor mutes the patient: no sound arrives any more, the picture goes on", async () => {
    await openPanel(on.doctorPage, "toggle-people", "people");
    await at(on.doctorPage, "person-patient").getByTestId("mute-other").click();
    await until("the patient's button to show it", async () =>
      (await at(on.patientPage, "toggle-mic").getAttribute("data-on")) === "false",
    );
    let last = -1;
    await until("the sound packets to stop", async () => {
      const now = (await media(on.doctorPage)).audioPackets;
      const stopped = now === last;
      last = now;
      await new Promise((resolve) => setTimeout(resolve, 400));
      return stopped;
    });
    const before = await media(on.doctorPage);
    await until("further pictures", async () => (await media(on.doctorPage)).frames > before.frames + 30);
    const after = await media(on.doctorPage);
    assert.equal(after.audioPackets, before.audioPackets);
    assert.ok(after.energy - before.energy < AUDIBLE / 10, "something was heard of a muted person");
    await press(on.patientPage, "toggle-mic");
    await seesAndHears(on.doctorPage, "the doctor, after the patient switched on again,");
  });
  scenario.step("camera off stops the picture at the other side, and on brings it back", async () => {
    await press(on.patientPage, "toggle-camera");
    await until("the pictures to stop", async () => (await movingPictures(on.doctorPage)) === 0);
    await press(on.patientPage, "toggle-camera");
    await seesAndHears(on.doctorPage, "the doctor");
  });
}

function third(scenario, on) {
  scenario.step("a guest enters by a link after being admitted; all three see and hear", async () => {
    await press(on.doctorPage, "invite-guest");
    await at(on.doctorPage, "guest-name").fill("Awa Ndiaye");
    await at(on.doctorPage, "guest-relation").fill("fille");
    await press(on.doctorPage, "guest-create");
    const link = await (await shown(on.doctorPage, "guest-link")).inputValue();
    await press(on.doctorPage, "guest-done");
    on.guest = scenario.keep(await Browser.open("guest"));
    on.guestPage = await on.guest.page(link);
    await checkDevices(on.guestPage);
    await press(on.guestPage, "enter-waiting");
    await shown(on.guestPage, "waiting");
    await shown(on.doctorPage, "admit-0");
    await press(on.doctorPage, "admit-0");
    await shown(on.guestPage, "stage");
    for (const [who, page] of [["guest", on.guestPage], ["patient", on.patientPage], ["doctor", on.doctorPage]]) {
      await until(`two moving pictures at the ${who}`, async () => (await movingPictures(page)) === 2);
      await seesAndHears(page, `the ${who}`);
    }
  });
  scenario.step("the doctor takes the guest out, who cannot go on watching", async () => {
    await openPanel(on.doctorPage, "toggle-people", "people");
    const guest = at(on.doctorPage, "person-guest");
    await guest.getByTestId("remove").click();
    await guest.getByTestId("remove-confirm").click();
    const ended = await shown(on.guestPage, "ended");
    assert.equal(await ended.getAttribute("data-reason"), "removed");
    assert.equal((await media(on.guestPage)).living, 0);
    await until("one moving picture at the doctor", async () => (await movingPictures(on.doctorPage)) === 1);
  });
}

function ending(scenario, on) {
  scenario.step("the doctor writes the note beside the picture, and it is saved by itself", async () => {
    await openPanel(on.doctorPage, "toggle-note", "note-text");
    await at(on.doctorPage, "note-text").fill(NOTE);
    const state = await shown(on.doctorPage, "note-save-state");
    await until("the note to be saved", async () => (await state.getAttribute("data-state")) === "saved");
  });
  scenario.step("what was written elsewhere meanwhile stands beside the note, and both go on", async () => {
    const path = `/appointments/${on.appointment.id}/note`;
    const before = await on.clinic.expect(200, "GET", path);
    const text = `Vu par un confrère.\n${NOTE}`;
    await on.clinic.expect(200, "PUT", path, { text, version: before.version });
    await at(on.doctorPage, "note-text").fill(`${NOTE}\nRevoir dans une semaine.`);
    await shown(on.doctorPage, "conflict");
    assert.ok((await at(on.doctorPage, "conflict-stored").innerText()).includes("Vu par un confrère."));
    assert.ok((await at(on.doctorPage, "conflict-mine").innerText()).includes("Revoir dans une semaine."));
    await press(on.doctorPage, "conflict-both");
    const state = at(on.doctorPage, "note-save-state");
    await until("the note to be saved", async () => (await state.getAttribute("data-state")) === "saved");
    const both = `${text}\nRevoir dans une semaine.`;
    assert.equal((await on.clinic.expect(200, "GET", path)).text, both);
    assert.equal(await at(on.doctorPage, "note-text").inputValue(), both);
  });
  scenario.step("only the doctor's act ends the visit, for everybody", async () => {
    await press(on.doctorPage, "end-visit");
    await press(on.doctorPage, "end-confirm");
    const ended = await shown(on.patientPage, "ended");
    assert.equal(await ended.getAttribute("data-reason"), "ended");
    await until("the patient's media to end", async () => (await media(on.patientPage)).living === 0);
    await until("the admin's list to be without it", async () => (await on.live.count()) === 0);
  });
  scenario.step("the doctor signs; the patient reads the summary with note and chat", async () => {
    await shown(on.doctorPage, "note-sign");
    await press(on.doctorPage, "note-sign");
    await press(on.doctorPage, "note-sign-confirm");
    await shown(on.doctorPage, "note-signed");
    await on.patientPage.goto(`/appointments/${on.appointment.id}/summary`);
    assert.ok((await (await shown(on.patientPage, "summary-note")).innerText()).includes("Bronchite simple"));
    assert.ok((await on.patientPage.content()).includes("Je suis de retour."));
  });
  scenario.step("no page reported a fault, no connection of the server panicked", async () => {
    const faults = scenario.browsers.flatMap((b) => b.faults.map((fault) => `${b.person}: ${fault}`));
    assert.deepEqual(faults, []);
    assert.equal((await metrics())("sfu_peer_panics_total"), 0);
  });
}

/** The scenario. */
export function visit() {
  const scenario = new Scenario("The visit");
  const on = {};
  scenario.step("a line that can be cut lies between patient and server", async () => {
    on.line = await Line.lay();
  });
  scenario.finally(() => on.line?.remove());
  for (const part of [preparation, waiting, talking, leavingAndComingBack, lostMedia, controls, third, ending]) part(scenario, on);
  return scenario;
}
