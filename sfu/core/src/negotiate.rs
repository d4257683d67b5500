//! Offer in, answer out, in one mutation of the engine.

use std::time::Instant;

use str0m::change::SdpOffer;
use str0m::media::Mid;
use str0m::{Rtc, RtcError};

use crate::command::{ConnectError, ConnectRequest};
use crate::offer::Outline;
use crate::participant::{Participant, Streams};
use crate::peer::{Drained, PeerError};

/// An accepted offer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) sdp: String,
    /// The ICE user fragment by which the client will call us.
    pub(crate) ufrag: String,
}

/// Lets a person's engine accept an offer and takes over what it accepted.
pub(crate) fn accept(
    now: Instant,
    person: &mut Participant,
    (request, outline): (&ConnectRequest, &Outline),
    drained: &mut Drained,
) -> Result<Answer, ConnectError> {
    let accepted = person
        .peer
        .mutate(now, drained, |rtc| engine_accept(rtc, request, outline));
    let (answer, streams) = match accepted {
        Ok(accepted) => accepted,
        Err(PeerError::Engine(error)) => return Err(ConnectError::BadOffer(Box::new(error))),
        Err(PeerError::Panicked) => return Err(ConnectError::EngineFailed),
    };
    person.apply(request, outline, &streams)?;
    Ok(answer)
}

fn engine_accept(
    rtc: &mut Rtc,
    request: &ConnectRequest,
    outline: &Outline,
) -> Result<(Answer, Streams), RtcError> {
    let offer = SdpOffer::from_sdp_string(&request.offer_sdp)?;
    let answer = rtc.sdp_api().accept_offer(offer)?;
    let mut direct = rtc.direct_api();
    let ufrag = direct.local_ice_credentials().ufrag;
    let streams = outline
        .slots
        .iter()
        .filter_map(|slot| {
            let mid = Mid::from(slot.mid.as_str());
            let stream = direct.stream_tx_by_mid(mid, None)?;
            Some((mid, stream.ssrc(), stream.rtx()))
        })
        .collect();
    Ok((
        Answer {
            sdp: answer.to_sdp_string(),
            ufrag,
        },
        streams,
    ))
}
