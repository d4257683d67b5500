"""What fhirpy does at our server: steps with their names."""

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

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
        self.patient = None

    def steps(self):
        return [
            ("capabilities without a login", self.capabilities),
            ("a patient by family name and birth date", self.find),
            ("a patient by id, and by a form", self.read),
            ("each kind of entry of the chart", self.kinds),
            ("24 weights in pages of seven, newest first", self.pages),
            ("values, counts and parts of resources", self.parts),
            ("history and one version", self.history),
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
