// A client of ours in a page, without our pages: it sends and asks for what they never would, such as
// scalable video, with the codecs of the browser and the messages that everybody uses.

/** Runs in a page: makes `window.Lab`. */
function install() {
  const PATIENCE_MS = 30_000;

  /** Until the answer is truthy. */
  async function until(what, ask) {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = await ask();
      if (found) return found;
      if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE_MS / 1_000} s`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  window.Lab = class Lab {
    slots = [];
    wanted = [];
    lines = {};
    received = [];
    offers = 0;

    /** Opens the socket with what `POST /join` gave, and waits for the Welcome. */
    static async enter({ signal_path, ticket }) {
      const lab = new Lab();
      lab.socket = new WebSocket(location.origin.replace(/^http/, "ws") + signal_path);
      lab.socket.onmessage = ({ data }) => lab.hear(JSON.parse(data).message);
      await until("an open socket", () => lab.socket.readyState === WebSocket.OPEN);
      lab.say({ type: "hello", version: 1, auth: { by: "ticket", ticket } });
      await until("a Welcome", () => lab.stage);
      return lab;
    }

    say(message) {
      this.socket.send(JSON.stringify(message));
    }

    hear(message) {
      const { type, snapshot, participant, slots, sources, sdp } = message;
      if (snapshot) [this.stage, this.slots] = [snapshot.stage, snapshot.slots];
      // A clinician lets everybody in.
      if (type === "participant" && participant.stage === "lobby") this.say({ type: "admit", participant: participant.id });
      if (type === "slots") this.slots = slots;
      if (type === "wanted") this.wanted = sources;
      if (type === "answer") this.answer = sdp;
      if (type === "error") this.error = message.code;
    }

    admitted() {
      return until("admission", () => this.stage === "admitted");
    }

    /** Camera or microphone of the browser. */
    static async device(kind) {
      const wish = kind === "audio" ? { audio: true } : { video: { width: 640, height: 360, frameRate: 15 } };
      return (await navigator.mediaDevices.getUserMedia(wish)).getTracks()[0];
    }

    /** Sound in which nobody speaks. */
    static async silence() {
      const context = new AudioContext();
      await context.resume();
      const [tone, quiet, out] = [context.createOscillator(), context.createGain(), context.createMediaStreamDestination()];
      quiet.gain.value = 0;
      tone.connect(quiet).connect(out);
      tone.start();
      return out.stream.getAudioTracks()[0];
    }

    /**
     * Makes a connection: `send` is a list of `{ source, track, codec, encodings }`, `slots` how many
     * lines receive, `hears` the codec of sound that is asked for, `lanes` labels of data channels,
     * `heard` what is made of the answer.
     */
    async connect({ send = [], slots = { audio: 0, video: 0 }, hears, lanes = [], heard = (sdp) => sdp }) {
      this.connection = crypto.randomUUID();
      this.pc?.close();
      const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
      this.pc = pc;
      this.received = [];
      this.lines = {};
      pc.ontrack = ({ track }) => Lab.play(track);
      for (const { source, track, codec, encodings } of send) {
        const line = pc.addTransceiver(track, { direction: "sendonly", ...(encodings && { sendEncodings: encodings }) });
        if (codec) Lab.prefer(line, RTCRtpSender, codec);
        this.lines[source] = line;
        // A busy machine sends fewer pictures, not smaller ones.
        const parameters = line.sender.getParameters();
        parameters.degradationPreference = "maintain-resolution";
        if (encodings) await line.sender.setParameters(parameters);
      }
      for (const [kind, count] of Object.entries(slots))
        for (let n = 0; n < count; n += 1) {
          const line = pc.addTransceiver(kind, { direction: "recvonly" });
          if (kind === "audio" && hears) Lab.prefer(line, RTCRtpReceiver, hears);
          if (kind === "video") Lab.readLayers(line);
        }
      this.lanes = Object.fromEntries(
        lanes.map((label) => {
          const lossy = label === "lane-lossy" ? { ordered: false, maxRetransmits: 0 } : {};
          const lane = pc.createDataChannel(label, lossy);
          lane.binaryType = "arraybuffer";
          lane.onmessage = ({ data }) => this.received.push([label, [...new Uint8Array(data)]]);
          return [label, lane];
        }),
      );
      await this.offer(heard);
      const sources = { microphone: false, camera: false, screen: false };
      for (const { source } of send) sources[source] = true;
      this.say({ type: "media", sources });
      await until("a connection", () => pc.connectionState === "connected");
    }

    async offer(heard = (sdp) => sdp) {
      await this.pc.setLocalDescription(await this.pc.createOffer());
      const sources = Object.entries(this.lines).map(([source, { mid }]) => ({ mid, source }));
      this.answer = null;
      this.offers += 1;
      const { sdp } = this.pc.localDescription;
      this.say({ type: "offer", connection: this.connection, offer_no: this.offers, sdp, sources });
      await until(`an answer; ${this.error}`, () => this.answer);
      await this.pc.setRemoteDescription({ type: "answer", sdp: heard(this.answer) });
    }

    /** This codec, what repairs it, and nothing else; of sound, what it wraps as well. */
    static prefer(line, end, codec) {
      const kind = codec.split("/")[0];
      const { codecs } = end.getCapabilities(kind);
      const named = (name) => codecs.filter((one) => one.mimeType.toLowerCase() === name.toLowerCase());
      const beside = codec === "audio/red" ? named("audio/opus") : kind === "video" ? named("video/rtx") : [];
      if (named(codec).length === 0) throw new Error(`the browser has no ${codec}`);
      line.setCodecPreferences([...named(codec), ...beside]);
    }

    /** Offers the dependency descriptor, without which Chromium cannot take AV1 apart into its layers. */
    static readLayers(line) {
      const extensions = line.getHeaderExtensionsToNegotiate();
      for (const one of extensions) if (one.uri.includes("dependency-descriptor")) one.direction = "sendrecv";
      line.setHeaderExtensionsToNegotiate(extensions);
    }

    static play(track) {
      const element = document.createElement(track.kind);
      element.autoplay = true;
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
    }

    /** How high the picture of a source is shown; of whoever sends it. */
    async show(source, height_px) {
      await until(`a slot with a ${source}`, () => this.slots.some((slot) => slot.source === source));
      const slots = this.slots.filter((slot) => slot.source === source).map(({ mid }) => ({ mid, height_px }));
      this.say({ type: "view", slots });
    }

    async rows(type) {
      const all = await this.pc.getStats();
      const mime = (row) => all.get(row.codecId)?.mimeType.toLowerCase() ?? null;
      return [...all.values()].filter((row) => row.type === type).map((row) => ({ ...row, codec: mime(row) }));
    }

    /** What arrives of a source: the row of the statistics; `n` counts people who send it. */
    async arrives(source, n = 0) {
      const slot = this.slots.filter((one) => one.source === source)[n];
      // Probes of the way have a row of their own.
      const rows = (await this.rows("inbound-rtp")).filter((row) => row.mid === slot?.mid);
      return rows.sort((a, b) => b.packetsReceived - a.packetsReceived)[0] ?? null;
    }

    /** What leaves of a source: a row for each encoding. */
    async leaves(source) {
      const mid = this.lines[source]?.mid;
      return (await this.rows("outbound-rtp")).filter((row) => row.mid === mid);
    }
  };
}

/** A page of the clinic's origin with the client in it and nothing of ours. */
export async function labPage(browser) {
  const page = await browser.context.newPage();
  await page.goto("/livez");
  await page.evaluate(install);
  return page;
}
