"""What fhirpy does at our server: steps with their names."""

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import (
    ForbiddenError,
    MultipleResourcesFound,
    OperationOutcome,
    ResourceNotFound,
)

WEIGHT = "http://loinc.org|29463-7"


def refused(kind, act):
    """The error that an act is refused with."""
    try:
        act()
    except kind as error:
        return str(error)
    raise AssertionError("was not refused")


class Reads:
    """Reading and searching, as the doctor of the demo patient with a chart."""

    def __init__(self, base, tokens):
        self.doctor = SyncFHIRClient(base, authorization=f"Bearer {tokens['doctor']}")
        self.stranger = SyncFHIRClient(base, authorization=f"Bearer {tokens['patient2']}")
        self.nobody = SyncFHIRClient(base)
        self.nurse = SyncFHIRClient(base, authorization=f"Bearer {tokens['nurse']}")
        self.patient = self.treated = None

    def steps(self):
        return [
            ("capabilities without a login", self.capabilities),
            ("a patient by family name and birth date", self.find),
            ("a patient by id, and by a form", self.read),
            ("each kind of entry of the chart", self.kinds),
            ("24 weights in pages of seven, newest first", self.pages),
            ("values, counts and parts of resources", self.parts),
            ("history and one version", self.history),
            ("lines of prescriptions, as far as a nurse may see them", self.prescriptions),
            ("appointments with their doctors", self.appointments),
            ("orders and reports with values inside", self.reports),
            ("everything of a patient", self.everything),
            ("what is not theirs is not found", self.strangers),
            ("what is asked wrongly is refused with an outcome", self.wrong),
        ]

    def capabilities(self):
        statement = self.nobody.execute("metadata", method="get")
        assert statement["fhirVersion"] == "4.0.1"
        return f"{len(statement['rest'][0]['resource'])} resources"

    def find(self):
        found = self.doctor.resources("Patient").search(family="essomba", birthdate="1980-05-15").fetch()
        assert len(found) == 1, found
        self.patient = found[0]
        assert self.patient["name"][0]["given"] == ["Jean-Paul"]

    def read(self):
        again = self.doctor.reference("Patient", self.patient.id).to_resource()
        assert again == self.patient
        form = self.doctor.execute("Patient/_search", params={"_id": self.patient.id})
        assert [entry["resource"]["id"] for entry in form["entry"]] == [self.patient.id]

    def of(self, kind):
        return self.doctor.resources(kind).search(patient=self.patient.id)

    def kinds(self):
        seen = {
            kind: len(self.of(kind).fetch())
            for kind in (
                "AllergyIntolerance",
                "ClinicalImpression",
                "Condition",
                "FamilyMemberHistory",
                "Immunization",
                "MedicationStatement",
                "Procedure",
            )
        }
        assert all(seen.values()), seen

    def pages(self):
        weights = self.of("Observation").search(code=WEIGHT).sort("-date").limit(7)
        first = weights.fetch()
        assert len(first) == 7, len(first)
        found = weights.fetch_all()
        assert len({weight.id for weight in found}) == 24, len(found)
        dates = [weight["effectiveDateTime"] for weight in found]
        assert dates == sorted(dates, reverse=True)

    def parts(self):
        heavy = self.of("Observation").search(code=WEIGHT, value_quantity="gt90||kg").limit(100).fetch()
        assert heavy and all(it["valueQuantity"]["value"] > 90 for it in heavy)
        counted = self.of("Observation").search(code=WEIGHT, _summary="count").fetch_raw()
        assert counted["total"] == 24 and not counted.get("entry")
        cut = self.of("Observation").search(code=WEIGHT).elements("valueQuantity").limit(1).fetch()[0]
        assert "valueQuantity" in cut and "performer" not in cut and cut["meta"]["tag"]

    def history(self):
        weight = self.of("Observation").search(code=WEIGHT).limit(1).fetch()[0]
        history = self.doctor.execute(f"Observation/{weight.id}/_history", method="get")
        assert history["type"] == "history" and history["total"] == 1
        version = self.doctor.execute(f"Observation/{weight.id}/_history/1", method="get")
        assert version["id"] == weight.id and version["meta"]["versionId"] == "1"

    def of_treated(self, kind, client=None):
        """What there is about the demo patient with prescriptions and results."""
        if self.treated is None:
            (self.treated,) = self.doctor.resources("Patient").search(family="bello").fetch()
        return (client or self.doctor).resources(kind).search(patient=self.treated.id)

    def prescriptions(self):
        lines = self.of_treated("MedicationRequest").search(intent="order").fetch_all()
        assert len(lines) >= 3, len(lines)
        for line in lines:
            assert line["requester"]["reference"].startswith("Practitioner/")
            assert line["dosageInstruction"][0]["doseAndRate"], line
        again = self.doctor.get("MedicationRequest", lines[0].id)
        assert again == lines[0]
        done = self.of_treated("MedicationRequest").search(status="completed").fetch()
        assert done and all(it["status"] == "completed" for it in done), done
        seen = self.of_treated("MedicationRequest", self.nurse).fetch_all()
        # What is still being written is for doctors.
        assert seen and all(it["status"] != "draft" for it in seen), seen
        assert self.of_treated("MedicationRequest", self.stranger).fetch() == []

    def appointments(self):
        found = self.of_treated("Appointment").search(_include="Appointment:actor").fetch_raw()
        resources = [entry["resource"] for entry in found["entry"]]
        times = [it for it in resources if it["resourceType"] == "Appointment"]
        assert times and all(it["start"] < it["end"] for it in times), times
        (doctor,) = [it for it in resources if it["resourceType"] == "Practitioner"]
        again = self.doctor.resources("Practitioner").search(name=doctor["name"][0]["text"]).fetch()
        assert [it.id for it in again] == [doctor["id"]]

    def reports(self):
        orders = {it.id for it in self.of_treated("ServiceRequest").fetch_all()}
        reports = self.of_treated("DiagnosticReport").search(status="final").fetch_all()
        assert reports and {it.id for it in reports} <= orders, reports
        for report in reports:
            inside = {f"#{it['id']}" for it in report["contained"]}
            assert {it["reference"] for it in report["result"]} == inside
        assert self.of_treated("DiagnosticReport", self.stranger).fetch() == []

    def everything(self):
        bundle = self.patient.execute("$everything", method="get")
        kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
        assert {"Patient", "Observation", "Condition"} <= kinds, kinds
        return f"{bundle['total']} resources"

    def strangers(self):
        refused(ResourceNotFound, lambda: self.stranger.get("Patient", self.patient.id))
        assert self.stranger.resources("Patient").search(_id=self.patient.id).fetch() == []

    def wrong(self):
        for query in ({"colour": "red"}, {"date": "soon"}, {"_include": "Observation:colour"}):
            search = self.of("Observation").search(**query)
            text = refused(OperationOutcome, search.fetch)
            assert "OperationOutcome" in text or "issue" in text, text


