// The encryption between browsers, without a browser: the vectors of RFC 9605 and what must not open.

import assert from "node:assert/strict";

import { Party, clearBytes, derive, open, readHeader, seal, writeHeader } from "../../web/secrecy/worker.mjs";
import { Scenario, runAll } from "../lib/steps.mjs";

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (array) => Buffer.from(array).toString("hex");

/** RFC 9605 appendix C.1: key id, counter, header. */
const HEADERS = [
  ["0", "0", "00"],
  ["0", "1", "01"],
  ["0", "ff", "08ff"],
  ["0", "100", "090100"],
  ["0", "10000", "0a010000"],
  ["0", "ffffffffffffffff", "0fffffffffffffffff"],
  ["1", "0", "10"],
  ["ff", "0", "80ff"],
  ["ff", "ffff", "89ffffff"],
  ["100", "1", "910100"],
  ["10000", "100", "a90100000100"],
  ["1000000", "0", "b001000000"],
];

/** RFC 9605 appendix C.3, AES_128_GCM_SHA256_128. */
const VECTOR = {
  kid: 0x123n,
  ctr: 0x4567n,
  base: bytes("000102030405060708090a0b0c0d0e0f"),
  salt: "75234edefe07819026751816",
  metadata: bytes("4945544620534672616d65205747"),
  plain: bytes("64726166742d696574662d736672616d652d656e63"),
  sealed: "9901234567b7412c2513a1b66dbb48841bbaf17f598751176ad847681a69c6d0b091c07018ce4adb34eb",
};

function vectors() {
  const scenario = new Scenario("Sealed frames (RFC 9605)");
  scenario.step("headers are those of the appendix, both ways", async () => {
    for (const [kid, ctr, text] of HEADERS) {
      const pair = [BigInt(`0x${kid}`), BigInt(`0x${ctr}`)];
      assert.equal(hex(writeHeader(...pair)), text);
      const read = readHeader(bytes(text));
      assert.deepEqual([read.kid, read.ctr, read.size], [...pair, text.length / 2]);
      for (let end = 0; end < text.length / 2; end += 1) assert.equal(readHeader(bytes(text).subarray(0, end)), null);
    }
  });
  scenario.step("salt and ciphertext are those of the appendix, and open again", async () => {
    const { kid, ctr, base, metadata, plain } = VECTOR;
    const key = await derive(kid, base, "encrypt");
    assert.equal(hex(key.salt), VECTOR.salt);
    const sealed = await seal(key, ctr, metadata, plain);
    assert.equal(hex(sealed), VECTOR.sealed);
    const back = await open(await derive(kid, base, "decrypt"), readHeader(sealed), metadata, sealed);
    assert.deepEqual(back, plain);
  });
  scenario.step("every changed bit and other metadata are refused", async () => {
    const key = await derive(VECTOR.kid, VECTOR.base, "decrypt");
    const sealed = bytes(VECTOR.sealed);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = sealed.slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      const header = readHeader(changed);
      await assert.rejects(async () => open(key, header, VECTOR.metadata, changed), `bit ${bit}`);
    }
    await assert.rejects(open(key, readHeader(sealed), bytes("00"), sealed));
  });
  scenario.step("of a picture only what tells key frames stays clear, of sound nothing", async () => {
    assert.equal(clearBytes("camera", bytes("10")), 10);
    assert.equal(clearBytes("screen", bytes("11")), 3);
    assert.equal(clearBytes("microphone", bytes("10")), 0);
  });
  return scenario;
}

/** The timers of the pages; a tick is a second. */
const timers = new Map();
let now_ms = 0;
performance.now = () => now_ms;
const timer = (kind) => (act) => {
  timers.set(timers.size + 1, { kind, act });
  return timers.size;
};
globalThis.setTimeout = timer("once");
globalThis.setInterval = timer("again");
globalThis.clearTimeout = globalThis.clearInterval = (id) => timers.has(id) && timers.set(id, null);

function tick() {
  now_ms += 1_000;
  for (const [id, waiting] of [...timers]) {
    if (waiting?.kind === "once") timers.set(id, null);
    waiting?.act();
  }
}

/** Pages around one server that passes on what it likes. */
class House {
  parties = new Map();
  codes = new Map();
  state = new Map();
  posted = [];
  #letters = [];

  async add(id) {
    const party = new Party((message) => {
      if (message.say === "ready") this.posted.push([id, message.key]);
      if (message.say === "code") this.codes.set(id, message.code);
      if (message.say === "state") this.state.set(id, message);
      if (message.say === "sealed") this.#letters.push({ from: id, ...message });
    });
    this.parties.set(id, party);
    await party.begin();
    return party;
  }

  keyOf(id) {
    return this.posted.findLast(([of]) => of === id)[1];
  }

