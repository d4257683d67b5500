//! What signaling and the media server call the same things.

use sfu_net::{ConnectionKey, LiveConnection, ParticipantKey, Rank, RoomKey, SfuEvent, SourceSet};
use signaling_protocol::{
    ConnectionId, Grants, ParticipantId, Role, RoomId, SlotBinding, Source, Sources, WantedSource,
};
use signaling_session::{Input, Orphan, PhoneSound};
use uuid::Uuid;

/// What an event of the media server means for which room.
pub(crate) fn translate(event: SfuEvent) -> Option<(RoomId, Input)> {
    if is_of_phone(&event) {
        return of_phone(&event);
    }
    match event {
        SfuEvent::Connected { .. } => None,
        SfuEvent::Wanted {
            room,
            participant,
            connection,
            sources,
        } => Some((
            room_id(room),
            Input::Wanted {
                participant: participant_id(participant),
                connection: connection_id(connection),
                sources: sources
                    .into_iter()
                    .map(|wanted| WantedSource {
                        source: from_sfu(wanted.source),
                        encodings: wanted.encodings,
                    })
                    .collect(),
            },
        )),
        SfuEvent::Speakers { room, speakers } => {
            let participants = people(speakers);
            Some((room_id(room), Input::Speakers { participants }))
        }
        SfuEvent::AudioOnly {
            room,
            participant,
            connection,
            on,
        } => Some((
            room_id(room),
            Input::AudioOnly {
                participant: participant_id(participant),
                connection: connection_id(connection),
                on,
            },
        )),
        SfuEvent::Disconnected {
            room,
            participant,
            connection,
            ..
        }
        | SfuEvent::PeerFailed {
            room,
            participant,
            connection,
        } => Some((
            room_id(room),
            Input::MediaLost {
                participant: participant_id(participant),
                connection: connection_id(connection),
            },
        )),
        SfuEvent::Slots {
            room,
            participant,
            connection,
            slots,
        } => Some((
            room_id(room),
            Input::Slots {
                participant: participant_id(participant),
                connection: connection_id(connection),
                slots: bindings(slots),
            },
        )),
    }
}

/// A telephone is seated; what becomes of its connection otherwise is its bridge's matter.
fn of_phone(event: &SfuEvent) -> Option<(RoomId, Input)> {
    let SfuEvent::Connected {
        room,
        participant,
        connection,
    } = event
    else {
        return None;
    };
    let seated = Input::PhoneSeated {
        participant: participant_id(*participant),
        connection: connection_id(*connection),
    };
    Some((room_id(*room), seated))
}

fn is_of_phone(event: &SfuEvent) -> bool {
    match event {
        SfuEvent::Connected { participant, .. }
        | SfuEvent::Wanted { participant, .. }
        | SfuEvent::AudioOnly { participant, .. }
        | SfuEvent::Disconnected { participant, .. }
        | SfuEvent::PeerFailed { participant, .. }
        | SfuEvent::Slots { participant, .. } => is_phone(*participant),
        SfuEvent::Speakers { .. } => false,
    }
}

/// Everybody once: somebody may speak by page and telephone at once, for a moment.
fn people(speakers: Vec<ParticipantKey>) -> Vec<ParticipantId> {
    let mut people = Vec::new();
    for speaker in speakers.into_iter().map(participant_id) {
        if !people.contains(&speaker) {
            people.push(speaker);
        }
    }
    people
}

fn bindings(slots: Vec<sfu_net::SlotBinding>) -> Vec<SlotBinding> {
    slots
        .into_iter()
        .map(|slot| SlotBinding {
            mid: slot.mid,
            participant: participant_id(slot.participant),
            source: from_sfu(slot.source),
        })
        .collect()
}

pub(crate) fn orphan(live: LiveConnection) -> Orphan {
    Orphan {
        participant: participant_id(live.participant),
        connection: connection_id(live.connection),
        slots: bindings(live.slots),
    }
}

pub(crate) fn room_key(room: RoomId) -> RoomKey {
    RoomKey(room.as_uuid().as_u128())
}

pub(crate) fn room_id(key: RoomKey) -> RoomId {
    RoomId::from_uuid(Uuid::from_u128(key.0))
}

pub(crate) fn participant_key(participant: ParticipantId) -> ParticipantKey {
    ParticipantKey(participant.as_uuid().as_u128())
}

/// The second bit of a UUID's variant, which is never set in ids of the clinic (RFC 9562 section 4.1).
/// In a key it says that a person's telephone is meant: beside it they may have a page, and for the
/// media server the two are two.
const PHONE: u128 = 1 << 62;

/// Whose page or telephone a key of the media server is: what the clinic knows the person by.
#[must_use]
pub const fn person_of(key: u128) -> u128 {
    key & !PHONE
}

/// A person's telephone, as the media server knows it.
pub(crate) fn phone_key(participant: ParticipantId) -> ParticipantKey {
    ParticipantKey(participant.as_uuid().as_u128() | PHONE)
}

/// Whether a telephone is meant.
pub(crate) fn is_phone(key: ParticipantKey) -> bool {
    key.0 & PHONE != 0
}

/// Whose page or telephone it is.
pub(crate) fn participant_id(key: ParticipantKey) -> ParticipantId {
    ParticipantId::from_uuid(Uuid::from_u128(key.0 & !PHONE))
}

/// Which way a telephone's sound goes, for the media server.
pub(crate) fn turned(sound: PhoneSound) -> (SourceSet, sfu_net::Grants) {
    let on = SourceSet {
        microphone: sound.speaks,
        camera: false,
        screen: false,
    };
    let grants = sfu_net::Grants {
        publish: on,
        subscribe: sound.hears,
    };
    (on, grants)
}

fn connection_id(key: ConnectionKey) -> ConnectionId {
    ConnectionId::from_uuid(Uuid::from_u128(key.0))
}

pub(crate) fn source_set(on: Sources) -> SourceSet {
    SourceSet {
        microphone: on.microphone,
        camera: on.camera,
        screen: on.screen,
    }
}

pub(crate) fn to_sfu(source: Source) -> sfu_net::Source {
    match source {
        Source::Microphone => sfu_net::Source::Microphone,
        Source::Camera => sfu_net::Source::Camera,
        Source::Screen => sfu_net::Source::Screen,
    }
}

fn from_sfu(source: sfu_net::Source) -> Source {
    match source {
        sfu_net::Source::Microphone => Source::Microphone,
        sfu_net::Source::Camera => Source::Camera,
        sfu_net::Source::Screen => Source::Screen,
    }
}

pub(crate) fn rank_of(role: Role) -> Rank {
    match role {
        Role::Clinician => Rank::Clinician,
        Role::Patient | Role::Guest => Rank::Other,
    }
}

pub(crate) fn grants_of(grants: Grants) -> sfu_net::Grants {
    sfu_net::Grants {
        publish: source_set(grants.publish),
        subscribe: grants.subscribe,
    }
}
