//! What is said about the telephones of a run.

use serde::{Deserialize, Serialize};

use crate::latency::Percentiles;

/// People who called, what they heard, and whether they were heard.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Callers {
    /// How many called.
    pub wanted: u64,
    /// How many were in their visit, and stayed until the end.
    pub came_in: u64,
    /// From the first INVITE until somebody has let them in.
    pub setup: Percentiles,
    /// What came to the telephones.
    pub heard: Sound,
    /// What came from the telephones to everybody in their visits who is no telephone.
    pub said: Sound,
    /// Measured packets to telephones whose RTP time did not follow their number.
    pub irregular: u64,
    /// Telephones that did not hear anybody most of the time.
    pub deaf: u64,
    /// For each telephone the people in its visit by whom it was not heard most of the time.
    pub unheard: u64,
    /// Points of the distribution of gaps of what came to the telephones: share, milliseconds.
    pub gap_curve: Vec<(f64, f64)>,
}

/// Packets of 20 ms that came at an even beat, or did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Sound {
    /// As many had to come.
    pub expected: u64,
    /// Came.
    pub got: u64,
    /// Time from one to the next.
    pub gaps: Percentiles,
}

impl Sound {
    /// Missing packets in a million expected ones; all of them when none was expected.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of packets")]
    pub fn lost_per_million(&self) -> f64 {
        if self.expected == 0 {
            return 1e6;
        }
        self.expected.saturating_sub(self.got) as f64 / self.expected as f64 * 1e6
    }
}

impl Callers {
    /// Calls that did not come in, or were cut off.
    #[must_use]
    pub const fn failed(&self) -> u64 {
        self.wanted.saturating_sub(self.came_in)
    }

    /// Of both directions the one that lost more.
    #[must_use]
    pub fn lost_per_million(&self) -> f64 {
        let (heard, said) = (self.heard, self.said);
        heard.lost_per_million().max(said.lost_per_million())
    }

    /// Of both directions the one with the longer gaps.
    #[must_use]
    pub fn gap_p99_ms(&self) -> f64 {
        self.heard.gaps.p99_ms.max(self.said.gaps.p99_ms)
    }
}
