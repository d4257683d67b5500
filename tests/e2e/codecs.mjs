// What the media server does with what browsers can send and our pages do not ask for, and what only
// statistics of a browser show: scalable video, layers, redundant sound, silence, lanes.

import assert from "node:assert/strict";

import { Browser } from "../lib/browser.mjs";
import { Clinic, openAppointment } from "../lib/clinic.mjs";
import { labPage } from "../lib/lab.mjs";
import { press, shown } from "../lib/pages.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

const SVC = [{ scalabilityMode: "L2T3", maxBitrate: 600_000 }];
/** Of a camera of 360 lines Chromium sends two sizes at most. */
const SIMULCAST = [
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 250_000 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 700_000 },
];

const arrives = (page, source, n = 0) => page.evaluate(([s, n]) => window.lab.arrives(s, n), [source, n]);
const leaves = (page, source) => page.evaluate((s) => window.lab.leaves(s), source);
const show = (page, source, px) => page.evaluate(([s, px]) => window.lab.show(s, px), [source, px]);

/** Somebody new in the visit, or on a further connection. */
async function connect(page, wish) {
  await page.evaluate(async ({ send = [], heard, ...more }) => {
    for (const one of send) {
      const kind = one.source === "microphone" ? "audio" : "video";
      one.track = one.silent ? await window.Lab.silence() : await window.Lab.device(kind);
    }
    const silently = (sdp) => sdp.replaceAll("useinbandfec=1", "useinbandfec=1;usedtx=1");
    await window.lab.connect({ send, ...more, ...(heard === "silently" && { heard: silently }) });
  }, wish);
}

async function enter(page, view) {
  await page.evaluate(async (view) => {
    window.lab = await window.Lab.enter(view);
  }, view);
}

/** Waits until pictures of this height and codec arrive, and more of them. */
async function sees(page, height, codec, source = "camera") {
  let decoded = null;
  let row = null;
  await until(`pictures of ${height} px`, async () => {
    row = await arrives(page, source);
    if (row?.frameHeight !== height || row.codec !== codec) {
      decoded = null;
      return false;
    }
    decoded ??= row.framesDecoded;
    return row.framesDecoded >= decoded + 5;
  }).catch((error) => {
    throw new Error(`${error.message}; ${row?.codec} ${row?.frameHeight} px, ${row?.framesDecoded} pictures`);
  });
}

/** Waits until pictures of this codec arrive; says how high they are. What a busy machine carries may be less. */
async function begins(page, codec) {
  const row = await until(`pictures as ${codec}`, async () => {
    const row = await arrives(page, "camera");
    return row?.codec === codec && row.framesDecoded > 10 ? row : null;
  });
  return row.frameHeight;
}

function entering(scenario, on) {
  scenario.step("a doctor and a patient enter with clients that are no page of ours", async () => {
    on.open = await openAppointment();
    const browser = scenario.keep(await Browser.open("doctor", { bypassCSP: true }));
    on.doctor = await labPage(browser);
    on.patient = await labPage(browser);
    on.guest = await labPage(browser);
    const { doctor, appointment, token } = on.open;
    await enter(on.doctor, await doctor.expect(200, "POST", `/appointments/${appointment.id}/join`));
    const nobody = new Clinic();
    await enter(on.patient, await nobody.expect(200, "POST", "/join", { token }));
    await on.patient.evaluate(() => window.lab.admitted());
    await connect(on.patient, { slots: { audio: 2, video: 2 } });
  });
}

