//! What must be known of an offer before the engine sees it, so that a refused one changes nothing.

use std::collections::BTreeSet;

use crate::command::ConnectError;
use crate::h264::H264;
use crate::limits::{MEDIA_LINES_MAX, OFFER_BYTES_MAX};
use crate::source::{Source, SourceMid};

/// Direction of an m-line as its client sees it (RFC 8866 section 6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// One m-line.
#[derive(Debug)]
struct Line {
    mid: String,
    audio: bool,
    video: bool,
    flow: Flow,
    known_codec: bool,
    h264: H264,
}

/// An m-line on which the client receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OfferedSlot {
    pub(crate) mid: String,
    pub(crate) audio: bool,
}

/// What an offer asks for: sources that go up and slots that come down.
#[derive(Debug)]
pub(crate) struct Outline {
    pub(crate) sources: Vec<SourceMid>,
    pub(crate) slots: Vec<OfferedSlot>,
    /// Some m-line has no H.264 that is forwarded but plain baseline.
    pub(crate) plain_h264: bool,
}

/// Whether an offer names codecs that are forwarded and m-lines that fit its sources, before anybody
/// is asked for an engine. The engine may still find something else wrong with it.
///
/// # Errors
/// What is wrong with the offer.
pub fn check_offer(sdp: &str, sources: &[SourceMid]) -> Result<(), ConnectError> {
    Outline::parse(sdp, sources).map(drop)
}

impl Outline {
    /// Reads the m-lines of `sdp` and fits the named sources to them.
    pub(crate) fn parse(sdp: &str, sources: &[SourceMid]) -> Result<Self, ConnectError> {
        if sdp.len() > OFFER_BYTES_MAX {
            return Err(ConnectError::OfferTooLarge {
                max: OFFER_BYTES_MAX,
            });
        }
        let lines = read_lines(sdp)?;
        if let Some(line) = lines
            .iter()
            .find(|line| line.flow != Flow::Inactive && !line.is_forwarded())
        {
            return Err(ConnectError::NoCommonCodec {
                mid: line.mid.clone(),
            });
        }
        fit(&lines, sources)?;
        let slots = lines
            .iter()
            .filter(|line| line.flow == Flow::RecvOnly)
            .map(|line| OfferedSlot {
                mid: line.mid.clone(),
                audio: line.audio,
            })
            .collect();
        Ok(Self {
            sources: sources.to_vec(),
            slots,
            plain_h264: lines.iter().any(|line| line.h264.is_plain_only()),
        })
    }
}

impl Line {
    fn is_forwarded(&self) -> bool {
        self.known_codec || self.h264.is_forwarded()
    }
}

fn fit(lines: &[Line], sources: &[SourceMid]) -> Result<(), ConnectError> {
    let mut mids = BTreeSet::new();
    let mut kinds = BTreeSet::<Source>::new();
    for wanted in sources {
        let sends = lines.iter().any(|line| {
            line.mid == wanted.mid
                && matches!(line.flow, Flow::SendOnly | Flow::SendRecv)
                && line.audio == wanted.source.is_audio()
        });
        if !sends || !mids.insert(&wanted.mid) || !kinds.insert(wanted.source) {
            return Err(ConnectError::BadSource {
                mid: wanted.mid.clone(),
            });
        }
    }
    Ok(())
}

/// The audio and video lines; data channel lines are counted and left to the engine.
fn read_lines(sdp: &str) -> Result<Vec<Line>, ConnectError> {
    let mut lines: Vec<Line> = Vec::new();
    let mut found = 0_usize;
    for text in sdp.lines().map(str::trim_end) {
        if let Some(media) = text.strip_prefix("m=") {
            found = found.saturating_add(1);
            let (audio, video) = (media.starts_with("audio "), media.starts_with("video "));
            lines.push(Line {
                mid: String::new(),
                audio,
                video,
                flow: Flow::SendRecv,
                known_codec: false,
                h264: H264::default(),
            });
        } else if let (Some(line), Some(attribute)) = (lines.last_mut(), text.strip_prefix("a=")) {
            read_attribute(line, attribute);
        }
    }
    if found > MEDIA_LINES_MAX {
        return Err(ConnectError::TooManyMedia {
            found,
            max: MEDIA_LINES_MAX,
        });
    }
    lines.retain(|line| line.audio || line.video);
    Ok(lines)
}

