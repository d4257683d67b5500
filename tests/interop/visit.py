"""A whole visit driven by aiortc, an independent WebRTC stack, as patient, doctor and guest."""

import asyncio
import os
import sys
import time
import traceback
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

from clinic import Clinic
from media import DOCTOR, GUEST, PATIENT
from peer import Peer
from person import Person, until
from signal_client import SignalClient

BASE = os.environ["BASE_URL"]
# A step that waits for several things has to end all the same.
STEP_S_MAX = 180
PASSWORD = os.environ.get("DEMO_PASSWORD", "demo-clinic-2026")


def counter(name: str) -> float:
    """The sum of one Prometheus counter of the server; 0 while it has not been counted."""
    with urllib.request.urlopen(f"{BASE}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in lines
        if line.startswith((f"{name} ", f"{name}{{"))
    )


class Visit:
    """The steps in order; what one step finds the next ones use."""

    def __init__(self) -> None:
        self.patient_account = Clinic(BASE)
        self.doctor_account = Clinic(BASE)
        self.nobody = Clinic(BASE)
        self.appointment: dict[str, Any] = {}
        self.patient: Person
        self.doctor: Person
        self.guest: Person

    def steps(self) -> list[Callable[[], Awaitable[None]]]:
        """Every step; the docstring is its name."""
        return [
            self.book,
            self.enter_the_waiting_room,
            self.offer_before_admission,
            self.admit,
            self.see_and_hear,
            self.write_both_ways,
            self.mute_by_the_doctor,
            self.camera_off,
            self.replace_the_connection,
            self.resume,
            self.third_person,
            self.watch_as_admin,
            self.end_for_all,
            self.sign_the_note,
        ]

    async def book(self) -> None:
        """a patient signs in and books the next free time"""
        await self.patient_account.sign_in("patient@demo.clinic", PASSWORD)
        await self.doctor_account.sign_in("doctor@demo.clinic", PASSWORD)
        self.appointment = await self.patient_account.book_next(self.doctor_account.me["id"])
        assert self.appointment["state"] == "booked"

    async def enter(self, token: str, look: Any) -> Person:
        """Redeems a link and opens the socket."""
        view = await self.nobody.expect(200, "POST", "/join", {"token": token})
        signal = await SignalClient.open(BASE, view["signal_path"], view["ticket"], view["my_name"])
        await signal.until_kind("welcome")
        return Person(view["my_name"], look, signal)

    async def enter_the_waiting_room(self) -> None:
        """the link leads into the waiting room, which shows nothing of the visit"""
        self.patient = await self.enter(self.appointment["link"]["token"], PATIENT)
        snapshot = self.patient.signal.heard[0]["snapshot"]
        assert snapshot["stage"] == "lobby", snapshot["stage"]
        assert snapshot["others"] == [] and snapshot["chat"] == [], "the lobby shows the room"
        view = await self.nobody.expect(
            200, "POST", "/join/queue", {"token": self.appointment["link"]["token"]}
        )
        assert view["place"] >= 1

    async def offer_before_admission(self) -> None:
        """an offer from the waiting room is refused and no packet moves"""
        peer = Peer(PATIENT)
        await self.patient.signal.say("offer", **await peer.offer())
        error = await self.patient.signal.until_kind("error")
        assert error["code"] == "not_admitted", error
        await self.patient.signal.say("chat", id=peer.id, text="hello?")
        await self.patient.signal.until(
            "second refusal",
            lambda m: m["type"] == "error" and m["code"] == "not_admitted",
            self.patient.signal.heard.index(error) + 1,
        )
        await peer.close()
        assert counter("sfu_packets_received_total") == 0
        assert counter("sfu_packets_forwarded_total") == 0

    async def admit(self) -> None:
        """the doctor sees who waits and lets the patient in"""
        path = f"/appointments/{self.appointment['id']}/join"
        view = await self.doctor_account.expect(200, "POST", path)
        signal = await SignalClient.open(BASE, view["signal_path"], view["ticket"], view["my_name"])
        await signal.until_kind("welcome")
        self.doctor = Person(view["my_name"], DOCTOR, signal)
        patient = self.patient.id
        await signal.until_state("the waiting patient", lambda: patient in signal.people)
        assert signal.people[patient]["stage"] == "lobby"
        await signal.say("admit", participant=patient)
        admitted = await self.patient.signal.until_kind("admitted")
        assert admitted["snapshot"]["stage"] == "admitted"
        await signal.until_state(
            "the admission", lambda: signal.people[patient]["stage"] == "admitted"
        )

    async def see_and_hear(self) -> None:
        """patient and doctor decode each other's own picture and own tone"""
        for person in (self.doctor, self.patient):
            await person.switch_on()
        await asyncio.gather(self.doctor.connect_media(), self.patient.connect_media())
        await asyncio.gather(
            self.doctor.sees_and_hears(self.patient),
            self.patient.sees_and_hears(self.doctor),
        )

    async def write_both_ways(self) -> None:
        """chat goes both ways, in one order, and a message sent twice is stored once"""
        chat_id = await self.patient.write("Bonjour docteur")
        await self.doctor.reads("Bonjour docteur")
        await self.patient.signal.say("chat", id=chat_id, text="Bonjour docteur")
        await self.doctor.write("Bonjour, je vous écoute")
        await self.patient.reads("Bonjour, je vous écoute")
        for person in (self.patient, self.doctor):
            numbers = {
                m["message"]["seq"]: m["message"]["text"]
                for m in person.signal.heard
                if m["type"] == "chat"
            }
            assert numbers == {1: "Bonjour docteur", 2: "Bonjour, je vous écoute"}, numbers

    async def mute_by_the_doctor(self) -> None:
        """a muted patient who goes on sending is not heard"""
        slot = self.doctor.slot(self.patient.id, "microphone")
        assert slot is not None and self.doctor.peer is not None and self.patient.peer is not None
        patient = self.patient.id
        await self.doctor.signal.say("mute", participant=patient)
        await self.patient.signal.until_kind("muted")
        people = self.doctor.signal.people
        await self.doctor.signal.until_state(
            "the mute in the list", lambda: not people[patient]["sources"]["microphone"]
        )
        # What was on its way may still arrive: the first look comes after a further second of video.
        await self._let_video_pass(15)
        before, sent = await self.doctor.peer.packets_in(slot), await self.patient.peer.packets_out()
        await self._let_video_pass(30)
        after, sent_after = await self.doctor.peer.packets_in(slot), await self.patient.peer.packets_out()
        assert sent_after > sent + 20, "this client ignores the request and goes on sending"
        assert after == before, f"{after - before} packets of a muted person were forwarded"
        await self.patient.switch_on()
        await self.doctor.sees_and_hears(self.patient)
        ear = self.doctor.ear(patient)
        assert ear is not None
        heard = ear.frames
        await until("sound after the mute", lambda: ear.frames > heard + 25)

    async def _let_video_pass(self, frames: int) -> None:
        eye = self.doctor.eye(self.patient.id)
        assert eye is not None
        goal = eye.frames + frames
        await until("further video", lambda: eye.frames >= goal)

    async def camera_off(self) -> None:
        """a camera that is off is not forwarded though it goes on sending"""
        slot = self.patient.slot(self.doctor.id, "camera")
        assert slot is not None and self.patient.peer is not None
        doctor = self.doctor.id
        off = {"microphone": True, "camera": False, "screen": False}
        await self.doctor.signal.say("media", sources=off)
        people = self.patient.signal.people
        await self.patient.signal.until_state(
            "the camera off", lambda: not people[doctor]["sources"]["camera"]
        )
        ear = self.patient.ear(doctor)
        assert ear is not None
        goal = ear.frames + 50
        await until("sound without picture", lambda: ear.frames >= goal)
        before = await self.patient.peer.packets_in(slot)
        goal = ear.frames + 100
        await until("further sound", lambda: ear.frames >= goal)
        after = await self.patient.peer.packets_in(slot)
        assert after == before, f"{after - before} packets of a camera that is off"
        await self.doctor.switch_on()
        await self.patient.sees_and_hears(self.doctor)
        eye = self.patient.eye(doctor)
        assert eye is not None
        goal = eye.frames + 15
        await until("picture again", lambda: eye.frames >= goal)

    async def replace_the_connection(self) -> None:
        """a new media connection replaces the old one, and there is no second tile"""
        start = time.monotonic()
        await self.patient.connect_media()
        await self.doctor.sees_and_hears(self.patient)
        eye = self.doctor.eye(self.patient.id)
        assert eye is not None
        goal = eye.frames + 15
        await until("picture of the new connection", lambda: eye.frames >= goal)
        await self.patient.sees_and_hears(self.doctor)
        assert len(self.doctor.signal.people) == 1, self.doctor.signal.people
        print(f"       back in {time.monotonic() - start:.1f} s")

    async def resume(self) -> None:
        """a lost socket resumes with its secret while media goes on"""
        old = self.patient.signal
        await old.close()
        doctor = self.doctor.signal
        patient = self.patient.id
        await doctor.until_state("the lost seat", lambda: not doctor.people[patient]["connected"])
        await self.doctor.write("Vous êtes encore là ?")
        signal = await SignalClient.dial(BASE, "/signal/v1", self.patient.name)
        signal.seq = old.seq
        await signal.say(
            "hello",
            version=1,
            auth={"by": "resume", "token": old.resume_token, "last_seq": old.seq},
        )
        welcome = await signal.until_kind("welcome")
        texts = [message["text"] for message in welcome["snapshot"]["chat"]]
        assert texts[-1] == "Vous êtes encore là ?", texts
        assert welcome["snapshot"]["me"]["id"] == patient, "the same person"
        assert welcome["snapshot"]["stage"] == "admitted"
        assert self.patient.peer is not None
        assert welcome["snapshot"]["connection"] == self.patient.peer.id, "media went on"
        self.patient.signal = signal
        await doctor.until_state("the seat taken again", lambda: doctor.people[patient]["connected"])
        await self.patient.sees_and_hears(self.doctor)

    async def third_person(self) -> None:
        """a guest waits, is admitted, and all three see and hear each other"""
        invitation = await self.doctor_account.expect(
            201,
            "POST",
            f"/appointments/{self.appointment['id']}/guests",
            {"name": "Awa Ndiaye", "relation": "fille"},
        )
        self.guest = await self.enter(invitation["link"]["token"], GUEST)
        assert self.guest.signal.heard[0]["snapshot"]["stage"] == "lobby"
        guest, doctor = self.guest.id, self.doctor.signal
        await doctor.until_state("the waiting guest", lambda: guest in doctor.people)
        assert doctor.people[guest]["relation"] == "fille"
        await doctor.say("admit", participant=guest)
        await self.guest.signal.until_kind("admitted")
        await self.guest.switch_on()
        await self.guest.connect_media()
        trio = (self.patient, self.doctor, self.guest)
        await asyncio.gather(*(a.sees_and_hears(b) for a in trio for b in trio if a is not b))

    async def watch_as_admin(self) -> None:
        """an admin sees the live visit with its three people and nothing clinical"""
        admin = Clinic(BASE)
        await admin.sign_in("admin@demo.clinic", PASSWORD)
        view = await admin.expect(200, "POST", "/observe")
        signal = await SignalClient.open(BASE, view["signal_path"], view["ticket"], "admin")
        room = self.appointment["room"]
        overview = await signal.until(
            "the live visit",
            lambda m: m["type"] == "overview"
            and any(r["room"] == room and len(r["participants"]) == 3 for r in m["rooms"]),
        )
        assert "Bonjour" not in str(overview) and "Toux" not in str(overview)
        await signal.close()

    async def end_for_all(self) -> None:
        """a guest cannot end the visit, the doctor can, for everybody"""
        await self.guest.signal.say("end")
        error = await self.guest.signal.until_kind("error")
        assert error["code"] == "forbidden", error
        await self.doctor.signal.say("end")
        for person in (self.patient, self.doctor, self.guest):
            bye = await person.signal.until_kind("bye")
            assert bye["reason"] == "ended", bye
            await person.signal.until_closed()
        refusal = await self.nobody.call(
            "POST", "/join", {"token": self.appointment["link"]["token"]}
        )
        assert (refusal.status, refusal.body["code"]) == (410, "ended"), refusal

    async def sign_the_note(self) -> None:
        """the doctor signs the note, and only then the patient reads it"""
        path = f"/appointments/{self.appointment['id']}"
        draft = await self.doctor_account.expect(
            200, "PUT", f"{path}/note", {"text": "Bronchite simple. Repos, boire.", "version": 0}
        )
        unsigned = await self.patient_account.expect(200, "GET", f"{path}/summary")
        assert unsigned["note"] is None, "a draft is its author's alone"
        await self.doctor_account.expect(
            200, "POST", f"{path}/note/sign", {"version": draft["version"]}
        )
        summary = await self.patient_account.expect(200, "GET", f"{path}/summary")
        assert summary["note"]["text"] == "Bronchite simple. Repos, boire."
        assert [line["text"] for line in summary["chat"]][:2] == [
            "Bonjour docteur",
            "Bonjour, je vous écoute",
        ]
        assert summary["appointment"]["state"] == "finished"

    async def clean_up(self) -> None:
        """Frees what is still open."""
        for name in ("patient", "doctor", "guest"):
            person = getattr(self, name, None)
            if person is not None:
                await person.leave_the_test()


async def main() -> int:
    """Runs the steps; after a failure the later ones count as failed too, since they build on it."""
    visit = Visit()
    passed = failed = 0
    for step in visit.steps():
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
            await visit.clean_up()
    except Exception:
        traceback.print_exc(file=sys.stdout)
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
