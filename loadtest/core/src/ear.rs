//! What a telephone of the load test hears: whether packets come as they must, and whether the people in the
//! visit are in them. A mixer makes new sound, so nothing of what they sent can be read; they all say one tone.

use core::time::Duration;

use crate::g711::linear;
use crate::latency::Latencies;
use crate::media::TONE_HZ;

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
    /// The first and the newest number, with what has gone round, while it was measured.
    span: Option<(u64, u64)>,
    newest: Option<u64>,
    last: Option<Duration>,
    /// Packets while it was measured.
    pub got: u64,
    /// Time between two of them.
    pub gaps: Latencies,
}

impl Beat {
    /// A packet came at this time, with this number; `measured`: it counts.
    pub fn hear(&mut self, at: Duration, sequence: u16, measured: bool) {
        let number = self.unrolled(sequence);
        self.newest = Some(self.newest.map_or(number, |it| it.max(number)));
        let before = self.last.replace(at);
        if !measured {
            return;
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
    }

    /// The number with what has gone round: the one nearest to the newest.
    fn unrolled(&self, sequence: u16) -> u64 {
        let Some(newest) = self.newest else {
            return u64::from(sequence) + (1 << 16);
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the lower 16 bits are meant"
        )]
        let step = sequence.wrapping_sub(newest as u16).cast_signed();
        newest.saturating_add_signed(step.into())
    }

    /// Packets that had to come in so long a time: those that have a number, and as many as the beat makes.
    #[must_use]
    pub fn expected(&self, measured: Duration) -> u64 {
        let numbered = self.span.map_or(0, |(first, last)| last - first + 1);
        numbered.max(beats(measured))
    }
}

/// Packets that come in so long a time at least. It begins and ends between two.
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
        self.beat.hear(at, rtp.sequence, measured);
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
