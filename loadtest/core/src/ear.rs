//! What a telephone of the load test hears: whether packets come as they must, and whether the people in the
//! visit are in them. A mixer makes new sound, so nothing of what they sent can be read; they all say one tone.

use core::time::Duration;

use crate::g711::linear;
use crate::latency::Latencies;
use crate::media::TONE_HZ;
use crate::seen::{Arrival, Seen};

/// Between two packets.
const FRAME: Duration = Duration::from_millis(20);
/// Ticks of the RTP clock in a packet.
const TICKS: u32 = 160;
/// Samples that are listened to at a time: a quarter of a second.
const BLOCK: usize = 2_000;
/// Mean square below which nothing is heard: 50 dB below full scale.
const POWER_MIN: f64 = 5_000.0;
/// Part of what is heard that must be the tone.
const SHARE_MIN: f64 = 0.5;

/// An RTP packet (RFC 3550 section 5.1) as a telephone reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rtp<'a> {
    sequence: u16,
    timestamp: u32,
    payload: &'a [u8],
}

impl<'a> Rtp<'a> {
    /// `None`: no A-law, or no RTP at all.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<12>()?;
        let [flags, kind, s0, s1, t0, t1, t2, t3, ..] = *head;
        if flags >> 6 != 2 || kind & 0x7f != 8 {
            return None;
        }
        let sources = usize::from(flags & 0x0f) * 4;
        let mut payload = rest.get(sources..)?;
        if flags & 0x10 != 0 {
            let (extension, after) = payload.split_first_chunk::<4>()?;
            let words = u16::from_be_bytes([extension[2], extension[3]]);
            payload = after.get(usize::from(words) * 4..)?;
        }
        Some(Self {
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            payload,
        })
    }
}

/// Packets of one stream that come at an even beat: which are missing, and how long it was between two.
#[derive(Debug, Clone, Default)]
pub struct Beat {
    /// The first and the newest number, with what has gone round, that came while it was measured.
    span: Option<(u64, u64)>,
    /// The newest number that came before it was measured, and the first one after that.
    edges: (Option<u64>, Option<u64>),
    seen: Seen,
    last: Option<Duration>,
    /// Packets while it was measured, each counted once.
    pub got: u64,
    /// Time between two of them.
    pub gaps: Latencies,
}

impl Beat {
    /// A packet came at this time, with this number; `measured`: it counts. Answers whether it came for the first
    /// time.
    pub fn hear(&mut self, at: Duration, sequence: u16, measured: bool) -> bool {
        let number = self.unrolled(sequence);
        if self.seen.arrive(number) == Arrival::Again {
            return false;
        }
        let before = self.last.replace(at);
        if !measured {
            match (self.span, self.edges.1) {
                (None, _) => self.edges.0 = self.seen.newest(),
                // What was late for the measured time is missing in it.
                (Some((_, newest)), None) if number > newest => self.edges.1 = Some(number),
                (Some(_), _) => {}
            }
            return true;
        }
        // The first one ends a gap that began before.
        if let (Some(before), Some(_)) = (before, self.span) {
            self.gaps.add(at.saturating_sub(before));
        }
        self.got += 1;
        self.span = Some(match self.span {
            Some((first, newest)) => (first.min(number), newest.max(number)),
            None => (number, number),
        });
        true
    }

    /// The number with what has gone round: the one nearest to the newest.
    fn unrolled(&self, sequence: u16) -> u64 {
        let Some(newest) = self.seen.newest() else {
            return u64::from(sequence) + (1 << 16);
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the lower 16 bits are meant"
        )]
        let step = sequence.wrapping_sub(newest as u16).cast_signed();
        newest.saturating_add_signed(step.into())
    }

    /// Packets that had to come in so long a time: those that have a number between what came before and what came
    /// after, and as many as the beat makes.
    #[must_use]
    pub fn expected(&self, measured: Duration) -> u64 {
        let numbered = self.span.map_or(0, |(first, last)| {
            let (before, after) = self.edges;
            let first = before.map_or(first, |before| first.min(before + 1));
            let last = after.map_or(last, |after| last.max(after - 1));
            last - first + 1
        });
        numbered.max(beats(measured))
    }
}

