"""Every node is drained and started again, one after the other, while requests come: none fails.

With OLD, all begin as the version before, and end as this one: both run on one schema for a while.
"""

import asyncio
import os
import random
import signal
import sys
import time
import traceback

from faults import Faults
from figures import Figures, load, say
from house import BINARY, House
from load import Load, told
from rooms import until
from store import SEED

RATE = float(os.environ.get("RATE", "100"))
OLD = os.environ.get("OLD", BINARY)
ROUNDS = int(os.environ.get("ROUNDS", "1"))


async def roll(faults: Faults, load_of: Load) -> None:
    """One round over all nodes."""
    for node in faults.house.nodes.values():
        await until("sound everywhere", faults.all_talk)
        start = time.monotonic()
        node.send(signal.SIGTERM)
        code = await node.ended(100)
        assert code == 0, f"{node.name} ended with {code}"
        faults.figures.note("drained: until the process has ended", time.monotonic() - start)
        node.binary = BINARY
        node.start()
        await node.until_ready()
        await until("sound everywhere", faults.all_talk)
        for room in faults.rooms:
            for person in room.people:
                faults.figures.note("drained: media gap", person.gap(start))
        # Caddy finds within a second that it is back.
        await asyncio.sleep(2)
        say(f"{node.name}: {told(load_of.since(start))}")


async def main() -> int:
    """Rolls, and judges every request."""
    figures = Figures("rolling")
    chance = random.Random(SEED)
    house = House()
    for node in house.nodes.values():
        node.binary = OLD
    faults = Faults(house, figures, chance)
    load_of = Load(house.front.base, chance, RATE)
    passed = False
    try:
        await faults.open(2, OLD)
        figures.fact("begun as", "this version" if OLD == BINARY else "the version before")
        await load_of.start()
        start = time.monotonic()
        for _ in range(ROUNDS):
            await roll(faults, load_of)
        await load_of.stop()
        asked = load_of.since(start)
        failed = [it for it in asked if it.is_failed]
        figures.fact("rolling restart", f"{told(asked)}; failed {len(failed)}; load {load():.0f}")
        for it in failed[:20]:
            say(f"failed {it.status} {it.path} after {it.seconds:.2f} s, {it.at - start:.1f} s into it")
        passed = not failed and bool(asked)
    except Exception:
        traceback.print_exc()
    finally:
        await faults.close()
    figures.keep()
    print(figures.table())
    print("1 passed, 0 failed" if passed else "0 passed, 1 failed")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
