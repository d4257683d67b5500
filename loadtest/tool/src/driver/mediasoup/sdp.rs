//! mediasoup knows no SDP (RFC 8866), the generator's engines no other way to say what they are: what one says is
//! put into the words of the other here.

use core::fmt::Write as _;

use anyhow::Context as _;
use serde_json::{Map, Value};

use super::words::{
    Codec, Consumer, DtlsParameters, Encoding, Feedback, Fingerprint, HeaderExtension, Producing,
    Role, Rtcp, RtpParameters, Rtx, Transport,
};

/// Header extensions (RFC 8285) that both sides know and that a browser would agree on as well.
pub(super) const EXTENSIONS: [&str; 4] = [
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
];
/// The only hash that both sides are asked for.
const HASH: &str = "sha-256";
/// Lines of an offer that hold in its answer as well.
const KEPT: [&str; 5] = ["rtpmap:", "fmtp:", "rtcp-fb:", "mid:", "rtcp-mux"];

/// The m-lines of a description with what follows each of them.
fn sections(sdp: &str) -> impl Iterator<Item = Vec<&str>> {
    let parts = sdp.split("\nm=").skip(1);
    parts.map(|part| part.lines().map(str::trim_end).collect())
}

/// The values of the attributes of this name, such as `mid:`.
fn values<'a>(lines: &'a [&'a str], name: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = lines.iter();
    lines.filter_map(move |line| line.strip_prefix("a=")?.strip_prefix(name))
}

/// What an engine says of its DTLS end. Whoever leaves the choice begins: so is it answered.
pub(super) fn dtls(sdp: &str) -> anyhow::Result<DtlsParameters> {
    let lines: Vec<&str> = sdp.lines().map(str::trim_end).collect();
    let fingerprint = values(&lines, "fingerprint:").find_map(|value| value.split_once(' '));
    let (algorithm, value) = fingerprint.context("a description without fingerprint")?;
    let role = match values(&lines, "setup:").next() {
        Some("active" | "actpass") => Role::Client,
        Some("passive") => Role::Server,
        other => anyhow::bail!("the engine's setup is {other:?}"),
    };
    Ok(DtlsParameters {
        role,
        fingerprints: vec![Fingerprint {
            algorithm: algorithm.to_owned(),
            value: value.to_owned(),
        }],
    })
}

/// What an engine offers to send.
pub(super) fn producing(offer: &str) -> anyhow::Result<Vec<Producing>> {
    sections(offer).map(|lines| of_section(&lines)).collect()
}

fn of_section(lines: &[&str]) -> anyhow::Result<Producing> {
    let mut words = lines.first().context("no m-line")?.split(' ');
    let kind = words.next().context("an m-line without kind")?;
    let types = words.skip(2).filter_map(|word| word.parse::<u8>().ok());
    let codecs: Vec<Codec> = types.filter_map(|it| codec(kind, it, lines)).collect();
    anyhow::ensure!(!codecs.is_empty(), "an m-line without codec");
    let mid = values(lines, "mid:")
        .next()
        .context("an m-line without mid")?;
    let repeats = codecs.iter().any(|codec| codec.mime_type.ends_with("/rtx"));
    Ok(Producing {
        kind: kind.to_owned(),
        rtp_parameters: RtpParameters {
            mid: mid.to_owned(),
            codecs,
            header_extensions: extensions(lines).collect(),
            encodings: vec![encoding(lines, repeats).context("an m-line without SSRC")?],
            rtcp: Rtcp {
                cname: cname(lines).unwrap_or_default().to_owned(),
                reduced_size: true,
            },
        },
    })
}

