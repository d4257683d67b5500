"""Metrics: the sources, a live scrape, docs/metrics.md, the rules, the dashboards and the runbooks agree."""

import http.client
import json
import os
import pathlib
import re
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

from kit import DEPLOY, ROOT, Wrong, check, run, wrong_if

WATCH = DEPLOY / "watch"
# Of Prometheus itself.
FOREIGN = {"up"}
PARTS = re.compile(r"_(bucket|sum|count)$")


def documented():
    """Every row of docs/metrics.md: name to type and since when."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| [^|]+ \| [^|]+ \| ([^|]+) \|", (ROOT / "docs/metrics.md").read_text(), re.M)
    if len(rows) != len({row[0] for row in rows}):
        raise Wrong("docs/metrics.md has a metric twice")
    return {name: (kind, since.strip()) for name, kind, since in rows}


def told():
    """Every name that a source gives to a metric, without tests."""
    names = set()
    for file in ROOT.glob("*/*/src/**/*.rs"):
        text = file.read_text()
        names |= set(re.findall(r"\b(?:counter|gauge|histogram)!\(\s*\"(\w+)\"", text))
    # Names in lists.
    vitals = (ROOT / "deploy/server/src/vitals.rs").read_text()
    return names | set(re.findall(r"\"((?:process|telehealth)_\w+)\"", vitals))


def scrape():
    """A live scrape after a little traffic: name to type, and the sample names."""
    base = urllib.parse.urlsplit(os.environ["BASE_URL"])
    try:
        urllib.request.urlopen(f"{base.geturl()}/api/v1/me", timeout=20)
    except urllib.error.HTTPError as error:
        if error.code != 401:
            raise
    # A page of somebody else is refused.
    stranger = http.client.HTTPConnection(base.netloc, timeout=20)
    stranger.request("GET", "/signal/v1", headers={
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": "https://stranger.example",
    })
    if stranger.getresponse().status != 403:
        raise Wrong("a page of somebody else was let in")
    # Shards and process tell their numbers on their own time.
    for _ in range(200):
        text = urllib.request.urlopen(f"{base.geturl()}/metrics", timeout=20).read().decode()
        types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))
        if missing(types) == []:
            break
        time.sleep(0.1)
    return text, types


def missing(types):
    """What must be there from the start, and is not."""
    return [name for name, (_, since) in documented().items() if since in ("start", "request", "refusal") and name not in types]


def dashboards():
    """Every query of every dashboard, by its place."""
    for file in sorted((WATCH / "dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{file.stem}, {panel['title']}", target["expr"]


def rules():
    """Every rule, and the names that rules record."""
    groups = yaml.safe_load((WATCH / "alerts.yml").read_text())["groups"]
    every = [it for group in groups for it in group["rules"]]
    return every, {it["record"] for it in every if "record" in it}


def names_in(query):
    """The metrics that a query asks for."""
    bare = re.sub(r'"[^"]*"|\{\{.*?\}\}', "", query)
    bare = re.sub(r"\b(by|on|without|ignoring) *\([^)]*\)", "", bare)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\$\w+", "", bare)
    words = re.findall(r"(?<![\w.:])[a-zA-Z_:][\w:]*(?! *\()(?![\w:])", bare)
    return {it for it in words if it not in {"and", "or", "unless", "offset", "bool", "by", "group_left"} and len(it) > 1}


@check
def sources_are_documented():
    """Every metric of the sources is in docs/metrics.md, and no other."""
    wrong_if(told() ^ documented().keys(), "in one and not in the other")


@check
def scrape_is_documented():
    """A live server tells what docs/metrics.md promises, with these types, in a form that promtool accepts."""
    text, types = scrape()
    known = documented()
    wrong_if(missing(types), "not in the scrape")
    wrong_if([it for it in types if it not in known], "not documented")
    wrong_if([f"{it} is a {types[it]}" for it in types if known[it][0] != types[it]], "another type")
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "scrape").write_text(text)
        # Parsing only: advice on names and help texts is not an error here.
        _, said = run("sh", "-c", f"promtool check metrics <{folder}/scrape", may_fail=True)
        wrong_if([it for it in said.splitlines() if "parsing error" in it or "error while" in it], "promtool")


@check
def rules_are_tested():
    """promtool accepts rules and configuration; every alert has a test; all tests pass."""
    run("promtool", "check", "config", "--lint-fatal", WATCH / "prometheus.yml")
    every, _ = rules()
    tests = yaml.safe_load((WATCH / "alerts_test.yml").read_text())["tests"]
    fired = {it["alertname"] for test in tests for it in test["alert_rule_test"] if it["exp_alerts"]}
    wrong_if({it["alert"] for it in every if "alert" in it} ^ fired, "alerts and tests differ")
    run("promtool", "test", "rules", "alerts_test.yml", cwd=WATCH)
    run("amtool", "check-config", WATCH / "alertmanager.yml")


@check
def rules_and_dashboards_ask_for_what_is_there():
    """Every metric that a rule or a dashboard asks for is documented; every query can be parsed."""
    every, recorded = rules()
    queries = [(it.get("alert") or it["record"], it["expr"]) for it in every] + list(dashboards())
    known = documented().keys() | recorded | FOREIGN
    found = []
    for place, query in queries:
        for name in names_in(query):
            if name not in known and PARTS.sub("", name) not in known:
                found.append(f"{place}: {name}")
    wrong_if(found, "nobody tells")
    if sum(len(names_in(query)) for _, query in queries) < len(queries):
        raise Wrong("a query asks for nothing")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "queries.yml"
        plain = [re.sub(r"\$__rate_interval", "5m", query) for _, query in dashboards()]
        made = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(plain)]
        file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": made}]}))
        run("promtool", "check", "rules", file)


@check
def everything_is_shown():
    """Every metric is on a dashboard."""
    shown = {PARTS.sub("", name) for _, query in dashboards() for name in names_in(query)}
    wrong_if(documented().keys() - shown, "on no dashboard")


@check
def dashboards_are_up_to_date():
    """The dashboards are those that dashboards.py writes."""
    run(WATCH / "dashboards.py", "--check")


@check
def alerts_have_runbooks():
    """Every alert names its page of docs/runbooks.md, and every page its alert."""
    every, _ = rules()
    alerts = {it["alert"]: it for it in every if "alert" in it}
    found = [name for name, it in alerts.items()
             if it["annotations"]["runbook_url"] != f"docs/runbooks.md#{name.lower()}"
             or it["labels"]["severity"] not in ("page", "ticket")]
    wrong_if(found, "without its runbook or severity")
    pages = re.findall(r"^## (\w+)\n\n\*\*(page|ticket)\.\*\*", (ROOT / "docs/runbooks.md").read_text(), re.M)
    wrong_if(dict(pages).items() ^ {name: it["labels"]["severity"] for name, it in alerts.items()}.items(), "differ")
