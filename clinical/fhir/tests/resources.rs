//! Documents from outside: what is accepted, and what is said about the rest.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_fhir::catalog::ResourceKind;
use clinical_fhir::{
    Checked, DEPTH_MAX, ISSUES_MAX, IssueType, Resource, coding, concept, operation_outcome,
    reference,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";

/// The kind and place of each fault.
fn faults(value: Value) -> Vec<(IssueType, String)> {
    Checked::parse(value)
        .unwrap_err()
        .into_iter()
        .map(|issue| (issue.kind, issue.expression.unwrap_or_default()))
        .collect()
}

fn one(value: Value) -> (IssueType, String) {
    let mut found = faults(value);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn at(kind: IssueType, path: &str) -> (IssueType, String) {
    (kind, path.to_owned())
}

#[test]
fn a_whole_patient_is_accepted() {
    let patient = json!({
        "resourceType": "Patient",
        "id": "p1",
        "meta": { "versionId": "3", "lastUpdated": "2026-11-25T10:00:00Z" },
        "text": { "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">A</div>" },
        "identifier": [{ "system": "urn:oid:1.2.250.1", "value": "12" }],
        "name": [{ "use": "official", "family": "A", "given": ["B", null], "_given": [null, { "extension": [{ "url": "http://x", "valueCode": "c" }] }] }],
        "telecom": [{ "system": "phone", "value": "+33600000000", "use": "mobile" }],
        "gender": "female",
        "birthDate": "1950-02",
        "_birthDate": { "id": "x" },
        "deceasedBoolean": false,
        "contact": [{ "name": { "text": "C" }, "modifierExtension": [{ "url": "http://x", "valueBoolean": true }] }],
        "generalPractitioner": [{ "reference": "Practitioner/1" }],
        "contained": [{ "resourceType": "Organization", "id": "o", "name": "D" }],
    });
    let checked = Checked::parse(patient.clone()).unwrap();
    assert_eq!((checked.kind(), checked.value()), ("Patient", &patient));
    assert_eq!(format!("{checked:?}"), "Checked(Patient, content hidden)");
}

#[test]
fn every_fault_is_named_with_its_place() {
    let patient = |name: &str, value: Value| {
        let mut patient = json!({ "resourceType": "Patient", "active": true });
        patient[name] = value;
        patient
    };
    assert_eq!(
        one(patient("gender", json!("f"))),
        at(IssueType::Value, "Patient.gender")
    );
    assert_eq!(
        one(patient("birthDate", json!("1950-02-30"))),
        at(IssueType::Value, "Patient.birthDate")
    );
    assert_eq!(
        one(patient("name", json!({}))),
        at(IssueType::Structure, "Patient.name")
    );
    assert_eq!(
        one(patient("name", json!([]))),
        at(IssueType::Structure, "Patient.name")
    );
    assert_eq!(
        one(patient("name", json!([{}]))),
        at(IssueType::Structure, "Patient.name[0]")
    );
    assert_eq!(
        one(patient("name", json!([{ "use": "x" }]))),
        at(IssueType::Value, "Patient.name[0].use")
    );
    assert_eq!(
        one(patient("colour", json!("x"))),
        at(IssueType::Structure, "Patient")
    );
    assert_eq!(
        one(patient(
            "managingOrganization",
            json!({ "reference": "Patient/1" })
        )),
        at(IssueType::Value, "Patient.managingOrganization")
    );
    assert_eq!(
        one(patient(
            "managingOrganization",
            json!({ "reference": "../1" })
        )),
        at(IssueType::Value, "Patient.managingOrganization.reference")
    );
    assert_eq!(
        one(patient("link", json!([{ "type": "seealso" }]))),
        at(IssueType::Required, "Patient.link[0].other")
    );
    assert_eq!(
        one(patient("_name", json!({ "id": "x" }))),
        at(IssueType::Structure, "Patient.name")
    );
    assert_eq!(
        one(patient("contact", json!([{ "gender": "male" }]))),
        at(IssueType::Invariant, "Patient.contact")
    );
    let twice =
        json!({ "resourceType": "Patient", "deceasedBoolean": true, "deceasedDateTime": "2026" });
    assert_eq!(one(twice), at(IssueType::Structure, "Patient.deceased"));
}

#[test]
fn a_required_code_is_of_its_list() {
    let allergy = |status: Value| json!({ "resourceType": "AllergyIntolerance", "clinicalStatus": status, "patient": { "reference": "Patient/1" } });
    assert!(Checked::parse(allergy(concept(CLINICAL, "active", None))).is_ok());
    let path = at(IssueType::Value, "AllergyIntolerance.clinicalStatus");
    assert_eq!(one(allergy(concept(CLINICAL, "bad", None))), path);
    assert_eq!(one(allergy(json!({ "text": "active" }))), path);
    assert_eq!(
        one(allergy(
            json!({ "coding": [coding("http://other", "active", None)] })
        )),
        path
    );
}

#[test]
fn rules_between_elements_hold() {
    let wrong =
        json!({ "resourceType": "AllergyIntolerance", "patient": { "reference": "Patient/1" } });
    assert_eq!(one(wrong).1, "AllergyIntolerance.clinicalStatus");
    let wrong = json!({
        "resourceType": "Observation", "status": "final", "code": { "text": "x" },
        "valueInteger": 1, "dataAbsentReason": { "text": "y" },
    });
    assert_eq!(one(wrong).1, "Observation.dataAbsentReason");
    let wrong = json!({
        "resourceType": "Encounter", "status": "finished", "class": { "code": "VR" },
        "period": { "start": "2026-11-25T10:00:00Z", "end": "2026-11-24" },
    });
    assert_eq!(one(wrong).1, "Encounter.period");
    let wrong = json!({
        "resourceType": "Appointment", "status": "booked", "participant": [{ "status": "accepted", "actor": { "display": "x" } }],
    });
    assert_eq!(one(wrong).1, "Appointment.start");
}

#[test]
fn what_is_no_resource_is_refused() {
    for value in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "resourceType": 1 }),
        json!("Patient"),
    ] {
        assert!(Checked::parse(value).is_err());
    }
    for name in [
        "HumanName",
        "Element",
        "patient",
        "Nothing",
        "BackboneElement",
    ] {
        assert!(
            Checked::parse(json!({ "resourceType": name, "id": "x" })).is_err(),
            "{name}"
        );
    }
    let issues = Checked::parse_text(b"{\"resourceType\":").unwrap_err();
    assert_eq!(issues[0].kind, IssueType::Structure);
}

