//! An offer as programs send it, made ready for the media server: whichever way a line may go at
//! this door is the way it goes, candidates are left out, and its m-lines become sources or slots.

use sfu_net::{RefusedOffer, check_offer};
use signaling_protocol::{SDP_BYTES_MAX, Sdp, Source, SourceMid, TextError};

use super::Way;
use super::fragment::Credentials;
use super::problem::Problem;
use crate::translate::to_sfu;

/// Longest `a=mid` in bytes; a room takes no longer one.
const MID_BYTES_MAX: usize = 16;
/// What is said of offered codecs, in characters.
const CODECS_CHARS_MAX: usize = 200;
/// The header extension by which packets name their m-line, RFC 9143 section 15.2.
const MID_EXTENSION: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";

/// An offer that the room can pass on.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) sdp: Sdp,
    pub(crate) sources: Vec<SourceMid>,
    pub(crate) credentials: Credentials,
}

/// Direction of an m-line as its client sees it (RFC 8866 section 6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Flow {
    const ALL: [Self; 4] = [
        Self::SendRecv,
        Self::SendOnly,
        Self::RecvOnly,
        Self::Inactive,
    ];

    const fn line(self) -> &'static str {
        match self {
            Self::SendRecv => "a=sendrecv",
            Self::SendOnly => "a=sendonly",
            Self::RecvOnly => "a=recvonly",
            Self::Inactive => "a=inactive",
        }
    }

    fn read(line: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flow| flow.line() == line)
    }

    /// The last direction among `lines`.
    fn find(lines: &[&str]) -> Option<Self> {
        lines.iter().rev().find_map(|line| Self::read(line))
    }
}

/// One m-line with its attributes.
#[derive(Debug)]
struct Section<'a> {
    lines: Vec<&'a str>,
    mid: &'a str,
    /// Sound or picture; data channels are left to the engine.
    audio: Option<bool>,
    flow: Flow,
}

impl Section<'_> {
    /// Port 0: rejected, or bundled with another m-line (RFC 9143 section 6).
    fn has_no_port(&self) -> bool {
        let media = self.lines.first().copied().unwrap_or_default();
        media.split(' ').nth(1) == Some("0")
    }

    /// Whether packets of this line can be told from those of others.
    fn is_identified(&self) -> bool {
        self.lines.iter().any(|line| {
            line.starts_with("a=ssrc:")
                || (line.starts_with("a=extmap:") && line.contains(MID_EXTENSION))
        })
    }

    /// The codecs that it names, for people.
    fn codecs(&self) -> String {
        let attribute = |name: &'static str| {
            let lines = self.lines.iter();
            lines.filter_map(move |line| line.strip_prefix(name)?.split_once(' '))
        };
        let named: Vec<String> = attribute("a=rtpmap:")
            .map(|(payload, codec)| {
                let fmtp = attribute("a=fmtp:").find(|(of, _)| *of == payload);
                match fmtp {
                    Some((_, format)) if codec.to_ascii_lowercase().starts_with("h26") => {
                        format!("{codec} ({format})")
                    }
                    _ => codec.to_owned(),
                }
            })
            .collect();
        let is_plain = |c: &char| c.is_ascii_graphic() || *c == ' ';
        let text = named.join(", ");
        text.chars()
            .filter(is_plain)
            .take(CODECS_CHARS_MAX)
            .collect()
    }
}

/// Reads an offer that came to `way`'s door.
pub(crate) fn prepare(way: Way, text: &str) -> Result<Prepared, Problem> {
    let offer = Sdp::try_from(text.to_owned()).map_err(|error| no_description(&error))?;
    let lines: Vec<&str> = offer.as_str().lines().map(str::trim_end).collect();
    let credentials = Credentials::find(lines.iter().copied())
        .ok_or_else(|| Problem::malformed("the offer has no ICE user fragment and password"))?;
    let (session, mut sections) = split(&lines)?;
    let bundle = bundle(&session, &sections)?;
    for section in &mut sections {
        section.flow = turn(way, section)?;
    }
    let sources = sources(&sections, &bundle)?;
    // A data channel flows nowhere, whatever its line or the session says.
    let slots = sections
        .iter()
        .any(|section| section.audio.is_some() && section.flow == Flow::RecvOnly);
    if sources.is_empty() && (way == Way::Publish || !slots) {
        return Err(Problem::invalid(
            "no m-line of the offer is of use at this door",
        ));
    }
    let sdp = Sdp::try_from(join(&session, &sections, &bundle))
        .map_err(|error| no_description(&error))?;
    examine(&sdp, &sources, &sections)?;
    Ok(Prepared {
        sdp,
        sources,
        credentials,
    })
}

