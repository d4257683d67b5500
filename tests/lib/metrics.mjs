// The server's own counters.

import { BASE } from "./demo.mjs";

/** A function that gives the sum of one counter at this moment, over all its labels. */
export async function metrics() {
  const text = await (await fetch(`${BASE}/metrics`)).text();
  return (name) =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
