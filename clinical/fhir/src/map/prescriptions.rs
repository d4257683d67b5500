//! Lines of prescriptions.

use clinical_model::PrescriptionId;
use clinical_model::chart::CodeSystem;
use clinical_model::prescribing::{PrescribedLine, Prescription, Stage};
use serde::Serialize;
use serde_json::{Value, json};

use super::entry::CONFIDENTIALITY;
use super::read::At;
use super::words::UCUM;
use crate::catalog::ResourceKind;
use crate::moment::instant;
use crate::outcome::Issue;
use crate::shapes::{Resource, coding, reference};

/// The system of identifiers that are URIs.
const URI: &str = "urn:ietf:rfc:3986";

/// Days within which doses a day become whole ones, such as one every seven days.
const PERIOD_DAYS_MAX: u16 = 31;

/// By what a prescribed medicine is known.
#[derive(Clone, Copy)]
pub struct Medicine<'a> {
    /// Its word in the formulary.
    pub slug: Option<&'a str>,
    /// Its ATC codes.
    pub atc: &'a [String],
}

impl core::fmt::Debug for Medicine<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Medicine(hidden)")
    }
}

/// The id of a line, counted from 0.
#[must_use]
pub fn line_id(prescription: PrescriptionId, line: usize) -> String {
    format!("{prescription}-{line}")
}

/// The line of an id.
#[must_use]
pub fn line_of(id: &str) -> Option<(PrescriptionId, usize)> {
    let (prescription, line) = id.rsplit_once('-')?;
    let prescription = PrescriptionId::from_uuid(prescription.parse().ok()?);
    let line = line.parse().ok()?;
    // One line has one id, and not `+1` or `01` besides.
    (line_id(prescription, line) == id).then_some((prescription, line))
}

/// A line of a prescription, counted from 0, as a resource; none when there is no such line.
#[must_use]
pub fn medication_request(it: &Prescription, at: usize, medicine: Medicine<'_>) -> Option<Value> {
    let line = it.content.lines.get(at)?;
    let meta = json!({
        "versionId": it.version.to_string(),
        "security": [coding(CONFIDENTIALITY, it.label.code(), None)],
    });
    let validity = Resource::part()
        .with("start", it.signed.and_then(instant))
        .with("end", it.expires.and_then(instant));
    let dispense = Resource::part()
        .with("validityPeriod", validity)
        .with("numberOfRepeatsAllowed", line.repeats)
        .with("quantity", json!({ "value": line.quantity }));
    let reason = line.line.indication.as_deref().map(|code| {
        let code = coding(CodeSystem::Icd10.uri(), code, None);
        json!([{ "coding": [code] }])
    });
    let resource = Resource::new(ResourceKind::MedicationRequest, line_id(it.id, at))
        .with("meta", meta)
        .with("status", status(it.stage))
        .with("intent", "order")
        .with("medicationCodeableConcept", concept(line, medicine))
        .with(
            "subject",
            reference(ResourceKind::Patient, it.patient, None),
        )
        .with("authoredOn", instant(it.signed.unwrap_or(it.created)))
        .with(
            "requester",
            reference(ResourceKind::Practitioner, it.prescriber, None),
        )
        .with("reasonCode", reason)
        .with("groupIdentifier", group(it.id))
        .with("dosageInstruction", dosage(line))
        .with("dispenseRequest", dispense);
    // Which line of the other one it replaces is not written down, so the group is named.
    let prior = it.prior.map(whole);
    Some(resource.with("priorPrescription", prior).build())
}

/// The codes of `medicationrequest-status`.
const fn status(stage: Stage) -> &'static str {
    match stage {
        Stage::Draft => "draft",
        Stage::Signed | Stage::Transmitted | Stage::DispensedPart => "active",
        Stage::Refused => "on-hold",
        Stage::Completed => "completed",
        Stage::Replaced => "stopped",
        Stage::Cancelled => "cancelled",
    }
}

/// A reference to a prescription and to none of its lines.
pub(super) fn whole(id: PrescriptionId) -> Value {
    json!({ "type": ResourceKind::MedicationRequest.as_str(), "identifier": group(id) })
}

/// The prescription that a reference means: by its identifier, or by one of its lines.
pub(super) fn meant(at: &At<'_>) -> Result<PrescriptionId, Issue> {
    let identifier = at.get("identifier");
    let urn = identifier.as_ref().and_then(|it| it.text("value"));
    let urn = urn.and_then(|it| it.strip_prefix("urn:uuid:"));
    let line = at.text("reference").and_then(|it| it.rsplit('/').next());
    let by_urn = urn.and_then(|id| id.parse().ok().map(PrescriptionId::from_uuid));
    let by_line = line.and_then(line_of).map(|(id, _)| id);
    match by_urn.or(by_line) {
        Some(id) => Ok(id),
        None => at
            .id_of(ResourceKind::MedicationRequest.as_str())
            .map(PrescriptionId::from_uuid),
    }
}

/// What all lines of one prescription have in common.
fn group(id: PrescriptionId) -> Value {
    json!({ "system": URI, "value": format!("urn:uuid:{id}") })
}

