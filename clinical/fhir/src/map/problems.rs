//! Conditions, allergies and the family's diseases.

use clinical_model::chart::{
    Allergy, AllergyCategory, ClinicalStatus, Condition, Criticality, FamilyCondition,
    FamilyHistory, Relative, Severity, Verification,
};
use clinical_model::text::PartialDate;
use serde_json::{Value, json};

use super::entry::Frame;
use super::read::At;
use super::words::{UCUM, code_of, concept_of, fixed, note};
use crate::outcome::{Issue, IssueType};
use crate::shapes::{Resource, concept, concept_text};

const CONDITION_CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
const CONDITION_VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const CONDITION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/condition-category";
const ALLERGY_CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
const ALLERGY_VERIFICATION: &str =
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
const SNOMED: &str = "http://snomed.info/sct";
const IN_ERROR: &str = "entered-in-error";

/// The codes of R4's example set for the severity of a condition.
const SEVERITIES: [(Severity, &str); 3] = [
    (Severity::Mild, "255604002"),
    (Severity::Moderate, "6736007"),
    (Severity::Severe, "24484000"),
];

pub(super) fn condition(resource: Resource, it: &Condition, frame: &Frame) -> Resource {
    let severity = it
        .severity
        .and_then(|severity| SEVERITIES.iter().find(|(known, _)| *known == severity));
    let clinical =
        (!frame.in_error).then(|| concept(CONDITION_CLINICAL, it.clinical.as_str(), None));
    let verification = if frame.in_error {
        IN_ERROR
    } else {
        it.verification.as_str()
    };
    resource
        .with("clinicalStatus", clinical)
        .with(
            "verificationStatus",
            concept(CONDITION_VERIFICATION, verification, None),
        )
        .with(
            "category",
            json!([concept(CONDITION_CATEGORY, "problem-list-item", None)]),
        )
        .with(
            "severity",
            severity.map(|(known, code)| concept(SNOMED, code, Some(known.as_str()))),
        )
        .with("code", concept_of(&it.code))
        .with("subject", frame.patient.clone())
        .with("encounter", frame.encounter.clone())
        .with("onsetDateTime", it.onset.as_ref().map(PartialDate::as_str))
        .with("recordedDate", frame.effective.clone())
        .with("recorder", frame.writer.clone())
        .with("note", note(it.note.as_ref().map(|note| note.as_str())))
}

pub(super) fn to_condition(at: &At<'_>) -> Result<Condition, Issue> {
    at.only(&[
        "clinicalStatus",
        "verificationStatus",
        "category",
        "severity",
        "code",
        "subject",
        "encounter",
        "onsetDateTime",
        "recordedDate",
        "recorder",
        "asserter",
        "note",
    ])?;
    Ok(Condition {
        code: code_of(&at.need("code")?)?,
        clinical: clinical(at)?,
        verification: verification(at, Verification::Confirmed)?,
        severity: at.get("severity").map(|at| severity(&at)).transpose()?,
        onset: at
            .get("onsetDateTime")
            .map(|at| at.partial_date())
            .transpose()?,
        note: at.note()?,
    })
}

fn severity(at: &At<'_>) -> Result<Severity, Issue> {
    fixed(at, |code| {
        SEVERITIES
            .iter()
            .find(|(_, known)| *known == code)
            .map(|(severity, _)| *severity)
    })
}

fn clinical(at: &At<'_>) -> Result<ClinicalStatus, Issue> {
    match at.get("clinicalStatus") {
        None => Ok(ClinicalStatus::Active),
        Some(status) => fixed(&status, ClinicalStatus::from_word),
    }
}

/// An entry that is taken back keeps no verification of its own.
fn verification(at: &At<'_>, usual: Verification) -> Result<Verification, Issue> {
    match at.get("verificationStatus") {
        None => Ok(usual),
        Some(status) => fixed(&status, |code| match code {
            IN_ERROR => Some(usual),
            other => Verification::from_word(other),
        }),
    }
}

