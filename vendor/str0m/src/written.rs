//! The short way of written RTP packets through an [`Rtc`].
//!
//! [`Input::Timeout`] runs every timer of the tree and polls every part of it afterwards. A server that
//! forwards packets would do that once for each of them, although none of the timers is due. The short
//! way gives written packets their time, asks the pacer and polls only the session's datagrams. As soon
//! as anything else could be due, it is the long one.

use std::time::{Duration, Instant};

use crate::rtp::{RtpWrite, Ssrc};
use crate::{Input, Rtc, RtcError, RtcState};

/// Timers are run at least this often while packets are sent, even if none of them is due: parts of
/// the bandwidth estimation look at the time whenever they can.
const LONG_WAY: Duration = Duration::from_millis(40);

impl Rtc {
    /// Queues an RTP packet on a declared stream. Like
    /// [`StreamTx::write_rtp`][crate::rtp::StreamTx::write_rtp], but queues nothing else, so that
    /// [`Rtc::send_written`] can take the short way. `false`: there is no such stream.
    pub fn write_rtp(&mut self, ssrc: Ssrc, packet: RtpWrite) -> bool {
        let Some(stream) = self.session.streams.stream_tx(&ssrc) else {
            return false;
        };
        stream.write_rtp(packet);
        self.readiness.written();
        true
    }

    /// Gives written packets their time, like [`Input::Timeout`]. Poll afterwards, as after every input.
    ///
    /// # Errors
    /// Those of [`Rtc::handle_input`].
    pub fn send_written(&mut self, now: Instant) -> Result<(), RtcError> {
        if !self.is_quiet(now) || !self.session.send_written(now) {
            return self.handle_input(Input::Timeout(now));
        }
        self.last_now = now;
        self.readiness.sending();
        Ok(())
    }

    /// Whether nothing but what was just given has to be worked on at `now`.
    pub(crate) fn is_quiet(&self, now: Instant) -> bool {
        self.state == RtcState::Alive
            && self.send_addr.is_some()
            && self.readiness.is_quiet()
            && now >= self.last_now
            && now < self.other_timeout
            && now < self.last_long_way + LONG_WAY
    }
}
