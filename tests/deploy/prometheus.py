"""Prometheus itself, with deploy/watch, asking a live server."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from kit import DEPLOY, Wrong, check, wrong_if
from metrics import PARTS, dashboards, documented, names_in, rules
from proxies import changed, free_port

WATCH = DEPLOY / "watch"


@contextlib.contextmanager
def running():
    """Prometheus with the configuration of deploy/watch, but for its target, its haste and its place."""
    with tempfile.TemporaryDirectory() as folder:
        place, port = pathlib.Path(folder), free_port()
        shutil.copy(WATCH / "alerts.yml", place)
        target = urllib.parse.urlsplit(os.environ["BASE_URL"]).netloc
        (place / "prometheus.yml").write_text(changed((WATCH / "prometheus.yml").read_text(), {
            "app:9090": target,
            "localhost:9090": f"127.0.0.1:{port}",
            "scrape_interval: 15s": "scrape_interval: 1s",
            "evaluation_interval: 15s": "evaluation_interval: 1s",
        }))
        with open(place / "said", "w+") as said:
            child = subprocess.Popen(
                ["prometheus", f"--config.file={place}/prometheus.yml", f"--storage.tsdb.path={place}/data",
                 f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )
            try:
                yield port, child, said
            finally:
                child.terminate()
                child.wait(60)


def ask(port, path, **words):
    """One answer of its API."""
    url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(words)}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        # It is still starting.
        if error.code == 503:
            raise
        raise Wrong(f"{words}: {error.read()[:300]!r}") from error


def wait_for_scrapes(port, child, said):
    """Until the server was asked twice and every rule was looked at."""
    for _ in range(600):
        if child.poll() is not None:
            said.seek(0)
            raise Wrong(f"it stopped: {said.read()[-2000:]}")
        with contextlib.suppress(OSError):
            seen = ask(port, "query", query='count_over_time(up{job="telehealth"}[1h])')["result"]
            groups = ask(port, "rules")["groups"]
            if seen and int(seen[0]["value"][1]) > 1 and all(it["health"] != "unknown" for group in groups for it in group["rules"]):
                return
        time.sleep(0.2)
    raise Wrong("the server was not asked within two minutes")


@check
def prometheus_asks_the_server():
    """Prometheus asks a live server, looks at every rule, and answers every query of every dashboard."""
    with running() as (port, child, said):
        wait_for_scrapes(port, child, said)
        targets = [it for it in ask(port, "targets")["activeTargets"] if it["labels"]["job"] == "telehealth"]
        wrong_if([it["lastError"] for it in targets if it["health"] != "up"], "not reached")
        every = [it for group in ask(port, "rules")["groups"] for it in group["rules"]]
        if len(every) != len(rules()[0]):
            raise Wrong(f"{len(every)} rules")
        wrong_if([f"{it['name']}: {it['lastError']}" for it in every if it["health"] != "ok"], "rules")
        firing = [it["labels"]["alertname"] for it in ask(port, "alerts")["alerts"] if it["state"] == "firing"]
        wrong_if(firing, "a healthy server raises an alarm")
        known, empty = documented(), []
        for place, query in dashboards():
            query = query.replace("$__rate_interval", "1m").replace("$instance", ".*")
            answered = ask(port, "query", query=query)["result"]
            # Panels of what has not happened here have nothing to show: a laboratory, a visit.
            names = {PARTS.sub("", name) for name in names_in(query)}
            if not answered and all(known.get(name, ("", ""))[1] == "start" for name in names):
                empty.append(place)
        wrong_if(empty, "a panel shows nothing")
