"""The standard doors, from outside: aiortc and GStreamer publish into a real visit and play from it."""

import asyncio
import base64
import json
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from clinic import Clinic
from media import DOCTOR, GUEST, PATIENT, Look
from person import Person, until
from signal_client import PATIENCE_S, SignalClient
from standard import DoorClient, request

BASE = os.environ["BASE_URL"]
STEP_S_MAX = 180
PASSWORD = os.environ.get("DEMO_PASSWORD", "demo-clinic-2026")
# GStreamer's bindings are a package of the system's Python, not of this environment.
SYSTEM_PYTHON = os.environ.get("SYSTEM_PYTHON", "/usr/bin/python3")
HERE = os.path.dirname(os.path.abspath(__file__))


def room_of(ticket: str) -> str:
    """The room that a ticket names; anybody who holds it can read it."""
    claims = ticket.split(".")[1]
    text = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    return json.loads(text)["purpose"]["room"]


def rgb(look: Look) -> tuple[int, int, int]:
    """The colour of a look at middle brightness (BT.601)."""
    blue, red = (look.blue - 128) * 255 / 224, (look.red - 128) * 255 / 224
    parts = (1.402 * red, -0.344 * blue - 0.714 * red, 1.772 * blue)
    return tuple(round(min(255, max(0, 130 + part))) for part in parts)


