// What was recorded is played: the right people, at the right time, in step. The cameras and
// microphones tell who it is and when it was.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { Browser } from "../lib/browser.mjs";
import { openAppointment } from "../lib/clinic.mjs";
import { FRAMES_PER_S, ROUND_S, TONE_S, apart, lookAt, pitches } from "../lib/clockwork.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { at, checkDevices, comeIn, openPanel, press, shown, signIn, write } from "../lib/pages.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";
import { SIZES, sticksOut, violations } from "./access.mjs";

const CHAT = "Prenez 500 mg <matin et soir>";
/** How far what is played may be from what was seen, in seconds: a seek lands between two frames, and a live picture is some frames late. */
const NEAR_S = 0.5;

/** What the first remote picture of a page shows now, with the time. */
function seen(page) {
  return page.evaluate(
    ([look]) => {
      const video = document.querySelector('.visit-tile:not(.visit-self) video');
      return { ...window.eval(`(${look})`)(video), wall_ms: Date.now() };
    },
    [lookAt.toString()],
  );
}

/** Begins to listen: to what connections bring, or to what an element plays. */
function listen(page, selector) {
  return page.evaluate((wanted) => {
    const context = new AudioContext();
    const source = (() => {
      if (wanted) {
        const stream = document.querySelector(wanted).captureStream();
        return context.createMediaStreamSource(stream);
      }
      const living = window.keptConnections.filter((one) => one.connectionState === "connected");
      const tracks = living.flatMap((one) => one.getReceivers().map((receiver) => receiver.track));
      return context.createMediaStreamSource(new MediaStream(tracks.filter((track) => track.kind === "audio" && !track.muted)));
    })();
    const analyser = context.createAnalyser();
    analyser.fftSize = 4096;
    analyser.smoothingTimeConstant = 0;
    source.connect(analyser);
    window.heard = (hertz) => {
      const levels = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(levels);
      const near = (pitch) => {
        const bin = Math.round((pitch * analyser.fftSize) / context.sampleRate);
        return Math.max(levels[bin - 1], levels[bin], levels[bin + 1]);
      };
      const all = hertz.map(near);
      const loudest = all.indexOf(Math.max(...all));
      return { tone: loudest, level: all[loudest] };
    };
  }, selector ?? null);
}

/** Picture and tone of the same moment, several times. `show` finds the video in the page. */
async function moments(page, person, video) {
  const found = [];
  await until("moments in which the person is seen and heard", async () => {
    const one = await page.evaluate(
      ([look, selector, hertz]) => {
        const shown = document.querySelector(selector);
        return { ...window.eval(`(${look})`)(shown), ...window.heard(hertz), at_s: shown.currentTime };
      },
      [lookAt.toString(), video, pitches(person)],
    );
    if (one.level > -70) found.push(one);
    return found.length >= 12;
  });
  return found;
}

/** By how much the tones are ahead of the pictures in a round, in seconds: the middle of all. */
function lead(found) {
  const leads = found.map((one) => {
    const way = (one.tone + 0.5) * TONE_S - one.frame / FRAMES_PER_S;
    return ((way % ROUND_S) + ROUND_S) % ROUND_S;
  });
  // The middle on a circle: the one from which all others are least far.
  const far = (a) => leads.reduce((sum, b) => sum + apart(a, b), 0);
  return leads.reduce((best, one) => (far(one) < far(best) ? one : best));
}

