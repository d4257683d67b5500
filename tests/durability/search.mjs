// Bytes of names in files, in the forms in which programs write texts.

import fs from "node:fs";
import path from "node:path";

const PIECE = 1 << 20;

/** The forms of a text: name and bytes. Letters are searched without regard to case. */
export function forms(text) {
  const utf8 = Buffer.from(text, "utf8");
  const found = [
    ["UTF-8", utf8],
    ["UTF-16 LE", Buffer.from(text, "utf16le")],
    ["Latin-1", Buffer.from(text, "latin1")],
    ["JSON escapes", Buffer.from(text.replace(/[^\x20-\x7e]/g, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`))],
    ["URL escapes", Buffer.from(encodeURIComponent(text))],
    ["hexadecimal", Buffer.from(utf8.toString("hex"))],
  ];
  // In base64 a text looks different at each of three positions; the ends depend on its neighbours.
  for (const shift of [0, 1, 2]) {
    const base64 = Buffer.concat([Buffer.alloc(shift), utf8]).toString("base64").replace(/=+$/, "");
    const inner = base64.slice(shift === 0 ? 0 : shift + 1, base64.length - 2);
    if (inner.length >= 8) found.push([`base64, position ${shift}`, Buffer.from(inner)]);
  }
  return found;
}

/** ASCII letters as small ones, everything else as it is. */
function folded(bytes) {
  const copy = Buffer.from(bytes);
  for (let at = 0; at < copy.length; at += 1) {
    if (copy[at] >= 0x41 && copy[at] <= 0x5a) copy[at] |= 0x20;
  }
  return copy;
}

function* filesIn(place) {
  const about = fs.statSync(place, { throwIfNoEntry: false });
  if (!about) return;
  if (about.isFile()) yield place;
  if (about.isDirectory()) for (const name of fs.readdirSync(place)) yield* filesIn(path.join(place, name));
}

/** Where which words stand in the files of these places. */
export function search(places, words) {
  const needles = words.flatMap((word) => {
    const shapes = Buffer.isBuffer(word) ? [["bytes", word]] : forms(word);
    return shapes.map(([form, bytes]) => ({ word, form, bytes: folded(bytes) }));
  });
  const overlap = Math.max(...needles.map((it) => it.bytes.length)) - 1;
  const found = new Set();
  let bytes = 0;
  let files = 0;
  for (const place of places) {
    for (const file of filesIn(place)) {
      files += 1;
      // A store that is in use may take a file away meanwhile.
      let open;
      try {
        open = fs.openSync(file, "r");
      } catch {
        continue;
      }
      const buffer = Buffer.alloc(PIECE + overlap);
      let kept = 0;
      for (;;) {
        const read = fs.readSync(open, buffer, kept, PIECE, null);
        if (read === 0) break;
        bytes += read;
        const piece = folded(buffer.subarray(0, kept + read));
        for (const needle of needles) {
          if (piece.includes(needle.bytes)) found.add(`"${needle.word}" as ${needle.form} in ${path.basename(path.dirname(file))}/${path.basename(file)}`);
        }
        kept = Math.min(overlap, kept + read);
        buffer.copyWithin(0, piece.length - kept, piece.length);
      }
      fs.closeSync(open);
    }
  }
  return { found: [...found], bytes, files };
}
