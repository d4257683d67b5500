"""Three servers in two regions: visits are opened near who opens them, and media of the others goes by the edge."""

import asyncio
import sys
import time

from figures import Figures
from house import EDGE, House
from rooms import Desk, Room, until
from steps import Step, play

# Node a alone is in the east. People of the other nodes are in the west.
REGIONS = {"a": "east", "b": "west", "c": "west"}


def by_edge_alone(candidate: str) -> bool:
    """What a network lets through that reaches nothing but the edges."""
    return f" {EDGE} typ host" in candidate


class Regions:
    """The steps in order."""

    def __init__(self) -> None:
        self.house = House(regions=REGIONS)
        self.figures = Figures("regions")
        self.rooms: list[Room] = []

    def steps(self) -> list[Step]:
        """Every step; the docstring is its name."""
        return [
            self.meet,
            self.opened_near,
            self.by_the_edge_alone,
            self.by_the_edge_first,
            self.carried_elsewhere,
            self.edge_killed,
            self.owner_killed,
        ]

    async def meet(self) -> None:
        """three nodes in two regions start and know each other"""
        await self.house.open()
        await self.house.see_each_other()
        self._desk = await Desk.open(self.house.nodes["a"].base)

    async def _open(self, doctor_by: str) -> Room:
        """A visit with its doctor in it; the patient comes later."""
        room = Room(self.house, await self._desk.book(), "")
        self.rooms.append(room)
        room.doctor.go(doctor_by)
        await until("doctor in the room", lambda: room.doctor.stage == "admitted")
        return room

    async def opened_near(self) -> None:
        """a visit is opened by a node of the region of who opens it"""
        for name, owners in (("a", "a"), ("b", "bc"), ("c", "bc"), ("a", "a"), ("b", "bc")):
            room = await self._open(name)
            owner = self.house.owner(room.id).name
            assert owner in owners, f"opened by {name}, and {owner} has it"
            await room.leave()
            self.rooms.remove(room)

    async def by_the_edge_alone(self) -> None:
        """doctor and patient of two regions hear each other, though the patient reaches only the edge"""
        room = await self._open("a")
        room.patient.reaches = by_edge_alone
        room.patient.go("b")
        await until("sound both ways", room.talks)
        assert self.house.owner(room.id).name == "a"
        await self._edge_carries("b")
        for name in "ac":
            assert self._carried(name) == 0, f"{name} carries media of nobody"

    def _carried(self, name: str) -> float:
        return self.house.nodes[name].counter("sfu_edge_datagrams_total")

    async def _edge_carries(self, name: str) -> None:
        before = self._carried(name)
        await until(f"media by {name}", lambda: self._carried(name) > before + 100)
        assert self.house.nodes[name].counter("sfu_edge_flows") >= 1, f"no flow by {name}"

    async def by_the_edge_first(self) -> None:
        """who reaches both takes the edge of their region"""
        room = await self._open("a")
        room.patient.go("c")
        await until("sound both ways", room.talks)
        await self._edge_carries("c")

    async def carried_elsewhere(self) -> None:
        """messages come by another node from now on; media goes on by the edge as if nothing were"""
        room = self.rooms[0]
        line, before, start = room.patient.line, room.patient.resumes, time.monotonic()
        await room.patient.through("a")
        await until("patient by that node", lambda: room.patient.resumes > before)
        await until("sound as before", room.talks)
        assert room.patient.line is line, "a new media connection"
        self.figures.note("messages by another node: media gap", room.patient.gap(start))
        await self._edge_carries("b")

    async def edge_killed(self) -> None:
        """the node with the edge is killed; its people come back by another one"""
        room, node = self.rooms[0], self.house.nodes["b"]
        await room.patient.through("b")
        await until("patient by that node", lambda: room.patient.node is node and room.is_in())
        await until("sound both ways", room.talks)
        room.patient.reaches = lambda _: True
        line, start = room.patient.line, time.monotonic()
        node.kill()
        await until("another connection", lambda: room.patient.line is not line)
        await until("sound both ways", room.talks)
        assert self.house.owner(room.id).name == "a"
        for person in room.people:
            self.figures.note("node with the edge killed: media gap", person.gap(start))
        await node.come_back()

    async def owner_killed(self) -> None:
        """the only node of a region is killed; its visits go on in the other region"""
        node, start = self.house.nodes["a"], time.monotonic()
        old = {person: person.line for room in self.rooms for person in room.people}
        node.kill()
        fresh = lambda: all(person.line is not line for person, line in old.items())
        await until("visits elsewhere", lambda: fresh() and all(room.talks() for room in self.rooms))
        assert all(self.house.owner(room.id) is not node for room in self.rooms)
        for person in old:
            self.figures.note("owner in another region killed: media gap", person.gap(start))

    async def close(self) -> None:
        """Everybody goes."""
        await asyncio.gather(*(room.leave() for room in self.rooms))
        self.house.close()


async def main() -> int:
    """Plays every step."""
    regions = Regions()
    return await play(regions.steps(), regions.close, regions.rooms, regions.figures.kept)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
