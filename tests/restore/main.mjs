// Restores after losses. Exits with 1 when something is not there that had to be.

import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";

import { Postgres } from "../durability/postgres.mjs";
import { Server, freePort, killAll, pause } from "../durability/server.mjs";
import { Writers } from "../durability/writers.mjs";

const WRITERS = 4;
/** After so many seconds a segment of the log is archived at the latest; a clinic takes 60. */
const ARCHIVE_S = 2;
const PATIENCE_MS = 60_000;
const out = process.env.LOGS ?? new URL("../out", import.meta.url).pathname;
fs.mkdirSync(out, { recursive: true });
const root = fs.mkdtempSync(`${os.tmpdir()}/telehealth-restore-`);
/** Processes of PostgreSQL that are ended with the run, however that ends. */
const databases = [];
let passed = 0;
let failed = 0;

function check(what, problems) {
  if (problems.length === 0) passed += 1;
  else failed += 1;
  console.log(`${problems.length ? "FAILED" : "ok    "} ${what}`);
  for (const problem of problems.slice(0, 10)) console.log(`         ${problem}`);
}

const seconds = (ms) => (ms / 1000).toFixed(2);

async function until(what, isSo) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`);
    await pause(50);
  }
}

async function serverAt(name, data, storeUrl) {
  fs.mkdirSync(data, { recursive: true });
  return new Server(data, storeUrl, await freePort(), `${out}/restore-${name}.log`);
}

/** Lets writers write until each of them has so many more saves acknowledged. */
async function writeMore(writers, count) {
  const enough = writers.acknowledged + count;
  await writers.write(() => writers.acknowledged >= enough);
}

/** Runs a drill and answers with its report. */
async function drill(server, what, file, wanted, ...more) {
  const report = `${root}/drill.json`;
  fs.rmSync(report, { force: true });
  const { code, text } = await server.run("drill", file, "--report", report, ...more);
  const json = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, "utf8")) : null;
  check(`${what}: the drill exits with ${wanted}`, code === wanted ? [] : [`exit ${code}`, text]);
  return json;
}

/** A sealed backup: what came after it is lost with the disk, and nothing else. */
async function sealedBackup() {
  const data = `${root}/sqlite`;
  const server = await serverAt("sqlite", data, null);
  await server.start();
  const writers = new Writers(server);
  await writers.prepare(WRITERS);
  await writeMore(writers, 40);
  const [file, copies] = [`${root}/clinic.backup`, `${root}/copies`];
  const began = Date.now();
  const made = await server.run("backup", file, "--recordings", copies);
  check("sealed backup: it is made while the server runs", made.code === 0 ? [] : [made.text]);
  const before = new Map();
  for (const { note, version } of writers.history) before.set(note, version);
  console.log(`       sealed backup: ${fs.statSync(file).size} bytes in ${seconds(Date.now() - began)} s`);

  const report = await drill(server, "sealed backup", file, 0, "--recordings", copies);
  check("sealed backup: every step of the drill held", report.steps.filter((it) => it.outcome !== "held").map((it) => `${it.name}: ${it.said}`));
  console.log(`       sealed backup: drill of ${report.rows} rows in ${report.tables} tables, ${report.duration_ms} ms`);
  const bytes = fs.readFileSync(file);
  bytes[bytes.length >> 1] ^= 1;
  fs.writeFileSync(`${root}/changed.backup`, bytes);
  const broken = await drill(server, "a backup with one bit changed", `${root}/changed.backup`, 3);
  check("a backup with one bit changed: the drill says which step", broken.steps[0].outcome === "failed" ? [] : ["it held"]);
  const audited = await drill(server, "a stranger's key of the audit", file, 3, "--public-key", strangersKey());
  check("a stranger's key of the audit: the step failed", audited.steps.some((it) => it.name === "audit" && it.outcome === "failed") ? [] : ["it held"]);

  await writeMore(writers, 20);
  await server.kill();
  fs.mkdirSync(`${root}/safe`);
  fs.renameSync(`${data}/keys`, `${root}/safe/keys`);
  fs.rmSync(data, { recursive: true });
  const lost = Date.now();
  fs.mkdirSync(data, { mode: 0o700 });
  fs.renameSync(`${root}/safe/keys`, `${data}/keys`);
  const restored = await server.run("restore", file, "--recordings", copies);
  check("disk lost, SQLite: the backup comes back", restored.code === 0 ? [] : [restored.text]);
  const verified = await server.run("audit", "verify", "--unsigned-max", "1000");
  check("disk lost, SQLite: the audit is whole", verified.code === 0 ? [] : [verified.text]);
  await server.start();
  const took = Date.now() - lost;
  const gone = await writers.lost();
  const now = new Map(writers.states());
  check(
    "disk lost, SQLite: every note is at least as it was when the backup was made",
    [...before].filter(([note, version]) => now.get(note) < version).map(([note]) => `note ${note}`),
  );
  check("disk lost, SQLite: what came after the backup is gone, as it must be", gone.length ? [] : ["nothing is missing: the test proves nothing"]);
  console.log(`       disk lost, SQLite: serves again after ${seconds(took)} s`);
  await server.stop();
}

function strangersKey() {
  const key = `${root}/stranger.pem`;
  execFileSync("sh", ["-c", `openssl genpkey -algorithm ed25519 | openssl pkey -pubout > ${key}`], { stdio: "pipe" });
  return key;
}

/** The newest version of each note in a database. */
function notesIn(postgres) {
  const rows = postgres.ask("SELECT appointment, version FROM notes", "clinic").split("\n").filter(Boolean);
  return new Map(rows.map((row) => row.split("|")).map(([note, version]) => [note, Number(version)]));
}

/** Acknowledged saves that a database has not, the oldest first. */
function missing(history, notes) {
  return history.filter(({ note, version }) => (notes.get(note) ?? 0) < version);
}

/** A cluster from the base backup and logs, started and promoted; answers with how long that took. */
async function recover(name, base, settings, beforeStart = () => {}) {
  const began = Date.now();
  const make = (cluster) => {
    execFileSync("cp", ["-a", base, cluster.data]);
    fs.writeFileSync(`${cluster.data}/recovery.signal`, "");
    if (cluster.owner.uid !== undefined) fs.chownSync(`${cluster.data}/recovery.signal`, cluster.owner.uid, cluster.owner.gid);
  };
  beforeStart();
  const cluster = new Postgres(root, await freePort(), { name, settings, make });
  databases.push(cluster);
  await cluster.start();
  await until(`${name} is promoted`, () => cluster.ask("SELECT pg_is_in_recovery()") === "f");
  return { cluster, took: Date.now() - began };
}

/** Streams the log to another folder; writes wait for it from now on. */
async function stream(primary, folder) {
  const address = ["-h", "127.0.0.1", "-p", primary.port, "-U", "postgres"];
  primary.run("pg_receivewal", ...address, "--slot", "receiver", "--create-slot");
  const words = ["-D", folder, "--slot", "receiver", "--synchronous", "--no-loop", "-d", `host=127.0.0.1 port=${primary.port} user=postgres application_name=receiver`];
  const receiver = spawn(`${primary.bin}/pg_receivewal`, words, { ...primary.owner, cwd: folder, stdio: "ignore" });
  await until("the log is streamed", () => primary.ask("SELECT count(*) FROM pg_stat_replication") === "1");
  primary.ask("ALTER SYSTEM SET synchronous_standby_names = 'receiver'");
  primary.ask("SELECT pg_reload_conf()");
  await until("writes wait for the receiver", () => primary.ask("SELECT sync_state FROM pg_stat_replication") === "sync");
  return receiver;
}

function folderOf(primary, name) {
  const folder = `${root}/${name}`;
  fs.mkdirSync(folder);
  if (primary.owner.uid !== undefined) fs.chownSync(folder, primary.owner.uid, primary.owner.gid);
  return folder;
}

/** PostgreSQL: a base backup, the log in two places, a lost disk, and a mistake. */
async function logs() {
  const archive = `${root}/archive`;
  const settings = {
    archive_mode: "on",
    archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f`,
    archive_timeout: `${ARCHIVE_S}s`,
  };
  const primary = new Postgres(root, await freePort(), { settings });
  databases.push(primary);
  folderOf(primary, "archive");
  await primary.start();
  const server = await serverAt("postgres", `${root}/postgres`, primary.database("clinic"));
  await server.start();
  const writers = new Writers(server);
  await writers.prepare(WRITERS);
  await writeMore(writers, 20);

  const file = `${root}/postgres.backup`;
  const made = await server.run("backup", file);
  check("PostgreSQL: a sealed backup is made while the server runs", made.code === 0 ? [] : [made.text]);
  const report = await drill(server, "PostgreSQL", file, 0, "--server", primary.url("clinic"));
  console.log(`       PostgreSQL: drill of ${report.rows} rows into a new database, ${report.duration_ms} ms`);
  check("PostgreSQL: the drill leaves no database behind", primary.ask("SELECT datname FROM pg_database WHERE datname LIKE 'telehealth_drill%'").split("\n").filter(Boolean));

  const base = `${folderOf(primary, "base")}/data`;
  primary.run("pg_basebackup", "-h", "127.0.0.1", "-p", primary.port, "-U", "postgres", "-D", base, "-X", "stream", "-c", "fast");
  primary.run("pg_verifybackup", base);
  const wal = folderOf(primary, "wal");
  const receiver = await stream(primary, wal);
  await writeMore(writers, 40);
  const atMoment = writers.history.length;
  const moment = primary.ask("SELECT clock_timestamp()");
  await pause(20);
  await writeMore(writers, 40);
  // Until something is in the archive beyond the moment: without it there is no going back to it.
  const now = primary.ask("SELECT pg_walfile_name(pg_current_wal_lsn())");
  const writing = { isOver: false };
  const going = writers.write(() => writing.isOver);
  await until("the archive is fed", () => fs.existsSync(`${archive}/${now}`));
  const acknowledged = writers.acknowledged;
  await until("writes go on", () => writers.acknowledged >= acknowledged + 20);

  const died = Date.now();
  await primary.kill();
  writing.isOver = true;
  await server.kill();
  await going;
  fs.rmSync(primary.folder, { recursive: true });
  await until("the receiver ends", () => receiver.exitCode !== null || receiver.signalCode !== null);
  await fromArchive(writers, { archive, base, died });
  await fromStream(writers, server, { archive, wal, base });
  await toMoment(writers, server, { archive, wal, base, moment, atMoment });
}

