"""What a process holds, read from the outside."""

import pathlib
import re
import urllib.request

# What the server says of itself: the names of its metrics.
METRICS = {
    "tasks": "runtime_tasks",
    "lines": "phone_calls",
    "calls": "phone_sip_calls",
    "transactions": "phone_sip_transactions",
    "sockets": "signal_connections",
    "rooms": "signal_rooms",
    "seats": "sfu_connections",
    "media_rooms": "sfu_rooms",
    "faults": "phone_lines_failed_total",
}


class Process:
    def __init__(self, pid, base):
        self.proc = pathlib.Path(f"/proc/{pid}")
        self.base = base

    def sample(self):
        """Memory in bytes, and counts."""
        status = (self.proc / "status").read_text()
        links = self._links()
        return {
            "rss": int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024,
            "threads": int(re.search(r"Threads:\s+(\d+)", status)[1]),
            "files": len(links),
            "ports": self._ports(links),
            **self._metrics(),
        }

    def _links(self):
        links = []
        for entry in (self.proc / "fd").iterdir():
            try:
                links.append(str(entry.readlink()))
            except FileNotFoundError:
                pass  # Closed meanwhile.
        return links

    def _ports(self, links):
        """UDP ports that the process has bound."""
        own = {link[8:-1] for link in links if link.startswith("socket:[")}
        bound = set()
        for table in ("udp", "udp6"):
            for line in (self.proc / "net" / table).read_text().splitlines()[1:]:
                words = line.split()
                if words[9] in own:
                    bound.add(words[1])
        return len(bound)

    def _metrics(self):
        with urllib.request.urlopen(f"{self.base}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        found = dict.fromkeys(METRICS, 0)
        for line in lines:
            name, _, value = line.rpartition(" ")
            for short, metric in METRICS.items():
                if name == metric or name.startswith(metric + "{"):
                    found[short] += int(float(value))
        return found