#[test]
fn depth_and_number_of_faults_have_limits() {
    let mut extension = json!({ "url": "http://x", "valueCode": "c" });
    for _ in 0..=DEPTH_MAX {
        extension = json!({ "url": "http://x", "extension": [extension] });
    }
    let deep = json!({ "resourceType": "Patient", "extension": [extension] });
    assert!(
        faults(deep)
            .iter()
            .any(|(kind, _)| *kind == IssueType::TooLong)
    );
    let names: Vec<Value> = (0..ISSUES_MAX * 2).map(|_| json!({ "use": "x" })).collect();
    let many = Checked::parse(json!({ "resourceType": "Patient", "name": names })).unwrap_err();
    assert_eq!(many.len(), ISSUES_MAX);
    assert!(Checked::parse(operation_outcome(&many)).is_ok());
}

#[test]
fn no_answer_repeats_what_was_sent() {
    let secret = "Diallo";
    let patient = json!({
        "resourceType": "Patient", "gender": secret, "birthDate": secret, "active": secret,
        "x Diallo": 1, "name": secret, "generalPractitioner": [{ "reference": secret }],
    });
    let outcome = operation_outcome(&Checked::parse(patient).unwrap_err()).to_string();
    assert!(!outcome.contains(secret), "{outcome}");
}

#[test]
fn an_outcome_without_issues_says_that_all_is_well() {
    assert!(Checked::parse(operation_outcome(&[])).is_ok());
}

#[test]
fn a_built_resource_leaves_out_what_is_empty() {
    let built = Resource::new(ResourceKind::Condition, "c")
        .meta(2, Some("2026-11-25T10:00:00Z".to_owned()))
        .with("code", concept("http://x", "c", Some("C")))
        .with("subject", reference(ResourceKind::Patient, "p", None))
        .with("note", Vec::<Value>::new())
        .with("recordedDate", None::<String>)
        .build();
    assert!(built.get("note").is_none() && built.get("recordedDate").is_none());
    assert!(Checked::parse(built).is_ok());
}

/// Any small JSON value.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let name = prop_oneof![
            Just("resourceType"),
            Just("name"),
            Just("contained"),
            Just("extension"),
            Just("entry"),
            Just("resource"),
            Just("coding"),
            Just("reference"),
            Just("_given"),
            Just("period"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..5)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_document_is_a_panic(mut value in any_json(), kind in 0_usize..31) {
        if let Some(object) = value.as_object_mut() {
            object.insert("resourceType".to_owned(), ResourceKind::ALL[kind].as_str().into());
        }
        if let Err(issues) = Checked::parse(value) {
            prop_assert!(!issues.is_empty());
            prop_assert!(Checked::parse(operation_outcome(&issues)).is_ok());
        }
    }

    #[test]
    fn what_is_accepted_is_accepted_again(family in "[a-zA-Z]{1,9}", year in 1900_u16..2026, active: bool) {
        let patient = Resource::new(ResourceKind::Patient, "p")
            .with("active", active)
            .with("name", json!([{ "family": family }]))
            .with("birthDate", year.to_string())
            .build();
        let checked = Checked::parse(patient).unwrap();
        let text = serde_json::to_vec(checked.value()).unwrap();
        prop_assert!(Checked::parse_text(&text) == Ok(checked));
    }
}