pub(super) fn allergy(resource: Resource, it: &Allergy, frame: &Frame) -> Resource {
    // FHIR knows three clinical states of an allergy and two of being sure; the finer ones of the
    // model are told by the nearest.
    let clinical = match it.clinical {
        ClinicalStatus::Active | ClinicalStatus::Recurrence | ClinicalStatus::Relapse => "active",
        ClinicalStatus::Inactive | ClinicalStatus::Remission => "inactive",
        ClinicalStatus::Resolved => "resolved",
    };
    let verification = match it.verification {
        _ if frame.in_error => IN_ERROR,
        Verification::Confirmed => "confirmed",
        Verification::Refuted => "refuted",
        Verification::Unconfirmed | Verification::Provisional | Verification::Differential => {
            "unconfirmed"
        }
    };
    let clinical = (!frame.in_error).then(|| concept(ALLERGY_CLINICAL, clinical, None));
    let reaction = it.reaction.as_ref().map(|reaction| {
        Resource::part()
            .with("manifestation", json!([concept_text(reaction.as_str())]))
            .with("severity", it.severity.map(Severity::as_str))
            .build()
    });
    resource
        .with("clinicalStatus", clinical)
        .with(
            "verificationStatus",
            concept(ALLERGY_VERIFICATION, verification, None),
        )
        .with("category", json!([it.category.as_str()]))
        .with("criticality", it.criticality.as_str())
        .with("code", concept_of(&it.substance))
        .with("patient", frame.patient.clone())
        .with("encounter", frame.encounter.clone())
        .with("onsetDateTime", it.onset.as_ref().map(PartialDate::as_str))
        .with("recordedDate", frame.effective.clone())
        .with("recorder", frame.writer.clone())
        .with("note", note(it.note.as_ref().map(|note| note.as_str())))
        .with(
            "reaction",
            reaction.map(|reaction| vec![reaction]).unwrap_or_default(),
        )
}

pub(super) fn to_allergy(at: &At<'_>) -> Result<Allergy, Issue> {
    at.only(&[
        "clinicalStatus",
        "verificationStatus",
        "type",
        "category",
        "criticality",
        "code",
        "patient",
        "encounter",
        "onsetDateTime",
        "recordedDate",
        "recorder",
        "asserter",
        "note",
        "reaction",
    ])?;
    let reaction = at.one("reaction")?;
    let manifestation = reaction
        .as_ref()
        .map(|reaction| reaction.one("manifestation"))
        .transpose()?
        .flatten();
    let shown = manifestation.map(|at| code_of(&at)).transpose()?;
    Ok(Allergy {
        substance: code_of(&at.need("code")?)?,
        category: match at.one("category")? {
            None => AllergyCategory::Medication,
            Some(category) => word(&category, AllergyCategory::from_word)?,
        },
        criticality: match at.get("criticality") {
            None => Criticality::UnableToAssess,
            Some(criticality) => word(&criticality, Criticality::from_word)?,
        },
        clinical: clinical(at)?,
        verification: verification(at, Verification::Unconfirmed)?,
        reaction: shown.map(|code| code.display),
        severity: reaction
            .and_then(|reaction| reaction.get("severity"))
            .map(|severity| word(&severity, Severity::from_word))
            .transpose()?,
        onset: at
            .get("onsetDateTime")
            .map(|at| at.partial_date())
            .transpose()?,
        note: at.note()?,
    })
}

/// A plain code.
pub(super) fn word<T>(at: &At<'_>, from: impl Fn(&str) -> Option<T>) -> Result<T, Issue> {
    at.value()
        .as_str()
        .and_then(from)
        .ok_or_else(|| at.fault(IssueType::Value, "is not kept by this server"))
}

fn years(years: u8) -> Value {
    json!({ "value": years, "unit": "a", "system": UCUM, "code": "a" })
}

fn to_years(at: &At<'_>) -> Result<u8, Issue> {
    let value = at.value().get("value").and_then(Value::as_u64);
    let in_years = at.text("code").is_none_or(|code| code == "a");
    value
        .filter(|_| in_years)
        .and_then(|years| u8::try_from(years).ok())
        .ok_or_else(|| at.fault(IssueType::Value, "must be whole years"))
}

pub(super) fn family(resource: Resource, it: &FamilyHistory, frame: &Frame) -> Resource {
    let conditions: Vec<Value> = it
        .conditions
        .iter()
        .map(|condition| {
            Resource::part()
                .with("code", concept_of(&condition.code))
                .with("onsetAge", condition.onset_years.map(years))
                .build()
        })
        .collect();
    resource
        .with(
            "status",
            if frame.in_error {
                IN_ERROR
            } else {
                "completed"
            },
        )
        .with("patient", frame.patient.clone())
        .with("date", frame.effective.clone())
        .with("relationship", concept(ROLE, it.relative.as_str(), None))
        .with("deceasedAge", it.died_at_years.map(years))
        .with("note", note(it.note.as_ref().map(|note| note.as_str())))
        .with("condition", conditions)
}

pub(super) fn to_family(at: &At<'_>) -> Result<FamilyHistory, Issue> {
    at.only(&[
        "status",
        "patient",
        "date",
        "relationship",
        "deceasedAge",
        "note",
        "condition",
    ])?;
    Ok(FamilyHistory {
        relative: fixed(&at.need("relationship")?, Relative::from_word)?,
        conditions: at
            .items("condition")
            .iter()
            .map(|condition| {
                Ok(FamilyCondition {
                    code: code_of(&condition.need("code")?)?,
                    onset_years: condition
                        .get("onsetAge")
                        .map(|at| to_years(&at))
                        .transpose()?,
                })
            })
            .collect::<Result<_, Issue>>()?,
        died_at_years: at.get("deceasedAge").map(|at| to_years(&at)).transpose()?,
        note: at.note()?,
    })
}
