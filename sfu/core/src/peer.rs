//! One connection's engine behind the drain law, and a fence around its panics.
//!
//! The law of str0m: every mutation of an `Rtc` is followed by polling it until it answers with a
//! timeout, before the next mutation. [`Peer::mutate`] is the only place that mutates, so nobody
//! can forget it. Packets to be sent are the one exception the engine allows: [`Peer::write`] puts
//! them into its send queue, and the next `mutate` or [`Peer::settle`] gives them their time and
//! drains once for all of them.

use core::time::Duration;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use str0m::bwe::{Bitrate, BweKind};
use str0m::channel::ChannelId;
use str0m::media::{KeyframeRequestKind, Mid, Rid};
use str0m::net::{Protocol, Receive, Transmit};
use str0m::rtp::{RtpPacket, RtpWrite, Ssrc};
use str0m::stats::PeerStats;
use str0m::{Event, Input, Output, Rtc, RtcError};
use thiserror::Error;

use crate::path::{Inner, Transport};

/// What an engine reports to its room.
#[derive(Debug)]
pub(crate) enum PeerEvent {
    Connected,
    Closed,
    Rtp(Box<RtpPacket>),
    /// The client cannot decode what it gets on this m-line.
    KeyframeWanted(Mid),
    /// Bandwidth towards the client in bit/s.
    Estimate(u64),
    Stats(Box<PeerStats>),
    /// The client has opened a data channel with this label.
    ChannelOpen(ChannelId, String),
    ChannelClosed(ChannelId),
    Data(ChannelId, Vec<u8>),
    /// Share of packets that the client did not get on this m-line lately, 0 to 1, as it reports
    /// (RFC 3550 section 6.4.1).
    Loss(Mid, f32),
}

/// Where an engine's output goes while it is drained.
#[derive(Debug, Default)]
pub(crate) struct Drained {
    pub(crate) transmits: Vec<Transmit>,
    pub(crate) events: VecDeque<PeerEvent>,
}

/// Why an engine did not do what it was asked.
#[derive(Debug, Error)]
pub(crate) enum PeerError {
    /// It refused; it may still be alive.
    #[error("the engine refused")]
    Engine(#[source] RtcError),
    /// It panicked; it must not be used again.
    #[error("the engine panicked")]
    Panicked,
    /// There is none: a telephone.
    #[error("there is no engine")]
    Absent,
}

/// One connection's engine.
pub(crate) struct Peer {
    /// A telephone has none.
    rtc: Option<Rtc>,
    /// The one path that the engine knows, whichever the client takes.
    inner: Inner,
    /// When the engine wants to be called next.
    timeout: Instant,
    /// Written packets wait for [`Peer::settle`].
    unsettled: bool,
    panicked: bool,
    #[cfg(test)]
    pub(crate) fault: bool,
}

impl core::fmt::Debug for Peer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Peer")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl Peer {
    /// Takes a new engine; nothing was done with it but configuration.
    pub(crate) fn new(rtc: Rtc, inner: Inner, now: Instant) -> Self {
        Self {
            rtc: Some(rtc),
            inner,
            timeout: now,
            unsettled: false,
            panicked: false,
            #[cfg(test)]
            fault: false,
        }
    }

    /// No engine at all.
    pub(crate) fn absent(now: Instant) -> Self {
        Self {
            rtc: None,
            inner: Inner::nowhere(),
            timeout: now,
            unsettled: false,
            panicked: false,
            #[cfg(test)]
            fault: false,
        }
    }

    /// Mutates the engine and drains it.
    pub(crate) fn mutate<R>(
        &mut self,
        now: Instant,
        drained: &mut Drained,
        change: impl FnOnce(&mut Rtc) -> Result<R, RtcError>,
    ) -> Result<R, PeerError> {
        if self.panicked {
            return Err(PeerError::Panicked);
        }
        let Some(rtc) = &mut self.rtc else {
            return Err(PeerError::Absent);
        };
        let unsettled = core::mem::take(&mut self.unsettled);
        let timeout = &mut self.timeout;
        #[cfg(test)]
        let fault = self.fault;
        let work = AssertUnwindSafe(|| {
            #[cfg(test)]
            assert!(!fault, "a fault injected by a test");
            if unsettled {
                rtc.send_written(now)?;
                *timeout = drain(rtc, drained)?;
            }
            let result = change(rtc);
            // What an engine has to say after a refusal is said too.
            *timeout = drain(rtc, drained)?;
            if result.is_ok() {
                *timeout = burst(rtc, (now, *timeout), drained)?;
            }
            result
        });
        match catch_unwind(work) {
            Ok(result) => result.map_err(PeerError::Engine),
            Err(_panic) => {
                self.panicked = true;
                Err(PeerError::Panicked)
            }
        }
    }

