// Runs named steps, prints one line each, and counts.

import { appendFileSync, mkdirSync } from "node:fs";
import path from "node:path";

import { OUT } from "./recorder.mjs";

/**
 * One chain of steps that build on each other: after a failure the later ones fail as well. A failed
 * check beside a step stops nothing.
 */
export class Scenario {
  steps = [];
  browsers = [];
  endings = [];

  constructor(name) {
    this.name = name;
  }

  step(name, act, check = async () => {}) {
    this.steps.push({ name, act, check });
  }

  /** A browser that is photographed when a step fails and closed at the end. */
  keep(browser) {
    this.browsers.push(browser);
    return browser;
  }

  /** Something to do at the end, in every case. */
  finally(act) {
    this.endings.push(act);
  }

  async run() {
    let passed = 0;
    let failed = 0;
    let broken = false;
    console.log(`\n${this.name}`);
    for (const { name, act, check } of this.steps) {
      if (broken) {
        failed += 1;
        console.log(`FAILED ${name} (not reached)`);
        continue;
      }
      const start = Date.now();
      try {
        broken = true;
        const note = await act();
        broken = false;
        await check(note);
        passed += 1;
        const seconds = ((Date.now() - start) / 1000).toFixed(1);
        console.log(`ok     ${name} (${seconds} s)${typeof note === "string" ? ` - ${note}` : ""}`);
      } catch (error) {
        failed += 1;
        console.log(`FAILED ${name}\n${indent(error.stack ?? String(error))}`);
        await this.photograph();
      }
    }
    for (const act of this.endings.reverse()) await act();
    for (const browser of this.browsers) await browser.close().catch(() => {});
    return { passed, failed };
  }

  async photograph() {
    mkdirSync(path.join(OUT, "failed"), { recursive: true });
    for (const [b, browser] of this.browsers.entries()) {
      for (const fault of browser.faults) console.log(`       ${browser.person}: ${fault}`);
      for (const [n, page] of browser.context.pages().entries()) {
        const file = path.join(OUT, "failed", `${slug(this.name)}-${b}-${browser.person}-${n}.png`);
        const shot = await page.screenshot({ path: file, timeout: 10_000 }).catch(() => null);
        console.log(`       ${browser.person} at ${page.url().replace(/#.*/, "#..")}: ${shot ? file : "no picture"}`);
      }
    }
  }
}

function slug(text) {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

function indent(text) {
  return text
    .split("\n")
    .slice(0, 14)
    .map((line) => `       ${line}`)
    .join("\n");
}

/** Runs the scenarios one after the other; the exit code is the verdict, COUNTS a file for numbers. */
export async function runAll(scenarios) {
  const wanted = process.argv.slice(2);
  const chosen = wanted.length === 0 ? scenarios : scenarios.filter((s) => wanted.includes(s.id));
  if (chosen.length === 0) throw new Error(`choose among ${scenarios.map((s) => s.id).join(", ")}`);
  let passed = 0;
  let failed = 0;
  for (const { make } of chosen) {
    const scenario = make();
    const outcome = await scenario.run();
    passed += outcome.passed;
    failed += outcome.failed;
  }
  if (process.env.COUNTS) appendFileSync(process.env.COUNTS, `${passed} ${failed}\n`);
  // A socket that a failed step left open must not keep the run alive.
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}
