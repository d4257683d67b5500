"""The operator's walk: the handbook's commands on machines that have nothing of ours."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from book import Block, blocks
from machine import Failed, Machine, Network

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "docs/handbook.md"
ADDRESSES = {"db": "10.0.0.9", "a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}
SITE = "clinic.example.org"
PASSWORD = "a clinic by the lake"


def archive(folder: Path) -> Path:
    """The files of a release, laid out as `scripts/release` does, around the program that was built."""
    name = f"telehealth-0.0.0-{os.uname().machine}-linux"
    inside = folder / name
    for part in ("bin", "share", "deploy"):
        (inside / part).mkdir(parents=True)
    # The symbols of a debug program are most of its bytes.
    strip = ["objcopy", "--strip-all", os.environ["TELEHEALTH_BIN"], str(inside / "bin/telehealth")]
    subprocess.run(strip, check=True)
    for source, to in (
        (os.environ["WEB_DIR"], "share/web"),
        (ROOT / "docs", "share/docs"),
        (ROOT / "deploy/systemd", "deploy/systemd"),
    ):
        subprocess.run(["cp", "-RL", str(source), str(inside / to)], check=True)
    file = folder / f"{name}.tar.gz"
    subprocess.run(f"tar -C {folder} -cf - {name} | gzip -1 >{file}", shell=True, check=True)
    return file


class Walk:
    """The walk in order."""

    def __init__(self) -> None:
        self._room = tempfile.TemporaryDirectory(prefix="telehealth-handbook-")
        room = Path(self._room.name)
        room.chmod(0o755)
        self.carry = room / "carry"
        self.carry.mkdir(mode=0o755)
        self.release = archive(room)
        self.network = Network()
        self.machines: dict[str, Machine] = {}
        self.checked = 0

    def machine(self, name: str) -> Machine:
        """A machine; made when it is first needed."""
        if name not in self.machines:
            self.machines[name] = Machine(name, ADDRESSES[name], self.network, self.carry)
            if name != "db":
                self.machines[name].put(self.release)
        return self.machines[name]

    def go(self) -> None:
        """Every block of the document; what has to hold in between is looked at where it has to."""
        book = blocks(BOOK)
        assert len(book) > 10, "the handbook has lost its commands"
        shared = [block for block in book if block.machines == ["a", "b"] and block.line < first_look(book)]
        for block in book:
            if block.machines == ["c"]:
                # "steps 6 and 7 of the installation with NODE=c ADDRESS=10.0.0.3"
                self.run("c", Block(["c"], f"NODE=c ADDRESS={ADDRESSES['c']}\n", block.line, block.section))
                for step in shared:
                    self.run("c", step)
            for name in block.machines:
                self.run(name, block)
            if "facility add" in block.text:
                self.choose_password()
            if "telehealth backup" in block.text:
                self.one_node_is_enough()
        self.everything_is_back()

    def run(self, name: str, block: Block) -> None:
        """Types one block, and says how long it took."""
        start = time.monotonic()
        try:
            self.machine(name).run(block.text)
        except Failed as error:
            print(f"FAILED  {BOOK.name}:{block.line} ({block.section}) on {name}\n{block.text}\n--\n{error}")
            for service in ("telehealth", "redis-server"):
                print(self.machine(name).log(service))
            raise
        self.ok(f"{BOOK.name}:{block.line} on {name} ({time.monotonic() - start:.1f} s)")

    def ok(self, what: str) -> None:
        """One thing held."""
        self.checked += 1
        print(f"ok      {what}", flush=True)

    def call(self, name: str, path: str, body: object = None, at: str = "") -> object:
        """Asks the API of a node as a browser does: by TLS, under the name of the site, trusted."""
        words = ["curl", "--silent", "--show-error", "--max-time", "60", "--write-out", "\n%{http_code}"]
        words += ["--resolve", f"{SITE}:443:{ADDRESSES[at or name]}", "--header", "X-Requested-With: telehealth"]
        words += ["--cacert", "/etc/telehealth/cert.pem"]
        if body is not None:
            words += ["--header", "Content-Type: application/json", "--data", json.dumps(body)]
        text, _, status = self.machine(name).ask(*words, f"https://{SITE}/api/v1{path}").rpartition("\n")
        assert status.startswith("2"), f"{path} at {at or name}: {status} {text[:200]}"
        return json.loads(text) if text else None

    def choose_password(self) -> None:
        """The link of the new administrator works, at the other node, and so does the password."""
        link = re.search(rf"https://{SITE}/set-password#(\S+)", self.machine("a").said)
        assert link, f"no link in: {self.machine('a').said}"
        self.call("a", "/auth/set-password", {"token": link[1], "password": PASSWORD}, at="b")
        self.sign_in("a")
        self.ok("the administrator has chosen a password at b and signs in at a, by TLS")

    def sign_in(self, name: str) -> None:
        """Signs in at a node."""
        self.call(name, "/auth/login", {"email": "chef@lac.example", "password": PASSWORD})

    def one_node_is_enough(self) -> None:
        """One node is stopped as an upgrade does it; the other serves."""
        a, b = self.machine("a"), self.machine("b")
        b.ask("systemctl", "stop", "telehealth")
        self.sign_in("a")
        b.ask("systemctl", "start", "telehealth")
        self.sign_in("b")
        keys = a.ask("find", "/var/lib/telehealth", "/etc/telehealth/secrets", "-type", "f", "-perm", "/007")
        assert not keys, f"everybody can read {keys}"
        self.ok("a serves while b is replaced, and b serves again")

    def everything_is_back(self) -> None:
        """What was there before the loss is there on the new machine."""
        for name in ("a", "b"):
            self.machines.pop(name).close()
        self.sign_in("c")
        names = self.machine("c").ask("env", "TELEHEALTH_CONFIG=/etc/telehealth/config.toml", "telehealth", "facility", "list")
        assert "Clinique du Lac" in names, names
        self.ok("the administrator signs in at c after both nodes are gone")

    def close(self) -> None:
        """Switches everything off."""
        for machine in self.machines.values():
            machine.close()
        self.network.close()
        self._room.cleanup()


def first_look(book: list[Block]) -> int:
    """The line of the first block that looks at running nodes."""
    return next(block.line for block in book if "readyz" in block.text)


def main() -> int:
    """Walks, and says whether the letter holds."""
    start = time.monotonic()
    # A run that is told to stop takes its machines with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    walk = Walk()
    try:
        walk.go()
    except Failed:
        print(f"{walk.checked} passed, 1 failed")
        return 1
    finally:
        walk.close()
    print(f"{walk.checked} passed, 0 failed ({time.monotonic() - start:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
