// Starts a browser of one engine, with the fake devices of one person, in the network it belongs to.

import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { chromium, firefox } from "playwright-core";

import { clockDevices, isClock } from "./clockwork.mjs";
import { BASE } from "./demo.mjs";
import { OUT, fakeDevices } from "./recorder.mjs";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";
const ENTER = fileURLToPath(new URL("../networks/enter.py", import.meta.url));

/** Pages get cameras from trustworthy origins only; a server in a network of its own is none by itself. */
const place = new URL(BASE ?? "http://localhost");
const IS_NEAR = /^(localhost|127\.|\[::1\])/.test(place.hostname) || place.protocol === "https:";

/** Of the key of a certificate that nobody has signed but the test itself. */
const KEY_HASH = process.env.TLS_KEY_HASH;

const ENGINES = {
  chromium: (person, inside) => {
    const { video, audio } = isClock(person) ? clockDevices(person) : fakeDevices(person);
    return chromium.launch({
      executablePath: inside ? within(inside, CHROMIUM) : CHROMIUM,
      headless: true,
      args: [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        `--use-file-for-fake-video-capture=${video}`,
        `--use-file-for-fake-audio-capture=${audio}`,
        "--autoplay-policy=no-user-gesture-required",
        "--auto-select-desktop-capture-source=Entire screen",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--no-first-run",
        ...(KEY_HASH ? [`--ignore-certificate-errors-spki-list=${KEY_HASH}`] : []),
        ...(IS_NEAR ? ["--allow-loopback-in-peer-connection"] : [`--unsafely-treat-insecure-origin-as-secure=${place.origin}`]),
      ],
    });
  },
  // The Firefox of the system, by WebDriver BiDi. Its camera and microphone are its own fakes.
  firefox: (_, inside) =>
    firefox.launch({
      channel: "moz-firefox",
      executablePath: inside ? within(inside, FIREFOX) : FIREFOX,
      headless: true,
      firefoxUserPrefs: {
        "media.navigator.streams.fake": true,
        "media.navigator.permission.disabled": true,
        "media.autoplay.default": 0,
        "media.autoplay.blocking_policy": 0,
        "media.peerconnection.ice.loopback": IS_NEAR,
        // As in a Firefox that nobody controls: it tells pages when the network goes and comes.
        "network.manage-offline-status": true,
        ...(KEY_HASH ? [`--ignore-certificate-errors-spki-list=${KEY_HASH}`] : []),
        ...(IS_NEAR ? {} : { "dom.securecontext.allowlist": place.hostname }),
      },
    }),
};

/** Starts the engine, in the network namespace at the path `inside` or in that of this process. */
export function launch(engine, person, inside) {
  return ENGINES[engine](person, inside);
}

/** A program that runs a browser in a namespace and is started like the browser itself. */
function within(inside, browser) {
  const file = path.join(OUT, `inside-${path.basename(inside)}-${path.basename(browser)}`);
  writeFileSync(file, `#!/bin/sh\nexec python3 '${ENTER}' '${inside}' '${browser}' "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}
