// One Chromium process per person, with fake devices and a look into its media connections.

import { chromium } from "playwright-core";

import { BASE } from "./demo.mjs";
import { fakeDevices } from "./recorder.mjs";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Keeps every RTCPeerConnection that the page makes, whatever the page does with it. */
function keepConnections() {
  const Native = window.RTCPeerConnection;
  const kept = [];
  Object.defineProperty(window, "keptConnections", { value: kept });
  window.RTCPeerConnection = class RTCPeerConnection extends Native {
    constructor(...given) {
      super(...given);
      kept.push(this);
    }
  };
}

/** A browser of one person. */
export class Browser {
  /** What a page reported on its console as an error, and scripts that threw. */
  faults = [];

  /** `person` is a key of LOOKS; `options` go to the browser context. */
  static async open(person, options = {}) {
    const { video, audio } = fakeDevices(person);
    const browser = new Browser();
    browser.person = person;
    browser.process = await chromium.launch({
      executablePath: EXECUTABLE,
      headless: true,
      args: [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        `--use-file-for-fake-video-capture=${video}`,
        `--use-file-for-fake-audio-capture=${audio}`,
        "--autoplay-policy=no-user-gesture-required",
        "--auto-select-desktop-capture-source=Entire screen",
        "--allow-loopback-in-peer-connection",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--no-first-run",
      ],
    });
    browser.context = await browser.process.newContext({
      baseURL: BASE,
      locale: "en-GB",
      timezoneId: "Africa/Douala",
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    browser.context.setDefaultTimeout(60_000);
    await browser.context.addInitScript(keepConnections);
    return browser;
  }

  /** A further page; the first argument of `page` is always a test id. */
  async page(path) {
    const page = await this.context.newPage();
    page.on("pageerror", (error) => this.faults.push(`script: ${error.message}`));
    page.on("console", (line) => {
      // An answer that refuses is part of the tests; Chromium reports it as a console error.
      if (line.type() === "error" && !/Failed to load resource|WebSocket connection/.test(line.text()))
        this.faults.push(`console: ${line.text()}`);
    });
    if (path) await page.goto(path);
    return page;
  }

  async close() {
    await this.process.close();
  }
}

/**
 * What the browser itself counted: totals over the living connections of a page, and one row per
 * incoming stream.
 */
export async function media(page) {
  return page.evaluate(async () => {
    const sum = { frames: 0, energy: 0, audioPackets: 0, videoPackets: 0, bytesIn: 0, bytesOut: 0 };
    const streams = [];
    let living = 0;
    for (const connection of window.keptConnections) {
      if (connection.connectionState === "closed") continue;
      living += 1;
      for (const row of (await connection.getStats()).values()) {
        if (row.type === "transport") {
          sum.bytesIn += row.bytesReceived;
          sum.bytesOut += row.bytesSent;
        }
        if (row.type !== "inbound-rtp") continue;
        sum.frames += row.framesDecoded ?? 0;
        sum.energy += row.totalAudioEnergy ?? 0;
        if (row.kind === "audio") sum.audioPackets += row.packetsReceived;
        else sum.videoPackets += row.packetsReceived;
        streams.push({
          kind: row.kind,
          mid: row.mid,
          packets: row.packetsReceived,
          frames: row.framesDecoded ?? 0,
          energy: row.totalAudioEnergy ?? 0,
          width: row.frameWidth ?? 0,
          height: row.frameHeight ?? 0,
        });
      }
    }
    return { ...sum, living, streams, kept: window.keptConnections.length };
  });
}
