//! Everybody but oneself.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::limiter::Limiter;
use crate::rate::Rate;

/// Speakers of one frame. The room's loudest are enough; more are refused.
pub const SPEAKERS_MAX: usize = 32;

/// Who speaks or listens. The room says what the numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpeakerId(pub u64);

/// The frame has its speakers already.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{SPEAKERS_MAX} speakers are in this frame already")]
pub struct TooManySpeakers;

/// The sound of a room at one rate: each speaker's frame is added once, each listener gets the sum
/// less their own.
#[derive(Debug)]
pub struct Mixer {
    rate: Rate,
    sum: Vec<i32>,
    frames: BTreeMap<SpeakerId, Vec<i16>>,
    limiters: BTreeMap<SpeakerId, Limiter>,
}

impl Mixer {
    /// An empty room.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            sum: vec![0; rate.frame()],
            frames: BTreeMap::new(),
            limiters: BTreeMap::new(),
        }
    }

    /// The next 20 ms begin: nobody has spoken yet.
    pub fn begin(&mut self) {
        self.sum.iter_mut().for_each(|sum| *sum = 0);
        self.frames.clear();
    }

    /// Somebody's frame. A second one of the same person in 20 ms replaces the first.
    ///
    /// # Errors
    /// When too many speak; the others are heard nevertheless.
    pub fn add(&mut self, who: SpeakerId, frame: &[i16]) -> Result<(), TooManySpeakers> {
        if self.frames.len() >= SPEAKERS_MAX && !self.frames.contains_key(&who) {
            return Err(TooManySpeakers);
        }
        let mut frame = frame.to_vec();
        frame.resize(self.rate.frame(), 0);
        for (sum, &sample) in self.sum.iter_mut().zip(&frame) {
            *sum += i32::from(sample);
        }
        if let Some(before) = self.frames.insert(who, frame) {
            for (sum, sample) in self.sum.iter_mut().zip(before) {
                *sum -= i32::from(sample);
            }
        }
        Ok(())
    }

    /// What this listener hears: all others, a millisecond later, never clipped.
    pub fn heard_by(&mut self, who: SpeakerId) -> Vec<i16> {
        let mut sums = self.sum.clone();
        if let Some(own) = self.frames.get(&who) {
            for (sum, &sample) in sums.iter_mut().zip(own) {
                *sum -= i32::from(sample);
            }
        }
        let rate = self.rate;
        let limiter = self
            .limiters
            .entry(who)
            .or_insert_with(|| Limiter::new(rate));
        let mut out = Vec::with_capacity(sums.len());
        limiter.limit(&sums, &mut out);
        out
    }

    /// Somebody has left.
    pub fn remove(&mut self, who: SpeakerId) {
        self.limiters.remove(&who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn more_than_may_speak_are_refused_and_the_rest_goes_on() {
        let mut mixer = Mixer::new(Rate::Narrow);
        mixer.begin();
        for who in 0..SPEAKERS_MAX as u64 {
            mixer.add(SpeakerId(who), &[10; 160]).unwrap();
        }
        assert_eq!(mixer.add(SpeakerId(99), &[10; 160]), Err(TooManySpeakers));
        assert_eq!(mixer.heard_by(SpeakerId(0))[100], 310);
    }

    #[test]
    fn one_person_has_one_frame() {
        let mut mixer = Mixer::new(Rate::Narrow);
        mixer.begin();
        mixer.add(SpeakerId(1), &[500; 160]).unwrap();
        mixer.add(SpeakerId(1), &[7; 160]).unwrap();
        assert_eq!(mixer.heard_by(SpeakerId(2))[100], 7);
        assert_eq!(mixer.heard_by(SpeakerId(1))[100], 0);
    }

    proptest! {
        /// Whatever one says, one's own mix is the same to the last bit: no echo at all.
        #[test]
        fn nobody_hears_themself(
            own in prop::collection::vec(any::<i16>(), 320),
            other in prop::collection::vec(any::<i16>(), 320),
        ) {
            let mix = |own: &[i16]| {
                let mut mixer = Mixer::new(Rate::Narrow);
                let mut heard = Vec::new();
                for (own, other) in own.chunks(160).zip(other.chunks(160)) {
                    mixer.begin();
                    mixer.add(SpeakerId(1), own).unwrap();
                    mixer.add(SpeakerId(2), other).unwrap();
                    heard.extend(mixer.heard_by(SpeakerId(1)));
                }
                heard
            };
            prop_assert_eq!(mix(&own), mix(&[0; 320]));
        }
    }
}