class Gstreamer:
    """GStreamer in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[dict[str, Any]] = []
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, *words: str) -> "Gstreamer":
        """Starts it; the words are its command line."""
        process = await asyncio.create_subprocess_exec(
            SYSTEM_PYTHON,
            os.path.join(HERE, "gst_client.py"),
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        client = cls(process)
        await until("answer for GStreamer", lambda: client.last("answered") is not None)
        if client.last("answered") != 201:
            raise AssertionError(f"GStreamer was not let in: {client.said}")
        return client

    def last(self, field: str) -> Any:
        """The newest value of a field; `None` before the first."""
        return next((line[field] for line in reversed(self.said) if field in line), None)

    def sees(self, look: Look) -> bool:
        """Whether it decodes this person's colour."""
        blue, red = self.last("blue"), self.last("red")
        near = blue is not None and abs(blue - look.blue) < 25 and abs(red - look.red) < 25
        return near and self.last("video") > 10

    async def leave(self) -> int:
        """Closes its input, after which it takes its leave; the status of the DELETE."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(PATIENCE_S):
            await self._process.wait()
            await self._reader
        return self.last("deleted")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.said.append(json.loads(line))


class Doors:
    """The steps in order; what one step finds the next ones use."""

    def __init__(self) -> None:
        self.patient_account = Clinic(BASE)
        self.doctor_account = Clinic(BASE)
        self.nobody = Clinic(BASE)
        self.appointment: dict[str, Any] = {}
        self.room = ""
        self.patient_id = ""
        self.doctor: Person
        self.patient: DoorClient
        self.player: DoorClient

    def steps(self) -> list[Callable[[], Awaitable[None]]]:
        """Every step; the docstring is its name."""
        return [
            self.prepare,
            self.publish_from_the_lobby,
            self.admit,
            self.play,
            self.mute,
            self.news,
            self.leave,
            self.gstreamer_publishes,
            self.gstreamer_plays,
            self.end,
        ]

    async def ticket(self, token: str) -> str:
        """Redeems a join link."""
        view = await self.nobody.expect(200, "POST", "/join", {"token": token})
        return view["ticket"]

    async def invite(self, name: str) -> str:
        """A ticket of a guest."""
        path = f"/appointments/{self.appointment['id']}/guests"
        wish = {"name": name, "relation": "régie"}
        invitation = await self.doctor_account.expect(201, "POST", path, wish)
        return await self.ticket(invitation["link"]["token"])

    async def let_in(self) -> str:
        """Admits whoever waits; their id."""
        people = self.doctor.signal.people

        def waiting() -> list[str]:
            return [id for id, person in people.items() if person["stage"] == "lobby"]

        await self.doctor.signal.until_state("somebody who waits", lambda: bool(waiting()))
        (person,) = waiting()
        await self.doctor.signal.say("admit", participant=person)
        await self.doctor.signal.until_state(
            "the admission", lambda: people[person]["stage"] == "admitted"
        )
        return person

    async def prepare(self) -> None:
        """a doctor is in the visit with a page, a picture and a tone"""
        await self.patient_account.sign_in("patient@demo.clinic", PASSWORD)
        await self.doctor_account.sign_in("doctor@demo.clinic", PASSWORD)
        self.appointment = await self.patient_account.book_next(self.doctor_account.me["id"])
        path = f"/appointments/{self.appointment['id']}/join"
        view = await self.doctor_account.expect(200, "POST", path)
        signal = await SignalClient.open(BASE, view["signal_path"], view["ticket"], view["my_name"])
        await signal.until_kind("welcome")
        self.doctor = Person(view["my_name"], DOCTOR, signal)
        await self.doctor.switch_on()
        await self.doctor.connect_media()

    async def publish_from_the_lobby(self) -> None:
        """a patient's program publishes from the lobby and nothing of it is forwarded"""
        ticket = await self.ticket(self.appointment["link"]["token"])
        self.room = room_of(ticket)
        assert self.room == self.appointment["room"]
        self.patient = await DoorClient.publish(BASE, self.room, ticket, PATIENT)
        await until("connection of the publisher", lambda: self.patient.state == "connected")
        people = self.doctor.signal.people
        await self.doctor.signal.until_state("the waiting patient", lambda: len(people) == 1)
        (self.patient_id,) = people
        person = people[self.patient_id]
        assert person["stage"] == "lobby" and person["connected"], person
        assert person["sources"] == {"microphone": True, "camera": True, "screen": False}, person
        # Packets arrive at the server for a while, and none leaves it.
        goal = await self.patient.packets_out() + 50
        while await self.patient.packets_out() < goal:
            await asyncio.sleep(0.05)
        assert self.doctor.signal.slots == {}, self.doctor.signal.slots
        assert self.doctor.peer is not None
        heard = [ear.frames for ear in self.doctor.peer.ears.values()]
        assert sum(heard) == 0, heard

    async def admit(self) -> None:
        """once admitted, the doctor sees and hears what the program sends"""
        assert await self.let_in() == self.patient_id
        slots = self.doctor.signal
        await slots.until_state("slots of the patient", lambda: len(slots.slots) == 2)

        def seen() -> bool:
            ear = self.doctor.ear(self.patient_id)
            eye = self.doctor.eye(self.patient_id)
            return ear is not None and eye is not None and ear.hears(PATIENT) and eye.sees(PATIENT)

        await until("picture and tone of the program", seen)

    async def play(self) -> None:
        """a guest's player sees and hears nothing in the lobby, and both people once admitted"""
        ticket = await self.invite("Salle de conférence")
        self.player = await DoorClient.play(BASE, self.room, ticket, 2)
        await until("connection of the player", lambda: self.player.state == "connected")
        sent = await self.patient.packets_out() + 50
        while await self.patient.packets_out() < sent:
            await asyncio.sleep(0.05)
        assert self.player.frames() == 0, "whoever waits receives nothing"
        await self.let_in()
        await until(
            "both people in the player",
            lambda: self.player.sees_and_hears(PATIENT) and self.player.sees_and_hears(DOCTOR),
        )

    async def mute(self) -> None:
        """a program that is muted goes on sending and is not heard"""
        await self.doctor.signal.say("mute", participant=self.patient_id)
        people = self.doctor.signal.people
        await self.doctor.signal.until_state(
            "the mute in the list", lambda: not people[self.patient_id]["sources"]["microphone"]
        )
        (ear,) = [ear for ear in self.player.ears if ear.hears(PATIENT)]
        eye = next(eye for eye in self.player.eyes if eye.sees(PATIENT))
        goal = eye.frames + 15
        await until("further picture", lambda: eye.frames >= goal)
        before, sent, goal = ear.frames, await self.patient.packets_out(), eye.frames + 30
        await until("further picture", lambda: eye.frames >= goal)
        assert ear.frames == before, f"{ear.frames - before} frames of a muted program"
        assert await self.patient.packets_out() > sent + 20, "it goes on sending"

    async def news(self) -> None:
        """candidates are taken for the ICE session that they name"""
        assert await self.patient.trickle(self.patient.etag) == 204
        assert await self.patient.trickle('"another"') == 412
        headers = {"Content-Type": "application/sdp"}
        spent = await request("POST", f"{BASE}/whip/{self.room}", headers, "v=0")
        assert spent.status == 401, spent
        assert spent.headers["content-type"] == "application/problem+json", spent.headers

    async def leave(self) -> None:
        """a DELETE frees the seat, and the second one finds nothing"""
        url = self.patient.url
        assert await self.patient.leave() == 200
        people = self.doctor.signal.people
        await self.doctor.signal.until_state("the free seat", lambda: self.patient_id not in people)
        assert (await request("DELETE", url, {})).status == 404

    async def gstreamer_publishes(self) -> None:
        """GStreamer publishes H.264, and the page and the player of others decode it"""
        ticket = await self.ticket(self.appointment["link"]["token"])
        red, green, blue = rgb(GUEST)
        publisher = await Gstreamer.start(
            "publish",
            f"{BASE}/whip/{self.room}",
            ticket,
            *(str(part) for part in (red, green, blue, GUEST.pitch_hz)),
        )
        # The clinic let the patient in before, so nobody waits a second time.
        await until("picture and tone of GStreamer", lambda: self.player.sees_and_hears(GUEST))

        def seen() -> bool:
            eye = self.doctor.eye(self.patient_id)
            return eye is not None and eye.sees(GUEST)

        await until("GStreamer on the doctor's page", seen)
        assert await publisher.leave() == 200, publisher.said
        people = self.doctor.signal.people
        await self.doctor.signal.until_state("the free seat", lambda: self.patient_id not in people)

    async def gstreamer_plays(self) -> None:
        """GStreamer plays the doctor's picture and sound"""
        ticket = await self.invite("Écran")
        player = await Gstreamer.start("play", f"{BASE}/whep/{self.room}", ticket)
        await self.let_in()
        await until("the doctor in GStreamer", lambda: player.sees(DOCTOR))
        await until("sound in GStreamer", lambda: player.last("audio") > 50)
        assert await player.leave() == 200, player.said

    async def end(self) -> None:
        """the end of the visit ends the session of the player"""
        await self.doctor.signal.say("end")
        bye = await self.doctor.signal.until_kind("bye")
        assert bye["reason"] == "ended", bye
        assert (await request("DELETE", self.player.url, {})).status == 404

    async def clean_up(self) -> None:
        """Frees what is still open."""
        for name in ("patient", "player"):
            client = getattr(self, name, None)
            if client is not None:
                await client.close()
        doctor = getattr(self, "doctor", None)
        if doctor is not None:
            await doctor.leave_the_test()


async def main() -> int:
    """Runs the steps; after a failure the later ones count as failed too, since they build on it."""
    doors = Doors()
    passed = failed = 0
    for step in doors.steps():
        name = (step.__doc__ or step.__name__).strip()
        if failed:
            failed += 1
            print(f"FAILED {name} (not reached)")
            continue
        start = time.monotonic()
        try:
            async with asyncio.timeout(STEP_S_MAX):
                await step()
        except Exception:
            failed += 1
            print(f"FAILED {name}")
            traceback.print_exc(file=sys.stdout)
        else:
            passed += 1
            print(f"ok     {name} ({time.monotonic() - start:.1f} s)", flush=True)
    try:
        async with asyncio.timeout(20):
            await doors.clean_up()
    except Exception:
        traceback.print_exc(file=sys.stdout)
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
