"""Schemathesis at a running demo clinic, as people of several roles: no answer may be a 5xx.

Half of the ids that it invents are replaced by ids of things that are there (`hooks.py`), so that it
gets past "no such thing". Ends with the number of operations that held and of those that did not.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "interop"))

from clinic import Clinic  # noqa: E402

BASE = os.environ["BASE_URL"]
PASSWORD = os.environ.get("DEMO_PASSWORD", "demo-clinic-2026")
OUT = HERE.parent / "out" / "schemathesis"
EXAMPLES = os.environ.get("EXAMPLES", "3")
SEED = os.environ.get("SEED", "20261127")
ROLES = ["doctor", "patient", "admin", "nurse", "pharmacist"]
# The first one also tries every boundary of every parameter; what a request looks like is read by the same
# code whoever sends it.
THOROUGH = ROLES[0]

# They end the sign-in that the run lives from, or everybody's.
SPARED = ["DELETE /api/v1/me/sessions", "POST /api/v1/auth/logout"]


async def sign_in(name):
    clinic = Clinic(BASE)
    await clinic.sign_in(f"{name}@demo.clinic", PASSWORD)
    return clinic


async def things(people):
    """Ids of what is there, by the word before them in a path."""
    doctor, admin = people["doctor"], people["admin"]
    bundle = await doctor.expect(200, "GET", "/fhir/R4/Patient")
    patients = [entry["resource"]["id"] for entry in bundle["entry"]]
    known = {"patients": patients, "Patient": patients, "doctors": [doctor.me["id"]]}
    for entry in (await all_of(doctor, patients)):
        known.setdefault(entry["resourceType"], []).append(entry["id"])
    now = int(time.time() * 1_000_000)
    week = f"from_us={now}&to_us={now + 7 * 86_400_000_000}"
    listed = await doctor.expect(200, "GET", f"/appointments?{week}")
    known["appointments"] = [it["id"] for it in listed]
    # Somebody whom nothing else in this run needs.
    accounts = await admin.expect(200, "GET", "/admin/people")
    rows = accounts if isinstance(accounts, list) else accounts.get("people", [])
    known["people"] = [it["id"] for it in rows if "pathologist" in json.dumps(it)]
    known["medicines"] = ["paracetamol", "amlodipine"]
    return {word: ids[:20] for word, ids in known.items() if ids}


async def all_of(doctor, patients):
    found = []
    for patient in patients:
        bundle = await doctor.call("GET", f"/fhir/R4/Patient/{patient}/$everything")
        if bundle.status == 200:
            found += [entry["resource"] for entry in bundle.body["entry"]]
    return found


def run(name, token):
    """One run; answers with the operations that held and what went wrong with the others."""
    report = OUT / f"{name}.xml"
    command = [
        Path(sys.executable).parent / "schemathesis", "run", OUT / "openapi.json",
        "--url", BASE,
        "--header", f"Authorization: Bearer {token}",
        "--checks", "not_a_server_error",
        "--phases", "examples,coverage,fuzzing" if name == THOROUGH else "fuzzing",
        "--max-examples", EXAMPLES,
        "--seed", SEED,
        "--workers", "1",
        "--continue-on-failure",
        "--no-shrink",
        "--warnings", "off",
        "--suppress-health-check", "all",
        "--request-timeout", "20",
        "--report", "junit", "--report-junit-path", report,
    ]  # fmt: skip
    settings = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
    with (OUT / f"{name}.log").open("w") as log:
        subprocess.run(command, env=settings, cwd=OUT, stdout=log, stderr=log, check=False)
    if not report.exists():
        return 0, {"the run": (OUT / f"{name}.log").read_text()[-1500:]}
    held, broken = 0, {}
    for case in ElementTree.parse(report).iter("testcase"):
        fault = case.find("failure")
        fault = case.find("error") if fault is None else fault
        if fault is not None:
            broken[case.get("name")] = (fault.get("message") or fault.text or "")[:1200]
        elif case.find("skipped") is None:
            held += 1
    return held, broken


async def main():
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.loads(subprocess.check_output([os.environ["TELEHEALTH_BIN"], "openapi"]))
    for spared in SPARED:
        method, path = spared.split(" ")
        text["paths"].get(path, {}).pop(method.lower(), None)
    (OUT / "openapi.json").write_text(json.dumps(text))
    people = {name: await sign_in(name) for name in ROLES}
    (OUT / "things.json").write_text(json.dumps(await things(people)))
    passed = failed = 0
    for name, person in people.items():
        held, broken = await asyncio.to_thread(run, name, person.token)
        if not held and not broken:
            broken = {"the run": "tried nothing"}
        passed += held
        failed += len(broken)
        print(f"{name}: {held} operations held, {len(broken)} did not", flush=True)
        for operation, why in broken.items():
            print(f"FAILED {operation}\n{why}")
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