fn no_description(error: &TextError) -> Problem {
    if matches!(error, TextError::TooLong { .. }) {
        return Problem::too_large(SDP_BYTES_MAX);
    }
    Problem::malformed(error.to_string())
}

/// The lines before the first m-line, and the m-lines.
fn split<'a>(lines: &[&'a str]) -> Result<(Vec<&'a str>, Vec<Section<'a>>), Problem> {
    let mut parts = lines.chunk_by(|_, next| !next.starts_with("m="));
    // A description begins with its version, so the first part is the session's.
    let session = parts.next().unwrap_or_default().to_vec();
    let default = Flow::find(&session).unwrap_or(Flow::SendRecv);
    let sections = parts
        .map(|lines| {
            let media = lines.first().copied().unwrap_or_default();
            let mids = lines.iter().find_map(|line| line.strip_prefix("a=mid:"));
            let mid = mids.filter(|mid| is_mid(mid)).ok_or_else(|| {
                Problem::malformed("an m-line has no a=mid of 1 to 16 letters and digits")
            })?;
            Ok(Section {
                mid,
                audio: if media.starts_with("m=audio ") {
                    Some(true)
                } else if media.starts_with("m=video ") {
                    Some(false)
                } else {
                    None
                },
                flow: Flow::find(lines).unwrap_or(default),
                lines: lines.to_vec(),
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok((session, sections))
}

fn is_mid(mid: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=MID_BYTES_MAX).contains(&mid.len()) && mid.bytes().all(is_token)
}

/// The m-lines that share the one transport, in their order. Everything is bundled here (RFC 9725
/// section 4.4.1); some clients name m-lines that they have left out, or the only one not at all.
fn bundle<'a>(session: &[&str], sections: &[Section<'a>]) -> Result<Vec<&'a str>, Problem> {
    let group = session
        .iter()
        .find_map(|line| line.strip_prefix("a=group:BUNDLE"));
    let mids = sections.iter().map(|section| section.mid);
    match group {
        Some(group) => {
            let named: Vec<&str> = group.split_whitespace().collect();
            Ok(mids.filter(|mid| named.contains(mid)).collect())
        }
        None if sections.len() <= 1 => Ok(mids.collect()),
        None => Err(Problem::invalid("the m-lines are not one BUNDLE group")),
    }
}

/// The way a line goes at this door. At the door for publishing, a `recvonly` line is a slot: who
/// wants to take part in both directions with one ticket offers both kinds there.
fn turn(way: Way, section: &Section<'_>) -> Result<Flow, Problem> {
    match (way, section.flow) {
        (Way::Publish, Flow::SendRecv) => Ok(Flow::SendOnly),
        (Way::Play, Flow::SendRecv) => Ok(Flow::RecvOnly),
        (Way::Play, Flow::SendOnly) if section.audio.is_some() => {
            let mid = section.mid;
            Err(Problem::invalid(format!(
                "m-line {mid} sends, and this door only plays"
            )))
        }
        (_, flow) => Ok(flow),
    }
}

