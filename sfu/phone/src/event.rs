//! Keys as telephone-events (RFC 4733), received and sent.
#![deny(clippy::arithmetic_side_effects)]

use std::collections::VecDeque;

use thiserror::Error;

use crate::tone::Digit;

/// Keys that wait to be sent. What is more is refused: nobody types faster than they leave.
pub const EVENT_QUEUE_MAX: usize = 32;
/// Packets of a key while it sounds: 120 ms, where 40 ms is the least that is recognised.
const PACKETS_SOUNDING: u32 = 6;
/// Packets that end it; the last two are for those that get lost.
const PACKETS_ENDING: u32 = 3;
/// Frames between two keys: 80 ms, where 40 ms is the least that is recognised.
const FRAMES_PAUSE: u32 = 4;
/// Level of a sent key, in dB below full scale, with the sign left out.
const VOLUME: u8 = 10;
/// Some telephones move the timestamp on with each packet of one press; what is so near is the same.
const SAME_PRESS_MS: u32 = 40;

/// A payload (RFC 4733 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// What: 0 to 15 are keys.
    pub code: u8,
    /// The press is over.
    pub end: bool,
    /// Level in dB below full scale, with the sign left out, 0 to 63.
    pub volume: u8,
    /// How long so far, in ticks of the RTP clock.
    pub duration: u16,
}

/// Why a payload is no event.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("an event has four bytes")]
pub struct EventError;

impl Event {
    /// Reads the first event of a payload.
    ///
    /// # Errors
    /// When it is too short.
    pub fn parse(payload: &[u8]) -> Result<Self, EventError> {
        let [code, second, d0, d1] = *payload.first_chunk::<4>().ok_or(EventError)?;
        Ok(Self {
            code,
            end: second & 0x80 != 0,
            volume: second & 0x3F,
            duration: u16::from_be_bytes([d0, d1]),
        })
    }

    /// The payload of it.
    #[must_use]
    pub fn write(self) -> [u8; 4] {
        let [d0, d1] = self.duration.to_be_bytes();
        let second = u8::from(self.end) << 7 | self.volume & 0x3F;
        [self.code, second, d0, d1]
    }
}

/// A key was pressed: said once for each press, at its first packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    /// Which.
    pub digit: Digit,
}

/// Makes presses out of packets that are repeated, lost, or sent without a marker.
#[derive(Debug)]
pub struct EventReceiver {
    /// Ticks in [`SAME_PRESS_MS`].
    near: u32,
    current: Option<Current>,
}

#[derive(Debug, Clone, Copy)]
struct Current {
    code: u8,
    timestamp: u32,
    duration: u32,
    ended: bool,
}

impl EventReceiver {
    /// For events on this clock.
    #[must_use]
    pub fn new(clock_hz: u32) -> Self {
        let near = clock_hz.checked_div(1_000).unwrap_or(8);
        Self {
            near: near.saturating_mul(SAME_PRESS_MS),
            current: None,
        }
    }

    /// Takes an event with the timestamp of its packet. The marker bit is not asked: many omit it.
    pub fn receive(&mut self, timestamp: u32, event: Event) -> Option<Press> {
        let digit = Digit::of_code(event.code)?;
        if let Some(current) = &mut self.current {
            let ahead = timestamp.wrapping_sub(current.timestamp);
            if ahead >= 1 << 31 {
                return None; // Overtaken by a later press.
            }
            let same_code = current.code == event.code;
            // A press longer than the duration can say goes on where its first part stops (section 2.5.1.3).
            let goes_on = ahead <= current.duration.saturating_add(self.near)
                && current.duration >= 0xFFFF_u32.saturating_sub(self.near);
            let is_same =
                ahead == 0 || same_code && !current.ended && (ahead <= self.near || goes_on);
            if is_same {
                if same_code {
                    current.timestamp = timestamp;
                    current.duration = u32::from(event.duration);
                    current.ended |= event.end;
                }
                return None;
            }
        }
        self.current = Some(Current {
            code: event.code,
            timestamp,
            duration: u32::from(event.duration),
            ended: event.end,
        });
        Some(Press { digit })
    }
}

/// The queue of keys to send is full.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{EVENT_QUEUE_MAX} keys wait already")]
pub struct QueueFull;

/// What to do with the next frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSlot {
    /// Nothing to send: the frame is sound.
    Sound,
    /// A pause between keys: the frame is sound, and must be silent.
    Silence,
    /// An event instead of the sound.
    Event {
        /// Frames since the press began; the timestamp of all its packets is that of its beginning.
        frames_ago: u32,
        /// The first packet of the press.
        marker: bool,
        /// The payload.
        event: Event,
    },
}

/// Sends keys one after another, a packet for each frame.
#[derive(Debug)]
pub struct EventSender {
    frame_ticks: u32,
    waiting: VecDeque<Digit>,
    now: Option<(Digit, u32)>,
}

impl EventSender {
    /// For events on a clock with so many ticks in a frame.
    #[must_use]
    pub const fn new(frame_ticks: u32) -> Self {
        Self {
            frame_ticks,
            waiting: VecDeque::new(),
            now: None,
        }
    }

    /// Puts a key behind those that wait.
    ///
    /// # Errors
    /// When too many wait.
    pub fn press(&mut self, digit: Digit) -> Result<(), QueueFull> {
        if self.waiting.len() >= EVENT_QUEUE_MAX {
            return Err(QueueFull);
        }
        self.waiting.push_back(digit);
        Ok(())
    }

