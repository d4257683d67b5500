// The clinic's HTTP interface, for what a test prepares or checks beside the page.

import { ACCOUNTS, BASE, PASSWORD } from "./demo.mjs";

/** One person's way to the HTTP interface; signed in or not. */
export class Clinic {
  token = null;
  me = null;

  static #signedIn = new Map();

  /** Forgets who is signed in, such as after a server that has begun anew. */
  static forget() {
    Clinic.#signedIn.clear();
  }

  /** Signs in. One sign-in serves a few minutes: signing in is limited, and no test is about that here. */
  static async signIn(email) {
    const known = Clinic.#signedIn.get(email);
    const clinic = new Clinic();
    if (known && known.until_ms > Date.now()) return Object.assign(clinic, known.clinic);
    const answer = await clinic.call("POST", "/auth/login", { email, password: PASSWORD });
    if (answer.status !== 200) throw new Error(`${email} cannot sign in: ${answer.status}`);
    clinic.token = answer.body.access_token;
    clinic.me = answer.body.me;
    const until_ms = Date.now() + (answer.body.expires_in_s * 1000) / 2;
    Clinic.#signedIn.set(email, { clinic: { ...clinic }, until_ms });
    return clinic;
  }

  /** Calls one operation. An HTTP error is an answer, not an exception. */
  async call(method, path, body, headers = {}) {
    const all = { "x-requested-with": "telehealth", ...headers };
    if (body !== undefined && !all["content-type"]) all["content-type"] = "application/json";
    if (this.token && !all.authorization) all.authorization = `Bearer ${this.token}`;
    const raw = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const answer = await fetch(`${BASE}/api/v1${path}`, { method, headers: all, body: raw });
    const text = await answer.text();
    const json = /json/.test(answer.headers.get("content-type") ?? "");
    return {
      status: answer.status,
      kind: answer.headers.get("content-type"),
      headers: answer.headers,
      text,
      body: json && text ? JSON.parse(text) : null,
    };
  }

  /** Calls one operation that has to answer with this status. */
  async expect(status, method, path, body) {
    const answer = await this.call(method, path, body);
    if (answer.status !== status)
      throw new Error(`${method} ${path}: ${answer.status} instead of ${status}: ${answer.text}`);
    return answer.body;
  }

  /** Free times of a doctor in the next days, first one first. */
  async slots(doctor, days = 2) {
    const now = Date.now() * 1000;
    return (await this.expect(200, "GET", `/doctors/${doctor}/slots?from_us=${now}&days=${days}`)).slots;
  }

  /** Books the first free time that `fits`. */
  async book(doctor, fits = () => true, reason = "Toux depuis trois jours") {
    for (const slot of (await this.slots(doctor, 3)).filter(fits)) {
      const wish = { doctor, start_us: slot.start_us, reason };
      const answer = await this.call("POST", "/appointments", wish);
      if (answer.status === 201) return answer.body;
      if (answer.status !== 409) throw new Error(`booking: ${answer.status} ${answer.text}`);
    }
    throw new Error("no free time that fits");
  }
}

let shortened = false;

/**
 * A patient and a doctor with a fresh appointment whose waiting room is open. It opens half an hour
 * early, so with appointments of five minutes five people can come at once.
 */
export async function openAppointment() {
  const patient = await Clinic.signIn(ACCOUNTS.patient);
  const doctor = await Clinic.signIn(ACCOUNTS.doctor);
  if (!shortened) {
    const { zone } = await doctor.expect(200, "GET", "/hours");
    const hours = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, start_min: 0, end_min: 1440 }));
    await doctor.expect(200, "PUT", "/hours", { zone, slot_min: 5, hours });
    shortened = true;
  }
  const appointment = await patient.book(doctor.me.id);
  if (appointment.opens_us > Date.now() * 1000)
    throw new Error("no free time soon enough: this server has seen too many appointments");
  return { patient, doctor, appointment, token: appointment.link.token };
}

/** The link of a guest whom the doctor invites into the visit. */
export async function guestLink({ doctor, appointment }, name) {
  const path = `/appointments/${appointment.id}/guests`;
  const guest = await doctor.expect(201, "POST", path, { name, relation: "fille" });
  return `/join#${guest.link.token}`;
}
