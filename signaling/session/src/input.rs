//! What happens to a room.

use signaling_protocol::{
    Bye, Caption, ChatMessage, ClientMessage, ConnectionId, ErrorCode, FailoverTicket, Grants,
    IceServer, ParticipantId, Purpose, RecordingEnd, Role, Sdp, SlotBinding, WantedSource,
};

use crate::moving::Legacy;

/// One WebSocket, numbered by the server; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// Names a question to the clinic, so that its answer is told from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// SHA-256 of a resume token. The room keeps no secret that could leak from it.
pub type TokenHash = [u8; 32];

/// A fresh resume token, made by the server.
#[derive(Clone, PartialEq, Eq)]
pub struct ResumeSecret {
    /// For the client.
    pub text: String,
    /// For the room.
    pub hash: TokenHash,
}

impl core::fmt::Debug for ResumeSecret {
    /// Secrets never reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ResumeSecret(..)")
    }
}

/// Who a ticket says somebody is.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The same across reloads.
    pub id: ParticipantId,
    /// Display name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// A guest's relation to the patient.
    pub relation: Option<String>,
    /// The clinic let them in earlier.
    pub admitted: bool,
    /// The media connection that their page still has.
    pub connection: Option<ConnectionId>,
}

impl core::fmt::Debug for Person {
    /// Names never reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Person")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("admitted", &self.admitted)
            .finish_non_exhaustive()
    }
}

/// A telephone at the door.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who the clinic says it is. The same person may be here with a page.
    pub person: Person,
    /// What may be shown of the number; empty when it is withheld.
    pub number: String,
    /// The media connection that carries its sound.
    pub connection: ConnectionId,
    /// Whether they agree to be recorded, if they were asked before they came.
    pub consent: Option<bool>,
}

impl core::fmt::Debug for Caller {
    /// Names and numbers never reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Caller")
            .field("person", &self.person)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// What a telephone may do. It has no chat and leads no visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneAct {
    /// Switch its own sound off or on.
    Mute(bool),
    /// Raise or lower the hand.
    Hand(bool),
    /// The call was put on hold, or taken up again.
    Hold(bool),
    /// Whether they agree to this; by key, to the words of [`Purpose::wording`].
    Consent(Purpose, bool),
    /// Hang up.
    Leave,
}

/// What a person's session was when its failover ticket was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// People encrypted what they sent for each other.
    pub encrypted: bool,
    /// Their own grants.
    pub grants: Grants,
}

/// Somebody from a room whose node has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returning {
    /// The token that they have shown.
    pub token: TokenHash,
    /// Who they are now, as the clinic says.
    pub person: Person,
    /// What their ticket says.
    pub standing: Standing,
}

/// How somebody comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// With a verified, unspent ticket.
    Ticket(Person),
    /// With a verified, unspent ticket at a standard door (WHIP, WHEP): a program that offers at once
    /// and knows nothing of lobbies, chat or moderation. Its offer is answered while it waits, and
    /// nothing is granted until it is admitted.
    Door(Person),
    /// With a verified, unspent ticket, by telephone.
    Phone(Caller),
    /// With the token of an earlier Welcome.
    Resume(TokenHash),
    /// With the token of a Welcome of the node that had the room before, and a failover ticket of that session.
    /// The clinic says who it is. Whoever this room has welcomed meanwhile resumes.
    Return(Returning),
}

/// What the clinic has stored of a room before this process knew it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomRecord {
    /// The last [`signaling_protocol::CHAT_BACKLOG_MAX`] messages, oldest first.
    pub chat: Vec<ChatMessage>,
    /// How far each person has read.
    pub read: Vec<(ParticipantId, u64)>,
    /// The visit was ended; nobody comes in.
    pub ended: bool,
    /// This server can write captions.
    pub captions_offered: bool,
    /// How the room was.
    pub legacy: Legacy,
}

/// A media connection without a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// Whose it was.
    pub participant: ParticipantId,
    /// Which.
    pub connection: ConnectionId,
    /// What its receiving m-lines carry.
    pub slots: Vec<SlotBinding>,
}

/// The clinic did not store or record it, or not in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the clinic could not store it")]
pub struct StoreFailed;

/// Why an offer got no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferRefusal {
    /// For programs.
    pub code: ErrorCode,
    /// For developers; without anything of the offer.
    pub detail: String,
}

/// What a socket did wrong below the level of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Said to the client.
    pub code: ErrorCode,
    /// Said to the client, for developers.
    pub detail: String,
    /// The socket is closed for it. The person keeps their seat and may come back.
    pub last: bool,
}