fn concept(line: &PrescribedLine, medicine: Medicine<'_>) -> Value {
    let name = line.name.as_str();
    let own = medicine
        .slug
        .map(|slug| coding(CodeSystem::Formulary.uri(), slug, Some(name)));
    let atc = medicine
        .atc
        .iter()
        .map(|code| coding(CodeSystem::Atc.uri(), code, None));
    Resource::part()
        .with("coding", own.into_iter().chain(atc).collect::<Vec<Value>>())
        .with("text", name)
        .build()
}

/// How it is taken: one instruction, or none when nothing is known.
fn dosage(line: &PrescribedLine) -> Vec<Value> {
    let it = &line.line;
    let dose = it.dose.map(|dose| {
        let (unit, code) = unit(&word(dose.unit()));
        json!([{ "doseQuantity":
            { "value": number(dose.amount()), "unit": unit, "system": UCUM, "code": code } }])
    });
    let days = it.duration_days.filter(|days| *days > 0);
    let bounds =
        days.map(|days| json!({ "value": days, "unit": "d", "system": UCUM, "code": "d" }));
    let (doses, days) = it.frequency.map_or((None, None), |often| {
        let (doses, days) = repeat(often.get());
        (Some(doses), Some(days))
    });
    let repeat = Resource::part()
        .with("boundsDuration", bounds)
        .with("frequency", doses)
        .with("periodUnit", days.as_ref().map(|_| "d"))
        .with("period", days);
    let instruction = Resource::part()
        .with(
            "patientInstruction",
            line.directions.as_ref().map(|it| it.as_str()),
        )
        .with("timing", Resource::part().with("repeat", repeat))
        .with("route", it.route.map(|it| route(&word(it))))
        .with("doseAndRate", dose)
        .build();
    let is_known = instruction.as_object().is_some_and(|it| !it.is_empty());
    is_known.then_some(instruction).into_iter().collect()
}

/// The word that a plain enum has in JSON.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

/// A whole number without a point.
fn number(value: f64) -> Value {
    let whole = value.to_string().parse::<i64>();
    whole.map_or_else(|_| Value::from(value), Value::from)
}

/// How many doses in how many days.
fn repeat(times_a_day: f64) -> (Value, Value) {
    for days in 1..=PERIOD_DAYS_MAX {
        let doses = times_a_day * f64::from(days);
        let whole = doses.round();
        if whole >= 1.0 && (doses - whole).abs() < 0.01 {
            return (number(whole), days.into());
        }
    }
    (1.into(), number((100.0 / times_a_day).round() / 100.0))
}

/// A unit of dose in words, and in UCUM.
fn unit(word: &str) -> (&'static str, &'static str) {
    match word {
        "mg" => ("mg", "mg"),
        "g" => ("g", "g"),
        "mcg" => ("µg", "ug"),
        "ml" => ("mL", "mL"),
        "iu" => ("IU", "[iU]"),
        "mmol" => ("mmol", "mmol"),
        "drop" => ("drop", "[drp]"),
        "puff" => ("puff", "{puff}"),
        _ => ("piece", "{piece}"),
    }
}

/// A way of giving, in SNOMED CT where it has one.
fn route(word: &str) -> Value {
    let code = match word {
        "oral" => "26643006",
        "intravenous" => "47625008",
        "intramuscular" => "78421000",
        "subcutaneous" => "34206005",
        "inhaled" => "447694001",
        "rectal" => "37161004",
        "sublingual" => "37839007",
        "transdermal" => "45890007",
        "topical" => "6064005",
        "ophthalmic" => "54485002",
        "otic" => "10547007",
        "nasal" => "46713006",
        "vaginal" => "16857009",
        _ => return json!({ "text": word }),
    };
    json!({ "coding": [coding(CodeSystem::Snomed.uri(), code, None)], "text": word })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_one_id() {
        let id = "0192f0c1-1111-7000-8000-0123456789ab-2";
        let (prescription, line) = line_of(id).unwrap();
        assert_eq!(line_id(prescription, line), id);
        for other in [
            "0192f0c1-1111-7000-8000-0123456789ab",
            "0192f0c1-1111-7000-8000-0123456789ab-02",
            "0192f0c1-1111-7000-8000-0123456789ab-+2",
            "0192f0c1-1111-7000-8000-0123456789ab-",
            "x-1",
            "",
        ] {
            assert_eq!(line_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_prescription_is_meant_by_its_identifier_and_by_a_line() {
        let id: PrescriptionId = "0192f0c1-1111-7000-8000-0123456789ab".parse().unwrap();
        let named = |id: &str| json!({ "reference": format!("MedicationRequest/{id}") });
        for reference in [whole(id), named(&line_id(id, 3)), named(&id.to_string())] {
            let found = meant(&At::root(&reference, "MedicationStatement"));
            assert_eq!(found.ok(), Some(id), "{reference}");
        }
        let other = json!({ "reference": format!("Patient/{id}") });
        assert!(meant(&At::root(&other, "MedicationStatement")).is_err());
    }

    #[test]
    fn doses_are_told_in_whole_days() {
        for (times, doses, days) in [(3.0, 3, 1), (0.5, 1, 2), (1.5, 3, 2), (1.0 / 7.0, 1, 7)] {
            assert_eq!(repeat(times), (json!(doses), json!(days)), "{times}");
        }
        assert_eq!(repeat(0.03), (json!(1), json!(33.33)));
    }
}
