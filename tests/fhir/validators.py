"""Independent judges of FHIR R4: what each of them says about a resource.

`fhirclient` holds the models of R4 (4.0.1) and refuses unknown, missing and wrongly typed elements.
`fhir.resources` holds R4B (4.3.0), which differs from R4 in no resource that is emitted here.
`fhir` (npm, `judge.mjs`) holds the structure definitions and value sets of R4 itself.
"""

import importlib
import json
import subprocess
from pathlib import Path

from fhir.resources.R4B import get_fhir_model_class
from fhirclient.models.fhirabstractbase import FHIRValidationError
from pydantic import ValidationError

HERE = Path(__file__).parent


def by_fhirclient(resources):
    return [_fhirclient(resource) for resource in resources]


def _fhirclient(resource):
    kind = resource["resourceType"]
    model = getattr(importlib.import_module(f"fhirclient.models.{kind.lower()}"), kind)
    try:
        model(resource, strict=True)
    except FHIRValidationError as error:
        return [str(inner) for inner in error.errors]
    return []


def by_fhir_resources(resources):
    return [_fhir_resources(resource) for resource in resources]


def _fhir_resources(resource):
    model = get_fhir_model_class(resource["resourceType"])
    try:
        model.model_validate(resource)
    except ValidationError as error:
        return [f"{inner['loc']}: {inner['msg']}" for inner in error.errors()]
    return []


def by_fhir_js(resources):
    lines = "".join(json.dumps(resource) + "\n" for resource in resources)
    judged = subprocess.run(
        ["node", HERE / "judge.mjs"], input=lines, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in judged.stdout.splitlines()]


JUDGES = {
    "fhirclient": by_fhirclient,
    "fhir.resources": by_fhir_resources,
    "fhir.js": by_fhir_js,
}