/// Everything that can happen to a room.
#[derive(Debug)]
pub enum Input {
    /// A socket said Hello.
    Enter {
        /// The socket.
        socket: SocketId,
        /// How it proves who it is.
        entry: Entry,
        /// Becomes the resume token of the session.
        secret: ResumeSecret,
        /// Relays that this session may use.
        relays: Vec<IceServer>,
    },
    /// A socket said something. What sockets that are not in the room say is ignored.
    Message {
        /// The socket.
        socket: SocketId,
        /// What it said.
        message: ClientMessage,
    },
    /// A telephone's key or hold. What is no telephone in the room is ignored.
    Phone {
        /// The telephone.
        socket: SocketId,
        /// What it does.
        act: PhoneAct,
    },
    /// The media server has seated a telephone.
    PhoneSeated {
        /// Whose.
        participant: ParticipantId,
        /// For which call.
        connection: ConnectionId,
    },
    /// Somebody was called back in vain, or could not be called.
    CallBackFailed {
        /// Whom.
        participant: ParticipantId,
    },
    /// A socket broke a rule of the transport.
    Complain {
        /// The socket.
        socket: SocketId,
        /// The rule.
        complaint: Complaint,
    },
    /// A socket does not read; what waits for it has been thrown away.
    Slow {
        /// The socket.
        socket: SocketId,
    },
    /// A socket is gone without a word.
    Lost {
        /// The socket.
        socket: SocketId,
    },
    /// The answer to [`crate::Output::StoreChat`].
    Stored {
        /// The question.
        request: RequestId,
        /// The message with its number and time, or that of an earlier post with the same id.
        result: Result<ChatMessage, StoreFailed>,
    },
    /// The answer to [`crate::Output::Record`] with a request id.
    Recorded {
        /// The question.
        request: RequestId,
        /// Whether it is on record.
        result: Result<(), StoreFailed>,
    },
    /// The answer to [`crate::Output::Keep`].
    Kept {
        /// The question.
        request: RequestId,
        /// Whether it is kept.
        result: Result<(), StoreFailed>,
    },
    /// The answer to [`crate::MediaCommand::Connect`].
    Answered {
        /// Who offered.
        participant: ParticipantId,
        /// Of the offer.
        connection: ConnectionId,
        /// Of the offer.
        offer_no: u32,
        /// The description, or why not.
        result: Result<Sdp, OfferRefusal>,
    },
    /// The media server says what the slots of a connection carry.
    Slots {
        /// Whose connection.
        participant: ParticipantId,
        /// Which.
        connection: ConnectionId,
        /// The complete list.
        slots: Vec<SlotBinding>,
    },
    /// The media server says which encodings of a connection are watched.
    Wanted {
        /// Whose connection.
        participant: ParticipantId,
        /// Which.
        connection: ConnectionId,
        /// The complete list.
        sources: Vec<WantedSource>,
    },
    /// The media server says who speaks, loudest first.
    Speakers {
        /// The complete list.
        participants: Vec<ParticipantId>,
    },
    /// The media server withholds pictures from a connection, or no longer.
    AudioOnly {
        /// Whose connection.
        participant: ParticipantId,
        /// Which.
        connection: ConnectionId,
        /// Whether.
        on: bool,
    },
    /// The media server lost a connection.
    MediaLost {
        /// Whose connection.
        participant: ParticipantId,
        /// Which.
        connection: ConnectionId,
    },
    /// The answer to [`crate::Output::OpenRecorder`].
    RecorderOpened {
        /// Which.
        purpose: Purpose,
        /// The question.
        request: RequestId,
        /// Whether it is ready.
        result: Result<(), StoreFailed>,
    },
    /// The recorder or the scribe has given up by itself.
    RecorderFailed {
        /// Which.
        purpose: Purpose,
        /// Why.
        why: RecordingEnd,
    },
    /// The scribe has understood something, or believes so.
    Heard {
        /// Who said what.
        caption: Caption,
    },
    /// The clinic takes one person out, for example because their link was revoked. After
    /// [`Bye::Removed`] the person waits in the lobby when they come back.
    Drop {
        /// Whom.
        participant: ParticipantId,
        /// What they are told.
        reason: Bye,
    },
    /// The clinic or the server closes the room. Nothing is recorded.
    Close {
        /// What everybody is told.
        reason: Bye,
    },
    /// The answer to [`crate::Output::Vouch`].
    Vouched {
        /// Whose it is.
        participant: ParticipantId,
        /// What their page is told.
        failover: FailoverTicket,
    },
    /// Another node has the room from here on: every page is asked to begin there, and the room closes
    /// when all have, or in so many microseconds.
    Move {
        /// How long at most.
        patience_us: i64,
    },
    /// What the room was on the node that had it before.
    Inherit {
        /// What it leaves.
        legacy: Legacy,
    },
    /// [`crate::Room::poll_timeout`] has come.
    Timeout,
}
