// An object store that comes late, goes, and comes back: recordings move there when it takes them, play
// from there, and leave it when they are deleted.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import S3rver from "s3rver";

import { freePort } from "../durability/server.mjs";
import { Clinic } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { at, press, shown } from "../lib/pages.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";
import { House, allJudged, nothingInClear, sha } from "./house.mjs";

const BUCKET = "clinic";
const PREFIX = "visits";

/** A real server that speaks S3 and keeps its objects in a folder. */
class Store {
  constructor(folder, port) {
    Object.assign(this, { folder, port });
  }

  async start() {
    this.server = new S3rver({
      address: "127.0.0.1",
      port: this.port,
      directory: this.folder,
      silent: true,
      configureBuckets: [{ name: BUCKET }],
    });
    await this.server.run();
  }

  async stop() {
    await this.server?.close();
    this.server = null;
  }

  /** The names of all objects of a recording. */
  objects(name) {
    const folder = path.join(this.folder, BUCKET, PREFIX, name);
    if (!fs.existsSync(folder)) return [];
    return fs.readdirSync(folder).filter((file) => file.endsWith("_object")).map((file) => file.replace("._S3rver_object", ""));
  }
}

export function store() {
  const scenario = new Scenario("store: an object store that comes and goes");
  const on = {};
  scenario.step("the store is away: a visit is recorded, made ready and played from the disk", async () => {
    on.port = await freePort();
    on.house = new House(scenario, {
      config: `[recordings.objects]
bucket = "${BUCKET}"
prefix = "${PREFIX}"
endpoint = "http://127.0.0.1:${on.port}"
access_key_file = "KEYS/id"
secret_key_file = "KEYS/secret"
`,
      prepare: ({ root }) => {
        fs.mkdirSync(path.join(root, "store"));
        for (const name of ["id", "secret"]) fs.writeFileSync(path.join(root, name), "S3RVER\n");
      },
    });
    const { house } = on;
    const config = fs.readFileSync(house.server.config, "utf8").replaceAll("KEYS", house.root);
    fs.writeFileSync(house.server.config, config);
    on.store = new Store(path.join(house.root, "store"), on.port);
    scenario.finally(() => on.store.stop());
    await house.server.start();
    await house.meet();
    await house.record();
    await house.doctor.waitForTimeout(12_000);
    await press(house.doctor, "record");
    on.row = await house.ready();
    on.name = on.row.id.replaceAll("-", "");
    on.files = await house.files(on.row.id);
    on.local = path.join(house.folder, on.name);
    assert.ok(fs.existsSync(path.join(on.local, "manifest.sealed")), "the folder is not here");
    return allJudged(on.files);
  });
  scenario.step("a backup takes it along, a drill opens it, and finds a copy that was changed", async () => {
    const { house } = on;
    const [file, copies] = [path.join(house.root, "clinic.backup"), path.join(house.root, "copies")];
    const made = await house.server.run("backup", file, "--recordings", copies);
    assert.equal(made.code, 0, made.text);
    const held = await house.server.run("drill", file, "--recordings", copies);
    assert.equal(held.code, 0, held.text);
    assert.match(held.text, /1 recordings play, 0 copies have no key/);
    const manifest = path.join(copies, on.name, "manifest.sealed");
    const bytes = fs.readFileSync(manifest);
    bytes[bytes.length - 1] ^= 1;
    fs.writeFileSync(manifest, bytes);
    const broken = await house.server.run("drill", file, "--recordings", copies);
    assert.equal(broken.code, 3, broken.text);
    return `${nothingInClear(copies)} files in the copy`;
  });
  scenario.step("the store comes: everything moves there, sealed, and the disk is free again", async () => {
    const sealed = fs.readdirSync(on.local).sort();
    await on.store.start();
    await until("the folder to leave", () => !fs.existsSync(on.local), 120_000);
    assert.deepEqual(on.store.objects(on.name).sort(), sealed);
    return `${nothingInClear(on.store.folder)} files in the store`;
  });
  scenario.step("it plays from the store as it did from the disk, whole and in parts", async () => {
    const { house, row } = on;
    const files = await house.files(row.id);
    for (const [file, { bytes }] of files) assert.equal(sha(bytes), sha(on.files.get(file).bytes), `file ${file}`);
    const [file, { bytes }] = [...files].sort(([, a], [, b]) => b.bytes.length - a.bytes.length)[0];
    const middle = Math.floor(bytes.length / 2);
    const ticket = await house.ticket(row.id);
    for (const [range, expected] of [
      ["0-99", bytes.subarray(0, 100)],
      [`${middle}-${middle + 40_000}`, bytes.subarray(middle, middle + 40_001)],
      ["-10", bytes.subarray(-10)],
    ]) {
      const part = await house.media(row.id, file, ticket, range);
      assert.equal(part.status, 206);
      assert.equal(sha(part.bytes), sha(expected), range);
    }
    await house.doctor.goto(`/recordings/${row.id}`);
    await shown(house.doctor, "player-play");
    await press(house.doctor, "player-play");
    await until("the pictures to play", () =>
      house.doctor.evaluate(() => {
        const all = [...document.querySelectorAll("video")];
        return all.length === 2 && all.every((one) => one.currentTime > 1);
      }));
    return `${bytes.length} bytes in the largest file`;
  });
  scenario.step("the store goes: media say that they are unavailable, lists and the server go on", async () => {
    await on.store.stop();
    const { house, row } = on;
    await house.server.stop();
    await house.server.start();
    Clinic.forget();
    house.visit.doctor = await Clinic.signIn(ACCOUNTS.doctor);
    assert.equal((await house.row()).state, "ready");
    const read = await house.visit.doctor.call("GET", `/recordings/${row.id}`);
    assert.equal(read.status, 503, read.text);
    assert.equal(read.body.code, "unavailable");
    const ticket = await house.ticket(row.id);
    assert.equal((await house.media(row.id, [...on.files.keys()][0], ticket)).status, 503);
  });
  scenario.step("what is deleted meanwhile leaves the store when it is back", async () => {
    const { house, row } = on;
    const admin = await Clinic.signIn(ACCOUNTS.admin);
    await admin.expect(200, "POST", `/recordings/${row.id}/delete`, { reason: "Erreur de patient" });
    await on.store.start();
    await until("the objects to be gone", () => on.store.objects(on.name).length === 0, 120_000);
    await until("the note to be gone", () => fs.readdirSync(path.join(house.folder, "doomed")).length === 0);
    assert.equal((await house.visit.doctor.call("GET", `/recordings/${row.id}`)).body.tracks.length, 0);
  });
  return scenario;
}
