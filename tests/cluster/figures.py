"""Seconds that were measured, beside what is promised."""

import json
import os
import sys
import time
from datetime import UTC, datetime
from typing import Any

from deaf import DEAF
from house import OUT


def share(seconds: list[float], part: float) -> float:
    """What this part of them stays below."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def load() -> float:
    """Programs that wanted a core, over the last minute."""
    return os.getloadavg()[0]


class Figures:
    """Figures of one run, kept in a file after every one, so that a run that is ended has its own."""

    def __init__(self, form: str) -> None:
        self._file = OUT / f"reliability-{form}.json"
        self._start = time.monotonic()
        self._loads = [load()]
        self.seconds: dict[str, list[float]] = {}
        self.facts: dict[str, Any] = {}
        # What the documents say was typed; the figures are worth nothing without it.
        words = ("KILLS", "MINUTES", "ONLY", "SEED", "RATE", "FAULT_SECONDS", "AWAY_MINUTES", "ROUNDS")
        typed = [f"{word}={os.environ[word]}" for word in words if word in os.environ]
        name = {"short": "", "away": " database"}.get(form, f" {form}")
        self._run = {
            "command": " ".join([*typed, f"tests/run-cluster{name}"]),
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
        }

    def note(self, what: str, seconds: float) -> None:
        """One more."""
        self.seconds.setdefault(what, []).append(round(seconds, 3))
        self._loads.append(load())

    def fact(self, what: str, value: Any) -> None:
        """Something that is told once."""
        self.facts[what] = value

    def keep(self) -> None:
        """Writes everything down."""
        run = {
            **self._run,
            "minutes": round((time.monotonic() - self._start) / 60, 1),
            "load": [round(share(self._loads, 0.5), 1), round(max(self._loads), 1)],
            "cores": os.cpu_count(),
            "deaf": round(DEAF.longest(), 2),
        }
        whole = {"run": run, "facts": self.facts, "seconds": self.seconds}
        self._file.write_text(json.dumps(whole, indent=1) + "\n")

    def kept(self) -> str:
        """Writes everything down; the figures as lines."""
        self.keep()
        return self.table()

    def table(self) -> str:
        """The figures as lines."""
        lines = ["| What | n | p50 | p95 | max |", "|---|---|---|---|---|"]
        for what, seconds in self.seconds.items():
            p50, p95 = share(seconds, 0.5), share(seconds, 0.95)
            lines.append(f"| {what} | {len(seconds)} | {p50:.2f} | {p95:.2f} | {max(seconds):.2f} |")
        lines += [f"{what}: {value}" for what, value in self.facts.items()]
        return "\n".join(lines)


def say(text: str) -> None:
    """Prints a line at once."""
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)
    sys.stdout.flush()
