//! Which frames of one stream pass: a highest spatial and a highest temporal layer, lowered at the
//! next frame, raised only where a decoder can follow.

use std::collections::VecDeque;

use super::frame::{Frame, Links, Needs, SPATIAL_TOP, TEMPORAL_TOP, extend};

/// Frames whose verdict is remembered, so that late packets share it: at 30 frames with 3 layers
/// each this is longer than a resend takes, and a search through it is short.
const VERDICTS_MAX: usize = 32;
/// Dropped frames that are remembered by number. What names older ones is trusted.
const DROPPED_MAX: usize = 128;

/// The layers that may pass, as zero-based highest ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) spatial: u8,
    pub(crate) temporal: u8,
}

#[cfg(test)]
impl Limit {
    /// Everything passes.
    pub(crate) const NONE: Self = Self {
        spatial: u8::MAX,
        temporal: u8::MAX,
    };
}

/// Judges the frames of one stream, from one of its key frames on.
#[derive(Debug)]
pub(crate) struct Selector {
    limit: Limit,
    /// What passes now; never above the limit of the latest frame.
    top: Limit,
    /// RTP timestamp of the newest picture.
    newest: Option<u32>,
    /// RTP timestamp of the newest key picture.
    key: Option<u32>,
    verdicts: VecDeque<Verdict>,
    /// Numbers of frames that were dropped.
    dropped: VecDeque<u64>,
    /// The latest frame number.
    latest: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Verdict {
    timestamp: u32,
    spatial: u8,
    passes: bool,
}

impl Selector {
    pub(crate) fn new(limit: Limit) -> Self {
        Self {
            limit,
            top: Limit {
                spatial: 0,
                temporal: limit.temporal,
            },
            newest: None,
            key: None,
            verdicts: VecDeque::new(),
            dropped: VecDeque::new(),
            latest: None,
        }
    }

    /// Lowers or raises the limit; it holds from the next frame on.
    pub(crate) fn limit(&mut self, limit: Limit) {
        self.limit = limit;
    }

    /// The highest layers that pass at the moment.
    pub(crate) fn top(&self) -> Limit {
        self.top
    }

    /// Whether a packet of `frame` passes. All packets of a frame get the same answer.
    pub(crate) fn passes(&mut self, timestamp: u32, frame: &Frame) -> bool {
        let known = self
            .verdicts
            .iter()
            .rev()
            .find(|known| (known.timestamp, known.spatial) == (timestamp, frame.spatial));
        if let Some(known) = known {
            return known.passes;
        }
        let late = self
            .newest
            .is_some_and(|newest| newest != timestamp && !is_later(timestamp, newest));
        let passes = if late {
            self.judge_late(frame)
        } else {
            self.newest = Some(timestamp);
            self.judge(timestamp, frame)
        };
        if let (false, Needs::Named(links)) = (passes, &frame.needs) {
            self.drop_number(links);
        }
        if self.verdicts.len() >= VERDICTS_MAX {
            self.verdicts.pop_front();
        }
        self.verdicts.push_back(Verdict {
            timestamp,
            spatial: frame.spatial,
            passes,
        });
        passes
    }

    /// Whether a packet that passes is the last of its picture for this receiver.
    pub(crate) fn ends_picture(&self, timestamp: u32, frame: &Frame) -> bool {
        // Above a key picture's lower layers others follow at once, unless the limit cuts them.
        let stuck = self.key != Some(timestamp) && frame.spatial == self.top.spatial;
        frame.ends && (frame.spatial == self.limit.spatial || stuck)
    }

