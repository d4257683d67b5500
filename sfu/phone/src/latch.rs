//! Whose packets are listened to.
//!
//! A telephone behind a translating router sends from another address than its SDP says, so the
//! address of its first packets is taken (symmetric RTP, RFC 4961). That is also how strangers get
//! into calls or steal their sound (RTP bleed). So: only within a window after the SDP, only after
//! packets in a row of one SSRC, the host of the SDP comes first, and who is latched stays.
#![deny(clippy::arithmetic_side_effects)]

use std::net::{IpAddr, SocketAddr};

use crate::rtp::Header;

/// How long after the SDP another address may be taken, in microseconds.
const WINDOW_US: i64 = 10_000_000;
/// Packets in a row before an address, or another SSRC of it, is believed (RFC 3550 appendix A.1).
const IN_ROW: u8 = 3;
/// Sequence numbers that may be missing between two packets in a row.
const GAP_MAX: u16 = 50;
/// How far behind a packet may be and still belong; what is older is a repetition.
const OLD_MAX: u16 = 100;
/// How far ahead: one minute of packets (RFC 3550 appendix A.1).
const AHEAD_MAX: u16 = 3_000;

/// How much of the address in the SDP is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatchMode {
    /// Only the address of the SDP.
    Signalled,
    /// Any port of the host of the SDP; others if that host is a private one, which cannot be real.
    Auto,
    /// Any address within the window.
    Anywhere,
}

/// What to do with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is of this telephone.
    Take,
    /// The first packet of a new stream of this telephone: what is kept of the old one is void.
    TakeAnew,
    /// It is not, or not yet. It is dropped and counted.
    Drop,
}

#[derive(Debug, Clone, Copy)]
struct Stream {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
    in_row: u8,
}

/// The rule for one telephone.
#[derive(Debug)]
pub struct Latch {
    mode: LatchMode,
    signalled: SocketAddr,
    since_us: i64,
    current: Option<Stream>,
    candidate: Option<Stream>,
}

impl Latch {
    /// For a telephone that said in its SDP that it is at this address.
    #[must_use]
    pub const fn new(mode: LatchMode, signalled: SocketAddr, now_us: i64) -> Self {
        Self {
            mode,
            signalled,
            since_us: now_us,
            current: None,
            candidate: None,
        }
    }

    /// The SDP has changed. Where the address is a new one, another may be latched.
    pub fn resignal(&mut self, signalled: SocketAddr, now_us: i64) {
        if signalled != self.signalled {
            self.signalled = signalled;
            self.since_us = now_us;
            self.current = None;
            self.candidate = None;
        }
    }

    /// Where to send: to the address that was latched, before that to the one in the SDP.
    #[must_use]
    pub fn destination(&self) -> SocketAddr {
        self.current.map_or(self.signalled, |current| current.from)
    }

    /// Whether this address is the one that is listened to; for what has no sequence, such as RTCP.
    #[must_use]
    pub fn is_of(&self, from: SocketAddr) -> bool {
        self.current
            .is_some_and(|current| current.from.ip() == from.ip())
    }

    /// Judges a packet.
    pub fn judge(&mut self, now_us: i64, from: SocketAddr, header: &Header) -> Verdict {
        match self.current {
            Some(current) if current.from == from => self.judge_known(current, header),
            Some(current) => {
                // Only the host of the SDP may still take over from another one, within the window.
                let is_better = from.ip() == self.signalled.ip()
                    && current.from.ip() != self.signalled.ip()
                    && self.is_open(now_us);
                if is_better {
                    self.try_new(from, header)
                } else {
                    Verdict::Drop
                }
            }
            None if self.may_latch(now_us, from) => self.try_new(from, header),
            None => Verdict::Drop,
        }
    }

    fn judge_known(&mut self, current: Stream, header: &Header) -> Verdict {
        let ahead = header.sequence.wrapping_sub(current.sequence);
        let behind = current.sequence.wrapping_sub(header.sequence);
        if header.ssrc == current.ssrc && ahead < AHEAD_MAX {
            self.candidate = None;
            self.current = Some(Stream {
                sequence: header.sequence,
                ..current
            });
            return Verdict::Take;
        }
        if header.ssrc == current.ssrc && behind <= OLD_MAX {
            return Verdict::Take;
        }
        self.try_new(current.from, header)
    }

    /// Counts packets in a row of what may become the stream of this telephone.
    fn try_new(&mut self, from: SocketAddr, header: &Header) -> Verdict {
        let in_row = match self.candidate {
            Some(known) if known.from == from && known.ssrc == header.ssrc => {
                let ahead = header.sequence.wrapping_sub(known.sequence);
                if ahead == 0 {
                    return Verdict::Drop;
                }
                if ahead <= GAP_MAX {
                    known.in_row.saturating_add(1)
                } else {
                    1
                }
            }
            // The host of the SDP is not kept waiting by a stranger.
            Some(known)
                if known.from.ip() == self.signalled.ip() && from.ip() != self.signalled.ip() =>
            {
                return Verdict::Drop;
            }
            Some(_) | None => 1,
        };
        let stream = Stream {
            from,
            ssrc: header.ssrc,
            sequence: header.sequence,
            in_row,
        };
        if in_row < IN_ROW {
            self.candidate = Some(stream);
            return Verdict::Drop;
        }
        self.candidate = None;
        self.current = Some(stream);
        Verdict::TakeAnew
    }

