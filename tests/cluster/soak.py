"""An hour with one fault a minute: how many joins succeed, and how much of the visits is lost.

Lost time is judged by who listens: every pause of more than half a second in which somebody hears nothing
counts whole. What the loss of a server with visits costs is told apart from everything else. A join succeeds if
somebody new is in a visit within 15 s, trying again as a page does.
"""

import asyncio
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable

from faults import Faults
from figures import Figures, load, say
from house import House
from rooms import Passes, Room, until
from signal_client import SignalClient
from store import SEED

MINUTES = float(os.environ.get("MINUTES", "60"))
ROOMS = int(os.environ.get("ROOMS", "3"))
MINUTE_S = 60.0
JOIN_EVERY_S = 5.0
JOIN_S_MAX = 15.0
PAUSE_S = 0.5
# After these, nobody has the visits until another server does.
LOSSES = ("owner_killed", "owner_killed_without_redis", "host_vanished", "owner_hung")


class Soak:
    """Visits that go on, people who come, and a fault a minute."""

    def __init__(self) -> None:
        self.figures = Figures("soak")
        self.chance = random.Random(SEED)
        self.house = House()
        self.faults = Faults(self.house, self.figures, self.chance)
        self.start = 0.0
        self.joins: list[bool] = []
        self.failures: list[str] = []
        self.by_fault: dict[str, list[float]] = {}
        self._joining: set[asyncio.Task[None]] = set()

    def kinds(self) -> list[Callable[[], Awaitable[None]]]:
        """What can happen in a minute."""
        faults = self.faults
        return [
            faults.owner_killed,
            faults.signaling_killed,
            faults.host_vanished,
            faults.owner_hung,
            faults.owner_killed_without_redis,
            self.drained,
            self.redis_killed,
            self.redis_hangs,
            self.database_late,
            self.database_hangs,
            self.database_refuses,
        ]

    async def drained(self) -> None:
        """a node is drained and started again"""
        node = self.faults.an_owner()
        start = time.monotonic()
        node.send(signal.SIGTERM)
        assert await node.ended(100) == 0
        node.start()
        await node.until_ready()
        await until("sound everywhere", self.faults.all_talk)
        gaps = [person.gap(start) for room in self.faults.rooms for person in room.people]
        self.figures.note("drained: media gap", max(gaps))

    async def redis_killed(self) -> None:
        """Redis is killed, and an empty one comes after ten seconds"""
        self.house.redis.send(signal.SIGKILL)
        await asyncio.sleep(10)
        self.house.redis.start()

    async def redis_hangs(self) -> None:
        """Redis hangs for ten seconds"""
        await self._store("redis hang", 10)

    async def database_late(self) -> None:
        """the database is late by up to ten seconds, for ten seconds"""
        await self._store("postgres delay 0 5", 10)

    async def database_hangs(self) -> None:
        """the database hangs for five seconds"""
        await self._store("postgres hang", 5)

    async def database_refuses(self) -> None:
        """the database refuses connections for ten seconds"""
        await self._store("postgres cut", 10)

    async def _store(self, order: str, seconds: float) -> None:
        self.house.ways.order(order)
        await asyncio.sleep(seconds)
        self.house.ways.order(f"{order.split()[0]} pass")

    async def run(self) -> None:
        """All minutes."""
        await self.faults.open(ROOMS)
        await self.faults.settle()
        self.start = time.monotonic()
        kinds: list[Callable[[], Awaitable[None]]] = []
        joiner = asyncio.create_task(self._join_again_and_again())
        minute = 0
        while time.monotonic() - self.start < MINUTES * MINUTE_S:
            kinds = kinds or self.chance.sample(self.kinds(), len(self.kinds()))
            kind = kinds.pop()
            begin = self.start + minute * MINUTE_S
            await asyncio.sleep(max(0.0, begin + self.chance.uniform(1, 10) - time.monotonic()))
            before = time.monotonic()
            try:
                await self.faults.settle()
                await asyncio.wait_for(kind(), 240)
                await until("sound everywhere", self.faults.all_talk)
            except Exception as error:
                traceback.print_exc()
                self.failures.append(f"{kind.__name__}: {type(error).__name__} {error}"[:400])
                self.figures.fact("failures", self.failures)
                self.faults.mend()
            lost = sum(self._lost(room, before) for room in self.faults.rooms)
            self.by_fault.setdefault(kind.__name__, []).append(round(lost, 2))
            minute += 1
            self.judge()
            say(f"minute {minute} {kind.__name__}: {lost:.1f} s lost; {self.figures.facts['soak']}")
        joiner.cancel()

    def _lost(self, room: Room, since: float) -> float:
        """Seconds of people in which they heard nothing."""
        return sum(person.lost(since, PAUSE_S) for person in room.people)

    async def _join_again_and_again(self) -> None:
        make = lambda room: asyncio.to_thread(Passes, self.house, room.id, 3)
        passes = [await make(room) for room in self.faults.rooms]
        while True:
            await asyncio.sleep(JOIN_EVERY_S)
            chosen = self.chance.choice(passes)
            await chosen.renew()
            task = asyncio.create_task(self._join(chosen))
            self._joining.add(task)
            task.add_done_callback(self._joining.discard)

    async def _join(self, passes: Passes) -> None:
        try:
            async with asyncio.timeout(JOIN_S_MAX):
                while not await self._comes_in(await asyncio.to_thread(passes.take, 2)):
                    await asyncio.sleep(random.uniform(0.25, 1.0))
            self.joins.append(True)
        except TimeoutError:
            self.joins.append(False)

    async def _comes_in(self, ticket: str) -> bool:
        client: SignalClient | None = None
        try:
            async with asyncio.timeout(5):
                client = await SignalClient.open(self.house.front.base, "/signal/v1", ticket, "guest")
                kinds = ("welcome", "error", "bye")
                first = await client.until("greeting", lambda m: m["type"] in kinds)
                welcomed = first["type"] == "welcome"
                if welcomed:
                    await client.say("leave")
                return welcomed
        except Exception:  # A refused upgrade is of a type of the library's own.
            return False
        finally:
            if client is not None:
                client.drop()

    def judge(self) -> None:
        """Says how it stands, and writes it down."""
        took = time.monotonic() - self.start
        people = sum(len(room.people) for room in self.faults.rooms)
        lost = sum(self._lost(room, self.start) for room in self.faults.rooms)
        of_losses = sum(sum(costs) for kind, costs in self.by_fault.items() if kind in LOSSES)
        joins = len(self.joins)
        self.figures.fact("joins", joins)
        self.figures.fact("join success", sum(self.joins) / joins if joins else 0)
        self.figures.fact("lost participant-minutes", lost / (took * people))
        self.figures.fact("lost with a server", of_losses / (took * people))
        self.figures.fact("participant-minutes", round(took * people / 60, 1))
        self.figures.fact("seconds lost by fault", self.by_fault)
        self.figures.fact(
            "soak",
            f"{took / 60:.0f} minutes, {people} people, {joins} joins, "
            f"{100 * self.figures.facts['join success']:.2f} % of them succeeded; "
            f"{100 * self.figures.facts['lost participant-minutes']:.2f} % lost, "
            f"{100 * self.figures.facts['lost with a server']:.2f} % with a server; load {load():.0f}",
        )
        self.figures.keep()


async def main() -> int:
    """Runs the hour; what it measured is told, not judged: see docs/reliability.md."""
    soak = Soak()
    passed = True
    try:
        await soak.run()
    except Exception:
        traceback.print_exc()
        passed = False
    finally:
        if soak.start:
            soak.judge()
        await soak.faults.close()
    print(soak.figures.table())
    print("1 passed, 0 failed" if passed else "0 passed, 1 failed")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
