// A clinic's requests on both databases: what people read and write all day, from many connections.
// Prints figures and asserts nothing. Needs wrk.
//
//   SECONDS   how long each database is asked (20)
//   EVENTS    how many events the long record has (5000)

import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import { promisify } from "node:util";

import { Postgres } from "../durability/postgres.mjs";
import { Server, freePort, killAll } from "../durability/server.mjs";
import { call, signIn } from "../durability/writers.mjs";
import { spread } from "./figures.mjs";

const SECONDS = Number(process.env.SECONDS ?? 20);
const CONNECTIONS = 32;
const EVENTS = Number(process.env.EVENTS ?? 5000);
const script = new URL("clinic-day.lua", import.meta.url).pathname;
const root = fs.mkdtempSync(`${os.tmpdir()}/telehealth-day-`);

/** One line a request: how often of 100, who, method, path, body. */
async function requests(server) {
  const tokens = {};
  for (const who of ["patient", "doctor", "nurse"]) tokens[who] = (await signIn(server, `${who}@demo.clinic`)).access_token;
  const ask = async (who, method, path, body) => (await call(server, tokens[who], method, path, body)).body;
  const [doctor] = await ask("patient", "GET", "/doctors");
  const now = Date.now() * 1000;
  const { slots } = await ask("patient", "GET", `/doctors/${doctor.id}/slots?from_us=${now}&days=3`);
  const booked = await ask("patient", "POST", "/appointments", { doctor: doctor.id, start_us: slots[0].start_us, reason: "Toux" });
  const own = await ask("patient", "GET", "/fhir/R4/Patient");
  const patient = own.entry[0].resource.id;
  const fact = { kind: "condition", code: { system: "icd10", code: "J06.9", display: "Rhume" }, clinical: "active", verification: "confirmed" };
  const mix = [
    [16, "doctor", "GET", `/appointments?from_us=${now}&to_us=${now + 86_400e6}`],
    [14, "patient", "GET", `/appointments/${booked.id}`],
    [12, "doctor", "GET", `/patients/${patient}/chart`],
    [10, "patient", "GET", `/patients/${patient}/timeline`],
    [10, "nurse", "GET", "/patients?q=eyenga"],
    [10, "patient", "GET", `/doctors/${doctor.id}/slots?from_us=${now}&days=3`],
    [8, "doctor", "GET", `/prescriptions?patient=${patient}`],
    [5, "patient", "GET", "/me"],
    [5, "doctor", "GET", "/medicines?q=amox"],
    [10, "doctor", "POST", `/patients/${patient}/entries`, { fact }],
  ];
  const lines = [];
  for (const [share, who, method, path, body] of mix) {
    const { status } = await call(server, tokens[who], method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status}`);
    for (let copy = 0; copy < share; copy += 1) lines.push([method, `/api/v1${path}`, tokens[who], body ? JSON.stringify(body) : ""].join("\t"));
  }
  return lines;
}

async function day(name, storeUrl) {
  const data = `${root}/${name}`;
  fs.mkdirSync(data);
  const server = new Server(data, storeUrl, await freePort(), `${root}/${name}.log`, { filter: "warn" });
  await server.start();
  fs.writeFileSync(`${root}/requests`, (await requests(server)).join("\n"));
  const words = ["-t1", `-c${CONNECTIONS}`, `-d${SECONDS}s`, "--latency", "-s", script, server.base, "--", `${root}/requests`];
  // Not the waiting form: who waits does not notice that the server closes kept connections.
  const { stdout: text } = await promisify(execFile)("wrk", words);
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(text)?.[1];
  const latency = (share) => new RegExp(`^\\s*${share}%\\s+(\\S+)`, "m").exec(text)?.[1];
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? "0";
  console.log(`${name.padEnd(9)} ${rate} requests/s; median ${latency(50)}, p90 ${latency(90)}, p99 ${latency(99)}; ${refused} refused; 90 % reading, 10 % writing, ${CONNECTIONS} connections, generator on the same machine`);
  await opening(name, server);
  await server.stop();
}

/** What a doctor waits for when she opens the record of somebody who has been ill for long. */
async function opening(name, server) {
  const token = (await signIn(server, "doctor@demo.clinic")).access_token;
  const person = { family: "Longue", given: "Histoire", sex: "female", birth: "1940-01-01" };
  const made = await call(server, token, "POST", "/patients", { details: person, confirmed: true });
  const base = `/patients/${made.body.id}`;
  const observation = (value) => ({ kind: "observation", category: "laboratory", code: { system: "loinc", code: "2339-0", display: "Glucose" }, value: { quantity: { value: `${value}`, unit: "mg/dL" } } });
  const began = Date.now();
  let written = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (written < EVENTS) {
        written += 1;
        const { status, body } = await call(server, token, "POST", `${base}/entries`, { fact: observation(80 + (written % 90)) });
        if (status >= 300) throw new Error(`entry ${written}: ${status} ${JSON.stringify(body)}`);
      }
    }),
  );
  const seconds = (Date.now() - began) / 1000;
  const times = [];
  for (let run = 0; run < 20; run += 1) {
    const start = performance.now();
    await Promise.all(["", "/chart", "/timeline"].map((part) => call(server, token, "GET", `${base}${part}`)));
    times.push(performance.now() - start);
  }
  console.log(`${name.padEnd(9)} opening a record of ${EVENTS} events: ${spread(times, "ms")}; they were written at ${Math.round(EVENTS / seconds)}/s`);
}

const postgres = new Postgres(root, await freePort());
try {
  await day("sqlite", null);
  await postgres.start();
  await day("postgres", postgres.database("day"));
} finally {
  killAll();
  await postgres.stop();
  fs.rmSync(root, { recursive: true, force: true });
}
