// Disks that are full, and disks that are slow: the call goes on, and everybody is told.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { pause } from "../durability/server.mjs";
import { at, press } from "../lib/pages.mjs";
import { OUT } from "../lib/recorder.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";
import { House, allJudged, frames } from "./house.mjs";

const TEXTS = JSON.parse(
  fs.readFileSync(new URL("../../web/logic/texts/en/recordings.json", import.meta.url), "utf8"),
);
/** How long a picture may stand still on a page, in ms; a browser on a busy machine is not always quick. */
const STILL_MAX_MS = 3_000;
/** What is left of the small disk while a visit is recorded: some seconds of it. */
const LEFT_BYTES = 256 * 1024;

/** Looks twice a second whether pictures go on in both pages, while something happens. */
async function flowing(house, act) {
  const still = new Map(house.pages.map((page) => [page, { last: -1, since: Date.now(), longest: 0 }]));
  let over = false;
  const watching = (async () => {
    while (!over) {
      for (const [page, one] of still) {
        const now = await frames(page);
        if (now > one.last) Object.assign(one, { last: now, since: Date.now() });
        one.longest = Math.max(one.longest, Date.now() - one.since);
      }
      await pause(250);
    }
  })();
  try {
    await act();
  } finally {
    over = true;
    await watching;
  }
  const longest = Math.max(...[...still.values()].map((one) => one.longest));
  assert.ok(longest <= STILL_MAX_MS, `a picture stood still for ${longest} ms`);
  return longest;
}

export function full() {
  const scenario = new Scenario("full: a disk of 8 MB");
  let isSmall = true;
  const house = new House(scenario, {
    prepare: ({ folder }) => {
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], { stdio: "pipe" });
        scenario.finally(async () => execFileSync("umount", ["-l", folder]));
      } catch {
        isSmall = false;
      }
    },
  });
  if (!isSmall) {
    scenario.step("not run, because this user may not mount a small disk", async () => {});
    return scenario;
  }
  const ballast = path.join(house.folder, "ballast");
  const free = () => {
    const { bavail, bsize } = fs.statfsSync(house.folder);
    return bavail * bsize;
  };
  scenario.step("a visit is recorded on a disk of which little is left", async () => {
    await house.server.start();
    await house.meet();
    await house.record();
    fs.writeFileSync(ballast, Buffer.alloc(free() - LEFT_BYTES));
  });
  scenario.step("when it is full, both are told, nobody is recorded, and the call goes on", async () => {
    let full_ms = Date.now();
    let told_ms = 0;
    const longest = await flowing(house, async () => {
      let left = free();
      const says = async (page) => (await page.locator("body").innerText()).includes(TEXTS.recording_end_no_space);
      await until("the words about the full disk", async () => {
        // What was written last is the moment at which the disk was full.
        const now = free();
        if (now < left) full_ms = Date.now();
        left = now;
        return (await says(house.doctor)) && (await says(house.patient));
      });
      told_ms = Date.now();
      for (const page of house.pages) assert.equal(await house.phase(page), "off");
      await pause(5_000);
    });
    return `told ${told_ms - full_ms} ms after the last write; the longest standstill was ${longest} ms`;
  });
  scenario.step("with room again what was recorded is finished by itself, and plays", async () => {
    fs.rmSync(ballast);
    const row = await house.ready(120_000);
    return `${row.duration_ms} ms; frames: ${allJudged(await house.files(row.id))}`;
  });
  return scenario;
}

export function slow() {
  const scenario = new Scenario("slow: each write takes three seconds");
  const env = { LD_PRELOAD: path.join(OUT, "slow.so") };
  const house = new House(scenario, {
    env,
    prepare: ({ root, folder }) => {
      env.SLOW_DIR = folder;
      env.SLOW_MS = path.join(root, "slow-ms");
    },
  });
  const slowness = (ms) => fs.writeFileSync(env.SLOW_MS, `${ms}`);
  scenario.step("a visit is recorded on a disk that becomes slow: the call goes on", async () => {
    slowness(0);
    await house.server.start();
    await house.meet();
    await house.record();
    await pause(3_000);
    const longest = await flowing(house, async () => {
      slowness(3_000);
      await pause(40_000);
    });
    assert.equal(await house.phase(house.doctor), "running");
    return `the longest standstill was ${longest} ms`;
  });
  scenario.step("what the recorder had no time for is a gap in its tracks, and everything else plays", async () => {
    slowness(0);
    await pause(5_000);
    await press(house.doctor, "record");
    const row = await house.ready(120_000);
    const files = await house.files(row.id);
    const gaps = [...files.values()].flatMap(({ track }) => track.gaps);
    const long = gaps.filter((gap) => gap.to_ms - gap.from_ms > 1_000);
    assert.ok(long.length > 0, `no gap is longer than a second: ${JSON.stringify(gaps)}`);
    const why = [...new Set(long.map((gap) => gap.why))];
    return `${row.duration_ms} ms with ${long.length} gaps (${why}); frames: ${allJudged(files)}`;
  });
  return scenario;
}
