#!/usr/bin/env python3
"""Whether scripts/plots shows what is in reports: of tests/plots/reports, into a folder of its own. Under a second."""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

HERE = Path(__file__).resolve().parent
SVG = "{http://www.w3.org/2000/svg}"
COMPARISONS = 2


def of_class(tree, name):
    return [it for it in tree.iter() if it.get("class") == name]


def check(is_so, words):
    if not is_so:
        raise SystemExit(f"plots: {words}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(HERE / "reports", folder, dirs_exist_ok=True)
        command = [sys.executable, HERE.parent.parent / "scripts/plots", folder]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        trees = {path.stem: ET.parse(path).getroot() for path in (Path(folder) / "plots").glob("*.svg")}
    check(set(trees) == {"cpu", "latency", "percentiles", "memory", "work"}, f"other plots: {sorted(trees)}")
    for name, tree in trees.items():
        words = " ".join(tree.itertext())
        check(tree.find(f"{SVG}title") is not None and "2026-" in words, f"{name}: no title or no day")
        for server in ("ours", "Janus with event_loops = 1", "mediasoup, one worker and its node"):
            check(server in words, f"{name}: {server} is not named")
        check(not list(tree.iter(f"{SVG}script")), f"{name}: a script")

    bars = of_class(trees["cpu"], "bar")
    check(len(bars) == 2 * COMPARISONS, f"cpu: {len(bars)} bars")
    check(len(of_class(trees["cpu"], "whisker")) == len(bars), "cpu: a bar without its range")
    widths = {bar.find(f"{SVG}title").text.split(":")[0]: float(bar.get("width")) for bar in bars}
    pairs = json.loads((HERE / "reports/delay-at-70-mediasoup.json").read_text(encoding="utf-8"))["pairs"]
    cpu = {side: statistics.median(pair[side]["server"]["cpu_s_per_million"] for pair in pairs) for side in ("ours", "peer")}
    drawn = widths["delay-at-70, ours"] / widths["delay-at-70, mediasoup, one worker and its node"]
    check(abs(drawn - cpu["ours"] / cpu["peer"]) < 0.01, f"cpu: bars say {drawn:.3f}, the report {cpu['ours'] / cpu['peer']:.3f}")

    for name in ("low", "high"):
        check(len(of_class(trees["latency"], name)) == 2 * COMPARISONS, f"latency: marks of {name}")
    for name, panels in (("percentiles", COMPARISONS), ("memory", COMPARISONS), ("work", 1)):
        series = of_class(trees[name], "series")
        check(len(series) == 2 * panels and all(it.get("d") for it in series), f"{name}: {len(series)} series")

    rows = [line for line in told.splitlines() if line.startswith("| ") and "CPU" not in line]
    check(len(rows) == 3, f"{len(rows)} rows of tables")
    check(any("audio-mesh (packets are missing) | Janus" in row for row in rows), "a run that lost a packet looks exact")
    check(any("90,000 of 90,000" in row for row in rows), "the single run is in no table")


if __name__ == "__main__":
    main()
