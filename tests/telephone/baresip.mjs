// baresip, a telephone that nobody here wrote: it dials, answers, presses keys, plays a file, and keeps
// what it hears.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";

import { freePort } from "../durability/server.mjs";
import { until } from "../lib/wait.mjs";

const MODULES = "/usr/lib/baresip/modules";
const RATE_HZ = 8_000;

/** Words like syllables of one pitch, for minutes, as a WAV file that a telephone plays. */
export function speech(file, pitch_hz, seconds = 240) {
  const data = Buffer.alloc(seconds * RATE_HZ * 2);
  for (let n = 0; n < seconds * RATE_HZ; n += 1) {
    const t = n / RATE_HZ;
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 2.5 * t)) ** 0.5;
    data.writeInt16LE(Math.round(9_000 * syllable * Math.sin(2 * Math.PI * pitch_hz * t)), n * 2);
  }
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE_HZ, 24);
  head.writeUInt32LE(RATE_HZ * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  fs.writeFileSync(file, Buffer.concat([head, data]));
}

/** How much of each pitch is in samples of a telephone (Goertzel), as a share of all that is there. */
export function shares(samples, pitches_hz) {
  const all = samples.reduce((sum, it) => sum + it * it, 0) || 1;
  return pitches_hz.map((pitch_hz) => {
    const factor = 2 * Math.cos((2 * Math.PI * pitch_hz) / RATE_HZ);
    let share = 0;
    // In pieces of 50 ms: a pitch that comes and goes keeps no phase.
    for (let from = 0; from + 400 <= samples.length; from += 400) {
      let [a, b] = [0, 0];
      for (let n = from; n < from + 400; n += 1) [a, b] = [samples[n] + factor * a - b, a];
      share += ((a * a + b * b - factor * a * b) * 2) / 400;
    }
    return share / all;
  });
}

export class Baresip {
  static async start(folder, { number, pitch_hz, port = 0, codecs = "PCMA/8000/1", secret = false }) {
    const phone = new Baresip();
    fs.mkdirSync(folder, { recursive: true });
    phone.folder = folder;
    phone.port = port || (await freePort());
    const control = await freePort();
    speech(path.join(folder, "mouth.wav"), pitch_hz);
    const modules = ["g711", "aufile", "aubridge", "sndfile", "srtp", "account", "ctrl_tcp", "menu"];
    fs.writeFileSync(
      path.join(folder, "config"),
      `sip_listen 127.0.0.1:${phone.port}
net_interface 127.0.0.1
call_local_timeout 120
call_max_calls 2
audio_source aufile,${folder}/mouth.wav
audio_player aubridge,ear
audio_alert aubridge,bell
snd_path ${folder}
ctrl_tcp_listen 127.0.0.1:${control}
jitter_buffer_type fixed
module_path ${MODULES}
${modules.slice(0, 6).map((name) => `module ${name}.so`).join("\n")}
${modules.slice(6).map((name) => `module_app ${name}.so`).join("\n")}
`,
    );
    fs.writeFileSync(
      path.join(folder, "accounts"),
      `<sip:${number}@127.0.0.1:${phone.port}>;regint=0;audio_codecs=${codecs};answermode=manual${secret ? ";mediaenc=srtp-mand" : ""}\n`,
    );
    const log = fs.openSync(path.join(folder, "log"), "w");
    phone.process = spawn("baresip", ["-f", folder], { stdio: ["ignore", log, log] });
    phone.events = [];
    phone.answers = [];
    phone.socket = await until("baresip to listen", () => connected(control));
    let rest = Buffer.alloc(0);
    phone.socket.on("data", (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        const colon = rest.indexOf(":");
        const length = Number(rest.subarray(0, colon).toString());
        if (colon < 0 || rest.length < colon + length + 2) return;
        const message = JSON.parse(rest.subarray(colon + 1, colon + 1 + length).toString());
        (message.event ? phone.events : phone.answers).push(message);
        rest = rest.subarray(colon + length + 2);
      }
    });
    return phone;
  }

  command(command, params = "") {
    const text = JSON.stringify({ command, params });
    this.socket.write(`${Buffer.byteLength(text)}:${text},`);
  }

  dial(uri) {
    this.command("dial", uri);
  }

  /** Presses keys, one after the other. */
  press(keys) {
    this.command("sndcode", keys);
  }

  async happens(type, patience_ms = 60_000) {
    return until(`baresip to say ${type}`, () => this.events.find((event) => event.type === type), patience_ms);
  }

  /** What was heard so far, as samples at 8 kHz, of the last seconds. */
  heard(seconds) {
    const files = fs.readdirSync(this.folder).filter((name) => /dec.*\.wav$/.test(name)).sort();
    assert.ok(files.length > 0, `baresip has kept nothing: ${fs.readdirSync(this.folder)}`);
    const bytes = fs.readFileSync(path.join(this.folder, files.at(-1))).subarray(44);
    const from = Math.max(0, bytes.length - seconds * RATE_HZ * 2) & ~1;
    const samples = [];
    for (let at = from; at + 1 < bytes.length; at += 2) samples.push(bytes.readInt16LE(at));
    return samples;
  }

  stop() {
    this.socket?.destroy();
    this.process.kill("SIGKILL");
  }
}

function connected(port) {
  return new Promise((done) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => done(socket));
    socket.once("error", () => done(null));
  });
}
