//! Codes, numbers and references of the model, as FHIR writes them.

use clinical_model::chart::{Code, CodeSystem};
use clinical_model::text::{CodeText, Decimal, Line};
use serde_json::{Value, json};

use super::read::At;
use crate::outcome::{Issue, IssueType};
use crate::shapes::{Resource, coding, concept_text};

const SYSTEMS: [CodeSystem; 7] = [
    CodeSystem::Icd10,
    CodeSystem::Loinc,
    CodeSystem::Atc,
    CodeSystem::Formulary,
    CodeSystem::Snomed,
    CodeSystem::Cvx,
    CodeSystem::Local,
];

pub(crate) fn concept_of(code: &Code) -> Value {
    let display = code.display.as_str();
    match code.system {
        CodeSystem::Text => concept_text(display),
        CodeSystem::Icd10
        | CodeSystem::Loinc
        | CodeSystem::Atc
        | CodeSystem::Formulary
        | CodeSystem::Snomed
        | CodeSystem::Cvx
        | CodeSystem::Local => json!({
            "coding": [coding(code.system.uri(), code.code.as_str(), Some(display))],
            "text": display,
        }),
    }
}

/// The first coding of a system that is kept here, or the words.
pub(crate) fn code_of(at: &At<'_>) -> Result<Code, Issue> {
    for coding in at.items("coding") {
        let system = SYSTEMS
            .into_iter()
            .find(|system| coding.text("system") == Some(system.uri()));
        let (Some(system), Some(code)) = (system, coding.get("code")) else {
            continue;
        };
        let words = coding
            .get("display")
            .or_else(|| at.get("text"))
            .unwrap_or_else(|| code.clone());
        let text = code.value().as_str().unwrap_or_default();
        let code = CodeText::try_from(text)
            .map_err(|error| code.fault(IssueType::Value, error.to_string()))?;
        return Ok(Code {
            system,
            code,
            display: words.line()?,
        });
    }
    let words = at.get("text").or_else(|| {
        at.items("coding")
            .first()
            .and_then(|coding| coding.get("display"))
    });
    let Some(words) = words else {
        let known: Vec<&str> = SYSTEMS.iter().map(|system| system.uri()).collect();
        let text = format!("needs a text, or a coding of one of: {}", known.join(", "));
        return Err(at.fault(IssueType::Value, text));
    };
    let code = CodeText::try_from("text")
        .map_err(|error| at.fault(IssueType::Value, error.to_string()))?;
    Ok(Code {
        system: CodeSystem::Text,
        code,
        display: words.line()?,
    })
}

/// The code of the only coding, for lists that FHIR fixes.
pub(crate) fn fixed<T>(at: &At<'_>, from: impl Fn(&str) -> Option<T>) -> Result<T, Issue> {
    let codings = at.items("coding");
    codings
        .iter()
        .find_map(|coding| coding.text("code").and_then(&from))
        .ok_or_else(|| at.fault(IssueType::Value, "has no code that is kept here"))
}

/// A number as JSON writes it.
pub(crate) fn number(decimal: &Decimal) -> Value {
    let text = decimal.as_str();
    let whole = text.parse::<i64>().ok().map(Value::from);
    whole.unwrap_or_else(|| Value::from(decimal.to_f64()))
}

pub(crate) fn decimal_of(at: &At<'_>) -> Result<Decimal, Issue> {
    at.value()
        .to_string()
        .parse()
        .map_err(|error: clinical_model::text::ShapeError| {
            at.fault(IssueType::Value, error.to_string())
        })
}

/// A `Quantity` in UCUM.
pub(crate) fn quantity(value: &Decimal, unit: &Line) -> Value {
    Resource::part()
        .with("value", number(value))
        .with("unit", unit.as_str())
        .with("system", UCUM)
        .with("code", unit.as_str())
        .build()
}

/// Units of measure.
pub(crate) const UCUM: &str = "http://unitsofmeasure.org";

/// A list of one annotation.
pub(crate) fn note(text: Option<&str>) -> Vec<Value> {
    text.map(|text| vec![json!({ "text": text })])
        .unwrap_or_default()
}
