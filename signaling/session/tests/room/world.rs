//! A world around one room: sockets with pages that believe what they are told, and a clinic that
//! stores or does not. It checks after every step what must hold in every state.

use std::collections::{BTreeMap, BTreeSet};

use signaling_protocol::{
    Bye, CallBack, ChatId, ChatMessage, ChatText, ClientMessage, ConnectionId, ErrorCode, Grants,
    KeyText, PARTICIPANTS_MAX, Participant, ParticipantId, Purpose, Role, RoomId, Sdp, ServerFrame,
    ServerMessage, Snapshot, Stage, WayIn,
};
use signaling_session::{
    CallBackRule, Caller, ChatPost, CloseReason, Entry, Input, Legacy, Limits, MediaCommand,
    Output, Person, PhoneAct, PhoneCommand, PhoneNews, PhoneSound, RequestId, ResumeSecret,
    Returning, Room, RoomRecord, SocketId, Standing, StoreFailed, TapCommand, VisitEvent,
};
use uuid::Uuid;

pub(crate) fn who(n: u128) -> ParticipantId {
    ParticipantId::from_uuid(Uuid::from_u128(n))
}

pub(crate) fn connection(n: u128) -> ConnectionId {
    ConnectionId::from_uuid(Uuid::from_u128(n))
}

pub(crate) fn chat_id(n: u128) -> ChatId {
    ChatId::from_uuid(Uuid::from_u128(n))
}

pub(crate) fn text(text: &str) -> ChatText {
    ChatText::try_from(text.to_owned()).unwrap()
}

pub(crate) fn key(text: &str) -> KeyText {
    KeyText::try_from(text.to_owned()).unwrap()
}

pub(crate) fn sdp() -> Sdp {
    Sdp::try_from("v=0\r\n".to_owned()).unwrap()
}

pub(crate) fn person(n: u128, role: Role, admitted: bool) -> Person {
    Person {
        id: who(n),
        name: format!("Person {n}"),
        role,
        relation: None,
        admitted,
        connection: None,
    }
}

/// A page on one socket.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) me: Option<ParticipantId>,
    pub(crate) heard: Vec<ServerMessage>,
    pub(crate) closed: Option<CloseReason>,
    pub(crate) stage: Option<Stage>,
    pub(crate) others: BTreeMap<ParticipantId, Participant>,
    pub(crate) chat: Vec<ChatMessage>,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) token: Option<String>,
    /// A program at a standard door instead of a page.
    pub(crate) at_door: bool,
}

