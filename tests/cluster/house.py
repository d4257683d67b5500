"""Servers of one clinic, each on a machine of its own as far as the network goes."""

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from deaf import DEAF
from store import Front, Redis, Ways

BINARY = os.environ["TELEHEALTH_BIN"]
NETWORK = os.environ["CLUSTER_NETWORK"]
OUT = Path(os.environ.get("LOGS", "tests/out")).absolute()
# What logs of this run are called, so that two can go on at once.
RUN = os.environ.get("CLUSTER_RUN", "cluster")
START_S_MAX = 120
WEB, PEERS, OPS, MEDIA, EDGE = 8080, 7700, 9090, 3478, 3577
# Where people reach each node by itself.
ORIGINS = [f"http://10.78.0.{number}:{WEB}" for number in (1, 2, 3)]


class Node:
    """One server in the namespace of its name, which tests/run-cluster made."""

    def __init__(
        self, name: str, address: str, folder: Path, ways: Ways, region: str = "", pages: bool = False
    ) -> None:
        self.name = name
        self.data = folder / name
        self.address = address
        self.base = f"http://{address}:{WEB}"
        self.binary = BINARY
        # What it does, with commas between; everything without.
        self.roles = ""
        self.log = OUT / f"{RUN}-{name}.log"
        self.log.unlink(missing_ok=True)
        self.process: subprocess.Popen[bytes] | None = None
        self.config = folder / f"{name}.toml"
        site = f'region = "{region}"\nedge = {{ udp_port = {EDGE}, advertise = ["{address}"] }}\n'
        own = f'pages = "{self.base}"\n' if pages else ""
        known = f"[signaling]\nallowed_origins = {ORIGINS}\n" if pages else ""
        self.config.write_text(
            "[http]\nplain_http = true\nbehind_proxy = true\n"
            f'ops_bind = "{address}:{OPS}"\n[store]\nurl = "{ways.postgres_url}"\n'
            f'[cluster]\nnode = "{name}"\nbind = "{address}:{PEERS}"\n'
            f'redis_urls = ["{ways.redis_url}"]\nsecret_file = "{folder / "secret"}"\ndrain_notice_s = 4\n'
            f'{own}{site if region else ""}{known}'
        )

    def start(self, demo: bool = False) -> None:
        """Starts it; it is ready some seconds later. With a demo clinic it serves its own machine only."""
        web = "127.0.0.1" if demo else self.address
        options = ["--demo"] if demo else ["--only", self.roles] if self.roles else []
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    "nsenter", f"--net=/run/netns/{NETWORK}-{self.name}",
                    self.binary, "serve", *options, "--config", str(self.config),
                    "--bind", f"{web}:{WEB}", "--data-dir", str(self.data),
                    "--web-dir", os.environ["WEB_DIR"], "--udp-port", str(MEDIA),
                ],
                stderr=log,
                stdout=log,
            )

    def status(self, path: str, patience_s: float = 5) -> int:
        """The status of a page for operators; 0 without an answer."""
        try:
            with urllib.request.urlopen(f"http://{self.address}:{OPS}{path}", timeout=patience_s) as answer:
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

    async def come_back(self) -> None:
        """Starts it again, and waits."""
        self.start()
        await self.until_ready()

    def counter(self, name: str) -> float:
        """The sum of one of its numbers."""
        with urllib.request.urlopen(f"http://{self.address}:{OPS}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        found = (line for line in lines if line.startswith((f"{name} ", f"{name}{{")))
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)

    def send(self, what: signal.Signals) -> None:
        """Stops or continues it, or asks it to end."""
        assert self.process is not None
        self.process.send_signal(what)

    def kill(self) -> None:
        """Ends it as a crash does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def vanish(self) -> None:
        """Cuts its cable: nothing comes and nothing goes, and nobody is told."""
        self._bridge("0")

    def appear(self) -> None:
        """Plugs the cable in."""
        self._bridge("3")

    def _bridge(self, state: str) -> None:
        # The state of the bridge's port: 0 is disabled, 3 is forwarding.
        subprocess.run(["bridge", "link", "set", "dev", f"node-{self.name}", "state", state], check=True)

    async def ended(self, patience_s: float) -> int:
        """Its exit code, once it has ended by itself."""
        assert self.process is not None
        return await asyncio.to_thread(self.process.wait, patience_s)


class House:
    """Nodes, a database, Redis, the ways to them, and the proxy in front of nodes that people come to."""

    def __init__(
        self,
        roles: dict[str, str] | None = None,
        doors: str = "abc",
        regions: dict[str, str] | None = None,
        pages: bool = False,
    ) -> None:
        OUT.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="telehealth-cluster-"))
        secret = self.folder / "secret"
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_hex(32))
        self.redis = Redis(self.folder)
        self.ways = Ways(self.redis)
        self.nodes = {
            name: Node(name, f"10.78.0.{number}", self.folder, self.ways, (regions or {}).get(name, ""), pages)
            for number, name in enumerate("abc", 1)
        }
        for name, chosen in (roles or {}).items():
            self.nodes[name].roles = chosen
        addresses = [f"{self.nodes[name].address}:{WEB}" for name in doors]
        self.front = Front(self.folder, addresses, OUT / f"{RUN}-front.log")

    async def open(self, binary: str = BINARY) -> None:
        """Starts everything. The first node makes the clinic, and the keys that all of them need."""
        DEAF.watch()
        self.redis.start()
        for node in self.nodes.values():
            node.binary = binary
        first, *others = self.nodes.values()
        first.start(demo=True)
        await first.until_ready()
        first.kill()
        for node in others:
            shutil.copytree(first.data / "keys", node.data / "keys")
            node.data.chmod(0o700)
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            await node.until_ready()
        self.front.start()
        await self.front.until_open()

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

    def passes(self, room: str, people: int = 2) -> list[list[str]]:
        """Passes of new people into a room, whatever its hour; good for ten minutes. The first is a doctor."""
        node = self.nodes["a"]
        command = [BINARY, "passes", room, "--people", str(people), "--each", "20", "--config", str(node.config)]
        told = subprocess.run(
            [*command, "--data-dir", str(node.data)], check=True, capture_output=True, text=True
        )
        lines = told.stdout.split()
        return [lines[number::people] for number in range(people)]

    def close(self) -> None:
        """Ends what still runs."""
        self.front.close()
        processes = [self.redis.process, *(node.process for node in self.nodes.values())]
        for process in processes:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        self.ways.close()
        shutil.rmtree(self.folder, ignore_errors=True)