    /// Queues one packet; it leaves with the next `mutate` or `settle`. `false`: the engine
    /// panicked, or has no such stream.
    pub(crate) fn write(&mut self, stream: Ssrc, packet: RtpWrite) -> bool {
        if self.panicked {
            return false;
        }
        let Some(rtc) = &mut self.rtc else {
            return false;
        };
        let work = AssertUnwindSafe(|| rtc.write_rtp(stream, packet));
        match catch_unwind(work) {
            Ok(written) => {
                self.unsettled |= written;
                written
            }
            Err(_panic) => {
                self.panicked = true;
                false
            }
        }
    }

    /// Sends what was written.
    pub(crate) fn settle(&mut self, now: Instant, drained: &mut Drained) -> Result<(), PeerError> {
        if self.unsettled {
            self.mutate(now, drained, |_| Ok(()))
        } else {
            Ok(())
        }
    }

    /// Lets the engine do what is due.
    pub(crate) fn run_timeout(
        &mut self,
        now: Instant,
        drained: &mut Drained,
    ) -> Result<(), PeerError> {
        self.unsettled = false;
        self.mutate(now, drained, |rtc| rtc.handle_input(Input::Timeout(now)))
    }

    pub(crate) fn receive(
        &mut self,
        now: Instant,
        drained: &mut Drained,
        contents: &[u8],
    ) -> Result<(), PeerError> {
        let Inner {
            transport,
            local,
            remote,
        } = self.inner;
        let protocol = match transport {
            Transport::Udp => Protocol::Udp,
            Transport::Tcp => Protocol::Tcp,
        };
        self.mutate(now, drained, |rtc| {
            let datagram = Receive::new(protocol, remote, local, contents)?;
            rtc.handle_input(Input::Receive(now, datagram))
        })
    }

    /// Asks the client for a key frame of one layer, if it has ever sent it.
    pub(crate) fn request_keyframe(
        &mut self,
        now: Instant,
        drained: &mut Drained,
        layer: (Mid, Option<Rid>),
    ) -> Result<(), PeerError> {
        self.mutate(now, drained, |rtc| {
            if let Some(rx) = rtc.direct_api().stream_rx_by_mid(layer.0, layer.1) {
                rx.request_keyframe(KeyframeRequestKind::Pli);
            }
            Ok(())
        })
    }

    /// Which m-line and layer a received SSRC belongs to.
    pub(crate) fn layer_of(
        &mut self,
        now: Instant,
        drained: &mut Drained,
        ssrc: Ssrc,
    ) -> Result<Option<(Mid, Option<Rid>)>, PeerError> {
        self.mutate(now, drained, |rtc| {
            Ok(rtc
                .direct_api()
                .stream_rx(&ssrc)
                .map(|rx| (rx.mid(), rx.rid())))
        })
    }

    /// Tells the bandwidth estimator what would be sent if there were room.
    pub(crate) fn set_bitrate(
        &mut self,
        now: Instant,
        drained: &mut Drained,
        (minimum_bps, desired_bps): (u64, u64),
    ) -> Result<(), PeerError> {
        self.mutate(now, drained, |rtc| {
            rtc.bwe()
                .set_bitrate(Bitrate::from(minimum_bps), Bitrate::from(desired_bps));
            Ok(())
        })
    }

    /// Lets the bandwidth estimator forget everything and begin with this.
    pub(crate) fn renew_estimate(
        &mut self,
        now: Instant,
        drained: &mut Drained,
        bps: u64,
    ) -> Result<(), PeerError> {
        self.mutate(now, drained, |rtc| {
            rtc.bwe().reset(Bitrate::from(bps));
            Ok(())
        })
    }

