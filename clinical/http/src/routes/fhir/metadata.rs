//! `GET /fhir/R4/metadata`

use axum::http::HeaderMap;
use clinical_fhir::catalog::{Publication, ResourceKind, capability_statement};

use super::answer::{Resource, base};
use super::{INTERACTIONS, SERVED};

/// Since when the interface is as it is.
const SINCE: &str = "2026-11-27";

/// What this server can do, made from the tables that it works by.
#[utoipa::path(get, path = "/fhir/R4/metadata", tag = "fhir",
    responses((status = 200, description = "CapabilityStatement",
        content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_metadata(headers: HeaderMap) -> Resource {
    let kinds: Vec<ResourceKind> = SERVED.into_iter().map(|(kind, _)| kind).collect();
    Resource(capability_statement(Publication {
        version: env!("CARGO_PKG_VERSION"),
        base: &base(&headers),
        date: SINCE,
        kinds: &kinds,
        interactions: &INTERACTIONS,
        operations: &["everything", "validate"],
    }))
}
