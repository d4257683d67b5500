"""Independent judges of FHIR R4: what each of them says about a resource.

`fhirclient` holds the models of R4 (4.0.1) and refuses unknown, missing and wrongly typed elements.
`fhir.resources` holds R4B (4.3.0), which differs from R4 in no resource that is emitted here.
"""

import importlib

from fhir.resources.R4B import get_fhir_model_class
from fhirclient.models.fhirabstractbase import FHIRValidationError
from pydantic import ValidationError


def problems(resource):
    """Sentences about what is wrong with a resource, none when both judges accept it."""
    return [f"fhirclient: {text}" for text in by_fhirclient(resource)] + [
        f"fhir.resources: {text}" for text in by_fhir_resources(resource)
    ]


def by_fhirclient(resource):
    kind = resource["resourceType"]
    model = getattr(importlib.import_module(f"fhirclient.models.{kind.lower()}"), kind)
    try:
        model(resource, strict=True)
    except FHIRValidationError as error:
        return [str(inner) for inner in error.errors]
    return []


def by_fhir_resources(resource):
    model = get_fhir_model_class(resource["resourceType"])
    try:
        model.model_validate(resource)
    except ValidationError as error:
        return [f"{inner['loc']}: {inner['msg']}" for inner in error.errors()]
    return []
