//! Telephones: a second way to take part, beside a page or without one. A person with both is one
//! participant, and one of the two carries their sound.

use signaling_protocol::{
    Bye, ConnectionId, ErrorCode, ParticipantId, Purpose, ServerMessage, Sources, Stage,
};

use crate::input::{Caller, PhoneAct, SocketId};
use crate::member::{Leg, Member, Seat, Told};
use crate::output::{CloseReason, MediaCommand, Output, PhoneCommand, PhoneNews, VisitEvent};
use crate::room::{Kind, Life, Room};

impl Room {
    /// A telephone with a ticket. Whoever is here with a page keeps it; an earlier telephone of the
    /// same person is hung up.
    pub(crate) fn call_in(&mut self, socket: SocketId, caller: Caller) {
        let Caller {
            person,
            number,
            connection,
            consent,
        } = caller;
        let id = person.id;
        let known = self.members.contains_key(&id);
        if self.kind == Kind::Test || self.encrypted {
            let detail = "people in this visit encrypt for each other, which a telephone cannot";
            self.send_away(socket, ErrorCode::OutOfOrder, detail);
            return;
        }
        if !known && !self.has_place_for(person.role) {
            self.send_away(socket, ErrorCode::Full, "the room is full");
            return;
        }
        self.life = Life::Used;
        let stage = self.stage_of(&person);
        self.hang_up_phone(id, CloseReason::Bye(Bye::Replaced));
        if !known {
            let role = person.role;
            let mut member = Member::new(person, stage, Seat::None, self.now_us);
            member.grants = self.curbed.get(&id).copied().unwrap_or_default();
            self.members.insert(id, member);
            self.note(VisitEvent::Arrived {
                participant: id,
                role,
            });
        }
        if let Some(member) = self.members.get_mut(&id) {
            member.leg = Some(Leg {
                socket,
                number,
                connection,
                muted: false,
                on_hold: false,
                consent,
                told: Told::default(),
            });
        }
        self.sockets.insert(socket, id);
        self.note(VisitEvent::ByPhone {
            participant: id,
            on: true,
        });
        self.announce(id);
        if stage == Stage::Admitted {
            // The clinic let them in earlier; their page may not know it yet. Never back, though.
            self.let_in(id);
        }
    }

    /// The media server has seated a telephone, with what was true when the door said so. It is told
    /// again what is true now, and whoever has gone meanwhile is taken out.
    pub(crate) fn phone_seated(&mut self, participant: ParticipantId, connection: ConnectionId) {
        let member = self.members.get(&participant);
        let leg = member.and_then(|member| member.leg.as_ref());
        let leg = leg.filter(|leg| leg.connection == connection);
        self.push_phone(match leg.and_then(|leg| leg.told.sound) {
            Some(sound) => PhoneCommand::Turn { participant, sound },
            None => PhoneCommand::Drop { participant },
        });
    }

    /// What a telephone does.
    pub(crate) fn phone_act(&mut self, socket: SocketId, act: PhoneAct) {
        let Some(&id) = self.sockets.get(&socket) else {
            return;
        };
        let member = self.members.get_mut(&id);
        let Some((member, leg)) = member.and_then(|member| {
            let admitted = member.is_admitted();
            let leg = member.leg.as_mut()?;
            Some((admitted, leg)).filter(|(_, leg)| leg.socket == socket)
        }) else {
            return;
        };
        match act {
            PhoneAct::Mute(muted) if leg.muted != muted => {
                leg.muted = muted;
                self.announce(id);
            }
            PhoneAct::Hold(on_hold) if leg.on_hold != on_hold => {
                leg.on_hold = on_hold;
                self.announce(id);
            }
            PhoneAct::Mute(_) | PhoneAct::Hold(_) => {}
            PhoneAct::Hand(up) if member => self.raise_hand(id, up),
            PhoneAct::Consent(purpose, agree) if member => {
                // What was said before the visit no longer counts.
                if purpose == Purpose::Recording {
                    leg.consent = None;
                }
                self.consent(purpose, id, agree.then_some(purpose.wording()));
            }
            PhoneAct::Hand(_) | PhoneAct::Consent(..) => {}
            PhoneAct::Leave => self.leave_by_phone(id),
        }
    }

