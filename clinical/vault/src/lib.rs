//! Envelope encryption at rest: keys, sealed values, blind indexes. No SQL.
//!
//! This crate exists to forbid imports: it knows keys and bytes, and neither SQL nor HTTP.
