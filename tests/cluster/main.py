"""People in visits on three servers, while servers, machines, Redis and PostgreSQL come and go."""

import asyncio
import os
import random
import signal
import sys
import time

from caller import Caller
from faults import Faults
from figures import Figures
from house import House, Node
from line import Line
from load import Load, told
from rooms import PASSWORD, Desk, Room, until
from signal_client import SignalClient
from steps import Step, play
from store import SEED

from clinic import Clinic

KILLS = int(os.environ.get("KILLS", "3"))
ROOMS = 3


class Cluster:
    """The steps in order."""

    def __init__(self) -> None:
        self.house = House(pages=True)
        self.figures = Figures("short")
        self.faults = Faults(self.house, self.figures, random.Random(SEED))
        self.rooms = self.faults.rooms

    def steps(self) -> list[Step]:
        """Every step; the docstring is its name."""
        return [
            self.meet,
            self.any_node,
            self.list_everywhere,
            self.spent_everywhere,
            self.node_without_room,
            self.owners_killed,
            self.redis_killed,
            self.owner_killed_without_redis,
            self.owner_killed_without_proxy,
            self.redis_hangs,
            self.host_vanishes,
            self.owner_hangs,
            self.database_hangs,
            self.drain,
        ]

    async def meet(self) -> None:
        """three nodes start on one store and one Redis and know each other"""
        await self.house.open()
        await self.house.see_each_other()

    async def any_node(self) -> None:
        """both people of a visit come in by different nodes, and hear each other"""
        self._desk = await Desk.open(self.house.nodes["a"].base)
        names = list(self.house.nodes)
        for number in range(ROOMS):
            room = Room(self.house, await self._desk.book(), "" if number else self._desk.access)
            self.rooms.append(room)
            await room.begin(names[number % 3], names[(number + 1) % 3])
        assert all(self.house.redis.lease(room.id) for room in self.rooms)
        carried = sum(node.counter("signal_cluster_carried") for node in self.house.nodes.values())
        assert carried >= ROOMS, f"{carried} carried: two nodes cannot both own a room"
        doctor_signal = self.rooms[0].doctor.signal
        assert doctor_signal is not None
        await doctor_signal.say("chat", id="00000000-0000-4000-8000-000000000001", text="Bonjour")
        await doctor_signal.until_kind("chat")

    async def list_everywhere(self) -> None:
        """rooms of one node are in the list of every node"""
        admin = Clinic(self.house.nodes["a"].base)
        await admin.sign_in("admin@demo.clinic", PASSWORD)
        for node in self.house.nodes.values():
            clinic = Clinic(node.base)
            clinic.token = admin.token
            await self._sees_all(node, clinic)

    async def _sees_all(self, node: Node, clinic: Clinic) -> None:
        view = await clinic.expect(200, "POST", "/observe")
        watcher = await SignalClient.open(node.base, view["signal_path"], view["ticket"], "admin")
        wanted = {room.id for room in self.rooms}
        await watcher.until(
            "all rooms",
            lambda m: m["type"] == "overview" and wanted <= {room["room"] for room in m["rooms"]},
        )
        await watcher.close()

    async def spent_everywhere(self) -> None:
        """a ticket that was used at one node is worth nothing at another"""
        nodes = list(self.house.nodes.values())
        before = self.rooms[0].patient.entries
        ticket = await self.rooms[0].patient.ticket(nodes[0].base)
        for number, node in enumerate(nodes[:2]):
            watcher = await SignalClient.open(node.base, "/signal/v1", ticket, "again")
            first = await watcher.until("greeting", lambda m: m["type"] in ("welcome", "error"))
            assert (first["type"] == "welcome") == (number == 0), first
            await watcher.close()
        # The person of that ticket was replaced by it, and comes back with another one.
        patient, room = self.rooms[0].patient, self.rooms[0]
        await until("the patient again", lambda: patient.entries > before and room.is_in())
        await until("the visit as before", room.talks)

    async def node_without_room(self) -> None:
        """a node is killed that has none of a visit's media: its people come back, nobody hears a gap"""
        room = self.rooms[0]
        owner = self.house.owner(room.id)
        other = next(node for node in self.house.nodes.values() if node is not owner)
        if room.patient.node is not other:
            await room.patient.through(other.name)
            await until("patient by that node", lambda: room.patient.node is other and room.is_in())
        before, lines = room.patient.resumes, self._lines()
        start = time.monotonic()
        other.kill()
        took = await until("resume", lambda: room.patient.resumes > before)
        await until("sound as before", room.talks)
        gap = max(person.gap(start) for person in room.people)
        self.figures.note("signaling node killed: media gap", gap)
        self.figures.note("signaling node killed: back in the room", took)
        assert all(person.line is lines[person] for person in room.people), "a new media connection"
        await other.come_back()

    def _lines(self) -> dict[Caller, Line | None]:
        """Everybody's media connection."""
        return {person: person.line for room in self.rooms for person in room.people}

    async def owners_killed(self) -> None:
        """the node that has a visit is killed; the visit goes on elsewhere under a higher epoch"""
        for number in range(KILLS):
            await self._kill_owner(self.rooms[number % ROOMS], "owner killed: media gap")
        room = self.rooms[0]
        if KILLS:
            assert room.patient.chat == ["Bonjour"], f"the chat came back as {room.patient.chat}"

    async def _kill_owner(self, room: Room, figure: str, redis: bool = True) -> None:
        await until("sound everywhere", lambda: all(it.talks() for it in self.rooms))
        owner = self.house.owner(room.id) if redis else self._owner_by_numbers(room)
        epoch = self.house.redis.lease(room.id) if redis else None
        theirs = [it for it in self.rooms if redis and self.house.owner(it.id) is owner] or [room]
        start = time.monotonic()
        owner.kill()
        # Sound of before may still come out of a buffer for a moment; a connection that is new cannot.
        old = {person: person.line for it in theirs for person in it.people}
        fresh = lambda: all(person.line is not line for person, line in old.items())
        try:
            await until("visit elsewhere", lambda: fresh() and all(it.talks() for it in theirs))
        except AssertionError as error:
            state = [(p.name, p.stage, p.problems[-4:]) for it in theirs for p in it.people]
            raise AssertionError(f"{error}: {state}") from None
        for person in old:
            self.figures.note(figure, person.gap(start - 0.2))
        if epoch is not None:
            later = self.house.redis.lease(room.id)
            assert later is not None and later[1] > epoch[1] and later[0] != owner.name, (epoch, later)
        await owner.come_back()

    def _owner_by_numbers(self, room: Room) -> Node:
        """Without Redis: who carries nobody and has people in a room."""
        return self.house.nodes[self._owners[room.id]]

    async def redis_killed(self) -> None:
        """Redis is killed for longer than a lease: nobody hears it, people come into known and new visits, and a fresh, empty one is told again"""
        await self.house.see_each_other()
        await until("sound everywhere", lambda: all(it.talks() for it in self.rooms))
        leases = {room.id: self.house.redis.lease(room.id) for room in self.rooms}
        lines = self._lines()
        pids = [node.process.pid for node in self.house.nodes.values() if node.process]
        extra = Room(self.house, await self._desk.book(), "")
        self.house.redis.send(signal.SIGKILL)
        start = time.monotonic()
        await asyncio.sleep(9)
        # Whoever loses their socket finds a room that is known, by any node.
        room = self.rooms[1]
        for node in self.house.nodes.values():
            before = room.patient.resumes
            await room.patient.through(node.name)
            await until(f"patient by {node.name}", lambda: room.patient.resumes > before)
        await extra.begin("b", "c")
        assert all(node.status("/livez") == 200 for node in self.house.nodes.values())
        assert all(node.status("/readyz") == 200 for node in self.house.nodes.values())
        for person in (person for it in self.rooms for person in it.people):
            self.figures.note("Redis away: media gap", person.gap(start))
        self.house.redis.start()
        back = time.monotonic()
        known = lambda: all(self._lease(it.id) for it in [*self.rooms, extra])
        self.figures.note("Redis back, empty: all rooms known", await until("rooms in Redis", known))
        await until("sound everywhere", lambda: all(it.talks() for it in [*self.rooms, extra]))
        for it in self.rooms:
            lease = self.house.redis.lease(it.id)
            assert lease is not None and lease[0] == leases[it.id][0], f"{leases[it.id]} became {lease}"
        for person in (person for it in self.rooms for person in it.people):
            self.figures.note("Redis back: media gap", person.gap(back))
        assert self._lines() == lines, "a new media connection though nothing happened to media"
        assert pids == [node.process.pid for node in self.house.nodes.values() if node.process]
        await extra.leave()

    def _lease(self, room: str) -> tuple[str, int] | None:
        try:
            return self.house.redis.lease(room)
        except OSError:
            return None

    async def owner_killed_without_redis(self) -> None:
        """a node with visits is killed while Redis is away"""
        await self.house.see_each_other()
        self._owners = {room.id: self.house.owner(room.id).name for room in self.rooms}
        self.house.redis.send(signal.SIGKILL)
        await asyncio.sleep(3)
        room = self.rooms[0]
        owner = self._owner_by_numbers(room)
        theirs = [it for it in self.rooms if self._owners[it.id] == owner.name]
        await until("sound everywhere", lambda: all(it.talks() for it in self.rooms))
        start = time.monotonic()
        owner.kill()
        old = {person: person.line for it in theirs for person in it.people}
        fresh = lambda: all(person.line is not line for person, line in old.items())
        await until("visit elsewhere", lambda: fresh() and all(it.talks() for it in theirs))
        for person in old:
            self.figures.note("owner killed while Redis is away: media gap", person.gap(start - 0.2))
        self.house.redis.start()
        known = lambda: all(self._lease(it.id) for it in self.rooms)
        await until("rooms in Redis", known)
        await owner.come_back()

    async def owner_killed_without_proxy(self) -> None:
        """people who reach nodes by their own addresses meet at their tickets' next node when theirs and Redis are gone"""
        await self.house.see_each_other()
        await until("sound everywhere", lambda: all(it.talks() for it in self.rooms))
        room = self.rooms[0]
        lease = self.house.redis.lease(room.id)
        assert lease is not None
        owner = self.house.nodes[lease[0]]
        for person in room.people:
            person.home = owner.base
            await person.through(owner.name)
        told = lambda it: it.signal.failover["nodes"] if it.signal is not None else []
        await until("tickets of three nodes", lambda: all(len(told(it)) == 3 for it in room.people))
        first, heir, _ = told(room.doctor)
        assert first == owner.base and told(room.patient) == told(room.doctor)
        await until("sound both ways", room.talks)
        entries = [person.entries for person in room.people]
        old = room.lines()
        self.house.redis.send(signal.SIGKILL)
        owner.kill()
        start = time.monotonic()
        fresh = lambda: all(person.line is not line for person, line in old.items())
        await until("visit elsewhere", lambda: fresh() and room.talks())
        for person in room.people:
            self.figures.note("owner and Redis killed, no proxy: media gap", person.gap(start - 0.2))
        assert entries == [person.entries for person in room.people], "somebody asked for a pass"
        self.house.redis.start()
        await until("rooms in Redis", lambda: all(self._lease(it.id) for it in self.rooms))
        now = self.house.owner(room.id)
        later = self.house.redis.lease(room.id)
        assert now.base == heir, f"the visit is at {now.base}, and the tickets say {heir}"
        assert later is not None and later[1] > lease[1], (lease, later)
        await owner.come_back()
        for person in room.people:
            person.home = ""
        await until("sound everywhere", lambda: all(it.talks() for it in self.rooms))

    async def redis_hangs(self) -> None:
        """Redis hangs: people come back by every node, and sound goes on as before"""
        await self.house.see_each_other()
        await until("sound everywhere", lambda: all(it.talks() for it in self.rooms))
        start, lines = time.monotonic(), self._lines()
        self.house.redis.send(signal.SIGSTOP)
        person = self.rooms[2].patient
        for name in self.house.nodes:
            before, asked = person.resumes, time.monotonic()
            await person.through(name)
            await until(f"patient by {name}", lambda: person.resumes > before)
            self.figures.note("Redis hangs: back in the room", time.monotonic() - asked)
        self.house.redis.send(signal.SIGCONT)
        await until("sound everywhere", lambda: all(it.talks() for it in self.rooms))
        gap = max(person.gap(start) for it in self.rooms for person in it.people)
        self.figures.note("Redis hangs: media gap", gap)
        assert self._lines() == lines, "a new media connection though nothing happened to media"

    async def host_vanishes(self) -> None:
        """the machine of a visit is cut off: the visit goes on elsewhere, also when the machine is back"""
        await self.faults.settle()
        await self.faults.host_vanished()

    async def owner_hangs(self) -> None:
        """the process of a visit hangs: the visit goes on elsewhere, also when the process goes on"""
        await self.faults.settle()
        await self.faults.owner_hung()

    async def database_hangs(self) -> None:
        """the database hangs: who asks is told within three seconds, visits go on, people come back into them"""
        await self.faults.settle()
        lines, load = self._lines(), Load(self.house.front.base, random.Random(SEED), 10)
        await load.start()
        start = time.monotonic()
        self.house.ways.order("postgres hang")
        person = self.rooms[1].patient
        for name in self.house.nodes:
            before = person.resumes
            await person.through(name)
            await until(f"patient by {name}", lambda: person.resumes > before)
        await until("answers", lambda: sum(it.is_failed for it in load.since(start)) > 30)
        self.house.ways.order("postgres pass")
        back = time.monotonic()
        healed = lambda: any(not it.is_failed for it in load.since(back))
        self.figures.note("database back: until requests are done again", await until("answer", healed))
        await load.stop()
        asked = load.since(start)
        assert all(it.is_typed for it in asked), told(asked)
        self.figures.note("database hangs: until they are told", max(it.seconds for it in asked))
        gap = max(person.gap(start) for room in self.rooms for person in room.people)
        self.figures.note("database hangs: media gap", gap)
        assert self._lines() == lines, "a new media connection though nothing happened to media"

    async def drain(self) -> None:
        """a node that is told to stop says it is not ready, hands its visits over before it lets go, and ends"""
        await until("sound everywhere", lambda: all(it.talks() for it in self.rooms))
        room = self.rooms[0]
        owner = self.house.owner(room.id)
        theirs = [it for it in self.rooms if self.house.owner(it.id) is owner]
        old = {person: person.line for it in theirs for person in it.people}
        came = {person: person.entries + person.resumes for person in old}
        assert owner.process is not None
        start = time.monotonic()
        owner.process.send_signal(signal.SIGTERM)
        await until("not ready", lambda: owner.status("/readyz") == 503)
        code = await owner.ended(60)
        self.figures.note("drain: until the process has ended", time.monotonic() - start)
        assert code == 0, f"the drained node ended with {code}"
        fresh = lambda: all(person.line is not line for person, line in old.items())
        await until("visit elsewhere", lambda: fresh() and all(it.talks() for it in theirs))
        for person in old:
            self.figures.note("drain: media gap", person.gap(start))
            now = person.entries + person.resumes
            assert now == came[person], f"{person.name} had to come back: {person.problems[-4:]}"

    async def close(self) -> None:
        """Everybody goes."""
        await self.faults.close()


async def main() -> int:
    """Plays every step."""
    cluster = Cluster()
    return await play(cluster.steps(), cluster.close, cluster.rooms, cluster.figures.kept)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
