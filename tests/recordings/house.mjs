// What the scenarios share: an installation, a visit in it that is recorded, and what came of it.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { Server } from "../durability/server.mjs";
import { Browser, media } from "../lib/browser.mjs";
import { openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS, BASE } from "../lib/demo.mjs";
import { at, checkDevices, comeIn, openPanel, press, shown, signIn, write } from "../lib/pages.mjs";
import { OUT } from "../lib/recorder.mjs";
import { until } from "../lib/wait.mjs";

/** Said in the chat of every visit; must be in no file. */
export const MARKER = "PLAINTEXT-MARKER-7d1f";

/** An installation whose recordings lie where a scenario can look at them. */
export class House {
  constructor(scenario, { config = "", env = {}, prepare = () => {} } = {}) {
    this.scenario = scenario;
    this.root = fs.mkdtempSync(path.join(os.tmpdir(), "telehealth-recordings-"));
    this.data = path.join(this.root, "data");
    this.folder = path.join(this.root, "recordings");
    fs.mkdirSync(this.data);
    fs.mkdirSync(this.folder);
    scenario.finally(async () => {
      if (this.server.process) await this.server.stop().catch(() => {});
      fs.rmSync(this.root, { recursive: true, force: true });
    });
    prepare(this);
    const log = path.join(OUT, `recordings-${scenario.name.split(":")[0]}.log`);
    fs.rmSync(log, { force: true });
    const more = `web_dir = "${process.env.WEB_DIR}"\n[recordings]\ndir = "${this.folder}"\n${config}`;
    this.server = new Server(this.data, null, Number(new URL(BASE).port), log, { filter: "info", more, env });
  }

  /** A doctor and a patient in a visit. */
  async meet() {
    this.visit = await openAppointment();
    const open = async (person, locale) => {
      const browser = this.scenario.keep(await Browser.open(person, { locale, bypassCSP: true }));
      return browser.page();
    };
    this.doctor = await open("doctor", "en-GB");
    await signIn(this.doctor, ACCOUNTS.doctor);
    await this.doctor.goto(`/visit/${this.visit.appointment.id}`);
    await checkDevices(this.doctor);
    await press(this.doctor, "enter-waiting");
    this.patient = await open("patient", "en-GB");
    await comeIn(this.patient, `/join#${this.visit.token}`, this.doctor);
    await openPanel(this.doctor, "toggle-chat", "chat-input");
  }

  get pages() {
    return [this.doctor, this.patient];
  }

  /** The doctor records and the patient agrees. */
  async record() {
    await shown(this.doctor, "record");
    await press(this.doctor, "record");
    await press(this.patient, "consent-yes");
    await until("the visit to be recorded", async () =>
      (await this.phase(this.doctor)) === "running" && (await this.phase(this.patient)) === "running");
    await write(this.doctor, MARKER);
  }

  /** What the indicator of a page says; `off` is without one. */
  async phase(page) {
    const tape = at(page, "tape");
    if ((await tape.count()) === 0) return "off";
    return tape.getAttribute("data-phase", { timeout: 1_000 }).catch(() => null);
  }

  /** The latest recording of the visit. */
  async row() {
    const found = `/recordings?appointment=${this.visit.appointment.id}`;
    const { recordings } = await this.visit.doctor.expect(200, "GET", found);
    return recordings.sort((a, b) => b.started_us - a.started_us)[0];
  }

  async ready(patience_ms = 60_000) {
    let row;
    await until("the recording to be ready", async () => {
      row = await this.row().catch(() => null);
      return row?.state === "ready";
    }, patience_ms).catch((error) => {
      throw new Error(`${error.message}; ${JSON.stringify(row)}`);
    });
    return row;
  }

  /** A recording with its tracks. */
  async tracks(id) {
    return (await this.visit.doctor.expect(200, "GET", `/recordings/${id}`)).tracks;
  }

  /** The cookie that opens the media of a recording. */
  async ticket(id) {
    const { headers, status } = await this.visit.doctor.call("POST", `/recordings/${id}/plays`);
    assert.ok(status < 300, `no ticket: ${status}`);
    return headers.get("set-cookie").split(";")[0];
  }

  /** A file, or a part of it. */
  async media(id, file, ticket, range) {
    const headers = { cookie: ticket, ...(range ? { range: `bytes=${range}` } : {}) };
    const answer = await fetch(`${BASE}/api/v1/recordings/${id}/media/${file}`, { headers });
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
  }

  /** Every file of a recording by its number, whole. */
  async files(id) {
    const ticket = await this.ticket(id);
    const files = new Map();
    for (const track of await this.tracks(id)) {
      const { status, bytes } = await this.media(id, track.file, ticket);
      assert.equal(status, 200, `file ${track.file}`);
      assert.equal(bytes.length, track.bytes, `file ${track.file}`);
      files.set(track.file, { track, bytes });
    }
    return files;
  }
}

export function sha(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

/** FFmpeg decodes every frame of a file without a complaint, and MKVToolNix knows it; how many frames. */
export function judged(bytes) {
  const arguments_ = "-v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 -i pipe:0".split(" ");
  const probe = spawnSync("ffprobe", arguments_, { input: bytes });
  assert.equal(probe.stderr.toString(), "", "what ffprobe says");
  assert.equal(probe.status, 0);
  const file = path.join(OUT, `judged-${process.pid}.mkv`);
  fs.writeFileSync(file, bytes);
  try {
    const said = JSON.parse(execFileSync("mkvmerge", ["-J", file]));
    assert.ok(said.container.recognized && said.container.supported, "mkvmerge does not know the file");
    assert.deepEqual([...said.errors, ...said.warnings], []);
  } finally {
    fs.rmSync(file);
  }
  return Number(probe.stdout.toString().trim().replace(/,$/, ""));
}

/** All sound and pictures of a recording are decodable; what was found, in words. */
export function allJudged(files) {
  const found = [];
  for (const { track, bytes } of files.values()) {
    if (!/webm|matroska/.test(track.media_type)) continue;
    const frames = judged(bytes);
    assert.ok(frames > 0, `${track.kind} has no frame`);
    found.push(`${track.kind} ${frames}`);
  }
  assert.ok(found.length >= 4, `only ${found}`);
  return found.join(", ");
}

/** No file below a folder holds what was said, or the beginning of a file that plays. */
export function nothingInClear(folder) {
  const words = [MARKER, "OpusHead", "WEBVTT", "V_VP8", "matroska", "webm"].map((word) => Buffer.from(word));
  let files = 0;
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = fs.readFileSync(path.join(entry.parentPath ?? entry.path, entry.name));
    for (const word of words) assert.ok(!bytes.includes(word), `${word} stands in ${entry.name}`);
    files += 1;
  }
  assert.ok(files > 0, "there is no file");
  return files;
}

/** Pictures that a page has decoded so far. */
export async function frames(page) {
  return (await media(page)).frames;
}
