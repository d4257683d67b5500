//! The machine of one call: feed it with [`Call::handle`], then do every [`Call::poll_output`]
//! until there is none, then wait for [`Call::poll_timeout`] or the next event.

mod acts;
mod beside;
mod frames;
mod link;
mod media;
mod room;
mod words;

use std::collections::VecDeque;

use beside::Beside;
use link::{Link, LinkState, LinkStep, Proof};
use media::{Media, MediaStep};
use room::Room;
use signaling_protocol::{
    Auth, ClientMessage, ConnectionId, KeyText, ParticipantId, Quality, Recording, Sdp, SourceMid,
    Sources, Stage, VERSION,
};
pub use words::{
    Act, CallView, Config, Ending, Entrance, Input, MediaState, Notice, Output, PeerChange,
    PendingChat, Phase, SaidLine, SlotCount,
};

use crate::rng::Rng;

/// A message that the server could not store is sent again after this long.
const CHAT_RETRY_MS: u64 = 2_000;

/// One call of one person.
#[derive(Debug)]
pub struct Call {
    rng: Rng,
    link: Link,
    room: Room,
    media: Media,
    sources: Sources,
    /// Own sources were changed while the server was away.
    sources_changed: bool,
    quality: Quality,
    pinned: Option<ParticipantId>,
    entrance: Entrance,
    /// An offer that was made before the socket had opened.
    early: Option<(ConnectionId, Sdp, Vec<SourceMid>)>,
    /// Said again at every Welcome: the server forgets it with the window.
    public_key: Option<KeyText>,
    last_seq: u64,
    welcomed: bool,
    /// The person was told that the connection is lost.
    told_lost: bool,
    chat_retry_ms: Option<u64>,
    /// The room goes to another server.
    beside: Option<Box<Beside>>,
    /// Drained by the shell after each input; one input adds at most one message per pending chat
    /// line and a handful of others, so it cannot grow.
    out: VecDeque<Output>,
}

impl Call {
    /// A call that waits for [`Input::Start`].
    #[must_use]
    pub const fn new(config: Config) -> Self {
        Self {
            rng: Rng::new(config.seed),
            link: Link::new(),
            room: Room {
                id: None,
                stage: None,
                me: None,
                host_present: false,
                others: Vec::new(),
                chat: Vec::new(),
                chat_read: 0,
                pending: Vec::new(),
                speakers: Vec::new(),
                audio_only: false,
                encrypted: false,
                recording: Recording::NONE,
                captions: Recording::NONE,
                captions_offered: false,
                said: Vec::new(),
                said_count: 0,
                relays: Vec::new(),
            },
            media: Media::new(config.slots_min),
            sources: config.sources,
            sources_changed: false,
            quality: Quality::Unknown,
            pinned: None,
            entrance: config.entrance,
            early: None,
            public_key: None,
            last_seq: 0,
            welcomed: false,
            told_lost: false,
            chat_retry_ms: None,
            beside: None,
            out: VecDeque::new(),
        }
    }

    /// Takes in what happened at a moment of a monotonic clock.
    pub fn handle(&mut self, now_ms: u64, input: Input) {
        if self.link.is_over() {
            return;
        }
        if let Some(input) = self.divert(now_ms, input) {
            self.take_in(now_ms, input);
        }
        self.look_beside();
    }

    fn take_in(&mut self, now_ms: u64, input: Input) {
        match input {
            Input::Start => {
                if self.link.state == LinkState::Idle {
                    self.connect(now_ms);
                }
            }
            Input::Ticket(ticket) => {
                if let Some(step) = self.link.ticket(now_ms, ticket) {
                    self.link_step(step);
                    self.media_eagerly(now_ms);
                }
            }
            Input::TicketLater => {
                if self.link.state == LinkState::Ticket {
                    self.link.pause(now_ms, &mut self.rng);
                }
            }
            Input::TicketRefused => self.finish(Ending::NoTicket),
            Input::SocketOpened(socket) => {
                if self.link.is_current(socket) {
                    self.greet(now_ms);
                }
            }
            Input::SocketClosed(socket) => {
                if self.link.is_current(socket) {
                    self.lose(now_ms);
                }
            }
            Input::Frame(socket, frame) => {
                if self.link.is_current(socket) {
                    self.frame(now_ms, *frame);
                }
            }
            Input::NetworkChanged => self.network_changed(now_ms),
            Input::OfferMade {
                connection,
                sdp,
                sources,
            } => {
                let opening = self.link.is_opening() && !self.welcomed;
                if opening && !self.link.greeted {
                    self.early = Some((connection, sdp, sources));
                } else {
                    self.offer(now_ms, (connection, sdp, sources));
                }
            }
            Input::Peer(connection, change) => {
                self.media.changed(now_ms, connection, change);
                let current = self.media.connection() == Some(connection);
                match change {
                    PeerChange::Stalled if current && self.is_in_call() => {
                        self.find_another_way(now_ms);
                    }
                    PeerChange::Disconnected if current => self.way_is_gone(now_ms),
                    PeerChange::Stalled
                    | PeerChange::Disconnected
                    | PeerChange::Connected
                    | PeerChange::Nowhere
                    | PeerChange::Failed => {}
                }
                self.advance_media(now_ms);
            }
            Input::Act(act) => self.act(act),
            Input::Tick => self.tick(now_ms),
        }
    }

