"""One media connection of a person, and whether it has stalled."""

import asyncio
import sys
import time
import uuid
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "interop"))

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import candidate_from_sdp
from media import Ear, Look, Microphone

# How web/call feels the pulse of its media.
SILENT_LOOKS, SENT_BYTES_MIN = 2, 500
# A look that came so late says that this program was late, not the server.
LATE_S = 0.35


class Line:
    """One media connection: own microphone up, one slot down."""

    def __init__(self, look: Look, heard: list[float]) -> None:
        self.id = str(uuid.uuid4())
        self.ear = Ear()
        self.since = time.monotonic()
        self._heard = heard
        self._watcher: asyncio.Task[None] | None = None
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self._connection = RTCPeerConnection(configuration)
        self._up = self._connection.addTransceiver(Microphone(look), direction="sendonly")
        self._down = self._connection.addTransceiver("audio", direction="recvonly")

    async def offer(self) -> dict[str, Any]:
        """The fields of an Offer message."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return {
            "connection": self.id,
            "offer_no": 1,
            "sdp": self._connection.localDescription.sdp,
            "sources": [{"mid": self._up.mid, "source": "microphone"}],
        }

    def into(self, heard: list[float]) -> None:
        """Notes from here on in this list when something was heard."""
        self._heard = heard

    async def flows(self) -> None:
        """Waits until media can go both ways."""
        while self._connection.connectionState != "connected":
            assert self._connection.connectionState not in ("failed", "closed"), self._connection.connectionState
            await asyncio.sleep(0.02)

    async def answer(self, sdp: str) -> None:
        """Takes the server's answer, with its candidates, and listens."""
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        for text in sdp.split("m=", 2)[1].splitlines():
            if text.startswith("a=candidate:"):
                candidate = candidate_from_sdp(text.removeprefix("a=candidate:"))
                candidate.sdpMid = self._up.mid
                await self._connection.addIceCandidate(candidate)
        await self._connection.addIceCandidate(None)
        self._watcher = asyncio.create_task(self._watch())

    def passed(self) -> tuple[int, int]:
        """Bytes that were sent and that arrived."""
        transport = self._up.sender.transport
        stats = vars(transport)
        sent, arrived = (stats.get(f"_RTCDtlsTransport__{way}_bytes", 0) for way in ("tx", "rx"))
        return sent, arrived

    async def _watch(self) -> None:
        try:
            while True:
                frame = await self._down.receiver.track.recv()
                self._heard.append(time.monotonic())
                self.ear.hear(frame)
        except MediaStreamError:
            return

    async def close(self) -> None:
        """Ends the connection."""
        if self._watcher is not None:
            self._watcher.cancel()
        await self._connection.close()


class Pulse:
    """Whether a line has stalled, as pulse.rs says it."""

    def __init__(self) -> None:
        self._last = (0, 0)
        self._silent = 0
        self._looked = time.monotonic()

    def feed(self, passed: tuple[int, int]) -> bool:
        """Takes a look; answers whether the line has just stalled."""
        now = time.monotonic()
        is_late, self._looked = now - self._looked > LATE_S, now
        (sent, arrived), (sent_before, arrived_before) = passed, self._last
        fresh, self._last = self._last == (0, 0), passed
        if fresh or is_late or arrived != arrived_before:
            self._silent = 0
            return False
        if sent - sent_before < SENT_BYTES_MIN:
            return False
        self._silent += 1
        return self._silent % SILENT_LOOKS == 0
