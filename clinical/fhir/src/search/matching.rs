//! Searches held against resources: which match, in which order, and how much of each is shown.

use core::cmp::Ordering;

use clinical_model::Micros;
use serde_json::{Value, json};

use super::{
    DateTest, Filter, Include, QuantityTest, ReferenceTest, Search, Summary, Test, TextTest,
    TokenTest,
};
use crate::catalog::ResourceKind;
use crate::moment::Moment;

/// What a cut resource always keeps: its identity, and what its type requires in this API.
const KEPT: [&str; 14] = [
    "resourceType",
    "id",
    "meta",
    "status",
    "code",
    "subject",
    "patient",
    "intent",
    "content",
    "relationship",
    "vaccineCode",
    "occurrenceDateTime",
    "medicationCodeableConcept",
    "participant",
];

/// Where a parameter looks, as names of elements from the resource down; lists are looked through.
fn paths(param: &str) -> &'static [&'static [&'static str]] {
    match param {
        "_id" => &[&["id"]],
        "_lastUpdated" => &[&["meta", "lastUpdated"]],
        "identifier" => &[&["identifier"]],
        "name" => &[&["name", "text"], &["name", "family"], &["name", "given"]],
        "family" => &[&["name", "family"]],
        "given" => &[&["name", "given"]],
        "birthdate" => &[&["birthDate"]],
        "gender" => &[&["gender"]],
        "phone" | "telecom" => &[&["telecom"]],
        "active" => &[&["active"]],
        "patient" | "subject" => &[&["patient"], &["subject"], &["participant", "actor"]],
        "practitioner" | "actor" => &[&["participant", "actor"]],
        "encounter" => &[&["encounter"], &["context"], &["context", "encounter"]],
        "category" => &[&["category"]],
        "clinical-status" => &[&["clinicalStatus"]],
        "verification-status" => &[&["verificationStatus"]],
        "code" => &[
            &["code"],
            &["condition", "code"],
            &["medicationCodeableConcept"],
        ],
        "onset-date" => &[&["onsetDateTime"], &["onsetPeriod"]],
        "recorded-date" => &[&["recordedDate"]],
        "criticality" => &[&["criticality"]],
        "status" => &[&["status"]],
        "intent" => &[&["intent"]],
        "priority" => &[&["priority"]],
        "authored" | "authoredon" => &[&["authoredOn"], &["authored"]],
        "relationship" => &[&["relationship"]],
        "vaccine-code" => &[&["vaccineCode"]],
        "type" => &[&["type"]],
        "value-quantity" => &[&["valueQuantity"]],
        "effective" => &[&["effectiveDateTime"], &["effectivePeriod"]],
        "date" => &[
            &["effectiveDateTime"],
            &["effectiveInstant"],
            &["effectivePeriod"],
            &["performedDateTime"],
            &["performedPeriod"],
            &["occurrenceDateTime"],
            &["date"],
            &["recordedDate"],
            &["start"],
        ],
        _ => &[],
    }
}

/// The elements that a parameter looks at.
fn elements<'a>(resource: &'a Value, param: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    for path in paths(param) {
        collect(resource, path, &mut found);
    }
    if param == "phone" {
        found.retain(|it| it.get("system").and_then(Value::as_str) == Some("phone"));
    }
    found
}

fn collect<'a>(value: &'a Value, path: &[&str], found: &mut Vec<&'a Value>) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| collect(item, path, found));
    } else if let [name, rest @ ..] = path {
        if let Some(inner) = value.get(name) {
            collect(inner, rest, found);
        }
    } else {
        found.push(value);
    }
}

