// Measured figures: one printed line each, with its target, and all of them in a file.

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { OUT } from "../lib/recorder.mjs";

const all = [];

/** The value below which this share of the values lies (nearest rank). */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** Prints one figure. A target is the largest value that is good; missing it is said, not a failure. */
export function figure(scenario, name, value, unit, target = null) {
  const row = { scenario, name, value, unit, target };
  all.push(row);
  const shown = Number.isFinite(value) ? `${Math.round(value * 100) / 100} ${unit}` : "never";
  const aim = target === null ? "" : ` (target ${target} ${unit}${value <= target ? "" : ", missed"})`;
  console.log(`       ${scenario}, ${name}: ${shown}${aim}`);
  return value;
}

/** Writes everything measured so far. */
export function keepFigures() {
  const file = process.env.FIGURES ?? path.join(OUT, "networks.json");
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(all, null, 1)}\n`);
}
