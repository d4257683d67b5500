//! From packets that come unevenly to sound that does not stop.
//!
//! The delay of what is played is measured against the fastest packet of the last seconds, so
//! jitter, clocks that differ, and another way through the network are the same thing: a delay that
//! is not the wanted one. It is corrected by leaving out or doubling single periods. While nothing
//! comes, the present place is kept as long as the delay allows, so that what is only late is still
//! played.

use crate::codec::Speech;
use crate::conceal::Concealer;
use crate::jitter::{Content, Inserted, JitterBuffer};
use crate::noise::NoiseShape;
use crate::rate::{FRAME_US, Rate};
use crate::stretch;
use crate::transit::Transit;
use crate::{Codec, FRAME_MS};

/// The least time between the fastest packet and its sound, in microseconds: two frames.
pub const DELAY_MIN_US: i64 = 40_000;
/// The most; packets that are slower are lost.
pub const DELAY_MAX_US: i64 = 120_000;
/// Added to how unevenly packets come, in microseconds: a whole frame is needed at once, and what is
/// missing is noticed before it is needed.
const MARGIN_US: i64 = FRAME_US + SHORT_US;
/// A delay so much too short is worth a correction, in microseconds.
const SHORT_US: i64 = 10_000;
/// A delay so much too long is worth one: longer than the longest period.
const LONG_US: i64 = 15_000;
/// A difference that is corrected with every frame, in microseconds.
const URGENT_US: i64 = 40_000;
/// Frames between two corrections that are not urgent.
const PATIENCE: u32 = 5;
/// Slow packets in a row that mean another way through the network.
const SLOW_IN_ROW: u32 = 10;
/// What was filled in before the line counts as silent, in milliseconds.
const SILENT_AFTER_MS: usize = 100;

/// What has happened so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlayoutStats {
    /// Packets that came after their time.
    pub late: u64,
    /// Packets that came twice.
    pub doubles: u64,
    /// Payloads that could not be decoded.
    pub broken: u64,
    /// Samples filled in for lost ones.
    pub concealed: u64,
    /// Samples left out to be faster.
    pub shortened: u64,
    /// Samples doubled to be slower.
    pub lengthened: u64,
}

/// The sound of one stream.
#[derive(Debug)]
pub struct Playout {
    codec: Codec,
    rate: Rate,
    buffer: JitterBuffer,
    transit: Transit,
    concealer: Concealer,
    /// Decoded and not yet played.
    decoded: Vec<i16>,
    /// The time of what is decoded next; nothing while the line is silent.
    next: Option<i64>,
    /// Ticks filled in while the place was kept.
    held: i64,
    slow: u32,
    patience: u32,
    stats: PlayoutStats,
}

impl Playout {
    /// Nothing received yet.
    #[must_use]
    pub fn new(codec: Codec, seed: u64) -> Self {
        Self::at_rate(codec, codec.rate(), seed)
    }

    /// The same with sound at another rate than the codec's own; its decoder is one of
    /// [`crate::open_for_room`].
    #[must_use]
    pub fn at_rate(codec: Codec, rate: Rate, seed: u64) -> Self {
        Self {
            codec,
            rate,
            buffer: JitterBuffer::default(),
            transit: Transit::default(),
            concealer: Concealer::new(rate, seed),
            decoded: Vec::new(),
            next: None,
            held: 0,
            slow: 0,
            patience: 0,
            stats: PlayoutStats::default(),
        }
    }

    /// What has happened so far.
    #[must_use]
    pub const fn stats(&self) -> PlayoutStats {
        self.stats
    }

    /// How long after the fastest packet its sound is played, now; nothing while the line is silent.
    #[must_use]
    pub fn delay_us(&self, now_us: i64) -> Option<i64> {
        let decoded = self.ticks(self.decoded.len());
        self.age_us(now_us, self.next?.saturating_sub(decoded))
    }

    /// What the delay should be.
    #[must_use]
    pub fn target_us(&self) -> i64 {
        (self.transit.spread_us() + MARGIN_US).clamp(DELAY_MIN_US, DELAY_MAX_US)
    }

    /// Another stream begins: what waits of the old one is void.
    pub fn restart(&mut self) {
        self.buffer = JitterBuffer::default();
        self.transit = Transit::default();
        self.next = None;
        self.held = 0;
        self.slow = 0;
    }

