//! Medicines that are taken, vaccinations, procedures, documents and notes.

use clinical_model::chart::{
    DocumentFact, Immunization, MedicationSource, MedicationStatement, MedicationStatus, NoteFact,
    Procedure,
};
use clinical_model::text::PartialDate;
use serde_json::json;

use super::entry::Frame;
use super::prescriptions;
use super::problems::word;
use super::read::At;
use super::words::{code_of, concept_of, note as annotation};
use crate::outcome::{Issue, IssueType};
use crate::shapes::Resource;

const IN_ERROR: &str = "entered-in-error";

pub(super) fn medication(resource: Resource, it: &MedicationStatement, frame: &Frame) -> Resource {
    let period = Resource::part()
        .with("start", it.from.as_ref().map(PartialDate::as_str))
        .with("end", it.until.as_ref().map(PartialDate::as_str));
    let source = match it.source {
        MedicationSource::Patient => frame.patient.clone(),
        MedicationSource::Clinician | MedicationSource::Prescription => frame.writer.clone(),
    };
    let origin = it.prescription.map(|id| vec![prescriptions::whole(id)]);
    resource
        .with(
            "status",
            if frame.in_error {
                IN_ERROR
            } else {
                it.status.as_str()
            },
        )
        .with("medicationCodeableConcept", concept_of(&it.substance))
        .with("subject", frame.patient.clone())
        .with("context", frame.encounter.clone())
        .with("effectivePeriod", period)
        .with("dateAsserted", frame.effective.clone())
        .with("informationSource", source)
        .with("derivedFrom", origin.unwrap_or_default())
        .with(
            "note",
            annotation(it.note.as_ref().map(|note| note.as_str())),
        )
        .with(
            "dosage",
            it.dosage
                .as_ref()
                .map(|dosage| json!([{ "text": dosage.as_str() }])),
        )
}

pub(super) fn to_medication(at: &At<'_>) -> Result<MedicationStatement, Issue> {
    at.only(&[
        "status",
        "medicationCodeableConcept",
        "subject",
        "context",
        "effectivePeriod",
        "dateAsserted",
        "informationSource",
        "derivedFrom",
        "note",
        "dosage",
    ])?;
    let period = at.get("effectivePeriod");
    let date = |name: &str| {
        let end = period.as_ref().and_then(|period| period.get(name));
        end.map(|end| end.partial_date()).transpose()
    };
    let origin = at.one("derivedFrom")?;
    let prescription = origin.as_ref().map(prescriptions::meant).transpose()?;
    let by_patient = at
        .get("informationSource")
        .and_then(|source| source.text("reference"))
        .is_some_and(|source| source.contains("Patient/"));
    Ok(MedicationStatement {
        substance: code_of(&at.need("medicationCodeableConcept")?)?,
        status: word(&at.need("status")?, |status| match status {
            // What is taken back keeps its last state.
            IN_ERROR => Some(MedicationStatus::Stopped),
            other => MedicationStatus::from_word(other),
        })?,
        source: match (prescription, by_patient) {
            (Some(_), _) => MedicationSource::Prescription,
            (None, true) => MedicationSource::Patient,
            (None, false) => MedicationSource::Clinician,
        },
        dosage: at
            .one("dosage")?
            .map(|dosage| {
                dosage.only(&["text"])?;
                dosage.need("text")?.line()
            })
            .transpose()?,
        from: date("start")?,
        until: date("end")?,
        prescription,
        note: at.note()?,
    })
}

pub(super) fn immunization(resource: Resource, it: &Immunization, frame: &Frame) -> Resource {
    let status = match (frame.in_error, it.given) {
        (true, _) => IN_ERROR,
        (false, true) => "completed",
        (false, false) => "not-done",
    };
    resource
        .with("status", status)
        .with("vaccineCode", concept_of(&it.vaccine))
        .with("patient", frame.patient.clone())
        .with("encounter", frame.encounter.clone())
        .with("occurrenceDateTime", frame.effective.clone())
        .with("recorded", frame.recorded.clone())
        .with("lotNumber", it.lot.as_ref().map(|lot| lot.as_str()))
        .with(
            "performer",
            frame.clinician().map(|actor| json!([{ "actor": actor }])),
        )
        .with(
            "note",
            annotation(it.note.as_ref().map(|note| note.as_str())),
        )
        .with(
            "protocolApplied",
            it.dose_number
                .map(|dose| json!([{ "doseNumberPositiveInt": dose }])),
        )
}

