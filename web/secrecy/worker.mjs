// Encrypts and decrypts media between the browsers of a visit, and holds the keys (SFrame, RFC 9605).
//
// The page passes messages on and says who is in the visit. A key never leaves this worker unless it
// is sealed for one person, so neither the page nor a server needs to be trusted with one.

const { subtle } = globalThis.crypto;
const utf8 = new TextEncoder();

/** AES_128_GCM_SHA256_128, RFC 9605 section 4.5. */
const SUITE = 0x0004;
/** After a change of people everybody needs the new key before it is used. */
const SWITCH_MS = 1_000;
/** Keys kept of one person: frames of an older one may still be on their way. */
const KEYS_MAX = 4;
/** People of one page's life of whom the newest key is remembered; further ones are not read. */
const EPOCHS_MAX = 1_000;
/** Frames of one key arrive in any order within this many; a few seconds of sound and three sizes. */
const WINDOW = 1_024;
/** What cannot be read for so long is said in words. */
const DARK_MS = 3_000;
const TICK_MS = 1_000;
/** Ticks with frames of unknown keys after which the others are asked for theirs. */
const ASK_TICKS = 2;
/** Between two answers to one person. */
const ANSWER_MS = 1_000;
/** Between two wishes for a key frame. */
const KEYFRAME_MS = 500;
const ASK = 1;
/** flags 1, KID 4, nonce 12, sealed epoch 4 and key 16, tag 16. */
const SEALED_BYTES = 53;
const SOURCES = { microphone: 1, camera: 2, screen: 3 };
const P256 = { name: "ECDH", namedCurve: "P-256" };

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

