// What the server wrote about all of this: nothing about anybody.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { Clinic } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { Scenario } from "../lib/steps.mjs";

/** The scenario; it comes last, when the logs of the other scenarios are full. */
export function log() {
  const scenario = new Scenario("The servers' logs");
  scenario.step("names no person, reason, token, address or description", async () => {
    const names = [];
    for (const email of Object.values(ACCOUNTS)) names.push(email, (await Clinic.signIn(email)).me.name);
    const folder = path.dirname(process.env.SERVER_LOG);
    const lines = readdirSync(folder)
      .filter((file) => file.endsWith(".log"))
      .flatMap((file) => readFileSync(path.join(folder, file), "utf8").split("\n"))
      // What begins with a time is a log line; the rest is the demo's greeting, with its accounts.
      .filter((line) => /^\d{4}-\d\d-\d\dT/.test(line));
    assert.ok(lines.length > 0, "the log is empty");
    const shown = lines.join("\n");
    for (const word of [...names, "Awa Ndiaye", "Toux depuis", "Bonjour docteur", "Bronchite"])
      assert.ok(!shown.includes(word), `the log says ${word}`);
    assert.ok(!/eyJ[\w-]{10,}\./.test(shown), "a token is in the log");
    assert.ok(!/ice-ufrag|a=candidate|v=0/.test(shown), "a description is in the log");
    assert.ok(!/panicked/.test(shown), "something panicked");
    const errors = lines.filter((line) => /\bERROR\b/.test(line));
    assert.deepEqual(errors, [], "an attack is no error of ours");
  });
  return scenario;
}
