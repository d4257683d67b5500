//! Small shapes from which resources are built.

use serde_json::{Map, Value, json};

use crate::catalog::ResourceKind;

/// A resource, or a part of one, that is being built. What is none, empty or null is left out:
/// FHIR knows no empty lists.
#[derive(Clone, PartialEq)]
pub struct Resource(Map<String, Value>);

impl core::fmt::Debug for Resource {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Resource(hidden)")
    }
}

impl Resource {
    /// A resource with its id.
    #[must_use]
    pub fn new(kind: ResourceKind, id: impl core::fmt::Display) -> Self {
        Self(Map::new())
            .with("resourceType", kind.as_str())
            .with("id", id.to_string())
    }

    /// A part, such as a participant.
    #[must_use]
    pub fn part() -> Self {
        Self(Map::new())
    }

    /// Version and time of the last change.
    #[must_use]
    pub fn meta(self, version: u32, last_updated: Option<String>) -> Self {
        let meta = Self::part()
            .with("versionId", version.to_string())
            .with("lastUpdated", last_updated);
        self.with("meta", meta)
    }

    /// One element.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(object) => object.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        if !empty {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    /// The elements of another part besides.
    #[must_use]
    pub fn and(mut self, part: Self) -> Self {
        self.0.extend(part.0);
        self
    }

    /// The finished value.
    #[must_use]
    pub fn build(self) -> Value {
        Value::Object(self.0)
    }
}

impl From<Resource> for Value {
    fn from(resource: Resource) -> Self {
        resource.build()
    }
}

/// A `Coding`.
#[must_use]
pub fn coding(system: &str, code: &str, display: Option<&str>) -> Value {
    Resource::part()
        .with("system", system)
        .with("code", code)
        .with("display", display)
        .build()
}

/// A `CodeableConcept` of one coding.
#[must_use]
pub fn concept(system: &str, code: &str, display: Option<&str>) -> Value {
    json!({ "coding": [coding(system, code, display)] })
}

/// A `CodeableConcept` of a text alone.
#[must_use]
pub fn concept_text(text: &str) -> Value {
    json!({ "text": text })
}

/// A `Reference` to a resource of this server.
#[must_use]
pub fn reference(kind: ResourceKind, id: impl core::fmt::Display, display: Option<&str>) -> Value {
    Resource::part()
        .with("reference", format!("{}/{id}", kind.as_str()))
        .with("display", display)
        .build()
}
