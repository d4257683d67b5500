//! Links with delay, jitter, loss, reordering, duplication, a rate and a queue.
//!
//! What happens to a packet is drawn from the packet itself and its time, not from how many came
//! before it. So two packets that leave in the same millisecond have the same fates in whichever
//! order an engine happens to hand them out.

use crate::rng::{Rng, mix};

/// What one direction of a path does to packets. Times in milliseconds, chances in one in a million.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// Least time on the way.
    pub delay_ms: u64,
    /// Most time added at random; order is kept.
    pub jitter_ms: u64,
    /// Independent loss.
    pub loss: u32,
    /// Loss while the link is in its bad state (Gilbert-Elliott); 0 has no bad state.
    pub burst_loss: u32,
    /// Mean length of the good state.
    pub good_ms: u64,
    /// Mean length of the bad state.
    pub bad_ms: u64,
    /// Packets that are held back and overtaken.
    pub reorder: u32,
    /// Packets that arrive twice.
    pub duplicate: u32,
    /// Bits per second; 0 is without limit.
    pub rate_bps: u64,
    /// Bytes that wait at the limit; what does not fit is dropped.
    pub queue_bytes: u64,
}

impl Conditions {
    /// A path that only takes time.
    pub const CLEAN: Self = Self {
        delay_ms: 15,
        jitter_ms: 2,
        loss: 0,
        burst_loss: 0,
        good_ms: 0,
        bad_ms: 0,
        reorder: 0,
        duplicate: 0,
        rate_bps: 0,
        queue_bytes: 0,
    };

    /// Whether media must get through: what liveness is judged by.
    pub(crate) fn carries(&self, bps: u64) -> bool {
        self.loss <= 20_000
            && self.burst_loss == 0
            && self.jitter_ms <= 60
            && (self.rate_bps == 0 || self.rate_bps >= bps)
    }
}

/// One direction of one client's path.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) conditions: Conditions,
    seed: u64,
    states: Rng,
    bad: bool,
    state_ends_ms: u64,
    /// When the last accepted bit has left the queue, in microseconds.
    free_at_us: u64,
    last_arrival_ms: u64,
    down_until_ms: u64,
    /// When conditions last changed or an outage ended.
    pub(crate) steady_since_ms: u64,
}

/// What is needed to know of a packet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet {
    pub(crate) bytes: usize,
    /// What it is, without anything random.
    pub(crate) key: u64,
}

/// When a packet arrives: not at all, once or twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Arrivals {
    pub(crate) first: Option<u64>,
    pub(crate) second: Option<u64>,
}

/// IP and UDP headers.
const HEADERS: u64 = 28;

impl Link {
    pub(crate) fn new(seed: u64, conditions: Conditions) -> Self {
        Self {
            conditions,
            seed,
            states: Rng::new(mix(seed)),
            bad: false,
            state_ends_ms: 0,
            free_at_us: 0,
            last_arrival_ms: 0,
            down_until_ms: 0,
            steady_since_ms: 0,
        }
    }

    pub(crate) fn change(&mut self, now_ms: u64, conditions: Conditions) {
        self.conditions = conditions;
        self.steady_since_ms = self.steady_since_ms.max(now_ms);
        self.free_at_us = self.free_at_us.min(now_ms.saturating_mul(1000));
    }

    pub(crate) fn cut(&mut self, now_ms: u64, for_ms: u64) {
        self.down_until_ms = self.down_until_ms.max(now_ms.saturating_add(for_ms));
        self.steady_since_ms = self.steady_since_ms.max(self.down_until_ms);
    }

    pub(crate) fn send(&mut self, now_ms: u64, packet: Packet) -> Arrivals {
        self.pass_states(now_ms);
        if now_ms < self.down_until_ms {
            return Arrivals::default();
        }
        let mut rng = Rng::new(self.seed ^ mix(packet.key ^ mix(now_ms)));
        let conditions = self.conditions;
        let loss = if self.bad {
            conditions.burst_loss
        } else {
            conditions.loss
        };
        let Some(leaves_ms) = self.queue(now_ms, packet.bytes as u64) else {
            return Arrivals::default();
        };
        if rng.chance(loss) {
            return Arrivals::default();
        }
        let travels = conditions
            .delay_ms
            .saturating_add(rng.between(0, conditions.jitter_ms))
            .max(1);
        let arrives = leaves_ms.saturating_add(travels);
        let first = if rng.chance(conditions.reorder) {
            arrives.saturating_add(rng.between(5, 60))
        } else {
            let in_order = arrives.max(self.last_arrival_ms);
            self.last_arrival_ms = in_order;
            in_order
        };
        let second = rng
            .chance(conditions.duplicate)
            .then(|| first.saturating_add(rng.between(0, 20)));
        Arrivals {
            first: Some(first),
            second,
        }
    }

    /// When a packet leaves the rate limit; `None` if its queue is full.
    fn queue(&mut self, now_ms: u64, bytes: u64) -> Option<u64> {
        let rate = self.conditions.rate_bps;
        if rate == 0 {
            return Some(now_ms);
        }
        let now_us = now_ms.saturating_mul(1000);
        let start = self.free_at_us.max(now_us);
        let waiting = start.saturating_sub(now_us).saturating_mul(rate) / 8_000_000;
        if waiting.saturating_add(bytes) > self.conditions.queue_bytes.max(3000) {
            return None;
        }
        let bits = bytes.saturating_add(HEADERS).saturating_mul(8);
        self.free_at_us = start.saturating_add(bits.saturating_mul(1_000_000) / rate);
        Some(self.free_at_us / 1000)
    }