    /// Hangs up. Without a page the person has left.
    fn leave_by_phone(&mut self, id: ParticipantId) {
        self.hang_up_phone(id, CloseReason::Bye(Bye::Left));
        let is_on_page = self
            .members
            .get(&id)
            .is_some_and(|member| member.socket().is_some());
        if is_on_page {
            self.announce(id);
        } else {
            self.forget(id);
            self.note(VisitEvent::Left { participant: id });
        }
    }

    /// A call broke off. Without a page the person's place is kept, as that of a page is.
    pub(crate) fn phone_lost(&mut self, id: ParticipantId) {
        self.drop_phone(id);
        let until_us = self.now_us.saturating_add(self.limits.seat_kept_us);
        if let Some(member) = self.members.get_mut(&id)
            && member.seat == Seat::None
        {
            member.seat = Seat::Kept { until_us };
        }
        self.announce(id);
    }

    /// The page of somebody has been away for long. Answers whether they stay by telephone.
    pub(crate) fn stay_by_phone(&mut self, id: ParticipantId) -> bool {
        let has_phone = |member: &&mut Member| member.leg.is_some();
        let Some(member) = self.members.get_mut(&id).filter(has_phone) else {
            return false;
        };
        member.seat = Seat::None;
        member.sources = Sources::default();
        member.tokens = [None, None];
        self.drop_media(id);
        self.announce(id);
        true
    }

    /// Whether this is the telephone of this person.
    pub(crate) fn is_phone(&self, id: ParticipantId, socket: SocketId) -> bool {
        let leg = self.members.get(&id).and_then(|member| member.leg.as_ref());
        leg.is_some_and(|leg| leg.socket == socket)
    }

    /// Says a last word to a person's telephone, if there is one, and takes it out.
    pub(crate) fn hang_up_phone(&mut self, id: ParticipantId, reason: CloseReason) {
        let leg = self.members.get(&id).and_then(|member| member.leg.as_ref());
        if let Some(socket) = leg.map(|leg| leg.socket) {
            let message = match reason {
                CloseReason::Bye(reason) => ServerMessage::Bye { reason },
                CloseReason::Refused(code) => ServerMessage::Error {
                    code,
                    detail: String::new(),
                },
            };
            self.hang_up(socket, message, reason);
            self.drop_phone(id);
        }
    }

    /// A person has no telephone any more.
    pub(crate) fn drop_phone(&mut self, participant: ParticipantId) {
        let member = self.members.get_mut(&participant);
        let Some(leg) = member.and_then(|member| member.leg.take()) else {
            return;
        };
        if leg.told.sound.is_some() {
            self.push_phone(PhoneCommand::Drop { participant });
        }
        self.note(VisitEvent::ByPhone {
            participant,
            on: false,
        });
    }

    /// People begin to encrypt for each other: telephones that wait have no place any more.
    pub(crate) fn send_phones_away(&mut self) {
        let callers: Vec<_> = self
            .members
            .values()
            .filter(|member| member.leg.is_some())
            .map(|member| (member.id, member.seat == Seat::None))
            .collect();
        for (id, is_alone) in callers {
            self.hang_up_phone(id, CloseReason::Refused(ErrorCode::OutOfOrder));
            if is_alone {
                self.forget(id);
                self.note(VisitEvent::Left { participant: id });
            } else {
                self.announce(id);
            }
        }
    }

    /// A clinician switches a telephone off; its person can switch it on again.
    pub(crate) fn mute_phone(&mut self, of: ParticipantId) {
        let member = self.members.get_mut(&of);
        let Some(leg) = member.and_then(|member| member.leg.as_mut()) else {
            return;
        };
        let (socket, was_muted) = (leg.socket, core::mem::replace(&mut leg.muted, true));
        if !was_muted {
            self.announce(of);
        }
        let news = PhoneNews::Muted;
        self.push(Output::Phone { socket, news });
    }

    /// Somebody raises their hand, or lowers it.
    pub(crate) fn raise_hand(&mut self, of: ParticipantId, up: bool) {
        if let Some(member) = self.members.get_mut(&of)
            && member.hand != up
        {
            member.hand = up;
            self.announce(of);
            self.say(of, ServerMessage::Hand { up });
        }
    }

