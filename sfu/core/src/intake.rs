//! What the outside may cost: leaky buckets that are asked before any cryptography.

use core::time::Duration;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

use crate::limits;

/// A rate with a burst, as the time until which everything admitted so far is paid for (the
/// virtual scheduling of GCRA). It has no timer and needs no lock.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    paid_until: Instant,
}

impl Bucket {
    /// Admits `cost` unless more than `burst` would then be unpaid.
    fn take(&mut self, now: Instant, cost: Duration, burst: Duration) -> bool {
        let paid_until = self.paid_until.max(now) + cost;
        if paid_until.saturating_duration_since(now) > burst {
            return false;
        }
        self.paid_until = paid_until;
        true
    }

    fn is_spent(&self, now: Instant, burst: Duration) -> bool {
        self.paid_until.saturating_duration_since(now) >= burst
    }
}

/// What a datagram counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expense {
    /// RTP, RTCP or DTLS application data.
    Packet,
    /// A DTLS handshake record.
    Handshake,
    /// A connectivity check.
    Check,
}

/// The budget of one connection.
#[derive(Debug)]
pub(crate) struct PeerBudget {
    packets: Bucket,
    bytes: Bucket,
    handshakes: Bucket,
    checks: Bucket,
}

impl PeerBudget {
    pub(crate) const fn new(now: Instant) -> Self {
        let full = Bucket { paid_until: now };
        Self {
            packets: full,
            bytes: full,
            handshakes: full,
            checks: full,
        }
    }

    /// Whether one more datagram may be worked on.
    pub(crate) fn admits(&mut self, now: Instant, expense: Expense, bytes: usize) -> bool {
        let second = Duration::from_secs(1);
        let per = |rate: u32| second / rate;
        match expense {
            Expense::Check => {
                let (rate, burst) = limits::CHECKS;
                self.checks.take(now, per(rate), per(rate) * burst)
            }
            Expense::Handshake => {
                let (rate, burst) = limits::HANDSHAKES;
                self.handshakes.take(now, per(rate), per(rate) * burst)
            }
            Expense::Packet => {
                let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
                let cost = per(limits::PEER_BYTES_PER_S).saturating_mul(bytes);
                self.packets
                    .take(now, per(limits::PEER_PACKETS_PER_S), second)
                    && self.bytes.take(now, cost, second)
            }
        }
    }
}

/// Addresses that have sent checks which nobody signed. Two generations: when the young one is
/// full it becomes the old one, and what was old is forgotten. Both are bounded, and nothing is
/// ever searched.
#[derive(Debug, Default)]
pub(crate) struct Strangers {
    young: HashMap<IpAddr, Bucket>,
    old: HashMap<IpAddr, Bucket>,
}

impl Strangers {
    /// Whether an address has failed too often lately.
    pub(crate) fn is_spent(&self, now: Instant, from: IpAddr) -> bool {
        let from = network_of(from);
        self.young
            .get(&from)
            .or_else(|| self.old.get(&from))
            .is_some_and(|bucket| bucket.is_spent(now, Self::burst()))
    }

    /// Notes a failure. Honest clients have none, so that many of them may share an address.
    pub(crate) fn failed(&mut self, now: Instant, from: IpAddr) {
        let from = network_of(from);
        let mut bucket = self
            .young
            .get(&from)
            .or_else(|| self.old.get(&from))
            .copied()
            .unwrap_or(Bucket { paid_until: now });
        let _ = bucket.take(now, Self::cost(), Self::burst());
        if self.young.len() >= limits::STRANGERS_MAX {
            self.old = core::mem::take(&mut self.young);
        }
        self.young.insert(from, bucket);
    }

    fn cost() -> Duration {
        Duration::from_secs(1) / limits::FAILED_CHECKS.0
    }

    fn burst() -> Duration {
        Self::cost() * limits::FAILED_CHECKS.1
    }
}

/// One subscriber has a whole /64 of IPv6 addresses.
fn network_of(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::some_instant;

    #[test]
    fn a_budget_is_a_burst_and_then_a_rate() {
        let start = some_instant();
        let mut budget = PeerBudget::new(start);
        let mut admitted = |at: Instant, tries: u32| {
            (0..tries)
                .filter(|_| budget.admits(at, Expense::Packet, 100))
                .count()
        };
        let rate = limits::PEER_PACKETS_PER_S;
        assert_eq!(admitted(start, 10 * rate), rate as usize);
        let later = start + Duration::from_millis(500);
        let half = admitted(later, 10 * rate);
        assert!(half.abs_diff(rate as usize / 2) <= 1, "{half}");
    }

    #[test]
    fn large_packets_are_bounded_by_their_bytes() {
        let start = some_instant();
        let mut budget = PeerBudget::new(start);
        let bytes = (0..)
            .take_while(|_| budget.admits(start, Expense::Packet, 5000))
            .count()
            * 5000;
        assert_eq!(bytes, limits::PEER_BYTES_PER_S as usize);
    }

    #[test]
    fn a_stranger_who_fails_is_not_heard_for_a_while_and_others_are() {
        let now = some_instant();
        let mut strangers = Strangers::default();
        let (bad, good) = (
            IpAddr::from([203, 0, 113, 1]),
            IpAddr::from([203, 0, 113, 2]),
        );
        for _ in 0..limits::FAILED_CHECKS.1 {
            assert!(!strangers.is_spent(now, bad));
            strangers.failed(now, bad);
        }
        assert!(strangers.is_spent(now, bad) && !strangers.is_spent(now, good));
        assert!(!strangers.is_spent(now + Duration::from_secs(1), bad));
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let now = some_instant();
        let mut strangers = Strangers::default();
        for n in 0..100_000_u32 {
            strangers.failed(now, IpAddr::from(n.to_be_bytes()));
        }
        let remembered = strangers.young.len() + strangers.old.len();
        assert!(remembered <= 2 * limits::STRANGERS_MAX, "{remembered}");
    }

    #[test]
    fn one_ipv6_network_is_one_stranger() {
        let now = some_instant();
        let mut strangers = Strangers::default();
        for n in 0..u128::from(limits::FAILED_CHECKS.1) {
            strangers.failed(now, IpAddr::V6(Ipv6Addr::from((0x2001_0db8 << 96) + n)));
        }
        let another = IpAddr::V6(Ipv6Addr::from((0x2001_0db8 << 96) + 0xffff_ffff));
        assert!(strangers.is_spent(now, another));
    }
}