    fn judge(&mut self, timestamp: u32, frame: &Frame) -> bool {
        self.top.temporal = self.top.temporal.min(self.limit.temporal);
        self.top.spatial = self.top.spatial.min(self.limit.spatial);
        if frame.spatial > self.limit.spatial || frame.temporal > self.limit.temporal {
            return false;
        }
        match frame.needs {
            Needs::Nothing => {
                self.key = Some(timestamp);
                self.top = Limit {
                    spatial: frame.spatial,
                    temporal: self.limit.temporal,
                };
                self.dropped.clear();
            }
            Needs::LowerLayers => {
                if frame.spatial == self.top.spatial.saturating_add(1) {
                    self.top.spatial = frame.spatial;
                }
                if frame.temporal == self.top.temporal.saturating_add(1) {
                    self.top.temporal = frame.temporal;
                }
            }
            Needs::Earlier | Needs::EarlierThenAll => {}
            Needs::Named(links) => return self.judge_named(frame, &links),
        }
        let passes = self.is_within_top(frame);
        if passes && frame.needs == Needs::EarlierThenAll {
            self.top.temporal = self.limit.temporal;
        }
        passes
    }

    fn judge_named(&mut self, frame: &Frame, links: &Links) -> bool {
        let number = extend(self.latest, links.number, links.bits);
        self.latest = Some(self.latest.map_or(number, |latest| latest.max(number)));
        let passes = self.decodable(number, links);
        if passes {
            self.top.spatial = self.top.spatial.max(frame.spatial);
            self.top.temporal = self.top.temporal.max(frame.temporal);
        } else if frame.spatial > 0 && frame.temporal == 0 {
            self.top.spatial = self.top.spatial.min(frame.spatial - 1);
        }
        passes
    }

    fn judge_late(&self, frame: &Frame) -> bool {
        let decodable = match &frame.needs {
            Needs::Named(links) => {
                self.decodable(extend(self.latest, links.number, links.bits), links)
            }
            Needs::Nothing | Needs::LowerLayers | Needs::Earlier | Needs::EarlierThenAll => true,
        };
        decodable && self.is_within_top(frame)
    }

    fn is_within_top(&self, frame: &Frame) -> bool {
        frame.spatial <= self.top.spatial && frame.temporal <= self.top.temporal
    }

    fn decodable(&self, number: u64, links: &Links) -> bool {
        links.back.iter().filter(|back| **back > 0).all(|back| {
            !self
                .dropped
                .contains(&number.saturating_sub((*back).into()))
        })
    }

