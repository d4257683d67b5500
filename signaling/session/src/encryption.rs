//! Visits in which only the people in them can see and hear: the room passes on keys that it cannot
//! read, and keeps out who could not take part.

use signaling_protocol::{ErrorCode, KeyText, ParticipantId, Purpose, RecordingEnd, ServerMessage};

use crate::room::Room;

impl Room {
    /// Whether people encrypt what they send for each other. A recorder, a scribe or a telephone has no place
    /// in such a visit.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Switches encryption between people on, once the clinic keeps that, or off.
    pub(crate) fn encrypt(&mut self, by: ParticipantId, on: bool) {
        match (on, self.encrypted) {
            (true, true) => {}
            (true, false) => match self.obstacle() {
                Some(detail) => self.refuse(by, ErrorCode::OutOfOrder, detail),
                None => self.wish_encryption(by),
            },
            (false, was_on) => {
                self.drop_wish();
                if was_on {
                    self.switch_encryption(false);
                }
            }
        }
    }

    /// Why people cannot encrypt now.
    pub(crate) fn obstacle(&self) -> Option<&'static str> {
        if self.is_moving() {
            return Some("the visit goes to another server; try again");
        }
        let mut admitted = self.members.values().filter(|member| member.is_admitted());
        if admitted.clone().any(|member| member.leg.is_some()) {
            return Some("somebody in the visit is on a telephone");
        }
        admitted
            .any(|member| member.public_key.is_none())
            .then_some("somebody in the visit cannot take part in encryption")
    }

    /// From here on people encrypt, or no longer, and everybody hears of it.
    pub(crate) fn switch_encryption(&mut self, on: bool) {
        if on {
            for purpose in Purpose::ALL {
                self.end_tape(purpose, RecordingEnd::Encrypted);
            }
        }
        self.encrypted = on;
        if on {
            self.send_phones_away();
        }
        let people: Vec<_> = self
            .members
            .values()
            .filter(|member| member.is_admitted())
            .map(|member| member.id)
            .collect();
        for person in people {
            self.say(person, ServerMessage::Encryption { on });
        }
        // Tickets of before would open a room that does not encrypt.
        let everybody: Vec<_> = self.members.keys().copied().collect();
        for person in everybody {
            self.vouch(person);
        }
        self.mark_roster();
    }

    /// Whether people encrypt and this one is a program that never could.
    pub(crate) fn cannot_encrypt(&self, id: ParticipantId) -> bool {
        self.encrypted
            && self
                .members
                .get(&id)
                .is_some_and(|member| member.is_program())
    }

    /// A session says the key with which others seal theirs for it.
    pub(crate) fn public_key(&mut self, of: ParticipantId, key: KeyText) {
        let Some(member) = self.members.get_mut(&of) else {
            return;
        };
        if member.public_key.as_ref() != Some(&key) {
            member.public_key = Some(key);
            self.announce(of);
        }
    }

    /// Passes a sealed key on.
    pub(crate) fn sealed_key(&mut self, from: ParticipantId, to: ParticipantId, key: KeyText) {
        if self
            .members
            .get(&to)
            .is_some_and(|member| member.is_admitted())
        {
            self.say(to, ServerMessage::SealedKey { from, key });
        } else {
            let detail = "nobody with this id is in the visit";
            self.refuse(from, ErrorCode::UnknownParticipant, detail);
        }
    }
}
