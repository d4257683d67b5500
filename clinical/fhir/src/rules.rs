//! Rules of R4 about several elements of one object.

use serde_json::{Map, Value};

use crate::moment::Moment;

/// The place below the resource, and the sentence.
type Broken = (Option<&'static str>, &'static str);

/// Rules that a resource breaks. Their names in the specification stand beside them.
pub(crate) fn broken(kind: &str, resource: &Map<String, Value>) -> Vec<Broken> {
    let has = |name: &str| resource.contains_key(name);
    let code = |name: &str| coding(resource.get(name));
    let mut broken = Vec::new();
    let mut unless = |holds: bool, place: Option<&'static str>, text: &'static str| {
        if !holds {
            broken.push((place, text));
        }
    };
    match kind {
        "Observation" => {
            let valued = resource.keys().any(|name| name.starts_with("value"));
            // obs-6
            unless(
                !(valued && has("dataAbsentReason")),
                Some("dataAbsentReason"),
                "must not stand beside a value",
            );
        }
        "AllergyIntolerance" => {
            let wrong = code("verificationStatus") == Some("entered-in-error");
            // ait-1, ait-2
            unless(
                wrong != has("clinicalStatus"),
                Some("clinicalStatus"),
                "is required unless the entry is entered-in-error, and then absent",
            );
        }
        "Condition" => {
            let wrong = code("verificationStatus") == Some("entered-in-error");
            let over = matches!(
                code("clinicalStatus"),
                Some("inactive" | "resolved" | "remission")
            );
            let abated = resource.keys().any(|name| name.starts_with("abatement"));
            // con-5, con-4
            unless(
                !(wrong && has("clinicalStatus")),
                Some("clinicalStatus"),
                "must be absent when the entry is entered-in-error",
            );
            unless(
                !abated || over || wrong,
                Some("abatement"),
                "needs a clinicalStatus of inactive, resolved or remission",
            );
        }
        "Organization" => unless(
            has("name") || has("identifier"),
            None,
            "must have a name or an identifier",
        ), // org-1
        "Patient" => {
            let contacts = resource.get("contact").and_then(Value::as_array);
            // pat-1
            unless(
                contacts.into_iter().flatten().all(has_detail),
                Some("contact"),
                "must have a name, a telecom, an address or an organization",
            );
        }
        "FamilyMemberHistory" => broken.extend(of_family(resource)),
        "Appointment" => broken.extend(of_appointment(resource)),
        _ => {}
    }
    broken
}

fn of_family(resource: &Map<String, Value>) -> Vec<Broken> {
    let starts = |word: &str| resource.keys().any(|name| name.starts_with(word));
    // fhs-1, fhs-2
    [
        (
            starts("age") && starts("born"),
            "age",
            "must not stand beside a birth",
        ),
        (
            resource.contains_key("estimatedAge") && !starts("age"),
            "estimatedAge",
            "needs an age",
        ),
    ]
    .into_iter()
    .filter_map(|(broken, place, text)| broken.then_some((Some(place), text)))
    .collect()
}

fn of_appointment(resource: &Map<String, Value>) -> Vec<Broken> {
    let (start, end) = (resource.get("start"), resource.get("end"));
    let status = resource.get("status").and_then(Value::as_str);
    let open = matches!(status, Some("proposed" | "cancelled" | "waitlist"));
    // app-2, app-3
    [
        (
            start.is_some() != end.is_some(),
            "start",
            "must come together with end",
        ),
        (
            !open && (start.is_none() || end.is_none()),
            "start",
            "is required in this status",
        ),
        (!in_order(start, end), "end", "must not be before start"),
    ]
    .into_iter()
    .filter_map(|(broken, place, text)| broken.then_some((Some(place), text)))
    .collect()
}

/// A rule that an object of a data type breaks.
pub(crate) fn broken_type(kind: &str, object: &Map<String, Value>) -> Option<&'static str> {
    match kind {
        // per-1
        "Period" => (!in_order(object.get("start"), object.get("end")))
            .then_some("must not end before it starts"),
        // qty-3
        "Quantity" | "Age" | "Duration" | "Count" | "Distance" => (object.contains_key("code")
            && !object.contains_key("system"))
        .then_some("with a code must name its system"),
        // ext-1
        "Extension" => {
            let valued = object.keys().any(|name| name.starts_with("value"));
            (valued == object.contains_key("extension"))
                .then_some("must have either a value or extensions")
        }
        // cpt-2
        "ContactPoint" => (object.contains_key("value") && !object.contains_key("system"))
            .then_some("with a value must name its system"),
        _ => None,
    }
}

fn has_detail(contact: &Value) -> bool {
    ["name", "telecom", "address", "organization"]
        .iter()
        .any(|name| contact.get(name).is_some())
}

fn coding(concept: Option<&Value>) -> Option<&str> {
    concept?.get("coding")?.get(0)?.get("code")?.as_str()
}

/// Whether two dates are in order, as far as both can be read.
fn in_order(start: Option<&Value>, end: Option<&Value>) -> bool {
    let read = |value: Option<&Value>| value?.as_str().and_then(|text| Moment::parse(text).ok());
    match (read(start), read(end)) {
        (Some(start), Some(end)) => start.start < end.end,
        (None, _) | (_, None) => true,
    }
}
