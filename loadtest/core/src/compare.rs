//! Two servers under the same load, run after run.

use serde::{Deserialize, Serialize};

use crate::report::Report;

/// One run of each, one straight after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Ours.
    pub ours: Report,
    /// The peer's.
    pub peer: Report,
}

/// All pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// In the order in which they were run.
    pub pairs: Vec<Pair>,
}

impl Pair {
    /// Processor time for a delivered packet, ours by the peer's; nothing when one was not measured.
    #[must_use]
    pub fn cpu_ratio(&self) -> Option<f64> {
        ratio(cpu(&self.ours), cpu(&self.peer))
    }

    /// The same of the latency of 99 in 100.
    #[must_use]
    pub fn p99_ratio(&self) -> Option<f64> {
        ratio(p99(&self.ours), p99(&self.peer))
    }
}

impl Comparison {
    /// Middle of the pairs' ratios of processor time.
    #[must_use]
    pub fn cpu_ratio(&self) -> Option<f64> {
        median(self.pairs.iter().filter_map(Pair::cpu_ratio))
    }

    /// Middle of the pairs' ratios of p99.
    #[must_use]
    pub fn p99_ratio(&self) -> Option<f64> {
        median(self.pairs.iter().filter_map(Pair::p99_ratio))
    }

    /// Whether every run of both delivered everything; without it a ratio says nothing.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        let exact = |report: &Report| {
            report.delivery.expected > 0 && report.delivery.lost() == 0 && report.failed_joins == 0
        };
        self.pairs
            .iter()
            .all(|pair| exact(&pair.ours) && exact(&pair.peer))
    }
}

/// Processor seconds for a million delivered packets.
fn cpu(report: &Report) -> Option<f64> {
    let cost = report.server.as_ref()?;
    (report.delivery.delivered > 0).then_some(cost.cpu_s_per_million)
}

fn p99(report: &Report) -> Option<f64> {
    (report.delivery.delivered > 0).then_some(report.latency.p99_ms)
}

fn ratio(ours: Option<f64>, peer: Option<f64>) -> Option<f64> {
    let (ours, peer) = (ours?, peer?);
    (peer > 0.0).then(|| ours / peer)
}

/// The middle value; the mean of the two middle ones of an even number.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len().is_multiple_of(2) {
        let lower = *sorted.get(middle.checked_sub(1)?)?;
        return Some(f64::midpoint(lower, upper));
    }
    Some(upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn the_middle_is_the_middle() {
        assert_eq!(median([]), None);
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn ratios_are_ours_by_the_peers_and_losses_are_seen() {
        let ours = report("");
        let mut peer = report("");
        peer.server.as_mut().unwrap().cpu_s_per_million = 18.0;
        let mut pair = Pair { ours, peer };
        assert_eq!(pair.cpu_ratio(), Some(0.5));
        let exact = |pair: &Pair| {
            let pairs = vec![pair.clone()];
            Comparison { pairs }.is_exact()
        };
        assert!(exact(&pair));
        pair.peer.delivery.delivered -= 1;
        assert!(!exact(&pair));
    }
}
