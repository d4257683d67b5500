// The signaling WebSocket without a browser, for what no page would ever say.

import WebSocket from "ws";

import { BASE } from "./demo.mjs";

const PATIENCE_MS = 30_000;

/** A raw WebSocket whose messages are kept in order. */
export class RawSignal {
  heard = [];
  closed = null;
  #socket;
  #wake = new Set();

  /** Opens the socket; `origin` is what a browser would send. */
  static async dial(path = "/signal/v1", options = {}) {
    const raw = new RawSignal();
    const socket = new WebSocket(BASE.replace(/^http/, "ws") + path, {
      perMessageDeflate: false,
      ...options,
    });
    raw.#socket = socket;
    socket.on("message", (data) => {
      const frame = JSON.parse(data.toString());
      raw.heard.push(frame.message ?? frame);
      raw.#ring();
    });
    socket.on("close", (code) => {
      raw.closed = code;
      raw.#ring();
    });
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
      socket.once("unexpected-response", (_, answer) =>
        reject(Object.assign(new Error(`HTTP ${answer.statusCode}`), { status: answer.statusCode })),
      );
    });
    socket.on("error", () => {});
    return raw;
  }

  /** Opens the socket and introduces itself with a ticket. */
  static async enter(view, options) {
    const raw = await RawSignal.dial(view.signal_path, options);
    raw.say({ type: "hello", version: 1, auth: { by: "ticket", ticket: view.ticket } });
    return raw;
  }

  say(message) {
    this.#socket.send(JSON.stringify(message));
  }

  sayText(text) {
    this.#socket.send(text);
  }

  sayBytes(bytes) {
    this.#socket.send(bytes, { binary: true });
  }

  /** Stops or goes on reading from the network. */
  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
  }

  close() {
    this.#socket.terminate();
  }

  /** The first message of a type, from position `after` on. */
  async until(kind, wanted = () => true, after = 0) {
    return this.#wait(`message ${kind}`, () =>
      this.heard.slice(after).find((message) => message.type === kind && wanted(message)),
    );
  }

  /** The close code. */
  async untilClosed() {
    return this.#wait("close", () => this.closed, true);
  }

  async #wait(what, ask, closing = false) {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = ask();
      if (found) return found;
      const kinds = this.heard.map((m) => m.code ?? m.reason ?? m.type).join(" ");
      if (this.closed !== null && !closing)
        throw new Error(`closed with ${this.closed} before ${what}; heard: ${kinds}`);
      if (Date.now() > end) throw new Error(`no ${what} in ${PATIENCE_MS} ms; heard: ${kinds}`);
      await new Promise((resolve) => {
        const timer = setTimeout(done, 500);
        const wake = this.#wake;
        function done() {
          clearTimeout(timer);
          wake.delete(done);
          resolve();
        }
        wake.add(done);
      });
    }
  }

  #ring() {
    for (const done of [...this.#wake]) done();
  }
}
