//! What a room wants done.

use signaling_protocol::{
    Bye, Caption, ChatId, ChatText, ConnectionId, ErrorCode, Grants, ParticipantId, Purpose,
    RecordingEnd, Role, Sdp, ServerFrame, SlotView, SourceMid, Sources,
};

use crate::input::{RequestId, SocketId, Standing, TokenHash};
use crate::moving::Legacy;

/// A chat message before it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatPost {
    /// Chosen by the author; stored once.
    pub id: ChatId,
    /// The author.
    pub from: ParticipantId,
    /// The author's name at this time.
    pub from_name: String,
    /// The text.
    pub text: ChatText,
}

impl core::fmt::Debug for ChatPost {
    /// What people write never reaches a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ChatPost")
            .field("id", &self.id)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// What the clinic keeps of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitEvent {
    /// A person came, into the lobby or, when they had been admitted earlier, into the visit.
    Arrived {
        /// Who.
        participant: ParticipantId,
        /// As what.
        role: Role,
    },
    /// A clinician let a person in.
    Admitted {
        /// Whom.
        participant: ParticipantId,
        /// Who did it.
        by: ParticipantId,
    },
    /// A clinician did not let a person in.
    Refused {
        /// Whom.
        participant: ParticipantId,
        /// Who did it.
        by: ParticipantId,
    },
    /// A clinician took a person out.
    Removed {
        /// Whom.
        participant: ParticipantId,
        /// Who did it.
        by: ParticipantId,
    },
    /// The first patient is in. After a restart of the server it may come a second time.
    Started,
    /// A clinician ended the visit.
    Ended {
        /// Who did it.
        by: ParticipantId,
    },
    /// Somebody asked everybody to agree to a recording or to captions.
    ConsentAsked {
        /// To what.
        purpose: Purpose,
        /// Who did it.
        by: ParticipantId,
    },
    /// A person agreed.
    ConsentGiven {
        /// To what.
        purpose: Purpose,
        /// Who.
        participant: ParticipantId,
        /// The words they were asked with.
        wording: u16,
    },
    /// A person did not agree, or no longer.
    ConsentRefused {
        /// To what.
        purpose: Purpose,
        /// Who.
        participant: ParticipantId,
    },
    /// What was asked for or ran is over.
    ConsentOver {
        /// What.
        purpose: Purpose,
        /// Why.
        why: RecordingEnd,
    },
    /// A person took part by telephone from here on, or no longer.
    ByPhone {
        /// Who.
        participant: ParticipantId,
        /// Whether.
        on: bool,
    },
    /// A person whose page was lost is called by telephone.
    CalledBack {
        /// Whom.
        participant: ParticipantId,
        /// Who wanted it; by itself without.
        by: Option<ParticipantId>,
    },
    /// A person left, or stayed away longer than their seat is kept.
    Left {
        /// Who.
        participant: ParticipantId,
    },
}

/// Why a socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// With this as the last frame.
    Bye(Bye),
    /// Not let in for now; a later Hello may be.
    Refused(ErrorCode),
}

/// What the media server is to do in this room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaCommand {
    /// Answer an offer; the result comes back as [`crate::Input::Answered`].
    Connect {
        /// Whose: somebody who is admitted, or who waits at a standard door without grants.
        participant: ParticipantId,
        /// Which connection.
        connection: ConnectionId,
        /// Repeated in the answer.
        offer_no: u32,
        /// The offer.
        sdp: Sdp,
        /// Which m-lines carry what.
        sources: Vec<SourceMid>,
        /// What is on from the first packet on.
        on: Sources,
        /// What may be forwarded from and to this person.
        grants: Grants,
        /// A clinician's picture goes before others.
        role: Role,
    },
    /// What is off is not forwarded.
    SetSources {
        /// Whose.
        participant: ParticipantId,
        /// What is on.
        on: Sources,
    },
    /// What may be forwarded from and to a person.
    SetGrants {
        /// Whose.
        participant: ParticipantId,
        /// From here on.
        grants: Grants,
    },
    /// How large slots are shown; complete for the connection.
    SetView {
        /// Whose.
        participant: ParticipantId,
        /// The sizes.
        slots: Vec<SlotView>,
        /// Whose picture goes before all others.
        pinned: Option<ParticipantId>,
    },
    /// Drop a person's connection.
    Disconnect {
        /// Whose.
        participant: ParticipantId,
    },
    /// What becomes of a telephone's sound.
    Phone(PhoneCommand),
    /// What the recorder or the scribe of the room gets.
    Tap(Purpose, TapCommand),
    /// Drop every connection of the room.
    CloseRoom,
}

/// Which way the sound of a telephone goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhoneSound {
    /// The others hear it.
    pub speaks: bool,
    /// It hears the others.
    pub hears: bool,
}

