"""The database is late, hangs, is gone and comes back while 100 requests a second come, and visits go on."""

import asyncio
import os
import random
import sys
import time
import traceback

from faults import Faults
from figures import Figures, load, say
from house import House, Node
from load import PROMISE_S, Asked, Load, told
from rooms import until
from store import SEED

RATE = float(os.environ.get("RATE", "100"))
# How long each fault lasts, and how long both stores are away at the end; 0 leaves them out.
SECONDS = float(os.environ.get("FAULT_SECONDS", "60"))
AWAY_MINUTES = float(os.environ.get("AWAY_MINUTES", "5"))
HEALS_S_MAX = 10.0
# A word of the fault that is wanted.
ONLY = os.environ.get("ONLY", "")


class Database:
    """The steps."""

    def __init__(self) -> None:
        self.figures = Figures("database" if SECONDS else "away")
        self.chance = random.Random(SEED)
        self.house = House()
        self.faults = Faults(self.house, self.figures, self.chance)
        self.load = Load(self.house.front.base, self.chance, RATE)
        self.wrong: list[str] = []

    async def run(self) -> None:
        """All steps."""
        await self.faults.open(2)
        await self.faults.settle()
        await self.load.start()
        start = time.monotonic()
        await asyncio.sleep(20)
        self._tell("nothing is wrong", self.load.since(start))
        orders = (
            ("late by 0 to 10 s", "postgres delay 0 5"),
            ("hangs", "postgres hang"),
            ("refuses", "postgres cut"),
            ("is gone without a word", "postgres lose"),
        )
        for name, order in ((name, order) for name, order in orders if SECONDS and ONLY in name):
            await self._fault(f"the database {name}", [order], SECONDS)
        if AWAY_MINUTES > 0:
            both = ["postgres hang", "redis hang"]
            await self._fault("database and Redis are away", both, AWAY_MINUTES * 60)
        await self.load.stop()

    async def _fault(self, name: str, orders: list[str], seconds: float) -> None:
        """One fault: nobody waits longer than promised, visits go on, people come back into them."""
        await until("sound everywhere", self.faults.all_talk)
        lines = [room.lines() for room in self.faults.rooms]
        start = time.monotonic()
        for order in orders:
            self.house.ways.order(order)
        # People come back by every node, soon after it began and when it has lasted.
        for part in (0.1, 0.8):
            await asyncio.sleep(max(0.0, start + part * seconds - time.monotonic()))
            for node in self.house.nodes.values():
                await self._back_by(node, name)
        await asyncio.sleep(max(0.0, start + seconds - time.monotonic()))
        end = time.monotonic()
        for order in orders:
            self.house.ways.order(f"{order.split()[0]} pass")
        healed = await self._healed(end)
        self.figures.note(f"{name}: until requests are done again", healed)
        if healed > HEALS_S_MAX:
            self.wrong.append(f"{name}: requests failed for {healed:.1f} s after it")
        self._tell(name, self.load.since(start, end))
        await until("sound everywhere", self.faults.all_talk)
        for room in self.faults.rooms:
            for person in room.people:
                self.figures.note(f"{name}: media gap", person.gap(start))
        if [room.lines() for room in self.faults.rooms] != lines:
            self.wrong.append(f"{name}: somebody had to make a new media connection")
        self.figures.keep()

    async def _back_by(self, node: Node, name: str) -> None:
        """Somebody loses their socket, and comes back by this node."""
        person = self.chance.choice(self.faults.rooms).patient
        before, asked = person.resumes, time.monotonic()
        await person.through(node.name)
        await until(f"patient by {node.name}", lambda: person.resumes > before)
        self.figures.note(f"{name}: back in the room", time.monotonic() - asked)

    async def _healed(self, end: float) -> float:
        """From the end of a fault until the last request that failed of it."""
        await asyncio.sleep(2 * HEALS_S_MAX)
        failed = [it.at - end for it in self.load.since(end) if it.is_failed]
        return max([0.0, *failed])

    def _tell(self, name: str, asked: list[Asked]) -> None:
        line = told(asked)
        late, untyped = sum(it.seconds > PROMISE_S for it in asked), sum(not it.is_typed for it in asked)
        if late or untyped or not asked:
            self.wrong.append(f"{name}: {late} of {len(asked)} answers were late, {untyped} not typed")
        self.figures.fact(name, f"{line}; load {load():.0f}")
        say(f"{name}: {line}")

    async def close(self) -> None:
        """Everybody goes."""
        await self.faults.close()


async def main() -> int:
    """Runs the steps and judges them."""
    database = Database()
    passed = False
    try:
        await database.run()
        passed = not database.wrong
    except Exception:
        traceback.print_exc()
    finally:
        await database.close()
    database.figures.keep()
    print(database.figures.table())
    print("\n".join(database.wrong))
    print("1 passed, 0 failed" if passed else "0 passed, 1 failed")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
