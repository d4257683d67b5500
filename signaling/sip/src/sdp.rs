//! Offer and answer for one sound (RFC 3264), with hold, telephone-events and keys of SRTP.

use std::net::{IpAddr, SocketAddr};

use sfu_phone::{Codec, CryptoLine, PayloadTypes};
use thiserror::Error;

use crate::sdp_text::{Medium, parse};

/// Which way sound goes, seen from who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Both ways.
    SendRecv,
    /// Only from who says it: they hold the other one, perhaps with music.
    SendOnly,
    /// Only to who says it.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Flow {
    fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether who says it sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether who says it receives.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "sendrecv" => Some(Self::SendRecv),
            "sendonly" => Some(Self::SendOnly),
            "recvonly" => Some(Self::RecvOnly),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

/// Whether sound is encrypted with a trunk.
#[derive(Debug, Clone)]
pub enum Security {
    /// Never.
    Disabled,
    /// If the other side offers it, with this key of ours.
    Allowed(CryptoLine),
    /// Always, with this key of ours; a call without is refused.
    Required(CryptoLine),
}

impl Security {
    const fn key(&self) -> Option<&CryptoLine> {
        match self {
            Self::Disabled => None,
            Self::Allowed(key) | Self::Required(key) => Some(key),
        }
    }
}

/// Our side of a description.
#[derive(Debug, Clone)]
pub struct Local {
    /// Where we receive.
    pub address: SocketAddr,
    /// A number of this call, the same in all of its descriptions.
    pub session: u64,
    /// Grows with each description that says something else.
    pub version: u64,
    /// Codecs of the trunk, the best first.
    pub codecs: Vec<Codec>,
    /// Encryption.
    pub security: Security,
    /// We hold the other side.
    pub holds: bool,
}

/// Why there is no agreement. All of them are 488 Not Acceptable Here, but `Form` and `Long` are 400.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum SdpError {
    /// Not a description.
    #[error("not a session description")]
    Form,
    /// Longer than any telephone's.
    #[error("too long")]
    Long,
    /// An address that is no address.
    #[error("no address to send to")]
    Address,
    /// No sound in it.
    #[error("no sound is offered")]
    NoSound,
    /// No codec that both have.
    #[error("no common codec")]
    Codec,
    /// Encrypted where it must not be, or in clear where it must not be, or with no common suite.
    #[error("no common way of encryption")]
    Security,
}

/// What both sides have agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// How sound is coded.
    pub codec: Codec,
    /// The payload types, the same both ways.
    pub payload_types: PayloadTypes,
    /// Where the other side receives.
    pub remote: SocketAddr,
    /// Which way sound goes, seen from us.
    pub flow: Flow,
    /// Keys, ours and theirs, of an encrypted call.
    pub keys: Option<(CryptoLine, CryptoLine)>,
}

/// What the other side has offered.
#[derive(Debug, Clone)]
pub struct Offer {
    media: Vec<Medium>,
    chosen: usize,
}

impl Offer {
    /// Reads an offer. An INVITE without a body has none: then we offer, and the answer is in the ACK.
    ///
    /// # Errors
    /// When it is no description, or has no sound.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        let media = parse(text)?;
        let is_usable = |medium: &Medium| medium.is_sound() && !medium.codecs.is_empty();
        let chosen = media
            .iter()
            .position(is_usable)
            .or_else(|| media.iter().position(Medium::is_sound))
            .ok_or(SdpError::NoSound)?;
        Ok(Self { media, chosen })
    }

    /// What is agreed on, and the answer. Each medium that is not taken is refused in its place.
    ///
    /// # Errors
    /// When there is nothing to agree on.
    pub fn answer(&self, local: &Local) -> Result<(Agreement, String), SdpError> {
        let medium = self.media.get(self.chosen).ok_or(SdpError::NoSound)?;
        let (number, codec) = medium
            .codecs
            .iter()
            .copied()
            .find(|(_, codec)| local.codecs.contains(codec))
            .ok_or(SdpError::Codec)?;
        let keys = keys_for(medium, &local.security)?;
        let agreement = agree(medium, (number, codec), keys, local.holds)?;
        let mut text = head(local);
        for (index, other) in self.media.iter().enumerate() {
            if index == self.chosen {
                text.push_str(&lines(local, &[(number, codec)], &agreement));
            } else {
                // RFC 3264 section 6: the port 0 refuses, and the rest of the line stays.
                let formats = other.formats.first().map_or("0", String::as_str);
                text.push_str(&format!(
                    "m={} 0 {} {formats}\r\n",
                    other.kind, other.protocol
                ));
            }
        }
        Ok((agreement, text))
    }
}