/// A telephone on one socket.
#[derive(Debug, Default)]
pub(crate) struct Telephone {
    pub(crate) whose: Option<ParticipantId>,
    pub(crate) news: Vec<PhoneNews>,
    pub(crate) closed: Option<CloseReason>,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is what one test looks at"
)]
pub(crate) struct World {
    /// For whom failover tickets were asked, with the hash of which resume token.
    pub(crate) vouched: Vec<(ParticipantId, [u8; 32])>,
    /// What each was said to be, in the same order.
    pub(crate) standings: Vec<Standing>,
    pub(crate) phones: BTreeMap<SocketId, Telephone>,
    /// Whose telephone rings.
    pub(crate) ringing: BTreeSet<ParticipantId>,
    /// What the media server does with telephones.
    pub(crate) seated: BTreeMap<ParticipantId, PhoneSound>,
    pub(crate) room: Room,
    pub(crate) now_us: i64,
    pub(crate) pages: BTreeMap<SocketId, Page>,
    pub(crate) media: Vec<MediaCommand>,
    pub(crate) events: Vec<VisitEvent>,
    pub(crate) marks: Vec<(ParticipantId, u64)>,
    pub(crate) finished: bool,
    /// Questions that the clinic has not answered; with `prompt` it answers at once.
    pub(crate) posts: Vec<(RequestId, ChatPost)>,
    pub(crate) records: Vec<(RequestId, VisitEvent)>,
    pub(crate) keeps: Vec<(RequestId, Legacy)>,
    pub(crate) prompt: bool,
    /// Recorders that were asked for and are not there.
    pub(crate) recorders: Vec<(Purpose, RequestId)>,
    /// The recorder gets everything.
    pub(crate) taping: bool,
    /// The scribe gets voices.
    pub(crate) writing: bool,
    /// What was said and is kept.
    pub(crate) kept: Vec<String>,
    /// Texts that the recorder got.
    pub(crate) said: Vec<String>,
    /// How the room was when the clinic was told last.
    pub(crate) legacy: Legacy,
    /// The room has heard from elsewhere how it was.
    has_heard: bool,
    agreed: BTreeSet<(Purpose, ParticipantId)>,
    pub(crate) stored: Vec<ChatMessage>,
    live: BTreeMap<ParticipantId, SocketId>,
    seq: BTreeMap<ParticipantId, u64>,
    secrets: BTreeMap<String, ParticipantId>,
    sockets: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(RoomRecord {
            captions_offered: true,
            ..RoomRecord::default()
        })
    }

    pub(crate) fn with(record: RoomRecord) -> Self {
        let id = RoomId::from_uuid(Uuid::from_u128(77));
        Self::around(Room::visit(id, record, Vec::new(), Limits::default(), 0))
    }

    pub(crate) fn around(room: Room) -> Self {
        Self {
            vouched: Vec::new(),
            standings: Vec::new(),
            now_us: 0,
            phones: BTreeMap::new(),
            ringing: BTreeSet::new(),
            seated: BTreeMap::new(),
            pages: BTreeMap::new(),
            media: Vec::new(),
            events: Vec::new(),
            marks: Vec::new(),
            finished: false,
            posts: Vec::new(),
            records: Vec::new(),
            keeps: Vec::new(),
            prompt: true,
            recorders: Vec::new(),
            taping: false,
            writing: false,
            kept: Vec::new(),
            said: Vec::new(),
            legacy: room.legacy(),
            room,
            has_heard: false,
            agreed: BTreeSet::new(),
            stored: Vec::new(),
            live: BTreeMap::new(),
            seq: BTreeMap::new(),
            secrets: BTreeMap::new(),
            sockets: 0,
        }
    }

    /// Comes with a ticket on a new socket.
    pub(crate) fn enter(&mut self, person: Person) -> SocketId {
        self.knock(Entry::Ticket(person))
    }

    /// Comes with a resume token on a new socket.
    pub(crate) fn resume(&mut self, token: &str) -> SocketId {
        self.knock(Entry::Resume(hash(token)))
    }

    /// Comes with the token of another node's room, and the clinic says who it is.
    pub(crate) fn come_back(&mut self, token: &str, person: Person) -> SocketId {
        let standing = Standing {
            encrypted: false,
            grants: Grants::ALL,
        };
        self.return_with(token, person, standing)
    }

    /// The same, with this in their ticket.
    pub(crate) fn return_with(
        &mut self,
        token: &str,
        person: Person,
        standing: Standing,
    ) -> SocketId {
        self.knock(Entry::Return(Returning {
            token: hash(token),
            person,
            standing,
        }))
    }

    /// A program comes with a ticket to a standard door.
    pub(crate) fn enter_door(&mut self, person: Person) -> SocketId {
        self.knock(Entry::Door(person))
    }

    /// Calls with a ticket.
    pub(crate) fn call(&mut self, person: Person, consent: Option<bool>) -> SocketId {
        self.knock(Entry::Phone(Caller {
            person,
            number: "••• 78".to_owned(),
            connection: connection(u128::from(self.sockets) + 1_000),
            consent,
        }))
    }

    /// A room in which patients who are lost are called.
    pub(crate) fn with_call_back(automatic: bool) -> Self {
        let id = RoomId::from_uuid(Uuid::from_u128(77));
        let limits = Limits {
            call_back: Some(CallBackRule {
                after_us: 10_000_000,
                automatic,
                ring_us: 45_000_000,
            }),
            ..Limits::default()
        };
        let record = RoomRecord::default();
        Self::around(Room::visit(id, record, Vec::new(), limits, 0))
    }

    /// Nobody answers the telephone.
    pub(crate) fn no_answer(&mut self, n: u128) {
        self.ringing.remove(&who(n));
        let participant = who(n);
        self.input(Input::CallBackFailed { participant });
    }

    pub(crate) fn press(&mut self, socket: SocketId, act: PhoneAct) {
        self.input(Input::Phone { socket, act });
    }

    pub(crate) fn phone(&self, socket: SocketId) -> &Telephone {
        &self.phones[&socket]
    }

    pub(crate) fn member(&self, n: u128) -> Option<Participant> {
        self.room.roster().into_iter().find(|it| it.id == who(n))
    }

    fn knock(&mut self, entry: Entry) -> SocketId {
        self.sockets += 1;
        let socket = SocketId(self.sockets);
        let text = format!("token {}", self.sockets);
        let secret = ResumeSecret {
            hash: hash(&text),
            text,
        };
        let page = Page {
            at_door: match &entry {
                Entry::Door(_) => true,
                Entry::Ticket(_) | Entry::Phone(_) | Entry::Return(..) => false,
                // A program that comes back is one still.
                Entry::Resume(token) => self.pages.values().any(|page| {
                    page.at_door && page.token.as_deref().is_some_and(|it| hash(it) == *token)
                }),
            },
            ..Page::default()
        };
        if let Entry::Phone(caller) = &entry {
            let telephone = Telephone {
                whose: Some(caller.person.id),
                ..Telephone::default()
            };
            self.phones.insert(socket, telephone);
        } else {
            self.pages.insert(socket, page);
        }
        self.input(Input::Enter {
            socket,
            entry,
            secret,
            relays: Vec::new(),
        });
        socket
    }

    pub(crate) fn say(&mut self, socket: SocketId, message: ClientMessage) {
        self.input(Input::Message { socket, message });
    }

    pub(crate) fn lose(&mut self, socket: SocketId) {
        self.live.retain(|_, live| *live != socket);
        if let Some(phone) = self.phones.get_mut(&socket)
            && phone.closed.is_none()
        {
            phone.closed = Some(CloseReason::Bye(Bye::Left));
        }
        self.input(Input::Lost { socket });
    }

    pub(crate) fn wait(&mut self, us: i64) {
        self.now_us += us;
        self.input(Input::Timeout);
    }

    pub(crate) fn page(&self, socket: SocketId) -> &Page {
        &self.pages[&socket]
    }

    pub(crate) fn last_error(&self, socket: SocketId) -> Option<ErrorCode> {
        self.page(socket).heard.iter().rev().find_map(|heard| {
            if let ServerMessage::Error { code, .. } = heard {
                Some(*code)
            } else {
                None
            }
        })
    }

    pub(crate) fn token(&self, socket: SocketId) -> String {
        self.page(socket).token.clone().unwrap()
    }

    /// The clinic answers its oldest open decision.
    pub(crate) fn record(&mut self, ok: bool) {
        if self.records.is_empty() {
            return;
        }
        let (request, event) = self.records.remove(0);
        let result = if ok { Ok(()) } else { Err(StoreFailed) };
        if ok {
            self.note_consent(event);
            self.events.push(event);
        }
        self.input(Input::Recorded { request, result });
    }

    /// The clinic keeps how the room is, or does not.
    pub(crate) fn keep(&mut self, ok: bool) {
        if self.keeps.is_empty() {
            return;
        }
        let (request, legacy) = self.keeps.remove(0);
        let result = if ok { Ok(()) } else { Err(StoreFailed) };
        if ok {
            self.legacy = legacy;
        }
        self.input(Input::Kept { request, result });
    }

    /// The oldest recorder that was asked for is there, or cannot be.
    pub(crate) fn open_recorder(&mut self, ok: bool) {
        if !self.recorders.is_empty() {
            let (purpose, request) = self.recorders.remove(0);
            let result = if ok { Ok(()) } else { Err(StoreFailed) };
            self.input(Input::RecorderOpened {
                purpose,
                request,
                result,
            });
        }
    }

    /// Keeps who has agreed to the recording of now, as the clinic has it on record.
    fn note_consent(&mut self, event: VisitEvent) {
        match event {
            VisitEvent::ConsentAsked { purpose, .. } | VisitEvent::ConsentOver { purpose, .. } => {
                self.agreed.retain(|(to, _)| *to != purpose);
            }
            VisitEvent::ConsentGiven {
                purpose,
                participant,
                ..
            } => {
                self.agreed.insert((purpose, participant));
            }
            VisitEvent::ConsentRefused {
                purpose,
                participant,
            } => {
                self.agreed.remove(&(purpose, participant));
            }
            _ => {}
        }
    }

    /// A telephone is seated once, turned while it sits, and gone once.
    fn note_phone(&mut self, command: PhoneCommand) {
        match command {
            PhoneCommand::Seat {
                participant, sound, ..
            } => assert_eq!(self.seated.insert(participant, sound), None),
            PhoneCommand::Turn { participant, sound } => {
                assert!(self.seated.insert(participant, sound).is_some());
            }
            PhoneCommand::Drop { participant } => {
                // Once more for one that was seated late.
                self.seated.remove(&participant);
            }
        }
    }

    /// Telephones sit where they should, and nobody has two mouths.
    fn check_phones(&self, roster: &[Participant]) {
        for id in &self.ringing {
            let missed = roster.iter().find(|member| member.id == *id);
            assert!(missed.is_some_and(|it| !it.connected && it.call_back == CallBack::Ringing));
        }
        for member in roster {
            let is_ringing = self.ringing.contains(&member.id);
            assert_eq!(member.call_back == CallBack::Ringing, is_ringing);
            let on_page = self.live.contains_key(&member.id);
            let sits = member.phone.is_some() && member.stage == Stage::Admitted;
            let sound = self.seated.get(&member.id);
            assert_eq!(
                sound.is_some(),
                sits,
                "a telephone sits while it is in the visit"
            );
            assert_eq!(
                member.way == WayIn::Phone,
                member.phone.is_some() && !on_page
            );
            let (Some(phone), Some(sound)) = (&member.phone, sound) else {
                continue;
            };
            assert!(
                !self.room.is_encrypted(),
                "a telephone where people encrypt"
            );
            if !phone.has_sound {
                assert!(on_page && member.sources.microphone);
            }
            if !phone.has_sound || phone.on_hold {
                assert_eq!(*sound, PhoneSound::default(), "page and telephone at once");
            }
            if sound.speaks {
                assert!(member.sources.microphone && member.grants.publish.microphone);
            }
            if sound.hears {
                assert!(member.grants.subscribe);
            }
            let told = self.phones.values().find(|it| {
                it.whose == Some(member.id) && it.closed.is_none() && !it.news.is_empty()
            });
            let told = told.unwrap().news.iter().rev().find_map(|news| match news {
                PhoneNews::Admitted { sound, .. } | PhoneNews::Sound(sound) => Some(*sound),
                _ => None,
            });
            assert_eq!(told, Some(*sound), "it knows which way its sound goes");
        }
        let ids: BTreeSet<_> = roster.iter().map(|member| member.id).collect();
        assert!(self.seated.keys().all(|id| ids.contains(id)));
    }

    fn note_tap(&mut self, purpose: Purpose, command: &TapCommand) {
        if purpose == Purpose::Captions {
            assert!(
                !matches!(command, TapCommand::Say { .. }),
                "words for a scribe"
            );
            self.writing = matches!(command, TapCommand::Run);
            return;
        }
        match command {
            TapCommand::Run => self.taping = true,
            TapCommand::Pause | TapCommand::Close => self.taping = false,
            TapCommand::Say { text } => {
                assert!(self.taping, "words for a recorder that gets nothing");
                self.said.push(text.clone());
            }
        }
    }

    /// The clinic answers its oldest open message.
    pub(crate) fn store(&mut self, ok: bool) {
        if self.posts.is_empty() {
            return;
        }
        let (request, post) = self.posts.remove(0);
        let result = if ok {
            Ok(self.append(post))
        } else {
            Err(StoreFailed)
        };
        self.input(Input::Stored { request, result });
    }

    pub(crate) fn append(&mut self, post: ChatPost) -> ChatMessage {
        if let Some(known) = self.stored.iter().find(|message| message.id == post.id) {
            return known.clone();
        }
        let message = ChatMessage {
            seq: self.stored.len() as u64 + 1,
            id: post.id,
            from: post.from,
            from_name: post.from_name,
            at_us: self.now_us,
            text: post.text,
        };
        self.stored.push(message.clone());
        message
    }

    pub(crate) fn input(&mut self, input: Input) {
        let entering = match &input {
            Input::Enter {
                entry: Entry::Resume(token),
                socket,
                ..
            } => Some((*socket, *token)),
            _ => None,
        };
        self.has_heard |= matches!(
            &input,
            Input::Inherit { .. }
                | Input::Enter {
                    entry: Entry::Return(_),
                    ..
                }
        );
        self.room.handle(self.now_us, input);
        let mut outputs = 0;
        while let Some(output) = self.room.poll_output() {
            outputs += 1;
            self.take(output);
        }
        assert!(outputs < 500, "one input made {outputs} outputs");
        if let Some((socket, token)) = entering {
            self.check_resume(socket, &token);
        }
        self.check();
        if self.prompt {
            if !self.posts.is_empty() {
                self.store(true);
            } else if !self.records.is_empty() {
                self.record(true);
            } else if !self.keeps.is_empty() {
                self.keep(true);
            } else {
                self.open_recorder(true);
            }
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Send { socket, frame } => self.hear(socket, frame),
            Output::Phone { socket, news } => {
                let phone = self.phones.get_mut(&socket).unwrap();
                assert!(phone.closed.is_none(), "news after the last");
                phone.news.push(news);
            }
            Output::Close { socket, reason, .. } if self.phones.contains_key(&socket) => {
                let phone = self.phones.get_mut(&socket).unwrap();
                assert!(phone.closed.is_none(), "hung up twice");
                phone.closed = Some(reason);
            }
            Output::Close { socket, reason, .. } => {
                self.live.retain(|_, live| *live != socket);
                let page = self.pages.get_mut(&socket).unwrap();
                assert!(page.closed.is_none(), "closed twice");
                page.closed = Some(reason);
            }
            Output::CallBack {
                participant,
                ring: true,
            } => assert!(self.ringing.insert(participant), "called twice"),
            Output::CallBack {
                participant,
                ring: false,
            } => assert!(self.ringing.remove(&participant), "stopped for nothing"),
            Output::StoreChat { request, post } => {
                assert!(self.posts.is_empty(), "one message is stored at a time");
                self.posts.push((request, post));
            }
            Output::Keep { request, legacy } => {
                assert!(self.keeps.is_empty(), "one state is kept at a time");
                self.keeps.push((request, legacy));
            }
            Output::MarkRead { participant, seq } => self.marks.push((participant, seq)),
            Output::Record {
                request: Some(request),
                event,
            } => self.records.push((request, event)),
            Output::Record {
                request: None,
                event,
            } => {
                self.note_consent(event);
                self.events.push(event);
            }
            Output::OpenRecorder { purpose, request } => self.recorders.push((purpose, request)),
            Output::KeepCaption { caption, name, .. } => {
                assert!(self.writing && caption.is_final, "kept without consent");
                let line = format!("{name}: {}", caption.text.as_ref().unwrap().as_str());
                self.kept.push(line);
            }
            Output::Media(command) => {
                if let MediaCommand::Tap(purpose, command) = &command {
                    self.note_tap(*purpose, command);
                }
                if let MediaCommand::Phone(command) = &command {
                    self.note_phone(*command);
                }
                if command == MediaCommand::CloseRoom {
                    self.seated.clear();
                }
                self.check_media(&command);
                self.media.push(command);
            }
            Output::Vouch {
                participant,
                session,
                standing,
            } => {
                self.vouched.push((participant, session));
                self.standings.push(standing);
            }
            Output::RosterChanged => {}
            Output::Finished => self.finished = true,
        }
    }

    fn hear(&mut self, socket: SocketId, frame: ServerFrame) {
        let page = self.pages.get_mut(&socket).unwrap();
        assert!(page.closed.is_none(), "a frame after the last");
        let message = frame.message;
        let waits = page.stage == Some(Stage::Lobby);
        match &message {
            ServerMessage::Welcome {
                resume_token,
                snapshot,
            } => {
                page.token = Some(resume_token.clone());
                let me = snapshot.me.id;
                page.me = Some(me);
                if frame.seq == 1 {
                    self.seq.remove(&me);
                }
                assert!(
                    self.live.insert(me, socket).is_none(),
                    "two live sockets of one person"
                );
                self.secrets.insert(resume_token.clone(), me);
                believe(page, snapshot);
            }
            ServerMessage::Admitted { snapshot } => {
                assert!(waits);
                believe(page, snapshot);
            }
            ServerMessage::Participant { participant } => {
                assert!(!waits, "a roster for somebody who waits");
                page.others.insert(participant.id, participant.clone());
            }
            ServerMessage::Gone { participant } => {
                assert!(!waits, "a roster for somebody who waits");
                assert!(page.others.remove(participant).is_some());
            }
            ServerMessage::Chat { message } => {
                assert!(!waits, "chat for somebody who waits");
                // A page orders by number: a message may come late when its store was slow.
                page.chat.retain(|known| known.seq != message.seq);
                page.chat.push(message.clone());
                page.chat.sort_by_key(|known| known.seq);
            }
            ServerMessage::Answer { .. }
            | ServerMessage::Wanted { .. }
            | ServerMessage::AudioOnly { .. }
            | ServerMessage::MediaLost { .. } => {
                assert!(!waits || page.at_door, "media for a page that waits");
            }
            ServerMessage::Slots { .. }
            | ServerMessage::Failover(_)
            | ServerMessage::Speakers { .. }
            | ServerMessage::Encryption { .. }
            | ServerMessage::Recording { .. }
            | ServerMessage::Captions { .. }
            | ServerMessage::Caption { .. }
            | ServerMessage::SealedKey { .. }
            | ServerMessage::Granted { .. } => assert!(!waits, "media for somebody who waits"),
            _ => {}
        }
        let me = page.me.unwrap();
        page.heard.push(message);
        let last = self.seq.insert(me, frame.seq).unwrap_or(0);
        assert!(frame.seq > last, "numbers rise");
    }

    /// No media for anybody who is not in the visit.
    fn check_media(&self, command: &MediaCommand) {
        if let MediaCommand::Connect { grants, .. } = command
            && *grants == Grants::NONE
        {
            // Nothing is forwarded for a program that waits.
            return;
        }
        let (MediaCommand::Connect { participant, .. }
        | MediaCommand::SetSources { participant, .. }
        | MediaCommand::SetGrants { participant, .. }
        | MediaCommand::SetView { participant, .. }) = command
        else {
            return;
        };
        let roster = self.room.roster();
        let member = roster.iter().find(|member| member.id == *participant);
        assert_eq!(member.map(|member| member.stage), Some(Stage::Admitted));
    }

    /// A token of somebody who is no longer here opens nothing.
    fn check_resume(&self, socket: SocketId, token: &[u8; 32]) {
        let holder = self
            .secrets
            .iter()
            .find(|(text, _)| hash(text) == *token)
            .map(|(_, holder)| *holder);
        let roster = self.room.roster();
        let here = holder.is_some_and(|holder| roster.iter().any(|member| member.id == holder));
        let page = self.page(socket);
        if !here {
            assert!(page.closed.is_some());
        } else if page.closed.is_none() {
            assert_eq!(page.me, holder, "a token opens its own seat only");
        }
    }

    fn check(&self) {
        let roster = self.room.roster();
        assert!(roster.len() <= PARTICIPANTS_MAX);
        for member in &roster {
            assert_eq!(
                member.connected,
                self.live.contains_key(&member.id) || member.phone.is_some(),
                "connected is true exactly while there is a page or a telephone"
            );
        }
        self.check_phones(&roster);
        if self.room.is_encrypted() && !self.has_heard {
            assert!(
                self.legacy.encrypted,
                "people encrypt and the clinic forgets"
            );
        }
        let running = Purpose::ALL.into_iter().zip([self.taping, self.writing]);
        for (purpose, _) in running.filter(|(_, runs)| *runs) {
            assert!(
                !self.room.is_encrypted(),
                "a recorder of what it cannot read"
            );
            for member in roster.iter().filter(|it| it.stage == Stage::Admitted) {
                let agreed = self.agreed.contains(&(purpose, member.id));
                assert!(agreed, "{purpose:?} without consent");
            }
        }
        let ids: BTreeSet<_> = roster.iter().map(|member| member.id).collect();
        for (id, socket) in &self.live {
            assert!(ids.contains(id), "a socket without a seat");
            let page = self.page(*socket);
            let me = roster.iter().find(|member| member.id == *id).unwrap();
            assert_eq!(page.stage, Some(me.stage), "everybody knows where they are");
            if me.stage == Stage::Lobby {
                assert!(page.others.is_empty() && page.chat.is_empty());
                continue;
            }
            let seen: Vec<_> = page.others.values().cloned().collect();
            let is: Vec<_> = roster
                .iter()
                .filter(|member| member.id != *id)
                .cloned()
                .collect();
            assert_eq!(seen, is, "everybody in the visit sees the same people");
            let ids: BTreeSet<_> = page.chat.iter().map(|message| message.id).collect();
            assert_eq!(ids.len(), page.chat.len(), "a message is shown once");
            assert!(
                page.chat
                    .iter()
                    .all(|message| self.stored.contains(message))
            );
        }
    }
}

fn believe(page: &mut Page, snapshot: &Snapshot) {
    page.stage = Some(snapshot.stage);
    page.others = snapshot
        .others
        .iter()
        .map(|other| (other.id, other.clone()))
        .collect();
    page.chat.clone_from(&snapshot.chat);
    page.snapshot = Some(snapshot.clone());
}

pub(crate) fn hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    for (at, byte) in token.bytes().enumerate() {
        hash[at % 32] ^= byte;
    }
    hash
}
