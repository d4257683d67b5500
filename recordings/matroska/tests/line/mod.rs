//! A bad line.

use recordings_tap::Packet;

/// What a line does to packets; the same in every run.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    jitter_us: u64,
    /// One packet of so many is lost; 0 loses none.
    loses_one_of: u64,
}

impl Line {
    pub(crate) const fn jittery() -> Self {
        Self {
            jitter_us: 30_000,
            loses_one_of: 0,
        }
    }

    pub(crate) const fn lossy() -> Self {
        Self {
            jitter_us: 30_000,
            loses_one_of: 47,
        }
    }

    pub(crate) const fn single_losses() -> Self {
        Self {
            jitter_us: 0,
            loses_one_of: 5,
        }
    }

    pub(crate) fn carry(self, packets: Vec<Packet>) -> Vec<Packet> {
        let mut state = 7_u64;
        let mut random = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let last = packets.len() as u64 - 1;
        let mut carried: Vec<Packet> = (0..)
            .zip(packets)
            .filter(|(at, _)| {
                self.loses_one_of == 0
                    || *at < 3
                    || *at == last
                    || at % self.loses_one_of != self.loses_one_of - 1
            })
            .map(|(_, mut packet)| {
                packet.arrival_us += if self.jitter_us > 0 {
                    random() % self.jitter_us
                } else {
                    0
                };
                packet
            })
            .collect();
        carried.sort_by_key(|packet| packet.arrival_us);
        carried
    }
}
