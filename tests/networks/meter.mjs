// What arrives in a page, every 50 ms: speech that was really received, and pictures.

/** Runs in the page. Sums over all its connections, also those that come later. */
function begin() {
  if (window.meter) return;
  const COUNTED = ["totalSamplesReceived", "concealedSamples", "totalAudioEnergy", "framesDecoded", "freezeCount", "totalFreezesDuration"];
  const before = new Map();
  const sum = Object.fromEntries([...COUNTED, "audioPackets"].map((name) => [name, 0]));
  window.meter = [];
  // A connection that closes meanwhile may refuse or never answer.
  const statsOf = (connection) =>
    Promise.race([
      connection.getStats().catch(() => new Map()),
      new Promise((resolve) => setTimeout(resolve, 500, new Map())),
    ]);
  const look = async () => {
    for (const [n, connection] of window.keptConnections.entries()) {
      if (connection.connectionState === "closed") continue;
      for (const row of (await statsOf(connection)).values()) {
        if (row.type !== "inbound-rtp") continue;
        const key = `${n} ${row.ssrc}`;
        const known = before.get(key) ?? {};
        for (const name of COUNTED) sum[name] += Math.max(0, (row[name] ?? 0) - (known[name] ?? 0));
        if (row.kind === "audio") sum.audioPackets += Math.max(0, row.packetsReceived - (known.packetsReceived ?? 0));
        before.set(key, row);
      }
    }
    window.meter.push({ at: Date.now(), ...sum });
    setTimeout(look, 50);
  };
  look();
}

/** Samples per millisecond of one voice. */
const SAMPLES_PER_MS = 48;
/** A look counts as heard when this share of what was played had been received. */
const HEARD = 0.3;

/** Looks at one page. */
export class Meter {
  static async on(page) {
    await page.evaluate(begin);
    return new Meter(page);
  }

  constructor(page) {
    this.page = page;
  }

  /** The looks since a moment (`Date.now()`), the last one before it included. */
  async since(from) {
    return this.page.evaluate((from) => {
      const first = window.meter.findIndex((row) => row.at >= from);
      return first < 0 ? window.meter.slice(-1) : window.meter.slice(Math.max(0, first - 1));
    }, from);
  }

  /** Whether speech arrived and pictures moved for the last `ms`. */
  async isGood(ms = 1_500) {
    const rows = await this.since(Date.now() - ms);
    const first = rows[0];
    const last = rows.at(-1);
    if (last.at - first.at < ms * 0.8) return false;
    const heard = last.totalSamplesReceived - first.totalSamplesReceived - (last.concealedSamples - first.concealedSamples);
    return heard > 0.8 * SAMPLES_PER_MS * (last.at - first.at) && last.framesDecoded - first.framesDecoded >= 3;
  }
}

/** The longest time in ms in which `grew` says no between a look and the next. */
function longest(rows, grew) {
  let worst = 0;
  let open = 0;
  for (let n = 1; n < rows.length; n += 1) {
    open = grew(rows[n - 1], rows[n]) ? 0 : open + rows[n].at - rows[n - 1].at;
    worst = Math.max(worst, open);
  }
  return worst;
}

const received = (row) => row.totalSamplesReceived - row.concealedSamples;

/**
 * Whether speech arrived between two looks. A browser on a busy machine plays nothing at times, and then
 * counts no sample at all: what has arrived says then whether there was something to play.
 */
function isHeard(a, b) {
  if (b.totalSamplesReceived > a.totalSamplesReceived)
    return received(b) - received(a) >= HEARD * (b.totalSamplesReceived - a.totalSamplesReceived);
  return b.audioPackets > a.audioPackets;
}

/** The longest time in ms without received speech. */
export function silence(rows) {
  return longest(rows, isHeard);
}

/** The longest time in ms without a further picture. */
export function standstill(rows) {
  return longest(rows, (a, b) => b.framesDecoded > a.framesDecoded);
}

/** The share of speech that the browser made up, 0 to 1. */
export function concealed(rows) {
  const [first, last] = [rows[0], rows.at(-1)];
  return (last.concealedSamples - first.concealedSamples) / (last.totalSamplesReceived - first.totalSamplesReceived);
}

/** What the browser counts as freezes: `{ count, seconds }`. */
export function freezes(rows) {
  const [first, last] = [rows[0], rows.at(-1)];
  return {
    count: last.freezeCount - first.freezeCount,
    seconds: last.totalFreezesDuration - first.totalFreezesDuration,
  };
}
