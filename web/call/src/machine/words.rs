//! What goes into the machine, what comes out, and what pages see of it.

use signaling_protocol::{
    Bye, ChatId, ChatMessage, ChatText, ClientMessage, ConnectionId, ErrorCode, Grants, IceServer,
    KeyText, Participant, ParticipantId, Purpose, Quality, Recording, RecordingEnd, RecordingPhase,
    RoomId, Sdp, ServerFrame, SlotBinding, SlotView, SourceMid, Sources, Stage, WantedSource,
    WayIn,
};

/// How many receiving m-lines a peer connection has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotCount {
    /// For speech.
    pub audio: u8,
    /// For cameras and screens.
    pub video: u8,
}

/// Where a person comes to after their first Hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    /// Into the visit, as clinicians do: the first offer goes out together with the Hello, so that
    /// media is there one round trip after the socket has opened.
    AtOnce,
    /// Probably into the waiting room, where nobody may offer.
    Lobby,
}

/// What a call is made with.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Slots that are there from the first offer, so that the usual visit never renegotiates.
    pub slots_min: SlotCount,
    /// Seed of the jitter and of connection ids.
    pub seed: u64,
    /// What to send at first.
    pub sources: Sources,
    /// Where the person comes to.
    pub entrance: Entrance,
}

/// What a person does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Switch own sources on and off.
    Sources(Sources),
    /// Write a message.
    Chat {
        /// New for every message.
        id: ChatId,
        /// The text.
        text: ChatText,
    },
    /// Everything up to here is seen.
    ChatRead {
        /// A [`ChatMessage::seq`].
        seq: u64,
    },
    /// Let a waiting person in.
    Admit(ParticipantId),
    /// Do not let a waiting person in.
    Refuse(ParticipantId),
    /// Switch a person's microphone off.
    Mute(ParticipantId),
    /// Clinician: call the telephone of somebody whose page was lost, or stop calling it.
    CallBack(ParticipantId, bool),
    /// Raise or lower the own hand.
    Hand(bool),
    /// Clinician: lower a person's hand.
    LowerHand(ParticipantId),
    /// Take a person out.
    Remove(ParticipantId),
    /// End the visit for everybody.
    End,
    /// Go away; the visit goes on.
    Leave,
    /// Tiles have changed their size.
    View(Vec<SlotView>),
    /// Own connection was measured.
    Quality(Quality),
    /// See this person before all others; `None`: nobody in particular.
    Pin(Option<ParticipantId>),
    /// Change what the server forwards from and to a person.
    Grant(ParticipantId, Grants),
    /// Switch encryption between people on or off for everybody.
    Encrypt(bool),
    /// Ask everybody to be recorded, or end the recording.
    Record(bool),
    /// Ask everybody for captions, or end them.
    Captions(bool),
    /// Agree, or not, or no longer.
    Consent(Purpose, bool),
    /// The key with which others seal theirs for this page.
    PublicKey(KeyText),
    /// The key of what is sent from here, sealed for one person.
    SealedKey(ParticipantId, KeyText),
}

/// What a peer connection reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerChange {
    /// Packets can flow.
    Connected,
    /// Packets stopped; it may come back by itself.
    Disconnected,
    /// Nothing has arrived for a moment although the server should have something to say.
    Stalled,
    /// It looks for another way, and the browser knows no network, or would not leave the one it uses.
    Nowhere,
    /// It will not come back.
    Failed,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// Begin; the machine asks for a ticket.
    Start,
    /// The answer to [`Output::NeedTicket`].
    Ticket(String),
    /// No ticket now (network, server); the machine asks again later.
    TicketLater,
    /// No ticket ever: the link is spent, the visit is over. The page knows the reason.
    TicketRefused,
    /// The socket of this number can send.
    SocketOpened(u32),
    /// The socket of this number is gone.
    SocketClosed(u32),
    /// The socket of this number said something.
    Frame(u32, Box<ServerFrame>),
    /// The browser says that the network has changed or is back.
    NetworkChanged,
    /// An offer is ready to be sent.
    OfferMade {
        /// Of the peer connection.
        connection: ConnectionId,
        /// The local description.
        sdp: Sdp,
        /// Which m-line carries which own source.
        sources: Vec<SourceMid>,
    },
    /// The peer connection changed its state, or could not be made (`Failed`).
    Peer(ConnectionId, PeerChange),
    /// A person did something.
    Act(Act),
    /// The time of [`super::Call::poll_timeout`] has come.
    Tick,
}

