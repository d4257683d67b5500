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
  constructor(root, port) {
    this.bin = programs();
    this.port = port;
    this.owner = owner();
    this.folder = `${root}/cluster`;
    fs.mkdirSync(this.folder);
    if (this.owner.uid !== undefined) {
      fs.chmodSync(root, 0o711);
      fs.chownSync(this.folder, this.owner.uid, this.owner.gid);
    }
    this.data = `${this.folder}/data`;
    const words = ["-D", this.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"];
    execFileSync(`${this.bin}/initdb`, words, { ...this.owner, cwd: this.folder, stdio: "pipe" });
  }

  #psql(sql) {
    const words = ["-h", "127.0.0.1", "-p", this.port, "-U", "postgres", "-d", "postgres", "-Atqc", sql];
    return spawnSync(`${this.bin}/psql`, words.map(String), { encoding: "utf8", cwd: this.folder });
  }

  async start() {
    const log = fs.openSync(`${this.folder}/log`, "a");
    const words = ["-D", this.data, "-p", String(this.port), "-k", "", "-c", "listen_addresses=127.0.0.1"];
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
    const made = this.#psql(`CREATE DATABASE ${name}`);
    if (made.status !== 0) throw new Error(made.stderr);
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
