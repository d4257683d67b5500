//! Measurements and findings.

use clinical_model::chart::{
    Component, Interpretation, Observation, ObservationCategory, Quantity, ReferenceRange,
    Value as Observed,
};
use serde_json::{Value, json};

use super::entry::Frame;
use super::read::At;
use super::words::{UCUM, code_of, concept_of, decimal_of, fixed, note, number, quantity};
use crate::outcome::{Issue, IssueType};
use crate::shapes::{Resource, concept};

pub(super) const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
pub(super) const INTERPRETATION: &str =
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";

/// Parts of one observation.
const COMPONENTS_MAX: usize = 20;

pub(super) fn observation(resource: Resource, it: &Observation, frame: &Frame) -> Resource {
    let resource = resource
        .with(
            "status",
            if frame.in_error {
                "entered-in-error"
            } else {
                "final"
            },
        )
        .with(
            "category",
            json!([concept(CATEGORY, it.category.as_str(), None)]),
        )
        .with("code", concept_of(&it.code))
        .with("subject", frame.patient.clone())
        .with("encounter", frame.encounter.clone())
        .with("effectiveDateTime", frame.effective.clone())
        .with("issued", frame.recorded.clone())
        .with("performer", json!([frame.writer]));
    let resource = match &it.value {
        Observed::Quantity(it) => resource.with("valueQuantity", quantity(&it.value, &it.unit)),
        Observed::Coded(code) => resource.with("valueCodeableConcept", concept_of(code)),
        Observed::Text(text) => resource.with("valueString", text.as_str()),
        Observed::Components => resource,
    };
    let interpretation = it
        .interpretation
        .map(|it| vec![concept(INTERPRETATION, it.as_str(), None)]);
    let components: Vec<Value> = it
        .components
        .iter()
        .map(|part| {
            json!({
                "code": concept_of(&part.code),
                "valueQuantity": quantity(&part.value.value, &part.value.unit),
            })
        })
        .collect();
    resource
        .with("interpretation", interpretation.unwrap_or_default())
        .with("note", note(it.note.as_ref().map(|note| note.as_str())))
        .with(
            "referenceRange",
            it.range
                .as_ref()
                .map(|range| vec![range_of(it, range)])
                .unwrap_or_default(),
        )
        .with("component", components)
}

/// The range in the unit of the value.
fn range_of(it: &Observation, range: &ReferenceRange) -> Value {
    let end = |end: &clinical_model::text::Decimal| match &it.value {
        Observed::Quantity(value) => quantity(end, &value.unit),
        Observed::Coded(_) | Observed::Text(_) | Observed::Components => {
            json!({ "value": number(end) })
        }
    };
    Resource::part()
        .with("low", range.low.as_ref().map(end))
        .with("high", range.high.as_ref().map(end))
        .build()
}

pub(super) fn to_observation(at: &At<'_>) -> Result<Observation, Issue> {
    at.only(&[
        "status",
        "category",
        "code",
        "subject",
        "encounter",
        "effectiveDateTime",
        "effectiveInstant",
        "effectivePeriod",
        "issued",
        "performer",
        "valueQuantity",
        "valueCodeableConcept",
        "valueString",
        "interpretation",
        "note",
        "referenceRange",
        "component",
    ])?;
    if !matches!(
        at.text("status"),
        Some("final" | "amended" | "corrected" | "entered-in-error")
    ) {
        let status = at.need("status")?;
        return Err(status.fault(
            IssueType::NotSupported,
            "only final observations are kept here",
        ));
    }
    let parts = at.items("component");
    if parts.len() > COMPONENTS_MAX {
        return Err(at.fault(IssueType::TooLong, "has too many components"));
    }
    Ok(Observation {
        code: code_of(&at.need("code")?)?,
        category: match at.one("category")? {
            None => ObservationCategory::Exam,
            Some(category) => fixed(&category, ObservationCategory::from_word)?,
        },
        value: observed(at)?,
        components: parts.iter().map(component).collect::<Result<_, _>>()?,
        interpretation: at
            .one("interpretation")?
            .map(|at| fixed(&at, Interpretation::from_word))
            .transpose()?,
        range: at
            .one("referenceRange")?
            .map(|at| to_range(&at))
            .transpose()?,
        note: at.note()?,
    })
}

fn observed(at: &At<'_>) -> Result<Observed, Issue> {
    if let Some(value) = at.get("valueQuantity") {
        return to_quantity(&value).map(Observed::Quantity);
    }
    if let Some(value) = at.get("valueCodeableConcept") {
        return code_of(&value).map(Observed::Coded);
    }
    if let Some(value) = at.get("valueString") {
        return value.line().map(Observed::Text);
    }
    if at.items("component").is_empty() {
        return Err(at.fault(IssueType::Required, "needs a value or components"));
    }
    Ok(Observed::Components)
}

fn to_quantity(at: &At<'_>) -> Result<Quantity, Issue> {
    if at.get("comparator").is_some() {
        return Err(at.fault(
            IssueType::NotSupported,
            "a comparator is not kept by this server",
        ));
    }
    if at.text("system").is_some_and(|system| system != UCUM) {
        return Err(at.fault(IssueType::NotSupported, "units are kept in UCUM only"));
    }
    let unit = at.get("code").map_or_else(|| at.need("unit"), Ok)?;
    Ok(Quantity {
        value: decimal_of(&at.need("value")?)?,
        unit: unit.line()?,
    })
}

fn component(at: &At<'_>) -> Result<Component, Issue> {
    at.only(&["code", "valueQuantity"])?;
    Ok(Component {
        code: code_of(&at.need("code")?)?,
        value: to_quantity(&at.need("valueQuantity")?)?,
    })
}

fn to_range(at: &At<'_>) -> Result<ReferenceRange, Issue> {
    at.only(&["low", "high"])?;
    let end = |name: &str| {
        let value = at.get(name).map(|end| end.need("value")).transpose()?;
        value.map(|value| decimal_of(&value)).transpose()
    };
    Ok(ReferenceRange {
        low: end("low")?,
        high: end("high")?,
    })
}
