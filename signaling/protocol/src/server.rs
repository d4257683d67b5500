//! What the server says.

use serde::{Deserialize, Serialize};

use crate::ids::{ChatId, ConnectionId, ParticipantId, RoomId};
use crate::media::RoomMedia;
use crate::recording::{Caption, Recording};
use crate::roster::{Grants, Participant, Phone, RoomOverview, Source, Stage};
use crate::text::{ChatText, KeyText, Sdp};

/// One frame from the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFrame {
    /// 1, 2, 3 ... in one session, going on after a resume.
    pub seq: u64,
    /// What is said.
    pub message: ServerMessage,
}

/// Server to client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The answer to Hello.
    Welcome {
        /// Secret for [`crate::Auth::Resume`].
        resume_token: String,
        /// The whole state.
        snapshot: Snapshot,
    },
    /// The clinician let this person in; the snapshot shows the room.
    Admitted {
        /// The whole state.
        snapshot: Snapshot,
    },
    /// A clinician came or went; said to those who wait.
    HostPresent {
        /// Whether a clinician is in the room.
        present: bool,
    },
    /// A person came or changed. Replaces what was known of the same id.
    Participant {
        /// The new state.
        participant: Participant,
    },
    /// A person has gone.
    Gone {
        /// Who.
        participant: ParticipantId,
    },
    /// The answer to an offer.
    Answer {
        /// Of the offer.
        connection: ConnectionId,
        /// Of the offer.
        offer_no: u32,
        /// The description.
        sdp: Sdp,
    },
    /// What each receiving m-line carries from here on; the list is complete.
    Slots {
        /// The connection whose m-lines are meant.
        connection: ConnectionId,
        /// Bound slots; a slot not named is empty.
        slots: Vec<SlotBinding>,
    },
    /// Which encodings of own sources somebody watches; the list is complete. Others need not be
    /// sent: the server drops them.
    Wanted {
        /// The connection that sends them.
        connection: ConnectionId,
        /// Per source.
        sources: Vec<WantedSource>,
    },
    /// Who speaks now, loudest first; the list is complete.
    Speakers {
        /// Who.
        participants: Vec<ParticipantId>,
    },
    /// The bandwidth does not carry pictures to this person; speech goes on. `on: false`: they are
    /// back.
    AudioOnly {
        /// The connection that receives.
        connection: ConnectionId,
        /// Whether pictures are withheld.
        on: bool,
    },
    /// Whether people encrypt what they send for each other. Everybody makes a new media connection.
    Encryption {
        /// From here on.
        on: bool,
    },
    /// The recording of the visit, or that there is none.
    Recording {
        /// From here on.
        recording: Recording,
    },
    /// The captions of the visit, or that there are none; they stand as a recording does.
    Captions {
        /// From here on.
        captions: Recording,
    },
    /// What somebody says, in words.
    Caption {
        /// The words.
        caption: Caption,
    },
    /// Somebody's key, sealed for this person.
    SealedKey {
        /// Whose.
        from: ParticipantId,
        /// The key, sealed.
        key: KeyText,
    },
    /// The media connection was lost on the server's side; offer again with a new connection id.
    MediaLost {
        /// The lost connection.
        connection: ConnectionId,
    },
    /// The room goes to another node. Open a second session with a fresh ticket, by whichever node,
    /// say [`crate::ClientMessage::Moved`] in this one when media flows there, and use it from the
    /// [`Bye::Restarting`] on that follows here. Whoever does nothing is sent on by that Bye, as after a
    /// restart.
    Move,
    /// What to come back with if this server fails. Replaces the one before.
    Failover(FailoverTicket),
    /// A clinician changed what the server forwards from and to this person.
    Granted {
        /// From here on.
        grants: Grants,
    },
    /// A clinician switched this person's microphone off.
    Muted,
    /// This person's own hand is up or down from here on.
    Hand {
        /// Whether it is up.
        up: bool,
    },
    /// This person's own telephone came, changed or went.
    Phone {
        /// As the others see it; none: it went.
        phone: Option<Phone>,
    },
    /// A chat message, stored.
    Chat {
        /// The message.
        message: ChatMessage,
    },
    /// Live rooms, for observers; the list is complete.
    Overview {
        /// Rooms with somebody in them.
        rooms: Vec<RoomOverview>,
    },
    /// Media numbers, for observers who asked with [`crate::ClientMessage::Inspect`]; again every
    /// two seconds. What is not named is as before.
    Media {
        /// Rooms that were asked for, or parts of them.
        rooms: Vec<RoomMedia>,
    },
    /// Something this client said was refused; the connection goes on unless a Bye follows.
    Error {
        /// For programs.
        code: ErrorCode,
        /// For developers, in English; never shown as is.
        detail: String,
    },
    /// Nothing new.
    Heartbeat,
    /// The last message of a connection.
    Bye {
        /// Why.
        reason: Bye,
    },
}

