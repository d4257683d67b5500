//! What pages compute, without a browser, and their texts.
//!
//! This crate exists to forbid imports: no view, no signal, no document. Its tests run on the host,
//! for which the pages themselves are never compiled.

pub mod texts;

pub mod book;
pub mod draft;
pub mod hours;
pub mod links;
pub mod names;
pub mod plane;
pub mod player;
pub mod plot;
pub mod report;
pub mod three_way;
pub mod triage;
pub mod units;