    /// Takes a packet that came now.
    pub fn insert(&mut self, now_us: i64, timestamp: u32, content: Content) {
        let at = match self.buffer.insert(timestamp, content) {
            Inserted::Waits(at) => at,
            Inserted::Late(at) => {
                self.stats.late += 1;
                at
            }
            Inserted::Double => {
                self.stats.doubles += 1;
                return;
            }
            Inserted::Jumped => {
                self.transit = Transit::default();
                self.next = None;
                self.held = 0;
                i64::from(timestamp)
            }
        };
        let is_slow = self
            .age_us(now_us, at)
            .is_some_and(|age| age > DELAY_MAX_US);
        self.slow = if is_slow { self.slow + 1 } else { 0 };
        if self.slow >= SLOW_IN_ROW {
            self.slow = 0;
            self.transit = Transit::default();
            self.next = None;
        }
        self.transit.count(now_us.saturating_sub(self.us(at)));
    }

    /// Fills the next frame.
    pub fn play(&mut self, now_us: i64, speech: &mut dyn Speech, frame: &mut [i16]) {
        self.steer(now_us, speech);
        // Each turn makes at least one sample or decides to wait; the bound is for odd payloads.
        for _ in 0..64 {
            if self.decoded.len() >= frame.len() {
                break;
            }
            self.more(now_us, speech, frame.len() - self.decoded.len());
        }
        let ready = self.decoded.len().min(frame.len());
        for (to, from) in frame.iter_mut().zip(self.decoded.drain(..ready)) {
            *to = from;
        }
        frame.iter_mut().skip(ready).for_each(|sample| *sample = 0);
    }

    /// Brings the delay nearer to what it should be.
    fn steer(&mut self, now_us: i64, speech: &mut dyn Speech) {
        self.patience = self.patience.saturating_sub(1);
        let Some(delay) = self.delay_us(now_us) else {
            return;
        };
        let off = delay - self.target_us();
        if (-SHORT_US..LONG_US).contains(&off) || (self.patience > 0 && off.abs() < URGENT_US) {
            return;
        }
        if delay > DELAY_MAX_US + 2 * FRAME_US {
            self.leap(now_us);
            return;
        }
        let rate = self.rate;
        // Sound for two periods must be at hand, without looking for what has not come.
        while self.decoded.len() < rate.frame() * 2 && self.next.is_some() {
            if self.buffer.next_at() != self.next || !self.decode_next(speech) {
                break;
            }
        }
        self.patience = PATIENCE;
        if off > 0 {
            let less = stretch::shorten(rate, &mut self.decoded);
            self.stats.shortened += less as u64;
        } else {
            let more = stretch::lengthen(rate, &mut self.decoded);
            self.stats.lengthened += more as u64;
        }
    }

    /// Far behind: goes on with the sound of now.
    fn leap(&mut self, now_us: i64) {
        self.decoded.clear();
        let target = self.target_us();
        while let Some(at) = self.buffer.next_at() {
            if self
                .age_us(now_us, at)
                .is_none_or(|age| age <= target + FRAME_US)
            {
                break;
            }
            let _ = self.buffer.pop();
        }
        if let Some(at) = self.buffer.next_at() {
            self.next = Some(at);
            self.buffer.play_from(at);
        } else {
            self.next = None;
        }
        self.held = 0;
        // What comes next is blended with what would have followed.
        self.concealer.interrupted();
    }

    /// Appends something, up to `samples` where nothing is there to decode.
    fn more(&mut self, now_us: i64, speech: &mut dyn Speech, samples: usize) {
        match (self.next, self.buffer.next_at()) {
            (None, None) => self.concealer.fill_noise(samples, &mut self.decoded),
            (None, Some(at)) => self.begin(now_us, at, samples),
            (Some(next), Some(at)) if at <= next => {
                let _ = self.decode_next(speech);
            }
            (Some(next), Some(at)) => self.bridge(next, at, samples),
            (Some(next), None) => self.starve(now_us, next, samples),
        }
    }