  /** Tells everybody here who is here; `deliver` says what of the letters arrives. */
  async room(ids, { encrypted = true, session = 1, keys = (_, of) => this.keyOf(of), deliver } = {}) {
    this.codes.clear();
    for (const me of ids) {
      const others = ids.filter((id) => id !== me);
      const people = others.map((id) => ({ id, key: keys(me, id), here: true }));
      const slots = others.map((from) => ({ slot: `camera of ${from}`, from, source: "camera" }));
      await this.parties.get(me).hear({ hear: "room", room: "room", me, encrypted, session, people, slots });
    }
    return this.post(deliver);
  }

  async post(deliver = () => true) {
    const all = [];
    while (await this.#written()) {
      const letter = this.#letters.shift();
      all.push(letter);
      if (deliver(letter)) await this.give(letter);
    }
    return all;
  }

  /** Whether letters lie here once nobody is writing. */
  async #written() {
    for (const party of this.parties.values()) await party.hear({ hear: "key", from: "nobody", key: "" });
    return this.#letters.length > 0;
  }

  give({ from, to, key }) {
    return this.parties.get(to)?.hear({ hear: "key", from, key });
  }

  seal(from, text = "a picture of somebody") {
    return this.parties.get(from).sealFrame("camera", Uint8Array.from(`\x01..${text}`, (c) => c.charCodeAt(0)));
  }

  /** What `to` sees of a frame in the slot of `of`. */
  async open(to, of, frame) {
    const plain = await this.parties.get(to).openFrame({ slot: `camera of ${of}` }, frame);
    return plain && String.fromCharCode(...plain.subarray(3));
  }
}

const PICTURE = "a picture of somebody";

function people() {
  const scenario = new Scenario("Keys between people");
  let house;
  scenario.step("a page without keys sends nothing", async () => {
    house = new House();
    for (const id of ["ada", "bob", "eve"]) await house.add(id);
    assert.equal(await house.seal("ada"), null);
  });
  scenario.step("two people open each other's frames and read the same six groups", async () => {
    await house.room(["ada", "bob"]);
    const frame = await house.seal("ada");
    assert.ok(!Buffer.from(frame).includes("picture"));
    assert.equal(await house.open("bob", "ada", frame), PICTURE);
    assert.equal(await house.open("ada", "bob", await house.seal("bob")), PICTURE);
    const code = await settled(() => house.codes.get("ada"));
    assert.match(code, /^(\d{5} ){5}\d{5}$/);
    assert.equal(await settled(() => house.codes.get("bob")), code);
  });
  scenario.step("a frame passes once, in any order, and not when it is too old", async () => {
    const frames = [];
    for (let n = 0; n < 1_030; n += 1) frames.push(await house.seal("ada"));
    assert.equal(await house.open("bob", "ada", frames[3]), PICTURE);
    assert.equal(await house.open("bob", "ada", frames[1]), PICTURE);
    assert.equal(await house.open("bob", "ada", frames[1]), null);
    assert.equal(await house.open("bob", "ada", frames.at(-1)), PICTURE);
    assert.equal(await house.open("bob", "ada", frames[2]), null);
  });
  scenario.step("what is clear, changed, cut or under another name is not shown", async () => {
    const clear = Uint8Array.from("\x01..in clear, long enough to be anything", (c) => c.charCodeAt(0));
    assert.equal(await house.open("bob", "ada", clear), null);
    const frame = await house.seal("ada");
    for (const at of [0, 1, 2, 3, 4, 12, frame.length - 1]) {
      const changed = frame.slice();
      changed[at] ^= 0x40;
      assert.equal(await house.open("bob", "ada", changed), null, `byte ${at}`);
    }
    for (let end = 0; end < frame.length; end += 1) assert.equal(await house.open("bob", "ada", frame.slice(0, end)), null);
    assert.equal(await house.open("bob", "eve", frame), null);
    assert.equal(await house.open("bob", "ada", frame), PICTURE);
  });
  comingAndGoing(scenario, () => house);
  hostile(scenario, () => house);
  return scenario;
}