/// The first sound is the microphone, the first picture the camera, a second picture the screen.
fn sources(sections: &[Section<'_>], bundle: &[&str]) -> Result<Vec<SourceMid>, Problem> {
    let mut sources: Vec<SourceMid> = Vec::new();
    for section in sections {
        let rejected = section.has_no_port() && !bundle.contains(&section.mid);
        let Some(audio) = section
            .audio
            .filter(|_| section.flow == Flow::SendOnly && !rejected)
        else {
            continue;
        };
        let kinds: &[Source] = if audio {
            &[Source::Microphone]
        } else {
            &[Source::Camera, Source::Screen]
        };
        let free = |kind: &&Source| sources.iter().all(|known| known.source != **kind);
        let mid = section.mid;
        let Some(source) = kinds.iter().find(free).copied() else {
            let detail =
                format!("m-line {mid} is one too many: one sound and two pictures are sent");
            return Err(Problem::invalid(detail));
        };
        if !section.is_identified() {
            let detail = format!(
                "packets of m-line {mid} cannot be recognised: name their a=ssrc, or send their mid"
            );
            return Err(Problem::invalid(detail));
        }
        sources.push(SourceMid {
            mid: mid.to_owned(),
            source,
        });
    }
    Ok(sources)
}

/// The offer again, as it goes to the media server.
fn join(session: &[&str], sections: &[Section<'_>], bundle: &[&str]) -> String {
    let mut text = String::new();
    let mut write = |line: &str| {
        text.push_str(line);
        text.push_str("\r\n");
    };
    let is_kept = |line: &&&str| {
        let dropped = ["a=group:", "a=candidate:", "a=end-of-candidates"];
        Flow::read(line).is_none() && !dropped.iter().any(|prefix| line.starts_with(prefix))
    };
    for line in session.iter().filter(is_kept) {
        write(line);
    }
    write(&format!("a=group:BUNDLE {}", bundle.join(" ")));
    for section in sections {
        for line in section.lines.iter().filter(is_kept) {
            write(line);
        }
        if section.audio.is_some() {
            write(section.flow.line());
        }
    }
    text
}

/// Asks before the ticket is used up whether the media server could forward this.
fn examine(sdp: &Sdp, sources: &[SourceMid], sections: &[Section<'_>]) -> Result<(), Problem> {
    let sources: Vec<_> = sources
        .iter()
        .map(|source| sfu_net::SourceMid {
            mid: source.mid.clone(),
            source: to_sfu(source.source),
        })
        .collect();
    match check_offer(sdp.as_str(), &sources) {
        Ok(()) => Ok(()),
        Err(error @ RefusedOffer::NoCommonCodec { .. }) => {
            let offered: Vec<String> = sections
                .iter()
                .filter(|section| section.audio.is_some())
                .map(|section| format!("m-line {} offers {}", section.mid, section.codecs()))
                .collect();
            Err(Problem::invalid(format!("{error}: {}", offered.join("; "))))
        }
        Err(RefusedOffer::OfferTooLarge { max }) => Err(Problem::too_large(max)),
        Err(error) => Err(Problem::invalid(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SESSION: &str = "v=0\no=- 1 2 IN IP4 127.0.0.1\ns=-\nt=0 0\na=ice-ufrag:abcd\n\
        a=ice-pwd:0123456789012345678901\n";
    const VP8: &str = "a=rtpmap:96 VP8/90000\n";

    fn audio(mid: &str, flow: &str) -> String {
        format!(
            "m=audio 9 UDP/TLS/RTP/SAVPF 111\na=mid:{mid}\na={flow}\na=ssrc:1 cname:x\n\
             a=rtpmap:111 opus/48000/2\n"
        )
    }

    fn video(mid: &str, flow: &str, codec: &str) -> String {
        format!("m=video 9 UDP/TLS/RTP/SAVPF 96\na=mid:{mid}\na={flow}\na=ssrc:2 cname:x\n{codec}")
    }

    fn offer(mids: &str, parts: &[String]) -> String {
        format!("{SESSION}a=group:BUNDLE {mids}\n{}", parts.concat())
    }

    fn kinds(prepared: &Prepared) -> Vec<(&str, Source)> {
        let sources = prepared.sources.iter();
        sources
            .map(|source| (source.mid.as_str(), source.source))
            .collect()
    }

    fn refused(way: Way, text: &str) -> u16 {
        prepare(way, text).unwrap_err().status.as_u16()
    }

    #[test]
    fn sending_lines_become_microphone_camera_and_screen() {
        let parts = [
            video("v", "sendrecv", VP8),
            audio("a", "sendonly"),
            video("s", "sendonly", VP8),
        ];
        let prepared = prepare(Way::Publish, &offer("v a s", &parts)).unwrap();
        assert_eq!(
            kinds(&prepared),
            [
                ("v", Source::Camera),
                ("a", Source::Microphone),
                ("s", Source::Screen)
            ]
        );
        let text = prepared.sdp.as_str();
        assert!(!text.contains("a=sendrecv") && text.matches("a=sendonly\r\n").count() == 3);
    }

    #[test]
    fn a_player_receives_whatever_it_would_also_send() {
        let parts = [audio("0", "sendrecv"), video("1", "recvonly", VP8)];
        let prepared = prepare(Way::Play, &offer("0 1", &parts)).unwrap();
        assert_eq!(kinds(&prepared), []);
        assert_eq!(prepared.sdp.as_str().matches("a=recvonly\r\n").count(), 2);
        let sends = offer("0", &[audio("0", "sendonly")]);
        assert_eq!(refused(Way::Play, &sends), 422);
        let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:0\n";
        assert_eq!(refused(Way::Play, &offer("0", &[data.to_owned()])), 422);
    }

    #[test]
    fn one_ticket_takes_part_both_ways_at_the_door_for_publishing() {
        let parts = [audio("0", "sendonly"), audio("1", "recvonly")];
        let prepared = prepare(Way::Publish, &offer("0 1", &parts)).unwrap();
        assert_eq!(kinds(&prepared), [("0", Source::Microphone)]);
        assert!(prepared.sdp.as_str().contains("a=recvonly"));
        let only_receives = offer("0", &[audio("0", "recvonly")]);
        assert_eq!(refused(Way::Publish, &only_receives), 422);
    }

    #[test]
    fn too_many_lines_of_a_kind_are_refused() {
        let sounds = [audio("0", "sendonly"), audio("1", "sendonly")];
        assert_eq!(refused(Way::Publish, &offer("0 1", &sounds)), 422);
        let pictures = ["0", "1", "2"].map(|mid| video(mid, "sendonly", VP8));
        assert_eq!(refused(Way::Publish, &offer("0 1 2", &pictures)), 422);
    }

    #[test]
    fn a_bundle_names_the_lines_that_are_there() {
        let parts = [audio("0", "sendonly")];
        for text in [offer("0 1", &parts), format!("{SESSION}{}", parts.concat())] {
            let prepared = prepare(Way::Publish, &text).unwrap();
            assert!(prepared.sdp.as_str().contains("a=group:BUNDLE 0\r\n"));
        }
        let two = [audio("0", "sendonly"), video("1", "sendonly", VP8)];
        let apart = format!("{SESSION}{}", two.concat());
        assert_eq!(refused(Way::Publish, &apart), 422);
    }

    #[test]
    fn candidates_and_other_groups_are_left_out() {
        let text = offer("0", &[audio("0", "sendonly")])
            + "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\na=end-of-candidates\n";
        let text = text.replace("a=group:", "a=group:LS 0\na=group:");
        let prepared = prepare(Way::Publish, &text).unwrap();
        let text = prepared.sdp.as_str();
        assert!(!text.contains("candidate") && text.matches("a=group:").count() == 1);
    }

    #[test]
    fn a_refused_codec_is_named() {
        let high = "a=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1;profile-level-id=640032\n\
            a=rtpmap:97 H265/90000\n";
        let text = offer(
            "0 1",
            &[audio("0", "sendonly"), video("1", "sendonly", high)],
        );
        let problem = prepare(Way::Publish, &text).unwrap_err();
        assert_eq!(problem.status, 422);
        let said = format!("{problem:?}");
        assert!(
            said.contains("profile-level-id=640032") && said.contains("H265/90000"),
            "{said}"
        );
    }

    #[test]
    fn packets_that_nobody_could_recognise_are_refused_at_once() {
        let unnamed = offer("0", &[audio("0", "sendonly")]).replace("a=ssrc:1 cname:x\n", "");
        assert_eq!(refused(Way::Publish, &unnamed), 422);
        let named = unnamed + "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\n";
        assert!(prepare(Way::Publish, &named).is_ok());
    }

    #[test]
    fn what_is_no_offer_is_malformed() {
        let good = offer("0", &[audio("0", "sendonly")]);
        assert!(prepare(Way::Publish, &good).is_ok());
        for (text, status) in [
            (String::new(), 400),
            ("hello".to_owned(), 400),
            (good.replace("a=mid:0", "a=mid:0 0"), 400),
            (good.replace("a=ice-pwd:", "a=x:"), 400),
            (good.repeat(400), 413),
            (SESSION.to_owned(), 422),
        ] {
            assert_eq!(refused(Way::Publish, &text), status, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,300}") {
            let _ = prepare(Way::Publish, &text);
            let _ = prepare(Way::Play, &format!("{SESSION}{text}"));
        }

        #[test]
        fn any_lines_are_survived(
            lines in proptest::collection::vec(
                "(m=audio |m=video |m=|a=mid:|a=rtpmap:|a=fmtp:96 |a=group:BUNDLE |a=)[a-z0-9é= /]{0,20}",
                0..20,
            )
        ) {
            let _ = prepare(Way::Publish, &format!("{SESSION}{}", lines.join("\r\n")));
        }
    }
}