    /// Something has come after silence: it waits as long as all will.
    fn begin(&mut self, now_us: i64, at: i64, samples: usize) {
        if let Some(Content::Noise(payload)) = self.buffer.peek() {
            if let Ok(shape) = NoiseShape::parse(payload) {
                self.concealer.silence_is(&shape);
            }
            let _ = self.buffer.pop();
            return;
        }
        let age = self.age_us(now_us, at).unwrap_or(0);
        if age > DELAY_MAX_US && self.buffer.len() > 1 {
            let _ = self.buffer.pop();
            self.stats.late += 1;
        } else if age >= self.target_us() - FRAME_US / 2 {
            self.next = Some(at);
            self.held = 0;
            self.buffer.play_from(at);
        } else {
            self.concealer.fill_noise(samples, &mut self.decoded);
        }
    }

    /// Decodes the packet that is next. Answers whether there was one with sound.
    fn decode_next(&mut self, speech: &mut dyn Speech) -> bool {
        let Some(stored) = self.buffer.pop() else {
            return false;
        };
        self.held = 0;
        let begun = self.decoded.len();
        let payload = match stored.content {
            Content::Speech(payload) => payload,
            Content::Noise(payload) => {
                if let Ok(shape) = NoiseShape::parse(&payload) {
                    self.concealer.silence_is(&shape);
                }
                self.next = None;
                return false;
            }
        };
        if speech.decode(&payload, &mut self.decoded).is_err() || self.decoded.len() == begun {
            self.stats.broken += 1;
            self.decoded.truncate(begun);
            let frame = self.rate.frame();
            self.stats.concealed += frame as u64;
            self.concealer.fill(frame, &mut self.decoded);
        } else if let Some(sound) = self.decoded.get_mut(begun..) {
            self.concealer.heard(sound);
        }
        let next = stored.at + self.ticks(self.decoded.len() - begun);
        self.next = Some(next);
        self.buffer.play_from(next);
        true
    }

    /// Something is missing before what has come.
    fn bridge(&mut self, next: i64, at: i64, samples: usize) {
        // What was filled in while the place was kept stands for what is missing.
        let skipped = self.held.min(at - next);
        self.held = 0;
        let next = next + skipped;
        self.next = Some(next);
        let gap = self.samples(at - next);
        if gap == 0 {
            self.next = Some(at);
            return;
        }
        // Opus could conceal by itself or take the copy in the next packet, but does not always go on
        // where it was: blended waveforms do, for all codecs.
        let made = gap.min(samples);
        self.concealer.fill(made, &mut self.decoded);
        self.stats.concealed += made as u64;
        self.next = Some(next + self.ticks(made));
        self.fall_silent();
    }

    /// Nothing has come: it is late, lost, or nobody sends.
    fn starve(&mut self, now_us: i64, next: i64, samples: usize) {
        self.concealer.fill(samples, &mut self.decoded);
        self.stats.concealed += samples as u64;
        let ticks = self.ticks(samples);
        if self
            .age_us(now_us, next)
            .is_none_or(|age| age >= DELAY_MAX_US)
        {
            self.next = Some(next + ticks);
            self.buffer.play_from(next + ticks);
        } else {
            self.held += ticks;
        }
        self.fall_silent();
    }

    fn fall_silent(&mut self) {
        if self.concealer.made() >= SILENT_AFTER_MS * self.rate.per_ms() {
            self.next = None;
            self.held = 0;
        }
    }

    /// How long after the fastest packet of this time now is.
    fn age_us(&self, now_us: i64, at: i64) -> Option<i64> {
        let fastest = self.transit.fastest_us()?;
        Some(now_us.saturating_sub(self.us(at)).saturating_sub(fastest))
    }

    fn us(&self, ticks: i64) -> i64 {
        ticks.saturating_mul(1_000_000) / i64::from(self.codec.clock_hz())
    }

    fn ticks(&self, samples: usize) -> i64 {
        let frame = self.rate.frame();
        let samples = i64::try_from(samples).unwrap_or(0);
        samples.saturating_mul(i64::from(self.codec.frame_ticks())) / frame as i64
    }

    fn samples(&self, ticks: i64) -> usize {
        let frame = self.rate.frame();
        let ticks = usize::try_from(ticks).unwrap_or(0);
        ticks.saturating_mul(frame) / (self.codec.frame_ticks() as usize).max(1)
    }
}

const _: () = assert!(FRAME_US == FRAME_MS as i64 * 1_000);
const _: () = assert!(Rate::Wide.frame() * 2 >= 24 * Rate::Wide.per_ms());
