"""One media connection of a foreign client: aiortc talks to the SFU as any browser would."""

import asyncio
import uuid
from typing import Any

import aioice.ice
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import candidate_from_sdp

from media import Camera, Ear, Eye, Look, Microphone

# The test talks to a server on this machine, so it needs no other address.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"] if use_ipv4 else []

AUDIO_SLOTS, VIDEO_SLOTS = 2, 2


class Peer:
    """Own microphone and camera upwards, and empty slots for the others downwards."""

    def __init__(self, look: Look) -> None:
        self.id = str(uuid.uuid4())
        self.offer_no = 0
        self.ears: dict[str, Ear] = {}
        self.eyes: dict[str, Eye] = {}
        self._watchers: list[asyncio.Task[None]] = []
        self._connection = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._microphone = self._connection.addTransceiver(Microphone(look), direction="sendonly")
        self._camera = self._connection.addTransceiver(Camera(look), direction="sendonly")
        self._slots = [
            self._connection.addTransceiver(kind, direction="recvonly")
            for kind in ["audio"] * AUDIO_SLOTS + ["video"] * VIDEO_SLOTS
        ]

    async def offer(self) -> dict[str, Any]:
        """The fields of an Offer message."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        self.offer_no += 1
        return {
            "connection": self.id,
            "offer_no": self.offer_no,
            "sdp": self._connection.localDescription.sdp,
            "sources": [
                {"mid": self._microphone.mid, "source": "microphone"},
                {"mid": self._camera.mid, "source": "camera"},
            ],
        }

    async def answer(self, sdp: str) -> None:
        """Takes the server's answer and starts watching every slot."""
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        await self._add_candidates(sdp)
        for slot in self._slots:
            if slot.receiver.track is None:
                raise AssertionError(f"the server answered {slot.kind} slot {slot.mid} without sending")
            if slot.kind == "audio":
                self.ears[slot.mid] = Ear()
            else:
                self.eyes[slot.mid] = Eye()
            self._watchers.append(asyncio.create_task(self._watch(slot)))

    async def _add_candidates(self, sdp: str) -> None:
        # In a bundle they stand in the first section only (RFC 8843, 7.3.1); aiortc takes those of
        # the last one, so they are given to it one by one.
        first = sdp.split("m=", 2)[1]
        for line in first.splitlines():
            if line.startswith("a=candidate:"):
                candidate = candidate_from_sdp(line.removeprefix("a=candidate:"))
                candidate.sdpMid = self._microphone.mid
                await self._connection.addIceCandidate(candidate)
        await self._connection.addIceCandidate(None)

    async def _watch(self, slot: RTCRtpTransceiver) -> None:
        try:
            while True:
                frame = await slot.receiver.track.recv()
                if slot.kind == "audio":
                    self.ears[slot.mid].hear(frame)
                else:
                    self.eyes[slot.mid].see(frame)
        except MediaStreamError:
            return

    async def packets_in(self, mid: str) -> int:
        """RTP packets that have arrived for one slot."""
        slot = next(slot for slot in self._slots if slot.mid == mid)
        report = await slot.receiver.getStats()
        return sum(s.packetsReceived for s in report.values() if s.type == "inbound-rtp")

    async def packets_out(self) -> int:
        """RTP packets that were sent from the microphone."""
        report = await self._microphone.sender.getStats()
        return sum(s.packetsSent for s in report.values() if s.type == "outbound-rtp")

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected`, `failed` or `closed`."""
        return self._connection.connectionState

    async def close(self) -> None:
        """Ends the connection."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        await self._connection.close()
