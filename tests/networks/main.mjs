// Visits over bad networks. Arguments choose scenarios; tests/run-networks prepares the namespaces.

import { Scenario, runAll } from "../lib/steps.mjs";
import { changes } from "./changes.mjs";
import { keepFigures } from "./figures.mjs";
import { oneTcpPort, udpBlocked } from "./firewalls.mjs";
import { late } from "./late.mjs";
import { Network } from "./net.mjs";
import { order } from "./order.mjs";
import { outages, signalingCut } from "./outages.mjs";
import { loss, narrow } from "./poor.mjs";
import { noFaults, visit } from "./visit.mjs";

const network = await Network.lay();

/** A scenario of these parts over networks that are mended at its end. */
function over(name, ...parts) {
  const scenario = new Scenario(name);
  const on = { network };
  scenario.finally(async () => {
    await network.mend();
    keepFigures();
  });
  for (const part of parts) part(scenario, on);
  noFaults(scenario, on);
  return scenario;
}

const inVisit = (engine) => (scenario, on) => visit(scenario, on, engine);
const times = (part, ...more) => (scenario, on) => part(scenario, on, ...more);

const everything = (engine, ...first) => [
  inVisit(engine),
  ...first,
  times(changes, 5),
  times(loss, 20),
  signalingCut,
  times(outages, [5, 25]),
  narrow,
];

await runAll([
  { id: "short", make: () => over("Firefox, short", inVisit("firefox"), times(changes, 3), times(loss, 10)) },
  { id: "short-chromium", make: () => over("Chromium, short", inVisit("chromium"), times(changes, 3), times(loss, 10)) },
  { id: "changes", make: () => over("Chromium, changes", inVisit("chromium"), times(changes, 5)) },
  { id: "changes-firefox", make: () => over("Firefox, changes", inVisit("firefox"), times(changes, 5)) },
  { id: "narrow", make: () => over("Chromium, 100 kbit/s", inVisit("chromium"), narrow) },
  {
    id: "narrow-later",
    make: () => over("Chromium, 100 kbit/s after outages", inVisit("chromium"), times(outages, [5, 25]), narrow),
  },
  { id: "order", make: () => over("Chromium, three on a narrow line", inVisit("chromium"), order) },
  { id: "udp", make: () => over("Without UDP", times(udpBlocked, "chromium")) },
  { id: "firefox", make: () => over("Firefox", ...everything("firefox")) },
  { id: "chromium", make: () => over("Chromium", ...everything("chromium", late)) },
  { id: "udp-firefox", make: () => over("Firefox without UDP", times(udpBlocked, "firefox")) },
  { id: "port", make: () => over("One TCP port", times(oneTcpPort, "chromium")) },
  { id: "port-firefox", make: () => over("Firefox, one TCP port", times(oneTcpPort, "firefox")) },
  { id: "tls", make: () => over("One TLS port", times(oneTcpPort, "chromium")) },
  { id: "tls-firefox", make: () => over("Firefox, one TLS port", times(oneTcpPort, "firefox")) },
]);
