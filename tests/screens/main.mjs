// Photographs every page at 375 and 1280 px in French and English into tests/out/screens.

import { mkdirSync } from "node:fs";
import path from "node:path";

import { OUT } from "../lib/recorder.mjs";
import { Scenario, runAll } from "../lib/steps.mjs";
import { tour } from "../lib/tour.mjs";

const SIZES = [
  { width: 1280, height: 800 },
  { width: 375, height: 740 },
];

function album(language) {
  const scenario = new Scenario(`Photographs, ${language}`);
  const folder = path.join(OUT, "screens", language);
  const walk = tour(language);
  scenario.step("accounts, appointments and links for the walk", () => {
    mkdirSync(folder, { recursive: true });
    return walk.start();
  });
  for (const [n, { name, visit }] of walk.stops.entries()) {
    scenario.step(name, async () => {
      const page = await visit();
      for (const size of SIZES) {
        await page.setViewportSize(size);
        const file = `${String(n + 1).padStart(2, "0")}-${name}-${size.width}.png`;
        await page.screenshot({ path: path.join(folder, file), fullPage: true });
      }
      await page.setViewportSize(SIZES[0]);
    });
  }
  scenario.finally(walk.close);
  return scenario;
}

await runAll(["en", "fr"].map((language) => ({ id: language, make: () => album(language) })));
