"""A person in the visit: signaling and media together."""

import asyncio
import time
import uuid
from collections.abc import Callable
from typing import Any

from media import Ear, Eye, Look
from peer import Peer
from signal_client import PATIENCE_S, SignalClient


async def until(what: str, wanted: Callable[[], bool]) -> None:
    """Waits for decoded media, which tells nobody when it comes."""
    end = time.monotonic() + PATIENCE_S
    while not wanted():
        if time.monotonic() > end:
            raise AssertionError(f"no {what} in {PATIENCE_S} s")
        await asyncio.sleep(0.05)


class Person:
    """Somebody with a name, a look, a socket and perhaps a media connection."""

    def __init__(self, name: str, look: Look, signal: SignalClient) -> None:
        self.name = name
        self.look = look
        self.signal = signal
        self.peer: Peer | None = None

    @property
    def id(self) -> str:
        """The participant id, the same after every return."""
        return self.signal.me["id"]

    async def switch_on(self) -> None:
        """Says that microphone and camera are on."""
        on = {"microphone": True, "camera": True, "screen": False}
        await self.signal.say("media", sources=on)

    async def connect_media(self) -> None:
        """Offers a new media connection and waits until it stands."""
        peer = Peer(self.look)
        if self.peer is not None:
            await self.peer.close()
        self.peer = peer
        heard = len(self.signal.heard)
        await self.signal.say("offer", **await peer.offer())
        answer = await self.signal.until(
            "answer",
            lambda m: m["type"] == "error"
            or (m["type"] == "answer" and m["connection"] == peer.id),
            heard,
        )
        if answer["type"] == "error":
            raise AssertionError(f"{self.name}: the offer was refused: {answer}")
        if answer["offer_no"] != peer.offer_no:
            raise AssertionError(f"{self.name}: the answer belongs to another offer")
        await peer.answer(answer["sdp"])
        await until(f"media connection of {self.name}", lambda: peer.state == "connected")

    def slot(self, of: str, source: str) -> str | None:
        """The m-line that carries this source of this person."""
        for mid, slot in self.signal.slots.items():
            if slot["participant"] == of and slot["source"] == source:
                return mid
        return None

    def ear(self, of: str) -> Ear | None:
        """What is heard of this person."""
        mid = self.slot(of, "microphone")
        return None if mid is None or self.peer is None else self.peer.ears.get(mid)

    def eye(self, of: str) -> Eye | None:
        """What is seen of this person."""
        mid = self.slot(of, "camera")
        return None if mid is None or self.peer is None else self.peer.eyes.get(mid)

    async def sees_and_hears(self, other: "Person") -> None:
        """Waits until the other one's own picture and own tone have been decoded here."""

        def both() -> bool:
            eye, ear = self.eye(other.id), self.ear(other.id)
            return bool(eye and ear and eye.sees(other.look) and ear.hears(other.look))

        try:
            await until(f"{other.name} at {self.name}", both)
        except AssertionError as error:
            eye, ear = self.eye(other.id), self.ear(other.id)
            seen = vars(eye) if eye else "no video slot"
            heard = vars(ear) if ear else "no audio slot"
            raise AssertionError(f"{error}; {seen}; {heard}; {self.signal.slots}") from None

    async def write(self, text: str, chat_id: str | None = None) -> str:
        """Writes into the chat and waits until it is stored."""
        chat_id = chat_id or str(uuid.uuid4())
        await self.signal.say("chat", id=chat_id, text=text)
        await self.reads(text)
        return chat_id

    async def reads(self, text: str) -> dict[str, Any]:
        """Waits for a chat message."""
        message = await self.signal.until(
            f"chat message at {self.name}",
            lambda m: m["type"] == "chat" and m["message"]["text"] == text,
        )
        return message["message"]

    async def leave_the_test(self) -> None:
        """Frees sockets and connection."""
        if self.peer is not None:
            await self.peer.close()
        await self.signal.close()
