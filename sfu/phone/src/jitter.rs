//! Packets in the order of their sound.
#![deny(clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

/// Packets that are kept: over a second of them. What is more drops the oldest, which is late anyway.
pub const PACKETS_MAX: usize = 64;
/// A timestamp so far from the others is another time line: ten seconds at 8 kHz, two at 48 kHz.
const JUMP_MAX: u32 = 96_000;

/// What a packet holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A payload of the codec.
    Speech(Vec<u8>),
    /// Comfort noise: silence begins.
    Noise(Vec<u8>),
}

/// A packet that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// When its sound is, in ticks, counted on over wraps.
    pub at: i64,
    /// What is in it.
    pub content: Content,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It waits; its time in ticks, counted on over wraps.
    Waits(i64),
    /// It is there already.
    Double,
    /// Its time has passed.
    Late(i64),
    /// Its timestamp has nothing to do with the ones before: a new time line begins with it.
    Jumped,
}

/// Packets that wait for their time.
#[derive(Debug, Default)]
pub struct JitterBuffer {
    waiting: BTreeMap<i64, Content>,
    newest: Option<i64>,
    played: Option<i64>,
}

impl JitterBuffer {
    /// Takes a packet.
    pub fn insert(&mut self, timestamp: u32, content: Content) -> Inserted {
        let Some(newest) = self.newest else {
            let at = i64::from(timestamp);
            self.newest = Some(at);
            self.waiting.insert(at, content);
            return Inserted::Waits(at);
        };
        let low = u32::try_from(newest & 0xFFFF_FFFF).unwrap_or(0);
        let (ahead, behind) = (timestamp.wrapping_sub(low), low.wrapping_sub(timestamp));
        if ahead > JUMP_MAX && behind > JUMP_MAX {
            *self = Self::default();
            let _ = self.insert(timestamp, content);
            return Inserted::Jumped;
        }
        let at = if ahead <= JUMP_MAX {
            newest.saturating_add(i64::from(ahead))
        } else {
            newest.saturating_sub(i64::from(behind))
        };
        if self.played.is_some_and(|played| at < played) {
            return Inserted::Late(at);
        }
        if self.waiting.contains_key(&at) {
            return Inserted::Double;
        }
        self.newest = Some(newest.max(at));
        self.waiting.insert(at, content);
        if self.waiting.len() > PACKETS_MAX {
            self.waiting.pop_first();
        }
        Inserted::Waits(at)
    }

    /// The time of the packet that is next.
    #[must_use]
    pub fn next_at(&self) -> Option<i64> {
        self.waiting.first_key_value().map(|(at, _)| *at)
    }

    /// The payload that is next, without taking it.
    #[must_use]
    pub fn peek(&self) -> Option<&Content> {
        self.waiting.first_key_value().map(|(_, content)| content)
    }

    /// Takes the packet that is next.
    pub fn pop(&mut self) -> Option<Stored> {
        let (at, content) = self.waiting.pop_first()?;
        Some(Stored { at, content })
    }

    /// What is before this time is late from now on.
    pub fn play_from(&mut self, at: i64) {
        self.played = Some(at);
        self.waiting = self.waiting.split_off(&at);
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn speech(mark: u8) -> Content {
        Content::Speech(vec![mark])
    }

    #[test]
    fn packets_leave_in_order_over_a_wrap() {
        let mut buffer = JitterBuffer::default();
        let begin = u32::MAX - 200;
        for step in [0, 2, 1, 1, 3_u8] {
            let _ = buffer.insert(begin.wrapping_add(u32::from(step) * 160), speech(step));
        }
        let order: Vec<Content> = std::iter::from_fn(|| buffer.pop())
            .map(|s| s.content)
            .collect();
        assert_eq!(order, [speech(0), speech(1), speech(2), speech(3)]);
    }

    #[test]
    fn what_is_late_or_double_or_from_elsewhere_is_told_apart() {
        let mut buffer = JitterBuffer::default();
        assert_eq!(buffer.insert(1_000, speech(0)), Inserted::Waits(1_000));
        assert_eq!(buffer.insert(1_000, speech(0)), Inserted::Double);
        buffer.play_from(1_160);
        assert_eq!(buffer.insert(1_159, speech(0)), Inserted::Late(1_159));
        assert_eq!(buffer.insert(500_000_000, speech(0)), Inserted::Jumped);
        assert_eq!(buffer.next_at(), Some(500_000_000));
    }

    proptest! {
        #[test]
        fn it_never_grows_beyond_its_bound_and_is_always_sorted(
            packets in prop::collection::vec((any::<bool>(), 0..200_000u32), 0..300)
        ) {
            let mut buffer = JitterBuffer::default();
            for (takes, timestamp) in packets {
                let _ = buffer.insert(timestamp, speech(0));
                prop_assert!(buffer.len() <= PACKETS_MAX);
                if takes && let Some(stored) = buffer.pop() {
                    buffer.play_from(stored.at.saturating_add(160));
                    prop_assert!(buffer.next_at().is_none_or(|next| next >= stored.at.saturating_add(160)));
                }
            }
        }
    }
}
