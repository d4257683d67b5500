//! Entries of the chart.

use clinical_model::access::Label;
use clinical_model::chart::{Entry, EntryStatus, Fact, Kind};
use clinical_model::{AppointmentId, Micros, PatientId};
use serde_json::{Value, json};

use super::read::At;
use super::{acts, observation, problems};
use crate::catalog::ResourceKind;
use crate::check::Checked;
use crate::moment::instant;
use crate::outcome::{Issue, IssueType};
use crate::shapes::{Resource, coding, reference};

pub(super) const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

/// Who wrote an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Somebody of the clinic: `Practitioner`, with the id of the entry's author.
    Practitioner,
    /// The patient: `Patient`.
    Patient,
}

/// The resource of a kind of entry.
#[must_use]
pub const fn entry_kind(kind: Kind) -> ResourceKind {
    match kind {
        Kind::Condition => ResourceKind::Condition,
        Kind::Allergy => ResourceKind::AllergyIntolerance,
        Kind::Medication => ResourceKind::MedicationStatement,
        Kind::Observation => ResourceKind::Observation,
        Kind::Immunization => ResourceKind::Immunization,
        Kind::FamilyHistory => ResourceKind::FamilyMemberHistory,
        Kind::Procedure => ResourceKind::Procedure,
        Kind::Document => ResourceKind::DocumentReference,
        Kind::Note => ResourceKind::ClinicalImpression,
    }
}

/// An entry as a resource.
#[must_use]
pub fn entry_resource(entry: &Entry, writer: Writer) -> Value {
    let kind = entry_kind(entry.fact.kind());
    let mut meta = json!({
        "versionId": entry.version.to_string(),
        "security": [coding(CONFIDENTIALITY, entry.label.code(), None)],
    });
    if let Some(at) = instant(entry.recorded) {
        meta["lastUpdated"] = at.into();
    }
    let resource = Resource::new(kind, entry.id).with("meta", meta);
    let frame = Frame {
        patient: reference(ResourceKind::Patient, entry.patient, None),
        writer: match writer {
            Writer::Practitioner => reference(ResourceKind::Practitioner, entry.author, None),
            Writer::Patient => reference(ResourceKind::Patient, entry.patient, None),
        },
        encounter: entry
            .appointment
            .map(|id| reference(ResourceKind::Encounter, id, None)),
        effective: instant(entry.effective),
        recorded: instant(entry.recorded),
        in_error: entry.status == EntryStatus::EnteredInError,
    };
    let resource = match &entry.fact {
        Fact::Condition(it) => problems::condition(resource, it, &frame),
        Fact::Allergy(it) => problems::allergy(resource, it, &frame),
        Fact::FamilyHistory(it) => problems::family(resource, it, &frame),
        Fact::Observation(it) => observation::observation(resource, it, &frame),
        Fact::Medication(it) => acts::medication(resource, it, &frame),
        Fact::Immunization(it) => acts::immunization(resource, it, &frame),
        Fact::Procedure(it) => acts::procedure(resource, it, &frame),
        Fact::Document(it) => acts::document(resource, it, &frame),
        Fact::Note(it) => acts::note(resource, it, &frame),
    };
    resource.build()
}

/// What every entry has besides its fact.
pub(super) struct Frame {
    pub(super) patient: Value,
    pub(super) writer: Value,
    pub(super) encounter: Option<Value>,
    pub(super) effective: Option<String>,
    pub(super) recorded: Option<String>,
    pub(super) in_error: bool,
}

impl Frame {
    /// The writer where only somebody of the clinic can stand.
    pub(super) fn clinician(&self) -> Option<Value> {
        let named = self.writer.get("reference").and_then(Value::as_str);
        named
            .is_some_and(|name| name.starts_with("Practitioner/"))
            .then(|| self.writer.clone())
    }
}

/// What a client wants to have in the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// About whom.
    pub patient: PatientId,
    /// What is known.
    pub fact: Fact,
    /// Who may see it, if it says so.
    pub label: Option<Label>,
    /// Since when, if it says so.
    pub effective: Option<Micros>,
    /// At which visit.
    pub appointment: Option<AppointmentId>,
    /// Whether it is taken back as an error.
    pub in_error: bool,
}

/// Reads an entry of the chart from a checked resource.
pub fn incoming(checked: &Checked) -> Result<Incoming, Issue> {
    let at = At::root(checked.value(), checked.kind());
    let fact = match ResourceKind::named(checked.kind()) {
        Some(ResourceKind::Condition) => Fact::Condition(problems::to_condition(&at)?),
        Some(ResourceKind::AllergyIntolerance) => Fact::Allergy(problems::to_allergy(&at)?),
        Some(ResourceKind::FamilyMemberHistory) => Fact::FamilyHistory(problems::to_family(&at)?),
        Some(ResourceKind::Observation) => Fact::Observation(observation::to_observation(&at)?),
        Some(ResourceKind::MedicationStatement) => Fact::Medication(acts::to_medication(&at)?),
        Some(ResourceKind::Immunization) => Fact::Immunization(acts::to_immunization(&at)?),
        Some(ResourceKind::Procedure) => Fact::Procedure(acts::to_procedure(&at)?),
        Some(_) | None => {
            return Err(at.fault(IssueType::NotSupported, "cannot be written here"));
        }
    };
    let subject = at.get("subject").map_or_else(|| at.need("patient"), Ok)?;
    // A MedicationStatement calls it its context.
    let encounter = at.get("encounter").or_else(|| at.get("context"));
    Ok(Incoming {
        patient: subject.patient()?,
        label: label(&at)?,
        effective: effective(&at)?,
        appointment: encounter
            .map(|encounter| encounter.id_of("Encounter").map(AppointmentId::from_uuid))
            .transpose()?,
        in_error: is_in_error(&at),
        fact,
    })
}

fn is_in_error(at: &At<'_>) -> bool {
    const WORD: &str = "entered-in-error";
    let verification = at
        .get("verificationStatus")
        .map(|status| status.items("coding"));
    at.text("status") == Some(WORD)
        || verification.is_some_and(|codings| {
            codings
                .iter()
                .any(|coding| coding.text("code") == Some(WORD))
        })
}

fn label(at: &At<'_>) -> Result<Option<Label>, Issue> {
    let Some(meta) = at.get("meta") else {
        return Ok(None);
    };
    for security in meta.items("security") {
        if security.text("system") == Some(CONFIDENTIALITY) {
            let code = security.text("code").unwrap_or_default();
            let label = Label::ALL.into_iter().find(|label| label.code() == code);
            return label
                .map(Some)
                .ok_or_else(|| security.fault(IssueType::Value, "must be N, R or V"));
        }
    }
    Ok(None)
}

/// The first of the elements that say since when.
fn effective(at: &At<'_>) -> Result<Option<Micros>, Issue> {
    const NAMES: [&str; 8] = [
        "effectiveDateTime",
        "effectiveInstant",
        "performedDateTime",
        "occurrenceDateTime",
        "dateAsserted",
        "recordedDate",
        "date",
        "issued",
    ];
    let found = NAMES.iter().find_map(|name| at.get(name));
    let found = found.or_else(|| {
        let period = at
            .get("effectivePeriod")
            .or_else(|| at.get("performedPeriod"));
        period.and_then(|period| period.get("start"))
    });
    found.map(|at| at.micros()).transpose()
}