function scalable(scenario, on) {
  for (const codec of ["video/vp9", "video/av1"])
    scenario.step(`one stream of ${codec} with layers: for a small view the lower one alone arrives, for a large one both again`, async () => {
      await connect(on.patient, { slots: { audio: 2, video: 2 } });
      await connect(on.doctor, { send: [{ source: "camera", codec, encodings: SVC }] });
      await show(on.patient, "camera", 720);
      const first = await begins(on.patient, codec);
      const sent = await leaves(on.doctor, "camera");
      assert.deepEqual(sent.map((row) => [row.codec, row.scalabilityMode]), [[codec, "L2T3"]]);
      const keys = sent[0].keyFramesEncoded;
      await show(on.patient, "camera", 150);
      await sees(on.patient, 180, codec);
      const [now] = await leaves(on.doctor, "camera");
      assert.equal(now.frameHeight, 360, "the sender goes on with all of them");
      assert.equal(now.keyFramesEncoded, keys, "going down needs no key frame");
      await show(on.patient, "camera", 720);
      const grown = Date.now();
      await sees(on.patient, 360, codec);
      const took = ((Date.now() - grown) / 1_000).toFixed(1);
      const row = await arrives(on.patient, "camera");
      return `first ${first} px, then 180, then 360 after ${took} s; ${row.framesDecoded} pictures, ${row.freezeCount} freezes, ${row.pliCount} key frames asked for`;
    });
}

function simulcast(scenario, on) {
  scenario.step("two sizes of VP8: for a small view the smaller one arrives, and the sender is told that nobody watches the other", async () => {
    await connect(on.doctor, { send: [{ source: "camera", codec: "video/vp8", encodings: SIMULCAST }] });
    await show(on.patient, "camera", 360);
    const first = await begins(on.patient, "video/vp8");
    await show(on.patient, "camera", 170);
    await sees(on.patient, 180, "video/vp8");
    const told = async () => (await on.doctor.evaluate(() => window.lab.wanted)).find(({ source }) => source === "camera");
    await until("the sender to be told", async () => JSON.stringify((await told())?.encodings) === "[true,false]");
    const row = await arrives(on.patient, "camera");
    return `first ${first} px, then 180; ${row.framesDecoded} pictures, ${row.freezeCount} freezes`;
  });
}

function late(scenario, on) {
  scenario.step("who comes soon after a key frame sees a picture that its sender did not send for them", async () => {
    const { doctor, appointment } = on.open;
    const invited = await doctor.expect(201, "POST", `/appointments/${appointment.id}/guests`, {
      name: "Awa Ndiaye",
      relation: "fille",
    });
    await enter(on.guest, await new Clinic().expect(200, "POST", "/join", { token: invited.link.token }));
    await on.guest.evaluate(() => window.lab.admitted());
    const keys = async () => (await leaves(on.doctor, "camera")).reduce((all, row) => all + row.keyFramesEncoded, 0);
    // What is kept goes back three seconds: only the next ones after a key frame are served by it.
    for (let n = 1; n <= 10; n += 1) {
      const before = await keys();
      await connect(on.guest, { slots: { audio: 2, video: 2 } });
      await until("a picture", async () => (await arrives(on.guest, "camera"))?.framesDecoded > 0);
      if ((await keys()) === before) return `at try ${n}`;
    }
    throw new Error("every newcomer cost a key frame");
  });
  scenario.step("a third person is seen without a further offer of the others", async () => {
    const before = await on.patient.evaluate(() => window.lab.offers);
    await connect(on.guest, { send: [{ source: "camera", codec: "video/vp8" }], slots: { audio: 2, video: 2 } });
    await until("the third picture", async () => (await arrives(on.patient, "camera", 1))?.framesDecoded > 5);
    assert.equal(await on.patient.evaluate(() => window.lab.offers), before);
  });
}

