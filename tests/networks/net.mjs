// The networks of a visit: the server, a router before it, and two ways to the router per person.
//
//   server 10.77.0.1 -- router 10.77.0.254 == wifi   10.77.10.2 -- person
//                                          == mobile 10.77.11.2 -- the same person
//
// Each stands in a network namespace of its own, which tests/run-networks makes and removes. What is
// drawn as == runs through line.py, which loses, delays and shapes packets. The router translates the
// addresses of all people into its own, each to other ports, and lets nothing in that was not asked for.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What all namespaces of this run are called at the beginning. */
const PREFIX = process.env.NETWORKS;
const ROUTER = "10.77.0.254";
export const PEOPLE = ["doctor", "patient", "guest"];
const WAYS = ["wifi", "mobile"];
/** As Linux names such interfaces; browsers tell the kind of a network by it. */
const INTERFACES = { wifi: "wlan0", mobile: "rmnet0" };
const METRICS = { wifi: 100, mobile: 600 };
/** Ports that one person goes out from, and after how many rebinds the first ones come again. */
const PORTS = 500;
const GENERATIONS = 20;
/** Drawing other packets needs another seed only. */
const SEED = Number(process.env.SEED ?? 1);

const namespace = (name) => `${PREFIX}-${name}`;
const pathOf = (name) => `/run/netns/${namespace(name)}`;
const subnet = (person, way) => 10 + 2 * PEOPLE.indexOf(person) + WAYS.indexOf(way);

async function ip(inside, ...words) {
  await run("ip", ["-n", namespace(inside), ...words]);
}

/** All links, and what the router lets pass. */
export class Network {
  #lines;
  #answers;
  #used = {};
  #generations = Object.fromEntries(PEOPLE.map((person) => [person, 0]));

  /** Lays every link; each person begins on wifi. */
  static async lay() {
    const network = new Network();
    const script = fileURLToPath(new URL("line.py", import.meta.url));
    network.#lines = spawn("python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
    network.#answers = createInterface({ input: network.#lines.stdout })[Symbol.asyncIterator]();
    for (const person of PEOPLE) {
      for (const way of WAYS) await network.#layLink(person, way);
      await network.#connect(person, "wifi");
    }
    await network.#filter();
    await network.#translate();
    return network;
  }

