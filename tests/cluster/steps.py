"""The steps of a form, one after the other. What a step shows is its docstring."""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable

from rooms import Room

# A step that takes longer hangs.
STEP_S_MAX = 300

Step = Callable[[], Awaitable[None]]


async def play(
    steps: list[Step],
    close: Step,
    rooms: Iterable[Room] = (),
    figures: Callable[[], str] = lambda: "",
) -> int:
    """Plays all, closes, and prints what was measured; those after a failure are not played and count as failed.
    The code to exit with. `rooms` are told of after a failure."""
    passed = 0
    try:
        for step in steps:
            start = time.monotonic()
            try:
                await asyncio.wait_for(step(), STEP_S_MAX)
            except Exception:
                traceback.print_exc()
                print(f"FAILED  {step.__doc__}", flush=True)
                for person in (person for room in rooms for person in room.people):
                    print(f"        {person.name} {person.stage} {person.problems[-5:]}")
                break
            passed += 1
            print(f"ok      {step.__doc__} ({time.monotonic() - start:.1f} s)", flush=True)
    finally:
        await close()
    if told := figures():
        print(told)
    print(f"{passed} passed, {len(steps) - passed} failed")
    return 0 if passed == len(steps) else 1
