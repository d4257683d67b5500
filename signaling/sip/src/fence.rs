//! What may come in at all, judged before anything parses it.
//!
//! Scanners try the whole address space for SIP servers. Who is on no list of a trunk gets nothing
//! back, so that there is nothing to find.

use std::collections::BTreeMap;
use std::net::IpAddr;

use thiserror::Error;

use crate::rate_limit::{Bucket, BucketRate};
use crate::refusal::Refusal;
use crate::tidy_up::{Fault, Kind, tidy};

/// Callers and addresses whose rates are kept in mind. When there are more, new ones are dropped
/// until somebody's bucket is full again.
const BUCKETS_MAX: usize = 8_192;
/// Time between two looks for full buckets, in microseconds: looking costs time itself.
const SWEEP_US: i64 = 200_000;

/// Addresses that share their first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    address: IpAddr,
    bits: u8,
}

/// Not an address with the number of its bits.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not an address range such as 192.0.2.0/24")]
pub struct PrefixError;

impl core::str::FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_bad: std::net::AddrParseError| PrefixError)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits
                .parse()
                .map_err(|_bad: core::num::ParseIntError| PrefixError)?,
            None => most,
        };
        // The whole world is no trunk.
        (1..=most)
            .contains(&bits)
            .then_some(Self { address, bits })
            .ok_or(PrefixError)
    }
}

impl Prefix {
    /// Its address.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// Whether an address is one of these. An IPv4 address inside of IPv6 is an IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, true),
            IpAddr::V6(v6) => (v6.to_bits(), false),
        };
        let ((own, is_v4), (other, other_is_v4)) =
            (bits(self.address), bits(address.to_canonical()));
        let differs = (own ^ other).leading_zeros();
        is_v4 == other_is_v4 && differs >= u32::from(self.bits)
    }
}

/// What a fence lets through.
#[derive(Debug, Clone)]
pub struct FenceConfig {
    /// Addresses of trunks.
    pub allowed: Vec<Prefix>,
    /// Messages of one address.
    pub messages: BucketRate,
    /// New calls of one caller, retransmissions included.
    pub calls: BucketRate,
    /// Calls that may be in the making at once; what is more is told to be busy.
    pub open_calls_max: usize,
}

/// Why a message was dropped. For counting; nobody outside is told.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// From no trunk.
    #[error("from no trunk")]
    Stranger,
    /// Only empty lines: a way through a router is kept open.
    #[error("empty lines")]
    KeepAlive,
    /// Longer than any message.
    #[error("too long")]
    Size,
    /// Not in the form of a message.
    #[error("not a message")]
    Form,
    /// Another version or protocol.
    #[error("not SIP/2.0")]
    Version,
    /// A length that is no number, that contradicts another one, or that is longer than the body.
    #[error("a wrong length")]
    Length,
    /// More than this address may send.
    #[error("too many")]
    Rate,
    /// More calls than this caller may begin.
    #[error("too many calls")]
    Caller,
}

/// What to do with a datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Give these bytes, not the ones that came, to the SIP stack.
    Pass(Vec<u8>),
    /// Answer 503 with Retry-After, and do nothing else: it is a new call and there are too many.
    Busy(Vec<u8>),
    /// Answer with this, and do nothing else: it is a request that cannot be taken.
    Refuse(Refusal),
    /// Say nothing.
    Drop(DropReason),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Address(IpAddr),
    Caller(IpAddr, String),
}

/// The fence of one door.
#[derive(Debug)]
pub struct Fence {
    config: FenceConfig,
    buckets: BTreeMap<Key, Bucket>,
    swept_us: Option<i64>,
}

impl Fence {
    /// Nothing has come yet.
    #[must_use]
    pub const fn new(config: FenceConfig) -> Self {
        Self {
            config,
            buckets: BTreeMap::new(),
            swept_us: None,
        }
    }