function sound(scenario, on) {
  scenario.step("sound that is sent twice arrives as it is, or without its copies where they are not understood", async () => {
    await connect(on.patient, { slots: { audio: 2, video: 0 }, hears: "audio/red" });
    await connect(on.guest, { slots: { audio: 2, video: 0 }, hears: "audio/opus" });
    await connect(on.doctor, { send: [{ source: "microphone", codec: "audio/red" }] });
    // Browsers call what they decode Opus; what comes twice is larger.
    const size = async (page) => {
      const row = await until("speech", async () => {
        const row = await arrives(page, "microphone");
        return row?.totalAudioEnergy > 0.005 && row.packetsReceived > 150 ? row : null;
      });
      return row.bytesReceived / row.packetsReceived;
    };
    const [twice, once] = [await size(on.patient), await size(on.guest)];
    assert.ok(twice > 1.4 * once, `${twice} and ${once} bytes a packet`);
    return `${Math.round(twice)} and ${Math.round(once)} bytes a packet`;
  });
  scenario.step("a browser that sends next to nothing while nobody speaks is no loss to the others", async () => {
    const silent = { source: "microphone", codec: "audio/opus", silent: true };
    await connect(on.doctor, { send: [silent], heard: "silently" });
    await until("sound", async () => (await arrives(on.guest, "microphone"))?.packetsReceived > 0);
    const pause = () => new Promise((resolve) => setTimeout(resolve, 3_000));
    const packets = async () => (await leaves(on.doctor, "microphone"))[0].packetsSent;
    let rate = null;
    let lost = null;
    await until("few packets", async () => {
      lost = (await arrives(on.guest, "microphone")).packetsLost;
      const before = await packets();
      await pause();
      rate = ((await packets()) - before) / 3;
      return rate > 0.3 && rate < 15;
    });
    assert.ok((await arrives(on.guest, "microphone")).packetsLost <= lost + 1, "a pause counts as loss");
    return `${rate.toFixed(1)} packets a second instead of 50`;
  });
}

function screens(scenario, on) {
  scenario.step("a shared screen arrives as one, and the answer knows how long it may wait", async () => {
    await connect(on.patient, { slots: { audio: 0, video: 2 } });
    await connect(on.doctor, { send: [{ source: "screen", codec: "video/vp8" }] });
    await until("the screen", async () => (await arrives(on.patient, "screen"))?.framesDecoded > 5);
    const answer = await on.patient.evaluate(() => window.lab.answer);
    assert.match(answer, /a=extmap:\d+ http:\/\/www\.webrtc\.org\/experiments\/rtp-hdrext\/playout-delay/);
  });
}

function lanes(scenario, on) {
  scenario.step("messages of both lanes reach the other page, with their sender in front", async () => {
    const both = ["lane-reliable", "lane-lossy"];
    await connect(on.patient, { slots: { audio: 1, video: 1 }, lanes: both });
    await connect(on.doctor, { slots: { audio: 1, video: 1 }, lanes: both });
    const open = () => Object.values(window.lab.lanes).every((lane) => lane.readyState === "open");
    for (const page of [on.patient, on.doctor]) await until("open lanes", () => page.evaluate(open));
    for (const label of both) {
      await until(`a message by ${label}`, async () => {
        // The other side may have opened its lane a moment later than this one.
        await on.doctor.evaluate((label) => window.lab.lanes[label].send(new Uint8Array([7, 8, 9])), label);
        const all = await on.patient.evaluate(() => window.lab.received);
        return all.some(([by, bytes]) => by === label && bytes.length === 20 && bytes[0] === 1 && bytes[19] === 9);
      });
    }
  });
}

/** Runs in a page before its scripts: no way to the media server is known. */
function dropCandidates() {
  const native = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function set({ type, sdp }) {
    return native.call(this, { type, sdp: sdp.replace(/a=candidate:.*\r\n/g, "") });
  };
}

function blocked(scenario, on) {
  scenario.step("where no media passes, the connection test of the page says so", async () => {
    const browser = scenario.keep(await Browser.open("patient"));
    await browser.context.addInitScript(dropCandidates);
    const page = await browser.page(`/join#${on.open.token}`);
    await press(page, "join-start");
    const result = await shown(page, "test-result");
    assert.equal(await result.getAttribute("data-verdict"), "blocked");
  });
}

/** The scenario. */
export function codecs() {
  const scenario = new Scenario("What browsers can send and get beyond our pages");
  const on = {};
  for (const part of [entering, scalable, simulcast, late, sound, screens, lanes, blocked]) part(scenario, on);
  return scenario;
}
