"""The faults: each happens, is waited out, judged and mended. One cluster, several visits."""

import asyncio
import random
import signal
import time
from collections.abc import Callable

from caller import Caller
from figures import Figures
from house import BINARY, House, Node
from line import Line
from rooms import Desk, Room, until

# After a fault is over nothing of it may be left for so long.
QUIET_S = 2.0


class Faults:
    """Visits on three nodes, and what happens to them."""

    def __init__(self, house: House, figures: Figures, chance: random.Random) -> None:
        self.house, self.figures, self.chance = house, figures, chance
        self.rooms: list[Room] = []

    async def open(self, rooms: int, binary: str = BINARY) -> None:
        """Starts everything, and visits by passes, whose hour never ends."""
        await self.house.open(binary)
        await self.house.see_each_other()
        desk = await Desk.open(self.house.nodes["a"].base)
        for _ in range(rooms):
            room = Room(self.house, await desk.book(), "")
            self.rooms.append(room)
            await room.begin()

    async def settle(self) -> None:
        """Waits until everything is as it should be, and the phase of what follows is chance."""
        for node in self.house.nodes.values():
            await node.until_ready()
        await self.house.see_each_other()
        await until("sound everywhere", self.all_talk)
        for room in self.rooms:
            if room.passes is not None:
                await room.passes.renew()
        await asyncio.sleep(self.chance.uniform(0.5, 1.5))

    def all_talk(self) -> bool:
        """Whether everybody hears the other one."""
        return all(room.talks() for room in self.rooms)

    def of(self, owner: Node) -> list[Room]:
        """The rooms of a node."""
        return [room for room in self.rooms if self.house.owner(room.id) is owner]

    def an_owner(self) -> Node:
        """The node of a visit that is chosen by chance."""
        return self.house.owner(self.chance.choice(self.rooms).id)

    async def owner_killed(self) -> None:
        """the process that has a visit is killed"""
        owner = self.an_owner()
        await self._lost(owner, owner.kill, "owner killed: media gap")
        await self._again(owner)

    async def signaling_killed(self) -> None:
        """a process is killed that carries the messages of somebody in a visit"""
        room = self.chance.choice(self.rooms)
        owner = self.house.owner(room.id)
        carrier = self.chance.choice([node for node in self.house.nodes.values() if node is not owner])
        person = self.chance.choice(room.people)
        before = person.resumes
        await person.through(carrier.name)
        await until("them by that node", lambda: person.resumes > before and person.node is carrier)
        await until("sound everywhere", self.all_talk)
        theirs, lines, before = self.of(carrier), room.lines(), person.resumes
        start = time.monotonic()
        carrier.kill()
        took = await until("them back", lambda: person.resumes > before)
        await until("sound as before", room.talks)
        self.figures.note("signaling killed: media gap", max(it.gap(start - 0.2) for it in room.people))
        self.figures.note("signaling killed: back in the room", took)
        assert room.lines() == lines, "a new media connection though nothing happened to media"
        await self._gone_on(theirs, {}, carrier)
        await self._again(carrier)

    async def host_vanished(self) -> None:
        """the machine that has a visit is cut off, and nobody is told"""
        owner = self.an_owner()
        others = owner.counter("signal_rooms") - len(self.of(owner))
        theirs = await self._lost(owner, owner.vanish, "host vanished: media gap")
        if self.chance.random() < 0.5:
            owner.kill()
            owner.appear()
            await self._again(owner)
        else:
            figure = "host back: until it lets go of its visits"
            await self._wakes(owner, owner.appear, theirs, (figure, others))

    async def owner_hung(self) -> None:
        """the process that has a visit hangs (SIGSTOP), and later goes on"""
        owner = self.an_owner()
        others = owner.counter("signal_rooms") - len(self.of(owner))
        theirs = await self._lost(owner, lambda: owner.send(signal.SIGSTOP), "owner hung: media gap")
        wake = lambda: owner.send(signal.SIGCONT)
        figure = "hung owner awake: until it lets go of its visits"
        await self._wakes(owner, wake, theirs, (figure, others))

    async def owner_killed_without_redis(self) -> None:
        """the process that has a visit is killed while Redis is away"""
        owner = self.an_owner()
        theirs = self.of(owner)
        self.house.ways.order(f"redis {self.chance.choice(['cut', 'hang'])}")
        await asyncio.sleep(self.chance.uniform(1.5, 4))
        await until("sound everywhere", self.all_talk)
        await self._lost(owner, owner.kill, "owner killed without Redis: media gap", theirs)
        self.house.ways.order("redis pass")
        back = time.monotonic()
        await until("rooms in Redis", lambda: all(self._elsewhere(room, owner) for room in theirs))
        self.figures.note("Redis back: until it knows the rooms", time.monotonic() - back)
        await self._again(owner)

    async def owner_hung_without_redis(self) -> None:
        """the process that has a visit hangs and goes on while Redis is away: only the line says who is right"""
        owner = self.an_owner()
        theirs = self.of(owner)
        others = owner.counter("signal_rooms") - len(theirs)
        self.house.ways.order(f"redis {self.chance.choice(['cut', 'hang'])}")
        await asyncio.sleep(self.chance.uniform(1.5, 4))
        await until("sound everywhere", self.all_talk)
        hang = lambda: owner.send(signal.SIGSTOP)
        await self._lost(owner, hang, "owner hung without Redis: media gap", theirs)
        wake = lambda: owner.send(signal.SIGCONT)
        figure = "hung owner awake without Redis: until it lets go of its visits"
        await self._wakes(owner, wake, theirs, (figure, others))
        self.house.ways.order("redis pass")
        await until("rooms in Redis", lambda: all(self._elsewhere(room, owner) for room in theirs))

    def _elsewhere(self, room: Room, owner: Node) -> bool:
        lease = self.house.redis.lease(room.id)
        return lease is not None and lease[0] != owner.name

    async def _lost(
        self, owner: Node, hit: Callable[[], None], figure: str, theirs: list[Room] | None = None
    ) -> list[Room]:
        """A node with visits is lost: they go on elsewhere under a higher epoch."""
        theirs = self.of(owner) if theirs is None else theirs
        leases = {room.id: self.house.redis.lease(room.id) for room in theirs}
        lines = {person: person.line for room in theirs for person in room.people}
        start = time.monotonic()
        hit()
        await self._gone_on(theirs, lines, owner)
        for person in lines:
            self.figures.note(figure, person.gap(start - 0.2))
        if figure.endswith("without Redis: media gap"):
            return theirs
        for room in theirs:
            before, after = leases[room.id], self.house.redis.lease(room.id)
            assert before and after and after[1] > before[1] and after[0] != owner.name, (before, after)
        return theirs

    async def _gone_on(self, theirs: list[Room], lines: dict[Caller, Line | None], owner: Node) -> None:
        # Sound of before may still come out of a buffer for a moment; a connection that is new cannot.
        fresh = lambda: all(person.line is not line for person, line in lines.items())
        try:
            await until(f"visits elsewhere than on {owner.name}", lambda: fresh() and all(it.talks() for it in theirs))
        except AssertionError as error:
            state = [(p.name, p.stage, p.problems[-6:]) for it in theirs for p in it.people]
            raise AssertionError(f"{error}: {state}") from None

    async def _again(self, node: Node) -> None:
        node.start()
        await node.until_ready()

    async def _wakes(
        self, owner: Node, wake: Callable[[], None], theirs: list[Room], told: tuple[str, float]
    ) -> None:
        """A node that does not know that it lost its visits is back. It must not serve them, and nobody in
        them may notice."""
        lines = {person: person.line for room in theirs for person in room.people}
        figure, others = told
        start = time.monotonic()
        wake()
        # `signal_rooms` are rooms that are open in the process, whoever owns them, and empty ones for a while.
        lets_go = lambda: owner.counter("signal_rooms") <= others
        while not await asyncio.to_thread(self._says, lets_go):
            assert time.monotonic() - start < 30, f"{owner.name} serves visits that are elsewhere"
            await asyncio.sleep(0.02)
        self.figures.note(figure, time.monotonic() - start)
        await asyncio.sleep(QUIET_S)
        for person, line in lines.items():
            assert person.line is line, f"{person.name} was disturbed by the old owner: {person.problems[-4:]}"
        self.figures.note("old owner back: media gap", max(person.gap(start) for person in lines))

    def mend(self) -> None:
        """Ends every fault, after one that was not got over."""
        for name in ("postgres", "redis"):
            self.house.ways.order(f"{name} pass")
        redis = self.house.redis
        if redis.process is None or redis.process.poll() is not None:
            redis.start()
        for node in self.house.nodes.values():
            node.appear()
            if node.process is None or node.process.poll() is not None:
                node.start()
            else:
                node.send(signal.SIGCONT)

    def _says(self, what: Callable[[], bool]) -> bool:
        try:
            return what()
        except OSError:
            return False

    async def close(self) -> None:
        """Everybody goes."""
        leaving = asyncio.gather(*(room.leave() for room in self.rooms), return_exceptions=True)
        await asyncio.wait([asyncio.ensure_future(leaving)], timeout=5)
        self.house.close()
