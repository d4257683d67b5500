//! Which layer feeds a slot: policy names a target, packets decide when it takes over.

/// What to do with a packet of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not this slot's layer.
    Drop,
    /// The next packet of the layer that feeds the slot.
    Forward,
    /// The first packet of another layer, or after a pause: splice, then forward.
    Splice,
}

/// Two inputs, [`Switcher::aim`] (policy) and [`Switcher::feed`] (packets), and one promise: after
/// a splice a decoder can start, and until then the old layer goes on.
#[derive(Debug, Default)]
pub(crate) struct Switcher {
    current: Option<usize>,
    target: Option<usize>,
}

impl Switcher {
    /// Names the layer that should feed the slot; `None` pauses at once.
    pub(crate) fn aim(&mut self, target: Option<usize>) {
        self.target = target;
        if target.is_none() {
            self.current = None;
        }
    }

    /// Forgets what was fed: the source itself has changed or paused.
    pub(crate) fn restart(&mut self) {
        self.current = None;
        self.target = None;
    }

    pub(crate) fn current(&self) -> Option<usize> {
        self.current
    }

    pub(crate) fn target(&self) -> Option<usize> {
        self.target
    }

    /// The layer whose key frame is waited for.
    pub(crate) fn waits_for(&self) -> Option<usize> {
        if self.current == self.target {
            None
        } else {
            self.target
        }
    }

    /// Judges one packet. `starts_decoding`: a decoder can start with it.
    pub(crate) fn feed(&mut self, layer: usize, starts_decoding: bool) -> Verdict {
        if self.current == Some(layer) {
            return Verdict::Forward;
        }
        if self.target == Some(layer) && starts_decoding {
            self.current = Some(layer);
            return Verdict::Splice;
        }
        Verdict::Drop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_layer_goes_on_until_a_key_frame_of_the_new_one() {
        let mut switcher = Switcher::default();
        switcher.aim(Some(0));
        assert_eq!(switcher.feed(0, true), Verdict::Splice);
        switcher.aim(Some(1));
        assert_eq!(switcher.feed(1, false), Verdict::Drop);
        assert_eq!(switcher.feed(0, false), Verdict::Forward);
        assert_eq!(switcher.feed(1, true), Verdict::Splice);
        assert_eq!(switcher.feed(0, true), Verdict::Drop);
    }

    #[test]
    fn after_a_pause_only_a_key_frame_starts_again() {
        let mut switcher = Switcher::default();
        switcher.aim(Some(0));
        switcher.feed(0, true);
        switcher.aim(None);
        assert_eq!(switcher.feed(0, true), Verdict::Drop);
        switcher.aim(Some(0));
        assert_eq!(switcher.feed(0, false), Verdict::Drop);
        assert_eq!(switcher.feed(0, true), Verdict::Splice);
    }
}
