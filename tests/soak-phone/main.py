"""Calls for hours, and whether the server holds as much at the end as in the beginning.

A real server with a clinic, a few people who call at a time in every way that people and others do, and samples of
what its process holds. After a first minute of calls and a quiet time it is seen what there is; after MINUTES of
calls and a quiet time it must be the same. The way there is written into a JSON file."""

import collections
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import callers
import judge
from process import Process

HERE = pathlib.Path(__file__).parent
OUT = pathlib.Path(os.environ.get("OUT", HERE.parent / "out"))
MINUTES = float(os.environ.get("MINUTES", "120"))
SEED = os.environ.get("SEED", "1")
WORKERS = int(os.environ.get("WORKERS", "4"))
NUMBER = "+33123456789"
SAMPLE_S = 5
WARM_S = 60
# A port rests for 30 s after its call.
REST_S = 40
# By then everything must have been let go of: a call without sound ends after 20 to 30 s, its transactions after
# 32 s more, and then its port rests.
QUIET_S = 180
PATIENCE_S = 120


class Clinic:
    """The server, and the doctors in its visits."""

    def __init__(self, root, sip, callee):
        self.root = root
        self.lines = queue.Queue()
        words = ["node", HERE / "clinic.mjs", root, str(sip), str(callee), str(WORKERS), NUMBER]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()
        self.lock = threading.Lock()
        self.pid = self._next("pid")["pid"]

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put({"ended": "the helper"})

    def _next(self, key):
        while True:
            line = self.lines.get(timeout=PATIENCE_S)
            if "ended" in line:
                raise RuntimeError(f"the server ended: {line['ended']}")
            if "error" in line:
                raise AssertionError(line["error"])
            if key in line:
                return line

    def pin(self, index):
        with self.lock:
            self.process.stdin.write(f"pin {index}\n")
            self.process.stdin.flush()
            return self._next("pin")["pin"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=PATIENCE_S)


class Soak:
    def __init__(self, clinic, base, sip):
        self.line = callers.Line(("127.0.0.1", sip), NUMBER, clinic.pin)
        self.process = Process(clinic.pid, base)
        self.begun = time.monotonic()
        self.samples = []
        self.kinds = collections.Counter()
        self.failed = collections.Counter()
        self.dead = None

    def now(self):
        return time.monotonic() - self.begun

    def sample(self, phase):
        seen = self.process.sample()
        self.samples.append((self.now(), phase, seen))
        return seen

    def churn(self, phase, seconds):
        """Calls by all workers for so long; answers when the last one is over."""
        until = time.monotonic() + seconds
        print(f"{self.now():7.0f} s  {phase}", flush=True)
        workers = [threading.Thread(target=self._work, args=(phase, index, until)) for index in range(WORKERS)]
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            self.sample(phase)
            workers[0].join(SAMPLE_S)
            time.sleep(0 if workers[0].is_alive() else SAMPLE_S / 5)

    def _work(self, phase, index, until):
        chance = callers.seeded(f"{SEED}-{phase}", index)
        while time.monotonic() < until and not self.dead:
            kind = callers.pick(chance)
            try:
                kind(self.line, chance, index)
                self.kinds[kind.__name__] += 1
            except RuntimeError as error:
                self.dead = error
            except Exception as error:  # noqa: BLE001: whatever went wrong is counted
                self.failed[f"{kind.__name__}: {error}"] += 1
                if os.environ.get("PHONE_TRACE"):
                    traceback.print_exc()

    def quiet(self, phase, target=None):
        """Nobody calls. Ends when nothing is kept any more, or when it had to have been let go of."""
        until = time.monotonic() + QUIET_S
        print(f"{self.now():7.0f} s  {phase}: {dict(self.kinds)}", flush=True)
        idle_since = None
        while True:
            seen = self.sample(phase)
            left = [name for name, slack in judge.SLACK.items() if target and seen[name] > target[name] + slack]
            now = time.monotonic()
            if seen["lines"] or seen["calls"] or seen["transactions"]:
                idle_since = None
            else:
                idle_since = idle_since or now
            if now >= until or (idle_since and now >= idle_since + REST_S and not left):
                return seen
            time.sleep(SAMPLE_S)

    def run(self):
        self.churn("first minute", WARM_S)
        before = self.quiet("first quiet")
        churn_began = self.now()
        self.churn("calls", MINUTES * 60)
        after = self.quiet("last quiet", before)
        during = [(at - churn_began, seen) for at, phase, seen in self.samples if phase == "calls"]
        wrong, per_hour, bound = judge.judge(before, after, during, MINUTES)
        if self.dead:
            wrong.append(str(self.dead))
        most = sum(self.kinds.values()) // 50
        if sum(self.failed.values()) > most:
            wrong.append(f"calls that did not go as they should: {sum(self.failed.values())}, at most {most}")
        if self.kinds["visit"] == 0:
            wrong.append("nobody was in a visit, so nothing was judged")
        return {
            "minutes": MINUTES,
            "seed": SEED,
            "before": before,
            "after": after,
            "highest": {name: max(seen[name] for _, _, seen in self.samples) for name in before},
            "rss_mb_per_hour": round(per_hour, 2),
            "rss_mb_per_hour_allowed": round(bound, 2),
            "calls": dict(self.kinds),
            "failed": dict(self.failed),
            "wrong": wrong,
            "samples": [[round(at, 1), phase, seen] for at, phase, seen in self.samples],
        }


def table(report):
    print(f"\n{'':<14}{'before':>14}{'highest':>14}{'after':>14}")
    for name, before in report["before"].items():
        print(f"{name:<14}{before:>14,}{report['highest'][name]:>14,}{report['after'][name]:>14,}")
    print(f"\nmemory: {report['rss_mb_per_hour']} MB an hour, at most {report['rss_mb_per_hour_allowed']}")
    print("calls: " + ", ".join(f"{kind} {count}" for kind, count in sorted(report["calls"].items())))
    for what, count in report["failed"].items():
        print(f"  {count} x {what}")
    for what in report["wrong"]:
        print(f"WRONG {what}")


def main():
    base = os.environ["BASE_URL"]
    sip, callee = int(os.environ["SIP_PORT"]), int(os.environ["CALLEE_PORT"])
    root = tempfile.mkdtemp(prefix="telehealth-soak-")
    clinic = Clinic(root, sip, callee)
    try:
        report = Soak(clinic, base, sip).run()
        clinic.close()
    finally:
        clinic.process.kill()
        OUT.mkdir(parents=True, exist_ok=True)
        log = pathlib.Path(root) / "server.log"
        if log.exists():
            shutil.copy(log, OUT / "soak-phone.log")
        shutil.rmtree(root, ignore_errors=True)
    (OUT / "soak-phone.json").write_text(json.dumps(report, indent=1) + "\n")
    table(report)
    return 1 if report["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
