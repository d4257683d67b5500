"""The telephones under test, with a clinic and a room in memory (the example phone_room)."""

import os
import pathlib
import queue
import subprocess
import tempfile
import threading

WAIT_S = 30

CONFIG = """
[phone]
bind = "127.0.0.1:0"
realm = "clinic.test"

[phone.limits]
messages_per_second = 5000
calls_per_ten_seconds = 2000
calls_max = 50

[[phone.trunks]]
name = "open"
addresses = ["127.0.0.1"]
numbers = [{{ number = "+33123456789", facility = "one", language = "fr" }}]
country = "33"
codecs = ["g722", "pcma", "pcmu"]

[phone.trunks.outbound]
proxy = "127.0.0.1:{proxy}"
caller = "+33123456789"
user = "clinic"
secret_file = "{secret}"
countries = ["33"]
calls_max = 1

[[phone.trunks]]
name = "old"
addresses = ["127.0.0.3"]
user = "carrier"
secret_file = "{secret}"
digest = "md5"
numbers = [{{ number = "+33123456770", facility = "three", language = "fr" }}]
country = "33"

[[phone.trunks]]
name = "closed"
addresses = ["127.0.0.2"]
user = "carrier"
secret_file = "{secret}"
numbers = [{{ number = "+33123456780", facility = "two", language = "fr" }}]
country = "33"
"""

SECRET = "a-secret-of-the-trunk"


class Room:
    """One process. Its lines are waited for in order; each is seen once."""

    def __init__(self, binary, proxy, log, config=CONFIG):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        (folder / "secret").write_text(SECRET + "\n")
        (folder / "phone.toml").write_text(config.format(proxy=proxy, secret=folder / "secret"))
        self.log = open(log, "wb")
        self.process = subprocess.Popen(
            [binary, folder / "phone.toml"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.lines = queue.Queue()
        self.seen = []
        self.passed = []
        threading.Thread(target=self._read, daemon=True).start()
        host, port = self.wait("listening ").split(" ")[1].rsplit(":", 1)
        self.address = (host, int(port))

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def wait(self, beginning, seconds=WAIT_S):
        """The first line that begins so and was not waited for before. Lines come from many tasks, so
        their order says little."""
        for line in self.passed:
            if line.startswith(beginning):
                self.passed.remove(line)
                return line
        while True:
            try:
                line = self.lines.get(timeout=seconds)
            except queue.Empty:
                raise AssertionError(f"no line {beginning!r}; there were {self.passed}") from None
            if line is None:
                raise AssertionError(f"the telephones have ended before {beginning!r}")
            self.seen.append(line)
            if line.startswith(beginning):
                return line
            self.passed.append(line)

    def order(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def counts(self):
        self.order("counts")
        return self.wait("counts ")

    def drain(self):
        """Forgets what was said until now."""
        counts = self.counts()
        self.passed.clear()
        return counts

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=WAIT_S)
        self.log.close()
        self.folder.cleanup()


def binary():
    return os.environ["PHONE_ROOM_BIN"]
