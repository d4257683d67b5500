// How fast, how cheap, how large. Every figure is printed with its method; nothing is asserted.

import os from "node:os";

import { joins } from "./joins.mjs";
import { loading } from "./loading.mjs";
import { forwarding } from "./forwarding.mjs";

const RUNS = Number(process.env.RUNS ?? 20);

console.log(`Benchmark on ${os.cpus().length} x ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}`);
console.log(`Server: ${process.env.TELEHEALTH_BIN ?? "target/debug/telehealth"}\n`);
for (const measure of [loading, joins, forwarding]) {
  for (const { what, figure, method } of await measure(RUNS)) {
    console.log(`${what.padEnd(44)} ${figure}`);
    console.log(`${" ".repeat(44)} ${method}`);
  }
}
