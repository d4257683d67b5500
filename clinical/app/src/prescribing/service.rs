//! What prescribing keeps between requests.

use super::paper::RATE;
use super::{Checker, Seal};
use crate::{Limiter, Origin};

/// The safety check, the seal of documents, and the limits of the public verification; one per
/// process.
#[derive(Debug)]
pub struct Dispensary {
    /// The safety check that every step asks.
    pub checker: Checker,
    /// What documents are sealed with.
    pub seal: Seal,
    pub(super) asked: Limiter<Origin>,
}

impl Dispensary {
    /// With this check and this seal, and nobody counted yet.
    #[must_use]
    pub fn new(checker: Checker, seal: Seal) -> Self {
        Self {
            checker,
            seal,
            asked: Limiter::new(RATE),
        }
    }
}
