// The clinic of a soak: a real server with a telephone line, visits that stay open, and a doctor in each of
// them who lets everybody in. Says what there is in one line of JSON, answers each line `pin` on its input
// with a visit and its PIN in another, and ends with its input.

import fs from "node:fs";
import readline from "node:readline";

import { Server, freePort, killAll } from "../durability/server.mjs";
import { Clinic, openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS, BASE, PASSWORD } from "../lib/demo.mjs";
import { RawSignal } from "../lib/signal.mjs";

const [root, sip, callee, visits, number] = process.argv.slice(2);
/** A PIN lets so many people in; a new one is made before that. */
const ENTRIES_MAX = 25;
const LOOK_MS = 100;

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

function configured(server, facility) {
  fs.appendFileSync(
    server.config,
    `[phone]
bind = "127.0.0.1:${sip}"
realm = "clinic.example.org"
[phone.limits]
messages_per_second = 5000
calls_per_ten_seconds = 2000
calls_max = 60
[phone.sound]
prompts = "${process.env.PROMPTS}"
[[phone.trunks]]
name = "carrier"
addresses = ["127.0.0.1"]
numbers = [{ number = "${number}", facility = "${facility}", language = "fr" }]
country = "33"
codecs = ["g722", "pcma", "pcmu"]
[phone.trunks.outbound]
proxy = "127.0.0.1:${callee}"
caller = "${number}"
countries = ["237"]
`,
  );
}

/**
 * The doctor, signed in once: each password costs the server 19 MiB for a moment, which its allocator may keep,
 * and no telephone asks for one.
 */
class Doctor {
  clinic = new Clinic();
  until_ms = 0;

  async call(status, method, path) {
    if (this.until_ms < Date.now()) await this.renew();
    return this.clinic.expect(status, method, path);
  }

  async renew() {
    const first = this.cookie === undefined;
    const answer = first
      ? await this.clinic.call("POST", "/auth/login", { email: ACCOUNTS.doctor, password: PASSWORD })
      : await new Clinic().call("POST", "/auth/refresh", undefined, { cookie: this.cookie });
    if (answer.status !== 200) throw new Error(`the doctor is not signed in any more: ${answer.status}`);
    this.cookie = answer.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
    this.clinic.token = answer.body.access_token;
    this.until_ms = Date.now() + (answer.body.expires_in_s * 1000) / 2;
  }
}

const doctor = new Doctor();

/** A doctor who waits in a visit for whoever calls. */
class Host {
  used = Infinity;

  static async open() {
    const host = new Host();
    host.visit = await openAppointment();
    await host.enter();
    return host;
  }

  get path() {
    return `/appointments/${this.visit.appointment.id}`;
  }

  async enter() {
    this.socket = await RawSignal.enter(await doctor.call(200, "POST", `${this.path}/join`));
    await this.socket.until("welcome");
  }

  /** Lets in whoever waits. */
  async look() {
    if (this.socket.closed !== null) await this.enter();
    for (const message of this.socket.heard.splice(0)) {
      const known = message.type === "welcome" ? message.snapshot.others : [message.participant];
      for (const person of known) {
        if (message.type !== "welcome" && message.type !== "participant") continue;
        if (person?.stage === "lobby") this.socket.say({ type: "admit", participant: person.id });
      }
    }
  }

  async pin() {
    if (this.used >= ENTRIES_MAX) {
      this.way = await doctor.call(200, "POST", `${this.path}/phone`);
      this.used = 0;
    }
    this.used += 1;
    return this.way.pin;
  }
}

async function main() {
  fs.mkdirSync(`${root}/data`);
  const log = `${root}/server.log`;
  const web = `web_dir = "${root}"\n`;
  const server = new Server(`${root}/data`, null, Number(new URL(BASE).port), log, { filter: "info", more: web });
  await server.start();
  const { text } = await server.run("facility", "list");
  await server.stop();
  configured(server, /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(text)[0]);
  await server.start();
  const hosts = [];
  for (let made = 0; made < Number(visits); made++) hosts.push(await Host.open());
  say({ pid: server.process.pid, log });
  const looking = setInterval(() => {
    for (const host of hosts) host.look().catch((error) => say({ error: String(error) }));
  }, LOOK_MS);
  server.process.once("exit", (code, signal) => say({ ended: signal ?? code }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const index = Number(line.split(" ")[1]);
    try {
      say({ index, pin: await hosts[index].pin() });
    } catch (error) {
      say({ index, error: String(error) });
    }
  }
  clearInterval(looking);
  for (const host of hosts) host.socket.close();
  await server.stop();
}

process.once("exit", killAll);
await main();
