// What the server wrote about all of this: nothing about anybody.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Clinic } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { Scenario } from "../lib/steps.mjs";

/** The scenario; it comes last, when the log is full. */
export function log() {
  const scenario = new Scenario("The server's log");
  scenario.step("names no person, reason, token, address or description", async () => {
    const names = [];
    for (const email of Object.values(ACCOUNTS)) names.push(email, (await Clinic.signIn(email)).me.name);
    const text = readFileSync(process.env.SERVER_LOG, "utf8");
    assert.ok(text.length > 0, "the log is empty");
    // The demo's own greeting names its accounts; it is printed before the first request.
    const served = text.slice(Math.max(0, text.indexOf("listening")));
    const lines = served.split("\n").filter((line) => !/demo/i.test(line) || /@.*error/i.test(line));
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