/// Packets that come in so long a time at least. It begins and ends between two, so this may be two fewer than came.
#[must_use]
pub fn beats(measured: Duration) -> u64 {
    let whole = measured.as_millis() / FRAME.as_millis();
    u64::try_from(whole).unwrap_or(u64::MAX).saturating_sub(2)
}

/// A telephone's ear.
#[derive(Debug, Clone, Default)]
pub struct Ear {
    /// Packets that came.
    pub beat: Beat,
    /// The newest number and its time, to see that both go on together.
    clock: Option<(u16, u32)>,
    /// Measured packets whose time is not where their number puts it.
    pub irregular: u64,
    block: Vec<i16>,
    /// Quarters of a second that were listened to, and those with the tone.
    pub blocks: (u64, u64),
}

impl Ear {
    /// A datagram came at this time; `measured`: it counts.
    pub fn hear(&mut self, at: Duration, bytes: &[u8], measured: bool) {
        let Some(rtp) = Rtp::read(bytes) else { return };
        if !self.beat.hear(at, rtp.sequence, measured) {
            return;
        }
        let before = self.clock.replace((rtp.sequence, rtp.timestamp));
        if !measured {
            return;
        }
        if let Some((sequence, timestamp)) = before {
            let steps = rtp.sequence.wrapping_sub(sequence).cast_signed();
            let due =
                timestamp.wrapping_add_signed(i32::from(steps).wrapping_mul(TICKS.cast_signed()));
            self.irregular += u64::from(due != rtp.timestamp);
        }
        self.block
            .extend(rtp.payload.iter().map(|code| linear(*code)));
        while self.block.len() >= BLOCK {
            let rest = self.block.split_off(BLOCK);
            let block = core::mem::replace(&mut self.block, rest);
            self.blocks.0 += 1;
            self.blocks.1 += u64::from(holds_tone(&block));
        }
    }

    /// Whether somebody was heard most of the time.
    #[must_use]
    pub const fn heard_somebody(&self) -> bool {
        let (all, with_tone) = self.blocks;
        with_tone * 2 > all
    }
}

