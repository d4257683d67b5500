// One browser process per person, with fake devices and a look into its media connections.

import { BASE } from "./demo.mjs";
import { launch } from "./engines.mjs";

/** Keeps every RTCPeerConnection that the page makes, in its own window or in a frame. */
function keepConnections() {
  const Native = window.RTCPeerConnection;
  const kept = window.parent.keptConnections ?? [];
  Object.defineProperty(window, "keptConnections", { value: kept });
  window.RTCPeerConnection = class RTCPeerConnection extends Native {
    constructor(...given) {
      super(...given);
      kept.push(this);
    }
  };
}

/** Firefox's fake camera gives what is asked for; a small one, as in Chromium, leaves the processor free. */
function useSmallCamera() {
  if (!navigator.mediaDevices) return;
  const native = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = function getUserMedia(wish) {
    const video = wish.video && { width: 640, height: 360, frameRate: 15 };
    return native.call(this, { ...wish, video });
  };
}

/** A browser of one person. */
export class Browser {
  /** What a page reported on its console as an error, and scripts that threw. */
  faults = [];

  /**
   * `person` is a key of LOOKS, `engine` is `chromium` or `firefox`, `inside` the path of a network
   * namespace; all other options go to the browser context.
   */
  static async open(person, { engine = "chromium", inside = null, ...options } = {}) {
    const browser = new Browser();
    browser.person = person;
    browser.process = await launch(engine, person, inside);
    browser.context = await browser.process.newContext({
      baseURL: BASE,
      locale: "en-GB",
      timezoneId: "Africa/Douala",
      viewport: { width: 1280, height: 800 },
      ignoreHTTPSErrors: engine === "firefox" && Boolean(process.env.TLS_KEY_HASH),
      ...options,
    });
    browser.context.setDefaultTimeout(60_000);
    await browser.context.addInitScript(keepConnections);
    if (engine === "firefox") await browser.context.addInitScript(useSmallCamera);
    return browser;
  }

  /** A further page; the first argument of `page` is always a test id. */
  async page(path) {
    const page = await this.context.newPage();
    page.on("pageerror", (error) => {
      // Firefox reports a WebSocket that is lost or refused as if a script had failed.
      if (!/^(The connection to ws|Firefox can.t establish a connection to the server at ws)/.test(error.message))
        this.faults.push(`script: ${error.message}`);
    });
    page.on("console", (line) => {
      // An answer that refuses is part of the tests; browsers report it as a console error.
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
        // Firefox counts bytes at the pair in use, and marks that one; Chromium at the transport.
        if (row.type === "transport" || row.selected === true) {
          sum.bytesIn += row.bytesReceived ?? 0;
          sum.bytesOut += row.bytesSent ?? 0;
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
