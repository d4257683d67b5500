//! FHIR R4 as a view over the clinical model.
//!
//! This crate exists to forbid imports: it maps models to resources and back, without SQL or HTTP.