fn read_attribute(line: &mut Line, attribute: &str) {
    match attribute {
        "sendrecv" => line.flow = Flow::SendRecv,
        "sendonly" => line.flow = Flow::SendOnly,
        "recvonly" => line.flow = Flow::RecvOnly,
        "inactive" => line.flow = Flow::Inactive,
        _ => {
            if let Some(mid) = attribute.strip_prefix("mid:") {
                mid.clone_into(&mut line.mid);
            } else if let Some((payload, name)) = attribute
                .strip_prefix("rtpmap:")
                .and_then(|map| map.split_once(' '))
            {
                let name = name.to_ascii_lowercase();
                if line.video && name == "h264/90000" {
                    line.h264.add(payload);
                }
                line.known_codec |= if line.audio {
                    name.starts_with("opus/48000")
                } else {
                    ["vp8/90000", "vp9/90000", "av1/90000"].contains(&name.as_str())
                };
            } else if let Some(fmtp) = attribute.strip_prefix("fmtp:") {
                line.h264.read(fmtp);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OFFER: &str = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendonly\r\n\
        a=rtpmap:111 opus/48000/2\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=recvonly\r\n\
        a=rtpmap:96 VP8/90000\r\n";

    fn source(mid: &str, source: Source) -> SourceMid {
        SourceMid {
            mid: mid.to_owned(),
            source,
        }
    }

    #[test]
    fn sending_lines_are_sources_and_receiving_lines_are_slots() {
        let outline = Outline::parse(OFFER, &[source("0", Source::Microphone)]).unwrap();
        assert_eq!(
            outline.slots,
            [OfferedSlot {
                mid: "1".to_owned(),
                audio: false
            }]
        );
    }

    #[test]
    fn a_source_must_fit_its_line() {
        for wrong in [
            source("7", Source::Microphone),
            source("0", Source::Camera),
            source("1", Source::Camera),
        ] {
            let refused = Outline::parse(OFFER, &[wrong]);
            assert!(matches!(refused, Err(ConnectError::BadSource { .. })));
        }
    }

    #[test]
    fn a_line_without_a_known_codec_is_refused() {
        let refused = Outline::parse(&OFFER.replace("VP8", "H265"), &[]);
        assert!(matches!(refused, Err(ConnectError::NoCommonCodec { mid }) if mid == "1"));
    }

    #[test]
    fn h264_counts_in_the_profiles_that_are_forwarded() {
        let offer = |fmtp: &str| {
            OFFER.replace(
                "VP8/90000\r\n",
                &format!("H264/90000\r\na=fmtp:96 {fmtp}\r\n"),
            )
        };
        let browser =
            offer("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f");
        assert!(!Outline::parse(&browser, &[]).unwrap().plain_h264);
        let plain = offer("packetization-mode=1;profile-level-id=42001f");
        assert!(Outline::parse(&plain, &[]).unwrap().plain_h264);
        for other in [
            "packetization-mode=1;profile-level-id=640032",
            "packetization-mode=0",
        ] {
            let refused = check_offer(&offer(other), &[]);
            assert!(
                matches!(refused, Err(ConnectError::NoCommonCodec { .. })),
                "{other}"
            );
        }
    }

    #[test]
    fn too_many_lines_are_refused() {
        let refused = Outline::parse(&OFFER.repeat(MEDIA_LINES_MAX), &[]);
        assert!(matches!(refused, Err(ConnectError::TooManyMedia { .. })));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,200}") {
            let _ = Outline::parse(&text, &[source("0", Source::Camera)]);
        }
    }
}