/// What the shell must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Get a one-use ticket and feed `Ticket`, `TicketLater` or `TicketRefused`.
    NeedTicket,
    /// Open a WebSocket and report under this number. An older socket is closed.
    OpenSocket(u32),
    /// Send over the socket that is open.
    Send(ClientMessage),
    /// Close the socket after what was sent has left.
    CloseSocket,
    /// Make a new peer connection with these slots and feed its offer. An older one is closed.
    OpenPeer {
        /// Its id.
        connection: ConnectionId,
        /// Its receiving m-lines.
        slots: SlotCount,
        /// Relays for networks that let nothing else pass.
        relays: Vec<IceServer>,
        /// What it sends is encrypted for people, and what it receives has to be.
        encrypted: bool,
    },
    /// Add slots up to these numbers and feed a new offer.
    GrowPeer {
        /// Its id.
        connection: ConnectionId,
        /// Receiving m-lines from here on.
        slots: SlotCount,
    },
    /// Look for another way to the server and feed a new offer.
    RestartPeer {
        /// Its id.
        connection: ConnectionId,
    },
    /// Send these encodings and no others; complete for the sources that are named.
    SendOnly {
        /// The connection that sends.
        connection: ConnectionId,
        /// Per source.
        sources: Vec<WantedSource>,
    },
    /// Somebody's key arrived, sealed for this page.
    OpenKey {
        /// Whose.
        from: ParticipantId,
        /// The key, sealed.
        key: KeyText,
    },
    /// Give the answer to the peer connection.
    ApplyAnswer {
        /// Its id.
        connection: ConnectionId,
        /// The remote description.
        sdp: Sdp,
    },
    /// Close the peer connection.
    ClosePeer,
    /// The same for a second session, which has a socket and a peer connection of its own beside those in
    /// use, until [`Output::UseBeside`]. It never holds a notice.
    Beside(Box<Self>),
    /// Close socket and peer connection in use; those of the second session are in use from here on.
    UseBeside,
    /// Own sources must be like this: set the tracks.
    SetSources(Sources),
    /// Tell the person.
    Notice(Notice),
}

/// A thing worth saying aloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The clinician let me in.
    Admitted,
    /// The clinician came (true) or went; said to those who wait.
    HostPresent(bool),
    /// A clinician switched my microphone off.
    MutedByClinician,
    /// A clinician changed what the others receive from me, or whether I receive them.
    GrantsChanged(Grants),
    /// The bandwidth does not carry pictures (true), or does again.
    AudioOnly(bool),
    /// People encrypt for each other from here on (true), or no longer.
    Encrypted(bool),
    /// What is said and shown is recorded, or written along, from here on (true), or is not for now.
    Recorded(Purpose, bool),
    /// The recording or the captions are over, or were never begun.
    RecordingEnded(Purpose, RecordingEnd),
    /// Somebody waits to be let in.
    Waiting(String),
    /// Somebody came into the visit.
    Joined(String),
    /// Somebody left the visit.
    Gone(String),
    /// Somebody lost the connection.
    PersonLost(String),
    /// Somebody is back.
    PersonBack(String),
    /// Somebody has raised their hand.
    HandRaised(String),
    /// A message from somebody else.
    NewChat(String),
    /// Own connection is lost; trying.
    ConnectionLost,
    /// Own connection is back.
    ConnectionBack,
    /// The server refused something.
    Refused(ErrorCode),
    /// An act that needs the server, while it is away.
    NotConnected,
}

/// Why a call is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The server said so.
    Bye(Bye),
    /// There was no ticket to be had.
    NoTicket,
}

/// How far the call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not begun.
    Idle,
    /// On the way in for the first time.
    Connecting,
    /// In the waiting room.
    Lobby,
    /// In the visit.
    InCall,
    /// Was in, lost the server, is coming back.
    Reconnecting,
    /// Over, and why.
    Over(Ending),
}

/// How far own media is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaState {
    /// Not wanted: waiting or over.
    Off,
    /// Being set up.
    Connecting,
    /// Packets flow.
    Flowing,
    /// Interrupted.
    Lost,
}

/// A message that is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingChat {
    /// Its id.
    pub id: ChatId,
    /// Its text.
    pub text: ChatText,
}

/// Everything a page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that come and go apart from each other"
)]
pub struct CallView {
    /// How far the call is.
    pub phase: Phase,
    /// Which room it is in.
    pub room: Option<RoomId>,
    /// Waiting or in the visit, also while reconnecting.
    pub stage: Option<Stage>,
    /// Me, as the server knows me.
    pub me: Option<Participant>,
    /// A clinician is in the room.
    pub host_present: bool,
    /// The others, in the order in which they came.
    pub others: Vec<Participant>,
    /// Stored messages in order.
    pub chat: Vec<ChatMessage>,
    /// Written and not stored yet.
    pub pending: Vec<PendingChat>,
    /// Read up to this `seq`.
    pub chat_read: u64,
    /// What the receiving m-lines carry.
    pub slots: Vec<SlotBinding>,
    /// The peer connection that has these m-lines.
    pub connection: Option<ConnectionId>,
    /// How far own media is.
    pub media: MediaState,
    /// The own connection as it was measured here; the server does not send it back.
    pub quality: Quality,
    /// What I want to send.
    pub sources: Sources,
    /// Who speaks now, loudest first.
    pub speakers: Vec<ParticipantId>,
    /// Whom I want to see before all others.
    pub pinned: Option<ParticipantId>,
    /// Pictures are withheld because the bandwidth does not carry them.
    pub audio_only: bool,
    /// People encrypt what they send for each other.
    pub encrypted: bool,
    /// The recording of the visit, or that there is none.
    pub recording: Recording,
    /// The captions of the visit, or that there are none.
    pub captions: Recording,
    /// The server can write captions.
    pub captions_offered: bool,
    /// What was said last: what stays as it is, and then what is still being said.
    pub said: Vec<SaidLine>,
}

