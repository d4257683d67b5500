//! Notices within a second that nothing arrives any more.

/// Fewer bytes between two looks are no sign that the server should have answered: a page that
/// sends no media sends a report now and then.
const SENT_BYTES_MIN: u64 = 500;
/// Looks in a row without a byte.
const SILENT_LOOKS: u32 = 2;

/// What has passed the transport since it began, without connectivity checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Beat {
    /// Sent, in bytes.
    pub(crate) sent_bytes: u64,
    /// Received, in bytes.
    pub(crate) received_bytes: u64,
}

/// Looks at one transport again and again.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pulse {
    last: Beat,
    silent: u32,
}

impl Pulse {
    /// Takes a look; answers whether the transport has just stalled. A transport that was replaced
    /// begins anew.
    pub(crate) fn feed(&mut self, beat: Beat) -> bool {
        let sent = beat.sent_bytes.saturating_sub(self.last.sent_bytes);
        let arrived = beat.received_bytes != self.last.received_bytes;
        let fresh = self.last == Beat::default();
        self.last = beat;
        if arrived || fresh {
            self.silent = 0;
            return false;
        }
        if sent < SENT_BYTES_MIN {
            return false;
        }
        self.silent = self.silent.saturating_add(1);
        self.silent.is_multiple_of(SILENT_LOOKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(pulse: &mut Pulse, sent_bytes: u64, received_bytes: u64) -> bool {
        pulse.feed(Beat {
            sent_bytes,
            received_bytes,
        })
    }

    #[test]
    fn two_looks_without_an_answer_are_a_stall_and_said_again_while_it_lasts() {
        let mut pulse = Pulse::default();
        assert!(!feed(&mut pulse, 10_000, 1));
        assert!(!feed(&mut pulse, 20_000, 2));
        assert!(!feed(&mut pulse, 30_000, 2));
        assert!(feed(&mut pulse, 40_000, 2));
        assert!(!feed(&mut pulse, 50_000, 2));
        assert!(feed(&mut pulse, 60_000, 2));
        assert!(!feed(&mut pulse, 70_000, 3));
    }

    #[test]
    fn who_sends_nothing_expects_nothing() {
        let mut pulse = Pulse::default();
        feed(&mut pulse, 10_000, 5);
        for n in 0..10 {
            assert!(!feed(&mut pulse, 10_000 + n * 100, 5));
        }
    }
}