function recorded(scenario, on) {
  scenario.step("a patient and a doctor whose cameras and microphones tell the time are recorded", async () => {
    on.visit = await openAppointment();
    on.doctorBrowser = scenario.keep(await Browser.open("clock-doctor", { bypassCSP: true }));
    on.doctor = await on.doctorBrowser.page();
    await signIn(on.doctor, ACCOUNTS.doctor);
    await on.doctor.goto(`/visit/${on.visit.appointment.id}`);
    await checkDevices(on.doctor);
    await press(on.doctor, "enter-waiting");
    const patient = scenario.keep(await Browser.open("clock-patient", { locale: "fr-FR", bypassCSP: true }));
    on.patient = await patient.page();
    await comeIn(on.patient, `/join#${on.visit.token}`, on.doctor);
    await press(on.doctor, "record");
    await press(on.patient, "consent-yes");
    await until("both to be recorded", async () =>
      (await at(on.doctor, "tape").getAttribute("data-phase")) === "running");
  });
  scenario.step("what the doctor sees and hears of the patient is noted, with the time", async () => {
    on.tile = '.visit-tile:not(.visit-self) video';
    await until("the patient's picture", async () => (await seen(on.doctor)).who === 1);
    await listen(on.doctor);
    on.live = await moments(on.doctor, "clock-patient", on.tile);
    await openPanel(on.doctor, "toggle-chat", "chat-input");
    await write(on.doctor, CHAT);
    on.seen = [];
    for (let n = 0; n < 8; n += 1) {
      on.seen.push(await seen(on.doctor));
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    assert.ok(on.seen.every((one) => one.who === 1), JSON.stringify(on.seen));
  });
  scenario.step("the doctor ends the visit, and the recording is made ready by itself", async () => {
    const path = `/recordings?appointment=${on.visit.appointment.id}`;
    const { doctor } = on.visit;
    await press(on.doctor, "end-visit");
    await press(on.doctor, "end-confirm");
    await until("the recording to be ready", async () => {
      const [row] = (await doctor.expect(200, "GET", path)).recordings;
      on.row = row;
      return row.state === "ready";
    }).catch((error) => {
      throw new Error(`${error.message}; ${JSON.stringify(on.row)}`);
    });
    const { tracks } = await doctor.expect(200, "GET", `/recordings/${on.row.id}`);
    const kinds = tracks.map((track) => track.kind).sort();
    assert.deepEqual(kinds, ["camera", "camera", "captions", "microphone", "microphone", "mixdown", "peaks"]);
    on.tracks = tracks;
    on.track = (kind, name) => tracks.find((one) => one.kind === kind && (!name || one.name === name));
  });
}

/** Goes to a place and waits until the picture of it is there. */
async function seek(page, file, at_ms) {
  await at(page, "player-seek").fill(String(Math.round(at_ms / 100) * 100));
  return page.evaluate(
    async ([id, look]) => {
      const video = document.getElementById(id);
      while (video.seeking || video.readyState < 2) await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      return { ...window.eval(`(${look})`)(video), at_ms: video.currentTime * 1000 };
    },
    [`media-${file}`, lookAt.toString()],
  );
}

function played(scenario, on) {
  scenario.step("the doctor finds it in the list and opens it; nothing sticks out, no barrier is known", async () => {
    await on.doctor.goto("/recordings");
    const row = at(on.doctor, "recording-row").first();
    await row.getByTestId("recording-open").click();
    await on.doctor.waitForURL(/\/recordings\/[0-9a-f-]+$/);
    await shown(on.doctor, "player-play");
    await until("the pictures", async () =>
      on.doctor.evaluate(() => [...document.querySelectorAll("video")].every((one) => one.readyState >= 2)));
    for (const size of SIZES) {
      await on.doctor.setViewportSize(size);
      assert.deepEqual(await violations(on.doctor), [], `at ${size.width} px`);
      assert.ok((await sticksOut(on.doctor)) <= 0, `the page is wider than ${size.width} px`);
    }
    await on.doctor.setViewportSize(SIZES[0]);
    assert.equal(await at(on.doctor, "player-video").count(), 2);
  });
  scenario.step("wherever one goes, the patient's picture is the one of that moment", async () => {
    const camera = on.track("camera", on.visit.patient.me.name);
    on.camera = camera;
    const begun_ms = on.row.started_us / 1000;
    const ways = [];
    for (const one of [...on.seen].reverse()) {
      const there = await seek(on.doctor, camera.file, one.wall_ms - begun_ms);
      assert.equal(there.who, 1, "somebody else's picture");
      ways.push(apart(there.frame / FRAMES_PER_S, one.frame / FRAMES_PER_S));
    }
    // The clinic notes the beginning a moment before the first packet; from there on it is the same way.
    ways.sort((a, b) => a - b);
    assert.ok(ways.at(-1) <= 2 * NEAR_S, `seconds between seen and played: ${ways}`);
    const doctors = on.track("camera", on.visit.doctor.me.name);
    const there = await seek(on.doctor, doctors.file, 2_000);
    assert.equal(there.who, 0, "the doctor's picture is not the doctor's");
  });
  scenario.step("played, the patient's voice fits the picture as it did in the visit", async () => {
    const lane = on.doctor.getByTestId("player-lane").filter({ hasText: `Voice of ${on.visit.doctor.me.name}` });
    await lane.click();
    assert.equal(await lane.getAttribute("aria-pressed"), "false");
    const voice = on.track("microphone", on.visit.patient.me.name);
    await seek(on.doctor, on.camera.file, 1_000);
    await press(on.doctor, "player-play");
    await until("the voice to be there", () =>
      on.doctor.evaluate((id) => document.getElementById(id).currentTime > 1.5, `media-${voice.file}`));
    await listen(on.doctor, `#media-${voice.file}`);
    const found = await moments(on.doctor, "clock-patient", `#media-${on.camera.file}`);
    assert.ok(found.every((one) => one.who === 1));
    const way = apart(lead(found), lead(on.live));
    assert.ok(way <= NEAR_S, `${way} s between the voice in the visit and now: ${JSON.stringify(found)}`);
  });
  scenario.step("keys play, pause and go; what was written leads to its moment", async () => {
    await on.doctor.evaluate(() => document.activeElement?.blur());
    const plays = () => on.doctor.evaluate(() => !document.querySelector("[data-testid=player-master]").paused);
    const isPlaying = await plays();
    await on.doctor.keyboard.press("k");
    await until("k to turn it", async () => (await plays()) !== isPlaying);
    if (await plays()) await on.doctor.keyboard.press("k");
    await on.doctor.keyboard.press("Home");
    await until("the beginning", async () => (await at(on.doctor, "player-clock").innerText()).startsWith("0:00"));
    const said = at(on.doctor, "player-said").filter({ hasText: "500 mg" });
    assert.ok((await said.innerText()).includes(CHAT));
    await said.click();
    await until("its moment", async () => !(await at(on.doctor, "player-clock").innerText()).startsWith("0:00 "));
  });
}

/** Follows the link of a copy; where the file lies and what it is called. */
async function download(page) {
  const coming = page.waitForEvent("download");
  await press(page, "copy-fetch");
  const file = await coming;
  const folder = mkdtempSync(path.join(tmpdir(), "telehealth-copy-"));
  const place = path.join(folder, file.suggestedFilename());
  await file.saveAs(place);
  return { path: place, name: file.suggestedFilename() };
}

function kept(scenario, on) {
  scenario.step("a ticket is for one recording, and the media are for nobody else", async () => {
    const media = `/recordings/${on.row.id}/media/${on.camera.file}`;
    const bare = await on.visit.doctor.call("GET", media);
    assert.equal(bare.status, 404, "media without the cookie of a play");
  });
  scenario.step("the patient plays it too, in French", async () => {
    const page = await on.doctorBrowser.process
      .newContext({ baseURL: new URL(on.doctor.url()).origin, locale: "fr-FR" })
      .then((context) => context.newPage());
    await signIn(page, ACCOUNTS.patient);
    await page.goto(`/recordings/${on.row.id}`);
    await shown(page, "player-play");
    await press(page, "player-play");
    await until("it to play", () => page.evaluate(() => document.querySelector("[data-testid=player-master]").currentTime > 0.5));
    await page.context().close();
  });
  scenario.step("the doctor holds it; then nobody deletes it", async () => {
    await press(on.doctor, "recording-hold");
    await at(on.doctor, "recording-reason").fill("Plainte");
    await press(on.doctor, "recording-deed-yes");
    await until("it to be held", async () => {
      const { row } = await on.visit.doctor.expect(200, "GET", `/recordings/${on.row.id}`);
      return row.held && row.reason === "Plainte";
    });
  });
  scenario.step("a sealed copy opens with the words that were shown, and nothing sticks out", async () => {
    await press(on.doctor, "recording-copy");
    await shown(on.doctor, "copy-sealed");
    for (const size of SIZES) {
      await on.doctor.setViewportSize(size);
      assert.deepEqual(await violations(on.doctor), [], `at ${size.width} px`);
      assert.ok((await sticksOut(on.doctor)) <= 0, `the page is wider than ${size.width} px`);
    }
    await on.doctor.setViewportSize(SIZES[0]);
    await press(on.doctor, "copy-sealed");
    const words = (await (await shown(on.doctor, "copy-words")).innerText()).trim();
    assert.match(words, /^([0-9a-z]{4}-){5}[0-9a-z]{4}$/);
    const file = await download(on.doctor);
    assert.match(file.name, /^recording-.*\.zip\.age$/);
    const folder = path.dirname(file.path);
    const asked = `${words}\n`;
    execFileSync("script", ["-qec", `age -d -o copy.zip '${file.path}'`, "/dev/null"], { cwd: folder, input: asked, stdio: ["pipe", "ignore", "pipe"] });
    const listed = execFileSync("python3", ["-m", "zipfile", "-l", path.join(folder, "copy.zip")]).toString();
    for (const part of ["README.txt", "mixdown.webm", "captions.vtt", "contents.json", `camera-${on.visit.patient.me.name}.webm`])
      assert.ok(listed.includes(part), `${part} is not in the copy: ${listed}`);
    await on.doctor.keyboard.press("Escape");
  });
  scenario.step("an administrator says for how long the next ones are kept", async () => {
    const page = await on.doctorBrowser.process
      .newContext({ baseURL: new URL(on.doctor.url()).origin, locale: "en-GB", bypassCSP: true })
      .then((context) => context.newPage());
    await signIn(page, ACCOUNTS.admin);
    await page.goto("/recordings");
    const rules = await shown(page, "recording-rules");
    await rules.locator("summary").click();
    await at(page, "rule-all").fill("12");
    await press(page, "recording-rules-save");
    await until("the mistake to be named", async () => (await at(page, "rule-all").getAttribute("aria-invalid")) === "true");
    for (const size of SIZES) {
      await page.setViewportSize(size);
      assert.deepEqual(await violations(page), [], `at ${size.width} px`);
      assert.ok((await sticksOut(page)) <= 0, `the page is wider than ${size.width} px`);
    }
    await at(page, "rule-all").fill("730");
    await press(page, "recording-rules-save");
    await until("the rule to be there", async () => (await at(page, "recordings-figures").innerText()).includes("730 days"));
    await page.context().close();
  });
  scenario.step("no page reported a fault", async () => {
    const faults = scenario.browsers.flatMap((b) => b.faults.map((fault) => `${b.person}: ${fault}`));
    assert.deepEqual(faults, []);
  });
}

/** The scenario. */
export function playback() {
  const scenario = new Scenario("A recording that is played");
  const on = {};
  for (const part of [recorded, played, kept]) part(scenario, on);
  return scenario;
}