/// `rtpmap`, `fmtp` and `rtcp-fb` of one payload type.
fn codec(kind: &str, payload_type: u8, lines: &[&str]) -> Option<Codec> {
    let of_type = |name| {
        values(lines, name).filter_map(move |value| {
            let (number, rest) = value.split_once(' ')?;
            (number.parse() == Ok(payload_type)).then_some(rest)
        })
    };
    let mut map = of_type("rtpmap:").next()?.split('/');
    let name = map.next()?;
    let clock_rate = map.next()?.parse().ok()?;
    let channels = map.next().and_then(|word| word.parse().ok());
    let parameters = of_type("fmtp:").flat_map(|value| value.split(';'));
    let feedback = of_type("rtcp-fb:").map(|value| {
        let (kind, parameter) = value.split_once(' ').unwrap_or((value, ""));
        Feedback {
            kind: kind.to_owned(),
            parameter: parameter.to_owned(),
        }
    });
    Some(Codec {
        mime_type: format!("{kind}/{name}"),
        payload_type,
        clock_rate,
        channels,
        rtcp_feedback: feedback.collect(),
        parameters: parameters.filter_map(parameter).collect(),
    })
}

/// `apt=96`; numbers are numbers for mediasoup.
fn parameter(text: &str) -> Option<(String, Value)> {
    let (name, value) = text.trim().split_once('=')?;
    let value = match value.parse::<u32>() {
        Ok(number) => Value::from(number),
        Err(_) => Value::from(value),
    };
    Some((name.to_owned(), value))
}

fn extensions<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = HeaderExtension> + 'a {
    values(lines, "extmap:").filter_map(|value| {
        let (id, rest) = value.split_once(' ')?;
        let uri = rest.split(' ').next()?;
        // A direction may follow the number.
        let id = id.split('/').next()?.parse().ok()?;
        let uri = EXTENSIONS.into_iter().find(|it| *it == uri)?.to_owned();
        Some(HeaderExtension { uri, id })
    })
}

/// The SSRC, and the one that packets are sent again with (RFC 4588 section 8.8, RFC 5576 section 4.2).
fn encoding(lines: &[&str], repeats: bool) -> Option<Encoding> {
    let group = values(lines, "ssrc-group:FID ").next();
    if let (Some(group), true) = (group, repeats) {
        let (ssrc, rtx) = group.split_once(' ')?;
        return Some(Encoding {
            ssrc: ssrc.parse().ok()?,
            rtx: Some(Rtx {
                ssrc: rtx.parse().ok()?,
            }),
        });
    }
    let (ssrc, _) = values(lines, "ssrc:").next()?.split_once(' ')?;
    Some(Encoding {
        ssrc: ssrc.parse().ok()?,
        rtx: None,
    })
}

