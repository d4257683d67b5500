#!/usr/bin/env python3
"""Writes the element tables of FHIR R4 (4.0.1) that this crate reads.

    generate.py FOLDER      FOLDER holds profiles-resources.json, profiles-types.json and valuesets.json

HL7 publishes the three files with the specification, under CC0. They are far too large to ship, so
only names, cardinalities, types and the codes of required bindings are kept, one element a line:

    Patient.gender 0..1 code = male|female|other|unknown
"""

import json
import pathlib
import sys

RESOURCES = """
Patient RelatedPerson Practitioner PractitionerRole Organization Location HealthcareService Schedule
Slot Appointment Encounter Condition AllergyIntolerance Observation Procedure Immunization
FamilyMemberHistory ClinicalImpression DocumentReference MedicationRequest MedicationDispense
MedicationStatement DetectedIssue ServiceRequest DiagnosticReport QuestionnaireResponse RiskAssessment
Communication Consent AuditEvent
Provenance Bundle OperationOutcome CapabilityStatement Parameters
""".split()
# Elements that every resource or data type has are not repeated.
INHERITED = ("id", "extension", "modifierExtension", "meta", "implicitRules", "language", "text", "contained")
CODES_MAX = 120
# One packager's own additions to the published files.
NOT_IN_R4 = tuple("Meta." + name for name in "project author onBehalfOf account accounts compartment".split())


def load(folder, name):
    bundle = json.loads((folder / name).read_text())
    return [entry["resource"] for entry in bundle["entry"]]


class Codes:
    def __init__(self, resources):
        self.by_url = {r["url"]: r for r in resources if "url" in r}

    def of(self, value_set):
        """[(system, code)] of a value set, or None when it is not enumerable."""
        found = self.by_url.get(value_set.split("|")[0])
        if found is None or found["resourceType"] != "ValueSet" or "compose" not in found:
            return None
        codes = []
        for include in found["compose"]["include"]:
            if "filter" in include:
                return None
            for other in include.get("valueSet", []):
                inner = self.of(other)
                if inner is None:
                    return None
                codes += inner
            if "system" not in include:
                continue
            if "concept" in include:
                codes += [(include["system"], c["code"]) for c in include["concept"]]
                continue
            system = self.by_url.get(include["system"])
            if system is None or system.get("content") != "complete":
                return None
            codes += [(include["system"], c) for c in flat(system.get("concept", []))]
        return codes


def flat(concepts):
    for concept in concepts:
        yield concept["code"]
        yield from flat(concept.get("concept", []))


def type_name(kind):
    code = kind["code"]
    if code.startswith("http://hl7.org/fhirpath/"):
        for extension in kind.get("extension", []):
            if extension["url"].endswith("structuredefinition-fhir-type"):
                return extension.get("valueUrl", extension.get("valueUri"))
        return "string"
    if code == "Reference" and kind.get("targetProfile"):
        targets = [t.rsplit("/", 1)[1] for t in kind["targetProfile"]]
        if "Resource" not in targets:
            return f"Reference({','.join(targets)})"
    return code


def line(element, codes):
    path = element["path"]
    cardinality = f"{element['min']}..{element['max']}"
    if "contentReference" in element:
        return f"{path} {cardinality} {element['contentReference']}", set()
    names = [type_name(kind) for kind in element.get("type", [])]
    text = f"{path} {cardinality} {'|'.join(names)}"
    binding = element.get("binding", {})
    if binding.get("strength") == "required" and "valueSet" in binding:
        listed = codes.of(binding["valueSet"])
        if listed and len(listed) <= CODES_MAX:
            systems = sorted({system for system, _ in listed})
            listed_codes = "|".join(dict.fromkeys(code for _, code in listed))
            if names == ["code"]:
                text += f" = {listed_codes}"
            elif names in (["CodeableConcept"], ["Coding"]) and len(systems) == 1:
                text += f" = {listed_codes} of {systems[0]}"
    return text, {name.split("(")[0] for name in names}


def is_inherited(definition, parts, element):
    """Whether every resource, backbone element or data type has this element."""
    if parts[-1] not in INHERITED:
        return False
    if parts[-1] == "text":
        return any(kind["code"] == "Narrative" for kind in element.get("type", []))
    if parts[-1] == "language":
        return definition["kind"] == "resource" and len(parts) == 2
    return True


def table(definition, codes):
    lines, used = [], set()
    for element in definition["snapshot"]["element"]:
        parts = element["path"].split(".")
        if len(parts) == 1 or element["max"] == "0":
            continue
        if is_inherited(definition, parts, element) or element["path"] in NOT_IN_R4:
            continue
        text, names = line(element, codes)
        lines.append(text)
        used |= names
    return lines, used


def main():
    folder = pathlib.Path(sys.argv[1])
    resources = {r["name"]: r for r in load(folder, "profiles-resources.json") if r["resourceType"] == "StructureDefinition"}
    kinds = {r["name"]: r for r in load(folder, "profiles-types.json") if r["resourceType"] == "StructureDefinition"}
    v3 = folder / "v3-codesystems.json"
    codes = Codes(load(folder, "valuesets.json") + (load(folder, v3.name) if v3.exists() else []))
    here = pathlib.Path(__file__).parent
    pending, out = {"Meta", "Narrative", "Extension"}, []
    for name in RESOURCES:
        lines, used = table(resources[name], codes)
        out += lines
        pending |= used
    (here / "resources.txt").write_text("\n".join(out) + "\n")
    done, out = set(), {}
    while pending - done:
        name = sorted(pending - done)[0]
        done.add(name)
        definition = kinds.get(name)
        if definition is None or definition["kind"] != "complex-type" or name in ("Element", "BackboneElement"):
            continue
        lines, used = table(definition, codes)
        out[name] = lines
        pending |= used
    (here / "datatypes.txt").write_text("\n".join(l for name in sorted(out) for l in out[name]) + "\n")


main()