    fn pass_states(&mut self, now_ms: u64) {
        if self.conditions.burst_loss == 0 {
            self.bad = false;
            self.state_ends_ms = now_ms;
            return;
        }
        while self.state_ends_ms <= now_ms {
            self.bad = !self.bad;
            let mean = if self.bad {
                self.conditions.bad_ms
            } else {
                self.conditions.good_ms
            };
            // Between a fifth and about twice the mean.
            let length = self.states.between(mean / 5, mean.saturating_mul(9) / 5);
            self.state_ends_ms = self.state_ends_ms.saturating_add(length.max(1));
        }
    }
}

/// Kinds of access that people have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it; the numbers are below")]
pub enum Access {
    Fibre,
    Wifi,
    Lte,
    Umts,
    Satellite,
    Train,
    /// 10 % loss and 80 ms of jitter.
    Lossy,
    /// 100 kbit/s.
    Narrow,
    /// 60 kbit/s and half a second: a consultation's pictures do not fit.
    Edge,
}

impl Access {
    /// Every kind that full pictures are sent over.
    pub const ALL: [Self; 8] = [
        Self::Fibre,
        Self::Wifi,
        Self::Lte,
        Self::Umts,
        Self::Satellite,
        Self::Train,
        Self::Lossy,
        Self::Narrow,
    ];

    /// Up and down.
    #[must_use]
    pub const fn conditions(self) -> (Conditions, Conditions) {
        const fn path(
            delay_ms: u64,
            jitter_ms: u64,
            loss: u32,
            kbps: u64,
            queue: u64,
        ) -> Conditions {
            Conditions {
                delay_ms,
                jitter_ms,
                loss,
                rate_bps: kbps * 1000,
                queue_bytes: queue,
                ..Conditions::CLEAN
            }
        }
        match self {
            Self::Fibre => (
                path(5, 1, 0, 50_000, 500_000),
                path(5, 1, 0, 200_000, 500_000),
            ),
            Self::Wifi => {
                let mut up = path(10, 15, 2_000, 20_000, 200_000);
                up.reorder = 1_000;
                up.duplicate = 500;
                (up, up)
            }
            Self::Lte => (
                path(30, 20, 1_000, 8_000, 300_000),
                path(30, 20, 1_000, 20_000, 600_000),
            ),
            Self::Umts => (
                path(70, 40, 5_000, 700, 60_000),
                path(70, 40, 5_000, 2_500, 150_000),
            ),
            Self::Satellite => (
                path(280, 20, 3_000, 3_000, 300_000),
                path(280, 20, 3_000, 20_000, 900_000),
            ),
            Self::Train => {
                let mut way = path(45, 60, 5_000, 3_000, 200_000);
                way.burst_loss = 600_000;
                way.good_ms = 8_000;
                way.bad_ms = 700;
                (way, way)
            }
            Self::Lossy => {
                let mut way = path(40, 80, 100_000, 5_000, 200_000);
                way.reorder = 20_000;
                (way, way)
            }
            Self::Narrow => (
                path(40, 10, 2_000, 100, 15_000),
                path(40, 10, 2_000, 100, 15_000),
            ),
            Self::Edge => (
                path(250, 80, 5_000, 60, 12_000),
                path(250, 80, 5_000, 60, 12_000),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(key: u64) -> Packet {
        Packet { bytes: 1000, key }
    }

    #[test]
    fn packets_keep_their_fates_whatever_their_order() {
        let conditions = Access::Lossy.conditions().0;
        let fates = |keys: &[u64]| {
            let mut link = Link::new(3, conditions);
            let mut lost: Vec<u64> = keys
                .iter()
                .copied()
                .filter(|key| link.send(10, packet(*key)).first.is_none())
                .collect();
            lost.sort_unstable();
            lost
        };
        let forward: Vec<u64> = (0..100).collect();
        let backward: Vec<u64> = (0..100).rev().collect();
        assert!(!fates(&forward).is_empty());
        assert_eq!(fates(&forward), fates(&backward));
    }

    #[test]
    fn a_full_queue_drops_its_tail_and_a_rate_spreads_packets() {
        let conditions = Conditions {
            rate_bps: 80_000,
            queue_bytes: 5_200,
            jitter_ms: 0,
            ..Conditions::CLEAN
        };
        let mut link = Link::new(1, conditions);
        let arrivals: Vec<Option<u64>> = (0..10).map(|n| link.send(0, packet(n)).first).collect();
        assert_eq!(arrivals.iter().flatten().count(), 5);
        assert_eq!(arrivals[1].unwrap() - arrivals[0].unwrap(), 103);
    }

    #[test]
    fn an_outage_loses_everything_until_it_ends() {
        let mut link = Link::new(1, Conditions::CLEAN);
        link.cut(0, 100);
        assert_eq!(link.send(99, packet(1)), Arrivals::default());
        assert!(link.send(100, packet(1)).first.is_some());
    }
}
