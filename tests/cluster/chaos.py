"""Every kind of loss of a node, again and again, in an order that the seed decides."""

import asyncio
import os
import random
import sys
import time
import traceback

from faults import Faults
from figures import Figures, say
from house import House
from store import SEED

KILLS = int(os.environ.get("KILLS", "100"))
MINUTES = float(os.environ.get("MINUTES", "600"))
ROOMS = int(os.environ.get("ROOMS", "3"))


async def main() -> int:
    """Runs until all kinds had their number, time is over, or a visit did not go on."""
    figures = Figures("chaos")
    chance = random.Random(SEED)
    faults = Faults(House(), figures, chance)
    kinds = [
        faults.owner_killed,
        faults.signaling_killed,
        faults.host_vanished,
        faults.owner_hung,
        faults.owner_killed_without_redis,
        faults.owner_hung_without_redis,
    ]
    # ONLY names one of them.
    kinds = [kind for kind in kinds if os.environ.get("ONLY", kind.__name__) == kind.__name__]
    # In rounds, so that a run that is ended early has as many of each.
    schedule = [kind for _ in range(KILLS) for kind in chance.sample(kinds, len(kinds))]
    end = time.monotonic() + MINUTES * 60
    done: dict[str, int] = {}
    failures: list[str] = []
    try:
        await faults.open(ROOMS)
        for kind in schedule:
            if time.monotonic() > end:
                break
            try:
                await faults.settle()
                await asyncio.wait_for(kind(), 240)
            except Exception as error:
                # One that was not got over is no figure, and is told.
                traceback.print_exc()
                say(f"FAILED  {kind.__doc__}: {error}")
                failures.append(f"{kind.__name__}: {type(error).__name__} {error}"[:400])
                figures.fact("failures", failures)
                faults.mend()
                continue
            done[kind.__name__] = done.get(kind.__name__, 0) + 1
            figures.fact("faults", done)
            figures.keep()
            if sum(done.values()) % len(kinds) == 0:
                say(f"{done}\n{figures.table()}")
    finally:
        await faults.close()
    figures.keep()
    print(figures.table())
    print(f"{sum(done.values())} passed, {len(failures)} failed")
    return 1 if failures or not done else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