/// An offer of ours: for calls that we begin, and for INVITEs that come without one.
#[must_use]
pub fn write_offer(local: &Local) -> String {
    let mut dynamic = 96_u8;
    let numbered: Vec<(u8, Codec)> = local
        .codecs
        .iter()
        .map(|&codec| {
            (
                fixed_number(codec).unwrap_or_else(|| next(&mut dynamic)),
                codec,
            )
        })
        .collect();
    let events = events_of(&local.codecs);
    let flow = Flow::new(true, !local.holds);
    let mut text = head(local);
    let numbers = numbered.iter().map(|(number, _)| *number);
    text.push_str(&media_line(
        local,
        local.security.key().is_some(),
        numbers,
        &events,
    ));
    for (number, codec) in &numbered {
        text.push_str(&map_line(*number, *codec));
    }
    for (number, clock) in &events {
        text.push_str(&event_lines(*number, *clock));
    }
    text.push_str(&tail(flow, local.security.key()));
    text
}

/// Reads the answer to an offer of ours.
///
/// # Errors
/// When it refuses, or takes what was not offered.
pub fn accept_answer(local: &Local, answer: &str) -> Result<Agreement, SdpError> {
    let media = parse(answer)?;
    let medium = media
        .first()
        .filter(|medium| medium.is_sound())
        .ok_or(SdpError::NoSound)?;
    let chosen = medium
        .codecs
        .iter()
        .copied()
        .find(|(_, codec)| local.codecs.contains(codec))
        .ok_or(SdpError::Codec)?;
    let keys = keys_for(medium, &local.security)?;
    // What was offered encrypted is not answered in clear.
    if local.security.key().is_some() != keys.is_some() {
        return Err(SdpError::Security);
    }
    agree(medium, chosen, keys, local.holds)
}

fn agree(
    medium: &Medium,
    (number, codec): (u8, Codec),
    keys: Option<(CryptoLine, CryptoLine)>,
    holds: bool,
) -> Result<Agreement, SdpError> {
    let remote = medium.remote().ok_or(SdpError::Address)?;
    let theirs = medium.flow.unwrap_or(Flow::SendRecv);
    // The old way to hold: there is no address to send to (RFC 3264 section 8.4).
    let receives = theirs.receives() && !remote.ip().is_unspecified();
    let fitting = medium
        .events
        .iter()
        .find(|(_, clock)| *clock == codec.clock_hz());
    let event = fitting.map(|(number, _)| *number);
    Ok(Agreement {
        codec,
        payload_types: PayloadTypes {
            speech: number,
            event,
            noise: medium.noise.unwrap_or(13),
        },
        remote,
        flow: Flow::new(receives, theirs.sends() && !holds),
        keys,
    })
}

/// Our key and theirs, of the same suite.
fn keys_for(
    medium: &Medium,
    security: &Security,
) -> Result<Option<(CryptoLine, CryptoLine)>, SdpError> {
    let Some(ours) = security.key().filter(|_| medium.is_secure()) else {
        let is_wrong = medium.is_secure() || matches!(security, Security::Required(_));
        return if is_wrong {
            Err(SdpError::Security)
        } else {
            Ok(None)
        };
    };
    let theirs = medium.crypto.iter().find(|line| line.suite == ours.suite);
    let theirs = theirs.ok_or(SdpError::Security)?;
    let ours = CryptoLine::new(theirs.tag, ours.suite, ours.expose().to_vec());
    match ours {
        Ok(ours) => Ok(Some((ours, theirs.clone()))),
        Err(_) => Err(SdpError::Security),
    }
}