    /// What the next frame is.
    pub fn next_slot(&mut self) -> EventSlot {
        let (digit, frames) = match self.now.take() {
            Some(now) => now,
            None => match self.waiting.pop_front() {
                Some(digit) => (digit, 0),
                None => return EventSlot::Sound,
            },
        };
        let ending = PACKETS_SOUNDING.saturating_add(PACKETS_ENDING);
        let total = ending.saturating_add(FRAMES_PAUSE);
        let later = frames.saturating_add(1);
        if later < total {
            self.now = Some((digit, later));
        }
        if frames >= ending {
            return EventSlot::Silence;
        }
        let sounded = later.min(PACKETS_SOUNDING).saturating_mul(self.frame_ticks);
        EventSlot::Event {
            frames_ago: frames,
            marker: frames == 0,
            event: Event {
                code: digit.code(),
                end: frames >= PACKETS_SOUNDING,
                volume: VOLUME,
                duration: u16::try_from(sounded).unwrap_or(u16::MAX),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Packets of these keys: timestamp and event.
    fn packets(keys: &str) -> Vec<(u32, Event)> {
        let mut sender = EventSender::new(160);
        for key in keys.chars() {
            sender.press(Digit::try_from(key).unwrap()).unwrap();
        }
        let mut sent = Vec::new();
        for frame in 0.. {
            match sender.next_slot() {
                EventSlot::Sound => return sent,
                EventSlot::Silence => {}
                EventSlot::Event {
                    frames_ago,
                    event,
                    marker,
                } => {
                    assert_eq!(marker, frames_ago == 0);
                    let begun = u32::wrapping_sub(frame, frames_ago);
                    sent.push((begun.wrapping_mul(160).wrapping_sub(2_000), event));
                }
            }
        }
        sent
    }

    fn received(packets: impl IntoIterator<Item = (u32, Event)>) -> String {
        let mut receiver = EventReceiver::new(8_000);
        packets
            .into_iter()
            .filter_map(|(at, event)| receiver.receive(at, event))
            .map(|press| press.digit.expose())
            .collect()
    }

    #[test]
    fn a_press_has_six_packets_and_three_ends_of_one_timestamp() {
        let sent = packets("5");
        assert_eq!(sent.len(), 9);
        assert!(sent.iter().all(|(at, _)| *at == sent[0].0));
        assert_eq!(sent.iter().filter(|(_, event)| event.end).count(), 3);
        assert_eq!(sent[8].1.duration, 960);
    }

    #[test]
    fn a_timestamp_that_moves_within_a_press_is_one_press() {
        let moving = (0..9_u32).map(|step| {
            let duration = u16::try_from(step * 160).unwrap();
            (
                step * 160,
                Event {
                    code: 5,
                    end: step > 6,
                    volume: 10,
                    duration,
                },
            )
        });
        assert_eq!(received(moving.take(8)), "5");
    }

    #[test]
    fn a_press_of_a_minute_is_one_press() {
        let long = (1..3_000_u32).map(|frame| {
            let (part, within) = (frame * 160 / 65_535, frame * 160 % 65_535);
            let duration = u16::try_from(within).unwrap();
            (
                part * 65_535,
                Event {
                    code: 11,
                    end: false,
                    volume: 10,
                    duration,
                },
            )
        });
        assert_eq!(received(long), "#");
    }

    #[test]
    fn what_is_no_key_is_nothing() {
        assert_eq!(
            received([(
                0,
                Event {
                    code: 16,
                    end: false,
                    volume: 0,
                    duration: 1
                }
            )]),
            ""
        );
        assert_eq!(Event::parse(&[1, 2, 3]), Err(EventError));
    }

    #[test]
    fn no_more_wait_than_may() {
        let mut sender = EventSender::new(160);
        let key = Digit::try_from('1').unwrap();
        for _ in 0..EVENT_QUEUE_MAX {
            sender.press(key).unwrap();
        }
        assert_eq!(sender.press(key), Err(QueueFull));
    }

    proptest! {
        #[test]
        fn keys_arrive_once_whatever_is_lost_or_doubled(
            keys in "[0-9*#A-D]{1,12}",
            fates in prop::collection::vec(0..4u8, 9 * 12),
        ) {
            let sent = packets(&keys);
            let mut arrived = Vec::new();
            let presses: std::collections::BTreeSet<u32> = sent.iter().map(|(at, _)| *at).collect();
            for (packet, fate) in sent.iter().zip(fates) {
                // Half of all packets are lost, but never all of a press.
                let copies = match fate { 0 | 1 => 0, 2 => 1, _ => 3 };
                arrived.extend(std::iter::repeat_n(*packet, copies));
            }
            let survived: std::collections::BTreeSet<u32> = arrived.iter().map(|(at, _)| *at).collect();
            let expected: String = keys
                .chars()
                .zip(0..)
                .filter(|(_, index)| {
                    let at = u32::wrapping_mul(*index, 13 * 160).wrapping_sub(2_000);
                    assert!(presses.contains(&at));
                    survived.contains(&at)
                })
                .map(|(key, _)| key)
                .collect();
            prop_assert_eq!(received(arrived), expected);
        }

        #[test]
        fn what_is_written_is_read(code: u8, end: bool, volume in 0..64u8, duration: u16) {
            let event = Event { code, end, volume, duration };
            prop_assert_eq!(Event::parse(&event.write()), Ok(event));
        }
    }
}
