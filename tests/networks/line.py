"""Links between network namespaces that lose, delay and shape what they carry.

A link is a network interface in one namespace and one in another, and this program between them: no
queueing discipline of the kernel is needed, and the same seed meets packets with the same fate.

Reads one JSON command per line from standard input and answers each with one line:

    {"op": "lay", "link": L, "near": {"net": PATH, "name": N}, "far": {..}, "seed": 1}
    {"op": "shape", "link": L, "up": SHAPE, "down": SHAPE}     up is from near to far
    {"op": "counts"}

A SHAPE has any of: `cut` (true: nothing passes), `loss` (0 to 1), `delay_ms`, `jitter_ms` (further
delay, drawn evenly for each packet, so packets overtake each other), `rate_kbps`, `queue_ms` (how long
a packet may wait for its turn at that rate; 200). What is left out is nothing.
"""

import ctypes
import fcntl
import heapq
import itertools
import json
import os
import random
import selectors
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
PACKET_MAX = 65_535
# At most this many packets of one interface before the others have their turn.
BURST = 64
QUEUE_MS = 200

libc = ctypes.CDLL(None, use_errno=True)


def enter(path):
    """Goes into a network namespace."""
    with open(path, "rb") as net:
        if libc.setns(net.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")


class Direction:
    """One way of a link."""

    def __init__(self, fd, seed):
        self.fd = fd
        self.chance = random.Random(seed)
        self.free_at = 0.0
        self.counts = {"passed": 0, "bytes": 0, "lost": 0, "overflown": 0, "cut": 0}
        self.shape({})

    def shape(self, wish):
        known = {"cut", "loss", "delay_ms", "jitter_ms", "rate_kbps", "queue_ms"}
        if set(wish) - known:
            raise ValueError(f"unknown: {sorted(set(wish) - known)}")
        self.cut = bool(wish.get("cut", False))
        self.loss = float(wish.get("loss", 0))
        self.delay_s = float(wish.get("delay_ms", 0)) / 1_000
        self.jitter_s = float(wish.get("jitter_ms", 0)) / 1_000
        self.rate_bps = float(wish.get("rate_kbps", 0)) * 1_000
        self.queue_s = float(wish.get("queue_ms", QUEUE_MS)) / 1_000
        self.free_at = 0.0

    def fate(self, now, size):
        """When a packet arrives, or None when it does not."""
        if self.cut:
            self.counts["cut"] += 1
            return None
        if self.loss and self.chance.random() < self.loss:
            self.counts["lost"] += 1
            return None
        at = now
        if self.rate_bps:
            begin = max(now, self.free_at)
            if begin - now > self.queue_s:
                self.counts["overflown"] += 1
                return None
            at = self.free_at = begin + size * 8 / self.rate_bps
        at += self.delay_s
        if self.jitter_s:
            at += self.chance.random() * self.jitter_s
        return at


class Lines:
    """All links of a run."""

    def __init__(self):
        self.home = "/proc/self/ns/net"
        self.home_fd = os.open(self.home, os.O_RDONLY)
        self.ready = selectors.DefaultSelector()
        self.links = {}
        self.waiting = []
        self.order = itertools.count()
        self.pending = b""
        self.ready.register(sys.stdin.fileno(), selectors.EVENT_READ, None)

    def interface(self, net, name):
        enter(net)
        try:
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
        finally:
            if libc.setns(self.home_fd, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "cannot return to the own namespace")
        return fd

    def lay(self, link, near, far, seed):
        near_fd = self.interface(**near)
        far_fd = self.interface(**far)
        up, down = Direction(far_fd, f"{seed} {link} up"), Direction(near_fd, f"{seed} {link} down")
        self.links[link] = (up, down)
        self.ready.register(near_fd, selectors.EVENT_READ, up)
        self.ready.register(far_fd, selectors.EVENT_READ, down)

    def command(self, line):
        wish = json.loads(line)
        op = wish.pop("op")
        if op == "lay":
            self.lay(**wish)
        elif op == "shape":
            up, down = self.links[wish["link"]]
            up.shape(wish.get("up", {}))
            down.shape(wish.get("down", {}))
        elif op == "counts":
            return {link: {"up": up.counts, "down": down.counts} for link, (up, down) in self.links.items()}
        else:
            raise ValueError(f"unknown command {op}")
        return {}

    def listen(self):
        """Does what standard input says; false at its end."""
        read = os.read(sys.stdin.fileno(), PACKET_MAX)
        *lines, self.pending = (self.pending + read).split(b"\n")
        for line in lines:
            try:
                answer = {"ok": self.command(line)}
            except (OSError, ValueError, KeyError, TypeError) as fault:
                answer = {"fault": f"{type(fault).__name__}: {fault}"}
            print(json.dumps(answer), flush=True)
        return read != b""

    def take(self, fd, direction):
        for _ in range(BURST):
            try:
                packet = os.read(fd, PACKET_MAX)
            except OSError:
                # Nothing more, or the interface is down.
                return
            at = direction.fate(time.monotonic(), len(packet))
            if at is not None:
                heapq.heappush(self.waiting, (at, next(self.order), direction, packet))

    def deliver(self):
        """Hands over what is due; gives the time until the next packet."""
        while self.waiting:
            now = time.monotonic()
            at, _, direction, packet = self.waiting[0]
            if at > now:
                return at - now
            heapq.heappop(self.waiting)
            if direction.cut:
                direction.counts["cut"] += 1
                continue
            try:
                os.write(direction.fd, packet)
                direction.counts["passed"] += 1
                direction.counts["bytes"] += len(packet)
            except OSError:
                # The other interface is down, or its queue is full.
                direction.counts["overflown"] += 1
        return None

    def run(self):
        wait = None
        while True:
            for key, _ in self.ready.select(wait):
                if key.data is not None:
                    self.take(key.fd, key.data)
                elif not self.listen():
                    return
            wait = self.deliver()


if __name__ == "__main__":
    Lines().run()