pub(super) fn to_immunization(at: &At<'_>) -> Result<Immunization, Issue> {
    at.only(&[
        "status",
        "vaccineCode",
        "patient",
        "encounter",
        "occurrenceDateTime",
        "recorded",
        "primarySource",
        "lotNumber",
        "performer",
        "note",
        "protocolApplied",
    ])?;
    let dose = at.one("protocolApplied")?;
    let dose = dose.map(|dose| {
        dose.only(&["doseNumberPositiveInt"])?;
        let number = dose.need("doseNumberPositiveInt")?;
        let value = number
            .value()
            .as_u64()
            .and_then(|dose| u8::try_from(dose).ok());
        value.ok_or_else(|| number.fault(IssueType::Value, "must be a number up to 255"))
    });
    Ok(Immunization {
        vaccine: code_of(&at.need("vaccineCode")?)?,
        given: at.text("status") != Some("not-done"),
        dose_number: dose.transpose()?,
        lot: at.get("lotNumber").map(|lot| lot.line()).transpose()?,
        note: at.note()?,
    })
}

pub(super) fn procedure(resource: Resource, it: &Procedure, frame: &Frame) -> Resource {
    let status = match (frame.in_error, it.done) {
        (true, _) => IN_ERROR,
        (false, true) => "completed",
        (false, false) => "preparation",
    };
    resource
        .with("status", status)
        .with("code", concept_of(&it.code))
        .with("subject", frame.patient.clone())
        .with("encounter", frame.encounter.clone())
        .with("performedDateTime", frame.effective.clone())
        .with("recorder", frame.writer.clone())
        .with(
            "note",
            annotation(it.note.as_ref().map(|note| note.as_str())),
        )
}

pub(super) fn to_procedure(at: &At<'_>) -> Result<Procedure, Issue> {
    at.only(&[
        "status",
        "code",
        "subject",
        "encounter",
        "performedDateTime",
        "performedPeriod",
        "recorder",
        "note",
    ])?;
    let status = at.need("status")?;
    Ok(Procedure {
        code: code_of(&at.need("code")?)?,
        done: word(&status, |status| match status {
            "completed" | IN_ERROR => Some(true),
            "preparation" => Some(false),
            _ => None,
        })?,
        note: at.note()?,
    })
}

pub(super) fn document(resource: Resource, it: &DocumentFact, frame: &Frame) -> Resource {
    let attachment = json!({
        "contentType": it.media_type.as_str(),
        "title": it.title.as_str(),
        "size": it.size_bytes,
    });
    let context = frame
        .encounter
        .clone()
        .map(|encounter| json!({ "encounter": [encounter] }));
    resource
        .with("status", if frame.in_error { IN_ERROR } else { "current" })
        .with("type", concept_of(&it.class))
        .with("subject", frame.patient.clone())
        .with("date", frame.recorded.clone())
        .with("author", json!([frame.writer]))
        .with("description", it.title.as_str())
        .with("content", json!([{ "attachment": attachment }]))
        .with("context", context)
}

pub(super) fn note(resource: Resource, it: &NoteFact, frame: &Frame) -> Resource {
    resource
        .with(
            "status",
            if frame.in_error {
                IN_ERROR
            } else {
                "completed"
            },
        )
        .with("description", it.title.as_str())
        .with("subject", frame.patient.clone())
        .with("encounter", frame.encounter.clone())
        .with("date", frame.recorded.clone())
        .with("assessor", frame.clinician())
        .with("summary", it.text.as_str())
}