/// Whether most of this sound is the tone (Goertzel's filter).
fn holds_tone(block: &[i16]) -> bool {
    let turn = core::f64::consts::TAU * TONE_HZ / 8_000.0;
    let twice_cos = 2.0 * turn.cos();
    let (mut one, mut two, mut square) = (0.0, 0.0, 0.0);
    let mut count = 0.0;
    for sample in block {
        let sample = f64::from(*sample);
        (one, two) = (sample + twice_cos * one - two, one);
        square += sample * sample;
        count += 1.0;
    }
    let power = 2.0 * (one * one + two * two - twice_cos * one * two) / (count * count);
    let all = square / count;
    all >= POWER_MIN && power >= SHARE_MIN * all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g711::alaw;
    use crate::mouth::Mouth;

    #[expect(clippy::cast_possible_truncation, reason = "the peak fits 16 bits")]
    fn packet(sequence: u16, hz: f64) -> Vec<u8> {
        let mut packet = vec![0x80, 8];
        packet.extend(sequence.to_be_bytes());
        packet.extend((u32::from(sequence) * 160).to_be_bytes());
        packet.extend([0; 4]);
        packet.extend((0..160).map(|at| {
            let turn = core::f64::consts::TAU * hz * f64::from(at) / 8_000.0;
            alaw((turn.sin() * 4_000.0) as i16)
        }));
        packet
    }

    fn listened(hz: f64) -> Ear {
        let mut ear = Ear::default();
        for number in 0..100 {
            ear.hear(FRAME * u32::from(number), &packet(number, hz), true);
        }
        ear
    }

    #[test]
    fn the_tone_of_people_is_heard_and_no_other() {
        assert_eq!(listened(TONE_HZ).blocks, (8, 8));
        assert_eq!(listened(500.0).blocks, (8, 0));
        assert!(listened(TONE_HZ).heard_somebody());
        assert!(!listened(0.0).heard_somebody(), "silence");
        assert!(!Ear::default().heard_somebody());
    }

    #[test]
    fn a_caller_does_not_hear_what_callers_say() {
        let (mut mouth, mut ear) = (Mouth::new(1, 0, 0), Ear::default());
        mouth.speak();
        for number in 0..100 {
            ear.hear(FRAME * number, &mouth.say(), true);
        }
        assert_eq!((ear.beat.got, ear.irregular), (100, 0));
        assert_eq!(ear.blocks, (8, 0));
    }

    #[test]
    fn what_is_missing_is_missing_by_number_or_by_time() {
        let mut beat = Beat::default();
        // Over the end of the numbers, and two come in the wrong order.
        for (at, sequence) in [(0, 65_533_u16), (20, 65_534), (40, 1), (60, 0), (80, 2)] {
            beat.hear(Duration::from_millis(at), sequence, at > 0);
        }
        assert_eq!(beat.got, 4);
        assert_eq!(beat.expected(Duration::ZERO), 5);
        assert_eq!(beat.expected(Duration::from_secs(2)), 98);
        assert_eq!(Beat::default().expected(Duration::from_secs(1)), 48);
    }

    #[test]
    fn what_comes_again_does_not_hide_what_is_missing() {
        let (mut beat, mut ear) = (Beat::default(), Ear::default());
        for (at, sequence) in [(0, 1), (20, 2), (40, 2), (60, 4), (80, 1)] {
            let at = Duration::from_millis(at);
            beat.hear(at, sequence, true);
            ear.hear(at, &packet(sequence, TONE_HZ), true);
        }
        assert_eq!((beat.got, beat.expected(Duration::ZERO)), (3, 4));
        assert_eq!(beat.gaps.count(), 2, "a copy ends no gap");
        assert_eq!((ear.beat.got, ear.block.len()), (3, 3 * 160));
    }

    #[test]
    fn what_is_missing_at_the_edges_is_missing() {
        let mut beat = Beat::default();
        // 3 does not come, and 6 only after the measured time, which 7 has ended.
        for (sequence, measured) in [(1, false), (2, false), (4, true), (5, true), (7, false)] {
            beat.hear(FRAME * u32::from(sequence), sequence, measured);
        }
        assert_eq!((beat.got, beat.expected(FRAME * 4)), (2, 4));
        beat.hear(FRAME * 8, 6, false);
        beat.hear(FRAME * 9, 9, false);
        assert_eq!((beat.got, beat.expected(FRAME * 4)), (2, 4));
    }

    #[test]
    fn a_gap_is_the_time_between_two_packets() {
        let mut beat = Beat::default();
        for (sequence, at) in [(1, 0), (2, 20), (3, 40), (4, 190)] {
            beat.hear(Duration::from_millis(at), sequence, sequence > 1);
        }
        assert_eq!(beat.gaps.count(), 2);
        assert!((beat.gaps.percentiles().max_ms - 150.0).abs() < 1.0);
    }

    #[test]
    fn a_time_that_does_not_follow_its_number_is_noted() {
        let mut ear = Ear::default();
        ear.hear(Duration::ZERO, &packet(1, 0.0), true);
        let mut odd = packet(2, 0.0);
        odd[7] = odd[7].wrapping_add(1);
        ear.hear(FRAME, &odd, true);
        assert_eq!(ear.irregular, 1);
        ear.hear(FRAME, b"no RTP", true);
        assert_eq!(ear.beat.got, 2);
    }
}
