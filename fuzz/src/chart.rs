//! What comes in by FHIR: resources, bundles, patches, searches.

use clinical_fhir::catalog::ENDPOINTS;
use clinical_fhir::{
    Checked, ENTRIES_MAX, Handling, ISSUES_MAX, Moment, PARAMS_MAX, Plan, Search, apply, escape,
    etag, http_date, instant, map, operation_outcome, pairs, version_of,
};
use clinical_model::access::Label;
use clinical_model::chart::{Entry, EntryStatus};
use clinical_model::patients::{Demographics, Patient, PatientState};
use clinical_model::{EntryId, Micros, PatientId, TenantId, UserId};
use serde_json::Value;
use uuid::Uuid;

/// 23 November 2026, noon.
const NOON: Micros = Micros(1_795_435_200_000_000);

/// A resource, which may be a bundle.
pub(crate) fn resource(bytes: &[u8]) {
    let checked = match Checked::parse_text(bytes) {
        Ok(checked) => checked,
        Err(issues) => {
            assert!(!issues.is_empty() && issues.len() <= ISSUES_MAX);
            let outcome = operation_outcome(&issues);
            assert!(Checked::parse(outcome).is_ok(), "an outcome that is none");
            return;
        }
    };
    let text = checked.value().to_string();
    let again = Checked::parse_text(text.as_bytes());
    assert!(again.is_ok_and(|again| again == checked));
    if let Ok(incoming) = map::incoming(&checked) {
        entry_comes_back(&incoming);
    }
    if let Ok(demographics) = map::demographics(&checked) {
        patient_comes_back(demographics);
    }
    let Ok(plan) = Plan::read(&checked) else {
        return;
    };
    assert!(plan.entries <= ENTRIES_MAX);
    assert_eq!(plan.requests.len() + plan.refused.len(), plan.entries);
    let mut places: Vec<usize> = plan.requests.iter().map(|it| it.place).collect();
    places.extend(plan.refused.keys());
    places.sort_unstable();
    assert!(places.into_iter().eq(0..plan.entries), "an entry is lost");
}

/// What is taken into the chart is shown as a resource that says the same.
fn entry_comes_back(incoming: &map::Incoming) {
    let entry = Entry {
        id: EntryId::from_uuid(Uuid::from_u128(1)),
        tenant: TenantId::from_uuid(Uuid::from_u128(2)),
        patient: incoming.patient,
        fact: incoming.fact.clone(),
        label: incoming.label.unwrap_or(Label::Normal),
        status: EntryStatus::Active,
        effective: incoming.effective.unwrap_or(NOON),
        recorded: NOON,
        author: UserId::from_uuid(Uuid::from_u128(3)),
        appointment: incoming.appointment,
        version: 1,
    };
    let shown = map::entry_resource(&entry, map::Writer::Practitioner);
    let again = Checked::parse(shown).ok();
    let again = again.and_then(|checked| map::incoming(&checked).ok());
    assert!(again.is_some_and(|again| again.fact == incoming.fact
        && again.patient == incoming.patient
        && again.appointment == incoming.appointment));
}

fn patient_comes_back(demographics: Demographics) {
    let patient = Patient {
        id: PatientId::from_uuid(Uuid::from_u128(1)),
        tenant: TenantId::from_uuid(Uuid::from_u128(2)),
        demographics,
        state: PatientState::Active,
        version: 1,
        chart_version: 0,
    };
    let again = Checked::parse(map::patient_resource(&patient, Some(NOON))).ok();
    let again = again.and_then(|checked| map::demographics(&checked).ok());
    assert!(again.is_some_and(|again| again == patient.demographics));
}

/// A document and a patch, with a line end between them.
pub(crate) fn patch(bytes: &[u8]) {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let mut next = || serde_json::from_slice::<Value>(lines.next()?).ok();
    let (Some(document), Some(patch)) = (next(), next()) else {
        return;
    };
    let Ok(patched) = apply(&document, &patch) else {
        return;
    };
    let operations = patch.as_array().map_or(0, Vec::len);
    assert!(operations > 0 || patched == document);
    // What was patched is a document that can be written and read.
    let again = serde_json::from_str::<Value>(&patched.to_string());
    assert!(again.is_ok_and(|again| again == patched) || depth(&patched) > 100);
}

fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    inner.map_or(0, |inner| inner + 1)
}

/// A query behind a byte that names the resource.
pub(crate) fn search(bytes: &[u8]) {
    let Some((first, query)) = bytes.split_first() else {
        return;
    };
    let at = usize::from(*first) % ENDPOINTS.len();
    let (Some(endpoint), Ok(query)) = (ENDPOINTS.get(at), core::str::from_utf8(query)) else {
        return;
    };
    let decoded = pairs(query);
    let given = || {
        decoded
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    };
    let strict = Search::parse(endpoint, given(), Handling::Strict);
    let lenient = Search::parse(endpoint, given(), Handling::Lenient);
    match (&strict, &lenient) {
        (Ok(strict), Ok(lenient)) => assert!(strict == lenient && strict.ignored.is_empty()),
        (Ok(_), Err(_)) => assert!(lenient.is_ok(), "lenient is stricter than strict"),
        (Err(issues), Ok(lenient)) => {
            assert!(!issues.is_empty() && !lenient.ignored.is_empty());
        }
        (Err(issues), Err(_)) => assert!(!issues.is_empty()),
    }
    if let Ok(search) = lenient {
        assert!(search.filters.len() <= PARAMS_MAX);
    }
    for (_, value) in &decoded {
        // A text with its separators escaped stands for itself: one alternative, one value.
        let written = encoded(&escape(value));
        assert_eq!(
            pairs(&format!("x={written}")),
            [("x".to_owned(), escape(value))]
        );
    }
}

/// A value as it may stand in a query.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A date or a time, and headers and names that hold a version or an id.
pub(crate) fn moment(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    if let Some(version) = version_of(text) {
        assert_eq!(version_of(&etag(version)), Some(version));
    }
    if let Some((prescription, line)) = map::line_of(text) {
        assert_eq!(map::line_id(prescription, line), text);
    }
    let Ok(moment) = Moment::parse(text) else {
        return;
    };
    assert!(moment.start < moment.end, "a span without a length");
    let Some(written) = instant(moment.start) else {
        return;
    };
    assert!(http_date(moment.start).is_some());
    let again = Moment::parse(&written);
    assert!(again.is_ok_and(|again| again.start == moment.start && again.zoned));
}