    /// The next thing to do, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`Input::Tick`] is due, on the clock of [`Call::handle`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<u64> {
        let media = self.is_in_call().then(|| self.media.due_ms()).flatten();
        let chat = self.is_in_call().then_some(self.chat_retry_ms).flatten();
        [self.link.due_ms(), media, chat, self.beside_due_ms()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Where the next socket goes, if not to the server of this page.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.link.origin()
    }

    /// How far the call is.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        match self.link.state {
            LinkState::Idle => Phase::Idle,
            LinkState::Over(ending) => Phase::Over(ending),
            LinkState::Open { .. } => match self.room.stage {
                Some(Stage::Admitted) => Phase::InCall,
                Some(Stage::Lobby) | None => Phase::Lobby,
            },
            LinkState::Ticket | LinkState::Opening { .. } | LinkState::Pause { .. } => {
                if self.welcomed {
                    Phase::Reconnecting
                } else {
                    Phase::Connecting
                }
            }
        }
    }

    /// Everything a page shows.
    #[must_use]
    pub fn view(&self) -> CallView {
        CallView {
            phase: self.phase(),
            room: self.room.id,
            stage: self.room.stage,
            me: self.room.me.clone(),
            host_present: self.room.host_present,
            others: self.room.others.clone(),
            chat: self.room.chat.clone(),
            pending: self.room.pending.clone(),
            chat_read: self.room.chat_read,
            slots: self.media.slots.clone(),
            connection: self.media.connection(),
            media: self.media.state(),
            quality: self.quality,
            sources: self.sources,
            speakers: self.room.speakers.clone(),
            pinned: self.pinned,
            audio_only: self.room.audio_only,
            encrypted: self.room.encrypted && self.room.is_admitted(),
            recording: self.room.recording.clone(),
            captions: self.room.captions.clone(),
            captions_offered: self.room.captions_offered,
            said: self.room.said.clone(),
        }
    }

    fn is_in_call(&self) -> bool {
        self.link.is_open() && self.room.is_admitted()
    }

    fn send(&mut self, message: ClientMessage) {
        self.out.push_back(Output::Send(message));
    }

    fn notice(&mut self, notice: Notice) {
        self.out.push_back(Output::Notice(notice));
    }

    fn connect(&mut self, now_ms: u64) {
        let step = self.link.begin(now_ms);
        self.link_step(step);
        self.media_eagerly(now_ms);
    }

    /// Begins media before the server has said anything, if the person will be in the visit at once.
    fn media_eagerly(&mut self, now_ms: u64) {
        let first = !self.welcomed && self.media.connection().is_none();
        if self.entrance == Entrance::AtOnce && first && self.link.is_opening() {
            let step = self.media.open_eagerly(now_ms, &mut self.rng);
            self.media_step(Some(step));
        }
    }

    /// Sends an offer, if it is still wanted.
    fn offer(&mut self, now_ms: u64, made: (ConnectionId, Sdp, Vec<SourceMid>)) {
        let (connection, sdp, sources) = made;
        let opening = self.link.is_opening() && self.link.greeted && !self.welcomed;
        let live = self.is_in_call() || opening;
        if let Some(offer_no) = self.media.offer(now_ms, connection, live) {
            self.send(ClientMessage::Offer {
                connection,
                offer_no,
                sdp,
                sources,
            });
        }
    }

    fn link_step(&mut self, step: LinkStep) {
        self.out.push_back(match step {
            LinkStep::NeedTicket => Output::NeedTicket,
            LinkStep::OpenSocket(socket) => Output::OpenSocket(socket),
        });
    }

    fn greet(&mut self, now_ms: u64) {
        let auth = match self.link.proof(now_ms) {
            Some(Proof::Resume(token)) => Auth::Resume {
                token,
                last_seq: self.last_seq,
            },
            Some(Proof::Ticket(ticket)) => Auth::Ticket {
                ticket,
                connection: self.media.connection().filter(|_| self.welcomed),
            },
            None => return self.lose(now_ms),
        };
        self.send(ClientMessage::Hello {
            version: VERSION,
            auth,
        });
        if let Some(made) = self.early.take() {
            self.offer(now_ms, made);
        }
    }

    /// The socket is gone or silent: come back after a pause.
    fn lose(&mut self, now_ms: u64) {
        if self.take_beside() {
            return;
        }
        self.drop_beside();
        self.out.push_back(Output::CloseSocket);
        self.link.pause(now_ms, &mut self.rng);
        self.tell_lost();
    }

    fn tell_lost(&mut self) {
        if self.welcomed && !self.told_lost {
            self.told_lost = true;
            self.notice(Notice::ConnectionLost);
        }
    }

    /// Nothing arrives over the media connection. What carried it may have carried the socket too, so
    /// an offer is only said to a socket that has just been heard.
    fn find_another_way(&mut self, now_ms: u64) {
        if self.link.was_heard_lately(now_ms) {
            let step = self.media.restart(now_ms);
            self.media_step(step);
        } else if self.media.may_restart(now_ms) {
            self.network_changed(now_ms);
        }
    }

    /// The browser says so, and some say it at once: that the socket was heard before proves nothing then,
    /// and one that is being opened may hang in the same network.
    fn way_is_gone(&mut self, now_ms: u64) {
        let hurries = self.media.may_hurry(now_ms);
        if self.is_in_call() {
            if !hurries {
                self.find_another_way(now_ms);
            } else if self.media.may_restart(now_ms) {
                self.network_changed(now_ms);
            }
        } else if self.welcomed && hurries && self.link.doubt() {
            self.out.push_back(Output::CloseSocket);
            self.media.interrupted(now_ms);
            self.connect(now_ms);
        }
    }

    /// An interrupted connection looks on, and an answer that does not come puts the socket in doubt.
    fn search_on(&mut self, now_ms: u64) {
        if self.media.is_search_due(now_ms) {
            // It has answered the last search, or said something else since.
            let searched = self.media.searched_ms();
            if searched.is_some_and(|at| self.link.was_heard_since(at)) {
                let step = self.media.restart(now_ms);
                self.media_step(step);
            } else {
                self.find_another_way(now_ms);
            }
        }
        let overdue = self.media.overdue_since_ms(now_ms);
        if overdue.is_some_and(|since_ms| !self.link.was_heard_since(since_ms)) {
            self.network_changed(now_ms);
        }
    }

    /// A socket over the old network can hang until the silence is noticed, so take a new one.
    fn network_changed(&mut self, now_ms: u64) {
        match self.link.state {
            LinkState::Pause { .. } => self.connect(now_ms),
            LinkState::Open { .. } => {
                self.drop_beside();
                self.out.push_back(Output::CloseSocket);
                self.media.interrupted(now_ms);
                self.connect(now_ms);
            }
            LinkState::Idle
            | LinkState::Ticket
            | LinkState::Opening { .. }
            | LinkState::Over(_) => {}
        }
    }

    fn finish(&mut self, ending: Ending) {
        self.drop_beside();
        if self.media.close() {
            self.out.push_back(Output::ClosePeer);
        }
        self.out.push_back(Output::CloseSocket);
        self.link.over(ending);
    }

    fn tick(&mut self, now_ms: u64) {
        if self.link.due_ms().is_some_and(|due| due <= now_ms) {
            match self.link.state {
                LinkState::Pause { .. } => self.connect(now_ms),
                LinkState::Opening { .. } | LinkState::Open { .. } => self.lose(now_ms),
                LinkState::Idle | LinkState::Ticket | LinkState::Over(_) => {}
            }
        }
        if self.is_in_call() {
            self.search_on(now_ms);
            if self.chat_retry_ms.is_some_and(|due| due <= now_ms) {
                self.send_pending();
            }
            self.advance_media(now_ms);
        }
    }

    fn advance_media(&mut self, now_ms: u64) {
        if !self.is_in_call() {
            return;
        }
        let step = if self.media.tick(now_ms) {
            Some(self.media.open(now_ms, &mut self.rng, &self.room.others))
        } else {
            self.media.grow(&self.room.others)
        };
        self.media_step(step);
    }

    fn media_step(&mut self, step: Option<MediaStep>) {
        match step {
            Some(MediaStep::Open(connection, slots)) => {
                self.out.push_back(Output::OpenPeer {
                    connection,
                    slots,
                    relays: self.room.relays.clone(),
                    encrypted: self.room.encrypted,
                });
            }
            Some(MediaStep::Grow(connection, slots)) => {
                self.out.push_back(Output::GrowPeer { connection, slots });
            }
            Some(MediaStep::Restart(connection)) => {
                self.out.push_back(Output::RestartPeer { connection });
            }
            None => {}
        }
    }

    fn send_pending(&mut self) {
        self.chat_retry_ms = None;
        for line in self.room.pending.clone() {
            self.send(ClientMessage::Chat {
                id: line.id,
                text: line.text,
            });
        }
    }
}

#[cfg(test)]
mod tests;
