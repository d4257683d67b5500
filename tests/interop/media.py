"""Pictures and tones that tell who sent them, and a check that the right ones arrive.

Nothing is read from a device: every person has a colour and a pitch of their own.
"""

import array
import asyncio
import math
import time
from dataclasses import dataclass
from fractions import Fraction

from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame

WIDTH, HEIGHT, FRAMES_PER_S = 320, 180, 15
SAMPLES_PER_S, SAMPLES_PER_FRAME = 48_000, 960


@dataclass(frozen=True)
class Look:
    """How one person looks and sounds."""

    blue: int
    red: int
    pitch_hz: int


PATIENT = Look(blue=60, red=90, pitch_hz=440)
DOCTOR = Look(blue=190, red=90, pitch_hz=660)
GUEST = Look(blue=90, red=200, pitch_hz=880)


class Camera(MediaStreamTrack):
    """A plain surface of one colour, with a bar that moves."""

    kind = "video"

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._count = 0
        self._start = time.monotonic()

    async def recv(self) -> VideoFrame:
        """The next picture, when it is due."""
        due = self._start + self._count / FRAMES_PER_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        luma, blue, red = frame.planes
        row = bytearray(b"\x80" * luma.line_size)
        left = (self._count * 4) % (WIDTH - 40)
        row[left : left + 40] = b"\xe0" * 40
        luma.update(bytes(row) * luma.height)
        blue.update(bytes([self._look.blue]) * blue.buffer_size)
        red.update(bytes([self._look.red]) * red.buffer_size)
        frame.pts = self._count * (90_000 // FRAMES_PER_S)
        frame.time_base = Fraction(1, 90_000)
        self._count += 1
        return frame


class Microphone(MediaStreamTrack):
    """A tone."""

    kind = "audio"

    def __init__(self, look: Look) -> None:
        super().__init__()
        # Every pitch here is a multiple of 10 Hz, so that the tone comes again after 100 ms.
        step = 2 * math.pi * look.pitch_hz / SAMPLES_PER_S
        tone = array.array("h", (int(8_000 * math.sin(step * n)) for n in range(5 * SAMPLES_PER_FRAME)))
        self._frames = [
            tone[first : first + SAMPLES_PER_FRAME].tobytes()
            for first in range(0, 5 * SAMPLES_PER_FRAME, SAMPLES_PER_FRAME)
        ]
        self._count = 0
        self._start = time.monotonic()

    async def recv(self) -> AudioFrame:
        """The next 20 ms, when they are due."""
        due = self._start + self._count * SAMPLES_PER_FRAME / SAMPLES_PER_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        first = self._count * SAMPLES_PER_FRAME
        frame = AudioFrame(format="s16", layout="mono", samples=SAMPLES_PER_FRAME)
        frame.planes[0].update(self._frames[self._count % 5])
        frame.pts = first
        frame.sample_rate = SAMPLES_PER_S
        frame.time_base = Fraction(1, SAMPLES_PER_S)
        self._count += 1
        return frame


class Ear:
    """Counts the decoded sound of one slot and measures its latest pitch and loudness."""

    def __init__(self) -> None:
        self.frames = 0
        self.energy = 0.0
        self.pitch_hz = 0.0

    def hear(self, frame: AudioFrame) -> None:
        """Takes 20 ms of decoded sound."""
        channels = len(frame.layout.channels)
        samples = array.array("h", bytes(frame.planes[0])[: frame.samples * channels * 2])[::channels]
        self.frames += 1
        self.energy += sum((sample / 32_768) ** 2 for sample in samples)
        crossings = sum(1 for a, b in zip(samples, samples[1:]) if a < 0 <= b)
        measured = crossings * frame.sample_rate / max(1, len(samples))
        self.pitch_hz = 0.9 * self.pitch_hz + 0.1 * measured

    def hears(self, look: Look) -> bool:
        """Whether it is this person's tone."""
        return self.frames > 25 and abs(self.pitch_hz - look.pitch_hz) < 45


class Eye:
    """Counts the decoded pictures of one slot and measures the latest colour."""

    def __init__(self) -> None:
        self.frames = 0
        self.blue = 0
        self.red = 0
        self.size = (0, 0)

    def see(self, frame: VideoFrame) -> None:
        """Takes one decoded picture."""
        self.frames += 1
        self.size = (frame.width, frame.height)
        _, blue, red = frame.planes
        middle = (blue.height // 2) * blue.line_size + blue.width // 2
        self.blue = bytes(blue)[middle]
        self.red = bytes(red)[middle]

    def sees(self, look: Look) -> bool:
        """Whether it is this person's colour; a codec may shift it a little."""
        near = abs(self.blue - look.blue) < 25 and abs(self.red - look.red) < 25
        return self.frames > 10 and near
