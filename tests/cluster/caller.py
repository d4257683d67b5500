"""Somebody in a visit who comes back by themselves, as a page does, and notes when they heard something."""

import asyncio
import random
import sys
import time
import uuid
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "interop"))

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import candidate_from_sdp
from clinic import Clinic
from house import House, Node
from media import Ear, Look, Microphone
from signal_client import SignalClient

# What web/call waits before it comes back: 250 ms to 2 s, more after every failure.
PAUSE_S_MIN, PAUSE_S_MAX = 0.25, 2.0
SILENCE_S_MAX = 12.0


class Line:
    """One media connection: own microphone up, one slot down."""

    def __init__(self, look: Look, heard: list[float]) -> None:
        self.id = str(uuid.uuid4())
        self.ear = Ear()
        self._heard = heard
        self._watcher: asyncio.Task[None] | None = None
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self._connection = RTCPeerConnection(configuration)
        self._up = self._connection.addTransceiver(Microphone(look), direction="sendonly")
        self._down = self._connection.addTransceiver("audio", direction="recvonly")

    async def offer(self) -> dict[str, Any]:
        """The fields of an Offer message."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return {
            "connection": self.id,
            "offer_no": 1,
            "sdp": self._connection.localDescription.sdp,
            "sources": [{"mid": self._up.mid, "source": "microphone"}],
        }

    async def answer(self, sdp: str) -> None:
        """Takes the server's answer, with its candidates, and listens."""
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        for text in sdp.split("m=", 2)[1].splitlines():
            if text.startswith("a=candidate:"):
                candidate = candidate_from_sdp(text.removeprefix("a=candidate:"))
                candidate.sdpMid = self._up.mid
                await self._connection.addIceCandidate(candidate)
        await self._connection.addIceCandidate(None)
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        try:
            while True:
                frame = await self._down.receiver.track.recv()
                self._heard.append(time.monotonic())
                self.ear.hear(frame)
        except MediaStreamError:
            return

    async def close(self) -> None:
        """Ends the connection."""
        if self._watcher is not None:
            self._watcher.cancel()
        await self._connection.close()


