//! What a person does.

use signaling_protocol::{Bye, ClientMessage, Purpose};

use super::Call;
use super::words::{Act, Ending, Notice, Output};

impl Call {
    pub(super) fn act(&mut self, act: Act) {
        match act {
            Act::Sources(sources) => {
                self.sources = sources;
                self.out.push_back(Output::SetSources(sources));
                if self.is_in_call() {
                    self.send(ClientMessage::Media { sources });
                } else {
                    self.sources_changed = true;
                }
            }
            Act::Chat { id, text } => {
                if !self.room.write(id, text.clone()) {
                    self.notice(Notice::NotConnected);
                } else if self.is_in_call() {
                    self.send(ClientMessage::Chat { id, text });
                }
            }
            Act::ChatRead { seq } => {
                if self.room.read(seq) && self.is_in_call() {
                    self.send(ClientMessage::ChatRead { seq });
                }
            }
            Act::Quality(quality) => {
                let news = self.quality != quality;
                self.quality = quality;
                if news && self.is_in_call() {
                    self.send(ClientMessage::Quality { quality });
                }
            }
            Act::View(slots) => {
                if self.is_in_call() {
                    let pinned = self.pinned;
                    self.send(ClientMessage::View { slots, pinned });
                }
            }
            Act::Pin(pinned) => {
                self.pinned = pinned;
                if self.is_in_call() {
                    let slots = Vec::new();
                    self.send(ClientMessage::View { slots, pinned });
                }
            }
            Act::Grant(participant, grants) => self.command(ClientMessage::Grant {
                participant,
                grants,
            }),
            Act::Encrypt(on) => self.command(ClientMessage::Encrypt { on }),
            Act::Record(on) => self.command(ClientMessage::Record { on }),
            Act::Captions(on) => self.command(ClientMessage::Captions { on }),
            Act::Consent(purpose, agree) => self.command(answer(purpose, agree)),
            Act::PublicKey(key) => {
                self.public_key = Some(key.clone());
                if self.link.is_open() && self.welcomed {
                    self.send(ClientMessage::PublicKey { key });
                }
            }
            Act::SealedKey(to, key) => {
                if self.is_in_call() {
                    self.send(ClientMessage::SealedKey { to, key });
                }
            }
            Act::Leave => {
                if self.link.is_open() {
                    self.send(ClientMessage::Leave);
                }
                self.finish(Ending::Bye(Bye::Left));
            }
            Act::Admit(participant) => self.command(ClientMessage::Admit { participant }),
            Act::Refuse(participant) => self.command(ClientMessage::Refuse { participant }),
            Act::CallBack(participant, on) => {
                self.command(ClientMessage::CallBack { participant, on });
            }
            Act::Hand(up) => self.command(ClientMessage::Hand { up }),
            Act::LowerHand(participant) => self.command(ClientMessage::LowerHand { participant }),
            Act::Mute(participant) => self.command(ClientMessage::Mute { participant }),
            Act::Remove(participant) => self.command(ClientMessage::Remove { participant }),
            Act::End => self.command(ClientMessage::End),
        }
    }

    /// Says it now or not at all: an admission that arrives a minute later may no longer be meant.
    pub(super) fn command(&mut self, message: ClientMessage) {
        if self.is_in_call() {
            self.send(message);
        } else {
            self.notice(Notice::NotConnected);
        }
    }
}

/// To the words that this page shows.
const fn answer(purpose: Purpose, agree: bool) -> ClientMessage {
    ClientMessage::Consent {
        agree,
        wording: purpose.wording(),
        purpose,
    }
}
