// Looks for people in what lies on the disk: writes words that stand nowhere else through the API,
// copies the store while the server runs, makes a backup, and searches every byte of the database,
// its journals, the backup, messages, checkpoints and logs for them. Exits with 1 when one is found.

import fs from "node:fs";
import os from "node:os";

import { demoPeople, everything } from "./marked.mjs";
import { Postgres } from "./postgres.mjs";
import { Server, freePort, killAll } from "./server.mjs";
import { forms, search } from "./search.mjs";

const out = process.env.LOGS ?? new URL("../out", import.meta.url).pathname;
fs.mkdirSync(out, { recursive: true });
const root = fs.mkdtempSync(`${os.tmpdir()}/telehealth-markers-`);
let passed = 0;
let failed = 0;

function check(what, problems) {
  if (problems.length === 0) passed += 1;
  else failed += 1;
  console.log(`${problems.length ? "FAILED" : "ok    "} ${what}`);
  for (const problem of problems.slice(0, 20)) console.log(`         ${problem}`);
}

/** The search must be able to find: every form of a word, also across the pieces it reads. */
function searchFinds() {
  const folder = `${root}/planted`;
  fs.mkdirSync(folder);
  const missed = [];
  for (const [form, bytes] of forms("Élise Marqueur")) {
    // In the middle of a file that is read in more than one piece.
    const filler = Buffer.alloc((1 << 20) - 5, 0x20);
    fs.writeFileSync(`${folder}/file`, Buffer.concat([filler, bytes, filler]));
    if (search([folder], ["Élise Marqueur"]).found.length === 0) missed.push(form);
  }
  check("the search finds a planted name in every form", missed);
}

async function scan(name, storeUrl, postgres) {
  const data = `${root}/${name}`;
  fs.mkdirSync(data);
  const log = `${out}/markers-${name}.log`;
  fs.rmSync(log, { force: true });
  const server = new Server(data, storeUrl, await freePort(), log, { filter: "debug" });
  await server.start();
  const { words, written, known, refused } = await everything(server);
  check(`${name}: every kind of text was accepted by the server`, refused);
  const markers = [...words, ...demoPeople()];
  const places = [data, ...(postgres ? [postgres.data] : [])];

  // While it runs: the journal has what the database has not yet.
  const live = search(places, markers);
  const backup = `${root}/${name}.backup`;
  const made = await server.run("backup", backup);
  check(`${name}: a backup is made while the server runs`, made.code === 0 ? [] : [made.text]);
  const saved = search([backup], markers);
  await server.stop();
  const stopped = search(places, markers);
  // A demo says at its start whom one can sign in as; whatever else is known may not be told.
  check(`${name}: nothing of a person is in the log`, search([log], words).found);
  for (const [state, { found }] of [["running", live], ["in the backup", saved], ["stopped", stopped]]) {
    check(`${name}: nothing of a person is readable, ${state}`, found);
  }
  // What may be in clear is found, so the files searched are those that hold the rest.
  const ids = search(places, known);
  check(`${name}: ids of what was written are found in the store`, ids.found.length ? [] : ["none: was the store searched?"]);
  const mib = (live.bytes / (1 << 20)).toFixed(0);
  console.log(`       ${name}: ${written} requests, ${markers.length} names and words in ${forms("x").length} forms, ${live.files} files of ${mib} MiB`);

  const messages = await server.run("messages");
  const isThere = words.some((word) => messages.text.includes(word));
  check(`${name}: the messages in files open for who has the key`, messages.code === 0 && messages.text.includes("@") ? [] : [`exit ${messages.code}, a marked name: ${isThere}`]);
}

const postgres = new Postgres(root, await freePort());
try {
  searchFinds();
  await scan("sqlite", null, null);
  await postgres.start();
  await scan("postgres", postgres.database("markers"), postgres);
} catch (error) {
  check("the run came to its end", [error.stack]);
} finally {
  killAll();
  await postgres.stop();
  fs.rmSync(root, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