async function fromArchive(writers, { archive, base, died }) {
  const { cluster, took } = await recover("from-archive", base, { restore_command: `cp ${archive}/%f "%p"` });
  const lost = missing(writers.history, notesIn(cluster));
  const kept = writers.history.length - lost.length;
  const age = lost.length ? died - lost[0].at : 0;
  console.log(
    `       disk lost, archive alone (archive_timeout ${ARCHIVE_S} s): ${lost.length} of ${writers.history.length} writes lost, ` +
      `the oldest ${seconds(age)} s before; the database serves after ${seconds(took)} s`,
  );
  check("disk lost, archive alone: what was archived is there", kept > 0 ? [] : ["nothing came back"]);
  await cluster.stop();
}

/** Makes the last, unfinished segment of the receiver one that can be read. */
function finish(wal) {
  for (const name of fs.readdirSync(wal).filter((it) => it.endsWith(".partial"))) {
    fs.renameSync(`${wal}/${name}`, `${wal}/${name.replace(".partial", "")}`);
  }
}

async function fromStream(writers, server, { archive, wal, base }) {
  const began = Date.now();
  const settings = { restore_command: `cp ${archive}/%f "%p" || cp ${wal}/%f "%p"` };
  const { cluster } = await recover("from-stream", base, settings, () => finish(wal));
  const again = await serverAt("from-stream", server.data, cluster.url("clinic"));
  await again.start();
  const took = Date.now() - began;
  const lost = missing(writers.history, notesIn(cluster));
  console.log(`       disk lost, log streamed: ${lost.length} of ${writers.history.length} writes lost; the clinic serves after ${seconds(took)} s`);
  check("disk lost, log streamed: nothing acknowledged is lost", lost.map(({ note, version }) => `note ${note} version ${version}`));
  writers.server = again;
  check("disk lost, log streamed: notes open and are what was written", await writers.lost());
  await again.stop();
  const verified = await again.run("audit", "verify");
  check("disk lost, log streamed: the audit is whole", verified.code === 0 ? [] : [verified.text]);
  await cluster.stop();
}

