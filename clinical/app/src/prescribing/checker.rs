//! The safety check as a part that may fail, and then fails closed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use clinical_safety::{Chart, Draft, Report, RuleSet};

/// The check did not answer: no data set, or a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the safety check did not answer")]
pub struct CheckFailed;

/// The safety check.
#[derive(Debug, Clone, Copy)]
pub struct Checker(fn(&Draft, &Chart) -> Result<Report, CheckFailed>);

/// The data set of the program, read once.
static RULES: OnceLock<Option<RuleSet>> = OnceLock::new();

/// Checks with this data set from now on; false when another was read before.
pub(super) fn use_rules(rules: RuleSet) -> bool {
    RULES.set(Some(rules)).is_ok()
}

/// The data set that is in use.
pub(super) fn rules() -> Result<&'static RuleSet, CheckFailed> {
    let rules = RULES.get_or_init(|| match clinical_safety::embedded() {
        Ok(rules) => Some(rules),
        Err(error) => {
            tracing::error!(error.message = %error, "the data set of the safety check is damaged");
            None
        }
    });
    rules.as_ref().ok_or(CheckFailed)
}

impl Checker {
    /// The check with the data set that the program ships.
    #[must_use]
    pub const fn shipped() -> Self {
        Self(|draft, chart| Ok(clinical_safety::check(rules()?, draft, chart)))
    }

    /// Another check, for tests.
    #[must_use]
    pub const fn of(check: fn(&Draft, &Chart) -> Result<Report, CheckFailed>) -> Self {
        Self(check)
    }

    /// Runs it. A panic inside is a failed check.
    pub(super) fn run(self, draft: &Draft, chart: &Chart) -> Result<Report, CheckFailed> {
        catch_unwind(AssertUnwindSafe(|| (self.0)(draft, chart))).unwrap_or(Err(CheckFailed))
    }
}