  async #layLink(person, way) {
    const far = `${person}-${way}`;
    await this.#command({
      op: "lay",
      link: far,
      near: { net: pathOf(person), name: INTERFACES[way] },
      far: { net: pathOf("router"), name: far },
      seed: SEED,
    });
    const net = subnet(person, way);
    await ip("router", "addr", "add", `10.77.${net}.1/24`, "dev", far);
    await ip("router", "link", "set", far, "up");
  }

  async #connect(person, way) {
    await ip(person, "link", "set", INTERFACES[way], "up");
    await ip(person, "addr", "add", `10.77.${subnet(person, way)}.2/24`, "dev", INTERFACES[way]);
    const gateway = `10.77.${subnet(person, way)}.1`;
    const metric = String(METRICS[way]);
    await ip(person, "route", "replace", "default", "via", gateway, "dev", INTERFACES[way], "metric", metric);
    this.#used[person] = way;
  }

  async #command(wish) {
    this.#lines.stdin.write(`${JSON.stringify(wish)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error("line.py has ended");
    const answer = JSON.parse(value);
    if (answer.fault) throw new Error(`line.py: ${answer.fault}`);
    return answer.ok;
  }

  /** The namespace of a person, for a browser. */
  place(person) {
    return pathOf(person);
  }

  /** How the links of a person are from now on; `up` is from the person to the server. */
  async shape(person, { up = {}, down = {} } = {}) {
    for (const way of WAYS) await this.#command({ op: "shape", link: `${person}-${way}`, up, down });
  }

  /** Nothing passes between a person and everybody else, and no interface says so. */
  async cut(person) {
    await this.shape(person, { up: { cut: true }, down: { cut: true } });
  }

  /** As for somebody who leaves the house: the other way comes up, and after a while the one in use goes. */
  async change(person, both_ms) {
    const before = this.#used[person];
    await this.#connect(person, WAYS.find((way) => way !== before));
    await new Promise((resolve) => setTimeout(resolve, both_ms));
    await ip(person, "addr", "flush", "dev", INTERFACES[before]);
    await ip(person, "link", "set", INTERFACES[before], "down");
    return Date.now();
  }

  #addresses(person) {
    return `{ ${WAYS.map((way) => `10.77.${subnet(person, way)}.2`).join(", ")} }`;
  }

  /** UDP of a person disappears, as behind a strict firewall. */
  async blockUdp(person) {
    const who = this.#addresses(person);
    await this.#filter([`ip saddr ${who} meta l4proto udp drop`, `ip daddr ${who} meta l4proto udp drop`]);
  }

  /** Of a person nothing passes but TCP to one port of the server; with TLS, if it looks like that. */
  async allowOnly(person, port, isTls) {
    const who = this.#addresses(person);
    await this.#filter([`ip saddr ${who} tcp dport != ${port} drop`, `ip saddr ${who} meta l4proto != tcp drop`]);
    await this.shape(person, { up: { tls_only: isTls } });
  }

  /** TCP of a person is reset, what is open and what is new; UDP goes on. */
  async resetTcp(person) {
    const who = this.#addresses(person);
    const reset = "meta l4proto tcp reject with tcp reset";
    await this.#filter([`ip saddr ${who} ${reset}`, `ip daddr ${who} ${reset}`]);
  }

  /**
   * The router forgets how it translated a person: they go out from other ports, and what comes to the
   * earlier ones goes nowhere.
   */
  async rebind(person) {
    this.#generations[person] += 1;
    await this.#translate();
    return Date.now();
  }

  /** A connection is known within a zone, so a new zone knows none. */
  async #translate() {
    const zones = PEOPLE.map((person, n) => {
      const zone = 1 + n * GENERATIONS + (this.#generations[person] % GENERATIONS);
      const first = 20_000 + zone * PORTS;
      return { who: this.#addresses(person), zone, ports: `${first}-${first + PORTS - 1}` };
    });
    const each = (line) => zones.map(line).join("\n");
    await this.#nft(`
      table ip translation
      delete table ip translation
      table ip translation {
        chain early {
          type filter hook prerouting priority -300
          ${each(({ who, zone }) => `ip saddr ${who} ct zone set ${zone}`)}
          ${each(({ ports, zone }) => `ip daddr ${ROUTER} meta l4proto { tcp, udp } th dport ${ports} ct zone set ${zone}`)}
        }
        chain late {
          type nat hook postrouting priority 100
          ${each(({ who, ports }) => `ip saddr ${who} meta l4proto { tcp, udp } snat to ${ROUTER}:${ports}`)}
        }
        chain inwards {
          type filter hook forward priority 10
          iifname "server" ct status & snat == 0 drop
        }
      }`);
  }

  async #filter(rules = []) {
    await this.#nft(`
      table ip firewall
      flush table ip firewall
      table ip firewall {
        chain passing { type filter hook forward priority 0; ${rules.join("; ")}; }
      }`);
  }

  async #nft(script) {
    const nft = spawn("nsenter", [`--net=${pathOf("router")}`, "nft", "-f", "-"]);
    let said = "";
    nft.stderr.on("data", (text) => (said += text));
    nft.stdin.end(script);
    const [code] = await once(nft, "close");
    if (code !== 0) throw new Error(`nft: ${said}`);
  }

  /** Everything passes again. */
  async openFirewall() {
    await this.#filter();
  }

  /** As it was at the beginning. */
  async mend() {
    await this.openFirewall();
    for (const person of PEOPLE) {
      await this.shape(person);
      if (this.#used[person] !== "wifi") await this.change(person, 0);
    }
  }

  /** Packets and bytes that each link carried and lost. */
  async counts() {
    return this.#command({ op: "counts" });
  }

  remove() {
    this.#lines.kill();
  }
}
