// What one forwarded packet costs the media server.

import { readFileSync, readdirSync } from "node:fs";

import { metrics } from "../lib/metrics.mjs";
import { until } from "../lib/wait.mjs";
import { stage } from "./stage.mjs";

const SECONDS = 20;
/** The kernel's unit of /proc times on Linux. */
const TICKS_PER_S = 100;

/** CPU seconds of the server's media threads, by name, from /proc. */
function mediaThreads() {
  const folder = `/proc/${process.env.SERVER_PID}/task`;
  let ticks = 0;
  const names = new Set();
  for (const task of readdirSync(folder)) {
    const stat = readFileSync(`${folder}/${task}/stat`, "utf8");
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    if (!/sfu|shard/.test(name)) continue;
    names.add(name);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return { seconds: ticks / TICKS_PER_S, names: [...names].join(", ") };
}

/** Figures of one visit with two people. */
export async function forwarding() {
  const on = await stage();
  await until("packets to be forwarded", async () => (await metrics())("sfu_packets_forwarded_total") > 500);
  const [before, threads] = [await metrics(), mediaThreads()];
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
  const [after, threadsAfter] = [await metrics(), mediaThreads()];
  await on.patient.close();
  await on.doctor.close();
  const grown = (name) => after(name) - before(name);
  const packets = grown("sfu_packets_forwarded_total");
  const counted = grown("sfu_cpu_seconds_total");
  const cpu = counted > 0 ? counted : threadsAfter.seconds - threads.seconds;
  const source = counted > 0 ? "sfu_cpu_seconds_total" : `/proc of the threads ${threads.names}`;
  return [
    {
      what: "SFU CPU per forwarded packet",
      figure: `${((cpu / packets) * 1e6).toFixed(1)} us`,
      method: `${packets} packets and ${cpu.toFixed(2)} s of CPU (${source}, receiving, DTLS-SRTP and system calls included) in ${SECONDS} s of a visit of two`,
    },
    {
      what: "SFU CPU of a visit of two",
      figure: `${((cpu / SECONDS) * 100).toFixed(1)} % of one core`,
      method: `${Math.round(packets / SECONDS)} packets/s forwarded, ${Math.round((grown("sfu_bytes_forwarded_total") * 8) / SECONDS / 1000)} kbit/s`,
    },
  ];
}