    /// Judges a datagram that came now, with so many calls in the making.
    pub fn judge(
        &mut self,
        now_us: i64,
        from: IpAddr,
        datagram: &[u8],
        open_calls: usize,
    ) -> Verdict {
        if !self
            .config
            .allowed
            .iter()
            .any(|prefix| prefix.contains(from))
        {
            return Verdict::Drop(DropReason::Stranger);
        }
        let from = from.to_canonical();
        if !self.may(Key::Address(from), self.config.messages, now_us) {
            return Verdict::Drop(DropReason::Rate);
        }
        let tidied = match tidy(datagram) {
            Ok(tidied) => tidied,
            Err(Fault::Drop(reason)) => return Verdict::Drop(reason),
            Err(Fault::Refuse(refusal)) => return Verdict::Refuse(refusal),
        };
        if tidied.kind != Kind::NewCall {
            return Verdict::Pass(tidied.bytes);
        }
        let caller = caller_of(&tidied.from);
        if !self.may(Key::Caller(from, caller), self.config.calls, now_us) {
            return Verdict::Drop(DropReason::Caller);
        }
        if open_calls >= self.config.open_calls_max {
            return Verdict::Busy(tidied.bytes);
        }
        Verdict::Pass(tidied.bytes)
    }

    fn may(&mut self, key: Key, rate: BucketRate, now_us: i64) -> bool {
        if self.buckets.len() >= BUCKETS_MAX && !self.buckets.contains_key(&key) {
            let since = self
                .swept_us
                .map_or(SWEEP_US, |at| now_us.saturating_sub(at));
            if since < SWEEP_US {
                return false;
            }
            self.swept_us = Some(now_us);
            let (messages, calls) = (self.config.messages, self.config.calls);
            self.buckets.retain(|key, bucket| {
                let rate = match key {
                    Key::Address(_) => messages,
                    Key::Caller(..) => calls,
                };
                !bucket.is_full(rate, now_us)
            });
            if self.buckets.len() >= BUCKETS_MAX {
                return false;
            }
        }
        let bucket = self
            .buckets
            .entry(key)
            .or_insert_with(|| Bucket::full(rate, now_us));
        bucket.take(rate, now_us)
    }
}

/// The answer to a request that a fence has let through and that the SIP stack cannot read all the
/// same: 400. Nothing where it is no request, or one that has no answer.
#[must_use]
pub fn refusal_of(message: &[u8]) -> Option<Refusal> {
    crate::tidy_up::refusal_of(message)
}