/// What becomes of a telephone's sound. Beside the telephone the same person may have a page with a
/// connection of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneCommand {
    /// It is in the visit from here on.
    Seat {
        /// Whose: somebody who is admitted.
        participant: ParticipantId,
        /// Which connection.
        connection: ConnectionId,
        /// What goes which way.
        sound: PhoneSound,
    },
    /// Its sound goes another way.
    Turn {
        /// Whose.
        participant: ParticipantId,
        /// What goes which way.
        sound: PhoneSound,
    },
    /// It is gone.
    Drop {
        /// Whose.
        participant: ParticipantId,
    },
}

/// What a telephone is told. Its last news is how it was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneNews {
    /// It waits to be let in.
    Waiting {
        /// A clinician is in the room.
        host_present: bool,
    },
    /// It is in the visit.
    Admitted {
        /// The connection of its sound.
        connection: ConnectionId,
        /// What goes which way.
        sound: PhoneSound,
    },
    /// Its sound goes another way: it was muted, put on hold, or its person's page has the sound.
    Sound(PhoneSound),
    /// A clinician switched its sound off.
    Muted,
    /// A clinician has seen the raised hand, and lowered it.
    HandLowered,
    /// Everybody is asked to agree, and this person has not answered.
    ConsentAsked {
        /// To what.
        purpose: Purpose,
        /// With these words.
        wording: u16,
    },
    /// Whether the visit is recorded, or written along, from here on.
    Recording(Purpose, bool),
}

/// What the recorder or the scribe of a room gets, from the moment it was opened.
#[derive(Clone, PartialEq, Eq)]
pub enum TapCommand {
    /// Everything from here on.
    Run,
    /// Nothing from here on.
    Pause,
    /// A text beside sound and pictures.
    Say {
        /// The text.
        text: String,
    },
    /// Nothing any more; the recording is complete.
    Close,
}

impl core::fmt::Debug for TapCommand {
    /// What people write never reaches a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Run => "Run",
            Self::Pause => "Pause",
            Self::Say { .. } => "Say(..)",
            Self::Close => "Close",
        })
    }
}

/// Everything a room wants done, in this order.
#[derive(Debug)]
pub enum Output {
    /// Write a frame.
    Send {
        /// Where.
        socket: SocketId,
        /// What.
        frame: ServerFrame,
    },
    /// Write what waits and this last frame, then close. After [`Bye::SlowReader`] what waits is
    /// thrown away instead.
    Close {
        /// Which.
        socket: SocketId,
        /// The last frame.
        farewell: ServerFrame,
        /// Why.
        reason: CloseReason,
    },
    /// Tell a telephone.
    Phone {
        /// Which.
        socket: SocketId,
        /// What.
        news: PhoneNews,
    },
    /// Call somebody's telephone, or stop calling it. Who answers enters by [`crate::Entry::Phone`];
    /// if nobody can be reached, answer with [`crate::Input::CallBackFailed`].
    CallBack {
        /// Whose.
        participant: ParticipantId,
        /// Whether.
        ring: bool,
    },
    /// Sign a failover ticket for a page and answer with [`crate::Input::Vouched`]; where there is no other
    /// node, never.
    Vouch {
        /// Whose page.
        participant: ParticipantId,
        /// Of the resume token that it belongs to.
        session: TokenHash,
        /// What it says of the room and of them, so that it is so on the next node.
        standing: Standing,
    },
    /// Store a chat message and answer with [`crate::Input::Stored`]. One at a time.
    StoreChat {
        /// Repeated in the answer.
        request: RequestId,
        /// The message.
        post: ChatPost,
    },
    /// Store how far a person has read; no answer.
    MarkRead {
        /// Who.
        participant: ParticipantId,
        /// Up to here.
        seq: u64,
    },
    /// Record an event; with an id, answer with [`crate::Input::Recorded`].
    Record {
        /// Repeated in the answer; without one nothing waits for it.
        request: Option<RequestId>,
        /// What happened, or is to happen.
        event: VisitEvent,
    },
    /// Keep how the room is, instead of what is kept of it, and answer with [`crate::Input::Kept`].
    Keep {
        /// Repeated in the answer.
        request: RequestId,
        /// All of it.
        legacy: Legacy,
    },
    /// Something that was said stays as it is: keep it for the note of the visit; no answer.
    KeepCaption {
        /// Who said what.
        caption: Caption,
        /// The speaker's name at this time.
        name: String,
        /// What they were in the visit.
        role: Role,
    },
    /// Everybody has agreed: prepare a recorder or a scribe, which gets nothing yet, and answer with
    /// [`crate::Input::RecorderOpened`].
    OpenRecorder {
        /// Which.
        purpose: Purpose,
        /// Repeated in the answer.
        request: RequestId,
    },
    /// Tell the media server.
    Media(MediaCommand),
    /// The roster differs from before; observers want [`crate::Room::overview`].
    RosterChanged,
    /// The room is over or has been empty for long; it may be dropped.
    Finished,
}