    fn drop_number(&mut self, links: &Links) {
        let number = extend(self.latest, links.number, links.bits);
        self.latest = Some(self.latest.map_or(number, |latest| latest.max(number)));
        if self.dropped.len() >= DROPPED_MAX {
            self.dropped.pop_front();
        }
        self.dropped.push_back(number);
    }
}

/// Whether RTP timestamp `a` is after `b` (RFC 3550 section 5.1; they wrap).
fn is_later(a: u32, b: u32) -> bool {
    a != b && a.wrapping_sub(b) < 1 << 31
}

/// Keeps layer numbers within what is told apart.
pub(crate) fn clamp_layers(spatial: u8, temporal: u8) -> (u8, u8) {
    (spatial.min(SPATIAL_TOP), temporal.min(TEMPORAL_TOP))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(spatial: u8, temporal: u8, needs: Needs) -> Frame {
        Frame {
            spatial,
            temporal,
            ends: true,
            needs,
        }
    }

    fn named(spatial: u8, temporal: u8, number: u32, back: &[u16]) -> Frame {
        let mut links = Links {
            number,
            bits: 16,
            back: [0; super::super::frame::LINKS_MAX],
        };
        links.back[..back.len()].copy_from_slice(back);
        frame(spatial, temporal, Needs::Named(links))
    }

    fn limit(spatial: u8, temporal: u8) -> Limit {
        Limit { spatial, temporal }
    }

    #[test]
    fn a_temporal_layer_goes_at_once_and_comes_back_at_its_sync_only() {
        let mut selector = Selector::new(Limit::NONE);
        assert!(selector.passes(0, &frame(0, 0, Needs::Nothing)));
        assert!(selector.passes(1, &frame(0, 1, Needs::Earlier)));
        selector.limit(limit(0, 0));
        assert!(
            selector.passes(1, &frame(0, 1, Needs::Earlier)),
            "the frame had begun"
        );
        assert!(!selector.passes(2, &frame(0, 1, Needs::LowerLayers)));
        selector.limit(Limit::NONE);
        assert!(selector.passes(3, &frame(0, 0, Needs::Earlier)));
        assert!(!selector.passes(4, &frame(0, 1, Needs::Earlier)));
        assert!(
            !selector.passes(5, &frame(0, 2, Needs::LowerLayers)),
            "one step at a time"
        );
        assert!(selector.passes(6, &frame(0, 1, Needs::LowerLayers)));
        assert!(selector.passes(7, &frame(0, 1, Needs::Earlier)));
        assert!(selector.passes(8, &frame(0, 2, Needs::LowerLayers)));
    }

    #[test]
    fn a_late_packet_shares_the_verdict_of_its_frame() {
        let mut selector = Selector::new(limit(0, 0));
        assert!(selector.passes(0, &frame(0, 0, Needs::Nothing)));
        assert!(!selector.passes(1, &frame(0, 1, Needs::LowerLayers)));
        selector.limit(Limit::NONE);
        assert!(selector.passes(2, &frame(0, 1, Needs::LowerLayers)));
        assert!(!selector.passes(1, &frame(0, 1, Needs::LowerLayers)));
    }

    #[test]
    fn a_switching_up_point_opens_all_temporal_layers_behind_it() {
        let mut selector = Selector::new(limit(0, 0));
        assert!(selector.passes(0, &frame(0, 0, Needs::Nothing)));
        selector.limit(Limit::NONE);
        assert!(!selector.passes(1, &frame(0, 2, Needs::Earlier)));
        assert!(selector.passes(2, &frame(0, 0, Needs::EarlierThenAll)));
        assert!(selector.passes(3, &frame(0, 2, Needs::Earlier)));
    }

    #[test]
    fn a_frame_that_names_a_dropped_one_is_dropped_too() {
        let mut selector = Selector::new(limit(0, 1));
        assert!(selector.passes(0, &named(0, 0, 0, &[])));
        assert!(
            !selector.passes(0, &named(1, 0, 1, &[1])),
            "above the limit"
        );
        selector.limit(Limit::NONE);
        assert!(selector.passes(1, &named(0, 0, 2, &[2])));
        assert!(
            !selector.passes(1, &named(1, 0, 3, &[1, 2])),
            "names number 1"
        );
        assert_eq!(selector.top().spatial, 0);
        assert!(selector.passes(2, &named(0, 0, 4, &[])));
        assert!(selector.passes(2, &named(1, 0, 5, &[1])));
        assert_eq!(selector.top().spatial, 1);
    }

    #[test]
    fn spatial_layers_rise_with_a_key_picture() {
        let mut selector = Selector::new(limit(0, 0));
        assert!(selector.passes(0, &frame(0, 0, Needs::Nothing)));
        assert!(selector.ends_picture(0, &frame(0, 0, Needs::Nothing)));
        assert!(!selector.passes(0, &frame(1, 0, Needs::LowerLayers)));
        selector.limit(limit(1, 0));
        assert!(selector.passes(1, &frame(0, 0, Needs::Earlier)));
        assert!(
            selector.ends_picture(1, &frame(0, 0, Needs::Earlier)),
            "nothing follows yet"
        );
        assert!(!selector.passes(1, &frame(1, 0, Needs::Earlier)));
        assert!(selector.passes(2, &frame(0, 0, Needs::Nothing)));
        assert!(!selector.ends_picture(2, &frame(0, 0, Needs::Nothing)));
        assert!(selector.passes(2, &frame(1, 0, Needs::LowerLayers)));
        assert!(selector.ends_picture(2, &frame(1, 0, Needs::LowerLayers)));
        assert!(selector.passes(3, &frame(1, 0, Needs::Earlier)));
    }
}
