//! RTCP of a telephone (RFC 3550 section 6): reports of both sides, a name, a farewell.
#![deny(clippy::arithmetic_side_effects)]

use thiserror::Error;

use crate::rtp::Header;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
/// Packets that one datagram may be made of; no telephone sends more.
const PACKETS_MAX: usize = 16;
/// Bytes of a name in a description.
const NAME_BYTES_MAX: usize = 255;

/// Why a datagram is no RTCP.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RtcpError {
    /// A packet says that it is longer than the datagram.
    #[error("the packet is too short")]
    Short,
    /// Another version than 2.
    #[error("not version 2")]
    Version,
    /// More than a telephone sends at once.
    #[error("more packets than anybody sends")]
    Many,
}

/// When and how much somebody has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// Wall clock of the sender: seconds since 1900 in the upper half, their parts in the lower.
    pub ntp: u64,
    /// The same moment on the RTP clock.
    pub timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Bytes of payload sent.
    pub bytes: u32,
}

/// How somebody is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Who is received.
    pub ssrc: u32,
    /// Lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Lost since the beginning; 24 bits, more may have come than was sent.
    pub lost: i32,
    /// The highest sequence number, with how often it wrapped.
    pub highest: u32,
    /// Jitter, in ticks of the RTP clock.
    pub jitter: u32,
    /// The middle of the `ntp` of the last sender report that came; 0 for none.
    pub last_report: u32,
    /// Time since it came, in 65536ths of a second.
    pub since_report: u32,
}

/// One packet of a datagram. What a telephone has no use for is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RtcpPacket {
    /// From somebody who sends.
    Sender {
        /// Who.
        ssrc: u32,
        /// What was sent.
        info: SenderInfo,
        /// How others are received.
        reports: Vec<Report>,
    },
    /// From somebody who only receives.
    Receiver {
        /// Who.
        ssrc: u32,
        /// How others are received.
        reports: Vec<Report>,
    },
    /// A sender has gone.
    Goodbye {
        /// Who.
        ssrc: u32,
    },
}

/// Reads the packets of a datagram.
///
/// # Errors
/// When it is not made of packets.
pub fn parse(mut bytes: &[u8]) -> Result<Vec<RtcpPacket>, RtcpError> {
    let mut found = Vec::new();
    for _ in 0..PACKETS_MAX {
        let Some(([first, kind, l0, l1], rest)) = bytes.split_first_chunk::<4>() else {
            return if bytes.is_empty() && !found.is_empty() {
                Ok(found.into_iter().flatten().collect())
            } else {
                Err(RtcpError::Short)
            };
        };
        if first >> 6 != 2 {
            return Err(RtcpError::Version);
        }
        let length = usize::from(u16::from_be_bytes([*l0, *l1])).saturating_mul(4);
        let (body, later) = rest.split_at_checked(length).ok_or(RtcpError::Short)?;
        found.push(read(*kind, first & 0x1F, Words(body))?);
        bytes = later;
    }
    if bytes.is_empty() {
        Ok(found.into_iter().flatten().collect())
    } else {
        Err(RtcpError::Many)
    }
}

fn read(kind: u8, count: u8, mut words: Words<'_>) -> Result<Option<RtcpPacket>, RtcpError> {
    Ok(match kind {
        SENDER_REPORT => {
            let ssrc = words.next()?;
            let ntp = u64::from(words.next()?) << 32 | u64::from(words.next()?);
            let info = SenderInfo {
                ntp,
                timestamp: words.next()?,
                packets: words.next()?,
                bytes: words.next()?,
            };
            let reports = words.reports(count)?;
            Some(RtcpPacket::Sender {
                ssrc,
                info,
                reports,
            })
        }
        RECEIVER_REPORT => Some(RtcpPacket::Receiver {
            ssrc: words.next()?,
            reports: words.reports(count)?,
        }),
        GOODBYE if count > 0 => Some(RtcpPacket::Goodbye {
            ssrc: words.next()?,
        }),
        _ => None,
    })
}

struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn next(&mut self) -> Result<u32, RtcpError> {
        let (word, rest) = self.0.split_first_chunk::<4>().ok_or(RtcpError::Short)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*word))
    }

    fn reports(&mut self, count: u8) -> Result<Vec<Report>, RtcpError> {
        (0..count).map(|_| self.report()).collect()
    }

    fn report(&mut self) -> Result<Report, RtcpError> {
        let ssrc = self.next()?;
        let [fraction_lost, l0, l1, l2] = self.next()?.to_be_bytes();
        let sign = if l0 & 0x80 == 0 { 0 } else { 0xFF };
        Ok(Report {
            ssrc,
            fraction_lost,
            lost: i32::from_be_bytes([sign, l0, l1, l2]),
            highest: self.next()?,
            jitter: self.next()?,
            last_report: self.next()?,
            since_report: self.next()?,
        })
    }
}

/// A datagram with a sender report, what is received, and a name (RFC 3550 section 6.1 wants one).
#[must_use]
pub(crate) fn write(ssrc: u32, info: SenderInfo, report: Option<Report>, name: &str) -> Vec<u8> {
    let mut words = vec![
        ssrc,
        u32::try_from(info.ntp >> 32).unwrap_or(0),
        u32::try_from(info.ntp & 0xFFFF_FFFF).unwrap_or(0),
        info.timestamp,
        info.packets,
        info.bytes,
    ];
    if let Some(report) = report {
        let [_, l0, l1, l2] = report.lost.clamp(-0x80_0000, 0x7F_FFFF).to_be_bytes();
        words.push(report.ssrc);
        words.push(u32::from_be_bytes([report.fraction_lost, l0, l1, l2]));
        words.extend([
            report.highest,
            report.jitter,
            report.last_report,
            report.since_report,
        ]);
    }
    let body: Vec<u8> = words.into_iter().flat_map(u32::to_be_bytes).collect();
    let mut bytes = packet(SENDER_REPORT, u8::from(report.is_some()), &body);
    let name = name
        .as_bytes()
        .get(..NAME_BYTES_MAX)
        .unwrap_or(name.as_bytes());
    let mut body = ssrc.to_be_bytes().to_vec();
    body.extend([1, u8::try_from(name.len()).unwrap_or(0)]);
    body.extend_from_slice(name);
    body.push(0);
    bytes.extend(packet(DESCRIPTION, 1, &body));
    bytes
}

/// A farewell, to be sent behind the last report.
#[must_use]
pub(crate) fn goodbye(ssrc: u32) -> Vec<u8> {
    packet(GOODBYE, 1, &ssrc.to_be_bytes())
}

fn packet(kind: u8, count: u8, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let words = u16::try_from(padded.checked_div(4).unwrap_or(0)).unwrap_or(0);
    let mut bytes = vec![0x80 | count & 0x1F, kind];
    bytes.extend(words.to_be_bytes());
    bytes.extend_from_slice(body);
    bytes.resize(padded.saturating_add(4), 0);
    bytes
}

/// What comes in, counted for reports (RFC 3550 appendix A.3 and A.8).
#[derive(Debug, Default)]
pub struct Reception {
    ssrc: Option<u32>,
    first: u64,
    highest: u64,
    received: u64,
    before: (u64, u64),
    jitter_16ths: i64,
    transit: Option<i64>,
}

impl Reception {
    /// Counts a packet; `arrival` is the time of arrival in ticks of the RTP clock.
    pub fn count(&mut self, header: &Header, arrival: i64) {
        if self.ssrc != Some(header.ssrc) {
            let sequence = u64::from(header.sequence).saturating_add(1 << 16);
            *self = Self {
                ssrc: Some(header.ssrc),
                first: sequence,
                highest: sequence,
                ..Self::default()
            };
            self.before = (sequence.saturating_sub(1), 0);
        }
        let known = u16::try_from(self.highest & 0xFFFF).unwrap_or(0);
        let ahead = header.sequence.wrapping_sub(known);
        if ahead < 0x8000 {
            self.highest = self.highest.saturating_add(u64::from(ahead));
        }
        self.received = self.received.saturating_add(1);
        // The timestamp wraps; so does the difference, and only changes of it count.
        let transit = arrival.wrapping_sub(i64::from(header.timestamp));
        if let Some(before) = self.transit.replace(transit) {
            let change = transit.wrapping_sub(before).unsigned_abs();
            if let Ok(change) = i64::try_from(change.min(1 << 20)) {
                let step = change.saturating_sub(self.jitter_16ths.saturating_add(8) >> 4);
                self.jitter_16ths = self.jitter_16ths.saturating_add(step);
            }
        }
    }

