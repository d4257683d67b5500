//! The data set that ships with the program.

use crate::data::DataError;
use crate::ruleset::RuleSet;

/// The shipped files as `(name, text)`, the form that [`RuleSet::parse`] reads.
#[must_use]
pub fn embedded_files() -> &'static [(&'static str, &'static str)] {
    include!(concat!(env!("OUT_DIR"), "/files.rs"))
}

/// The shipped data set. Parse it once and keep it.
///
/// # Errors
/// Never for a build whose tests pass; a caller that gets one must not check prescriptions.
pub fn embedded() -> Result<RuleSet, DataError> {
    RuleSet::parse(embedded_files())
}