/// The address inside of a From, without display name and tag.
fn caller_of(from: &str) -> String {
    let inside = from.split_once('<').map_or(from, |(_, rest)| rest);
    let end = inside.find(['>', ';']).unwrap_or(inside.len());
    inside
        .get(..end)
        .unwrap_or_default()
        .chars()
        .take(64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Refused;
    use proptest::prelude::*;

    const TRUNK: &str = "203.0.113.7";

    fn fence(calls_burst: u32, messages_burst: u32) -> Fence {
        Fence::new(FenceConfig {
            allowed: vec![
                "203.0.113.0/24".parse().unwrap(),
                "2001:db8::/32".parse().unwrap(),
            ],
            messages: BucketRate {
                per_second: 200,
                burst: messages_burst,
            },
            calls: BucketRate {
                per_second: 1,
                burst: calls_burst,
            },
            open_calls_max: 10,
        })
    }

    fn invite(caller: &str, tail: &str) -> Vec<u8> {
        format!(
            "INVITE sip:+331@clinic SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: \"A\" <sip:{caller}@t>;tag=1\r\n\
             To: <sip:+331@clinic>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n{tail}"
        )
        .into_bytes()
    }

    fn judged(datagram: &[u8]) -> Verdict {
        fence(5, 100).judge(0, TRUNK.parse().unwrap(), datagram, 0)
    }

    fn passed(datagram: &[u8]) -> String {
        match judged(datagram) {
            Verdict::Pass(bytes) => String::from_utf8(bytes).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_stranger_gets_nothing_whatever_comes() {
        for datagram in [
            invite("a", "\r\n"),
            b"OPTIONS sip:x SIP/2.0\r\n\r\n".to_vec(),
            vec![0; 60_000],
        ] {
            let verdict = fence(5, 100).judge(0, "198.51.100.1".parse().unwrap(), &datagram, 0);
            assert_eq!(verdict, Verdict::Drop(DropReason::Stranger));
        }
        let mapped = "::ffff:203.0.113.9".parse().unwrap();
        assert!(matches!(
            fence(5, 100).judge(0, mapped, &invite("a", "\r\n"), 0),
            Verdict::Pass(_)
        ));
    }

    #[test]
    fn ranges_end_where_they_say() {
        let range: Prefix = "10.1.0.0/15".parse().unwrap();
        assert!(
            range.contains("10.0.255.255".parse().unwrap())
                && range.contains("10.1.0.1".parse().unwrap())
        );
        assert!(
            !range.contains("10.2.0.0".parse().unwrap()) && !range.contains("::1".parse().unwrap())
        );
        for bad in ["0.0.0.0/0", "10.0.0.0/33", "::/129", "x/8", "10.0.0.0/-1"] {
            assert_eq!(bad.parse::<Prefix>(), Err(PrefixError), "{bad}");
        }
    }

    #[test]
    fn a_missing_length_reaches_to_the_end_and_a_true_one_is_kept() {
        assert!(passed(&invite("a", "\r\nv=0\r\n")).ends_with("Content-Length: 5\r\n\r\nv=0\r\n"));
        assert!(
            passed(&invite("a", "l: 3\r\n\r\nv=0\r\n")).ends_with("Content-Length: 3\r\n\r\nv=0")
        );
        assert!(passed(&invite("a", "\r\n")).ends_with("Content-Length: 0\r\n\r\n"));
    }

    #[test]
    fn a_length_that_lies_is_refused() {
        for tail in [
            "l: 6\r\n\r\nv=0\r\n",
            "l: -1\r\n\r\n",
            "l: 0x5\r\n\r\n",
            "l: 0\r\nContent-Length: 1\r\n\r\nv",
            "l: 99999999999\r\n\r\n",
        ] {
            let verdict = judged(&invite("a", tail));
            let Verdict::Refuse(refusal) = verdict else {
                panic!("{tail}: {verdict:?}");
            };
            assert_eq!(refusal.why(), Refused::Form, "{tail}");
            // There is no answer to ACK.
            let ack = String::from_utf8(invite("a", tail))
                .unwrap()
                .replace("INVITE", "ACK");
            assert_eq!(judged(ack.as_bytes()), Verdict::Drop(DropReason::Length));
        }
    }

    #[test]
    fn odd_bytes_and_folded_lines_become_what_they_mean() {
        let mut latin = invite("a", "Subject: J\u{1}rgen\r\n  und  \r\n\tEva\r\n\r\n");
        let at = latin.iter().position(|&byte| byte == 1).unwrap();
        latin[at] = 0xFC;
        assert!(passed(&latin).contains("Subject: Jürgen und Eva\r\n"));
        assert!(
            passed(&[b"\r\n\r\n".to_vec(), invite("a", "\r\n")].concat()).starts_with("INVITE")
        );
        assert!(
            passed(
                &String::from_utf8(invite("a", "\r\n"))
                    .unwrap()
                    .replace("\r\n", "\n")
                    .into_bytes()
            )
            .contains("\r\n\r\n")
        );
    }

    #[test]
    fn what_is_no_message_is_dropped_with_its_reason() {
        let reason = |text: &str| match judged(text.as_bytes()) {
            Verdict::Drop(reason) => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(reason("\r\n\r\n"), DropReason::KeepAlive);
        assert_eq!(
            reason("GET / HTTP/1.1\r\nFrom: a\r\n\r\n"),
            DropReason::Version
        );
        assert_eq!(
            reason("INVITE sip:a SIP/7.0\r\nFrom: a\r\n\r\n"),
            DropReason::Version
        );
        assert_eq!(
            reason("INVITE http:a SIP/2.0\r\nFrom: a\r\n\r\n"),
            DropReason::Form
        );
        assert_eq!(
            reason("INVITE sip:a SIP/2.0\r\nFrom: a\r\n"),
            DropReason::Form
        );
        assert_eq!(
            reason("INVITE sip:a SIP/2.0\r\nFrom: a\u{0}\r\n\r\n"),
            DropReason::Form
        );
        assert_eq!(
            reason("SIP/2.0 999 No\r\nFrom: a\r\n\r\n"),
            DropReason::Version
        );
        assert_eq!(
            reason(&format!(
                "INVITE sip:a SIP/2.0\r\nA: {}\r\n\r\n",
                "x".repeat(5_000)
            )),
            DropReason::Size
        );
    }

    #[test]
    fn a_flood_of_one_caller_does_not_keep_another_out() {
        let mut fence = fence(3, 1_000);
        let trunk = TRUNK.parse().unwrap();
        let mut through = 0;
        for step in 0..500_i64 {
            let verdict = fence.judge(step.saturating_mul(2_000), trunk, &invite("bad", "\r\n"), 0);
            through = usize::from(matches!(verdict, Verdict::Pass(_))).saturating_add(through);
        }
        assert!(through <= 4, "{through}");
        assert!(matches!(
            fence.judge(1_000_000, trunk, &invite("good", "\r\n"), 0),
            Verdict::Pass(_)
        ));
        // With too many calls in the making it is told so; what belongs to a call goes on.
        assert!(matches!(
            fence.judge(1_000_000, trunk, &invite("other", "\r\n"), 10),
            Verdict::Busy(_)
        ));
        let inside = String::from_utf8(invite("good", "\r\n"))
            .unwrap()
            .replace("To: <sip:+331@clinic>", "To: <sip:+331@clinic>;tag=9");
        assert!(matches!(
            fence.judge(1_000_000, trunk, inside.as_bytes(), 10),
            Verdict::Pass(_)
        ));
    }

    #[test]
    fn invented_callers_do_not_fill_the_memory() {
        let mut fence = fence(1, 100_000);
        for caller in 0..20_000 {
            let _ = fence.judge(
                0,
                TRUNK.parse().unwrap(),
                &invite(&caller.to_string(), "\r\n"),
                0,
            );
        }
        assert!(fence.buckets.len() <= BUCKETS_MAX);
        let later = fence.judge(
            2_000_000,
            TRUNK.parse().unwrap(),
            &invite("good", "\r\n"),
            0,
        );
        assert!(matches!(later, Verdict::Pass(_)));
    }

    proptest! {
        #[test]
        fn what_passes_passes_again_as_the_same(
            headers in prop::collection::vec("[A-Za-z-]{1,12}:[ a-zA-Z0-9<>;=äö]{0,30}", 0..8),
            body in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let head = format!(
                "BYE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: sip:a\r\nTo: sip:b\r\nCall-ID: 1\r\n\
                 CSeq: 1 BYE\r\n{}\r\n\r\n",
                headers.join("\r\n")
            );
            let datagram = [head.into_bytes(), body.clone()].concat();
            if let Verdict::Pass(bytes) = judged(&datagram) {
                prop_assert!(bytes.ends_with(&body) || headers.iter().any(|h| h.to_ascii_lowercase().starts_with("l:")));
                prop_assert_eq!(judged(&bytes), Verdict::Pass(bytes));
            }
        }

        #[test]
        fn nothing_panics(datagram in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = judged(&datagram);
        }
    }
}
