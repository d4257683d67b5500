//! Orders and what came of them.

use clinical_model::chart::CodeSystem;
use clinical_model::results::{
    Amount, Department, LoincCode, Measure, Order, ReportVersion, SentForm, SentLine, SentStatus,
    Value as Measured,
};
use serde_json::{Value, json};

use super::entry::CONFIDENTIALITY;
use super::observation::{CATEGORY, INTERPRETATION};
use super::words::UCUM;
use crate::catalog::ResourceKind;
use crate::moment::instant;
use crate::shapes::{Resource, coding, concept, concept_text, reference};

const SECTIONS: &str = "http://terminology.hl7.org/CodeSystem/v2-0074";

/// The name of a test, as far as the catalogue knows it.
pub type TestName<'a> = &'a dyn Fn(&LoincCode) -> Option<&'a str>;

/// An order as a resource.
#[must_use]
pub fn service_request(it: &Order, name: TestName<'_>) -> Value {
    let kind = match it.department {
        Department::Laboratory => "108252007",
        Department::Imaging => "363679005",
        Department::Pathology => "108257001",
    };
    let tests = &it.content.tests;
    let mut codes: Vec<Value> = tests.iter().map(|code| test(code, name)).collect();
    let (code, detail) = if codes.len() == 1 {
        (codes.pop(), Vec::new())
    } else {
        (Some(concept_text(&titles(it, name))), codes)
    };
    let reason = it.content.reason.as_str();
    let reason = (!reason.is_empty()).then(|| json!([{ "text": reason }]));
    let cancelled = it.content.cancelled.as_ref();
    Resource::new(ResourceKind::ServiceRequest, it.id)
        .with("meta", meta(it, it.version, None))
        .with("status", it.stage.service_request_status())
        .with("intent", "order")
        .with(
            "category",
            json!([concept(CodeSystem::Snomed.uri(), kind, None)]),
        )
        .with("priority", it.priority.as_str())
        .with("code", code)
        .with("orderDetail", detail)
        .with(
            "subject",
            reference(ResourceKind::Patient, it.patient, None),
        )
        .with("authoredOn", instant(it.ordered))
        .with(
            "requester",
            reference(ResourceKind::Practitioner, it.ordered_by, None),
        )
        .with("reasonCode", reason)
        .with(
            "note",
            cancelled.map(|why| json!([{ "text": why.as_str() }])),
        )
        .build()
}

/// A report as a resource with its values inside; none before there is anything to report.
#[must_use]
pub fn diagnostic_report(it: &Order, report: &ReportVersion, name: TestName<'_>) -> Option<Value> {
    let status = report.stage.report_status()?;
    let (section, whole) = match it.department {
        Department::Laboratory => ("LAB", "11502-2"),
        Department::Imaging => ("RAD", "18748-4"),
        Department::Pathology => ("PAT", "11526-1"),
    };
    let code = match it.content.tests.as_slice() {
        [one] => test(one, name),
        _ => json!({
            "coding": [coding(CodeSystem::Loinc.uri(), whole, None)],
            "text": titles(it, name),
        }),
    };
    let said = &report.report;
    let values = said.values.iter().map(|value| of_value(value, name));
    let parts = values.chain(said.others.iter().map(of_line));
    let contained: Vec<Value> = parts
        .enumerate()
        .map(|(at, part)| {
            Resource::new(ResourceKind::Observation, format!("v{at}"))
                .with("status", status)
                .with("category", json!([category(it.department)]))
                .with(
                    "subject",
                    reference(ResourceKind::Patient, it.patient, None),
                )
                .with("effectiveDateTime", instant(it.effective()))
                .and(part)
                .build()
        })
        .collect();
    let results: Vec<Value> = (0..contained.len())
        .map(|at| json!({ "reference": format!("#v{at}") }))
        .collect();
    let comment = said.comment.as_ref().map(|it| it.as_str());
    let report = Resource::new(ResourceKind::DiagnosticReport, it.id)
        .with("meta", meta(it, report.version, instant(report.at)))
        .with("contained", contained)
        .with(
            "basedOn",
            json!([reference(ResourceKind::ServiceRequest, it.id, None)]),
        )
        .with("status", status)
        .with("category", json!([concept(SECTIONS, section, None)]))
        .with("code", code)
        .with(
            "subject",
            reference(ResourceKind::Patient, it.patient, None),
        )
        .with("effectiveDateTime", instant(it.effective()))
        .with("issued", instant(report.at))
        .with(
            "performer",
            json!([reference(ResourceKind::Practitioner, report.author, None)]),
        )
        .with("result", results)
        .with("conclusion", comment);
    Some(report.build())
}

