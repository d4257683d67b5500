"""Somebody in a visit who comes back by themselves, as a page does, and notes when they heard something.

What a page does is in web/call: pauses before it comes back (machine/link.rs), looking five times a second
whether media still arrives (pulse.rs), and a second session beside the first when it is asked to move
(machine/beside.rs). This one does the same, except that it makes a new media connection where a page would look
for another way with the one it has (aiortc has no ICE restart).
"""

import asyncio
import bisect
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "interop"))

from clinic import Clinic
from deaf import DEAF
from house import House, Node
from line import Line, Pulse
from media import Look
from signal_client import SignalClient

# What web/call waits before it comes back: 250 ms to 2 s, more after every failure.
PAUSE_S_MIN, PAUSE_S_MAX = 0.25, 2.0
OPEN_S_MAX = 5.0
SILENCE_S_MAX = 12.0
# How often it feels the pulse of its media, and how soon it acts again.
PULSE_S, RESTART_S_MIN = 0.2, 2.0


class Caller:
    """A person with a link, an account, or passes into a visit of another hour."""

    # There is no proxy for this one: pages come from the address of one node, and know others by their ticket.
    home = ""
    # A page of an older version does not know what it is to move.
    knows_move = True

    def __init__(
        self,
        house: House,
        look: Look,
        name: str,
        way: dict[str, str] | None = None,
        passes: Callable[[], str] | None = None,
    ) -> None:
        self.house, self.look, self.name = house, look, name
        self._way = way or {}
        self._passes = passes
        self.heard: list[float] = []
        self.problems: list[str] = []
        self.signal: SignalClient | None = None
        self.line: Line | None = None
        self.node: Node | None = None
        self.resumes = self.entries = self.moves = 0
        self.stage = ""
        self.chat: list[str] = []
        # Which candidates of the server this person's network lets through.
        self.reaches: Callable[[str], bool] = lambda _: True
        self._prefer: list[Node] = []
        self._runner: asyncio.Task[None] | None = None
        self._stopping = self._is_suspect = self._at_once = False
        self._restarted = 0.0
        self._closing: set[asyncio.Task[None]] = set()
        self._beside: tuple[SignalClient, Line] | None = None
        self._place = 0

    def go(self, first: str = "") -> None:
        """Comes in, by this node first."""
        self._prefer = [self.house.nodes[first]] if first else []
        self._runner = asyncio.create_task(self._run())

    async def leave(self) -> None:
        """Goes, and does not come back."""
        self._stopping = True
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        if self._beside is not None:
            second, line = self._beside
            second.drop()
            await line.close()
        for task in self._closing:
            task.cancel()
        if self.line is not None:
            await self.line.close()
        if self.signal is not None:
            await self.signal.close()

    async def through(self, name: str) -> None:
        """Loses the socket and comes back by this node."""
        assert self.signal is not None
        self._prefer = [self.house.nodes[name]]
        await self.signal.close()

    def gap(self, since: float, until: float | None = None) -> float:
        """The longest time in which nothing was heard, in seconds."""
        return max(self.gaps(since, until))

    def gaps(self, since: float, until: float | None = None) -> list[float]:
        """Every time in which nothing was heard, in seconds."""
        end = time.monotonic() if until is None else until
        first, last = bisect.bisect_right(self.heard, since), bisect.bisect_left(self.heard, end)
        times = [since, *self.heard[first:last], end]
        return [later - earlier for earlier, later in zip(times, times[1:])]

    def lost(self, since: float, pause_s: float) -> float:
        """All pauses longer than this, whole, in seconds. One in which this program itself stood still, so that
        less than this is left of it, says nothing of the servers."""
        end = time.monotonic()
        times = [since, *self.heard[bisect.bisect_right(self.heard, since) :], end]
        pauses = ((begin, end) for begin, end in zip(times, times[1:]) if end - begin > pause_s)
        return sum(end - begin for begin, end in pauses if end - begin - DEAF.within(begin, end) > pause_s)

    def hears(self, other: Look) -> bool:
        """Whether the other one's tone is heard now."""
        fresh = bool(self.heard) and time.monotonic() - self.heard[-1] < 0.5
        return fresh and self.line is not None and self.line.ear.hears(other)

    async def _run(self) -> None:
        token, failures = "", 0
        while not self._stopping:
            node = self._prefer.pop(0) if self._prefer else None
            self._at_once = False
            entries = self.resumes + self.entries
            try:
                token = await self._visit(node, token)
            except Exception as error:  # A refused upgrade is of a type of the library's own.
                where = node.name if node else "front"
                self.problems.append(f"{where}: {type(error).__name__} {error}"[:200])
            # Whoever was welcomed begins with short pauses again.
            failures = 0 if self.resumes + self.entries > entries else failures + 1
            if not self._at_once:
                widest = min(PAUSE_S_MAX, PAUSE_S_MIN * 2 ** min(failures + 1, 5))
                await asyncio.sleep(random.uniform(PAUSE_S_MIN, widest))

    async def _visit(self, node: Node | None, token: str) -> str:
        """One socket from its first message to its end; answers with the token to come back with."""
        base = node.base if node else self._base()
        failover = self.signal.failover["ticket"] if self.signal is not None else ""
        shown = f"{token}.{failover}" if failover else token
        auth: dict[str, Any] = {"by": "resume", "token": shown}
        if not token:
            auth = {"by": "ticket", "ticket": await self.ticket(base)}
        self._beside = None
        signal: SignalClient | None = None
        welcomed = False
        try:
            async with asyncio.timeout(OPEN_S_MAX):
                signal = await SignalClient.dial(base, "/signal/v1", self.name)
                if token:
                    auth["last_seq"] = (self.signal.seq or 0) if self.signal is not None else 0
                    signal.seq = None
                await signal.say("hello", version=1, auth=auth)
                kinds = ("welcome", "error", "bye")
                first = await signal.until("greeting", lambda m: m["type"] in kinds)
            if first["type"] != "welcome":
                why = first.get("code") or first["reason"]
                self.problems.append(f"{base}: {why}")
                # A page whose token is not good any more asks for a ticket without a pause.
                self._at_once = bool(token) and why == "unauthorized"
                return "" if why == "unauthorized" else token
            welcomed = True
            self.resumes += bool(token)
            self.entries += not token
            self.signal, self.node = signal, node
            await self._enter(signal)
            await self._stay(signal)
            while self._beside is not None:
                signal.drop()
                signal = self._use_beside()
                await self._stay(signal)
            return signal.resume_token
        finally:
            # A place where nobody greets is left for the next one.
            self._place += not welcomed
            if signal is not None:
                signal.drop()

    def _base(self) -> str:
        """Where this person's page goes now."""
        if not self.home:
            return self.house.front.base
        others = self.signal.failover["nodes"] if self.signal is not None else []
        places = [self.home, *others]
        return str(places[self._place % len(places)])

    async def ticket(self, base: str) -> str:
        """A fresh ticket, as a page gets one."""
        if self._passes is not None:
            # Making new ones takes long, and must keep nobody from hearing.
            return await asyncio.to_thread(self._passes)
        clinic = Clinic(base, patience_s=0)
        if "link" in self._way:
            view = await clinic.expect(200, "POST", "/join", {"token": self._way["link"]})
            return str(view["ticket"])
        clinic.token = self._way["access"]
        path = f"/appointments/{self._way['appointment']}/join"
        answer = await clinic.call("POST", path)
        if answer.status == 401:
            await clinic.sign_in(self._way["email"], self._way["password"])
            self._way["access"] = clinic.token or ""
            answer = await clinic.call("POST", path)
        assert answer.status == 200, answer
        return str(answer.body["ticket"])

    async def _enter(self, signal: SignalClient) -> None:
        """Is in the visit, with the media connection of before if it lives."""
        snapshot = next(m for m in signal.heard if m["type"] == "welcome")["snapshot"]
        self.stage = snapshot["stage"]
        self.chat = [m["text"] for m in snapshot["chat"]]
        if self.stage != "admitted":
            await signal.until_kind("admitted")
            self.stage = "admitted"
        if not await self._line_lives(snapshot.get("connection")):
            await signal.say("media", sources={"microphone": True, "camera": False, "screen": False})
            await self._connect(signal)

    async def _stay(self, signal: SignalClient) -> None:
        """Until the socket closes, says nothing for long, or has to be left for another one."""
        pulse = asyncio.create_task(self._feel(signal))
        beside: asyncio.Task[None] | None = None
        try:
            seen = -1
            while not signal.closed and not pulse.done():
                if len(signal.heard) == seen:
                    return
                fresh, seen = signal.heard[max(seen, 0) :], len(signal.heard)
                if self.knows_move and beside is None and any(it["type"] == "move" for it in fresh):
                    beside = asyncio.create_task(self._begin_beside(signal))
                more = asyncio.create_task(signal.until("more", lambda _: True, seen))
                # That the socket has closed is seen above.
                more.add_done_callback(lambda it: it.cancelled() or it.exception())
                try:
                    await asyncio.wait([more, pulse], timeout=SILENCE_S_MAX, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    more.cancel()
        finally:
            pulse.cancel()
            if beside is not None:
                beside.cancel()

    async def _begin_beside(self, first: SignalClient) -> None:
        """A second session with media where the room goes to; only then is the first one told."""
        base = self.house.front.base
        second: SignalClient | None = None
        line = Line(self.look, [])
        try:
            second = await SignalClient.open(base, "/signal/v1", await self.ticket(base), self.name)
            welcome = await second.until_kind("welcome")
            if welcome["snapshot"]["stage"] != "admitted":
                await second.until_kind("admitted")
            await second.say("media", sources={"microphone": True, "camera": False, "screen": False})
            await second.say("offer", **await line.offer())
            answer = await second.until_kind("answer")
            await line.answer(answer["sdp"])
            await line.flows()
            self._beside = (second, line)
            await first.say("moved")
        except Exception as error:  # A refused upgrade is of a type of the library's own.
            self.problems.append(f"move: {type(error).__name__} {error}"[:200])
        finally:
            if self._beside is None:
                self._close_later(line)
                if second is not None:
                    second.drop()

    def _use_beside(self) -> SignalClient:
        """The second session is the visit from here on, and what is heard is what it brings."""
        assert self._beside is not None
        second, line = self._beside
        self._beside = None
        old, self.line = self.line, line
        line.into(self.heard)
        if old is not None:
            old.into([])
            self._close_later(old)
        self.signal, self.node = second, None
        self.moves += 1
        return second

    async def _line_lives(self, on_server: str | None) -> bool:
        line, suspect = self.line, self._is_suspect
        self._is_suspect = False
        if line is None or line.id != on_server:
            return False
        if not suspect:
            return True
        # A page would look for another way with the same connection, and find that the old one works.
        arrived = line.passed()[1]
        for _ in range(10):
            await asyncio.sleep(0.1)
            if line.passed()[1] != arrived:
                return True
        return False

    async def _feel(self, signal: SignalClient) -> None:
        """Ends when media has stalled and the socket says nothing either."""
        pulse = Pulse()
        while True:
            await asyncio.sleep(PULSE_S)
            if self.line is None or not pulse.feed(self.line.passed()):
                continue
            if time.monotonic() - max(self._restarted, self.line.since) < RESTART_S_MIN:
                continue
            self._restarted = time.monotonic()
            self._is_suspect = self._at_once = True
            self.problems.append("stalled")
            return

    def _reached(self, sdp: str) -> str:
        """An answer with the candidates that can be reached."""
        is_far = lambda line: line.startswith("a=candidate:") and not self.reaches(line.rstrip())
        return "".join(line for line in sdp.splitlines(keepends=True) if not is_far(line))

    async def _connect(self, signal: SignalClient) -> None:
        old, self.line = self.line, Line(self.look, self.heard)
        line = self.line
        if old is not None:
            self._close_later(old)
        await signal.say("offer", **await line.offer())
        answer = await signal.until(
            "answer",
            lambda m: m["type"] == "error" or (m["type"] == "answer" and m["connection"] == line.id),
        )
        assert answer["type"] == "answer", answer
        await line.answer(self._reached(answer["sdp"]))
        line.since = time.monotonic()

    def _close_later(self, line: Line) -> None:
        # Its other end may be dead, and then closing it takes long.
        closing = asyncio.create_task(line.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