function comingAndGoing(scenario, house) {
  let before;
  scenario.step("who comes cannot read back, and everybody goes on without a gap", async () => {
    before = await house().seal("ada");
    await house().room(["ada", "bob", "eve"]);
    assert.equal(await house().open("eve", "ada", before), null);
    const between = await house().seal("ada");
    assert.equal(await house().open("bob", "ada", between), PICTURE);
    assert.equal(await house().open("eve", "ada", between), null);
    tick();
    const after = await house().seal("ada");
    assert.equal(await house().open("bob", "ada", after), PICTURE);
    assert.equal(await house().open("eve", "ada", after), PICTURE);
    assert.equal(await house().open("bob", "eve", await house().seal("ada")), null, "ada's picture under eve's name");
    const codes = await Promise.all(["ada", "bob", "eve"].map((id) => settled(() => house().codes.get(id))));
    assert.equal(new Set(codes).size, 1);
  });
  scenario.step("who leaves cannot read on", async () => {
    const code = house().codes.get("ada");
    await house().room(["ada", "bob"]);
    tick();
    const after = await house().seal("ada");
    assert.equal(await house().open("eve", "ada", after), null);
    assert.equal(await house().open("bob", "ada", after), PICTURE);
    assert.notEqual(await settled(() => house().codes.get("ada")), code);
  });
  scenario.step("a key that was lost is asked for", async () => {
    await house().room(["ada", "bob", "eve"], { deliver: ({ from }) => from !== "ada" });
    tick();
    const unread = () => house().seal("ada").then((frame) => house().open("bob", "ada", frame));
    for (let n = 0; n < 2; n += 1) {
      assert.equal(await unread(), null);
      tick();
    }
    await house().post();
    assert.equal(await unread(), PICTURE);
  });
  scenario.step("a picture that cannot be read for three seconds is said, and is over when it can", async () => {
    const bob = house().parties.get("bob");
    const receiver = { slot: "camera of ada", bad: null };
    bob.receivers.add(receiver);
    const dark = () => house().state.get("bob").dark;
    for (let n = 0; n < 4; n += 1) {
      assert.equal(await bob.openFrame(receiver, Uint8Array.of(1, 2, 3, 4, 5, 6)), null);
      tick();
      assert.deepEqual(dark(), n < 2 ? [] : ["camera of ada"], `after ${n + 1} s`);
    }
    assert.ok(await bob.openFrame(receiver, await house().seal("ada")));
    tick();
    assert.deepEqual(dark(), []);
    bob.receivers.delete(receiver);
    await house().post();
  });
  scenario.step("a page that comes back after a lost line sends its key and asks for the others'", async () => {
    await house().room(["ada", "bob"], { deliver: () => false });
    tick();
    const [ada] = [house().parties.get("ada")];
    const people = [{ id: "bob", key: house().keyOf("bob"), here: true }];
    const slots = [{ slot: "camera of bob", from: "bob", source: "camera" }];
    await ada.hear({ hear: "room", room: "room", me: "ada", encrypted: true, session: 2, people, slots });
    await house().post();
    assert.equal(await house().open("bob", "ada", await house().seal("ada")), PICTURE);
    assert.equal(await house().open("ada", "bob", await house().seal("bob")), PICTURE);
  });
  scenario.step("more changes than keys are kept: the newest opens, the oldest no longer", async () => {
    const old = await house().seal("ada");
    for (let n = 0; n < 3; n += 1)
      for (const here of [["ada", "bob", "eve"], ["ada", "bob"]]) {
        await house().room(here);
        tick();
      }
    assert.equal(await house().open("bob", "ada", await house().seal("ada")), PICTURE);
    assert.equal(await house().open("bob", "ada", old), null);
  });
}

function hostile(scenario, house) {
  scenario.step("an old key that is sent again opens nothing, also after all was off and on again", async () => {
    const letters = await house().room(["ada", "bob", "eve"]);
    tick();
    const frame = await house().seal("ada");
    assert.equal(await house().open("bob", "ada", frame), PICTURE);
    await house().room(["ada", "bob"], { encrypted: false });
    assert.equal(await house().seal("ada"), null, "a frame without a key has left");
    await house().room(["ada", "bob"]);
    for (const letter of letters.filter(({ from, to }) => from === "ada" && to === "bob")) await house().give(letter);
    assert.equal(await house().open("bob", "ada", frame), null);
    assert.equal(await house().open("bob", "ada", await house().seal("ada")), PICTURE);
  });
  scenario.step("a letter for another person, or from another, opens nothing", async () => {
    const letters = await house().room(["ada", "bob", "eve"], { deliver: () => false });
    tick();
    const mine = letters.find(({ from, to }) => from === "ada" && to === "eve");
    await house().give({ ...mine, to: "bob" });
    await house().give({ ...mine, from: "bob" });
    for (const key of ["", "AAAA", "A".repeat(71), "!"]) await house().give({ from: "ada", to: "bob", key });
    assert.equal(await house().open("bob", "ada", await house().seal("ada")), null);
    await house().give(mine);
    assert.equal(await house().open("eve", "ada", await house().seal("ada")), PICTURE);
  });
  scenario.step("a server that puts its own key in between is heard in the digits", async () => {
    const spy = new House();
    for (const id of ["ada", "bob", "server"]) await spy.add(id);
    await spy.room(["ada", "bob"], { keys: (me) => (me === "ada" ? spy.keyOf("server") : spy.keyOf("ada")) });
    const [ada, bob] = await Promise.all(["ada", "bob"].map((id) => settled(() => spy.codes.get(id))));
    assert.notEqual(ada, bob);
  });
  scenario.step("a public key that is none disturbs nobody else", async () => {
    await house().room(["ada", "bob", "eve"], { keys: (_, of) => (of === "eve" ? "AAAA" : house().keyOf(of)) });
    tick();
    assert.equal(await house().open("bob", "ada", await house().seal("ada")), PICTURE);
  });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A value once it is there. */
async function settled(ask) {
  for (let n = 0; n < 1_000_000; n += 1) {
    const value = ask();
    if (value) return value;
    await turn();
  }
  throw new Error("it did not come");
}

await runAll([
  { id: "vectors", make: vectors },
  { id: "people", make: people },
]);
