"""One node answers people and has no visits, the others have visits and nothing else: a visit goes by both."""

import asyncio
import subprocess
import sys
import time
import urllib.error
import urllib.request

from deaf import DEAF
from house import MEDIA, NETWORK, House, Node
from rooms import Desk, Room, until
from steps import Step, play

ROLES = {"a": "clinical,web,worker", "b": "signaling,sfu", "c": "signaling,sfu"}


def status(node: Node, path: str) -> int:
    """What a node answers to a person."""
    request = urllib.request.Request(f"{node.base}{path}", headers={"Accept": "text/html"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def media_port_is_open(node: Node) -> bool:
    """Whether anything in the node's namespace takes media."""
    listed = subprocess.run(
        ["nsenter", f"--net=/run/netns/{NETWORK}-{node.name}", "ss", "-Huln", f"sport = :{MEDIA}"],
        check=True, capture_output=True, text=True,
    )
    return bool(listed.stdout.strip())


class Roles:
    """The steps in order."""

    def __init__(self) -> None:
        self.house = House(ROLES, doors="a")
        self.rooms: list[Room] = []

    def steps(self) -> list[Step]:
        """Every step; the docstring is its name."""
        return [self.begin, self.only_theirs, self.visit, self.door_lost, self.visits_lost]

    async def begin(self) -> None:
        """a node for pages and the API, and two for visits"""
        await self.house.open()
        await self.house.see_each_other()

    async def only_theirs(self) -> None:
        """each does what was chosen, and nothing else"""
        door, *others = self.house.nodes.values()
        assert (status(door, "/"), status(door, "/api/v1/me")) == (200, 401)
        assert not media_port_is_open(door)
        for node in others:
            found = (status(node, "/"), status(node, "/api/v1/me"))
            assert found == (404, 404), f"{node.name} answers {found}"
            assert media_port_is_open(node)

    async def visit(self) -> None:
        """people come by the first, and their visit is on another"""
        desk = await Desk.open(self.house.front.base)
        room = Room(self.house, await desk.book(), desk.access)
        self.rooms.append(room)
        await room.begin()
        owner = self.house.owner(room.id)
        assert owner.name in "bc", owner.name
        assert self.house.nodes["a"].counter("signal_rooms") == 0
        assert self.house.nodes["a"].counter("signal_cluster_carried") == 2

    async def door_lost(self) -> None:
        """the node that answers people is killed and comes back: nobody hears it, and people come back"""
        room, door = self.rooms[0], self.house.nodes["a"]
        lines, resumes = room.lines(), [person.resumes for person in room.people]
        door.kill()
        await door.come_back()
        back = lambda: all(it.resumes > before for it, before in zip(room.people, resumes))
        await until("both back", back)
        await until("sound both ways", room.talks)
        assert room.lines() == lines, "a new media connection though nothing happened to media"

    async def visits_lost(self) -> None:
        """the node that has the visit is killed: it goes on at the other one"""
        room = self.rooms[0]
        await self.house.see_each_other()
        owner, lines = self.house.owner(room.id), room.lines()
        start = time.monotonic()
        owner.kill()
        fresh = lambda: all(person.line is not lines[person] for person in room.people)
        await until("the visit elsewhere", lambda: fresh() and room.talks())
        now = self.house.owner(room.id)
        assert now is not owner and now.name in "bc", now.name
        gap = max(person.gap(start - 0.2) for person in room.people)
        print(f"        nothing heard for {gap:.2f} s; stood still itself for {DEAF.longest():.2f} s at most")

    async def close(self) -> None:
        """Everybody goes."""
        leaving = asyncio.gather(*(room.leave() for room in self.rooms), return_exceptions=True)
        await asyncio.wait([asyncio.ensure_future(leaving)], timeout=5)
        self.house.close()


async def main() -> int:
    """Plays every step."""
    roles = Roles()
    return await play(roles.steps(), roles.close, roles.rooms)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