export function toText(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromText(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

/** The SFrame header of a key and a counter, both BigInt (RFC 9605 section 4.3). */
export function writeHeader(kid, ctr) {
  const tail = (value) => {
    const bytes = [];
    if (value >= 8n) for (let rest = value; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 255n));
    return bytes;
  };
  const [k, c] = [tail(kid), tail(ctr)];
  const high = k.length ? 8 | (k.length - 1) : Number(kid);
  const low = c.length ? 8 | (c.length - 1) : Number(ctr);
  return Uint8Array.of((high << 4) | low, ...k, ...c);
}

/** What a header says, or nothing when the bytes end within it. */
export function readHeader(bytes) {
  const half = (bits, at) => (bits & 8 ? { at, length: (bits & 7) + 1 } : { value: BigInt(bits), length: 0 });
  const k = half(bytes[0] >> 4, 1);
  const c = half(bytes[0] & 15, 1 + k.length);
  const size = 1 + k.length + c.length;
  if (bytes.length < size) return null;
  const whole = ({ value, at, length }) =>
    value ?? bytes.subarray(at, at + length).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return { kid: whole(k), ctr: whole(c), size };
}

/** The key and salt of a base key, for one direction only (RFC 9605 section 4.4.2). */
export async function derive(kid, base, usage) {
  const material = await subtle.importKey("raw", base, "HKDF", false, ["deriveKey", "deriveBits"]);
  const how = (name) => {
    const end = new DataView(new ArrayBuffer(10));
    end.setBigUint64(0, kid);
    end.setUint16(8, SUITE);
    const info = joined(utf8.encode(`SFrame 1.0 Secret ${name} `), new Uint8Array(end.buffer));
    return { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  };
  const key = await subtle.deriveKey(how("key"), material, { name: "AES-GCM", length: 128 }, false, [usage]);
  const salt = new Uint8Array(await subtle.deriveBits(how("salt"), material, 96));
  return { kid, key, salt };
}

function cipher(salt, ctr, additionalData) {
  const iv = salt.slice();
  const view = new DataView(iv.buffer);
  view.setBigUint64(4, view.getBigUint64(4) ^ ctr);
  return { name: "AES-GCM", iv, additionalData };
}

/** Header and ciphertext of a frame. The same counter must never come twice with one key. */
export async function seal({ kid, key, salt }, ctr, metadata, plain) {
  const header = writeHeader(kid, ctr);
  return joined(header, new Uint8Array(await subtle.encrypt(cipher(salt, ctr, joined(header, metadata)), key, plain)));
}

/** The frame behind a header that was read; throws when anything was changed. */
export async function open({ key, salt }, { ctr, size }, metadata, bytes) {
  const aad = joined(bytes.subarray(0, size), metadata);
  return new Uint8Array(await subtle.decrypt(cipher(salt, ctr, aad), key, bytes.subarray(size)));
}

/**
 * Bytes of a frame that stay clear, because packets and the server need them: of a VP8 picture what
 * tells a key frame and its size (RFC 6386 section 9.1), of sound nothing. They are authenticated.
 */
export function clearBytes(source, data) {
  if (source === "microphone") return 0;
  return data[0] & 1 ? 3 : 10;
}

const metadataOf = (source, clear) => joined([SOURCES[source]], clear);

/** What one page knows and does: its own keys, those of the others, and who is here. */
export class Party {
  counts = { sealed: 0, opened: 0, refused: 0 };
  receivers = new Set();
  #say;
  #pair;
  #publicText;
  #me = "";
  #session = -1;
  #epoch = 0;
  #sending = null;
  #newest = null;
  #switching;
  #ticking;
  #people = new Map();
  #epochs = new Map();
  #keys = new Map();
  #slots = new Map();
  #queue = Promise.resolve();
  #unknown = false;
  #unknownTicks = 0;

  /** `say` takes what the page should know. */
  constructor(say) {
    this.#say = say;
  }

  /** Makes the key pair of this page. */
  async begin() {
    this.#pair = await subtle.generateKey(P256, false, ["deriveBits"]);
    this.#publicText = toText(await subtle.exportKey("raw", this.#pair.publicKey));
    this.#say({ say: "ready", key: this.#publicText });
  }

  /** Takes one message of the page; one after the other, whatever waits inside. */
  hear(message) {
    const act = () => (message.hear === "room" ? this.#room(message) : this.#openKey(message));
    // A key or a message that cannot be read changes nothing.
    this.#queue = this.#queue.then(act).catch(() => {});
    return this.#queue;
  }

  async #room({ room, me, encrypted, session, people, slots }) {
    this.#me = me;
    if (!encrypted) return this.#forget();
    this.#ticking ??= setInterval(() => this.#tick(), TICK_MS);
    this.#slots = new Map(slots.map(({ slot, ...carries }) => [slot, carries]));
    const changed = await this.#meet(room, people);
    if (changed) await this.#rotate();
    const back = session !== this.#session;
    this.#session = session;
    for (const { id, here } of people) {
      const person = this.#people.get(id);
      if (person && (back || !here)) person.told = null;
      if (person && here) await this.#tell(id, person, back ? ASK : 0);
    }
    // Keys do not wait for it.
    if (changed) this.#sayCode(room);
  }

  /** Whether anybody came, left or has another key. */
  async #meet(room, people) {
    let changed = this.#newest === null;
    for (const [id, known] of this.#people) {
      if (people.some((one) => one.id === id && one.key === known.text)) continue;
      this.#people.delete(id);
      for (const [kid, key] of this.#keys) if (key.owner === id) this.#keys.delete(kid);
      changed = true;
    }
    for (const { id, key: text } of people) {
      if (!text || this.#people.has(id)) continue;
      changed = true;
      const person = { text, told: null, kids: [], answered_ms: -Infinity };
      this.#people.set(id, person);
      try {
        const theirs = await subtle.importKey("raw", fromText(text), P256, false, []);
        const bits = await subtle.deriveBits({ name: "ECDH", public: theirs }, this.#pair.privateKey, 256);
        const mine = [this.#me, this.#publicText];
        person.sealing = await wrapping(bits, room, mine, [id, text], "encrypt");
        person.opening = await wrapping(bits, room, [id, text], mine, "decrypt");
      } catch {
        // Whoever says a key that is none gets nothing and is not read.
      }
    }
    return changed;
  }

  async #rotate() {
    const base = crypto.getRandomValues(new Uint8Array(16));
    const kid = BigInt(crypto.getRandomValues(new Uint32Array(1))[0]);
    this.#epoch += 1;
    this.#newest = { ...(await derive(kid, base, "encrypt")), base, epoch: this.#epoch, next: 0n };
    this.#sending ??= this.#newest;
    this.#switching ??= setTimeout(() => {
      this.#switching = undefined;
      this.#sending = this.#newest;
    }, SWITCH_MS);
  }

  /** Seals the newest key for a person who does not have it. */
  async #tell(id, person, flags) {
    if (!person.sealing || person.told === this.#newest.kid) return;
    person.told = this.#newest.kid;
    const head = new DataView(new ArrayBuffer(5));
    head.setUint8(0, flags);
    head.setUint32(1, Number(this.#newest.kid));
    const additionalData = new Uint8Array(head.buffer);
    const inside = new DataView(new ArrayBuffer(4));
    inside.setUint32(0, this.#newest.epoch);
    const plain = joined(new Uint8Array(inside.buffer), this.#newest.base);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await subtle.encrypt({ name: "AES-GCM", iv, additionalData }, person.sealing, plain);
    this.#say({ say: "sealed", to: id, key: toText(joined(additionalData, iv, new Uint8Array(sealed))) });
  }

  async #openKey({ from, key: text }) {
    const person = this.#people.get(from);
    const bytes = fromText(text);
    if (!person?.opening || bytes.length !== SEALED_BYTES) return;
    const additionalData = bytes.slice(0, 5);
    const how = { name: "AES-GCM", iv: bytes.slice(5, 17), additionalData };
    const plain = new Uint8Array(await subtle.decrypt(how, person.opening, bytes.slice(17)));
    const kid = BigInt(new DataView(bytes.buffer).getUint32(1));
    const epoch = new DataView(plain.buffer).getUint32(0);
    // An old key that is sent again would let old frames pass again, also after a comedy of leaving
    // and coming back.
    const known = this.#epochs.get(person.text) ?? 0;
    if (epoch > known && !this.#keys.has(kid) && (known || this.#epochs.size < EPOCHS_MAX)) {
      this.#epochs.set(person.text, epoch);
      const key = await derive(kid, plain.subarray(4), "decrypt");
      this.#keys.set(kid, { ...key, owner: from, highest: -1n, seen: new Array(WINDOW).fill(-1n) });
      person.kids.push(kid);
      if (person.kids.length > KEYS_MAX) this.#keys.delete(person.kids.shift());
    }
    const now = performance.now();
    if (bytes[0] & ASK && now - person.answered_ms >= ANSWER_MS) {
      person.answered_ms = now;
      person.told = null;
      await this.#tell(from, person, 0);
    }
  }

  /** Six groups of five digits over everybody's keys. Stretched, so that looking for keys with the
   * same digits while people talk takes too long. */
  async #sayCode(room) {
    const epoch = this.#epoch;
    const everybody = [[this.#me, this.#publicText], ...[...this.#people].map(([id, { text }]) => [id, text])];
    const lines = everybody.map((pair) => pair.join(" ")).sort();
    const words = utf8.encode([room, ...lines].join("\n"));
    const material = await subtle.importKey("raw", words, "PBKDF2", false, ["deriveBits"]);
    const how = { name: "PBKDF2", hash: "SHA-256", iterations: 20_000, salt: utf8.encode("safety code") };
    const bytes = new Uint8Array(await subtle.deriveBits(how, material, 240));
    const number = (at) => bytes.subarray(at, at + 5).reduce((sum, byte) => sum * 256 + byte, 0);
    const code = [0, 5, 10, 15, 20, 25].map((at) => String(number(at) % 100_000).padStart(5, "0")).join(" ");
    if (epoch === this.#epoch && this.#newest) this.#say({ say: "code", code });
  }

  #forget() {
    if (!this.#ticking) return;
    clearInterval(this.#ticking);
    clearTimeout(this.#switching);
    this.#ticking = this.#switching = undefined;
    this.#sending = this.#newest = null;
    for (const map of [this.#people, this.#keys, this.#slots]) map.clear();
    this.counts = { sealed: 0, opened: 0, refused: 0 };
    this.#say({ say: "code", code: null });
  }

  #tick() {
    const now = performance.now();
    const isDark = ({ bad }) => bad && now - bad.since >= DARK_MS && now - bad.last < DARK_MS;
    const dark = [...this.receivers].filter(isDark).map(({ slot }) => slot);
    this.#say({ say: "state", ...this.counts, dark });
    this.#unknownTicks = this.#unknown ? this.#unknownTicks + 1 : 0;
    this.#unknown = false;
    if (this.#unknownTicks < ASK_TICKS) return;
    this.#unknownTicks = 0;
    this.#queue = this.#queue
      .then(async () => {
        for (const [id, person] of this.#people) {
          person.told = null;
          await this.#tell(id, person, ASK);
        }
      })
      .catch(() => {});
  }

  /** An own frame as it may leave; nothing while there is no key. */
  async sealFrame(source, data) {
    const key = this.#sending;
    if (!key || data.length === 0) return null;
    const ctr = key.next;
    key.next += 1n;
    const clear = data.subarray(0, clearBytes(source, data));
    const sealed = await seal(key, ctr, metadataOf(source, clear), data.subarray(clear.length));
    this.counts.sealed += 1;
    return joined(clear, sealed);
  }

  /** A frame of another person, or nothing: what cannot be opened is never shown. */
  async openFrame(receiver, data) {
    const now = performance.now();
    const plain = await this.#opened(this.#slots.get(receiver.slot), data).catch(() => null);
    if (plain) {
      receiver.bad = null;
      this.counts.opened += 1;
    } else {
      receiver.bad = { since: receiver.bad?.since ?? now, last: now };
      this.counts.refused += 1;
    }
    return plain;
  }

  async #opened(carries, data) {
    if (!carries || data.length === 0) return null;
    const clear = data.subarray(0, clearBytes(carries.source, data));
    const bytes = data.subarray(clear.length);
    const header = bytes.length > 0 ? readHeader(bytes) : null;
    if (!header) return null;
    const key = this.#keys.get(header.kid);
    this.#unknown ||= !key;
    // Nobody's picture stands under another name, whatever the server says of the slot.
    if (key?.owner !== carries.from) return null;
    const plain = await open(key, header, metadataOf(carries.source, clear), bytes);
    return isFresh(key, header.ctr) ? joined(clear, plain) : null;
  }
}

/** Every counter once, and none that is older than the window. */
function isFresh(key, ctr) {
  const at = Number(ctr % BigInt(WINDOW));
  if (key.seen[at] === ctr || ctr + BigInt(WINDOW) <= key.highest) return false;
  key.seen[at] = ctr;
  if (ctr > key.highest) key.highest = ctr;
  return true;
}

/** The key that wraps what goes from one person to another. */
async function wrapping(bits, room, [from, fromText], [to, toText], usage) {
  const material = await subtle.importKey("raw", bits, "HKDF", false, ["deriveKey"]);
  const info = utf8.encode(["sealed key", room, from, fromText, to, toText].join("\n"));
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  return subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, [usage]);
}

/** Puts a party between the encoder and the packets, or between packets and the decoder. */
export function attach(party, transformer) {
  const { side, source, slot } = transformer.options;
  const receiver = { slot, bad: null };
  const sending = side === "send";
  let gap = false;
  let asked_ms = -Infinity;
  const transform = async (frame, controller) => {
    try {
      const data = new Uint8Array(frame.data);
      const done = await (sending ? party.sealFrame(source, data) : party.openFrame(receiver, data));
      if (!done) {
        gap = true;
        return;
      }
      frame.data = done.buffer;
      controller.enqueue(frame);
      if (sending || frame.type === undefined) return;
      if (frame.type === "key") gap = false;
      // What was dropped is missing to this picture, and the decoder does not know.
      if (gap && performance.now() - asked_ms >= KEYFRAME_MS) {
        asked_ms = performance.now();
        await transformer.sendKeyFrameRequest?.();
      }
    } catch {
      // A frame that cannot be handled is dropped; the next one is another matter.
    }
  };
  if (!sending) party.receivers.add(receiver);
  transformer.readable
    .pipeThrough(new TransformStream({ transform }))
    .pipeTo(transformer.writable)
    .catch(() => {})
    .finally(() => party.receivers.delete(receiver));
}

if (typeof WorkerGlobalScope !== "undefined") {
  const party = new Party((message) => postMessage(JSON.stringify(message)));
  addEventListener("message", ({ data }) => party.hear(JSON.parse(data)));
  addEventListener("rtctransform", ({ transformer }) => attach(party, transformer));
  party.begin().catch(() => postMessage(JSON.stringify({ say: "unable" })));
}
