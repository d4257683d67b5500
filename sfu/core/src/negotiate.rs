//! Offer in, answer out, in one mutation of the engine.

use core::time::Duration;
use std::time::Instant;

use str0m::change::SdpOffer;
use str0m::ice::IceCreds;
use str0m::media::Mid;
use str0m::rtp::Ssrc;
use str0m::{Rtc, RtcError};

use crate::command::{ConnectError, ConnectRequest};
use crate::credentials::Mint;
use crate::offer::Outline;
use crate::participant::{Participant, Streams};
use crate::peer::{Drained, PeerError};
use crate::probe::Theirs;

/// An accepted offer.
pub(crate) struct Answer {
    pub(crate) sdp: String,
    /// The name by which the client will call us.
    pub(crate) ufrag: String,
}

/// Lets a person's engine accept an offer and takes over what it accepted.
pub(crate) fn accept(
    now: Instant,
    person: &mut Participant,
    (request, outline): (&ConnectRequest, &Outline),
    (mint, drained): (&mut Mint, &mut Drained),
) -> Result<Answer, ConnectError> {
    let password = person.access.password.clone();
    let known: Vec<Ssrc> = person.slots.iter().map(|slot| slot.stream).collect();
    let mut written = core::mem::take(&mut person.access.engine_ufrag);
    let accepted = person.peer.mutate(now, drained, |rtc| {
        let mut accepted = engine_accept(rtc, (request, outline), &known)?;
        if accepted.credentials.pass != password {
            written.clone_from(&accepted.credentials.ufrag);
            replace_credentials(rtc, &mut accepted, mint.make());
        }
        // The engine goes on to name its own in candidates.
        if !written.is_empty() {
            accepted.sdp = accepted.sdp.replace(&written, &accepted.credentials.ufrag);
        }
        Ok(accepted)
    });
    person.access.engine_ufrag = written;
    let Accepted {
        sdp,
        credentials,
        streams,
    } = match accepted {
        Ok(accepted) => accepted,
        Err(PeerError::Engine(error)) => return Err(ConnectError::BadOffer(Box::new(error))),
        Err(PeerError::Panicked | PeerError::Absent) => return Err(ConnectError::EngineFailed),
    };
    person.apply(request, outline, &streams)?;
    person.access.password = credentials.pass;
    person.access.theirs = Theirs::of_offer(&request.offer_sdp);
    Ok(Answer {
        sdp,
        ufrag: credentials.ufrag,
    })
}

/// Packets of a slot that can be sent again.
const RESEND_PACKETS: usize = 2000;
/// And for how long.
const RESEND_AGE: Duration = Duration::from_secs(3);
/// Share of resends in what is sent, above which the engine forgets those that wait. A key frame that
/// a queue on the way has dropped is most of what a slow layer sends; without it the picture stands
/// still until the next one.
const RESEND_SHARE: f32 = 0.75;

/// What an engine says about an offer that it took.
struct Accepted {
    sdp: String,
    credentials: IceCreds,
    streams: Streams,
}

/// The engine made credentials of its own, for a new connection or an ICE restart: ours take their
/// place in the engine and in what it wrote. Both of its values are long random words, so nothing
/// else in the description is the same.
fn replace_credentials(rtc: &mut Rtc, accepted: &mut Accepted, fresh: IceCreds) {
    accepted.sdp = accepted
        .sdp
        .replace(&accepted.credentials.ufrag, &fresh.ufrag)
        .replace(&accepted.credentials.pass, &fresh.pass);
    rtc.direct_api().set_local_ice_credentials(fresh.clone());
    accepted.credentials = fresh;
}

fn engine_accept(
    rtc: &mut Rtc,
    (request, outline): (&ConnectRequest, &Outline),
    known: &[Ssrc],
) -> Result<Accepted, RtcError> {
    let offer = SdpOffer::from_sdp_string(&request.offer_sdp)?;
    let answer = rtc.sdp_api().accept_offer(offer)?;
    let mut direct = rtc.direct_api();
    let credentials = direct.local_ice_credentials();
    let streams = outline
        .slots
        .iter()
        .filter_map(|slot| {
            let mid = Mid::from(slot.mid.as_str());
            let stream = direct.stream_tx_by_mid(mid, None)?;
            if !known.contains(&stream.ssrc()) {
                stream.set_rtx_cache(RESEND_PACKETS, RESEND_AGE, Some(RESEND_SHARE));
            }
            Some((mid, stream.ssrc(), stream.rtx()))
        })
        .collect();
    Ok(Accepted {
        sdp: order_sound(&answer.to_sdp_string(), &request.offer_sdp),
        credentials,
        streams,
    })
}

/// Puts redundant audio behind the codec that it wraps, where the offer did not put it first. The
/// engine always answers with it in front, and a browser would then send everything twice.
fn order_sound(answer: &str, offer: &str) -> String {
    let mut offered = sections(offer);
    let mut ordered = String::with_capacity(answer.len());
    for section in sections(answer) {
        let preferred = offered.next().and_then(first_codec);
        let wanted = preferred.is_some_and(|name| name.starts_with("red/"));
        let swapped = if wanted { None } else { red_last(section) };
        match swapped {
            Some(section) => ordered.push_str(&section),
            None => ordered.push_str(section),
        }
    }
    ordered
}

/// What stands before the first m-line, then each m-line with its attributes.
fn sections(sdp: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(sdp);
    core::iter::from_fn(move || {
        let text = rest.take()?;
        match text.find("\nm=") {
            Some(at) => {
                let (section, more) = text.split_at_checked(at + 1)?;
                rest = Some(more);
                Some(section)
            }
            None => Some(text),
        }
    })
}

/// The name of the payload type that a section puts first, in lower case.
fn first_codec(section: &str) -> Option<String> {
    let pt = section.lines().next()?.split(' ').nth(3)?;
    let map = format!("a=rtpmap:{pt} ");
    let name = section.lines().find_map(|line| line.strip_prefix(&map))?;
    Some(name.to_ascii_lowercase())
}

fn red_last(section: &str) -> Option<String> {
    if !section.starts_with("m=audio ") || !first_codec(section)?.starts_with("red/") {
        return None;
    }
    let (line, attributes) = section.split_once("\r\n")?;
    let mut words: Vec<&str> = line.split(' ').collect();
    if words.len() > 4 {
        words.swap(3, 4);
    }
    Some([&words.join(" "), "\r\n", attributes].concat())
}