fn meta(it: &Order, version: u32, updated: Option<String>) -> Resource {
    Resource::part()
        .with("versionId", version.to_string())
        .with("lastUpdated", updated)
        .with(
            "security",
            json!([coding(CONFIDENTIALITY, it.label.code(), None)]),
        )
}

fn test(code: &LoincCode, name: TestName<'_>) -> Value {
    Resource::part()
        .with(
            "coding",
            json!([coding(CodeSystem::Loinc.uri(), code.as_str(), None)]),
        )
        .with("text", name(code))
        .build()
}

/// The names of all tests of an order.
fn titles(it: &Order, name: TestName<'_>) -> String {
    let names = it.content.tests.iter();
    let names: Vec<&str> = names
        .map(|code| name(code).unwrap_or(code.as_str()))
        .collect();
    names.join("; ")
}

fn category(department: Department) -> Value {
    let code = match department {
        Department::Laboratory | Department::Pathology => "laboratory",
        Department::Imaging => "imaging",
    };
    concept(CATEGORY, code, None)
}

/// A number that is written with a point and nothing else.
fn number(text: &str) -> Value {
    let whole = text.parse::<i64>().ok().map(Value::from);
    whole.unwrap_or_else(|| text.parse::<f64>().map_or(Value::Null, Value::from))
}

fn quantity(value: Amount, unit: &str) -> Value {
    let is_named = !unit.is_empty();
    Resource::part()
        .with("value", number(&value.to_string()))
        .with("unit", unit)
        .with("system", is_named.then_some(UCUM))
        .with("code", unit)
        .build()
}

/// What is known of one test.
fn of_value(it: &Measured, name: TestName<'_>) -> Resource {
    let part = Resource::part().with("code", test(&it.code, name));
    let part = match &it.measure {
        Measure::Number { value, .. } => part.with("valueQuantity", quantity(*value, &it.unit)),
        Measure::Found(is_found) => part.with("valueCodeableConcept", finding(*is_found)),
        Measure::Words(words) => part.with("valueString", words.as_str()),
    };
    let flag = it
        .flag
        .map(|flag| json!([concept(INTERPRETATION, flag.as_str(), None)]));
    let range = Resource::part()
        .with("low", it.low.map(|low| quantity(low, &it.unit)))
        .with("high", it.high.map(|high| quantity(high, &it.unit)))
        .build();
    let has_range = it.low.is_some() || it.high.is_some();
    part.with("interpretation", flag)
        .with("referenceRange", has_range.then(|| json!([range])))
}

fn finding(is_found: bool) -> Value {
    let (code, text) = if is_found {
        ("260373001", "found")
    } else {
        ("260415000", "not found")
    };
    json!({ "coding": [coding(CodeSystem::Snomed.uri(), code, None)], "text": text })
}

/// A line of a laboratory's machine, as it was sent.
fn of_line(it: &SentLine) -> Resource {
    let text = [&it.name, &it.code, &it.filler];
    let text = text.into_iter().find(|text| !text.is_empty());
    let loinc = it.loinc.as_deref();
    let loinc = loinc.map(|code| json!([coding(CodeSystem::Loinc.uri(), code, None)]));
    let code = Resource::part()
        .with("coding", loinc)
        .with("text", text.map_or("-", String::as_str));
    let said = format!("{} {}", it.value, it.unit);
    let part = Resource::part().with("code", code);
    let part = match it.form {
        SentForm::Found => part.with("valueCodeableConcept", finding(true)),
        SentForm::NotFound => part.with("valueCodeableConcept", finding(false)),
        SentForm::Number
        | SentForm::Structured
        | SentForm::Text
        | SentForm::Coded
        | SentForm::Nothing => part.with("valueString", said.trim()),
    };
    let range = it.range.as_str();
    let range = (!range.is_empty()).then(|| json!([{ "text": range }]));
    let notes = it.notes.iter().filter(|note| !note.is_empty());
    let notes: Vec<Value> = notes.map(|note| json!({ "text": note })).collect();
    let status = match it.status {
        SentStatus::Preliminary => "preliminary",
        SentStatus::Final => "final",
        SentStatus::Corrected => "corrected",
        SentStatus::Withdrawn => "entered-in-error",
        SentStatus::Missing => "cancelled",
    };
    let flags = it.flags.iter().filter(|flag| !flag.is_empty());
    let flags: Vec<Value> = flags.map(|flag| concept_text(flag)).collect();
    part.with("status", status)
        .with("interpretation", flags)
        .with("note", notes)
        .with("referenceRange", range)
}