    /// Writes a message to a data channel. `false`: the client reads too slowly, or has closed it.
    pub(crate) fn write_data(
        &mut self,
        now: Instant,
        drained: &mut Drained,
        (channel, message): (ChannelId, &[u8]),
    ) -> Result<bool, PeerError> {
        self.mutate(now, drained, |rtc| match rtc.channel(channel) {
            Some(mut open) => open.write(true, message),
            None => Ok(false),
        })
    }

    pub(crate) fn close_channel(
        &mut self,
        now: Instant,
        drained: &mut Drained,
        channel: ChannelId,
    ) -> Result<(), PeerError> {
        self.mutate(now, drained, |rtc| {
            rtc.direct_api().close_data_channel(channel);
            Ok(())
        })
    }

    /// Says goodbye to the client (RTCP BYE, DTLS `close_notify`), as far as that is possible.
    pub(crate) fn close(&mut self, now: Instant, drained: &mut Drained) {
        if let Err(error) = self.mutate(now, drained, Rtc::close) {
            tracing::debug!(%error, "connection closed without a goodbye");
        }
    }

    /// Whether written packets wait to be sent.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.unsettled
    }

    pub(crate) fn is_alive(&self) -> bool {
        !self.panicked && self.rtc.as_ref().is_none_or(Rtc::is_alive)
    }

    pub(crate) fn has_panicked(&self) -> bool {
        self.panicked
    }

    /// When the engine wants to be called next, if there is one.
    pub(crate) fn timeout(&self) -> Option<Instant> {
        self.rtc.as_ref().map(|_| self.timeout)
    }

    /// Read-only view of the engine.
    pub(crate) fn rtc(&self) -> Option<&Rtc> {
        self.rtc.as_ref()
    }
}

/// Polls until the engine answers with its next timeout.
fn drain(rtc: &mut Rtc, drained: &mut Drained) -> Result<Instant, RtcError> {
    loop {
        match rtc.poll_output()? {
            Output::Timeout(at) => return Ok(at),
            Output::Transmit(transmit) => drained.transmits.push(transmit),
            Output::Event(event) => {
                if let Some(event) = translate(event) {
                    drained.events.push_back(event);
                }
            }
        }
    }
}

/// Between two packets a pacer wants this much time to have passed, whatever the bandwidth.
const PACKET_STEP: Duration = Duration::from_micros(1);
/// Most packets that leave together. Time runs ahead by a microsecond for each, which nobody
/// notices, and an engine that never rests is left alone after them.
const BURST_MAX: usize = 500;

/// Gives an engine the microseconds that it asks for between packets. Otherwise one packet would
/// leave, and the next when the shell wakes up again, a millisecond later: a key frame of thirty
/// packets would take thirty.
fn burst(
    rtc: &mut Rtc,
    (now, mut timeout): (Instant, Instant),
    drained: &mut Drained,
) -> Result<Instant, RtcError> {
    let mut given = now;
    for _ in 0..BURST_MAX {
        if timeout > given + PACKET_STEP {
            break;
        }
        given = given.max(timeout);
        rtc.handle_input(Input::Timeout(given))?;
        timeout = drain(rtc, drained)?;
    }
    Ok(timeout)
}

fn translate(event: Event) -> Option<PeerEvent> {
    match event {
        Event::Connected => Some(PeerEvent::Connected),
        Event::Closed => Some(PeerEvent::Closed),
        Event::RtpPacket(packet) => Some(PeerEvent::Rtp(Box::new(packet))),
        Event::KeyframeRequest(request) => Some(PeerEvent::KeyframeWanted(request.mid)),
        Event::EgressBitrateEstimate(BweKind::Twcc { estimate, .. }) => {
            Some(PeerEvent::Estimate(estimate.as_u64()))
        }
        Event::ChannelOpen(channel, label) => Some(PeerEvent::ChannelOpen(channel, label)),
        Event::ChannelClose(channel) => Some(PeerEvent::ChannelClosed(channel)),
        Event::ChannelData(data) => Some(PeerEvent::Data(data.id, data.data)),
        Event::MediaEgressStats(stats) => Some(PeerEvent::Loss(stats.mid, stats.loss?)),
        Event::PeerStats(stats) => Some(PeerEvent::Stats(Box::new(stats))),
        _ => None,
    }
}
