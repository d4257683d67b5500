//! Is this JSON a resource of R4? Every fault is named with its place.

use serde_json::{Map, Value};

use crate::definitions::{Backbone, Definitions, Element, Kind, r4};
use crate::outcome::{ISSUES_MAX, Issue, IssueType};
use crate::primitives::{Primitive, is_id};
use crate::rules;

/// Objects inside objects that a resource may have. No resource of R4 needs more than a dozen;
/// the limit keeps a hostile document from exhausting the stack.
pub const DEPTH_MAX: usize = 32;
/// Items that one list may hold.
pub const ITEMS_MAX: usize = 1_000;

/// A resource whose structure has been checked.
#[derive(Clone, PartialEq)]
pub struct Checked {
    kind: String,
    value: Value,
}

impl core::fmt::Debug for Checked {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Checked({}, content hidden)", self.kind)
    }
}

impl Checked {
    /// Checks a parsed document. The faults are never an empty list.
    pub fn parse(value: Value) -> Result<Self, Vec<Issue>> {
        let Some(kind) = value.get("resourceType").and_then(Value::as_str) else {
            return Err(vec![Issue::error(
                IssueType::Structure,
                "the body must be a resource: an object with a resourceType",
            )]);
        };
        let kind = kind.to_owned();
        let mut check = Check {
            definitions: r4(),
            issues: Vec::new(),
        };
        check.resource(&value, &kind, 0);
        if check.issues.is_empty() {
            Ok(Self { kind, value })
        } else {
            Err(check.issues)
        }
    }

    /// Checks text. serde_json itself refuses more than 128 levels.
    pub fn parse_text(text: &[u8]) -> Result<Self, Vec<Issue>> {
        let value = serde_json::from_slice(text).map_err(|error| {
            vec![Issue::error(
                IssueType::Structure,
                format!("not JSON: line {}, column {}", error.line(), error.column()),
            )]
        })?;
        Self::parse(value)
    }

    /// The type of the resource.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The resource.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// The resource, to keep.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.value
    }
}

struct Check {
    definitions: &'static Definitions,
    issues: Vec<Issue>,
}

impl Check {
    fn fault(&mut self, kind: IssueType, path: &str, text: impl Into<String>) {
        if self.issues.len() < ISSUES_MAX {
            self.issues.push(Issue::at(kind, path, text));
        }
    }

    fn resource(&mut self, value: &Value, path: &str, depth: usize) {
        let Some(object) = value.as_object() else {
            return self.fault(IssueType::Structure, path, "must be a resource");
        };
        let kind = object
            .get("resourceType")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !self.definitions.is_resource(kind) {
            return self.fault(
                IssueType::NotSupported,
                path,
                "is no resource that this server knows",
            );
        }
        // Their content is no DomainResource: no narrative and nothing contained.
        let bases: &[&str] = match kind {
            "Bundle" | "Parameters" => &["Resource"],
            _ => &["Resource", "DomainResource"],
        };
        let owners: Vec<&str> = core::iter::once(kind)
            .chain(bases.iter().copied())
            .collect();
        self.object(object, &owners, path, depth);
        if let Some(contained) = object.get("contained").and_then(Value::as_array) {
            for (index, inner) in contained.iter().enumerate() {
                if inner.get("contained").is_some() {
                    let at = format!("{path}.contained[{index}]");
                    self.fault(
                        IssueType::Invariant,
                        &at,
                        "a contained resource must contain no other",
                    );
                }
            }
        }
        for (place, text) in rules::broken(kind, object) {
            let at = place.map_or_else(|| path.to_owned(), |place| format!("{path}.{place}"));
            self.fault(IssueType::Invariant, &at, text);
        }
    }

