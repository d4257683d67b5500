// Kills servers and databases in the middle of writes, fills a disk, takes a database away, and
// looks whether anything that was acknowledged is gone. Exits with 1 when it is.
//
//   KILLS_SQLITE, KILLS_POSTGRES   how often each is killed (6)

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";

import { Postgres } from "./postgres.mjs";
import { Server, freePort, killAll, pause } from "./server.mjs";
import { Writers } from "./writers.mjs";

const WRITERS = 8;
const out = process.env.LOGS ?? new URL("../out", import.meta.url).pathname;
fs.mkdirSync(out, { recursive: true });
const root = fs.mkdtempSync(`${os.tmpdir()}/telehealth-durability-`);
let passed = 0;
let failed = 0;

function check(what, problems) {
  if (problems.length === 0) passed += 1;
  else failed += 1;
  console.log(`${problems.length ? "FAILED" : "ok    "} ${what}`);
  for (const problem of problems.slice(0, 10)) console.log(`         ${problem}`);
}

async function open(name, storeUrl, data = `${root}/${name}`) {
  fs.mkdirSync(data, { recursive: true });
  const log = `${out}/durability-${name}.log`;
  fs.rmSync(log, { force: true });
  const server = new Server(data, storeUrl, await freePort(), log);
  await server.start();
  const writers = new Writers(server);
  await writers.prepare(WRITERS);
  return { server, writers };
}

/** After a proper stop everything is signed, and nothing in the audit is missing. */
async function verifyAudit(name, server) {
  await server.stop();
  const { code, text } = await server.run("audit", "verify");
  check(`${name}: the audit is whole, offline`, code === 0 ? [] : [text]);
}

/** How long a server may take to acknowledge its first write after a start. */
const WRITING_MS = 10_000;

/** `kill -9` under load, again and again; with PostgreSQL every second time the database as well. */
async function kills(name, count, storeUrl, postgres) {
  const { server, writers } = await open(name, storeUrl);
  const lost = [];
  const starts_ms = [];
  let databases = 0;
  for (let round = 1; round <= count; round += 1) {
    let isOver = false;
    const writing = writers.write(() => isOver);
    // Another moment each time, from the first acknowledged write to the middle of many.
    const before = writers.acknowledged;
    for (let waited = 0; writers.acknowledged === before && waited < WRITING_MS; waited += 5) await pause(5);
    await pause((round * 137) % 400);
    if (postgres && round % 2 === 0) {
      databases += 1;
      await postgres.kill();
      isOver = true;
      await server.kill();
      await writing;
      await postgres.start();
    } else {
      const killed = server.kill();
      isOver = true;
      await Promise.all([killed, writing]);
    }
    starts_ms.push(await server.start());
    await writers.refresh();
    lost.push(...(await writers.lost()));
  }
  starts_ms.sort((a, b) => a - b);
  console.log(
    `       ${name}: ${count} x kill -9 of the server, ${databases} x of the database; ` +
      `${writers.acknowledged} writes acknowledged; ready again in ${starts_ms[starts_ms.length >> 1]} ms ` +
      `(median), ${starts_ms.at(-1)} ms (worst)`,
  );
  check(`${name}: nothing acknowledged is lost`, lost);
  check(`${name}: writes were acknowledged in every round`, writers.acknowledged >= count ? [] : ["too few writes"]);
  await verifyAudit(name, server);
}

const isClear = (answer) => answer.status === 503 || answer.status === 507;

function unclear(answers) {
  return answers
    .filter((answer) => answer.status !== 200 && !(isClear(answer) && answer.body?.code))
    .map((answer) => `${answer.status} ${JSON.stringify(answer.body) ?? answer.error}`);
}

/** A disk that is full refuses writes with a problem, and takes them again when there is room. */
async function diskFull() {
  const disk = `${root}/disk`;
  fs.mkdirSync(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=48m", "tmpfs", disk], { stdio: "pipe" });
  } catch {
    console.log("       disk full: not run, because this user may not mount a small disk");
    return;
  }
  try {
    const { server, writers } = await open("disk-full", null, `${disk}/data`);
    await writers.once();
    const filler = fs.openSync(`${disk}/filler`, "w");
    try {
      for (;;) fs.writeSync(filler, Buffer.alloc(4096));
    } catch (error) {
      if (error.code !== "ENOSPC") throw error;
    }
    fs.closeSync(filler);
    const refused = [];
    // The log of the database may still have room inside.
    for (let round = 0; round < 400 && !refused.some(isClear); round += 1) refused.push(...(await writers.once()));
    check("disk full: writes are refused", refused.some(isClear) ? [] : ["all were accepted"]);
    check("disk full: each refusal says so", unclear(refused));
    // Reading waits for room as well: who reads a note is written down first.
    fs.rmSync(`${disk}/filler`);
    check("disk full: what was acknowledged is there", await writers.lost());
    const after = await writers.once();
    check("disk full: with room again writes are accepted by themselves", after.filter((it) => it.status !== 200).map((it) => `${it.status}`));
    check("disk full: nothing acknowledged is lost", await writers.lost());
    console.log(`       disk full: answers ${JSON.stringify(Object.fromEntries(writers.refusals))}`);
    await verifyAudit("disk full", server);
  } finally {
    execFileSync("umount", ["-l", disk]);
  }
}

/** A database that is gone: refusals that say so, and service by itself when it is back. */
async function lostDatabase(postgres) {
  const { server, writers } = await open("lost-database", postgres.database("lost"));
  await writers.once();
  await postgres.kill();
  const refused = await writers.once();
  check("lost database: each write is refused and says so", [
    ...refused.filter((answer) => answer.status === 200).map(() => "a write was accepted"),
    ...unclear(refused),
  ]);
  check("lost database: the server says that it is not ready", (await server.isReady()) ? ["it says ready"] : []);
  await postgres.start();
  const began = Date.now();
  while (!(await server.isReady()) && Date.now() - began < 30_000) await pause(50);
  const back = Date.now() - began;
  const after = await writers.once();
  check("lost database: it serves again by itself", after.filter((it) => it.status !== 200).map((it) => `${it.status} ${JSON.stringify(it.body)}`));
  check("lost database: nothing acknowledged is lost", await writers.lost());
  console.log(`       lost database: answers ${JSON.stringify(Object.fromEntries(writers.refusals))}; served again after ${back} ms`);
  await verifyAudit("lost database", server);
}

const postgres = new Postgres(root, await freePort());
try {
  await kills("sqlite", Number(process.env.KILLS_SQLITE ?? 6), null, null);
  await diskFull();
  await postgres.start();
  await kills("postgres", Number(process.env.KILLS_POSTGRES ?? 6), postgres.database("kills"), postgres);
  await lostDatabase(postgres);
} catch (error) {
  check("the run came to its end", [error.stack]);
} finally {
  killAll();
  await postgres.stop();
  fs.rmSync(root, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
