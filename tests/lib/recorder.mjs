// What the fake camera and microphone of a browser show and say: a colour and a tone per person.

import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";

import { wave } from "./wave.mjs";

export const OUT = fileURLToPath(new URL("../out/", import.meta.url));

const WIDTH = 640;
const HEIGHT = 360;
const FRAMES = 30;
const FRAMES_PER_S = 15;

/** How the people look (chroma of the surface) and sound. */
export const LOOKS = {
  patient: { blue: 90, red: 150, pitch_hz: 440 },
  doctor: { blue: 160, red: 100, pitch_hz: 660 },
  guest: { blue: 100, red: 110, pitch_hz: 880 },
};

/** The files for one person, made when they are missing: `{ video, audio }`. */
export function fakeDevices(person) {
  mkdirSync(OUT, { recursive: true });
  const video = path.join(OUT, `camera-${person}.y4m`);
  const audio = path.join(OUT, `microphone-${person}.wav`);
  if (!existsSync(video)) write(video, picture(LOOKS[person]));
  if (!existsSync(audio)) write(audio, tone(LOOKS[person]));
  return { video, audio };
}

function write(file, bytes) {
  writeFileSync(`${file}.new`, bytes);
  renameSync(`${file}.new`, file);
}

/** A face-like circle that moves from side to side, as YUV4MPEG2. */
function picture({ blue, red }) {
  const header = `YUV4MPEG2 W${WIDTH} H${HEIGHT} F${FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n`;
  const parts = [Buffer.from(header)];
  const chroma = (WIDTH * HEIGHT) / 4;
  for (let n = 0; n < FRAMES; n += 1) {
    const luma = Buffer.alloc(WIDTH * HEIGHT, 150);
    const middle = WIDTH / 2 + Math.sin((2 * Math.PI * n) / FRAMES) * 120;
    for (let y = 60; y < HEIGHT - 60; y += 1) {
      const half = Math.sqrt(Math.max(0, 120 * 120 - (y - HEIGHT / 2) ** 2));
      luma.fill(215, y * WIDTH + Math.round(middle - half), y * WIDTH + Math.round(middle + half));
    }
    parts.push(Buffer.from("FRAME\n"), luma, Buffer.alloc(chroma, blue), Buffer.alloc(chroma, red));
  }
  return Buffer.concat(parts);
}

/** Bursts like syllables: a steady tone would be taken for noise and suppressed by the browser. */
function tone({ pitch_hz }) {
  return wave(6, (t) => {
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 2.5 * t)) ** 0.5;
    const voice = Math.sin(2 * Math.PI * pitch_hz * t) + 0.4 * Math.sin(4 * Math.PI * pitch_hz * t);
    return 9_000 * syllable * voice;
  });
}
