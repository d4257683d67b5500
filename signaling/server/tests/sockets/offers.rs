//! Real offers.

use std::time::Instant;

use signaling_protocol::{ClientMessage, ConnectionId, Sdp, Source, SourceMid};
use str0m::Rtc;
use str0m::change::SdpPendingOffer;
use str0m::media::{Direction, MediaKind};
use uuid::Uuid;

/// A client's media engine with an open offer: microphone, camera, and a slot for each.
pub(crate) struct Engine {
    pub(crate) rtc: Rtc,
    pub(crate) pending: SdpPendingOffer,
    pub(crate) message: ClientMessage,
}

pub(crate) fn offer(connection: u128) -> Engine {
    from(Rtc::builder().build(Instant::now()), connection)
}

/// The same for a client that handles packets itself.
pub(crate) fn rtp_offer(connection: u128) -> Engine {
    let rtc = Rtc::builder().set_rtp_mode(true).build(Instant::now());
    from(rtc, connection)
}

fn from(mut rtc: Rtc, connection: u128) -> Engine {
    let mut change = rtc.sdp_api();
    let mut add = |kind, direction| change.add_media(kind, direction, None, None, None);
    let microphone = add(MediaKind::Audio, Direction::SendOnly);
    let camera = add(MediaKind::Video, Direction::SendOnly);
    add(MediaKind::Audio, Direction::RecvOnly);
    add(MediaKind::Video, Direction::RecvOnly);
    let (offer, pending) = change.apply().unwrap();
    let source = |mid: str0m::media::Mid, source| SourceMid {
        mid: mid.to_string(),
        source,
    };
    let message = ClientMessage::Offer {
        connection: ConnectionId::from_uuid(Uuid::from_u128(connection)),
        offer_no: 1,
        sdp: Sdp::try_from(offer.to_sdp_string()).unwrap(),
        sources: vec![
            source(microphone, Source::Microphone),
            source(camera, Source::Camera),
        ],
    };
    Engine {
        rtc,
        pending,
        message,
    }
}
