//! The medication safety check: formulary, rules, findings. Pure and wasm-safe.
//!
//! This crate exists to forbid imports: no SQL, no HTTP, no clock; the same code runs in the browser.
//!
//! [`RuleSet::parse`] reads the data set once. [`check()`] compares a [`Draft`] with a [`Chart`] and
//! answers a [`Report`] of explained [`Finding`]s in a fixed order. [`Screening::of`] turns the
//! report into what may happen next; there is no way from [`Contraindicated`] to a [`Clearance`].

mod chart;
mod check;
mod data;
mod draft;
#[cfg(feature = "embedded")]
mod embedded;
mod finding;
mod grade;
#[cfg(feature = "importers")]
pub mod importers;
mod rule;
mod ruleset;
mod screening;
mod substance;

pub use chart::{
    ActiveMedicine, Allergen, Allergy, Breastfeeding, Chart, Condition, ConditionStatus, Glucose,
    Pregnancy, Severity, Sex, Unknown, Verification,
};
pub use check::check;
pub use data::DataError;
pub use draft::{
    Dose, DoseError, Draft, DraftError, Drug, FactRef, Frequency, LINES_MAX, Line, LineRef, Route,
};
#[cfg(feature = "embedded")]
pub use embedded::{embedded, embedded_files};
pub use finding::{Citation, Fact, Finding, Report, SaferOption};
pub use grade::{Evidence, Kind, Level, Text};
pub use rule::{Class, Exception, Rule, Selector, Source, Trigger};
pub use ruleset::{DataVersion, RuleSet};
pub use screening::{
    Clearance, Contraindicated, Justification, JustifyError, NeedsJustification, Screening,
};
pub use substance::{Compatibility, DoseUnit, Form, Limits, RenalStep, Substance, SubstanceId};
