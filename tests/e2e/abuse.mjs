// Bad input of every kind: a typed error to the sender, and nobody else is disturbed.

import assert from "node:assert/strict";
import { createSign, generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto";
import dgram from "node:dgram";

import { Clinic, openAppointment } from "../lib/clinic.mjs";
import { BASE, PASSWORD } from "../lib/demo.mjs";
import { metrics } from "../lib/metrics.mjs";
import { RawSignal } from "../lib/signal.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

const nobody = new Clinic();

/** The answer is this problem (RFC 9457) and nothing else. */
function isProblem(answer, status, ...codes) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.kind ?? "", /^application\/problem\+json/);
  assert.equal(answer.body.status, status);
  assert.ok(codes.includes(answer.body.code), `${answer.body.code} is not ${codes.join(" or ")}`);
  assert.equal(answer.body.type, `urn:telehealth:problem:${answer.body.code}`);
}

function part(value) {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** Copies of a good token that are not good: every one has to be refused. */
export function forgeries(token) {
  const [head, body, signature] = token.split(".");
  const header = JSON.parse(Buffer.from(head, "base64url"));
  const claims = JSON.parse(Buffer.from(body, "base64url"));
  const own = generateKeyPairSync("ed25519");
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const text = `${head}.${body}`;
  const asRsa = `${part({ ...header, alg: "RS256" })}.${body}`;
  const later = part({ ...claims, exp: (claims.exp ?? 0) + 86_400 });
  return {
    garbage: "garbage",
    "without a signature": `${head}.${body}.`,
    "with alg none": `${part({ ...header, alg: "none" })}.${body}.`,
    "with alg None and its old signature": `${part({ ...header, alg: "None" })}.${body}.${signature}`,
    "with a longer life": `${head}.${later}.${signature}`,
    "signed with another key": `${text}.${sign(null, Buffer.from(text), own.privateKey).toString("base64url")}`,
    "signed with RSA": `${asRsa}.${createSign("RSA-SHA256").update(asRsa).sign(rsa.privateKey).toString("base64url")}`,
    "of unknown key": `${part({ ...header, kid: "no-such-key" })}.${body}.${signature}`,
    "much too long": `${head}.${part("x".repeat(20_000))}.${signature}`,
  };
}

/** Each is a name and an act that asserts what the server answers. */
export const HTTP_ATTACKS = {
  "JSON that is none": async () =>
    isProblem(await nobody.call("POST", "/auth/login", '{"email":'), 400, "malformed"),
  "an unknown field": async () => {
    const body = { email: "a@b.example", password: "x", role: "admin" };
    isProblem(await nobody.call("POST", "/auth/login", body), 400, "malformed");
  },
  "a value of another type": async () =>
    isProblem(await nobody.call("POST", "/join", { token: 7 }), 400, "malformed"),
  "a deep nest of arrays": async () =>
    isProblem(await nobody.call("POST", "/join", "[".repeat(30_000)), 400, "malformed"),
  "a body that is not JSON": async () => {
    const answer = await nobody.call("POST", "/join", "token=1", {
      "content-type": "application/x-www-form-urlencoded",
    });
    isProblem(answer, 415, "unsupported_media_type");
  },
  "a body of 200 KiB": async () => {
    const answer = await nobody.call("POST", "/join", { token: "x".repeat(200 * 1024) });
    isProblem(answer, 413, "too_large");
  },
  "an unknown path": async () => isProblem(await nobody.call("GET", "/nothing"), 404, "not_found"),
  "another method": async () =>
    isProblem(await nobody.call("PUT", "/auth/login", {}), 405, "method_not_allowed"),
  "no token": async () => isProblem(await nobody.call("GET", "/me"), 401, "unauthenticated"),
  "an id that is none": async () => {
    const patient = await Clinic.signIn("patient@demo.clinic");
    const answer = await patient.call("GET", "/appointments/1%20OR%201%3D1");
    assert.ok([400, 404].includes(answer.status), answer.text);
    isProblem(answer, answer.status, "malformed", "not_found");
  },
  "numbers beyond all bounds": async () => {
    const patient = await Clinic.signIn("patient@demo.clinic");
    const doctor = (await patient.expect(200, "GET", "/doctors"))[0].id;
    for (const query of ["from_us=9223372036854775807&days=31", "from_us=-9223372036854775808&days=1"]) {
      const answer = await patient.call("GET", `/doctors/${doctor}/slots?${query}`);
      assert.ok([200, 400, 422].includes(answer.status), answer.text);
    }
    const wide = await patient.call("GET", `/doctors/${doctor}/slots?from_us=0&days=4000000000`);
    isProblem(wide, wide.status === 400 ? 400 : 422, "malformed", "invalid");
  },
  "a time that is no free slot": async () => {
    const patient = await Clinic.signIn("patient@demo.clinic");
    const doctor = (await patient.expect(200, "GET", "/doctors"))[0].id;
    const wish = { doctor, start_us: Date.now() * 1000 + 123_457, reason: "" };
    const answer = await patient.call("POST", "/appointments", wish);
    assert.ok([409, 422].includes(answer.status), answer.text);
    isProblem(answer, answer.status, "slot_taken", "invalid");
  },
  "a join link that was guessed": async () => {
    for (const token of ["", "x", randomBytes(32).toString("base64url"), "é".repeat(43)]) {
      const answer = await nobody.call("POST", "/join", { token });
      isProblem(answer, answer.status, "not_found", "malformed", "invalid");
    }
  },
  "a wrong password and an unknown person look the same": async () => {
    const wrong = { email: "patient@demo.clinic", password: "wrong" };
    const unknown = { email: `${randomUUID()}@demo.clinic`, password: "wrong" };
    const [a, b] = [
      await nobody.call("POST", "/auth/login", wrong),
      await nobody.call("POST", "/auth/login", unknown),
    ];
    isProblem(a, 401, "login_failed");
    assert.equal(a.text, b.text);
    const names = (answer) => [...answer.headers.keys()].filter((name) => name !== "date").sort();
    assert.deepEqual(names(a), names(b));
  },
};

/** Says a garbage of session descriptions and expects a refusal for each. */
async function hostileOffers(raw) {
  const good = [
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\n",
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\na=rtcp-mux\r\n",
    "a=rtpmap:111 opus/48000/2\r\n",
  ].join("");
  const descriptions = [
    "v=0",
    "v=0\r\n",
    good,
    `${good}a=fingerprint:sha-256 not-a-fingerprint\r\n`,
    good.replace("opus/48000/2", "nothing/1"),
    `v=0\r\n${"a=x\r\n".repeat(5_000)}`,
    good + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n".repeat(200),
    `v=0\r\n\0\0\0${randomBytes(200).toString("latin1")}`,
  ];
  for (const sdp of descriptions) {
    const heard = raw.heard.length;
    raw.say({ type: "offer", connection: randomUUID(), offer_no: 1, sdp, sources: [] });
    const answer = await raw.until("error", () => true, heard);
    assert.ok(["bad_offer", "malformed", "rate_limited"].includes(answer.code), answer.code);
    if (answer.code === "rate_limited") await until("an offer to be allowed again", () => pause(700), 2_000);
  }
}

/** Lets the server's token bucket fill; nothing tells when it has. */
function pause(ms) {
  return new Promise((resolve) => setTimeout(() => resolve(true), ms));
}

/** Ends with a Bye of this reason, or an Error of this code, and a closed socket. */
async function isTurnedAway(raw, ...words) {
  await raw.untilClosed();
  const said = raw.heard.map((message) => message.code ?? message.reason);
  assert.ok(said.some((word) => words.includes(word)), `heard ${said}, not ${words}`);
}

/** Opens a socket and says these texts, one after the other. */
async function saying(...texts) {
  const raw = await RawSignal.dial();
  for (const text of texts) raw.sayText(text);
  return raw;
}

function hello(auth, more = {}) {
  return JSON.stringify({ type: "hello", version: 1, auth, ...more });
}

/** Attacks on the WebSocket by somebody without a ticket. */
export const SOCKET_ATTACKS = {
  "a page of another origin": async () => {
    const refusal = await RawSignal.dial("/signal/v1", { origin: "https://evil.example" }).then(
      () => null,
      (error) => error,
    );
    assert.equal(refusal?.status, 403, String(refusal));
  },
  "a ticket that is none": async () => {
    for (const ticket of ["", "x", "a.b.c", "x".repeat(5_000)]) {
      const raw = await saying(hello({ by: "ticket", ticket }));
      await isTurnedAway(raw, "unauthorized");
    }
  },
  "a resume secret that was guessed": async () => {
    const token = randomBytes(32).toString("base64url");
    await isTurnedAway(await saying(hello({ by: "resume", token, last_seq: 0 })), "unauthorized");
  },
  "another version": async () => {
    const raw = await saying(hello({ by: "ticket", ticket: "x" }, { version: 999 }));
    await isTurnedAway(raw, "version", "malformed");
  },
  "a first message that is no Hello": async () => {
    const raw = await saying('{"type":"end"}');
    await isTurnedAway(raw, "out_of_order", "unauthorized", "misbehaved");
  },
  "nothing but garbage": async () => {
    const raw = await saying("{", "[]", '{"type":"dance"}', "null");
    await isTurnedAway(raw, "malformed", "misbehaved", "out_of_order");
  },
  "bytes instead of text": async () => {
    const raw = await RawSignal.dial();
    for (let n = 0; n < 4; n += 1) raw.sayBytes(randomBytes(64));
    await isTurnedAway(raw, "malformed", "misbehaved", "out_of_order");
  },
  "a message of 1 MiB": async () => {
    const raw = await saying("x".repeat(1024 * 1024));
    await raw.untilClosed();
  },
  "an unknown field": async () => {
    const raw = await saying(hello({ by: "ticket", ticket: "x" }, { admin: true }));
    await isTurnedAway(raw, "malformed", "misbehaved", "unauthorized");
  },
};

/** A STUN binding request (RFC 8489) for a user name that nobody was given. */
function stunGuess() {
  const name = Buffer.from("guess:wrong0");
  const request = Buffer.alloc(24 + name.length);
  request.writeUInt16BE(0x0001, 0);
  request.writeUInt16BE(4 + name.length, 2);
  request.writeUInt32BE(0x2112a442, 4);
  randomBytes(12).copy(request, 8);
  request.writeUInt16BE(0x0006, 20);
  request.writeUInt16BE(name.length, 22);
  name.copy(request, 24);
  return request;
}

/** An RTP packet (RFC 3550) of payload type 96. */
function rtpGuess(seq) {
  const packet = Buffer.concat([Buffer.alloc(12), randomBytes(160)]);
  packet.writeUInt8(0x80, 0);
  packet.writeUInt8(96, 1);
  packet.writeUInt16BE(seq, 2);
  packet.writeUInt32BE(seq * 960, 4);
  packet.writeUInt32BE(0x1234, 8);
  return packet;
}

/** Sends guesses to the media port; nothing may be forwarded or answered with more than STUN. */
export async function datagramGuesses(count = 200) {
  const ports = [0, 1].map((offset) => Number(process.env.SERVER_UDP_PORT) + offset);
  const before = await metrics();
  const socket = dgram.createSocket("udp4");
  const answers = [];
  socket.on("message", (bytes) => answers.push(bytes));
  const send = (bytes, port) =>
    new Promise((resolve, reject) =>
      socket.send(bytes, port, "127.0.0.1", (error) => (error ? reject(error) : resolve())),
    );
  for (let n = 0; n < count; n += 1)
    for (const port of ports)
      for (const bytes of [stunGuess(), rtpGuess(n), randomBytes(1 + (n % 1_400)), Buffer.alloc(0)])
        await send(bytes, port);
  await until("the guesses to be counted as dropped", async () => {
    const after = await metrics();
    const name = "sfu_datagrams_dropped_total";
    return after(name) >= before(name) + count;
  });
  socket.close();
  const media = answers.filter((bytes) => bytes.length > 0 && bytes[0] >= 128);
  assert.equal(media.length, 0, "somebody who guessed got media");
}

/** What a person with a ticket tries; `running` is the visit that must not be disturbed. */
function insider(scenario, running) {
  scenario.step("refuses every forged, changed or unsigned token", async () => {
    for (const [what, token] of Object.entries(forgeries(running.patient.token))) {
      const answer = await new Clinic().call("GET", "/me", undefined, { authorization: `Bearer ${token}` });
      assert.equal(answer.status, 401, `${what}: ${answer.status}`);
      isProblem(answer, 401, "unauthenticated");
    }
  });
  scenario.step("refuses every forged ticket, and a good one the second time", async () => {
    const view = await running.nobody.expect(200, "POST", "/join", { token: running.guestToken });
    for (const [what, ticket] of Object.entries(forgeries(view.ticket))) {
      const raw = await saying(hello({ by: "ticket", ticket }));
      await isTurnedAway(raw, "unauthorized").catch((error) => {
        throw new Error(`${what}: ${error.message}`);
      });
    }
    const first = await RawSignal.enter(view);
    await first.until("welcome");
    const second = await RawSignal.enter(view);
    await isTurnedAway(second, "unauthorized");
    running.guest = first;
  });
  scenario.step("refuses a ticket where an access token belongs, and the other way round", async () => {
    const view = await running.nobody.expect(200, "POST", "/join", { token: running.token });
    const answer = await nobody.call("GET", "/me", undefined, { authorization: `Bearer ${view.ticket}` });
    isProblem(answer, 401, "unauthenticated");
    const raw = await saying(hello({ by: "ticket", ticket: running.patient.token }));
    await isTurnedAway(raw, "unauthorized");
  });
  scenario.step("refuses what only a clinician or an admitted person may do", async () => {
    const { guest } = running;
    const someone = randomUUID();
    const wishes = [
      { type: "admit", participant: guest.heard[0].snapshot.me.id },
      { type: "end" },
      { type: "remove", participant: someone },
      { type: "mute", participant: someone },
      { type: "chat", id: someone, text: "psst" },
      { type: "offer", connection: someone, offer_no: 1, sdp: "v=0\r\n", sources: [] },
    ];
    for (const wish of wishes) {
      const heard = guest.heard.length;
      guest.say(wish);
      const refusal = await guest.until("error", () => true, heard);
      assert.ok(["forbidden", "not_admitted"].includes(refusal.code), `${wish.type}: ${refusal.code}`);
    }
  });
  scenario.step("refuses hostile session descriptions of an admitted person", () =>
    hostileOffers(running.doctorSocket),
  );
  scenario.step("refuses unknown people, empty and endless chat, a second Hello", async () => {
    const raw = running.doctorSocket;
    const wishes = [
      [{ type: "admit", participant: randomUUID() }, "unknown_participant"],
      [{ type: "remove", participant: randomUUID() }, "unknown_participant"],
      [{ type: "hello", version: 1, auth: { by: "ticket", ticket: "x" } }, "out_of_order"],
    ];
    for (const [wish, code] of wishes) {
      const heard = raw.heard.length;
      raw.say(wish);
      assert.equal((await raw.until("error", () => true, heard)).code, code, wish.type);
    }
    const heard = raw.heard.length;
    raw.say({ type: "chat", id: randomUUID(), text: "x".repeat(4_001) });
    assert.equal((await raw.until("error", () => true, heard)).code, "malformed");
  });
  scenario.step("slows a flood of messages and closes who goes on", async () => {
    const { guest } = running;
    const heard = guest.heard.length;
    for (let n = 0; n < 400; n += 1) guest.say({ type: "quality", quality: "good" });
    await guest.until("error", (message) => message.code === "rate_limited", heard);
    guest.close();
  });
}

/** The scenario: a visit is going on, everything is tried beside and inside it. */
export function abuse() {
  const scenario = new Scenario("Bad input");
  const running = { nobody };
  scenario.step("a visit is going on", async () => {
    Object.assign(running, await openAppointment());
    const { appointment, doctor, token } = running;
    const guest = await doctor.expect(201, "POST", `/appointments/${appointment.id}/guests`, {
      name: "Awa Ndiaye",
      relation: "fille",
    });
    running.guestToken = guest.link.token;
    running.patientSocket = await RawSignal.enter(await nobody.expect(200, "POST", "/join", { token }));
    const me = (await running.patientSocket.until("welcome")).snapshot.me.id;
    running.doctorSocket = await RawSignal.enter(
      await doctor.expect(200, "POST", `/appointments/${appointment.id}/join`),
    );
    await running.doctorSocket.until("welcome");
    running.doctorSocket.say({ type: "admit", participant: me });
    await running.patientSocket.until("admitted");
  });
  for (const [name, attack] of Object.entries(HTTP_ATTACKS)) scenario.step(`HTTP: ${name}`, attack);
  for (const [name, attack] of Object.entries(SOCKET_ATTACKS)) scenario.step(`socket: ${name}`, attack);
  insider(scenario, running);
  scenario.step("media port: guesses are dropped and counted", () => datagramGuesses());
  scenario.step("the visit was not disturbed, and the server is ready", async () => {
    for (const [from, to] of [
      [running.patientSocket, running.doctorSocket],
      [running.doctorSocket, running.patientSocket],
    ]) {
      const text = `encore là ${randomUUID()}`;
      from.say({ type: "chat", id: randomUUID(), text });
      await to.until("chat", (message) => message.message.text === text);
    }
    assert.equal((await fetch(`${BASE}/readyz`)).status, 200);
    const now = await metrics();
    assert.ok(now("signal_refused_total") > 0, "refusals are counted");
    assert.equal(now("sfu_peer_panics_total"), 0);
  });
  scenario.step("signing in again and again is slowed down", async () => {
    const email = `${randomUUID()}@demo.clinic`;
    let answer;
    for (let n = 0; n < 40; n += 1) {
      answer = await nobody.call("POST", "/auth/login", { email, password: `wrong-${n}` });
      if (answer.status === 429) break;
    }
    isProblem(answer, 429, "rate_limited");
    assert.ok(Number(answer.headers.get("retry-after")) > 0);
    const other = { email: "doctor@demo.clinic", password: PASSWORD };
    assert.equal((await nobody.call("POST", "/auth/login", other)).status, 200, "others still get in");
  });
  scenario.finally(() => {
    running.patientSocket?.close();
    running.doctorSocket?.close();
    running.guest?.close();
  });
  return scenario;
}
