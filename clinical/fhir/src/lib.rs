//! FHIR R4 as a view over the clinical model.
//!
//! This crate exists to forbid imports: it maps models to resources and back, without SQL or HTTP.
//!
//! A document from outside becomes a [`Checked`] resource or a list of [`Issue`]s with places; a
//! query becomes a [`Search`]; a bundle becomes a [`Plan`]. What the server does with which
//! resource is the table in [`catalog`].

mod bundle;
pub mod catalog;
mod check;
mod conditional;
mod definitions;
pub mod map;
mod moment;
mod outcome;
mod patch;
mod primitives;
mod rules;
mod search;
mod shapes;

pub use bundle::{ENTRIES_MAX, Mode, Plan, Request, Role, Verb, full_url, resolve, search_set};
pub use check::{Checked, DEPTH_MAX, ITEMS_MAX};
pub use conditional::{etag, pairs, version_of};
pub use moment::{Moment, MomentError, Precision, http_date, instant};
pub use outcome::{ISSUES_MAX, Issue, IssueType, Severity, operation_outcome};
pub use patch::{OPERATIONS_MAX, PatchError, apply};
pub use primitives::is_id;
pub use search::{
    Controls, DateTest, Filter, Handling, Include, Instants, PAGE_MAX, PAGE_USUAL, PARAMS_MAX,
    Prefix, QuantityTest, ReferenceTest, Search, Sort, Summary, Test, TextTest, TokenSystem,
    TokenTest, Total, VALUE_CHARS_MAX, VALUES_MAX, escape,
};
pub use shapes::{Resource, coding, concept, concept_text, reference};
