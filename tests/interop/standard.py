"""Clients of the standard doors: WHIP (RFC 9725) to publish, WHEP to play, with aiortc as engine."""

import asyncio
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

import aioice.ice
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.sdp import candidate_from_sdp

from media import Camera, Ear, Eye, Look, Microphone

# The test talks to a server on this machine, so it needs no other address.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"] if use_ipv4 else []


@dataclass
class HttpAnswer:
    """What a door answered."""

    status: int
    headers: dict[str, str]
    body: str


async def request(method: str, url: str, headers: dict[str, str], body: str = "") -> HttpAnswer:
    """One request. An HTTP error is an answer, not an exception."""
    return await asyncio.to_thread(_request, method, url, headers, body)


def _request(method: str, url: str, headers: dict[str, str], body: str) -> HttpAnswer:
    call = urllib.request.Request(
        url, method=method, data=body.encode() if body else None, headers=headers
    )
    try:
        with urllib.request.urlopen(call, timeout=30) as answer:
            status, fields, text = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        status, fields, text = error.code, error.headers, error.read()
    lowered = {name.lower(): value for name, value in fields.items()}
    return HttpAnswer(status, lowered, text.decode())


class DoorClient:
    """One session at a door, from the offer to the goodbye."""

    def __init__(self) -> None:
        self.url = ""
        self.etag = ""
        self.ears: list[Ear] = []
        self.eyes: list[Eye] = []
        self._watchers: list[asyncio.Task[None]] = []
        self._connection = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )

    @classmethod
    async def publish(cls, base: str, room: str, ticket: str, look: Look) -> "DoorClient":
        """Sends a picture and a tone."""
        client = cls()
        client._connection.addTransceiver(Microphone(look), direction="sendonly")
        client._connection.addTransceiver(Camera(look), direction="sendonly")
        await client._enter(f"{base}/whip/{room}", ticket)
        return client

    @classmethod
    async def play(cls, base: str, room: str, ticket: str, slots: int) -> "DoorClient":
        """Receives so many tones and so many pictures."""
        client = cls()
        for kind in ["audio"] * slots + ["video"] * slots:
            client._connection.addTransceiver(kind, direction="recvonly")
        await client._enter(f"{base}/whep/{room}", ticket)
        for slot in client._connection.getTransceivers():
            client._watchers.append(asyncio.create_task(client._watch(slot.receiver.track)))
        return client

    async def _enter(self, endpoint: str, ticket: str) -> None:
        await self._connection.setLocalDescription(await self._connection.createOffer())
        answer = await request(
            "POST",
            endpoint,
            {"Content-Type": "application/sdp", "Authorization": f"Bearer {ticket}"},
            self._connection.localDescription.sdp,
        )
        if answer.status != 201:
            raise AssertionError(f"{endpoint} answered {answer.status}: {answer.body}")
        self.url = urllib.parse.urljoin(endpoint, answer.headers["location"])
        self.etag = answer.headers["etag"]
        await self._connection.setRemoteDescription(RTCSessionDescription(answer.body, "answer"))
        await self._add_candidates(answer.body)

    async def _add_candidates(self, sdp: str) -> None:
        # In a bundle they stand in the first section only (RFC 8843, 7.3.1); aiortc takes those of
        # the last one, so they are given to it one by one.
        for line in sdp.split("m=", 2)[1].splitlines():
            if line.startswith("a=candidate:"):
                candidate = candidate_from_sdp(line.removeprefix("a=candidate:"))
                candidate.sdpMid = self._connection.getTransceivers()[0].mid
                await self._connection.addIceCandidate(candidate)
        await self._connection.addIceCandidate(None)

    async def _watch(self, track: MediaStreamTrack) -> None:
        sense = Ear() if track.kind == "audio" else Eye()
        if isinstance(sense, Ear):
            self.ears.append(sense)
        else:
            self.eyes.append(sense)
        try:
            while True:
                frame = await track.recv()
                if isinstance(sense, Ear):
                    sense.hear(frame)
                else:
                    sense.see(frame)
        except MediaStreamError:
            return

    def sees_and_hears(self, look: Look) -> bool:
        """Whether this person's picture and tone arrive on any slot."""
        return any(eye.sees(look) for eye in self.eyes) and any(ear.hears(look) for ear in self.ears)

    def frames(self) -> int:
        """Everything decoded so far."""
        return sum(ear.frames for ear in self.ears) + sum(eye.frames for eye in self.eyes)

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected`, `failed` or `closed`."""
        return self._connection.connectionState

    async def packets_out(self) -> int:
        """RTP packets that were sent."""
        report = await self._connection.getStats()
        return sum(s.packetsSent for s in report.values() if s.type == "outbound-rtp")

    async def trickle(self, etag: str) -> int:
        """Tells a candidate that nobody needs; the status of the answer."""
        fragment = "a=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n"
        headers = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": etag}
        return (await request("PATCH", self.url, headers, fragment)).status

    async def leave(self) -> int:
        """Ends the session; the status of the answer."""
        status = (await request("DELETE", self.url, {})).status
        await self.close()
        return status

    async def close(self) -> None:
        """Ends the media connection without a word to the door."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        await self._connection.close()
