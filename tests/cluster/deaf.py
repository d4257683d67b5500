"""When the judging program itself got no processor.

It listens to everybody in one loop. While the loop stands still, because the machine is busy or because something
in it takes long, nobody is heard, whatever the servers do.
"""

import asyncio
import bisect
import time

TICK_S = 0.02
# Later than this is told; a busy machine is always a little late.
LATE_S = 0.1


class Deaf:
    """The times in which the loop stood still."""

    def __init__(self) -> None:
        self._begins: list[float] = []
        self._ends: list[float] = []
        self._runner: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Looks from here on."""
        self._runner = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            due = time.monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            if now - due > LATE_S:
                self._begins.append(due)
                self._ends.append(now)

    def within(self, since: float, until: float) -> float:
        """For how long it was so between two moments, in seconds."""
        first = bisect.bisect_right(self._ends, since)
        last = bisect.bisect_left(self._begins, until)
        spans = zip(self._begins[first:last], self._ends[first:last])
        return sum(min(until, end) - max(since, begin) for begin, end in spans)

    def longest(self) -> float:
        """The longest of them, in seconds."""
        return max((end - begin for begin, end in zip(self._begins, self._ends)), default=0.0)


DEAF = Deaf()