class Writes:
    """Creating, changing and taking back, as a doctor who registers a patient."""

    def __init__(self, base, tokens):
        self.doctor = SyncFHIRClient(base, authorization=f"Bearer {tokens['doctor']}")
        self.nurse = SyncFHIRClient(base, authorization=f"Bearer {tokens['nurse']}")
        self.base, self.token = base, tokens["doctor"]
        self.patient = self.weight = None

    def steps(self):
        return [
            ("a patient is created and found", self.create),
            ("a conditional create finds the same patient again", self.create_once),
            ("a conditional update changes the one that is meant", self.update_found),
            ("one fact of each kind is created and searched for", self.facts),
            ("an update on an old version is refused", self.stale),
            ("a deleted fact stays, as entered in error", self.delete),
            ("a nurse writes no diagnosis", self.nurses),
            ("$validate says what is wrong and writes nothing", self.validate),
        ]

    def under(self, **headers):
        """A client of the doctor that sends these headers along."""
        return SyncFHIRClient(self.base, authorization=f"Bearer {self.token}", extra_headers=headers)

    def person(self, client):
        return client.resource(
            "Patient",
            name=[{"family": "Fhirpy", "given": ["Serge", "Alain"]}],
            gender="male",
            birthDate="1975-06-01",
            telecom=[{"system": "phone", "value": "+237699000777"}],
            identifier=[{"system": "urn:example:national", "value": "FP-1"}],
        )

    def create(self):
        self.patient = self.person(self.doctor).create()
        assert self.patient["meta"]["versionId"] == "1"
        found = self.doctor.resources("Patient").search(identifier="urn:example:national|FP-1").fetch()
        assert [it.id for it in found] == [self.patient.id]

    def create_once(self):
        careful = self.under(**{"If-None-Exist": "identifier=urn:example:national|FP-1"})
        assert self.person(careful).create().id == self.patient.id

    def update_found(self):
        mine = self.doctor.resources("Patient").search(identifier="urn:example:national|FP-1")
        person = self.person(self.doctor)
        person["birthDate"] = "1975-06-02"
        changed, was_created = mine.update(person)
        assert not was_created and changed.id == self.patient.id, changed
        assert self.doctor.get("Patient", self.patient.id)["birthDate"] == "1975-06-02"

    def facts(self):
        term = "http://terminology.hl7.org/CodeSystem"
        active = {"coding": [{"system": f"{term}/condition-clinical", "code": "active"}]}
        tolerated = {"coding": [{"system": f"{term}/allergyintolerance-clinical", "code": "active"}]}
        kilograms = {"value": 81.5, "unit": "kg", "code": "kg", "system": "http://unitsofmeasure.org"}
        loinc = {"system": "http://loinc.org", "code": "29463-7", "display": "Body weight"}
        about = self.patient.to_reference()
        facts = {
            "Observation": {
                "status": "final", "subject": about, "code": {"coding": [loinc]}, "valueQuantity": kilograms,
            },
            "Condition": {
                "clinicalStatus": active, "subject": about, "code": {"text": "Lombalgie"},
            },
            "AllergyIntolerance": {
                "clinicalStatus": tolerated, "patient": about, "code": {"text": "Latex"},
            },
            "MedicationStatement": {
                "status": "active", "subject": about, "medicationCodeableConcept": {"text": "Ibuprofène"},
            },
            "Immunization": {
                "status": "completed", "patient": about, "vaccineCode": {"text": "Fièvre jaune"},
                "occurrenceDateTime": "2020-05",
            },
        }  # fmt: skip
        for kind, parts in facts.items():
            made = self.doctor.resource(kind, **parts).create()
            found = self.doctor.resources(kind).search(patient=self.patient.id).fetch()
            assert [it.id for it in found] == [made.id], kind
            if kind == "Observation":
                self.weight = made

    def stale(self):
        later = self.under(**{"If-Match": 'W/"1"'})
        parts = self.weight.serialize()
        parts["valueQuantity"]["value"] = 82
        changed = later.resource("Observation", **parts).update()
        assert changed["meta"]["versionId"] == "2" and changed["valueQuantity"]["value"] == 82
        # The client's name for a failed precondition.
        refused(MultipleResourcesFound, later.resource("Observation", **parts).update)

    def delete(self):
        self.doctor.delete("Observation", self.weight.id)
        kept = self.doctor.get("Observation", self.weight.id)
        assert kept["status"] == "entered-in-error" and kept["meta"]["versionId"] == "3"

    def nurses(self):
        diagnosis = self.nurse.resource(
            "Condition", subject=self.patient.to_reference(), code={"text": "Grippe"}
        )
        refused(ForbiddenError, diagnosis.create)

    def validate(self):
        good = self.person(self.doctor)
        assert good.is_valid()
        good["gender"] = "none"
        assert not good.is_valid()
