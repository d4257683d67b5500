//! What feeds a slot: policy names an aim, packets decide when it takes over.

use super::frame::Frame;
use super::select::{Limit, Selector};

/// What a slot should get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Aim {
    /// Index into the publication's list of layers.
    pub(crate) layer: usize,
    /// The highest temporal layer that passes, 0 is the lowest; `u8::MAX` is all.
    pub(crate) temporal: u8,
}

impl Aim {
    /// A layer with all its frames.
    pub(crate) const fn whole(layer: usize) -> Self {
        Self {
            layer,
            temporal: u8::MAX,
        }
    }
}

/// What to do with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Of a stream that does not feed this slot.
    Foreign,
    /// Of the stream that feeds the slot, but not for this subscriber: its numbers are cut out.
    Skip,
    /// The next packet of the stream that feeds the slot; `ends`: the last one of its picture.
    Forward { ends: bool },
    /// The first packet of another stream, or after a pause: splice, then forward.
    Splice { ends: bool },
}

/// What a packet is to a switcher.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passing<'a> {
    /// Which of the publication's streams it is from.
    pub(crate) stream: usize,
    /// RTP timestamp as sent.
    pub(crate) timestamp: u32,
    /// A decoder can start with it.
    pub(crate) starts_decoding: bool,
    /// Its frame, if the codec tells.
    pub(crate) frame: Option<&'a Frame>,
}

/// Two inputs, [`Switcher::aim`] (policy) and [`Switcher::feed`] (packets), and one promise: after
/// a splice a decoder can start, and until then the old stream goes on.
#[derive(Debug, Default)]
pub(crate) struct Switcher {
    target: Option<Aim>,
    /// The layers are spatial layers of one stream; otherwise each is a stream.
    scalable: bool,
    feeding: Option<Feeding>,
    /// Until the allocator names temporal layers, tests do.
    #[cfg(test)]
    pub(crate) cap: Option<u8>,
}

#[derive(Debug)]
struct Feeding {
    stream: usize,
    selector: Selector,
}

impl Switcher {
    /// Names what should feed the slot; `None` pauses at once.
    pub(crate) fn aim(&mut self, target: Option<Aim>) {
        self.target = target;
        if target.is_none() {
            self.feeding = None;
        }
        self.apply();
    }

    /// Says whether the publication's layers are spatial layers of one stream.
    pub(crate) fn fit(&mut self, scalable: bool) {
        self.scalable = scalable;
        self.apply();
    }

    /// Forgets what was fed: the source itself has changed or paused.
    pub(crate) fn restart(&mut self) {
        *self = Self::default();
    }

    /// The layer that feeds the slot.
    pub(crate) fn current(&self) -> Option<usize> {
        let feeding = self.feeding.as_ref()?;
        Some(if self.scalable {
            usize::from(feeding.selector.top().spatial)
        } else {
            feeding.stream
        })
    }

    /// The layer that should feed the slot.
    pub(crate) fn target(&self) -> Option<usize> {
        self.target.map(|aim| aim.layer)
    }

    /// The layer whose key frame is waited for. Lower spatial layers of the same stream need none.
    pub(crate) fn waits_for(&self) -> Option<usize> {
        let target = self.target()?;
        match self.current() {
            Some(current) if current == target => None,
            Some(current) if self.scalable && current > target => None,
            _ => Some(target),
        }
    }

    /// Judges one packet.
    pub(crate) fn feed(&mut self, packet: Passing<'_>) -> Verdict {
        if let Some(feeding) = &mut self.feeding
            && feeding.stream == packet.stream
        {
            return match feeding.judge(packet) {
                Some(ends) => Verdict::Forward { ends },
                None => Verdict::Skip,
            };
        }
        let Some(target) = self.target else {
            return Verdict::Foreign;
        };
        if self.stream_of(target) != packet.stream || !packet.starts_decoding {
            return Verdict::Foreign;
        }
        let mut feeding = Feeding {
            stream: packet.stream,
            selector: Selector::new(self.limit_of(target)),
        };
        let ends = feeding.judge(packet).unwrap_or(false);
        self.feeding = Some(feeding);
        Verdict::Splice { ends }
    }

