//! What is known of the room: people, chat, who I am.

use signaling_protocol::{
    Caption, ChatId, ChatMessage, ChatText, IceServer, Participant, ParticipantId, Phone,
    Recording, RoomId, Snapshot, Stage,
};

use super::words::{Notice, PendingChat, SaidLine};

/// Messages kept in the page. The oldest is dropped: it is in the record and in the summary.
const CHAT_KEPT_MAX: usize = 1_000;
/// Captions kept in the page: what fits below the pictures, and some more.
const SAID_KEPT_MAX: usize = 12;
/// Messages waiting to be stored. More are refused: the server has been away for too long.
const PENDING_MAX: usize = 50;

#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that come and go apart from each other"
)]
pub(super) struct Room {
    pub(super) id: Option<RoomId>,
    pub(super) stage: Option<Stage>,
    pub(super) me: Option<Participant>,
    pub(super) host_present: bool,
    pub(super) others: Vec<Participant>,
    pub(super) chat: Vec<ChatMessage>,
    pub(super) chat_read: u64,
    pub(super) pending: Vec<PendingChat>,
    pub(super) speakers: Vec<ParticipantId>,
    pub(super) audio_only: bool,
    pub(super) encrypted: bool,
    pub(super) recording: Recording,
    pub(super) captions: Recording,
    pub(super) captions_offered: bool,
    /// What was said last.
    pub(super) said: Vec<SaidLine>,
    pub(super) said_count: u64,
    pub(super) relays: Vec<IceServer>,
}

impl Room {
    pub(super) fn is_admitted(&self) -> bool {
        self.stage == Some(Stage::Admitted)
    }

    /// Takes over a whole state. Messages that are stored are no longer pending.
    pub(super) fn load(&mut self, snapshot: Snapshot) {
        let same_person = self.me.as_ref().is_some_and(|me| me.id == snapshot.me.id);
        self.id = Some(snapshot.room);
        self.stage = Some(snapshot.stage);
        self.host_present = snapshot.host_present;
        self.others = snapshot.others;
        self.others
            .sort_by_key(|person| (person.since_us, person.id));
        if !same_person || snapshot.stage == Stage::Lobby {
            self.chat.clear();
            self.chat_read = 0;
        }
        self.me = Some(snapshot.me);
        self.speakers = snapshot.speakers;
        self.audio_only = snapshot.audio_only;
        if snapshot.stage == Stage::Admitted {
            // Those who wait are not told.
            self.encrypted = snapshot.encrypted;
        }
        self.recording.clone_from(&snapshot.recording);
        self.captions.clone_from(&snapshot.captions);
        self.captions_offered = snapshot.captions_offered;
        // What was said meanwhile is not said again; a partial text would stand for ever.
        self.said.retain(|line| line.is_final);
        self.relays = snapshot.relays;
        self.chat_read = self.chat_read.max(snapshot.chat_read);
        for message in snapshot.chat {
            self.chat(message);
        }
    }

    /// A person came or changed. Says what is worth telling.
    pub(super) fn participant(&mut self, person: Participant) -> Option<Notice> {
        if self.me.as_ref().is_some_and(|me| me.id == person.id) {
            self.me = Some(person);
            return None;
        }
        let Some(known) = self.others.iter_mut().find(|other| other.id == person.id) else {
            let notice = match person.stage {
                Stage::Lobby => Notice::Waiting(person.name.clone()),
                Stage::Admitted => Notice::Joined(person.name.clone()),
            };
            self.others.push(person);
            self.others.sort_by_key(|one| (one.since_us, one.id));
            return Some(notice);
        };
        let before = core::mem::replace(known, person);
        if before.stage == Stage::Lobby && known.stage == Stage::Admitted {
            return Some(Notice::Joined(known.name.clone()));
        }
        match (before.connected, known.connected) {
            (true, false) => Some(Notice::PersonLost(known.name.clone())),
            (false, true) => Some(Notice::PersonBack(known.name.clone())),
            (true, true) | (false, false) if known.hand && !before.hand => {
                Some(Notice::HandRaised(known.name.clone()))
            }
            (true, true) | (false, false) => None,
        }
    }

    /// The own hand is up or down.
    pub(super) fn own_hand(&mut self, up: bool) {
        if let Some(me) = &mut self.me {
            me.hand = up;
        }
    }

    /// The own telephone came, changed or went.
    pub(super) fn own_phone(&mut self, phone: Option<Phone>) {
        if let Some(me) = &mut self.me {
            me.phone = phone;
        }
    }

    pub(super) fn gone(&mut self, id: ParticipantId) -> Option<Notice> {
        let at = self.others.iter().position(|person| person.id == id)?;
        Some(Notice::Gone(self.others.remove(at).name))
    }

    /// A stored message, in its place; one that is known already changes nothing. Says whether it
    /// is news from somebody else.
    pub(super) fn chat(&mut self, message: ChatMessage) -> Option<Notice> {
        self.pending.retain(|waiting| waiting.id != message.id);
        let Err(at) = self
            .chat
            .binary_search_by_key(&message.seq, |line| line.seq)
        else {
            return None;
        };
        let mine = self.me.as_ref().is_some_and(|me| me.id == message.from);
        let news = message.seq > self.chat_read && !mine;
        let from_name = message.from_name.clone();
        self.chat.insert(at, message);
        if self.chat.len() > CHAT_KEPT_MAX {
            self.chat.remove(0);
        }
        news.then_some(Notice::NewChat(from_name))
    }

    /// Somebody said something: the next text of a person replaces the one that was not final.
    pub(super) fn caption(&mut self, caption: Caption) {
        let open = |line: &SaidLine| line.participant == caption.participant && !line.is_final;
        let known = self.said.iter().position(open);
        let Some(text) = caption.text else {
            if let Some(at) = known {
                self.said.remove(at);
            }
            return;
        };
        let people = self.others.iter().chain(&self.me);
        let person = people.clone().find(|one| one.id == caption.participant);
        let number = match known {
            Some(at) => self.said.remove(at).number,
            None => {
                self.said_count += 1;
                self.said_count
            }
        };
        let line = SaidLine {
            number,
            participant: caption.participant,
            name: person.map_or_else(String::new, |one| one.name.clone()),
            text,
            is_final: caption.is_final,
            language: caption.language,
        };
        // A final text stands before those that people still say.
        let at = match line.is_final {
            true => self.said.iter().take_while(|line| line.is_final).count(),
            false => self.said.len(),
        };
        self.said.insert(at, line);
        if self.said.len() > SAID_KEPT_MAX {
            self.said.remove(0);
        }
    }

    /// Keeps a message until it is stored. False when too many wait already.
    pub(super) fn write(&mut self, id: ChatId, text: ChatText) -> bool {
        if self.pending.len() >= PENDING_MAX {
            return false;
        }
        self.pending.push(PendingChat { id, text });
        true
    }

    /// Moves the read mark forward. False when it is there already.
    pub(super) fn read(&mut self, seq: u64) -> bool {
        let forward = seq > self.chat_read;
        self.chat_read = self.chat_read.max(seq);
        forward
    }
}
