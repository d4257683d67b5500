"""Traces of two servers, as a collector gets them."""

import asyncio
import base64
import json
import secrets
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from collector import Collector, Told
from house import BINARY, House
from steps import Step, play
from websockets.asyncio.client import connect

sys.path.insert(0, str(Path(__file__).parent.parent / "interop"))

from clinic import Clinic

PASSWORD = "demo-clinic-2026"
PATIENCE_S = 60
SAID = "Bonjour, comment allez-vous"
# Where the people of tests/run-cluster are.
HERE = "10.78.0.254"
SERVER, CLIENT, INTERNAL = 2, 3, 1
ATTRIBUTES = {
    "http.request.method", "http.response.status_code", "http.route",
    "telehealth.message", "telehealth.outcome", "telehealth.way",
}


async def until(what: str, wanted: Callable[[], Any]) -> Any:
    """Waits until something is there; answers with it."""
    end = time.monotonic() + PATIENCE_S
    while not (found := wanted()):
        assert time.monotonic() < end, f"no {what} in {PATIENCE_S} s"
        await asyncio.sleep(0.05)
    return found


class Traces:
    """The steps in order."""

    def __init__(self) -> None:
        secret = f"Bearer {secrets.token_hex(16)}"
        self.collector = Collector(HERE, secret)
        self.house = House()
        del self.house.nodes["c"]
        headers = self.house.folder / "otlp"
        headers.write_text(f"Authorization: {secret}\n")
        for node in self.house.nodes.values():
            with node.config.open("a") as config:
                config.write(
                    f'[telemetry]\notlp_endpoint = "http://{HERE}:{self.collector.port}"\n'
                    f'otlp_headers_file = "{headers}"\n[log]\nfilter = "debug"\n'
                )
        # Whatever was said or given to anybody meanwhile.
        self.secrets: set[str] = {secret, PASSWORD, "Toux", "@demo.clinic", SAID}

    def steps(self) -> list[Step]:
        """Every step; the docstring is its name."""
        return [self.open, self.request, self.join, self.quiet, self.away, self.status]

    async def open(self) -> None:
        """two servers start, and tell their traces to a collector"""
        await self.house.open()
        a = self.house.nodes["a"]
        self.doctor, self.patient = Clinic(a.base), Clinic(a.base)
        await self.doctor.sign_in("doctor@demo.clinic", PASSWORD)
        await self.patient.sign_in("patient@demo.clinic", PASSWORD)
        for one in (self.doctor, self.patient):
            assert one.token
            self._secret(one.me)
            self.secrets.update((one.token, one.token.split(".")[1]))

    def _secret(self, of: Any) -> None:
        """Remembers every name, address, token and id in an answer."""
        match of:
            case dict():
                for key, value in of.items():
                    if key in ("role", "language", "status", "state", "kind", "mode"):
                        continue
                    self._secret(value)
            case list():
                for value in of:
                    self._secret(value)
            case str() if len(of) >= 6:
                self.secrets.add(of)

    async def request(self) -> None:
        """a request continues the trace of whoever asks, with the statements that it runs below it"""
        trace, parent, unwanted = secrets.token_hex(16), secrets.token_hex(8), secrets.token_hex(16)
        await self._ask(f"00-{unwanted}-{parent}-00")
        await self._ask(f"00-{trace}-{parent}-01")
        name = "GET /api/v1/appointments"
        await until("request", lambda: [it for it in self.collector.of(trace) if it.name == name])
        spans = self.collector.of(trace)
        [top] = [it for it in spans if it.name == name]
        assert (top.parent, top.kind, top.node, top.failed) == (parent, SERVER, "a", False), top
        assert top.attributes == {
            "http.request.method": "GET",
            "http.route": "/api/v1/appointments",
            "http.response.status_code": 200,
        }, top
        inside = [it for it in spans if it is not top]
        assert inside, "no statement is below the request"
        for span in inside:
            assert span.name.startswith(("clinical_store::", "store::")) and span.kind == CLIENT, span
            assert span.parent == top.span and not span.attributes, span
            assert top.begin_ns <= span.begin_ns <= span.end_ns, span
        assert {"store::read", "store::look"} & {it.name for it in inside}, inside
        assert any(it.name.endswith("::fetch_all") for it in inside), inside
        assert not self.collector.of(unwanted), "whoever asked did not want to be traced"

    async def _ask(self, traceparent: str) -> None:
        now_us = int(time.time() * 1_000_000)
        path = f"/api/v1/appointments?from_us={now_us}&to_us={now_us + 86_400_000_000}"
        request = urllib.request.Request(f"{self.house.nodes['a'].base}{path}")
        request.add_header("Authorization", f"Bearer {self.patient.token}")
        request.add_header("traceparent", traceparent)
        with await asyncio.to_thread(urllib.request.urlopen, request) as answer:
            self._secret(json.loads(answer.read()))

    async def join(self) -> None:
        """somebody who comes in by one server into a room of the other is one trace across both"""
        appointment = await self.patient.book_next(self.doctor.me["id"])
        self._secret(appointment)
        by = self.house.nodes
        view = await self.doctor.expect(200, "POST", f"/appointments/{appointment['id']}/join")
        first = await self._enter(by["a"].base, view)
        owner = self.house.owner(appointment["room"])
        other = by["b" if owner is by["a"] else "a"]
        link = await Clinic(other.base).expect(200, "POST", "/join", {"token": appointment["link"]["token"]})
        trace, parent = secrets.token_hex(16), secrets.token_hex(8)
        second = await self._enter(other.base, link, f"00-{trace}-{parent}-01")
        await until("join", lambda: [it for it in self.collector.of(trace) if it.name == "signal.join"])
        await until("socket", lambda: [it for it in self.collector.of(trace) if it.parent == parent])

        def one(name: str, node: str) -> Told:
            [span] = [it for it in self.collector.of(trace) if (it.name, it.node) == (name, node)]
            return span

        top = one("GET /signal/v1", other.name)
        assert top.attributes["http.response.status_code"] == 101, top
        carry = one("cluster.carry", other.name)
        assert (carry.parent, carry.kind, carry.attributes) == (top.span, CLIENT, {"telehealth.way": "elsewhere"})
        door = one("GET /cluster/v1/signal", owner.name)
        assert (door.parent, door.kind) == (carry.span, SERVER), door
        settled = one("signal.join", owner.name)
        assert (settled.parent, settled.kind) == (door.span, INTERNAL), settled
        assert settled.attributes == {"telehealth.outcome": "room"}, settled
        below = [it for it in self.collector.of(trace) if it.parent == settled.span]
        assert below, "the ticket was spent without a statement"
        await first.send(json.dumps({"type": "chat", "id": str(uuid.uuid4()), "text": SAID}))
        wanted = {"telehealth.message": "chat"}
        said = await until(
            "message", lambda: [it for it in self.collector.named("signal.message") if it.attributes == wanted]
        )
        [message] = said
        assert (message.node, message.parent, message.kind) == (owner.name, "", SERVER), message
        stored = [it for it in self.collector.of(message.trace) if it is not message]
        assert {it.name for it in stored} >= {"store::begin", "store::commit"}, stored
        for socket in (first, second):
            await socket.close()

    async def _enter(self, base: str, view: dict[str, Any], traceparent: str = "") -> Any:
        self._secret(view)
        claims = base64.urlsafe_b64decode(view["ticket"].split(".")[1] + "==")
        self._secret(json.loads(claims))
        headers = {"traceparent": traceparent} if traceparent else {}
        url = base.replace("http", "ws", 1) + view["signal_path"]
        socket = await connect(url, compression=None, proxy=None, additional_headers=headers)
        auth = {"by": "ticket", "ticket": view["ticket"]}
        await socket.send(json.dumps({"type": "hello", "version": 1, "auth": auth}))
        frame = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))
        assert frame["message"]["type"] in ("welcome", "lobby", "waiting"), frame["message"]["type"]
        self._secret(frame["message"])
        return socket

    async def quiet(self) -> None:
        """nothing that was sent names anybody, and only listed attributes are in it"""
        raw = bytes(self.collector.raw)
        # What the answers and the routes have in common by their nature.
        plain = {"appointments", "/signal/v1", "telehealth", "patient"}
        found = {it for it in self.secrets - plain if it.encode() in raw}
        assert not found, f"{len(found)} in spans, such as {sorted(found)[:3]}"
        # Ids travel as text and as bytes.
        ids = [it for it in self.secrets if len(it) == 36 and it.count("-") == 4]
        assert ids, "no id was seen: the search proves nothing"
        assert not [it for it in ids if bytes.fromhex(it.replace("-", "")) in raw]
        assert len(self.secrets) > 20 and "Toux depuis trois jours" in self.secrets
        keys = {key for span in self.collector.spans for key in span.attributes}
        assert keys <= ATTRIBUTES, keys - ATTRIBUTES
        assert not self.collector.problems, self.collector.problems[:3]
        logs = [node.log.read_text() for node in self.house.nodes.values()]
        assert not any("http.request.method" in log or "trace.id" in log for log in logs), "spans are in the log"

    async def away(self) -> None:
        """a collector that refuses or does not answer costs nobody an answer; what is lost is counted"""
        node = self.house.nodes["a"]
        lost = "telemetry_spans_unsent_total"
        self.collector.status = 503
        before = node.counter(lost)
        await self.patient.expect(200, "GET", "/me")
        await until("lost spans", lambda: node.counter(lost) > before)
        self.collector.status = 200
        self.collector.forget()
        await until("new spans", self._again)
        before = node.counter(lost)
        self.collector.hold.clear()
        # While the collector says nothing, every request is answered.
        answers = await asyncio.gather(*(self.patient.call("GET", "/me") for _ in range(64)))
        assert all(it.status in (200, 429) for it in answers), answers
        await until("lost spans", lambda: node.counter(lost) > before)
        self.collector.hold.set()
        self.collector.forget()
        await until("new spans", self._again)
        log = node.log.read_text()
        assert log.count("the collector of traces takes none") <= 4, "the log repeats itself"

    async def status(self) -> None:
        """what works is told without a database, in both languages, and says nothing of machines"""
        pages = {it: await self._page(it) for it in ("fr", "en")}
        assert 'data-state="working"' in pages["fr"] and "Everything works." in pages["en"]
        self.house.ways.order("postgres hang")
        try:
            end = time.monotonic() + PATIENCE_S
            while "Nobody can sign in now." not in (page := await self._page("en")):
                assert time.monotonic() < end, page
                await asyncio.sleep(0.2)
            pages["gone"] = page
        finally:
            self.house.ways.order("postgres pass")
        about = (self.house.nodes["a"].address, "PostgreSQL", "Redis", self._version())
        for page in pages.values():
            assert "<script" not in page and not [it for it in about if it in page], page

    def _version(self) -> str:
        told = subprocess.run([BINARY, "--version"], check=True, capture_output=True, text=True)
        return told.stdout.split()[-1]

    async def _page(self, language: str) -> str:
        return await asyncio.to_thread(self._read, f"/status?lang={language}")

    def _read(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.house.nodes['a'].base}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def _again(self) -> list[Told]:
        with urllib.request.urlopen(f"{self.house.nodes['a'].base}/login", timeout=30) as answer:
            answer.read()
        return self.collector.named("GET pages")

    async def close(self) -> None:
        """Ends what runs."""
        self.collector.hold.set()
        self.house.close()


async def main() -> int:
    """Plays every step."""
    traces = Traces()
    return await play(traces.steps(), traces.close)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