    fn apply(&mut self) {
        let Some(target) = self.target else { return };
        let (stream, limit) = (self.stream_of(target), self.limit_of(target));
        if let Some(feeding) = &mut self.feeding {
            // While another stream is waited for, the old one keeps its own limit.
            if feeding.stream == stream {
                feeding.selector.limit(limit);
            }
        }
    }

    fn stream_of(&self, aim: Aim) -> usize {
        if self.scalable { 0 } else { aim.layer }
    }

    fn limit_of(&self, aim: Aim) -> Limit {
        let spatial = match u8::try_from(aim.layer) {
            Ok(layer) if self.scalable => layer,
            _ => u8::MAX,
        };
        Limit {
            spatial,
            #[cfg(not(test))]
            temporal: aim.temporal,
            #[cfg(test)]
            temporal: self.cap.unwrap_or(aim.temporal),
        }
    }
}

impl Feeding {
    /// `None`: the packet does not pass. Otherwise whether it ends its picture.
    fn judge(&mut self, packet: Passing<'_>) -> Option<bool> {
        let Some(frame) = packet.frame else {
            return Some(false);
        };
        self.selector
            .passes(packet.timestamp, frame)
            .then(|| self.selector.ends_picture(packet.timestamp, frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forward::frame::Needs;

    fn packet(stream: usize, starts_decoding: bool) -> Passing<'static> {
        Passing {
            stream,
            timestamp: 0,
            starts_decoding,
            frame: None,
        }
    }

    const SPLICE: Verdict = Verdict::Splice { ends: false };
    const FORWARD: Verdict = Verdict::Forward { ends: false };

    #[test]
    fn the_old_layer_goes_on_until_a_key_frame_of_the_new_one() {
        let mut switcher = Switcher::default();
        switcher.aim(Some(Aim::whole(0)));
        assert_eq!(switcher.feed(packet(0, true)), SPLICE);
        switcher.aim(Some(Aim::whole(1)));
        assert_eq!(switcher.feed(packet(1, false)), Verdict::Foreign);
        assert_eq!(switcher.feed(packet(0, false)), FORWARD);
        assert_eq!(switcher.feed(packet(1, true)), SPLICE);
        assert_eq!(switcher.feed(packet(0, true)), Verdict::Foreign);
    }

    #[test]
    fn after_a_pause_only_a_key_frame_starts_again() {
        let mut switcher = Switcher::default();
        switcher.aim(Some(Aim::whole(0)));
        switcher.feed(packet(0, true));
        switcher.aim(None);
        assert_eq!(switcher.feed(packet(0, true)), Verdict::Foreign);
        switcher.aim(Some(Aim::whole(0)));
        assert_eq!(switcher.feed(packet(0, false)), Verdict::Foreign);
        assert_eq!(switcher.feed(packet(0, true)), SPLICE);
    }

    #[test]
    fn layers_of_one_stream_change_without_a_splice() {
        let mut switcher = Switcher::default();
        switcher.fit(true);
        switcher.aim(Some(Aim::whole(1)));
        let feed = |switcher: &mut Switcher, timestamp, spatial, needs| {
            let frame = Frame {
                spatial,
                temporal: 0,
                ends: true,
                needs,
            };
            switcher.feed(Passing {
                stream: 0,
                timestamp,
                starts_decoding: needs == Needs::Nothing,
                frame: Some(&frame),
            })
        };
        assert_eq!(feed(&mut switcher, 0, 0, Needs::Nothing), SPLICE);
        assert_eq!(switcher.waits_for(), Some(1));
        let ends = Verdict::Forward { ends: true };
        assert_eq!(feed(&mut switcher, 0, 1, Needs::LowerLayers), ends);
        assert_eq!((switcher.current(), switcher.waits_for()), (Some(1), None));
        switcher.aim(Some(Aim::whole(0)));
        assert_eq!(switcher.waits_for(), None);
        assert_eq!(feed(&mut switcher, 1, 0, Needs::Earlier), ends);
        assert_eq!(feed(&mut switcher, 1, 1, Needs::Earlier), Verdict::Skip);
    }
}