    fn object(&mut self, object: &Map<String, Value>, owners: &[&str], path: &str, depth: usize) {
        if depth > DEPTH_MAX {
            return self.fault(IssueType::TooLong, path, "is nested too deeply");
        }
        if object.is_empty() {
            return self.fault(IssueType::Structure, path, "must not be an empty object");
        }
        let definitions = self.definitions;
        for (name, value) in object {
            if name == "resourceType" && owners.contains(&"Resource") {
                continue;
            }
            let bare = name.strip_prefix('_').unwrap_or(name);
            let at = format!("{path}.{bare}");
            let found = owners
                .iter()
                .find_map(|owner| definitions.element(owner, bare));
            match found {
                None => self.fault(IssueType::Structure, path, unknown_name(name)),
                Some(element) if bare.len() < name.len() => self.sibling(element, value, &at),
                Some(element) => self.element(element, value, &at, depth),
            }
        }
        self.required(object, owners, path);
    }

    /// `_birthDate` holds id and extensions of the primitive `birthDate`.
    fn sibling(&mut self, element: &Element, value: &Value, path: &str) {
        let fits = matches!(element.kind, Kind::Primitive(_))
            && (if element.repeats {
                value.is_array()
            } else {
                value.is_object()
            });
        if !fits {
            self.fault(
                IssueType::Structure,
                path,
                "only a primitive element has a companion",
            );
        }
    }

    fn required(&mut self, object: &Map<String, Value>, owners: &[&str], path: &str) {
        let definitions = self.definitions;
        let mut choices: Vec<(&str, bool)> = Vec::new();
        for element in owners.iter().flat_map(|owner| definitions.own(owner)) {
            let name = element.name.as_str();
            let there = object.contains_key(name) || object.contains_key(&format!("_{name}"));
            match element.choice {
                None if element.required && !there => {
                    self.fault(
                        IssueType::Required,
                        &format!("{path}.{name}"),
                        "is required",
                    );
                }
                None => {}
                Some(choice) => match choices.iter_mut().find(|(known, _)| *known == choice) {
                    Some((_, found)) if there && *found => self.fault(
                        IssueType::Structure,
                        &format!("{path}.{choice}"),
                        "must be given in one form only",
                    ),
                    Some((_, found)) => *found |= there,
                    None => choices.push((choice, there)),
                },
            }
        }
        for (choice, found) in choices {
            let required = owners
                .iter()
                .flat_map(|owner| definitions.own(owner))
                .any(|element| element.choice == Some(choice) && element.required);
            if required && !found {
                self.fault(
                    IssueType::Required,
                    &format!("{path}.{choice}"),
                    "is required",
                );
            }
        }
    }

