// Finished files of every codec play in Chromium and in Firefox, and one can go anywhere in them.

import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";

import { launch } from "../lib/engines.mjs";
import { Scenario } from "../lib/steps.mjs";
import { judged } from "./house.mjs";

const GOLDEN = process.env.GOLDEN;
/** As the clinic says them. */
const TYPES = {
  "finished-vp8.webm": 'video/webm; codecs="vp8"',
  "finished-vp9.webm": 'video/webm; codecs="vp9"',
  "finished-av1.webm": 'video/webm; codecs="av01.0.08M.08"',
  "finished-h264.mkv": 'video/x-matroska; codecs="avc1.42E01F"',
  "finished-opus.webm": 'audio/webm; codecs="opus"',
  "finished-red.webm": 'audio/webm; codecs="opus"',
};

/** Gives files with ranges, as the clinic does. */
function serve() {
  return new Promise((done) => {
    const server = http.createServer((request, response) => {
      const name = request.url.slice(1);
      response.setHeader("content-type", TYPES[name] ?? "text/html");
      if (!TYPES[name]) return response.end("<!doctype html><title>Files</title>");
      const bytes = fs.readFileSync(path.join(GOLDEN, name));
      const asked = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "");
      response.setHeader("accept-ranges", "bytes");
      if (!asked) return response.end(bytes);
      const from = Number(asked[1]);
      const to = asked[2] ? Number(asked[2]) : bytes.length - 1;
      response.statusCode = 206;
      response.setHeader("content-range", `bytes ${from}-${to}/${bytes.length}`);
      return response.end(bytes.subarray(from, to + 1));
    });
    server.listen(0, "127.0.0.1", () => done(server));
  });
}

/** Plays a file, goes back to its middle, and plays on to its end. */
async function plays(name) {
  const element = document.createElement(/video/.test(name.type) ? "video" : "audio");
  element.muted = true;
  element.src = `/${name.file}`;
  document.body.append(element);
  const happens = (event, fits = () => true) =>
    new Promise((done, failed) => {
      const late = setTimeout(() => failed(new Error(`${event}: not within 60 s, at ${element.currentTime} s`)), 60_000);
      element.addEventListener("error", () => failed(new Error(element.error.message)));
      element.addEventListener(event, () => {
        if (!fits()) return;
        clearTimeout(late);
        done();
      });
    });
  const ready = happens("loadedmetadata");
  await ready;
  const { duration } = element;
  const sought = happens("seeked");
  element.currentTime = duration / 2;
  await sought;
  const at = element.currentTime;
  const ended = happens("ended");
  await element.play();
  await ended;
  const size = element.videoWidth ?? 0;
  element.remove();
  return { duration, at, size, can: document.createElement("video").canPlayType(name.type) };
}

export function browsers() {
  const scenario = new Scenario("browsers: what was recorded plays in both");
  const on = {};
  scenario.step("FFmpeg decodes every file, and MKVToolNix knows it", async () => {
    on.server = await serve();
    scenario.finally(() => on.server.close());
    return Object.keys(TYPES)
      .map((name) => `${name} ${judged(fs.readFileSync(path.join(GOLDEN, name)))}`)
      .join(", ");
  });
  for (const engine of ["chromium", "firefox"]) {
    scenario.step(`${engine} plays each to its end, from the middle on`, async () => {
      const browser = await launch(engine, "doctor");
      try {
        const page = await (await browser.newContext()).newPage();
        await page.goto(`http://127.0.0.1:${on.server.address().port}/`);
        const said = [];
        for (const [file, type] of Object.entries(TYPES)) {
          const one = await page.evaluate(plays, { file, type }).catch((error) => {
            throw new Error(`${file}: ${error.message}`);
          });
          assert.ok(Number.isFinite(one.duration) && one.duration > 0.5, `${file} lasts ${one.duration} s`);
          assert.ok(Math.abs(one.at - one.duration / 2) < 0.2, `${file}: asked for the middle, is at ${one.at} s`);
          assert.notEqual(one.can, "", `${file}: the browser says that it cannot play ${type}`);
          said.push(`${file} ${one.duration.toFixed(1)} s`);
        }
        return said.join(", ");
      } finally {
        await browser.close();
      }
    });
  }
  return scenario;
}
