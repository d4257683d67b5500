//! One person in the room.

use std::collections::BTreeMap;

use signaling_protocol::{
    ConnectionId, Grants, IceServer, KeyText, Participant, ParticipantId, Phone, Quality, Role,
    Sdp, SlotBinding, SourceMid, Sources, Stage, WantedSource, WayIn,
};

use crate::call_back::Calling;
use crate::input::{Person, SocketId, TokenHash};
use crate::output::PhoneSound;

/// Whether a person is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seat {
    /// On this socket.
    Taken(SocketId),
    /// Their socket was lost; the seat is kept until this time.
    Kept { until_us: i64 },
    /// They take part by telephone alone.
    None,
}

/// A person's telephone.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) socket: SocketId,
    pub(crate) number: String,
    pub(crate) connection: ConnectionId,
    pub(crate) muted: bool,
    pub(crate) on_hold: bool,
    /// What they said of a recording before they came.
    pub(crate) consent: Option<bool>,
    /// What it was told last.
    pub(crate) told: Told,
}

/// What a telephone knows of the room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// In the lobby, whether a clinician is there.
    pub(crate) waiting: Option<bool>,
    /// In the visit, which way its sound goes.
    pub(crate) sound: Option<PhoneSound>,
    /// By [`signaling_protocol::Purpose::ALL`].
    pub(crate) asked: [bool; 2],
    pub(crate) taped: [bool; 2],
}

/// What a person takes part with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// A page of ours, or whoever speaks like one.
    Page,
    /// A program at a standard door (WHIP, WHEP).
    Program,
}

/// An offer that waits or is being answered.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) connection: ConnectionId,
    pub(crate) offer_no: u32,
    pub(crate) sdp: Sdp,
    pub(crate) sources: Vec<SourceMid>,
}

/// An offer that the media server has and has not answered.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) connection: ConnectionId,
    pub(crate) offer_no: u32,
    /// The slots may be known before the answer is.
    pub(crate) slots: Option<Vec<SlotBinding>>,
    /// The media server lost it again before the answer was seen.
    pub(crate) lost: bool,
}

/// A person's media connection as the room knows it.
#[derive(Debug, Default)]
pub(crate) struct Media {
    pub(crate) live: Option<ConnectionId>,
    pub(crate) slots: Vec<SlotBinding>,
    /// Sizes by mid, of the newest connection.
    pub(crate) view: BTreeMap<String, u16>,
    /// Whom this person wants to see before all others, on any connection.
    pub(crate) pinned: Option<ParticipantId>,
    /// Which own encodings are watched, as last told.
    pub(crate) wanted: Vec<WantedSource>,
    /// Pictures are withheld for lack of bandwidth.
    pub(crate) audio_only: bool,
    pub(crate) pending: Option<Pending>,
    /// The newest offer that came while one was pending. Older ones are dropped: the client has
    /// replaced them.
    pub(crate) next: Option<Offer>,
    /// The media server may know this person: an offer was passed on, whatever came of it.
    pub(crate) offered: bool,
}

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: ParticipantId,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) relation: Option<String>,
    pub(crate) stage: Stage,
    pub(crate) seat: Seat,
    pub(crate) sources: Sources,
    /// What counts once they are admitted; see [`Member::granted`].
    pub(crate) grants: Grants,
    pub(crate) client: Client,
    pub(crate) public_key: Option<KeyText>,
    pub(crate) quality: Quality,
    pub(crate) since_us: i64,
    /// The newest resume token and the one before it: the Welcome with the newest may not have
    /// arrived.
    pub(crate) tokens: [Option<TokenHash>; 2],
    /// Frames sent in this session.
    pub(crate) seq: u64,
    /// When the last frame was sent.
    pub(crate) spoken_us: i64,
    /// When a failover ticket was asked for last.
    pub(crate) vouched_us: i64,
    pub(crate) media: Media,
    /// Relays that this session may use.
    pub(crate) relays: Vec<IceServer>,
    /// Their telephone.
    pub(crate) leg: Option<Leg>,
    /// What their page was told of it.
    pub(crate) leg_told: Option<Phone>,
    pub(crate) hand: bool,
    /// Whether their telephone is called.
    pub(crate) calling: Calling,
}

