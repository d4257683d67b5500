"""Writes the measured parts of docs/reliability.md from what runs have left in tests/out.

    tests/cluster/table.py [FILE...]     reliability-*.json; without names all of tests/out

A form that was not run keeps what stands in the document.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs/reliability.md"

# What is promised of each figure: seconds that 95 of 100 stay below, and all.
PROMISES: dict[str, tuple[float, float]] = {
    "owner killed: media gap": (3, 5),
    "host vanished: media gap": (8, 12),
    "owner hung: media gap": (8, 15),
    "owner killed without Redis: media gap": (8, 15),
    "owner killed while Redis is away: media gap": (8, 15),
    "owner hung without Redis: media gap": (8, 15),
    "hung owner awake without Redis: until it lets go of its visits": (3, 3),
    "signaling killed: media gap": (0.5, 0.5),
    "signaling killed: back in the room": (2, 2),
    "old owner back: media gap": (0.5, 0.5),
    "hung owner awake: until it lets go of its visits": (3, 3),
    "host back: until it lets go of its visits": (3, 3),
    "Redis back: until it knows the rooms": (10, 10),
    "drained: until the process has ended": (60, 90),
    "drained: media gap": (0.5, 1),
}
ENDINGS: dict[str, tuple[float, float]] = {
    ": until requests are done again": (10, 10),
    ": back in the room": (2, 5),
    ": media gap": (0.5, 0.5),
}


def promise(what: str) -> tuple[float, float] | None:
    """What is promised of a figure, if anything."""
    if what in PROMISES:
        return PROMISES[what]
    return next((it for ending, it in ENDINGS.items() if what.endswith(ending)), None)


def share(seconds: list[float], part: float) -> float:
    """What this part of them stays below."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def told(run: dict[str, Any]) -> str:
    """Where figures are from."""
    median, highest = run["load"]
    deaf = f"; the judging program itself stood still for {run['deaf']:.2f} s at most" if "deaf" in run else ""
    busy = "busy with other work" if median > 2 * run["cores"] else "not busy"
    return (
        f"`{run['command']}`, {run['date']}, {run['minutes']:.3g} minutes on {run['cores']} cores; the machine was "
        f"{busy} (load {median:.0f}, at most {highest:.0f}){deaf}."
    )


def rows(seconds: dict[str, list[float]]) -> list[str]:
    """A table of figures beside their promises."""
    lines = ["| What, in seconds | Promised p95 / max | n | p50 | p95 | max | Kept |", "|---|---|---|---|---|---|---|"]
    for what, measured in seconds.items():
        p50, p95, most = share(measured, 0.5), share(measured, 0.95), max(measured)
        wanted = promise(what)
        kept = "" if wanted is None else "yes" if p95 <= wanted[0] and most <= wanted[1] else "**no**"
        bounds = "" if wanted is None else f"{wanted[0]:g} / {wanted[1]:g}"
        lines.append(f"| {what} | {bounds} | {len(measured)} | {p50:.2f} | {p95:.2f} | {most:.2f} | {kept} |")
    return lines


def facts(form: str, run: dict[str, Any]) -> list[str]:
    """What is no table of seconds."""
    found = run["facts"]
    if form == "chaos":
        kinds = ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in found.get("faults", {}).items())
        return [f"Faults: {kinds}.", ""]
    if form == "soak":
        lines = ["| What | Promised | Measured | Kept |", "|---|---|---|---|"]
        success, lost = found["join success"], found["lost participant-minutes"]
        count, minutes = found["joins"], found["participant-minutes"]
        with_server = found["lost with a server"]
        rest = lost - with_server
        for what, wanted, measured, kept in (
            (f"joins that succeeded, of {count}", "99.9 %", success, success >= 0.999),
            (f"lost, of {minutes} participant-minutes", "0.1 %", lost, lost <= 0.001),
            ("of it until visits of a lost server went on elsewhere", "", with_server, None),
            ("of it for any other reason", "0.1 %", rest, rest <= 0.001),
        ):
            said = "" if kept is None else "yes" if kept else "**no**"
            lines.append(f"| {what} | {wanted} | {100 * measured:.2f} % | {said} |")
        lines += ["", "| Fault | Times | Seconds of people that one costs, on average |", "|---|---|---|"]
        for kind, costs in sorted(found["seconds lost by fault"].items()):
            lines.append(f"| {kind.replace('_', ' ')} | {len(costs)} | {sum(costs) / len(costs):.1f} |")
        return [*lines, ""]
    return [*(f"- {what}: {value}" for what, value in found.items()), ""] if found else []


def put(text: str, form: str, lines: list[str]) -> str:
    """The document with one measured part replaced."""
    begin, end = f"<!-- measured: {form} -->", f"<!-- end: {form} -->"
    head, rest = text.split(begin)
    _, tail = rest.split(end)
    return f"{head}{begin}\n\n" + "\n".join(lines).strip() + f"\n\n{end}{tail}"


def main() -> int:
    """Puts every file in its place."""
    files = [Path(name) for name in sys.argv[1:]] or sorted((ROOT / "tests/out").glob("reliability-*.json"))
    text = DOCUMENT.read_text()
    for file in files:
        form, whole = file.stem.removeprefix("reliability-"), json.loads(file.read_text())
        lines = [told(whole["run"]), "", *facts(form, whole), *(rows(whole["seconds"]) if whole["seconds"] else [])]
        text = put(text, form, lines)
    DOCUMENT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