fn head(local: &Local) -> String {
    let (session, version) = (local.session, local.version);
    let address = address_of(local.address.ip());
    format!("v=0\r\no=- {session} {version} {address}\r\ns=-\r\nc={address}\r\nt=0 0\r\n")
}

fn address_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("IN IP4 {ip}"),
        IpAddr::V6(ip) => format!("IN IP6 {ip}"),
    }
}

fn lines(local: &Local, codecs: &[(u8, Codec)], agreement: &Agreement) -> String {
    let types = agreement.payload_types;
    let clock = agreement.codec.clock_hz();
    let events: Vec<(u8, u32)> = types
        .event
        .map(|number| (number, clock))
        .into_iter()
        .collect();
    let numbers = codecs.iter().map(|(number, _)| *number);
    let mut text = media_line(local, agreement.keys.is_some(), numbers, &events);
    for (number, codec) in codecs {
        text.push_str(&map_line(*number, *codec));
    }
    for (number, clock) in events {
        text.push_str(&event_lines(number, clock));
    }
    let ours = agreement.keys.as_ref().map(|(ours, _)| ours);
    text.push_str(&tail(agreement.flow, ours));
    text
}

fn media_line(
    local: &Local,
    is_secure: bool,
    numbers: impl Iterator<Item = u8>,
    events: &[(u8, u32)],
) -> String {
    let protocol = if is_secure { "RTP/SAVP" } else { "RTP/AVP" };
    let all = numbers.chain(events.iter().map(|(number, _)| *number));
    let formats: Vec<String> = all.map(|number| number.to_string()).collect();
    format!(
        "m=audio {} {protocol} {}\r\n",
        local.address.port(),
        formats.join(" ")
    )
}

fn tail(flow: Flow, key: Option<&CryptoLine>) -> String {
    let crypto = key.map(|key| format!("a=crypto:{}\r\n", key.write()));
    format!(
        "{}a=ptime:20\r\na={}\r\n",
        crypto.unwrap_or_default(),
        flow.name()
    )
}

fn map_line(number: u8, codec: Codec) -> String {
    match codec {
        Codec::Pcmu => format!("a=rtpmap:{number} PCMU/8000\r\n"),
        Codec::Pcma => format!("a=rtpmap:{number} PCMA/8000\r\n"),
        Codec::G722 => format!("a=rtpmap:{number} G722/8000\r\n"),
        Codec::Opus => format!(
            "a=rtpmap:{number} opus/48000/2\r\na=fmtp:{number} maxplaybackrate=16000;stereo=0;useinbandfec=1\r\n"
        ),
    }
}

fn event_lines(number: u8, clock: u32) -> String {
    format!("a=rtpmap:{number} telephone-event/{clock}\r\na=fmtp:{number} 0-15\r\n")
}

const fn fixed_number(codec: Codec) -> Option<u8> {
    match codec {
        Codec::Pcmu => Some(0),
        Codec::Pcma => Some(8),
        Codec::G722 => Some(9),
        Codec::Opus => None,
    }
}

const fn next(dynamic: &mut u8) -> u8 {
    let number = *dynamic;
    *dynamic = dynamic.saturating_add(1);
    number
}

/// Telephone-events on the clocks of these codecs: 101 is what everybody expects.
fn events_of(codecs: &[Codec]) -> Vec<(u8, u32)> {
    [(101, 8_000), (102, 48_000)]
        .into_iter()
        .filter(|(_, clock)| codecs.iter().any(|codec| codec.clock_hz() == *clock))
        .collect()
}