impl Member {
    pub(crate) fn new(person: Person, stage: Stage, seat: Seat, now_us: i64) -> Self {
        Self {
            id: person.id,
            name: person.name,
            role: person.role,
            relation: person.relation,
            stage,
            seat,
            sources: Sources::default(),
            grants: Grants::ALL,
            client: Client::Page,
            public_key: None,
            quality: Quality::default(),
            since_us: now_us,
            tokens: [None, None],
            seq: 0,
            spoken_us: now_us,
            vouched_us: now_us,
            media: Media::default(),
            relays: Vec::new(),
            leg: None,
            leg_told: None,
            hand: false,
            calling: Calling::default(),
        }
    }

    pub(crate) fn socket(&self) -> Option<SocketId> {
        match self.seat {
            Seat::Taken(socket) => Some(socket),
            Seat::Kept { .. } | Seat::None => None,
        }
    }

    pub(crate) fn is_admitted(&self) -> bool {
        self.stage == Stage::Admitted
    }

    /// What the media server may forward from and to this person now.
    pub(crate) fn granted(&self) -> Grants {
        if self.is_admitted() {
            self.grants
        } else {
            Grants::NONE
        }
    }

    pub(crate) fn is_program(&self) -> bool {
        self.client == Client::Program
    }

    /// Their telephone is in the visit.
    pub(crate) fn is_heard_by_phone(&self) -> bool {
        self.leg
            .as_ref()
            .is_some_and(|leg| leg.told.sound.is_some())
    }

    /// Somebody who can let others in.
    pub(crate) fn is_host(&self) -> bool {
        self.role == Role::Clinician && self.is_admitted()
    }

    pub(crate) fn holds(&self, token: &TokenHash) -> bool {
        self.tokens.iter().flatten().any(|known| known == token)
    }

    /// Their page is there and its microphone is on.
    fn speaks_by_page(&self) -> bool {
        self.socket().is_some() && self.sources.microphone
    }

    /// Which way the sound of their telephone goes, once they are in the visit: one person has one
    /// ear and one mouth, and those of a page whose microphone is on go before.
    pub(crate) fn phone_sound(&self, leg: &Leg) -> PhoneSound {
        let open = !leg.on_hold && !self.speaks_by_page();
        PhoneSound {
            speaks: open && !leg.muted && self.grants.publish.microphone,
            hears: open && self.grants.subscribe,
        }
    }

    /// Their telephone as everybody sees it.
    pub(crate) fn phone(&self) -> Option<Phone> {
        self.leg.as_ref().map(|leg| Phone {
            number: leg.number.clone(),
            on_hold: leg.on_hold,
            has_sound: !self.speaks_by_page(),
        })
    }

    /// What is on, by whichever way.
    fn shown_sources(&self) -> Sources {
        let Some(leg) = &self.leg else {
            return self.sources;
        };
        let mut shown = match self.socket() {
            Some(_) => self.sources,
            None => Sources::default(),
        };
        shown.microphone |= !leg.muted && !leg.on_hold;
        shown
    }

    fn way(&self) -> WayIn {
        match (&self.leg, self.client) {
            (Some(_), _) if self.socket().is_none() => WayIn::Phone,
            (_, Client::Page) => WayIn::Page,
            (_, Client::Program) => WayIn::Program,
        }
    }

    /// As the others see them.
    pub(crate) fn view(&self) -> Participant {
        let on_page = self.socket().is_some();
        let connected = on_page || self.leg.is_some();
        Participant {
            id: self.id,
            name: self.name.clone(),
            role: self.role,
            relation: self.relation.clone(),
            stage: self.stage,
            connected,
            sources: self.shown_sources(),
            grants: self.grants,
            public_key: self.public_key.clone(),
            way: self.way(),
            phone: self.phone(),
            call_back: self.calling.shown(),
            hand: self.hand,
            quality: match (on_page, connected) {
                (true, _) => self.quality,
                // A telephone does not say.
                (false, true) => Quality::Unknown,
                (false, false) => Quality::Lost,
            },
            since_us: self.since_us,
        }
    }
}
