//! Chat: stored first, then shown to everybody, once for each id.

use std::collections::VecDeque;

use signaling_protocol::{
    CHAT_BACKLOG_MAX, ChatId, ChatMessage, ChatText, ErrorCode, ParticipantId, ServerMessage,
};

use crate::input::{RequestId, StoreFailed};
use crate::limits::{CHAT_WAITING_EACH_MAX, CHAT_WAITING_MAX, MARKS_MAX, SNAPSHOT_CHAT_BYTES_MAX};
use crate::output::{ChatPost, Output};
use crate::room::Room;

/// The latest messages and those that wait to become messages.
#[derive(Debug)]
pub(crate) struct ChatLog {
    /// By ascending number.
    backlog: VecDeque<ChatMessage>,
    waiting: VecDeque<ChatPost>,
    /// One at a time, so that messages are shown in the order in which they are stored.
    storing: Option<(RequestId, ChatPost)>,
}

impl ChatLog {
    pub(crate) fn new(mut messages: Vec<ChatMessage>) -> Self {
        messages.sort_by_key(|message| message.seq);
        let surplus = messages.len().saturating_sub(CHAT_BACKLOG_MAX);
        messages.drain(..surplus);
        Self {
            backlog: messages.into(),
            waiting: VecDeque::new(),
            storing: None,
        }
    }

    pub(crate) fn is_storing(&self) -> bool {
        self.storing.is_some()
    }

    /// The latest messages that fit into a snapshot, oldest first.
    pub(crate) fn latest(&self) -> Vec<ChatMessage> {
        let mut bytes = 0_usize;
        let mut messages: Vec<_> = self
            .backlog
            .iter()
            .rev()
            .take_while(|message| {
                bytes = bytes.saturating_add(json_bytes_max(message));
                bytes <= SNAPSHOT_CHAT_BYTES_MAX
            })
            .cloned()
            .collect();
        messages.reverse();
        messages
    }

    fn last_seq(&self) -> u64 {
        self.backlog.back().map_or(0, |message| message.seq)
    }

    fn find(&self, id: ChatId) -> Option<&ChatMessage> {
        self.backlog.iter().find(|message| message.id == id)
    }

    fn is_waiting(&self, id: ChatId) -> bool {
        let storing = self.storing.as_ref().map(|(_, post)| post);
        self.waiting.iter().chain(storing).any(|post| post.id == id)
    }

    fn has_room_for(&self, author: ParticipantId) -> bool {
        let of_author = self.waiting.iter().filter(|post| post.from == author);
        self.waiting.len() < CHAT_WAITING_MAX && of_author.count() < CHAT_WAITING_EACH_MAX
    }

    /// Takes a stored message; false when it is known, or older than everything that is kept.
    fn insert(&mut self, message: &ChatMessage) -> bool {
        let Err(place) = self
            .backlog
            .binary_search_by_key(&message.seq, |known| known.seq)
        else {
            return false;
        };
        if place == 0 && self.backlog.len() >= CHAT_BACKLOG_MAX {
            return false;
        }
        self.backlog.insert(place, message.clone());
        if self.backlog.len() > CHAT_BACKLOG_MAX {
            self.backlog.pop_front();
        }
        true
    }
}

/// At least the bytes of the message as JSON: ids and numbers, and text with every character that
/// JSON escapes counted in full.
fn json_bytes_max(message: &ChatMessage) -> usize {
    const REST: usize = 240;
    let text = [message.from_name.as_str(), message.text.as_str()]
        .iter()
        .flat_map(|text| text.bytes())
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\t' => 2,
            _ => 1,
        })
        .fold(0_usize, usize::saturating_add);
    text.saturating_add(REST)
}

impl Room {
    pub(crate) fn post(&mut self, from: ParticipantId, id: ChatId, text: ChatText) {
        if let Some(known) = self.chat.find(id) {
            let message = known.clone();
            self.acknowledge(from, message);
            return;
        }
        if self.chat.is_waiting(id) {
            return;
        }
        if !self.chat.has_room_for(from) {
            self.refuse(from, ErrorCode::Unavailable, "too many messages wait");
            return;
        }
        let Some(member) = self.members.get(&from) else {
            return;
        };
        let post = ChatPost {
            id,
            from,
            from_name: member.name.clone(),
            text,
        };
        self.chat.waiting.push_back(post);
        self.store_next();
    }

    fn store_next(&mut self) {
        if self.chat.is_storing() {
            return;
        }
        let Some(post) = self.chat.waiting.pop_front() else {
            return;
        };
        let request = self.request();
        self.chat.storing = Some((request, post.clone()));
        self.push(Output::StoreChat { request, post });
    }

    /// The clinic has answered.
    pub(crate) fn stored(&mut self, request: RequestId, result: Result<ChatMessage, StoreFailed>) {
        let Some((_, post)) = self
            .chat
            .storing
            .take_if(|(expected, _)| *expected == request)
        else {
            return;
        };
        match result {
            Ok(message) if message.from == post.from && self.chat.insert(&message) => {
                let everybody: Vec<_> = self
                    .members
                    .values()
                    .filter(|member| member.is_admitted())
                    .map(|member| member.id)
                    .collect();
                for person in everybody {
                    let message = message.clone();
                    self.say(person, ServerMessage::Chat { message });
                }
                self.say_on_tape(format!("{}: {}", message.from_name, message.text.as_str()));
            }
            Ok(message) => self.acknowledge(post.from, message),
            Err(StoreFailed) => {
                self.refuse(post.from, ErrorCode::Unavailable, "not stored; try again");
            }
        }
        self.store_next();
    }

    /// Shows a message again to its author, and to nobody else.
    fn acknowledge(&mut self, author: ParticipantId, message: ChatMessage) {
        if !self.members.get(&author).is_some_and(|m| m.is_admitted()) {
            return;
        }
        if message.from == author {
            self.say(author, ServerMessage::Chat { message });
        } else {
            self.refuse(author, ErrorCode::Malformed, "the id of another message");
        }
    }

    pub(crate) fn read(&mut self, from: ParticipantId, seq: u64) {
        let seq = seq.min(self.chat.last_seq());
        let known = self.marks.get(&from).copied();
        let is_new = seq > known.unwrap_or(0);
        if is_new && (known.is_some() || self.marks.len() < MARKS_MAX) {
            self.marks.insert(from, seq);
            self.push(Output::MarkRead {
                participant: from,
                seq,
            });
        }
    }
}
