"""Visits of two, their passes, and waiting."""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from caller import Caller
from house import House
from line import Line

sys.path.insert(0, str(Path(__file__).parent.parent / "interop"))

from clinic import Clinic
from media import DOCTOR, PATIENT

PATIENCE_S = 60
PASSWORD = "demo-clinic-2026"
# Passes are good for ten minutes.
PASSES_S_MAX = 480


async def until(what: str, wanted: Callable[[], bool], patience_s: float = PATIENCE_S) -> float:
    """Waits until something is so; answers with how long it took."""
    start = time.monotonic()
    while not wanted():
        assert time.monotonic() - start < patience_s, f"no {what} in {patience_s} s"
        await asyncio.sleep(0.05)
    return time.monotonic() - start


class Passes:
    """Passes into one room for some people, made anew before they are too old."""

    def __init__(self, house: House, room: str, people: int) -> None:
        self._house, self._room, self._people = house, room, people
        self._lists: list[list[str]] = []
        self._since = 0.0
        self._make()

    def _make(self) -> None:
        self._lists = self._house.passes(self._room, self._people)
        self._since = time.monotonic()

    async def renew(self) -> None:
        """Makes new ones if these will soon be too old or used up."""
        if time.monotonic() - self._since > PASSES_S_MAX or min(map(len, self._lists)) < 8:
            await asyncio.to_thread(self._make)

    def take(self, person: int) -> str:
        """One of a person's passes."""
        if not self._lists[person]:
            self._make()
        return self._lists[person].pop()


class Room:
    """A visit of two. The clinic lets people into the next one only; to others passes are printed."""

    kind: type[Caller] = Caller

    def __init__(self, house: House, appointment: dict[str, Any], access: str) -> None:
        self.id = appointment["room"]
        self.passes = None if access else Passes(house, self.id, 2)
        link = {"link": appointment["link"]["token"]}
        account = {"access": access, "appointment": appointment["id"], "password": PASSWORD}
        account["email"] = "doctor@demo.clinic"
        if self.passes is not None:
            take = self.passes.take
            self.doctor = self.kind(house, DOCTOR, "doctor", passes=lambda: take(0))
            self.patient = self.kind(house, PATIENT, "patient", passes=lambda: take(1))
        else:
            self.doctor = self.kind(house, DOCTOR, "doctor", account)
            self.patient = self.kind(house, PATIENT, "patient", link)
        self.people = [self.patient, self.doctor]

    def talks(self) -> bool:
        """Whether each hears the other one's own tone now."""
        return self.patient.hears(DOCTOR) and self.doctor.hears(PATIENT)

    def is_in(self) -> bool:
        """Whether both have a socket now."""
        return all(person.signal is not None and not person.signal.closed for person in self.people)

    def lines(self) -> dict[Caller, Line | None]:
        """Everybody's media connection."""
        return {person: person.line for person in self.people}

    async def begin(self, doctor_by: str = "", patient_by: str = "") -> None:
        """Both come in, each by a node of their own, and the doctor lets the patient in."""
        self.doctor.go(doctor_by)
        await until("doctor in the room", lambda: self.doctor.stage == "admitted")
        self.patient.go(patient_by)
        if self.passes is None:
            await self._let_in()
        try:
            await until("sound both ways", self.talks)
        except AssertionError:
            raise AssertionError(f"{[(p.name, p.stage, p.problems) for p in self.people]}") from None

    async def _let_in(self) -> None:
        # On a busy machine a doctor may have lost their socket meanwhile, and be back by another one.
        def waits() -> str:
            people = self.doctor.signal.people.values() if self.doctor.signal is not None else ()
            return next((person["id"] for person in people if person["stage"] == "lobby"), "")

        await until("patient in the waiting room", lambda: bool(waits()))
        assert self.doctor.signal is not None
        await self.doctor.signal.say("admit", participant=waits())

    async def leave(self) -> None:
        """Both go."""
        await asyncio.gather(*(person.leave() for person in self.people))


class Desk:
    """Books visits of the demo clinic, by the first node."""

    def __init__(self, patient: Clinic, doctor: Clinic) -> None:
        self._patient = patient
        self._doctor_id = doctor.me["id"]
        self.access = doctor.token or ""

    @classmethod
    async def open(cls, base: str) -> "Desk":
        """Signs both in."""
        patient, doctor = Clinic(base), Clinic(base)
        await patient.sign_in("patient@demo.clinic", PASSWORD)
        await doctor.sign_in("doctor@demo.clinic", PASSWORD)
        return cls(patient, doctor)

    async def book(self) -> dict[str, Any]:
        """The next free visit."""
        return await self._patient.book_next(self._doctor_id)
