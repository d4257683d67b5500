// Recordings where it hurts. Arguments choose scenarios. Every scenario has a server of its own.

import { fork } from "node:child_process";
import fs from "node:fs";

import { freePort } from "../durability/server.mjs";

const SCENARIOS = ["kills", "full", "slow", "store", "browsers"];
const wanted = process.argv.slice(2);
const chosen = wanted.length ? wanted : SCENARIOS;
const counts = new URL("../out/recordings-counts", import.meta.url).pathname;
fs.rmSync(counts, { force: true });
let broken = 0;
for (const name of chosen) {
  // Helpers of pages learn the address of the clinic when they are loaded, so each has a process.
  const port = await freePort();
  const env = { ...process.env, BASE_URL: `http://127.0.0.1:${port}`, COUNTS: counts };
  const child = fork(new URL("scenario.mjs", import.meta.url).pathname, [name], { env });
  const code = await new Promise((done) => child.once("exit", done));
  if (code !== 0) broken += 1;
}
const lines = fs.existsSync(counts) ? fs.readFileSync(counts, "utf8").trim().split("\n") : [];
const sum = (at) => lines.reduce((all, line) => all + Number(line.split(" ")[at]), 0);
const failed = Math.max(sum(1), broken);
console.log(`\n${sum(0)} passed, ${failed} failed`);
process.exit(failed === 0 && lines.length === chosen.length ? 0 : 1);