impl Include {
    /// The ids of the resources of a type that a resource refers to by this parameter.
    pub fn targets<'a>(
        &self,
        resource: &'a Value,
        target: ResourceKind,
    ) -> impl Iterator<Item = &'a str> {
        let is_meant = resource.get("resourceType").and_then(Value::as_str)
            == Some(self.source.as_str())
            && self.target.is_none_or(|wanted| wanted == target);
        let found = if is_meant {
            elements(resource, self.param)
        } else {
            Vec::new()
        };
        found.into_iter().filter_map(move |it| {
            let (kind, id) = it.get("reference")?.as_str()?.split_once('/')?;
            (kind == target.as_str()).then_some(id)
        })
    }
}

impl Search {
    /// Whether a resource is meant. A parameter whose element is not there does not hold.
    #[must_use]
    pub fn holds(&self, resource: &Value) -> bool {
        self.filters.iter().all(|filter| filter.holds(resource))
    }

    /// Puts resources in the order that was asked for; others stay as they are.
    pub fn order(&self, resources: &mut [Value]) {
        if self.controls.sort.is_empty() {
            return;
        }
        resources.sort_by(|a, b| {
            let keys = self.controls.sort.iter().map(|key| {
                let order = earliest(a, key.param).cmp(&earliest(b, key.param));
                if key.descending {
                    order.reverse()
                } else {
                    order
                }
            });
            keys.fold(Ordering::Equal, Ordering::then)
        });
    }

    /// Cuts a resource to the part that was asked for, and says so in it.
    pub fn cut(&self, resource: &mut Value) {
        let Value::Object(object) = resource else {
            return;
        };
        match &self.controls.summary {
            Summary::Whole | Summary::Count => return,
            Summary::Data | Summary::Short => object.retain(|name, _| name != "text"),
            Summary::Text => {
                object.retain(|name, _| name == "text" || KEPT.contains(&name.as_str()));
            }
            Summary::Elements(names) => {
                object.retain(|name, _| names.contains(name) || KEPT.contains(&name.as_str()));
            }
        }
        let tag = json!([{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
            "code": "SUBSETTED",
        }]);
        if let Some(meta) = object.entry("meta").or_insert(json!({})).as_object_mut() {
            meta.insert("tag".to_owned(), tag);
        }
    }
}

/// The time by which a resource is ordered; those without one come first.
fn earliest(resource: &Value, param: &str) -> Option<Micros> {
    let times = elements(resource, param).into_iter().filter_map(span);
    times.map(|(start, _)| start).min()
}

impl Filter {
    fn holds(&self, resource: &Value) -> bool {
        let found = elements(resource, self.param);
        let any = |holds: &dyn Fn(&Value) -> bool| found.iter().any(|it| holds(it));
        match &self.test {
            Test::Missing(missing) => found.is_empty() == *missing,
            Test::Token(tests) => any(&|it| tests.iter().any(|test| has_token(it, test))),
            Test::NotToken(tests) => !any(&|it| tests.iter().any(|test| has_token(it, test))),
            Test::Reference(tests) => any(&|it| tests.iter().any(|test| refers(it, test))),
            Test::Date(tests) => any(&|it| tests.iter().any(|test| is_dated(it, test))),
            Test::Text(tests) => any(&|it| tests.iter().any(|test| reads(it, test))),
            Test::Quantity(tests) => any(&|it| tests.iter().any(|test| measures(it, test))),
        }
    }
}

/// A code, a flag, a coding, a concept, an identifier or a contact.
fn has_token(value: &Value, test: &TokenTest) -> bool {
    match value {
        Value::Bool(flag) => test.holds(None, if *flag { "true" } else { "false" }),
        Value::String(code) => test.holds(None, code),
        Value::Object(object) => {
            if let Some(Value::Array(codings)) = object.get("coding") {
                return codings.iter().any(|coding| has_token(coding, test));
            }
            let system = object.get("system").and_then(Value::as_str);
            let code = object.get("code").or_else(|| object.get("value"));
            code.and_then(Value::as_str)
                .is_some_and(|code| test.holds(system, code))
        }
        Value::Null | Value::Number(_) | Value::Array(_) => false,
    }
}

