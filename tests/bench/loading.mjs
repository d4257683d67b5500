// What the first page weighs, and when it can be used.

import { Browser } from "../lib/browser.mjs";
import { shown } from "../lib/pages.mjs";
import { spread } from "./figures.mjs";

const SLOW = { download_kbit: 1_600, latency_ms: 150, cpu: 4 };

/** In the page: notes the first paint and when the button that wasm draws is there. */
function watchStart() {
  const watch = { paint: null, ready: null };
  Object.defineProperty(window, "startWatch", { value: watch });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntriesByName("first-contentful-paint")) watch.paint = entry.startTime;
  }).observe({ type: "paint", buffered: true });
  const look = () => {
    if (document.querySelector('[data-testid="nav-login"]')) watch.ready = performance.now();
    else requestAnimationFrame(look);
  };
  look();
}

async function load(browser, slow) {
  const page = await browser.page();
  const devtools = await browser.context.newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.setCacheDisabled", { cacheDisabled: true });
  if (slow) {
    const bytes_per_s = (SLOW.download_kbit * 1000) / 8;
    await devtools.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: SLOW.latency_ms,
      downloadThroughput: bytes_per_s,
      uploadThroughput: bytes_per_s,
    });
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOW.cpu });
  }
  const kinds = new Map();
  const bytes = {};
  devtools.on("Network.responseReceived", ({ requestId, response }) => kinds.set(requestId, kindOf(response)));
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const kind = kinds.get(requestId) ?? "other";
    bytes[kind] = (bytes[kind] ?? 0) + encodedDataLength;
  });
  await page.addInitScript(watchStart);
  await page.goto("/");
  await shown(page, "nav-login");
  await page.waitForFunction(() => window.startWatch.ready !== null && window.startWatch.paint !== null);
  const times = await page.evaluate(() => ({ ...window.startWatch }));
  await page.close();
  return { ...times, bytes };
}

function kindOf({ url, mimeType }) {
  if (mimeType === "application/wasm") return "wasm";
  if (/javascript/.test(mimeType)) return "js";
  if (mimeType === "text/css") return "css";
  if (mimeType === "text/html") return "html";
  return /\/api\//.test(url) ? "api" : "other";
}

/** Figures of the first page. */
export async function loading(runs) {
  const browser = await Browser.open("guest");
  await load(browser, false);
  const fast = [];
  const slow = [];
  for (let n = 0; n < runs; n += 1) fast.push(await load(browser, false));
  for (let n = 0; n < Math.min(runs, 7); n += 1) slow.push(await load(browser, true));
  await browser.close();
  const { bytes } = fast[0];
  const total = Object.values(bytes).reduce((sum, one) => sum + one, 0);
  const parts = Object.entries(bytes).map(([kind, one]) => `${kind} ${(one / 1000).toFixed(1)}`);
  const throttle = `CDP throttle ${SLOW.download_kbit / 1000} Mbit/s, ${SLOW.latency_ms} ms, CPU ${SLOW.cpu}x`;
  const ready = "navigation start to the sign-in button drawn by wasm, cache off";
  return [
    {
      what: "Page weight, first page, transferred",
      figure: `${(total / 1000).toFixed(1)} kB (${parts.join(", ")})`,
      method: "sum of encodedDataLength (CDP), headers included, brotli where the server sends it, cache off",
    },
    { what: "Time to interactive", figure: spread(fast.map((l) => l.ready), "ms"), method: ready },
    { what: "First contentful paint", figure: spread(fast.map((l) => l.paint), "ms"), method: "paint timing of the browser" },
    { what: "Time to interactive, slow", figure: spread(slow.map((l) => l.ready), "ms"), method: `${ready}; ${throttle}` },
    { what: "First contentful paint, slow", figure: spread(slow.map((l) => l.paint), "ms"), method: throttle },
  ];
}
