// A camera and a microphone that tell the time: whoever sees and hears them knows who it is and when
// it was, to a fifteenth of a second by eye and two fifths by ear. Both begin anew after eight seconds.

import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

import { OUT } from "./recorder.mjs";
import { wave } from "./wave.mjs";

const WIDTH = 320;
const HEIGHT = 180;
export const FRAMES_PER_S = 15;
/** Seconds after which picture and sound begin anew. */
export const ROUND_S = 8;
const FRAMES = ROUND_S * FRAMES_PER_S;
/** Seven for the number of the frame, and one for the person. */
const BITS = 8;
/** Each tone sounds for so long, in seconds. */
export const TONE_S = 0.4;
const TONES = Math.round(ROUND_S / TONE_S);

/** What tells the people apart: a bit of the picture, and where their tones lie. */
const WHO = { "clock-patient": 1, "clock-doctor": 0 };

/** The frequencies of a person's tones in hertz. */
export function pitches(person) {
  return Array.from({ length: TONES }, (_, n) => 500 + 100 * n + 50 * WHO[person]);
}

/** Whether a person has these devices. */
export function isClock(person) {
  return person in WHO;
}

/** The files for one person, made when they are missing: `{ video, audio }`. */
export function clockDevices(person) {
  mkdirSync(OUT, { recursive: true });
  const video = path.join(OUT, `camera-${person}.y4m`);
  const audio = path.join(OUT, `microphone-${person}.wav`);
  if (!existsSync(video)) write(video, picture(WHO[person]));
  if (!existsSync(audio)) write(audio, sound(pitches(person)));
  return { video, audio };
}

function write(file, bytes) {
  writeFileSync(`${file}.new`, bytes);
  renameSync(`${file}.new`, file);
}

/** Columns that are light or dark, as YUV4MPEG2. */
function picture(who) {
  const parts = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n`)];
  const chroma = Buffer.alloc((WIDTH * HEIGHT) / 4, 128);
  for (let n = 0; n < FRAMES; n += 1) {
    const row = Buffer.alloc(WIDTH, 40);
    for (let bit = 0; bit < BITS; bit += 1)
      if (((n * 2 + who) >> bit) & 1) row.fill(215, (bit * WIDTH) / BITS, ((bit + 1) * WIDTH) / BITS);
    parts.push(Buffer.from("FRAME\n"), ...Array(HEIGHT).fill(row), chroma, chroma);
  }
  return Buffer.concat(parts);
}

/** One tone after the other, each with a rise and a fall: browsers take what is steady for noise. */
function sound(tones) {
  return wave(ROUND_S, (t) => {
    const within = (t % TONE_S) / TONE_S;
    const tone = tones[Math.floor(t / TONE_S) % tones.length];
    return 12_000 * Math.sin(Math.PI * within) ** 0.5 * Math.sin(2 * Math.PI * tone * t);
  });
}

/** To be run in a page: what a video element shows now, as `{ frame, who }`. */
export function lookAt(video) {
  const canvas = document.createElement("canvas");
  canvas.width = 64;
  canvas.height = 8;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 64, 8);
  let code = 0;
  for (let bit = 0; bit < 8; bit += 1) {
    const [red, green, blue] = context.getImageData(bit * 8 + 4, 4, 1, 1).data;
    if (red + green + blue > 384) code |= 1 << bit;
  }
  return { frame: code >> 1, who: code & 1 };
}

/** How far apart two moments of a round are, in seconds, the short way. */
export function apart(a_s, b_s) {
  const way = (((a_s - b_s) % ROUND_S) + ROUND_S) % ROUND_S;
  return Math.min(way, ROUND_S - way);
}
