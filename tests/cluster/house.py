"""Servers of one clinic, and the Redis between them: real processes on this machine."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

BINARY = os.environ["TELEHEALTH_BIN"]
POSTGRES = os.environ["TEST_POSTGRES_URL"]
OUT = Path(os.environ.get("LOGS", "tests/out")).absolute()
START_S_MAX = 120


def free_tcp() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_udp(first: int) -> int:
    """The first of eight neighbouring ports that nobody has: every shard takes one of its own."""
    while True:
        taken = []
        try:
            for offset in range(8):
                probe = socket.socket(type=socket.SOCK_DGRAM)
                taken.append(probe)
                probe.bind(("127.0.0.1", first + offset))
            return first
        except OSError:
            first += 8
        finally:
            for probe in taken:
                probe.close()


class Redis:
    """A Redis without files: what it forgets is gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_tcp()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, empty."""
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )

    def send(self, what: signal.Signals) -> None:
        """Kills, stops or continues it."""
        assert self.process is not None
        self.process.send_signal(what)
        if what == signal.SIGKILL:
            self.process.wait()

    def ask(self, *words: str) -> str | None:
        """The answer to one command, or nothing."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            line.sendall((" ".join(words) + "\r\n").encode())
            answer = line.makefile("rb")
            head = answer.readline().decode().strip()
            if head.startswith("$") and head != "$-1":
                return answer.readline().decode().strip()
            return head[1:] if head[:1] in (":", "+") else None

    def lease(self, room: str) -> tuple[str, int] | None:
        """Owner and epoch of a room."""
        key = f"telehealth:room:{room.replace('-', '')}"
        owner, epoch = self.ask("HGET", key, "owner"), self.ask("HGET", key, "epoch")
        return None if owner is None or epoch is None else (owner, int(epoch))


class Node:
    """One server."""

    def __init__(self, name: str, folder: Path, redis: Redis, udp: int) -> None:
        self.name = name
        self.data = folder / name
        self.port, self.peers, self.udp = free_tcp(), free_tcp(), free_udp(udp)
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = OUT / f"cluster-{name}.log"
        self.log.unlink(missing_ok=True)
        self.process: subprocess.Popen[bytes] | None = None
        self.config = folder / f"{name}.toml"
        self.config.write_text(
            f'[http]\nplain_http = true\n[store]\nurl = "{POSTGRES}"\n'
            f'[cluster]\nnode = "{name}"\nbind = "127.0.0.1:{self.peers}"\n'
            f'redis_urls = ["{redis.url}"]\nsecret_file = "{folder / "secret"}"\ndrain_notice_s = 4\n'
        )

    def start(self, *options: str) -> None:
        """Starts it; it is ready some seconds later."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    BINARY, "serve", *options, "--config", str(self.config),
                    "--bind", f"127.0.0.1:{self.port}", "--data-dir", str(self.data),
                    "--web-dir", os.environ["WEB_DIR"], "--udp-port", str(self.udp),
                ],
                stderr=log,
                stdout=log,
            )

    def status(self, path: str, patience_s: float = 5) -> int:
        """The status of a page; 0 without an answer."""
        try:
            with urllib.request.urlopen(self.base + path, timeout=patience_s) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    async def until_ready(self) -> None:
        """Waits until it takes visits."""
        end = time.monotonic() + START_S_MAX
        while await asyncio.to_thread(self.status, "/readyz") != 200:
            assert self.process is not None and self.process.poll() is None, f"{self.name} ended: {self.log}"
            assert time.monotonic() < end, f"{self.name} is not ready: {self.log}"
            await asyncio.sleep(0.1)

    def counter(self, name: str) -> float:
        """The sum of one of its numbers."""
        with urllib.request.urlopen(f"{self.base}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        found = (line for line in lines if line.startswith((f"{name} ", f"{name}{{")))
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)

    def kill(self) -> None:
        """Ends it as a crash does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    async def ended(self, patience_s: float) -> int:
        """Its exit code, once it has ended by itself."""
        assert self.process is not None
        return await asyncio.to_thread(self.process.wait, patience_s)


class House:
    """Three nodes, a database and Redis."""

    def __init__(self) -> None:
        OUT.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="telehealth-cluster-"))
        secret = self.folder / "secret"
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_hex(32))
        self.redis = Redis(self.folder)
        self.nodes = {
            name: Node(name, self.folder, self.redis, 20_000 + 16 * number + os.getpid() % 500 * 24)
            for number, name in enumerate("abc")
        }

    async def open(self) -> None:
        """Starts everything. The first node makes the keys that all of them need."""
        self.redis.start()
        first, *others = self.nodes.values()
        first.start("--demo")
        await first.until_ready()
        for node in others:
            shutil.copytree(first.data / "keys", node.data / "keys")
            node.data.chmod(0o700)
            node.start()
        for node in others:
            await node.until_ready()

    async def see_each_other(self) -> None:
        """Waits until every node knows the two others: Redis has all three, and each has a line to each."""
        end = time.monotonic() + START_S_MAX
        while self.redis.ask("HLEN", "telehealth:nodes") != "3":
            assert time.monotonic() < end, "the nodes are not in Redis"
            await asyncio.sleep(0.1)

    def owner(self, room: str) -> Node:
        """Who has a room."""
        lease = self.redis.lease(room)
        assert lease is not None, f"nobody has room {room}"
        return self.nodes[lease[0]]

    def passes(self, room: str) -> tuple[list[str], list[str]]:
        """Passes of two people into a room, whatever its hour; good for ten minutes."""
        node = self.nodes["a"]
        command = [BINARY, "passes", room, "--people", "2", "--each", "20", "--config", str(node.config)]
        told = subprocess.run(
            [*command, "--data-dir", str(node.data)], check=True, capture_output=True, text=True
        )
        lines = told.stdout.split()
        return lines[::2], lines[1::2]

    def close(self) -> None:
        """Ends what still runs."""
        processes = [self.redis.process, *(node.process for node in self.nodes.values())]
        for process in processes:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
