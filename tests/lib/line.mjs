// A TCP line between one browser and the server that the test can cut, as a lost network does.

import net from "node:net";

import { BASE } from "./demo.mjs";

/** Forwards to the server until it is cut. */
export class Line {
  #open = new Set();
  #cut = false;
  #server;

  static async lay() {
    const line = new Line();
    const target = new URL(BASE);
    line.#server = net.createServer((near) => {
      if (line.#cut) {
        near.destroy();
        return;
      }
      const far = net.connect(Number(target.port), target.hostname);
      for (const [socket, other] of [[near, far], [far, near]]) {
        line.#open.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          line.#open.delete(socket);
          other.destroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
    });
    await new Promise((resolve) => line.#server.listen(0, "127.0.0.1", resolve));
    line.base = `http://127.0.0.1:${line.#server.address().port}`;
    return line;
  }

  /** Drops every connection and refuses new ones. */
  cut() {
    this.#cut = true;
    for (const socket of this.#open) socket.destroy();
  }

  restore() {
    this.#cut = false;
  }

  remove() {
    this.cut();
    this.#server.close();
  }
}
