"""Real speech with its words: the prompts of Asterisk, spoken by two women in a studio (Debian packages
asterisk-core-sounds-{fr,en}-g722 at 16 kHz and -wav at 8 kHz, with the texts in asterisk-core-sounds-*)."""

import gzip
import pathlib
import re
import subprocess

SOUNDS = pathlib.Path("usr/share/asterisk/sounds")
VOICES = {"fr": "fr_CA_f_June", "en": "en_US_f_Allison"}


def texts(root, language):
    """Name and words of each prompt that is there and has at least six words."""
    path = root / f"usr/share/doc/asterisk-core-sounds-{language}/core-sounds-{language}.txt.gz"
    found = []
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        name, _, text = line.partition(":")
        spoken = text.strip()
        if line.startswith(";") or len(spoken.split()) < 6 or re.search(r"[\[(<]", spoken):
            continue
        if file_of(root, language, name.strip(), "g722").exists():
            found.append((name.strip(), spoken))
    return sorted(found)


def file_of(root, language, name, kind):
    return root / SOUNDS / VOICES[language] / f"{name}.{kind}"


def seconds(root, language, name):
    """How long a prompt is: a byte of G.722 is two samples of 16 kHz."""
    return file_of(root, language, name, "g722").stat().st_size / 8_000


def pcm(path):
    """The sound of a file as the recogniser wants it."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-ar", "16000", "-ac", "1"]
    return subprocess.run([*command, "-f", "s16le", "-"], check=True, capture_output=True).stdout
