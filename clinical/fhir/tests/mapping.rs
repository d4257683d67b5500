//! Models to resources and back.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_fhir::map::{
    Writer, appointment_resource, demographics, encounter_resource, entry_resource, incoming,
    organization, patient_resource, practitioner, schedule, slot_resource, with_modality,
};
use clinical_fhir::{Checked, IssueType};
use clinical_model::access::Label;
use clinical_model::booking::{Appointment, AppointmentState, Modality, Reason, Slot};
use clinical_model::chart::{Entry, EntryStatus, Fact};
use clinical_model::patients::{Demographics, Patient, PatientState};
use clinical_model::{
    AppointmentId, EntryId, Micros, ParticipantUuid, PatientId, RoomUuid, TenantId, UserId,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

const NOON: Micros = Micros(1_795_435_200_000_000);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn entry(fact: Value) -> Entry {
    Entry {
        id: EntryId::from_uuid(id(1)),
        tenant: TenantId::from_uuid(id(2)),
        patient: PatientId::from_uuid(id(3)),
        fact: serde_json::from_value(fact).unwrap(),
        label: Label::Restricted,
        status: EntryStatus::Active,
        effective: NOON,
        recorded: NOON,
        author: UserId::from_uuid(id(4)),
        appointment: Some(AppointmentId::from_uuid(id(5))),
        version: 3,
    }
}

fn code(system: &str, code: &str) -> Value {
    json!({ "system": system, "code": code, "display": "Words for it" })
}

/// One fact of every kind, as full as it can be.
fn facts() -> Vec<Value> {
    vec![
        json!({ "kind": "condition", "code": code("icd10", "E11.9"), "clinical": "active", "verification": "confirmed",
            "severity": "moderate", "onset": "2019-05", "note": "Since\nlong" }),
        json!({ "kind": "allergy", "substance": code("formulary", "amoxicillin"), "category": "medication",
            "criticality": "high", "clinical": "active", "verification": "confirmed", "reaction": "Hives",
            "severity": "severe", "onset": "2001", "note": "x" }),
        json!({ "kind": "medication", "substance": code("atc", "A10BA02"), "status": "active", "source": "clinician",
            "dosage": "1 in the morning", "from": "2020-01-01", "until": "2020-02", "note": "x" }),
        json!({ "kind": "observation", "code": code("loinc", "15074-8"), "category": "laboratory",
            "value": { "quantity": { "value": "5.4", "unit": "mmol/L" } }, "interpretation": "N",
            "range": { "low": "3.9", "high": "6" }, "note": "x" }),
        json!({ "kind": "observation", "code": code("loinc", "85354-9"), "category": "vital-signs", "value": "components",
            "components": [{ "code": code("loinc", "8480-6"), "value": { "value": "120", "unit": "mm[Hg]" } }] }),
        json!({ "kind": "observation", "code": code("local", "mood"), "category": "survey", "value": { "text": "Fine" } }),
        json!({ "kind": "observation", "code": code("snomed", "1"), "category": "exam", "value": { "coded": code("text", "text") } }),
        json!({ "kind": "immunization", "vaccine": code("cvx", "03"), "given": false, "dose_number": 2, "lot": "A1", "note": "x" }),
        json!({ "kind": "family_history", "relative": "MTH", "conditions": [{ "code": code("icd10", "E11"), "onset_years": 50 }],
            "died_at_years": 80, "note": "x" }),
        json!({ "kind": "procedure", "code": code("text", "text"), "done": true, "note": "x" }),
    ]
}

#[test]
fn every_fact_that_can_be_written_comes_back() {
    for fact in facts() {
        let entry = entry(fact);
        let resource = entry_resource(&entry, Writer::Practitioner);
        let checked = Checked::parse(resource.clone())
            .unwrap_or_else(|issues| panic!("{issues:?}\n{resource:#}"));
        let read = incoming(&checked).unwrap_or_else(|issue| panic!("{issue:?}\n{resource:#}"));
        assert_eq!(
            serde_json::to_value(&read.fact).unwrap(),
            serde_json::to_value(&entry.fact).unwrap()
        );
        assert_eq!(
            (read.patient, read.label, read.in_error),
            (entry.patient, Some(Label::Restricted), false)
        );
        let has_clock = !matches!(entry.fact, Fact::Document(_) | Fact::Note(_));
        assert_eq!(read.effective, has_clock.then_some(NOON), "{resource:#}");
    }
}

#[test]
fn what_was_entered_in_error_is_a_resource_of_r4_and_says_so() {
    for fact in facts() {
        let entry = Entry {
            status: EntryStatus::EnteredInError,
            ..entry(fact)
        };
        let resource = entry_resource(&entry, Writer::Patient);
        let checked = Checked::parse(resource).unwrap();
        assert!(
            checked.value().to_string().contains("entered-in-error"),
            "{}",
            checked.kind()
        );
        assert!(incoming(&checked).unwrap().in_error);
    }
}

#[test]
fn documents_and_notes_are_shown_and_not_written() {
    for fact in [
        json!({ "kind": "document", "class": code("loinc", "11502-2"), "title": "Scan", "media_type": "application/pdf",
            "size_bytes": 12, "sha256": "00", "blob": id(9) }),
        json!({ "kind": "note", "title": "Visit", "text": "Well" }),
    ] {
        let checked = Checked::parse(entry_resource(&entry(fact), Writer::Practitioner)).unwrap();
        assert_eq!(
            incoming(&checked).unwrap_err().kind,
            IssueType::NotSupported
        );
    }
}

#[test]
fn what_is_not_kept_is_refused_by_name() {
    let refused = |name: &str, value: Value| {
        let mut condition = entry_resource(&entry(facts().remove(0)), Writer::Practitioner);
        condition[name] = value;
        incoming(&Checked::parse(condition).unwrap())
            .unwrap_err()
            .expression
            .unwrap()
    };
    assert_eq!(
        refused("bodySite", json!([{ "text": "left" }])),
        "Condition.bodySite"
    );
    assert_eq!(
        refused(
            "modifierExtension",
            json!([{ "url": "http://x", "valueBoolean": true }])
        ),
        "Condition.modifierExtension"
    );
    assert_eq!(
        refused("note", json!([{ "text": "a" }, { "text": "b" }])),
        "Condition.note"
    );
    assert_eq!(
        refused("subject", json!({ "display": "somebody" })),
        "Condition.subject"
    );
    assert_eq!(
        refused(
            "code",
            json!({ "coding": [{ "system": "urn:x", "code": "y" }] })
        ),
        "Condition.code"
    );
}

fn patient() -> Patient {
    let who: Demographics = serde_json::from_value(json!({
        "family": "Mbarga", "given": "Am\u{e9}lie Rose", "sex": "female", "birth": "1951-03", "phones": ["+237650000000"],
        "email": "a@example.org", "address": { "line": "1 rue X", "city": "Douala", "region": "Littoral", "country": "CM" },
        "language": "fr", "identifiers": [{ "system": "urn:x", "value": "12" }],
        "emergency": { "name": "Paul Mbarga", "relation": "son", "phone": "+33612345678" }, "deceased": "2026-01-01",
    }))
    .unwrap();
    Patient {
        id: PatientId::from_uuid(id(3)),
        tenant: TenantId::from_uuid(id(2)),
        demographics: who,
        state: PatientState::Active,
        version: 2,
        chart_version: 0,
    }
}

#[test]
fn a_patient_comes_back() {
    let patient = patient();
    let checked = Checked::parse(patient_resource(&patient, Some(NOON))).unwrap();
    assert!(demographics(&checked).unwrap() == patient.demographics);
}

#[test]
fn a_patient_without_what_is_needed_is_refused_by_place() {
    let refused = |value: Value| {
        let issue = demographics(&Checked::parse(value).unwrap()).unwrap_err();
        (issue.kind, issue.expression.unwrap_or_default())
    };
    let named = |more: Value| {
        let mut value =
            json!({ "resourceType": "Patient", "name": [{ "family": "A", "given": ["B"] }] });
        for (name, part) in more.as_object().unwrap() {
            value[name] = part.clone();
        }
        value
    };
    assert_eq!(
        refused(json!({ "resourceType": "Patient", "active": true })),
        (IssueType::Required, "Patient.name".to_owned())
    );
    assert_eq!(
        refused(named(
            json!({ "telecom": [{ "system": "phone", "value": "0612" }] })
        ))
        .1,
        "Patient.telecom[0].value"
    );
    assert_eq!(
        refused(named(
            json!({ "telecom": [{ "system": "fax", "value": "1" }] })
        ))
        .1,
        "Patient.telecom[0]"
    );
    assert_eq!(
        refused(named(json!({ "deceasedBoolean": true }))).1,
        "Patient.deceasedBoolean"
    );
    assert_eq!(
        refused(named(json!({ "photo": [{ "title": "x" }] }))).1,
        "Patient.photo"
    );
}

#[test]
fn a_merged_patient_names_the_record_that_replaces_it() {
    let merged = Patient {
        state: PatientState::Merged {
            into: PatientId::from_uuid(id(7)),
        },
        ..patient()
    };
    let resource = patient_resource(&merged, None);
    assert_eq!(
        resource["link"][0]["other"]["reference"],
        format!("Patient/{}", id(7))
    );
    assert!(Checked::parse(resource).is_ok());
}

#[test]
fn appointments_visits_people_and_times_are_resources_of_r4() {
    let slot = Slot {
        start: NOON,
        end: NOON.plus(15 * Micros::MINUTE),
    };
    let appointment = Appointment {
        id: AppointmentId::from_uuid(id(5)),
        tenant: TenantId::from_uuid(id(2)),
        doctor: UserId::from_uuid(id(4)),
        patient: PatientId::from_uuid(id(3)),
        slot,
        reason: Reason::try_from("Cough").unwrap(),
        room: RoomUuid::from_uuid(id(6)),
        doctor_participant: ParticipantUuid::from_uuid(id(7)),
        patient_participant: ParticipantUuid::from_uuid(id(8)),
        state: AppointmentState::Booked,
        version: 1,
    };
    let doctor = UserId::from_uuid(id(4));
    for resource in [
        appointment_resource(&appointment),
        with_modality(appointment_resource(&appointment), Modality::InPerson),
        encounter_resource(&appointment),
        slot_resource(doctor, slot),
        practitioner(doctor, "Dr A", Some("Cardiology")),
        organization(TenantId::from_uuid(id(2)), "Clinic", "CM"),
        schedule(doctor, "Dr A"),
    ] {
        assert_eq!(Checked::parse(resource.clone()).err(), None, "{resource:#}");
    }
}

proptest! {
    #[test]
    fn every_decimal_keeps_its_value(whole in 0_u32..100_000, cents in 0_u32..100) {
        let text = format!("{whole}.{cents:02}");
        let fact = json!({ "kind": "observation", "code": code("loinc", "1-8"), "category": "exam",
            "value": { "quantity": { "value": text, "unit": "kg" } } });
        let checked = Checked::parse(entry_resource(&entry(fact), Writer::Practitioner)).unwrap();
        let Fact::Observation(read) = incoming(&checked).unwrap().fact else { panic!() };
        let clinical_model::chart::Value::Quantity(read) = read.value else { panic!() };
        let same = (read.value.to_f64() - text.parse::<f64>().unwrap()).abs() < 1e-9;
        prop_assert!(same);
    }
}
