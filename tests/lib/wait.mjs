// Waiting for a condition that announces itself nowhere: decoded frames, counters.

const EVERY_MS = 100;

/** Asks until the answer is truthy and returns it; `patience_ms` is for a busy machine. */
export async function until(what, ask, patience_ms = 60_000) {
  const end = Date.now() + patience_ms;
  let last;
  for (;;) {
    last = await ask();
    if (last) return last;
    if (Date.now() > end) throw new Error(`${what}: not within ${patience_ms / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
