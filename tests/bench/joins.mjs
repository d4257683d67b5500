// From the click on "enter" to the first decoded picture of the other side.

import { Browser, media } from "../lib/browser.mjs";
import { checkDevices, press } from "../lib/pages.mjs";
import { until } from "../lib/wait.mjs";
import { spread } from "./figures.mjs";
import { stage } from "./stage.mjs";

/** In the page: notes when the button is pressed and when the first remote picture is decoded. */
function stopwatch() {
  const watch = { from: null, to: null };
  Object.defineProperty(window, "stopwatch", { value: watch });
  const look = async () => {
    for (const connection of window.keptConnections) {
      if (connection.connectionState === "closed") continue;
      for (const row of (await connection.getStats()).values())
        if (row.type === "inbound-rtp" && row.framesDecoded > 0) watch.to ??= performance.now();
    }
    if (watch.to === null) setTimeout(look, 5);
  };
  document.addEventListener(
    "click",
    (event) => {
      if (!event.target.closest('[data-testid="enter-waiting"]')) return;
      watch.from = performance.now();
      look();
    },
    { capture: true },
  );
}

/** One join in a fresh tab of a person whom the doctor has admitted before. */
async function join(browser, token) {
  const page = await browser.page();
  await page.addInitScript(stopwatch);
  await page.goto(`/join#${token}`);
  await checkDevices(page);
  await until("the test's media to end", async () => (await media(page)).living === 0);
  await press(page, "enter-waiting");
  await until("the first picture", () => page.evaluate(() => window.stopwatch.to !== null));
  const ms = await page.evaluate(() => window.stopwatch.to - window.stopwatch.from);
  await page.close();
  return ms;
}

/** Figures for `runs` joins. */
export async function joins(runs) {
  const on = await stage();
  await on.patientPage.close();
  const times = [];
  for (let n = 0; n < runs; n += 1) times.push(await join(on.patient, on.token));
  await on.patient.close();
  await on.doctor.close();
  return [
    {
      what: "Join click to first remote picture",
      figure: spread(times, "ms"),
      method:
        "two Chromium processes and the server on this machine; click on \"enter\" to framesDecoded > 0 (getStats every 5 ms); admitted before, fresh tab",
    },
  ];
}
