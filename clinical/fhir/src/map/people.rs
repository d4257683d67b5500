//! The clinic's people and places.

use clinical_model::{TenantId, UserId};
use serde_json::{Value, json};

use crate::catalog::ResourceKind;
use crate::shapes::{Resource, concept_text, reference};

/// Somebody of the staff.
#[must_use]
pub fn practitioner(id: UserId, name: &str, specialty: Option<&str>) -> Value {
    let qualification = specialty.map(|text| json!([{ "code": concept_text(text) }]));
    Resource::new(ResourceKind::Practitioner, id)
        .with("active", true)
        .with("name", json!([{ "text": name }]))
        .with("qualification", qualification)
        .build()
}

/// A facility.
#[must_use]
pub fn organization(id: TenantId, name: &str, country: &str) -> Value {
    Resource::new(ResourceKind::Organization, id)
        .with("active", true)
        .with("name", name)
        .with("address", json!([{ "country": country }]))
        .build()
}

/// The times of a doctor; it has the doctor's id.
#[must_use]
pub fn schedule(doctor: UserId, name: &str) -> Value {
    Resource::new(ResourceKind::Schedule, doctor)
        .with("active", true)
        .with(
            "actor",
            json!([reference(ResourceKind::Practitioner, doctor, Some(name))]),
        )
        .build()
}
