//! Who gets in: the role matrix, signing in over HTTP, bad requests, the committed OpenAPI text.
#![expect(clippy::unwrap_used, reason = "tests")]

mod assistant;
mod booking;
mod conditional;
mod fhir;
mod fhir_views;
mod fhir_writes;
mod house;
mod idempotent;
mod laboratory;
mod matrix;
mod nodes;
mod prescriptions;
mod recordings;
mod records;
mod requests;
mod results;
mod rights;
mod sign_in;
mod snapshot;
mod telephone;
mod threads;
mod triage;