    /// A report of what came since the last one; nothing before the first packet.
    #[must_use]
    pub fn report(&mut self, last_report: u32, since_report: u32) -> Option<Report> {
        let ssrc = self.ssrc?;
        let lost = |highest: u64, begun: u64, received: u64| {
            let expected = highest.saturating_sub(begun);
            i64::try_from(expected)
                .unwrap_or(i64::MAX)
                .saturating_sub(i64::try_from(received).unwrap_or(i64::MAX))
        };
        let begun = self.first.saturating_sub(1);
        let total = lost(self.highest, begun, self.received);
        let (highest, received) = self.before;
        let now = lost(
            self.highest,
            highest,
            self.received.saturating_sub(received),
        )
        .max(0);
        let expected = i64::try_from(self.highest.saturating_sub(highest)).unwrap_or(0);
        let fraction = now.saturating_mul(256).checked_div(expected).unwrap_or(0);
        self.before = (self.highest, self.received);
        Some(Report {
            ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            lost: i32::try_from(total)
                .unwrap_or(0x7F_FFFF)
                .clamp(-0x80_0000, 0x7F_FFFF),
            highest: u32::try_from(self.highest.saturating_sub(1 << 16) & 0xFFFF_FFFF).unwrap_or(0),
            jitter: u32::try_from(self.jitter_16ths >> 4).unwrap_or(0),
            last_report,
            since_report,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(sequence: u16) -> Header {
        Header {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp: u32::from(sequence).wrapping_mul(160),
            ssrc: 9,
        }
    }

    #[test]
    fn loss_is_counted_over_a_wrap() {
        let mut reception = Reception::default();
        assert_eq!(reception.report(0, 0), None);
        for step in 0..100_u16 {
            if step % 4 != 3 {
                reception.count(
                    &header(65_500_u16.wrapping_add(step)),
                    i64::from(step) * 160,
                );
            }
        }
        let report = reception.report(1, 2).unwrap();
        assert_eq!(report.lost, 24);
        assert_eq!(report.fraction_lost, u8::try_from(24 * 256 / 99).unwrap());
        assert_eq!(report.highest, 65_536 + 62);
        assert_eq!(reception.report(0, 0).unwrap().fraction_lost, 0);
    }

    #[test]
    fn jitter_follows_how_unevenly_packets_come() {
        let jitter = |uneven: i64| {
            let mut reception = Reception::default();
            for step in 0..400_u16 {
                let late = if step % 2 == 0 { 0 } else { uneven };
                reception.count(&header(step), i64::from(step) * 160 + late);
            }
            reception.report(0, 0).unwrap().jitter
        };
        assert_eq!(jitter(0), 0);
        assert!((75..=80).contains(&jitter(80)), "{}", jitter(80));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            ssrc: u32, ntp: u64, timestamp: u32, packets: u32, bytes: u32,
            block in prop::option::of((any::<u32>(), any::<u8>(), -0x80_0000..0x7F_FFFFi32, any::<u32>())),
            name in "[a-z]{0,40}",
        ) {
            let info = SenderInfo { ntp, timestamp, packets, bytes };
            let report = block.map(|(ssrc, fraction_lost, lost, highest)| Report {
                ssrc, fraction_lost, lost, highest, jitter: 3, last_report: 4, since_report: 5,
            });
            let mut bytes = write(ssrc, info, report, &name);
            bytes.extend(goodbye(ssrc));
            let expected = vec![
                RtcpPacket::Sender { ssrc, info, reports: report.into_iter().collect() },
                RtcpPacket::Goodbye { ssrc },
            ];
            prop_assert_eq!(parse(&bytes), Ok(expected));
            prop_assert!(parse(bytes.split_last().unwrap().1).is_err());
        }

        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = parse(&bytes);
        }
    }
}