/// Where and with what a page comes back when the server that has the visit fails. Another server takes the resume
/// token with a dot and the ticket behind it, where it takes the token alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailoverTicket {
    /// Opaque; good for some minutes, and for nothing without the resume token of the last Welcome.
    pub ticket: String,
    /// Where else pages are served, as `https://host`, the one to ask first first. Empty where all servers have
    /// one address.
    pub nodes: Vec<String>,
}

impl core::fmt::Debug for FailoverTicket {
    /// Tickets never reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("FailoverTicket(..)")
    }
}

/// Everything a person may know of the room at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that come and go apart from each other"
)]
pub struct Snapshot {
    /// The room.
    pub room: RoomId,
    /// Who I am.
    pub me: Participant,
    /// Waiting or in the visit.
    pub stage: Stage,
    /// Whether a clinician is in the room.
    pub host_present: bool,
    /// The others; empty while waiting.
    pub others: Vec<Participant>,
    /// The latest messages, oldest first; empty while waiting.
    pub chat: Vec<ChatMessage>,
    /// I have read the chat up to this `seq`.
    pub chat_read: u64,
    /// What the slots of my media connection carry; empty without one.
    pub slots: Vec<SlotBinding>,
    /// My live media connection, if the server still has one.
    pub connection: Option<ConnectionId>,
    /// Which encodings of my media connection somebody watches; empty when nothing was said yet.
    #[serde(default)]
    pub wanted: Vec<WantedSource>,
    /// Who speaks now, loudest first.
    #[serde(default)]
    pub speakers: Vec<ParticipantId>,
    /// Pictures are withheld from my media connection for lack of bandwidth.
    #[serde(default)]
    pub audio_only: bool,
    /// People encrypt what they send for each other.
    #[serde(default)]
    pub encrypted: bool,
    /// The recording of the visit, or that there is none.
    #[serde(default)]
    pub recording: Recording,
    /// The captions of the visit, or that there are none.
    #[serde(default)]
    pub captions: Recording,
    /// This server can write captions.
    #[serde(default)]
    pub captions_offered: bool,
    /// Relays of this server for networks that let nothing else pass.
    #[serde(default)]
    pub relays: Vec<IceServer>,
}

/// A relay, as `RTCIceServer` of the browser takes it. Its password is worth something for as long
/// as the session lasts, and only towards this server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// `turns:` and `turn:` URLs, RFC 7065.
    pub urls: Vec<String>,
    /// User name.
    pub username: String,
    /// Password.
    pub credential: String,
}

impl core::fmt::Debug for IceServer {
    /// Passwords never reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("IceServer").finish_non_exhaustive()
    }
}

/// One own source and which of its encodings are watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedSource {
    /// Which.
    pub source: Source,
    /// From the lowest to the highest; one without simulcast.
    pub encodings: Vec<bool>,
}

/// A stored chat message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// 1, 2, 3 ... in one room, without gaps.
    pub seq: u64,
    /// The author's id of the message.
    pub id: ChatId,
    /// The author.
    pub from: ParticipantId,
    /// The author's name at that time.
    pub from_name: String,
    /// Unix time in microseconds.
    pub at_us: i64,
    /// The text.
    pub text: ChatText,
}

/// One receiving m-line and what it carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotBinding {
    /// The receiving m-line.
    pub mid: String,
    /// Whose media.
    pub participant: ParticipantId,
    /// Which of their sources.
    pub source: Source,
}

/// Why something was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not JSON, an unknown type or field, a value out of range.
    Malformed,
    /// More than [`crate::MESSAGE_BYTES_MAX`].
    TooLarge,
    /// Too many messages in a short time.
    RateLimited,
    /// Another protocol version.
    Version,
    /// The ticket or resume token is forged, expired, spent or for something else.
    Unauthorized,
    /// Only possible after admission.
    NotAdmitted,
    /// Only a clinician may do this.
    Forbidden,
    /// That person is not there.
    UnknownParticipant,
    /// The offer could not be used.
    BadOffer,
    /// The room or the server is full.
    Full,
    /// The server could not store it; try again.
    Unavailable,
    /// Not possible in this state, for example a second Hello.
    OutOfOrder,
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bye {
    /// The person left.
    Left,
    /// The clinician did not let them in.
    Refused,
    /// The clinician took them out.
    Removed,
    /// The clinician ended the visit.
    Ended,
    /// The same person connected from another window.
    Replaced,
    /// The connection test is over.
    TestOver,
    /// The ticket or token was not accepted.
    Unauthorized,
    /// The client did not read what was sent to it.
    SlowReader,
    /// The client broke the protocol too often.
    Misbehaved,
    /// The server restarts; come back at once.
    Restarting,
}
