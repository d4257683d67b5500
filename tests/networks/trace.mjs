// What a page saw and did, with times: `TRACE=1 tests/run-networks changes` prints it for every gap.

/** Runs in the page before its scripts. */
function keepEvents() {
  if (window.parent !== window) return;
  const events = [];
  Object.defineProperty(window, "traced", { value: events });
  const note = (what) => events.push([Date.now(), what]);
  for (const kind of ["online", "offline"]) addEventListener(kind, () => note(kind));
  navigator.connection?.addEventListener("change", () => note("connection change"));
  const Socket = window.WebSocket;
  window.WebSocket = class WebSocket extends Socket {
    constructor(...given) {
      super(...given);
      note("socket new");
      for (const kind of ["open", "close"]) this.addEventListener(kind, () => note(`socket ${kind}`));
      this.addEventListener("message", ({ data }) => note(`< ${JSON.parse(data).message?.type}`));
    }
    send(data) {
      note(`> ${JSON.parse(data).type}`);
      return super.send(data);
    }
  };
}

/** Runs in the page, later: what its connections do from here on, also those in frames. */
function keepStates() {
  const seen = new WeakSet();
  const note = (what) => window.traced.push([Date.now(), what]);
  setInterval(() => {
    for (const [n, connection] of window.keptConnections.entries()) {
      if (seen.has(connection)) continue;
      seen.add(connection);
      note(`connection ${n} there, ${connection.connectionState}`);
      const listen = (kind, say) => connection.addEventListener(kind, () => note(`${n} ${say()}`));
      listen("connectionstatechange", () => connection.connectionState);
      listen("iceconnectionstatechange", () => `ice ${connection.iceConnectionState}`);
      listen("icegatheringstatechange", () => `gathering ${connection.iceGatheringState}`);
      connection.addEventListener("icecandidate", ({ candidate }) =>
        note(`${n} candidate ${candidate?.candidate.split(" ").slice(2, 8).join(" ") ?? "end"}`),
      );
      const transport = connection.getSenders()[0]?.transport?.iceTransport;
      transport?.addEventListener?.("selectedcandidatepairchange", () => {
        const { local, remote } = transport.getSelectedCandidatePair();
        note(`${n} pair ${local.protocol} ${local.address} ${remote.protocol}`);
      });
    }
  }, 20);
}

const IS_ON = Boolean(process.env.TRACE);

/** Before a page is opened. */
export async function trace(context) {
  if (IS_ON) await context.addInitScript(keepEvents);
}

/** In a running visit. */
export async function traceStates(page) {
  if (IS_ON) await page.evaluate(keepStates);
}

/** Prints what happened in the page around a moment. */
export async function printTrace(page, from) {
  if (!IS_ON) return;
  const events = await page.evaluate(() => window.traced);
  for (const [at, what] of events.filter(([at]) => at > from - 4_000))
    console.log(`         ${((at - from) / 1_000).toFixed(2).padStart(6)} ${what}`);
}
