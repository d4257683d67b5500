// Doctors who save their notes without a pause, and remember what was acknowledged.
//
// Each writer owns one note. The server acknowledges a save with the new version. Whatever happens
// to it afterwards, the note must be at that version or, when an answer was lost, one further.

const PASSWORD = process.env.DEMO_PASSWORD ?? "demo-clinic-2026";

/** One request; an unreachable server is status 0. */
export async function call(server, token, method, path, body) {
  const headers = { "x-requested-with": "telehealth", "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  try {
    const answer = await fetch(`${server.base}/api/v1${path}`, {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  } catch (error) {
    return { status: 0, error };
  }
}

export async function signIn(server, email) {
  const answer = await call(server, null, "POST", "/auth/login", { email, password: PASSWORD });
  if (answer.status !== 200) throw new Error(`${email} cannot sign in: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export class Writers {
  acknowledged = 0;
  /** Every acknowledged save: note, version and when the answer came. */
  history = [];
  refusals = new Map();
  #writers = [];

  constructor(server) {
    this.server = server;
  }

  /** Books `count` visits, one for each writer. */
  async prepare(count) {
    await this.#signIn();
    const patient = await signIn(this.server, "patient@demo.clinic");
    const path = `/doctors/${this.doctor}/slots?from_us=${Date.now() * 1000}&days=7`;
    const free = await call(this.server, patient.access_token, "GET", path);
    for (const { start_us } of free.body.slots) {
      if (this.#writers.length === count) break;
      const wish = { doctor: this.doctor, start_us, reason: "Toux" };
      const booked = await call(this.server, patient.access_token, "POST", "/appointments", wish);
      if (booked.status === 201) this.#writers.push({ note: booked.body.id, version: 0, tried: 0 });
    }
    if (this.#writers.length < count) throw new Error("not enough free times for all writers");
  }

  async #signIn() {
    const { access_token, me } = await signIn(this.server, "doctor@demo.clinic");
    Object.assign(this, { token: access_token, doctor: me.id, since: Date.now() });
  }

  /** Access tokens live for ten minutes. */
  async refresh() {
    if (Date.now() - this.since > 300_000) await this.#signIn();
  }

  /** Where each note stands, as far as this side knows. */
  states() {
    return this.#writers.map(({ note, version }) => [note, version]);
  }

  /** Writes until `isOver()`. */
  async write(isOver) {
    await Promise.all(
      this.#writers.map(async (writer) => {
        while (!isOver()) await this.#save(writer);
      }),
    );
  }

  /** One save by every writer; answers with the answers. */
  once() {
    return Promise.all(this.#writers.map((writer) => this.#save(writer)));
  }

  async #save(writer) {
    const version = writer.version;
    writer.tried = version + 1;
    const body = { text: `Note ${version + 1}`, version };
    const answer = await call(this.server, this.token, "PUT", `/appointments/${writer.note}/note`, body);
    if (answer.status === 200) {
      if (answer.body.version !== version + 1) throw new Error(`version ${answer.body.version} after ${version}`);
      writer.version = answer.body.version;
      this.acknowledged += 1;
      this.history.push({ note: writer.note, version: writer.version, at: Date.now() });
      return answer;
    }
    const what = `${answer.status} ${answer.body?.code ?? answer.error?.name ?? ""}`.trim();
    this.refusals.set(what, (this.refusals.get(what) ?? 0) + 1);
    // An answer that was lost: the store says what became of the save.
    if (answer.body?.code === "changed") writer.version += 1;
    return answer;
  }

  /** Reads every note and compares it with what was acknowledged. Answers with what was lost. */
  async lost() {
    const lost = [];
    for (const writer of this.#writers) {
      const { status, body } = await call(this.server, this.token, "GET", `/appointments/${writer.note}/note`);
      if (status !== 200) throw new Error(`a note cannot be read: ${status} ${JSON.stringify(body)}`);
      const isKept = body.version === writer.version || body.version === writer.tried;
      if (!isKept || body.text !== (body.version ? `Note ${body.version}` : "")) {
        lost.push(`note ${writer.note}: acknowledged ${writer.version}, stored ${body.version}`);
      }
      writer.version = body.version;
    }
    return lost;
  }
}
