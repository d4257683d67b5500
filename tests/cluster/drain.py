"""People talk while their node is emptied: each is on another node before they are gone from the first."""

import asyncio
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from caller import Caller
from deaf import DEAF
from figures import load
from house import OUT, House, Node
from rooms import PASSWORD, Room, until
from steps import Step, play

sys.path.insert(0, str(Path(__file__).parent.parent / "interop"))

from clinic import Clinic

ROUNDS = int(os.environ.get("DRAINS", "1"))
ROOMS = 3
EMPTY_S_MAX = 60


class Stayer(Caller):
    """A page of a version that does not know what it is to move."""

    knows_move = False


class Stayers(Room):
    """A visit of two such pages."""

    kind = Stayer


class Drain:
    """The steps in order."""

    def __init__(self) -> None:
        self.house = House()
        self.rooms: list[Room] = []
        self.figures: dict[str, list[float]] = {}

    def steps(self) -> list[Step]:
        """Every step; the docstring is its name."""
        return [
            self.meet,
            self.cancelled,
            *[self.by_button] * ROUNDS,
            self.last_one,
            *[self.by_signal] * ROUNDS,
        ]

    async def meet(self) -> None:
        """three nodes, and visits of which one knows no move"""
        await self.house.open()
        await self.house.see_each_other()
        node = self.house.nodes["a"]
        patient, doctor = Clinic(node.base), Clinic(node.base)
        self.admin = Clinic(node.base)
        await patient.sign_in("patient@demo.clinic", PASSWORD)
        await doctor.sign_in("doctor@demo.clinic", PASSWORD)
        await self.admin.sign_in("admin@demo.clinic", PASSWORD)
        names = list(self.house.nodes)
        for number in range(ROOMS):
            appointment = await patient.book_next(doctor.me["id"])
            kind = Stayers if number == ROOMS - 1 else Room
            room = kind(self.house, appointment, "" if number else doctor.token or "")
            self.rooms.append(room)
            await room.begin(names[number % 3], names[(number + 1) % 3])

    async def _nodes(self) -> dict[str, dict[str, Any]]:
        answer = await self.admin.expect(200, "GET", "/nodes")
        assert answer["is_cluster"]
        return {node["name"]: node for node in answer["nodes"]}

    async def _until_state(self, name: str, state: str) -> dict[str, Any]:
        end = time.monotonic() + EMPTY_S_MAX
        while (node := (await self._nodes())[name])["state"] != state:
            assert time.monotonic() < end, f"{name} is {node}, not {state}"
            await asyncio.sleep(0.1)
        return node

    def _by(self, node: Node) -> None:
        """The administrator is at a node that stays."""
        other = next(it for it in self.house.nodes.values() if it is not node)
        token, self.admin = self.admin.token, Clinic(other.base)
        self.admin.token = token

    async def cancelled(self) -> None:
        """a drain that is cancelled in time moves nobody"""
        owner = self.house.owner(self.rooms[0].id)
        lines = {person: person.line for room in self.rooms for person in room.people}
        await self.admin.expect(202, "POST", f"/nodes/{owner.name}/drain")
        await until("not ready", lambda: owner.status("/readyz") == 503)
        await self.admin.expect(202, "DELETE", f"/nodes/{owner.name}/drain")
        await until("ready", lambda: owner.status("/readyz") == 200)
        await self._until_state(owner.name, "ready")
        assert self.house.owner(self.rooms[0].id) is owner
        assert all(person.line is line for person, line in lines.items())

    async def by_button(self) -> None:
        """an administrator empties a node: people are elsewhere before they are gone, and it serves again"""
        await until("sound everywhere", lambda: all(it.talks() for it in self.rooms))
        owner = self.house.owner(self.rooms[0].id)
        self._by(owner)
        theirs = [it for it in self.rooms if self.house.owner(it.id) is owner]
        start = time.monotonic()
        before = self._counts(theirs)
        await self.admin.expect(202, "POST", f"/nodes/{owner.name}/drain")
        await self._moved(theirs, owner, before, start, "button")
        node = await self._until_state(owner.name, "draining")
        assert node["rooms"] == node["people"] == 0, node
        self._note("button: until the node is empty", time.monotonic() - start)
        assert owner.process is not None and owner.process.poll() is None
        assert owner.status("/livez") == 200 and owner.status("/readyz") == 503
        await self.admin.expect(202, "DELETE", f"/nodes/{owner.name}/drain")
        await until("ready", lambda: owner.status("/readyz") == 200)
        await self._until_state(owner.name, "ready")

    def _counts(self, rooms: list[Room]) -> dict[Caller, tuple[Any, int, int, int]]:
        people = [person for room in rooms for person in room.people]
        return {it: (it.line, it.entries, it.resumes, it.moves) for it in people}

    async def _moved(
        self,
        rooms: list[Room],
        owner: Node,
        before: dict[Caller, tuple[Any, int, int, int]],
        start: float,
        how: str,
    ) -> None:
        fresh = lambda: all(person.line is not line for person, (line, *_) in before.items())
        try:
            await until("visits elsewhere", lambda: fresh() and all(it.talks() for it in rooms))
        except AssertionError as error:
            state = [(p.name, p.stage, p.problems[-4:]) for p in before]
            raise AssertionError(f"{error}: {state}") from None
        for room in rooms:
            lease = self.house.redis.lease(room.id)
            assert lease is not None and lease[0] != owner.name, lease
        for person, (_, entries, resumes, moves) in before.items():
            if person.knows_move:
                assert person.moves == moves + 1, (person.name, person.problems[-4:])
                now = (person.entries, person.resumes)
                assert now == (entries, resumes), f"{person.name} had to come back: {person.problems[-4:]}"
                self._note(f"{how}: media gap of who moves", person.gap(start))
            else:
                self._note(f"{how}: media gap of who knows no move", person.gap(start))

    async def last_one(self) -> None:
        """the last node that takes visits is not emptied"""
        await self.admin.expect(404, "POST", "/nodes/nobody/drain")
        names = list(self.house.nodes)
        for name in names[1:]:
            await self.admin.expect(202, "POST", f"/nodes/{name}/drain")
            await self._until_state(name, "draining")
        try:
            await self.admin.expect(409, "POST", f"/nodes/{names[0]}/drain")
        finally:
            for name in names[1:]:
                await self.admin.expect(202, "DELETE", f"/nodes/{name}/drain")
                await self._until_state(name, "ready")

    async def by_signal(self) -> None:
        """a node that is told to stop hands its visits over while people talk, and ends"""
        await until("sound everywhere", lambda: all(it.talks() for it in self.rooms))
        owner = self.house.owner(self.rooms[0].id)
        self._by(owner)
        theirs = [it for it in self.rooms if self.house.owner(it.id) is owner]
        before = self._counts(theirs)
        assert owner.process is not None
        start = time.monotonic()
        owner.process.send_signal(signal.SIGTERM)
        await self._moved(theirs, owner, before, start, "SIGTERM")
        code = await owner.ended(EMPTY_S_MAX)
        self._note("SIGTERM: until the process has ended", time.monotonic() - start)
        assert code == 0, f"the drained node ended with {code}"
        await self._until_state(owner.name, "gone")
        owner.start()
        await owner.until_ready()
        await self.house.see_each_other()
        await self._until_state(owner.name, "ready")

    def _note(self, what: str, seconds: float) -> None:
        self.figures.setdefault(what, []).append(seconds)

    def table(self) -> str:
        """The figures."""
        lines = [
            f"`DRAINS={ROUNDS} tests/run-drain`, {datetime.now(UTC):%Y-%m-%d}, three servers, one PostgreSQL and one",
            f"Redis on one machine (load {load():.0f} on {os.cpu_count()} cores); the judging program itself stood",
            f"still for {DEAF.longest():.2f} s at most. Seconds.",
            "",
            "| What | n | p50 | p95 | max |",
            "|---|---|---|---|---|",
        ]
        for what, seconds in self.figures.items():
            seconds = sorted(seconds)
            at = lambda share: seconds[min(len(seconds) - 1, int(share * len(seconds)))]
            lines.append(f"| {what} | {len(seconds)} | {at(0.5):.2f} | {at(0.95):.2f} | {seconds[-1]:.2f} |")
        return "\n".join(lines)

    def kept(self) -> str:
        """Writes the figures down; they as lines."""
        (OUT / "drain.md").write_text(self.table() + "\n")
        return self.table()

    async def close(self) -> None:
        """Everybody goes."""
        leaving = asyncio.gather(*(room.leave() for room in self.rooms), return_exceptions=True)
        await asyncio.wait([asyncio.ensure_future(leaving)], timeout=5)
        self.house.close()


async def main() -> int:
    """Plays every step."""
    drain = Drain()
    return await play(drain.steps(), drain.close, drain.rooms, drain.kept)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
