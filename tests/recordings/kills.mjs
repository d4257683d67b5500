// A server that is killed while it records: the recording is finished by itself, and at most its last two
// seconds are gone.

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";

import { pause } from "../durability/server.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";
import { House, allJudged, frames, nothingInClear } from "./house.mjs";

const KILLS = Number(process.env.KILLS ?? 2);
/** What the issue allows to be lost, in ms. */
const LOST_MAX_MS = 2_000;

export function kills() {
  const scenario = new Scenario("kills: the server dies while it records");
  const house = new House(scenario);
  scenario.step("a doctor and a patient are in a visit", async () => {
    await house.server.start();
    await house.meet();
  });
  for (let n = 1; n <= KILLS; n += 1) {
    let killed_us;
    scenario.step(`kill ${n}: the server is killed at a random moment of a recording`, async () => {
      await house.record();
      const after = randomInt(3_000, 9_000);
      await pause(after);
      killed_us = Date.now() * 1_000;
      await house.server.kill();
      return `after ${after} ms`;
    });
    scenario.step(`kill ${n}: nothing of it stands on the disk in clear`, async () => {
      return `${nothingInClear(house.folder)} files`;
    });
    scenario.step(`kill ${n}: after a start it is finished by itself, but for two seconds at most`, async () => {
      await house.server.start();
      const row = await house.ready();
      const lost_ms = (killed_us - row.started_us) / 1_000 - row.duration_ms;
      assert.ok(lost_ms <= LOST_MAX_MS, `${lost_ms} ms are lost`);
      const files = await house.files(row.id);
      nothingInClear(house.folder);
      return `${row.duration_ms} ms, ${Math.round(lost_ms)} ms lost; frames: ${allJudged(files)}`;
    });
    scenario.step(`kill ${n}: the visit goes on in the same pages`, async () => {
      for (const page of house.pages) {
        await until("pictures to flow again", async () => {
          const before = await frames(page);
          await pause(500);
          return (await frames(page)) > before;
        });
      }
      await until("nothing to be recorded", async () =>
        (await house.phase(house.doctor)) === "off" && (await house.phase(house.patient)) === "off");
    });
  }
  return scenario;
}