/// Something that somebody says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidLine {
    /// Rises with every utterance.
    pub number: u64,
    /// Who.
    pub participant: ParticipantId,
    /// Their name; empty when they have gone.
    pub name: String,
    /// The words.
    pub text: ChatText,
    /// They stay as they are.
    pub is_final: bool,
    /// Their language as a tag of BCP 47; empty when it is not known.
    pub language: String,
}

impl CallView {
    /// Before a call has begun.
    #[must_use]
    pub const fn idle() -> Self {
        Self {
            phase: Phase::Idle,
            room: None,
            stage: None,
            me: None,
            host_present: false,
            others: Vec::new(),
            chat: Vec::new(),
            pending: Vec::new(),
            chat_read: 0,
            slots: Vec::new(),
            connection: None,
            media: MediaState::Off,
            quality: Quality::Unknown,
            sources: Sources {
                microphone: false,
                camera: false,
                screen: false,
            },
            speakers: Vec::new(),
            pinned: None,
            audio_only: false,
            encrypted: false,
            recording: Recording::NONE,
            captions: Recording::NONE,
            captions_offered: false,
            said: Vec::new(),
        }
    }

    /// Why the call is over, if it is.
    #[must_use]
    pub const fn ending(&self) -> Option<Ending> {
        match self.phase {
            Phase::Over(ending) => Some(ending),
            Phase::Idle
            | Phase::Connecting
            | Phase::Lobby
            | Phase::InCall
            | Phase::Reconnecting => None,
        }
    }

    /// How the recording stands, or the captions do.
    #[must_use]
    pub const fn tape(&self, purpose: Purpose) -> &Recording {
        match purpose {
            Purpose::Recording => &self.recording,
            Purpose::Captions => &self.captions,
        }
    }

    /// Whether I am asked and have not agreed.
    #[must_use]
    pub fn is_asked_for_consent(&self, purpose: Purpose) -> bool {
        let me = self.me.as_ref().map(|me| me.id);
        me.is_some_and(|me| self.tape(purpose).waiting_for.contains(&me))
    }

    /// Whether there is something, wanted or running, to which I have agreed.
    #[must_use]
    pub fn has_agreed(&self, purpose: Purpose) -> bool {
        self.me.is_some()
            && self.tape(purpose).phase != RecordingPhase::Off
            && !self.is_asked_for_consent(purpose)
    }

    /// The others who have not agreed, by name.
    #[must_use]
    pub fn awaited(&self, purpose: Purpose) -> Vec<&str> {
        let waits = |one: &&Participant| self.tape(purpose).waiting_for.contains(&one.id);
        let others = self.others.iter().filter(waits);
        others.map(|one| one.name.as_str()).collect()
    }

    /// Whether my sound goes by my telephone, so that this page has to be silent both ways.
    #[must_use]
    pub fn is_heard_by_phone(&self) -> bool {
        let phone = self.me.as_ref().and_then(|me| me.phone.as_ref());
        phone.is_some_and(|phone| phone.has_sound)
    }

    /// Whether somebody who is asked is on a telephone alone.
    #[must_use]
    pub fn awaits_a_phone(&self, purpose: Purpose) -> bool {
        let waiting = &self.tape(purpose).waiting_for;
        let mut others = self.others.iter();
        others.any(|one| one.way == WayIn::Phone && waiting.contains(&one.id))
    }

    /// Messages of other people that were not read.
    #[must_use]
    pub fn unread(&self) -> usize {
        let me = self.me.as_ref().map(|me| me.id);
        self.chat
            .iter()
            .filter(|line| line.seq > self.chat_read && Some(line.from) != me)
            .count()
    }

    /// The slot that carries a person's source.
    #[must_use]
    pub fn slot_of(
        &self,
        participant: ParticipantId,
        source: signaling_protocol::Source,
    ) -> Option<&SlotBinding> {
        self.slots
            .iter()
            .find(|slot| slot.participant == participant && slot.source == source)
    }
}
