//! Interviews of triage: what was answered, and how likely causes are.

use clinical_model::triage::{Answer, Disposition, Interview};
use serde_json::{Value, json};

use crate::catalog::ResourceKind;
use crate::moment::instant;
use crate::shapes::{Resource, coding, concept_text, reference};

const ABSENT: &str = "http://terminology.hl7.org/CodeSystem/data-absent-reason";
const ICD10: &str = "http://hl7.org/fhir/sid/icd-10";
/// The link of the complaint in free words; the others are the engine's names of findings.
const COMPLAINT: &str = "complaint";

/// A question with its answer, in words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked<'a> {
    /// As the engine names it.
    pub finding: &'a str,
    /// The question.
    pub text: &'a str,
    /// The answer.
    pub answer: Answer,
    /// What was measured.
    pub value: Option<f64>,
}

/// A possible cause, in words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction<'a> {
    /// ICD-10 code.
    pub icd10: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Share of the belief, 0 to 1.
    pub probability: f64,
}

/// What was told and answered; none for an interview that belongs to no patient.
#[must_use]
pub fn questionnaire_response(it: &Interview, asked: &[Asked<'_>]) -> Option<Value> {
    let patient = it.patient()?;
    let status = match it.finished {
        Some(_) => "completed",
        None => "in-progress",
    };
    let mut items = Vec::with_capacity(asked.len() + 1);
    if !it.story.complaint.trim().is_empty() {
        items.push(json!({
            "linkId": COMPLAINT,
            "answer": [{ "valueString": it.story.complaint.trim() }],
        }));
    }
    items.extend(asked.iter().map(item));
    let authored = it.finished.unwrap_or(it.started);
    Some(
        Resource::new(ResourceKind::QuestionnaireResponse, it.id)
            .meta(it.version, None)
            .with("status", status)
            .with("subject", reference(ResourceKind::Patient, patient, None))
            .with("authored", instant(authored))
            .with("item", items)
            .build(),
    )
}

fn item(it: &Asked<'_>) -> Value {
    let answer = match (it.value, it.answer) {
        (Some(value), _) => json!({ "valueDecimal": value }),
        (None, Answer::Yes) => json!({ "valueBoolean": true }),
        (None, Answer::No) => json!({ "valueBoolean": false }),
        (None, Answer::Unknown) => json!({ "valueCoding": coding(ABSENT, "asked-unknown", None) }),
    };
    json!({ "linkId": it.finding, "text": it.text, "answer": [answer] })
}

/// How likely causes are, and where the patient was sent; none before there is a result.
#[must_use]
pub fn risk_assessment(it: &Interview, predictions: &[Prediction<'_>]) -> Option<Value> {
    let patient = it.patient()?;
    let judged = it.story.judged.as_ref()?;
    let sent = match judged.disposition {
        Disposition::Emergency => "emergency",
        Disposition::Urgent => "urgent: a clinician the same day",
        Disposition::Routine => "routine: a visit within days",
        Disposition::SelfCare => "self-care",
    };
    let basis = reference(ResourceKind::QuestionnaireResponse, it.id, None);
    let predictions: Vec<Value> = predictions.iter().map(prediction).collect();
    Some(
        Resource::new(ResourceKind::RiskAssessment, it.id)
            .meta(it.version, None)
            .with("status", "final")
            .with(
                "method",
                concept_text("Triage by a program, not by a clinician"),
            )
            .with("subject", reference(ResourceKind::Patient, patient, None))
            .with("occurrenceDateTime", instant(judged.at))
            .with("basis", json!([basis]))
            .with("prediction", predictions)
            .with("mitigation", sent)
            .build(),
    )
}

fn prediction(it: &Prediction<'_>) -> Value {
    // A FHIR decimal carries the precision that it has.
    let probability = (it.probability * 1_000.0).round() / 1_000.0;
    json!({
        "outcome": { "coding": [coding(ICD10, it.icd10, None)], "text": it.name },
        "probabilityDecimal": probability,
    })
}
