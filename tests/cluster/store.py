"""What all nodes share: Redis, the way to it and to PostgreSQL, and the proxy that people come by."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

HUB = "10.78.0.254"
HERE = Path(__file__).parent
POSTGRES = os.environ["TEST_POSTGRES_URL"]
SEED = int(os.environ.get("SEED", "1"))


def free_tcp(address: str = HUB) -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


class Redis:
    """A Redis without files: what it forgets is gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_tcp("127.0.0.1")
        self.process: subprocess.Popen[bytes] | None = None

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


class Ways:
    """The ways of the nodes to PostgreSQL and to Redis, each through proxy.py."""

    def __init__(self, redis: Redis) -> None:
        database = urllib.parse.urlsplit(POSTGRES)
        postgres_port, redis_port = free_tcp(), free_tcp()
        self._process = subprocess.Popen(
            [
                sys.executable, str(HERE / "proxy.py"), HUB, str(SEED),
                f"postgres={postgres_port}:{database.hostname}:{database.port}",
                f"redis={redis_port}:127.0.0.1:{redis.port}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._answer() == "ready"
        netloc = f"{database.username}@{HUB}:{postgres_port}"
        self.postgres_url = database._replace(netloc=netloc).geturl()
        self.redis_url = f"redis://{HUB}:{redis_port}"

    def order(self, line: str) -> None:
        """As proxy.py says; it holds when this returns."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        assert self._answer() == line

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait()


class Front:
    """Caddy with deploy/proxy/Caddyfile.cluster in front of all nodes."""

    def __init__(self, folder: Path, nodes: list[str], log: Path) -> None:
        self.base = f"http://{HUB}:{free_tcp()}"
        self._log = log
        self._environment = {
            **os.environ, "SITE": self.base, "NODES": " ".join(nodes),
            "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it."""
        example = HERE.parent.parent / "deploy/proxy/Caddyfile.cluster"
        file = Path(os.environ.get("CADDYFILE", example))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)],
                env=self._environment, stdout=log, stderr=log,
            )

    async def until_open(self) -> None:
        """Waits until it takes connections."""
        host, _, port = self.base.removeprefix("http://").partition(":")
        end = time.monotonic() + 60
        while True:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except OSError:
                assert time.monotonic() < end, f"the proxy is not there: {self._log}"
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return

    def close(self) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