class Caller:
    """A person with a link, an account, or passes into a visit of another hour."""

    def __init__(
        self,
        house: House,
        look: Look,
        name: str,
        way: dict[str, str],
        passes: list[str] | None = None,
    ) -> None:
        self.house, self.look, self.name = house, look, name
        self._way = way
        self._passes = passes
        self.heard: list[float] = []
        self.problems: list[str] = []
        self.signal: SignalClient | None = None
        self.line: Line | None = None
        self.node: Node | None = None
        self.resumes = self.entries = 0
        self.stage = ""
        self.chat: list[str] = []
        self._prefer: list[str] = []
        self._runner: asyncio.Task[None] | None = None
        self._stopping = False
        self._closing: list[asyncio.Task[None]] = []

    def go(self, first: str) -> None:
        """Comes in by this node first."""
        self._prefer = [first]
        self._runner = asyncio.create_task(self._run())

    async def leave(self) -> None:
        """Goes, and does not come back."""
        self._stopping = True
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        for task in self._closing:
            task.cancel()
        if self.line is not None:
            await self.line.close()
        if self.signal is not None:
            await self.signal.close()

    async def through(self, name: str) -> None:
        """Loses the socket and comes back by this node."""
        assert self.signal is not None
        self._prefer = [name]
        await self.signal.close()

    def gap(self, since: float, until: float | None = None) -> float:
        """The longest time in which nothing was heard, in seconds."""
        end = time.monotonic() if until is None else until
        times = [since, *(at for at in self.heard if since < at < end), end]
        return max(later - earlier for earlier, later in zip(times, times[1:]))

    def hears(self, other: Look) -> bool:
        """Whether the other one's tone is heard now."""
        fresh = bool(self.heard) and time.monotonic() - self.heard[-1] < 0.5
        return fresh and self.line is not None and self.line.ear.hears(other)

    async def _run(self) -> None:
        token, failures = "", 0
        while not self._stopping:
            node = self._next()
            try:
                token = await self._visit(node, token)
                failures = 0
            except (OSError, AssertionError, asyncio.TimeoutError, ConnectionError) as error:
                self.problems.append(f"{node.name}: {type(error).__name__} {error}"[:200])
                failures += 1
            except Exception as error:  # A refused upgrade is of a type of the library's own.
                self.problems.append(f"{node.name}: {type(error).__name__} {error}"[:200])
                failures += 1
            widest = min(PAUSE_S_MAX, PAUSE_S_MIN * 2 ** min(failures + 1, 5))
            await asyncio.sleep(random.uniform(PAUSE_S_MIN, widest))

    def _next(self) -> Node:
        # A load balancer skips who does not listen; which of the others it takes is chance.
        if self._prefer:
            return self.house.nodes[self._prefer.pop(0)]
        living = [node for node in self.house.nodes.values() if node.status("/livez", 0.3) == 200]
        return random.choice(living or list(self.house.nodes.values()))

    async def _visit(self, node: Node, token: str) -> str:
        """One socket from its first message to its end; answers with the token to come back with."""
        if token:
            signal = await SignalClient.dial(node.base, "/signal/v1", self.name)
            last = self.signal.seq if self.signal is not None else 0
            signal.seq = None
            auth = {"by": "resume", "token": token, "last_seq": last}
            await signal.say("hello", version=1, auth=auth)
        else:
            view = await self.ticket(node)
            signal = await SignalClient.dial(node.base, "/signal/v1", self.name)
            auth = {"by": "ticket", "ticket": view["ticket"]}
            await signal.say("hello", version=1, auth=auth)
        try:
            async with asyncio.timeout(5):
                kinds = ("welcome", "error", "bye")
                first = await signal.until("greeting", lambda m: m["type"] in kinds)
            if first["type"] != "welcome":
                why = first.get("code") or first["reason"]
                self.problems.append(f"{node.name}: {why}")
                return "" if why == "unauthorized" else token
            self.resumes += bool(token)
            self.entries += not token
            self.signal, self.node = signal, node
            await self._take_part(signal, fresh=not token)
            return signal.resume_token
        finally:
            await signal.close()

    async def ticket(self, node: Node) -> dict[str, Any]:
        """A fresh ticket, as a page gets one."""
        if self._passes:
            return {"ticket": self._passes.pop()}
        clinic = Clinic(node.base)
        if "link" in self._way:
            return dict(await clinic.expect(200, "POST", "/join", {"token": self._way["link"]}))
        clinic.token = self._way["access"]
        path = f"/appointments/{self._way['appointment']}/join"
        answer = await clinic.call("POST", path)
        if answer.status == 401:
            await clinic.sign_in(self._way["email"], self._way["password"])
            self._way["access"] = clinic.token or ""
            answer = await clinic.call("POST", path)
        assert answer.status == 200, answer
        return dict(answer.body)

    async def _take_part(self, signal: SignalClient, fresh: bool) -> None:
        """Until the socket closes or says nothing for long."""
        snapshot = next(m for m in signal.heard if m["type"] == "welcome")["snapshot"]
        self.stage = snapshot["stage"]
        self.chat = [m["text"] for m in snapshot["chat"]]
        if self.stage != "admitted":
            await signal.until_kind("admitted")
            self.stage = "admitted"
        if fresh or self.line is None:
            await signal.say("media", sources={"microphone": True, "camera": False, "screen": False})
            await self._connect(signal)
        seen = -1
        while not signal.closed:
            if len(signal.heard) == seen:
                return
            seen = len(signal.heard)
            try:
                async with asyncio.timeout(SILENCE_S_MAX):
                    await signal.until("more", lambda _: True, seen)
            except (TimeoutError, AssertionError):
                continue

    async def _connect(self, signal: SignalClient) -> None:
        old, self.line = self.line, Line(self.look, self.heard)
        line = self.line
        await signal.say("offer", **await line.offer())
        answer = await signal.until(
            "answer",
            lambda m: m["type"] == "error" or (m["type"] == "answer" and m["connection"] == line.id),
        )
        assert answer["type"] == "answer", answer
        await line.answer(answer["sdp"])
        if old is not None:
            # Its other end may be dead, and then closing it takes long.
            self._closing.append(asyncio.create_task(old.close()))