    /// A clinician has seen a hand, and lowers it.
    pub(crate) fn lower_hand(&mut self, by: ParticipantId, of: ParticipantId) {
        let Some(member) = self.members.get(&of) else {
            let detail = "nobody with this id is here";
            self.refuse(by, ErrorCode::UnknownParticipant, detail);
            return;
        };
        let (was_up, socket) = (member.hand, member.leg.as_ref().map(|leg| leg.socket));
        self.raise_hand(of, false);
        if let Some(socket) = socket.filter(|_| was_up) {
            let news = PhoneNews::HandLowered;
            self.push(Output::Phone { socket, news });
        }
    }

    /// Who agreed before they came agrees as soon as a recording is asked for.
    pub(crate) fn agree_by_phone(&mut self) {
        for id in self.waiting_for(Purpose::Recording) {
            let agreed = |leg: &Leg| leg.consent == Some(true);
            let member = self.members.get(&id).filter(|member| !member.is_program());
            if member.is_some_and(|member| member.leg.as_ref().is_some_and(agreed)) {
                self.ask_consent(Purpose::Recording, id);
            }
        }
    }

    /// Tells telephones, and the media server, what has changed for them; and pages what has changed
    /// for the telephone of their person.
    pub(crate) fn tell_phones(&mut self) {
        let host_present = self.is_host_present();
        let waiting_for = Purpose::ALL.map(|purpose| self.waiting_for(purpose));
        let taping = Purpose::ALL.map(|purpose| self.is_taping(purpose));
        let people: Vec<_> = self
            .members
            .values()
            .filter(|member| member.leg.is_some() || member.leg_told.is_some())
            .map(|member| member.id)
            .collect();
        for id in people {
            self.tell_page_of_phone(id);
            let Some((leg, stage_sound)) = self.members.get(&id).and_then(|member| {
                let leg = member.leg.as_ref()?;
                let sound = member.is_admitted().then(|| member.phone_sound(leg));
                Some((leg, sound))
            }) else {
                continue;
            };
            let (socket, connection, old) = (leg.socket, leg.connection, leg.told);
            let told = Told {
                waiting: stage_sound.is_none().then_some(host_present),
                sound: stage_sound,
                asked: [
                    waiting_for[0].contains(&id) && leg.consent != Some(true),
                    waiting_for[1].contains(&id),
                ],
                taped: taping.map(|taping| taping && stage_sound.is_some()),
            };
            if told == old {
                continue;
            }
            if let Some(leg) = self.members.get_mut(&id).and_then(|it| it.leg.as_mut()) {
                leg.told = told;
            }
            let participant = id;
            let mut news = Vec::new();
            if let Some(host_present) = told.waiting.filter(|_| told.waiting != old.waiting) {
                news.push(PhoneNews::Waiting { host_present });
            }
            match (old.sound, told.sound) {
                (None, Some(sound)) => {
                    self.push_phone(PhoneCommand::Seat {
                        participant,
                        connection,
                        sound,
                    });
                    news.push(PhoneNews::Admitted { connection, sound });
                }
                (Some(before), Some(sound)) if before != sound => {
                    self.push_phone(PhoneCommand::Turn { participant, sound });
                    news.push(PhoneNews::Sound(sound));
                }
                _ => {}
            }
            news.extend(news_of_tapes(told, old));
            for news in news {
                self.push(Output::Phone { socket, news });
            }
        }
    }

    fn tell_page_of_phone(&mut self, id: ParticipantId) {
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        let phone = member.phone();
        if member.leg_told != phone {
            member.leg_told.clone_from(&phone);
            self.say(id, ServerMessage::Phone { phone });
        }
    }

    fn push_phone(&mut self, command: PhoneCommand) {
        self.push(Output::Media(MediaCommand::Phone(command)));
    }
}

/// What a telephone hears of recording and captions.
fn news_of_tapes(told: Told, old: Told) -> impl Iterator<Item = PhoneNews> {
    let asked = told.asked.into_iter().zip(old.asked);
    let taped = told.taped.into_iter().zip(old.taped);
    let all = Purpose::ALL.into_iter().zip(asked.zip(taped));
    all.flat_map(|(purpose, (asked, taped))| {
        let wording = purpose.wording();
        let question = PhoneNews::ConsentAsked { purpose, wording };
        let state = PhoneNews::Recording(purpose, taped.0);
        let question = (asked.0 && !asked.1).then_some(question);
        question
            .into_iter()
            .chain((taped.0 != taped.1).then_some(state))
    })
}
