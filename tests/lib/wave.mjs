// Sound as a WAV file: one channel, 48,000 samples of 16 bits a second.

const SAMPLES_PER_S = 48_000;

/** `level` gives the sample of a time in seconds. */
export function wave(length_s, level) {
  const count = SAMPLES_PER_S * length_s;
  const wav = Buffer.alloc(44 + count * 2);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + count * 2, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(SAMPLES_PER_S, 24);
  wav.writeUInt32LE(SAMPLES_PER_S * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(count * 2, 40);
  for (let n = 0; n < count; n += 1) wav.writeInt16LE(Math.round(level(n / SAMPLES_PER_S)), 44 + n * 2);
  return wav;
}
