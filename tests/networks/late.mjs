// A third person comes late.

import assert from "node:assert/strict";

import { press, shown } from "../lib/pages.mjs";
import { until } from "../lib/wait.mjs";
import { figure } from "./figures.mjs";
import { bringGuest } from "./visit.mjs";

/** Runs in the page: from the answer being set to the first decoded picture, looking every 10 ms. */
function timeFirstPicture() {
  const native = RTCPeerConnection.prototype.setRemoteDescription;
  window.pictures = [];
  RTCPeerConnection.prototype.setRemoteDescription = function timed(...given) {
    const from = performance.now();
    const look = async () => {
      if (this.connectionState === "closed") return;
      const rows = [...(await this.getStats()).values()].filter((row) => row.type === "inbound-rtp");
      if (rows.some((row) => row.framesDecoded > 0)) window.pictures.push(performance.now() - from);
      else setTimeout(look, 10);
    };
    if (window.pictures.length === 0) look();
    return native.apply(this, given);
  };
}

/** Steps in a running visit of two. */
export function late(scenario, on) {
  scenario.step("a guest comes late and sees the first picture", async () => {
    await bringGuest(scenario, on);
    await on.guestPage.evaluate(timeFirstPicture);
    await shown(on.doctorPage, "admit-0");
    await press(on.doctorPage, "admit-0");
    await shown(on.guestPage, "stage");
    const [first_ms] = await until("the first picture", () =>
      on.guestPage.evaluate(() => (window.pictures.length > 0 ? window.pictures : null)),
    );
    figure(scenario.name, "late joiner: first picture after its answer", first_ms, "ms", 300);
    assert.ok(Number.isFinite(first_ms));
    await on.guestBrowser.close();
  });
}