fn refers(value: &Value, test: &ReferenceTest) -> bool {
    let text = value.get("reference").and_then(Value::as_str);
    let Some((kind, id)) = text.and_then(|text| text.rsplit_once('/')) else {
        return false;
    };
    let kind = kind.rsplit('/').next().unwrap_or_default();
    id == test.id && test.kind.is_none_or(|wanted| wanted.as_str() == kind)
}

/// From when to when an element is, a date or a period.
fn span(value: &Value) -> Option<(Micros, Micros)> {
    if let Some(text) = value.as_str() {
        let moment = Moment::parse(text).ok()?;
        return Some((moment.start, moment.end));
    }
    let side = |name: &str| {
        let text = value.get(name).and_then(Value::as_str);
        text.and_then(|text| Moment::parse(text).ok())
    };
    let start = side("start").map_or(Micros(i64::MIN), |it| it.start);
    let end = side("end").map_or(Micros(i64::MAX), |it| it.end);
    Some((start, end))
}

fn is_dated(value: &Value, test: &DateTest) -> bool {
    span(value).is_some_and(|(start, end)| test.holds_for_span(start, end))
}

fn reads(value: &Value, test: &TextTest) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    match test {
        TextTest::Exact(wanted) => text == wanted,
        TextTest::Starts(wanted) => folded(text).starts_with(&folded(wanted)),
        TextTest::Contains(wanted) => folded(text).contains(&folded(wanted)),
    }
}

/// Without case and the accents of French.
fn folded(text: &str) -> String {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower
        .map(|c| match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
            'ç' => 'c',
            'è' | 'é' | 'ê' | 'ë' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ñ' => 'n',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            'ý' | 'ÿ' => 'y',
            other => other,
        })
        .collect()
}

fn measures(value: &Value, test: &QuantityTest) -> bool {
    let number = value.get("value").and_then(Value::as_f64);
    let code = value.get("code").and_then(Value::as_str);
    let unit = code.or_else(|| value.get("unit").and_then(Value::as_str));
    number.is_some_and(|number| test.holds(number, unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::ResourceKind;
    use crate::search::Handling;

    fn finds(kind: ResourceKind, query: &str, resource: &Value) -> bool {
        let pairs = crate::pairs(query);
        let pairs = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str()));
        let search = Search::parse(kind.endpoint().unwrap(), pairs, Handling::Strict).unwrap();
        search.holds(resource)
    }

    #[test]
    fn a_patient_is_found_by_name_without_accents_and_by_birth_date() {
        let patient = json!({"resourceType": "Patient", "birthDate": "1951-03-04",
            "name": [{"family": "Ébolé", "given": ["Chantal"]}]});
        for (query, is_found) in [
            ("family=ebo", true),
            ("given=chan&birthdate=1951", true),
            ("family:exact=Ebole", false),
            ("birthdate=gt1951-03-04", false),
            ("gender:missing=true", true),
        ] {
            assert_eq!(
                finds(ResourceKind::Patient, query, &patient),
                is_found,
                "{query}"
            );
        }
    }

    #[test]
    fn an_observation_is_found_by_code_value_and_patient() {
        let observation = json!({"resourceType": "Observation", "status": "final",
            "subject": {"reference": "Patient/p1"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
            "effectiveDateTime": "2026-11-25T10:00:00Z",
            "valueQuantity": {"value": 82, "code": "/min"}});
        for (query, is_found) in [
            ("patient=p1&code=http://loinc.org|8867-4", true),
            ("patient=Patient/p2", false),
            ("code=|8867-4", false),
            ("code:not=8867-4", false),
            ("value-quantity=gt80||/min&date=2026-11-25", true),
            ("value-quantity=gt80||mm", false),
        ] {
            assert_eq!(
                finds(ResourceKind::Observation, query, &observation),
                is_found,
                "{query}"
            );
        }
    }
}
