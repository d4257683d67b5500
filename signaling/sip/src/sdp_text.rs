//! SDP as far as a telephone has it (RFC 8866): lines, and one sound among the media.

use std::net::{IpAddr, SocketAddr};

use sfu_phone::{Codec, CryptoLine};

use crate::sdp::{Flow, SdpError};

/// Bytes of a description; those of telephones have about a thousand.
const BYTES_MAX: usize = 8_192;
/// Media of a description; telephones have one, sometimes video and fax besides.
const MEDIA_MAX: usize = 8;
/// Payload types of one medium.
const FORMATS_MAX: usize = 32;
/// Crypto lines of one medium that are looked at.
const CRYPTO_MAX: usize = 8;

/// One m-line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Medium {
    /// What stands behind `m=`, to refuse it with the same words.
    pub(crate) kind: String,
    pub(crate) protocol: String,
    pub(crate) port: u16,
    pub(crate) formats: Vec<String>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) flow: Option<Flow>,
    /// Codecs by payload type, in the order of preference.
    pub(crate) codecs: Vec<(u8, Codec)>,
    /// Telephone-events by payload type, with their clocks.
    pub(crate) events: Vec<(u8, u32)>,
    pub(crate) noise: Option<u8>,
    pub(crate) crypto: Vec<CryptoLine>,
}

impl Medium {
    pub(crate) fn is_sound(&self) -> bool {
        self.kind == "audio"
            && self.port != 0
            && matches!(self.protocol.as_str(), "RTP/AVP" | "RTP/SAVP")
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.protocol == "RTP/SAVP"
    }

    pub(crate) fn remote(&self) -> Option<SocketAddr> {
        self.address
            .map(|address| SocketAddr::new(address, self.port))
    }
}

/// Media of a description, what stands for all of them filled in.
pub(crate) fn parse(text: &str) -> Result<Vec<Medium>, SdpError> {
    if text.len() > BYTES_MAX {
        return Err(SdpError::Long);
    }
    let mut session = Medium::default();
    let mut media: Vec<(Medium, Vec<(u8, String)>)> = Vec::new();
    let mut begins = false;
    for line in text.split('\n').map(|line| line.trim_end_matches('\r')) {
        if line.is_empty() {
            continue;
        }
        let (kind, value) = line.split_once('=').ok_or(SdpError::Form)?;
        match (kind, media.last_mut()) {
            ("v", None) if value == "0" => begins = true,
            ("m", _) => {
                if media.len() >= MEDIA_MAX {
                    return Err(SdpError::Long);
                }
                media.push((medium(value)?, Vec::new()));
            }
            ("c", Some((medium, _))) => medium.address = Some(connection(value)?),
            ("c", None) => session.address = Some(connection(value)?),
            ("a", Some((medium, maps))) => attribute(medium, maps, value),
            ("a", None) => {
                if let Some(flow) = Flow::of_name(value) {
                    session.flow = Some(flow);
                }
            }
            _ => {}
        }
    }
    if !begins {
        return Err(SdpError::Form);
    }
    let finished = media.into_iter().map(|(mut medium, maps)| {
        medium.address = medium.address.or(session.address);
        medium.flow = medium.flow.or(session.flow);
        name_formats(&mut medium, &maps);
        medium
    });
    Ok(finished.collect())
}

fn medium(value: &str) -> Result<Medium, SdpError> {
    let mut words = value.split_ascii_whitespace();
    let kind = words.next().ok_or(SdpError::Form)?.to_ascii_lowercase();
    let port = words.next().ok_or(SdpError::Form)?;
    let port = port.split('/').next().unwrap_or_default();
    let port = port
        .parse()
        .map_err(|_bad: core::num::ParseIntError| SdpError::Form)?;
    let protocol = words.next().ok_or(SdpError::Form)?.to_ascii_uppercase();
    let formats: Vec<String> = words.take(FORMATS_MAX).map(str::to_owned).collect();
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_plain(&kind) || !is_plain(&protocol) || !formats.iter().all(|format| is_plain(format)) {
        return Err(SdpError::Form);
    }
    Ok(Medium {
        kind,
        protocol,
        port,
        formats,
        ..Medium::default()
    })
}

/// `IN IP4 address`, perhaps with a time to live. A host name cannot be sent to here.
fn connection(value: &str) -> Result<IpAddr, SdpError> {
    let mut words = value.split_ascii_whitespace();
    let (net, kind) = (words.next(), words.next());
    let address = words.next().and_then(|text| text.split('/').next());
    match (net, kind, address) {
        (Some("IN"), Some("IP4" | "IP6"), Some(address)) => address
            .parse()
            .map_err(|_bad: std::net::AddrParseError| SdpError::Address),
        _ => Err(SdpError::Form),
    }
}

fn attribute(medium: &mut Medium, maps: &mut Vec<(u8, String)>, value: &str) {
    if let Some(flow) = Flow::of_name(value) {
        medium.flow = Some(flow);
    } else if let Some(map) = value.strip_prefix("rtpmap:") {
        let named = map.split_once(' ').and_then(|(number, name)| {
            Some((number.parse().ok()?, name.trim().to_ascii_uppercase()))
        });
        if maps.len() < FORMATS_MAX {
            maps.extend(named);
        }
    } else if let Some(line) = value.strip_prefix("crypto:")
        && medium.crypto.len() < CRYPTO_MAX
    {
        // A suite that is not known here is no reason to refuse the others.
        medium.crypto.extend(CryptoLine::parse(line).ok());
    }
}

/// What each payload type means: by its name, or by its number where that has a fixed meaning (RFC 3551).
fn name_formats(medium: &mut Medium, maps: &[(u8, String)]) {
    for format in &medium.formats {
        let Some(number) = format.parse().ok().filter(|number: &u8| *number < 128) else {
            continue;
        };
        let named = maps
            .iter()
            .find(|(of, _)| *of == number)
            .map(|(_, name)| name.as_str());
        let name = named.unwrap_or(match number {
            0 => "PCMU/8000",
            8 => "PCMA/8000",
            9 => "G722/8000",
            13 => "CN/8000",
            _ => "",
        });
        let (coding, clock) = name.split_once('/').unwrap_or((name, ""));
        match (coding, clock) {
            ("PCMU", "8000" | "8000/1") => medium.codecs.push((number, Codec::Pcmu)),
            ("PCMA", "8000" | "8000/1") => medium.codecs.push((number, Codec::Pcma)),
            ("G722", "8000" | "8000/1") => medium.codecs.push((number, Codec::G722)),
            ("OPUS", "48000/2") => medium.codecs.push((number, Codec::Opus)),
            ("CN", "8000") => medium.noise = Some(number),
            ("TELEPHONE-EVENT", clock) => {
                let clock = clock.split('/').next().and_then(|clock| clock.parse().ok());
                medium.events.push((number, clock.unwrap_or(8_000)));
            }
            _ => {}
        }
    }
}