async function toMoment(writers, server, { archive, wal, base, moment, atMoment }) {
  const settings = {
    restore_command: `cp ${archive}/%f "%p" || cp ${wal}/%f "%p"`,
    recovery_target_time: moment,
    recovery_target_action: "promote",
  };
  const { cluster, took } = await recover("to-moment", base, settings);
  const notes = notesIn(cluster);
  const before = missing(writers.history.slice(0, atMoment), notes);
  const wanted = new Map();
  for (const { note, version } of writers.history.slice(0, atMoment)) wanted.set(note, version);
  // The demo clinic has notes of its own, which nobody writes.
  const later = [...wanted].filter(([note, version]) => notes.get(note) > version).map(([note]) => [note, notes.get(note)]);
  check("back to a moment: everything before it is there", before.map(({ note, version }) => `note ${note} version ${version}`));
  check("back to a moment: nothing after it is there", later.map(([note, version]) => `note ${note} version ${version}`));
  const again = await serverAt("to-moment", server.data, cluster.url("clinic"));
  const verified = await again.run("audit", "verify", "--unsigned-max", "1000000");
  check("back to a moment: the checkpoints tell that events were cut off", verified.code === 3 ? [] : [`exit ${verified.code}`, verified.text]);
  console.log(`       back to a moment: the database serves after ${seconds(took)} s`);
  await cluster.stop();
}

try {
  await sealedBackup();
  await logs();
} catch (error) {
  check("the run came to its end", [error.stack]);
} finally {
  killAll();
  for (const { process } of databases) process?.kill("SIGKILL");
  fs.rmSync(root, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