    fn element(&mut self, element: &Element, value: &Value, path: &str, depth: usize) {
        if !element.repeats {
            return self.single(element, value, path, depth);
        }
        match value.as_array() {
            None => self.fault(IssueType::Structure, path, "must be a list"),
            Some(items) if items.is_empty() => {
                self.fault(IssueType::Structure, path, "must not be an empty list");
            }
            Some(items) if items.len() > ITEMS_MAX => {
                self.fault(IssueType::TooLong, path, "has too many items");
            }
            Some(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.single(element, item, &format!("{path}[{index}]"), depth);
                }
            }
        }
    }

    fn single(&mut self, element: &Element, value: &Value, path: &str, depth: usize) {
        match &element.kind {
            // A null stands in a list of primitives where only the companion has something.
            Kind::Primitive(_) if value.is_null() && element.repeats => {}
            Kind::Primitive(primitive) => self.primitive(*primitive, element, value, path),
            Kind::Resource => self.resource(value, path, depth.saturating_add(1)),
            Kind::Reference(targets) => self.reference(targets, value, path, depth),
            Kind::Complex(kind, backbone) => {
                let Some(object) = value.as_object() else {
                    return self.fault(IssueType::Structure, path, "must be an object");
                };
                let owners: &[&str] = match backbone {
                    Backbone::Part => &[kind, "Element", "BackboneElement"],
                    Backbone::DataType => match *kind {
                        "Dosage" | "Timing" => &[kind, "Element", "BackboneElement"],
                        _ => &[kind, "Element"],
                    },
                };
                self.object(object, owners, path, depth.saturating_add(1));
                if let Some(text) = rules::broken_type(kind, object) {
                    self.fault(IssueType::Invariant, path, text);
                }
                self.binding(element, object, path);
            }
        }
    }

    fn primitive(&mut self, primitive: Primitive, element: &Element, value: &Value, path: &str) {
        if let Some(text) = primitive.fault(value) {
            return self.fault(IssueType::Value, path, text);
        }
        let listed = value
            .as_str()
            .is_none_or(|text| element.codes.is_empty() || element.codes.contains(&text));
        if !listed {
            let codes = element.codes.join(", ");
            self.fault(IssueType::Value, path, format!("must be one of: {codes}"));
        }
    }

    /// The required binding of a `CodeableConcept`: one coding is of that system, and in the list.
    fn binding(&mut self, element: &Element, concept: &Map<String, Value>, path: &str) {
        let Some(system) = element.system else { return };
        let codings = concept.get("coding").and_then(Value::as_array);
        let listed = codings.into_iter().flatten().any(|coding| {
            coding.get("system").and_then(Value::as_str) == Some(system)
                && coding
                    .get("code")
                    .and_then(Value::as_str)
                    .is_some_and(|code| element.codes.contains(&code))
        });
        if !listed {
            let codes = element.codes.join(", ");
            let text = format!("must have a coding of {system}, one of: {codes}");
            self.fault(IssueType::Value, path, text);
        }
    }

    fn reference(&mut self, targets: &[&str], value: &Value, path: &str, depth: usize) {
        let Some(object) = value.as_object() else {
            return self.fault(IssueType::Structure, path, "must be a reference");
        };
        self.object(
            object,
            &["Reference", "Element"],
            path,
            depth.saturating_add(1),
        );
        let Some(text) = object.get("reference").and_then(Value::as_str) else {
            let has_other = ["identifier", "display", "extension"]
                .iter()
                .any(|n| object.contains_key(*n));
            if !has_other {
                self.fault(
                    IssueType::Invariant,
                    path,
                    "must have a reference, an identifier or a display",
                );
            }
            return;
        };
        match target(text) {
            Target::Resource(kind) if !targets.is_empty() && !targets.contains(&kind) => {
                let allowed = targets.join(", ");
                self.fault(
                    IssueType::Value,
                    path,
                    format!("must refer to one of: {allowed}"),
                );
            }
            Target::Resource(_) | Target::Elsewhere => {}
            Target::Malformed => {
                let at = format!("{path}.reference");
                self.fault(
                    IssueType::Value,
                    &at,
                    "must be Type/id, a URL, urn:uuid:... or #id",
                );
            }
        }
    }
}

/// Where a reference leads.
enum Target<'a> {
    /// `Type/id`, relative or at the end of a URL.
    Resource(&'a str),
    /// A contained resource, a URN, or something on the web.
    Elsewhere,
    Malformed,
}

fn target(text: &str) -> Target<'_> {
    if text.starts_with('#') || text.starts_with("urn:uuid:") || text.starts_with("urn:oid:") {
        return Target::Elsewhere;
    }
    let absolute = text.starts_with("http://") || text.starts_with("https://");
    let plain = text
        .split_once("/_history/")
        .map_or(text, |(plain, _)| plain);
    let mut parts = plain.rsplit('/');
    let (id, kind) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let shaped = is_id(id) && kind.starts_with(|c: char| c.is_ascii_uppercase());
    match (shaped, absolute, parts.next()) {
        (true, true, _) | (true, false, None) => Target::Resource(kind),
        (false, true, _) => Target::Elsewhere,
        (true, false, Some(_)) | (false, false, _) => Target::Malformed,
    }
}

/// A name from outside is repeated only when it looks like a name and not like content.
fn unknown_name(name: &str) -> String {
    let plain = name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain {
        format!("has no element {name}")
    } else {
        "has an element that does not exist".to_owned()
    }
}
