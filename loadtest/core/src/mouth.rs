//! What a telephone of the load test says: RTP packets (RFC 3550) with 20 ms of A-law each, a tone or silence,
//! and keys as events (RFC 4733).

use std::collections::VecDeque;

use crate::g711::alaw;

/// Payload types: A-law is 8 (RFC 3551), events are what callers offer.
const ALAW: u8 = 8;
/// The payload type that callers offer for keys.
pub const KEYS_PT: u8 = 101;
/// Samples in 20 ms of 8 kHz.
const SAMPLES: usize = 160;
const TICKS: u32 = 160;
/// What callers say, in Hz: a whole number of periods in 20 ms, so that all packets are alike.
const TONE_HZ: f64 = 500.0;
const TONE_PEAK: f64 = 8_000.0;
/// Packets of a key that is held, and how often its end is said (RFC 4733 section 2.5.1.4).
const KEY_PACKETS: u8 = 6;
const KEY_ENDS: u8 = 3;
/// Packets of silence after a key.
const PAUSE: u8 = 3;
/// Volume of a key: 10 dB below the loudest.
const KEY_VOLUME: u8 = 10;
/// Keys in the order of their events (RFC 4733 section 3.2).
const KEYS: &str = "0123456789*#ABCD";

/// A key that is being pressed.
#[derive(Debug, Clone, Copy)]
struct Key {
    event: u8,
    /// Packets so far.
    packets: u8,
    began: u32,
}

/// A telephone's mouth: asked once in 20 ms, it gives one packet.
#[derive(Debug)]
pub struct Mouth {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    keys: VecDeque<u8>,
    key: Option<Key>,
    pause: u8,
    tone: Option<[u8; SAMPLES]>,
    begun: bool,
}

impl Mouth {
    /// A mouth that says nothing yet.
    #[must_use]
    pub const fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        Self {
            ssrc,
            sequence,
            timestamp,
            keys: VecDeque::new(),
            key: None,
            pause: 0,
            tone: None,
            begun: false,
        }
    }

    /// Presses these keys one after the other; what is no key is left out.
    pub fn press(&mut self, keys: &str) {
        let events = keys.chars().filter_map(|key| KEYS.find(key));
        self.keys
            .extend(events.filter_map(|event| u8::try_from(event).ok()));
    }

    /// Says the tone from now on, but for keys.
    pub fn speak(&mut self) {
        let mut tone = [0; SAMPLES];
        for (at, code) in (0_u32..).zip(&mut tone) {
            let turn = core::f64::consts::TAU * TONE_HZ * f64::from(at) / 8_000.0;
            #[expect(clippy::cast_possible_truncation, reason = "the peak fits 16 bits")]
            let sample = (turn.sin() * TONE_PEAK) as i16;
            *code = alaw(sample);
        }
        self.tone = Some(tone);
    }

    /// The next packet.
    pub fn say(&mut self) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(TICKS);
        if self.key.is_none() && self.pause == 0 {
            self.key = self.keys.pop_front().map(|event| Key {
                event,
                packets: 0,
                began: self.timestamp,
            });
        }
        self.pause = self.pause.saturating_sub(1);
        let Some(mut key) = self.key.take() else {
            let marker = !core::mem::replace(&mut self.begun, true);
            let sound = self.tone.unwrap_or([alaw(0); SAMPLES]);
            return self.packet((ALAW, marker), self.timestamp, &sound);
        };
        key.packets += 1;
        let duration = u16::from(key.packets.min(KEY_PACKETS)) * 160;
        let ends = key.packets > KEY_PACKETS;
        let [high, low] = duration.to_be_bytes();
        let end = if ends { 0x80 } else { 0 };
        let event = [key.event, end | KEY_VOLUME, high, low];
        let marker = key.packets == 1;
        let packet = self.packet((KEYS_PT, marker), key.began, &event);
        if key.packets < KEY_PACKETS + KEY_ENDS {
            self.key = Some(key);
        } else {
            self.pause = PAUSE;
        }
        packet
    }

    fn packet(&self, (pt, marker): (u8, bool), timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let mut packet = Vec::with_capacity(12 + payload.len());
        packet.extend_from_slice(&[0x80, pt | (u8::from(marker) << 7)]);
        packet.extend_from_slice(&self.sequence.to_be_bytes());
        packet.extend_from_slice(&timestamp.to_be_bytes());
        packet.extend_from_slice(&self.ssrc.to_be_bytes());
        packet.extend_from_slice(payload);
        packet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_event_with_a_clear_end() {
        let mut mouth = Mouth::new(7, 65_535, 0);
        mouth.press("x2");
        let packets: Vec<Vec<u8>> = (0..10).map(|_| mouth.say()).collect();
        let events: Vec<&Vec<u8>> = packets.iter().filter(|it| it.len() == 16).collect();
        assert_eq!(events.len(), 9);
        assert!(
            events
                .iter()
                .all(|it| it[4..8] == 160_u32.to_be_bytes() && it[12] == 2)
        );
        assert_eq!((events[0][1], events[1][1]), (101 | 0x80, 101));
        assert_eq!(events.iter().filter(|it| it[13] & 0x80 != 0).count(), 3);
        assert_eq!(events[8][14..16], 960_u16.to_be_bytes());
        // The sequence goes on, over its end.
        assert_eq!(
            (packets[0][2..4].to_vec(), packets[9][2..4].to_vec()),
            (vec![0, 0], vec![0, 9])
        );
        // The sound after it is where it would be without it.
        assert_eq!(packets[9][4..8], 1_600_u32.to_be_bytes());
    }

    #[test]
    fn keys_are_told_apart_by_silence() {
        let mut mouth = Mouth::new(7, 0, 0);
        mouth.press("22");
        let kinds: Vec<bool> = (0..24).map(|_| mouth.say().len() == 16).collect();
        let wanted = [[true; 9].as_slice(), &[false; 3], &[true; 9], &[false; 3]].concat();
        assert_eq!(kinds, wanted);
    }
}