fn cname<'a>(lines: &'a [&'a str]) -> Option<&'a str> {
    values(lines, "ssrc:").find_map(|value| value.split_once(" cname:").map(|(_, name)| name))
}

/// The answer to an offer that only sends: it takes everything, on this connection.
pub(super) fn answer(offer: &str, transport: &Transport) -> anyhow::Result<String> {
    let lines: Vec<&str> = offer.lines().map(str::trim_end).collect();
    let mids: Vec<&str> = values(&lines, "mid:").collect();
    let mut sdp = head(&mids);
    for lines in sections(offer) {
        let first = lines.first().context("no m-line")?;
        line(&mut sdp, &format!("m={first}"));
        line(&mut sdp, "c=IN IP4 127.0.0.1");
        let kept = lines.iter().filter(|line| {
            let name = line.strip_prefix("a=");
            name.is_some_and(|name| KEPT.iter().any(|kept| name.starts_with(kept)))
        });
        for kept in kept {
            line(&mut sdp, kept);
        }
        for it in extensions(&lines) {
            line(&mut sdp, &format!("a=extmap:{} {}", it.id, it.uri));
        }
        line(&mut sdp, "a=recvonly");
        path(&mut sdp, transport, "passive")?;
    }
    Ok(sdp)
}

/// An offer of everything that these consumers are for, on this connection.
pub(super) fn offer(consumers: &[Consumer], transport: &Transport) -> anyhow::Result<String> {
    let parameters = consumers.iter().map(|it| &it.rtp_parameters);
    let mids: Vec<&str> = parameters.map(|it| it.mid.as_str()).collect();
    let mut sdp = head(&mids);
    for consumer in consumers {
        let RtpParameters {
            mid,
            codecs,
            header_extensions,
            encodings,
            rtcp,
        } = &consumer.rtp_parameters;
        let types: Vec<String> = codecs
            .iter()
            .map(|it| it.payload_type.to_string())
            .collect();
        let types = types.join(" ");
        line(
            &mut sdp,
            &format!("m={} 9 UDP/TLS/RTP/SAVPF {types}", consumer.kind),
        );
        line(&mut sdp, "c=IN IP4 127.0.0.1");
        line(&mut sdp, &format!("a=mid:{mid}"));
        for codec in codecs {
            describe(&mut sdp, codec)?;
        }
        for it in header_extensions {
            line(&mut sdp, &format!("a=extmap:{} {}", it.id, it.uri));
        }
        for Encoding { ssrc, rtx } in encodings {
            if let Some(Rtx { ssrc: again }) = rtx {
                line(&mut sdp, &format!("a=ssrc-group:FID {ssrc} {again}"));
                line(&mut sdp, &format!("a=ssrc:{again} cname:{}", rtcp.cname));
            }
            line(&mut sdp, &format!("a=ssrc:{ssrc} cname:{}", rtcp.cname));
        }
        line(&mut sdp, "a=rtcp-mux");
        line(&mut sdp, "a=sendonly");
        // Its own library for browsers leaves the beginning of the handshake to the browser as well.
        path(&mut sdp, transport, "passive")?;
    }
    Ok(sdp)
}

fn describe(sdp: &mut String, codec: &Codec) -> anyhow::Result<()> {
    let Codec {
        mime_type,
        payload_type,
        clock_rate,
        channels,
        parameters,
        rtcp_feedback,
    } = codec;
    let (_, name) = mime_type.split_once('/').context("an odd codec")?;
    let channels = channels.filter(|count| *count > 1);
    let channels = channels.map_or_else(String::new, |count| format!("/{count}"));
    line(
        sdp,
        &format!("a=rtpmap:{payload_type} {name}/{clock_rate}{channels}"),
    );
    if !parameters.is_empty() {
        line(
            sdp,
            &format!("a=fmtp:{payload_type} {}", joined(parameters)),
        );
    }
    for Feedback { kind, parameter } in rtcp_feedback {
        let text = format!("a=rtcp-fb:{payload_type} {kind} {parameter}");
        line(sdp, text.trim_end());
    }
    Ok(())
}

fn joined(parameters: &Map<String, Value>) -> String {
    let words = parameters.iter().map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    words.collect::<Vec<String>>().join(";")
}

fn head(mids: &[&str]) -> String {
    let mids = mids.join(" ");
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\na=group:BUNDLE {mids}\r\n"
    )
}

/// Where it is reached and by which certificate it is known.
fn path(sdp: &mut String, transport: &Transport, setup: &str) -> anyhow::Result<()> {
    let ice = &transport.ice_parameters;
    line(sdp, &format!("a=ice-ufrag:{}", ice.username_fragment));
    line(sdp, &format!("a=ice-pwd:{}", ice.password));
    for it in &transport.ice_candidates {
        let (foundation, protocol) = (&it.foundation, &it.protocol);
        let (priority, ip, port, kind) = (it.priority, it.ip, it.port, &it.kind);
        line(
            sdp,
            &format!("a=candidate:{foundation} 1 {protocol} {priority} {ip} {port} typ {kind}"),
        );
    }
    let mut prints = transport.dtls_parameters.fingerprints.iter();
    let print = prints.find(|it| it.algorithm == HASH);
    let print = print.context("mediasoup shows no SHA-256 of its certificate")?;
    line(sdp, &format!("a=fingerprint:{HASH} {}", print.value));
    line(sdp, &format!("a=setup:{setup}"));
    Ok(())
}

fn line(sdp: &mut String, text: &str) {
    // Writing to a string does not fail.
    let _ = write!(sdp, "{text}\r\n");
}
