//! What a client may say.

use serde::{Deserialize, Serialize};

use crate::ids::{ChatId, ConnectionId, ParticipantId, RoomId};
use crate::recording::Purpose;
use crate::roster::{Grants, Quality, Source, Sources};
use crate::text::{ChatText, KeyText, Sdp};

/// How a client proves who it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// A signed one-use ticket, got over HTTP.
    Ticket {
        /// The ticket.
        ticket: String,
        /// The media connection that this page still has, after signaling has forgotten the page.
        /// If the media server has it too, it goes on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection: Option<ConnectionId>,
    },
    /// The secret of an earlier Welcome, after a lost WebSocket. Media goes on meanwhile.
    Resume {
        /// The secret, and behind a dot the last failover ticket, if there was one
        /// ([`crate::FailoverTicket`]).
        token: String,
        /// The last `seq` that this client saw.
        last_seq: u64,
    },
}

impl core::fmt::Debug for Auth {
    /// Tickets and secrets never reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Ticket { .. } => f.write_str("Ticket(..)"),
            Self::Resume { last_seq, .. } => write!(f, "Resume(.., {last_seq})"),
        }
    }
}

/// Which m-line of an offer carries which source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceMid {
    /// The `a=mid` of the m-line, RFC 8843.
    pub mid: String,
    /// What it carries.
    pub source: Source,
}

/// How large the picture of one slot is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotView {
    /// The receiving m-line.
    pub mid: String,
    /// Height on screen in pixels; 0 pauses the video.
    pub height_px: u16,
}

/// Client to server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// Always the first message, and only the first.
    Hello {
        /// [`crate::VERSION`].
        version: u16,
        /// Who is there.
        auth: Auth,
    },
    /// A WebRTC offer. The client always offers: its own sources as `sendonly` m-lines and empty
    /// `recvonly` m-lines as slots for the others. The server is ICE-lite and answers with all its
    /// candidates; candidates of the client are not needed.
    Offer {
        /// Same id: renegotiation. New id: the old connection is dropped.
        connection: ConnectionId,
        /// Counts this connection's offers; the answer repeats it.
        offer_no: u32,
        /// The description.
        sdp: Sdp,
        /// Which m-lines are what.
        sources: Vec<SourceMid>,
    },
    /// Which sources are on. A source that is off is not forwarded, whatever arrives.
    Media {
        /// The new state.
        sources: Sources,
    },
    /// How large each video slot is shown.
    View {
        /// Slots that are not named keep their size.
        slots: Vec<SlotView>,
        /// Whom this person wants to see before all others; nobody when it is not named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pinned: Option<ParticipantId>,
    },
    /// A chat message. It counts as sent when it comes back as [`crate::ServerMessage::Chat`].
    Chat {
        /// Sent twice with the same id, it is stored once.
        id: ChatId,
        /// The text.
        text: ChatText,
    },
    /// Everything up to `seq` has been seen by this person.
    ChatRead {
        /// A [`crate::ChatMessage::seq`].
        seq: u64,
    },
    /// Clinician: let a waiting person in.
    Admit {
        /// Whom.
        participant: ParticipantId,
    },
    /// Clinician: do not let a waiting person in.
    Refuse {
        /// Whom.
        participant: ParticipantId,
    },
    /// Clinician: switch a person's microphone off. They can switch it on again.
    Mute {
        /// Whom.
        participant: ParticipantId,
    },
    /// Clinician: change what the server forwards from and to a person in the visit.
    Grant {
        /// Whose.
        participant: ParticipantId,
        /// From here on.
        grants: Grants,
    },
    /// Clinician: take a person out of the visit.
    Remove {
        /// Whom.
        participant: ParticipantId,
    },
    /// Clinician: call the telephone of a person whose page was lost, or stop calling it.
    CallBack {
        /// Whom.
        participant: ParticipantId,
        /// Whether.
        on: bool,
    },
    /// Clinician: end the visit for everybody.
    #[serde(deserialize_with = "no_fields")]
    End,
    /// Clinician: from here on people encrypt what they send so that only people in the visit can
    /// read it, or no longer.
    Encrypt {
        /// Whether.
        on: bool,
    },
    /// Clinician: ask everybody in the visit to agree to a recording, which begins when they have, or
    /// end it. Who asks agrees.
    Record {
        /// Whether.
        on: bool,
    },
    /// Ask everybody in the visit to agree to captions, which begin when they have, or end them. Who
    /// asks agrees. Anybody with a page may ask.
    Captions {
        /// Whether.
        on: bool,
    },
    /// Whether this person agrees to what is asked for or runs. Who does not, or no longer, ends it for
    /// everybody.
    Consent {
        /// Whether.
        agree: bool,
        /// The words they were asked with: [`Purpose::wording`].
        wording: u16,
        /// To what; to a recording when it is not named.
        #[serde(default)]
        purpose: Purpose,
    },
    /// The public key with which others seal their keys for this person. New in every session.
    PublicKey {
        /// The key.
        key: KeyText,
    },
    /// The key of what this person sends, sealed for one other person. The server passes it on and
    /// cannot read it.
    SealedKey {
        /// For whom.
        to: ParticipantId,
        /// The key, sealed.
        key: KeyText,
    },
    /// Observer of all rooms: the media numbers of these rooms from here on, and of no others; at
    /// most [`crate::INSPECTED_ROOMS_MAX`].
    Inspect {
        /// Which.
        rooms: Vec<RoomId>,
    },
    /// This person raises their hand, or lowers it.
    Hand {
        /// Whether it is up.
        up: bool,
    },
    /// Clinician: lower the hand of a person, who has been seen.
    LowerHand {
        /// Whose.
        participant: ParticipantId,
    },
    /// What this client measured of its own connection.
    Quality {
        /// In words.
        quality: Quality,
    },
    /// The answer to [`crate::ServerMessage::Move`]: the second session is there.
    #[serde(deserialize_with = "no_fields")]
    Moved,
    /// This person goes; the visit goes on and they may come back.
    #[serde(deserialize_with = "no_fields")]
    Leave,
}

/// Reads a variant without fields. By itself serde lets such a variant have any, in spite of
/// `deny_unknown_fields`.
fn no_fields<'de, D: serde::Deserializer<'de>>(rest: D) -> Result<(), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    Nothing::deserialize(rest).map(|Nothing {}| ())
}