    const fn is_open(&self, now_us: i64) -> bool {
        now_us.saturating_sub(self.since_us) <= WINDOW_US
    }

    fn may_latch(&self, now_us: i64, from: SocketAddr) -> bool {
        if from == self.signalled {
            return true;
        }
        let same_host = from.ip() == self.signalled.ip();
        match self.mode {
            LatchMode::Signalled => false,
            LatchMode::Auto => {
                self.is_open(now_us) && (same_host || is_private(self.signalled.ip()))
            }
            LatchMode::Anywhere => self.is_open(now_us),
        }
    }
}

/// Addresses that mean nothing outside of their network (RFC 1918, 6598, 4193).
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let is_shared = first == 100 && second & 0xC0 == 64;
            ip.is_private()
                || ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_link_local()
                || is_shared
        }
        IpAddr::V6(ip) => {
            let [first, ..] = ip.segments();
            ip.is_loopback()
                || ip.is_unspecified()
                || first & 0xFE00 == 0xFC00
                || first & 0xFFC0 == 0xFE80
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn header(ssrc: u32, sequence: u16) -> Header {
        Header {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp: 0,
            ssrc,
        }
    }

    fn latched(mode: LatchMode, signalled: &str, from: &str, at_us: i64) -> bool {
        let mut latch = Latch::new(mode, address(signalled), 0);
        (1..=3).any(|step| latch.judge(at_us, address(from), &header(1, step)) == Verdict::TakeAnew)
    }

    #[test]
    fn each_mode_takes_whom_it_says() {
        let (public, same, other) = ("203.0.113.7:4000", "203.0.113.7:9000", "198.51.100.9:4000");
        assert!(latched(LatchMode::Signalled, public, public, 0));
        assert!(!latched(LatchMode::Signalled, public, same, 0));
        assert!(latched(LatchMode::Auto, public, same, 0));
        assert!(!latched(LatchMode::Auto, public, other, 0));
        assert!(latched(LatchMode::Auto, "192.168.1.4:4000", other, 0));
        assert!(latched(LatchMode::Anywhere, public, other, 0));
        assert!(!latched(LatchMode::Anywhere, public, other, WINDOW_US + 1));
        assert!(latched(LatchMode::Anywhere, public, public, WINDOW_US + 1));
    }

    #[test]
    fn one_packet_is_not_enough_and_a_stranger_does_not_take_over() {
        let (mine, stranger) = (address("203.0.113.7:4000"), address("198.51.100.9:4000"));
        let mut latch = Latch::new(LatchMode::Anywhere, mine, 0);
        assert_eq!(latch.judge(0, stranger, &header(1, 1)), Verdict::Drop);
        for step in 1..=3 {
            let _ = latch.judge(0, mine, &header(2, step));
            let _ = latch.judge(0, stranger, &header(1, step + 1));
        }
        assert_eq!(latch.destination(), mine);
        for step in 5..100 {
            assert_eq!(latch.judge(0, stranger, &header(2, step)), Verdict::Drop);
        }
        assert_eq!(latch.judge(0, mine, &header(2, 4)), Verdict::Take);
    }

    #[test]
    fn the_host_of_the_sdp_takes_over_from_whoever_was_faster() {
        let (mine, stranger) = (address("203.0.113.7:4000"), address("198.51.100.9:4000"));
        let mut latch = Latch::new(LatchMode::Anywhere, mine, 0);
        for step in 1..=3 {
            let _ = latch.judge(0, stranger, &header(1, step));
        }
        assert_eq!(latch.destination(), stranger);
        for step in 1..=3 {
            let _ = latch.judge(0, mine, &header(2, step));
        }
        assert_eq!(latch.destination(), mine);
    }

    #[test]
    fn a_new_stream_of_the_same_telephone_is_taken_after_three_packets() {
        let mine = address("203.0.113.7:4000");
        let mut latch = Latch::new(LatchMode::Signalled, mine, 0);
        for step in 1..=3 {
            let _ = latch.judge(0, mine, &header(2, step));
        }
        assert_eq!(latch.judge(0, mine, &header(3, 900)), Verdict::Drop);
        assert_eq!(latch.judge(0, mine, &header(3, 901)), Verdict::Drop);
        assert_eq!(latch.judge(0, mine, &header(3, 902)), Verdict::TakeAnew);
        // A forged jump of the sequence does not move the stream either.
        assert_eq!(latch.judge(0, mine, &header(3, 30_000)), Verdict::Drop);
        assert_eq!(latch.judge(0, mine, &header(3, 903)), Verdict::Take);
    }

    proptest! {
        /// Whatever strangers send, once latched only packets of the one address are taken.
        #[test]
        fn nothing_is_taken_from_anybody_else(
            packets in prop::collection::vec((0..4u16, 0..3u32, any::<u16>()), 0..200)
        ) {
            let mine = address("203.0.113.7:4000");
            let mut latch = Latch::new(LatchMode::Auto, mine, 0);
            for step in 1..=3 {
                let _ = latch.judge(0, mine, &header(2, step));
            }
            for (port, ssrc, sequence) in packets {
                let from = SocketAddr::new(mine.ip(), 5_000_u16.saturating_add(port));
                prop_assert_eq!(latch.judge(0, from, &header(ssrc, sequence)), Verdict::Drop);
            }
            prop_assert_eq!(latch.judge(0, mine, &header(2, 4)), Verdict::Take);
        }
    }
}
