// A PostgreSQL cluster of this harness, durable as in a clinic: fsync stays on.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";

import { pause } from "./server.mjs";

function programs() {
  const folder = "/usr/lib/postgresql";
  const versions = fs.existsSync(folder) ? fs.readdirSync(folder).sort((a, b) => Number(a) - Number(b)) : [];
  if (versions.length) return `${folder}/${versions.at(-1)}/bin`;
  return execFileSync("sh", ["-c", 'dirname "$(command -v initdb)"'], { encoding: "utf8" }).trim();
}

/** PostgreSQL refuses to run as root. */
function owner() {
  if (process.getuid() !== 0) return {};
  const lines = fs.readFileSync("/etc/passwd", "utf8").split("\n");
  const line = ["postgres", "nobody"].map((name) => lines.find((it) => it.startsWith(`${name}:`))).find(Boolean);
  const [, , uid, gid] = line.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

export class Postgres {
  /** `settings` go to the server; `make` fills the data folder instead of `initdb`. */
  constructor(root, port, { name = "cluster", settings = {}, make = null } = {}) {
    this.bin = programs();
    this.port = port;
    this.owner = owner();
    this.settings = settings;
    this.folder = `${root}/${name}`;
    fs.mkdirSync(this.folder);
    if (this.owner.uid !== undefined) {
      fs.chmodSync(root, 0o711);
      fs.chownSync(this.folder, this.owner.uid, this.owner.gid);
    }
    this.data = `${this.folder}/data`;
    if (make) {
      make(this);
      return;
    }
    this.run("initdb", "-D", this.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions");
  }

  /** Runs a program of PostgreSQL as the owner of the data. */
  run(program, ...words) {
    const options = { ...this.owner, cwd: this.folder, stdio: "pipe", encoding: "utf8" };
    return execFileSync(`${this.bin}/${program}`, words.map(String), options);
  }

  #psql(sql, database = "postgres") {
    const words = ["-h", "127.0.0.1", "-p", this.port, "-U", "postgres", "-d", database, "-Atqc", sql];
    return spawnSync(`${this.bin}/psql`, words.map(String), { encoding: "utf8", cwd: this.folder });
  }

  /** The answer to a question, or an error. */
  ask(sql, database) {
    const answer = this.#psql(sql, database);
    if (answer.status !== 0) throw new Error(answer.stderr);
    return answer.stdout.trim();
  }

  async start() {
    const log = fs.openSync(`${this.folder}/log`, "a");
    const words = ["-D", this.data, "-p", String(this.port), "-k", "", "-c", "listen_addresses=127.0.0.1"];
    for (const [name, value] of Object.entries(this.settings)) words.push("-c", `${name}=${value}`);
    // A postmaster that was killed leaves children behind for a moment; until then it refuses.
    for (let attempt = 0; attempt < 300; attempt += 1) {
      if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) {
        this.process = spawn(`${this.bin}/postgres`, words, { ...this.owner, cwd: this.folder, stdio: ["ignore", log, log] });
      }
      await pause(100);
      if (this.#psql("SELECT 1").status === 0) {
        fs.closeSync(log);
        return;
      }
    }
    throw new Error(`PostgreSQL does not start: ${fs.readFileSync(`${this.folder}/log`, "utf8").slice(-2000)}`);
  }

  /** A new database; answers with its URL. */
  database(name) {
    this.ask(`CREATE DATABASE ${name}`);
    return this.url(name);
  }

  url(name) {
    return `postgres://postgres@127.0.0.1:${this.port}/${name}`;
  }

  async kill() {
    await this.#end("SIGKILL");
  }

  async stop() {
    if (this.process) await this.#end("SIGINT");
  }

  async #end(signal) {
    const ended = new Promise((done) => this.process.once("exit", done));
    this.process.kill(signal);
    await ended;
  }
}
