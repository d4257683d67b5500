"""The recogniser's process, spoken to over its wire (clinical/speech/src/wire.rs) from the outside."""

import os
import pathlib
import queue
import struct
import subprocess
import threading
import time

RATE = 16_000
VERSION = 1
LANGUAGES = {None: 0, "fr": 1, "en": 2}


class Ended(Exception):
    """The process has closed its output."""


class Recogniser:
    """Starts the program; sends orders; keeps reports with the moment they came."""

    def __init__(self, command):
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.reports = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            header = self.process.stdout.read(4)
            if len(header) < 4:
                self.reports.put(None)
                return
            body = self.process.stdout.read(struct.unpack("<I", header)[0])
            self.reports.put((time.monotonic(), self._report(body)))

    @staticmethod
    def _report(body):
        assert body[0] == VERSION, body[0]
        kind, rest = body[1], body[2:]
        if kind == 64:
            return {"kind": "ready", "languages": rest[0], "model": rest[1:].decode()}
        if kind == 65:
            track, from_ms, to_ms, language, stage = struct.unpack_from("<IQQBB", rest)
            return {
                "kind": "heard",
                "track": track,
                "from_ms": from_ms,
                "to_ms": to_ms,
                "language": {1: "fr", 2: "en"}[language],
                "final": stage == 1,
                "text": rest[22:].decode(),
            }
        if kind == 66:
            track, dropped_ms = struct.unpack("<IQ", rest)
            return {"kind": "behind", "track": track, "dropped_ms": dropped_ms}
        assert kind == 67, kind
        return {"kind": "closed", "track": struct.unpack("<I", rest)[0]}

    def next(self, patience=300):
        """The next report and the moment it came."""
        got = self.reports.get(timeout=patience)
        if got is None:
            raise Ended(self.process.wait())
        return got

    def _send(self, kind, fields):
        body = bytes([VERSION, kind]) + fields
        self.process.stdin.write(struct.pack("<I", len(body)) + body)
        self.process.stdin.flush()

    def open(self, track, language=None):
        self._send(1, struct.pack("<IB", track, LANGUAGES[language]))

    def sound(self, track, at_ms, pcm):
        self._send(2, struct.pack("<IQ", track, at_ms) + pcm)

    def close(self, track):
        self._send(3, struct.pack("<I", track))

    def processor_seconds(self):
        """What the process has used until now: says more than a clock where others use the machine too."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        """Closes the pipe and waits; the process ends by itself."""
        self.process.stdin.close()
        return self.process.wait(timeout=300)


def pieces(pcm, milliseconds=20):
    """Sound as a room gives it: its time, and 20 ms at a time."""
    size = 2 * RATE * milliseconds // 1000
    for number, at in enumerate(range(0, len(pcm), size)):
        yield number * milliseconds, pcm[at : at + size]


def heard_of(recogniser, track, pcm, language=None):
    """Gives a whole clip at once; answers its final reports and the seconds that took."""
    began = time.monotonic()
    recogniser.open(track, language)
    for at_ms, piece in pieces(pcm):
        recogniser.sound(track, at_ms, piece)
    recogniser.close(track)
    finals = []
    while True:
        _, report = recogniser.next()
        if report.get("track") != track:
            continue
        if report["kind"] == "closed":
            return finals, time.monotonic() - began
        assert report["kind"] == "heard", report
        if report["final"]:
            finals.append(report)


def heard_live(recogniser, track, pcm, language=None):
    """Gives a clip as fast as it was spoken; answers every report with the second it came after the
    first sample."""
    recogniser.open(track, language)
    began = time.monotonic()

    def speak():
        for at_ms, piece in pieces(pcm):
            # As a microphone: a piece is there when its last sample was spoken.
            wait = began + (at_ms + 20) / 1000 - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            recogniser.sound(track, at_ms, piece)
        recogniser.close(track)

    speaker = threading.Thread(target=speak)
    speaker.start()
    reports = []
    while True:
        at, report = recogniser.next()
        if report.get("track") == track:
            reports.append((at - began, report))
            if report["kind"] == "closed":
                speaker.join()
                return reports
