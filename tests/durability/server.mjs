// A server of this harness: started, killed without warning, started again on the same data.

import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";

const BINARY = process.env.TELEHEALTH_BIN;
const READY_MS = 60_000;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** A TCP port that nobody uses at the moment. */
export function freePort() {
  return new Promise((done, failed) => {
    const probe = net.createServer();
    probe.on("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

const running = new Set();

/** Leaves nothing behind, however the run has ended. */
export function killAll() {
  for (const child of running) child.kill("SIGKILL");
}

/** One installation: a data folder, a store, and a server that comes and goes. */
export class Server {
  /** `more` is configuration: keys of the top level first, then tables; `env` goes to the process. */
  constructor(data, storeUrl, port, log, { filter = "info,clinical_http=trace", more = "", env = {} } = {}) {
    Object.assign(this, { data, storeUrl, port, log, env });
    this.config = `${data}/../config-${port}.toml`;
    const store = storeUrl ? `url = "${storeUrl}"\n` : "";
    const own = `[store]\n${store}[log]\nfilter = "${filter}"\n`;
    fs.writeFileSync(this.config, `data_dir = "${data}"\n${more}\n${own}`);
  }

  get base() {
    return `http://127.0.0.1:${this.port}`;
  }

  #settings() {
    return ["--config", this.config, "--bind", `127.0.0.1:${this.port}`, "--udp-port", "0"];
  }

  /** Starts the process and waits until it serves. Answers with how long that took, in ms. */
  async start() {
    const began = Date.now();
    const log = fs.openSync(this.log, "a");
    this.process = spawn(BINARY, ["serve", "--demo", ...this.#settings()], {
      stdio: ["ignore", log, log],
      env: { ...process.env, ...this.env },
    });
    fs.closeSync(log);
    const child = this.process;
    running.add(child);
    child.once("exit", () => running.delete(child));
    this.ended = new Promise((done) => this.process.once("exit", (code, signal) => done({ code, signal })));
    while (!(await this.isReady())) {
      if (this.process.exitCode !== null) throw new Error(`the server stopped while starting: see ${this.log}`);
      if (Date.now() - began > READY_MS) throw new Error(`the server is not ready: see ${this.log}`);
      await pause(50);
    }
    return Date.now() - began;
  }

  async isReady() {
    try {
      return (await fetch(`${this.base}/readyz`)).status === 200;
    } catch {
      return false;
    }
  }

  /** As a power cut does to a process: SIGKILL, in the middle of whatever it does. */
  async kill() {
    this.process.kill("SIGKILL");
    await this.ended;
  }

  async stop() {
    this.process.kill("SIGTERM");
    await this.ended;
  }

  /** Runs another command of the program on this installation. */
  async run(...words) {
    const child = spawn(BINARY, [...words, "--config", this.config], { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (text += part));
    const code = await new Promise((done) => child.once("exit", done));
    return { code, text };
  }
}
