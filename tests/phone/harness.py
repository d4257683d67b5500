"""Runs scenarios one after the other, long ones beside them, and says what held."""

import os
import pathlib
import tempfile
import threading
import time
import traceback

import room as rooms
import sipp


class Harness:
    def __init__(self):
        self.logs = tempfile.TemporaryDirectory()
        self.failed = []
        self.held = 0
        self.lock = threading.Lock()
        self.count = 0

    def new_room(self, config=rooms.CONFIG):
        with self.lock:
            self.count += 1
            log = pathlib.Path(self.logs.name) / f"room-{self.count}.log"
        proxy = sipp.free_port()
        room = rooms.Room(rooms.binary(), proxy, log, config)
        room.proxy = proxy
        return room

    def one(self, scenario, room):
        begun = time.monotonic()
        try:
            if room:
                room.drain()
            scenario(room)
            word = "held"
        except Exception as error:  # noqa: BLE001: whatever went wrong is told
            word = f"FAILED: {error}"
            if os.environ.get("PHONE_TRACE"):
                traceback.print_exc()
        with self.lock:
            if word == "held":
                self.held += 1
            else:
                self.failed.append(scenario.__doc__)
            print(f"{word:>6}  {time.monotonic() - begun:5.1f} s  {scenario.__doc__}", flush=True)

    def alone(self, scenario):
        room = self.new_room()
        try:
            self.one(scenario, room)
        finally:
            room.close()

    def group(self, make_room, scenarios, only):
        """Scenarios one after the other in a room of their own."""
        scenarios = [one for one in scenarios if not only or one.__name__ in only]
        if not scenarios:
            return
        try:
            room = make_room(self)
            for scenario in scenarios:
                self.one(scenario, room)
            if not only:
                self.one(self.nothing_stays(room), room)
            room.close()
        except Exception as error:  # noqa: BLE001: a thread that ends would be no failure
            with self.lock:
                self.failed.append(str(error))
            print(f"FAILED: {make_room.__module__}: {error}", flush=True)

    def run(self, groups, beside_them=(), only=()):
        quick, long = groups
        if only:
            quick = [one for one in quick if one.__name__ in only]
            long = [one for one in long if one.__name__ in only]
        beside = [threading.Thread(target=self.alone, args=(one,)) for one in long]
        beside += [threading.Thread(target=self.group, args=(*group, only)) for group in beside_them]
        for thread in beside:
            thread.start()
        room = self.new_room()
        for scenario in quick:
            self.one(scenario, room)
        if not only:
            self.one(self.nothing_stays(room), room)
        room.close()
        for thread in beside:
            thread.join()
        if not only:
            self.one(self.nothing_is_logged(), None)
        print(f"{self.held} passed, {len(self.failed)} failed")
        if os.environ.get("PHONE_KEEP_LOGS"):
            print(self.logs.name)
            self.logs._finalizer.detach()  # noqa: SLF001: for whoever looks for a fault
        return 1 if self.failed else 0

    @staticmethod
    def nothing_stays(room):
        def scenario(_room):
            """all places are free again after all calls"""
            until = time.monotonic() + 30
            while not ("calls: 0" in (counts := room.drain()) and "connections: 0" in counts):
                if time.monotonic() > until:
                    raise AssertionError(counts)

        return scenario

    def nothing_is_logged(self):
        def scenario(_room):
            """no number, PIN, key or message is in a log at the finest level"""
            size = 0
            for path in pathlib.Path(self.logs.name).glob("*.log"):
                text = path.read_text(errors="replace")
                size += len(text)
                for secret in ("33612345678", "33123456789", "33698765432", "33123456790", "123456", "SIP/2.0", "crypto:", rooms.SECRET, "m=audio"):
                    if secret in text:
                        at = text.index(secret)
                        raise AssertionError(f"{path.name}: {text[max(0, at - 120):at + 60]!r}")
            if size == 0:
                raise AssertionError("nothing was logged at all, so nothing was judged")

        return scenario
