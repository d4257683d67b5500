"""FHIR R4 through two clients that share no code with ours; three judges look at every answer."""

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "interop"))

import asyncio  # noqa: E402

import requests  # noqa: E402
from clinic import Clinic  # noqa: E402
from pythonic import Reads, Writes  # noqa: E402
from validators import JUDGES  # noqa: E402

BASE = os.environ["BASE_URL"]
PASSWORD = os.environ.get("DEMO_PASSWORD", "demo-clinic-2026")
ANSWERS = HERE.parent / "out" / "fhir-answers.ndjson"

# What the clients must have been shown, so that the judges have not judged nothing.
SHOWN = {
    "AllergyIntolerance",
    "Appointment",
    "Bundle",
    "CapabilityStatement",
    "ClinicalImpression",
    "Condition",
    "DiagnosticReport",
    "FamilyMemberHistory",
    "Immunization",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "OperationOutcome",
    "Patient",
    "Practitioner",
    "Procedure",
    "ServiceRequest",
}


class Count:
    """Steps that passed and failed, one line each."""

    def __init__(self):
        self.passed = self.failed = 0

    def step(self, name, act):
        try:
            note = act()
        except Exception:  # noqa: BLE001 - whatever went wrong, the step failed
            self.failed += 1
            print(f"FAILED {name}\n{traceback.format_exc(limit=4)}", flush=True)
        else:
            self.passed += 1
            print(f"ok     {name}" + (f" - {note}" if note else ""), flush=True)


def token(email):
    clinic = Clinic(BASE)
    asyncio.run(clinic.sign_in(email, PASSWORD))
    return clinic.token


def record():
    """Keeps every resource that a Python client is answered, as it came over the wire."""
    send = requests.Session.send

    def recording(session, request, **settings):
        answer = send(session, request, **settings)
        if "fhir+json" in answer.headers.get("content-type", "") and answer.content:
            keep(answer.json())
        return answer

    requests.Session.send = recording


def keep(resource):
    with ANSWERS.open("a") as file:
        file.write(json.dumps(resource) + "\n")


def with_kit(count, tokens):
    """The steps of the other client, which counts them itself."""
    settings = {**os.environ, "ANSWERS": str(ANSWERS), "TOKENS": json.dumps(tokens)}
    run = subprocess.run(
        ["node", HERE / "kit.mjs"], env=settings, stdout=subprocess.PIPE, text=True, check=False
    )
    *lines, last = run.stdout.strip().splitlines() or ["0 1"]
    print("\n".join(lines), flush=True)
    try:
        passed, failed = map(int, last.split())
    except ValueError:
        print(last)
        passed, failed = 0, 1
    count.passed += passed
    count.failed += failed


def kinds(resource, found):
    """Every type of resource in an answer, bundled ones too."""
    found.add(resource["resourceType"])
    for entry in resource.get("entry", []):
        if "resource" in entry:
            kinds(entry["resource"], found)
    return found


def judge(resources, judged):
    complaints = [
        f"{resource['resourceType']}: {text}"
        for resource, texts in zip(resources, judged(resources), strict=True)
        for text in texts
    ]
    assert not complaints, "\n".join(complaints[:12])
    return f"{len(resources)} answers"


def is_a_judge(resources, judged):
    """Each type once more with an element that R4 does not have: a judge must refuse it."""
    one_of_each = {resource["resourceType"]: resource for resource in resources}
    spoiled = [{**resource, "nonsense": True} for resource in one_of_each.values()]
    for resource, texts in zip(spoiled, judged(spoiled), strict=True):
        assert texts, f"accepts a spoiled {resource['resourceType']}"


def main():
    count = Count()
    ANSWERS.parent.mkdir(exist_ok=True)
    ANSWERS.unlink(missing_ok=True)
    people = ["doctor", "patient4", "nurse", "patient2"]
    tokens = {name: token(f"{name}@demo.clinic") for name in people}
    record()
    print("fhirpy")
    for steps in (Reads, Writes):
        for name, act in steps(f"{BASE}/fhir/R4", tokens).steps():
            count.step(name, act)
    print("\nfhir-kit-client", flush=True)
    with_kit(count, tokens)
    print("\njudges")
    resources = [json.loads(line) for line in ANSWERS.read_text().splitlines()]
    found = set()
    for resource in resources:
        kinds(resource, found)

    def all_shown():
        assert SHOWN <= found, f"never shown: {', '.join(sorted(SHOWN - found))}"

    count.step("every type was shown to a client", all_shown)
    for name, judged in JUDGES.items():
        count.step(f"{name} accepts every answer", lambda j=judged: judge(resources, j))
        count.step(f"{name} refuses spoiled ones", lambda j=judged: is_a_judge(resources, j))
    print(f"\n{count.passed} passed, {count.failed} failed")
    return 1 if count.failed or not count.passed else 0


if __name__ == "__main__":
    sys.exit(main())
