//! How people come, come back and go.

use signaling_protocol::{
    Bye, ErrorCode, Grants, IceServer, PARTICIPANTS_MAX, ParticipantId, Role, ServerMessage, Stage,
};

use crate::input::{
    Complaint, Entry, Person, ResumeSecret, Returning, SocketId, Standing, TokenHash,
};
use crate::member::{Client, Media, Member, Seat};
use crate::orphans::Claim;
use crate::output::{CloseReason, MediaCommand, Output, VisitEvent};
use crate::room::{Kind, Life, Room};

/// What a session is given when it begins or goes on.
#[derive(Debug)]
pub(crate) struct Greeting {
    pub(crate) secret: ResumeSecret,
    pub(crate) relays: Vec<IceServer>,
}

impl Room {
    pub(crate) fn enter(&mut self, socket: SocketId, entry: Entry, welcome: Greeting) {
        // Whoever runs the room takes no Finished as the last word once somebody has knocked since.
        // It is said again, or an ended room would be kept for ever and turn everybody away.
        if self.life == Life::Finished {
            self.life = Life::Used;
        }
        if let Some(reason) = self.over() {
            self.say_bye(socket, reason);
            return;
        }
        match entry {
            Entry::Ticket(person) => self.arrive(socket, (person, Client::Page), welcome),
            Entry::Door(person) => self.arrive_at_door(socket, person, welcome),
            Entry::Phone(caller) => self.call_in(socket, caller),
            Entry::Resume(token) => self.resume(socket, &token, welcome),
            Entry::Return(returning) => self.come_back(socket, returning, welcome),
        }
    }

    /// A person with a ticket: new, or from another window, or after a reload.
    fn arrive(&mut self, socket: SocketId, (person, client): (Person, Client), welcome: Greeting) {
        let id = person.id;
        let known = self.members.contains_key(&id);
        if !known && !self.has_place_for(person.role) {
            self.send_away(socket, ErrorCode::Full, "the room is full");
            return;
        }
        self.life = Life::Used;
        let stage = self.stage_of(&person);
        let claim = self.orphans.claim(id, person.connection);
        if known {
            self.put_off(id);
            // The new window has no peer connection; the old window's must not go on sending.
            self.drop_media(id);
            if let Some(member) = self.members.get_mut(&id) {
                member.name = person.name;
                member.role = person.role;
                member.relation = person.relation;
                // The clinic may have let them in while the room was not told. Never back, though.
                if stage == Stage::Admitted {
                    member.stage = stage;
                }
            }
        } else {
            let role = person.role;
            let mut member = Member::new(person, stage, Seat::Taken(socket), self.now_us);
            member.grants = self.curbed.get(&id).copied().unwrap_or_default();
            self.members.insert(id, member);
            self.note(VisitEvent::Arrived {
                participant: id,
                role,
            });
        }
        self.give_back(id, claim);
        if let Some(member) = self.members.get_mut(&id) {
            member.seq = 0;
            member.tokens = [None, None];
            // Another window makes a key of its own.
            member.public_key = None;
            member.client = client;
        }
        self.sit_down(id, socket, (welcome, None));
    }

    /// A program with a ticket. It takes the seat of the same person's page, as another window does.
    fn arrive_at_door(&mut self, socket: SocketId, person: Person, welcome: Greeting) {
        if self.encrypted {
            let detail = "people in this visit encrypt for each other, which this client cannot";
            self.send_away(socket, ErrorCode::OutOfOrder, detail);
            return;
        }
        self.arrive(socket, (person, Client::Program), welcome);
    }

    /// The same window after a lost socket. Its media connection goes on.
    fn resume(&mut self, socket: SocketId, token: &TokenHash, welcome: Greeting) {
        let holder = self
            .members
            .values()
            .find(|member| member.holds(token))
            .map(|member| member.id);
        let Some(id) = holder else {
            self.say_bye(socket, Bye::Unauthorized);
            return;
        };
        // The server may not have noticed yet that the earlier socket is dead. If it is this one that is old,
        // and its Hello late, the page still listens to the other: it comes back, and is not at its end.
        if let Some(old) = self.members.get(&id).and_then(Member::socket) {
            self.say_bye(old, Bye::Restarting);
        }
        self.sit_down(id, socket, (welcome, Some(*token)));
    }

    /// The same window after the node that had the room has failed. One that was welcomed here, and whose
    /// socket was lost again, goes on.
    fn come_back(&mut self, socket: SocketId, returning: Returning, welcome: Greeting) {
        let Returning {
            token,
            person,
            standing,
        } = returning;
        if self.knows(&token) {
            self.resume(socket, &token, welcome);
            return;
        }
        let id = person.id;
        self.restore(&person, standing);
        self.arrive(socket, (person, Client::Page), welcome);
        if let Some(member) = self.members.get_mut(&id)
            && member.socket() == Some(socket)
        {
            // They have shown it, and may not read this Welcome.
            let [_, earlier] = &mut member.tokens;
            *earlier = Some(token);
        }
    }

    /// Whether somebody in the room may come back with this token.
    #[must_use]
    pub fn knows(&self, token: &TokenHash) -> bool {
        self.members.values().any(|member| member.holds(token))
    }

    /// What the room was where it failed, as far as one person's ticket says. Nobody's grants become more by it,
    /// and it switches no encryption off.
    fn restore(&mut self, person: &Person, standing: Standing) {
        let is_curbed = standing.grants != Grants::ALL && person.role != Role::Clinician;
        if is_curbed && !self.curbed.contains_key(&person.id) {
            // As many as there are have had place on the other node.
            self.curb(person.id, standing.grants);
        }
        if standing.encrypted && !self.encrypted {
            self.switch_encryption(true);
        }
    }

    /// Asks for a failover ticket for a page, if there are other nodes.
    pub(crate) fn vouch(&mut self, id: ParticipantId) {
        let now_us = self.now_us;
        if self.limits.vouch_us.is_none() || self.kind == Kind::Test {
            return;
        }
        let page = self.members.get_mut(&id);
        let Some(member) = page.filter(|it| it.socket().is_some() && it.client == Client::Page)
        else {
            return;
        };
        member.vouched_us = now_us;
        if let [Some(session), _] = member.tokens {
            let standing = Standing {
                encrypted: self.encrypted,
                grants: member.grants,
            };
            self.push(Output::Vouch {
                participant: id,
                session,
                standing,
            });
        }
    }

    /// Asks anew for those whose failover ticket is old.
    pub(crate) fn vouch_again(&mut self) {
        let Some(every_us) = self.limits.vouch_us else {
            return;
        };
        let due = self.now_us.saturating_sub(every_us);
        let old = self.members.values().filter(|it| it.vouched_us <= due);
        let old: Vec<_> = old.map(|it| it.id).collect();
        for id in old {
            self.vouch(id);
        }
    }

    /// A media connection that outlived an earlier room is theirs again, if they are in the visit.
    fn give_back(&mut self, id: ParticipantId, claim: Claim) {
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        match claim {
            Claim::None => {}
            Claim::Theirs(connection, slots) if member.is_admitted() => {
                member.media.live = Some(connection);
                member.media.slots = slots;
                member.media.offered = true;
                let grants = member.grants;
                self.push(Output::Media(MediaCommand::SetGrants {
                    participant: id,
                    grants,
                }));
            }
            Claim::Theirs(..) | Claim::Stale => {
                self.push(Output::Media(MediaCommand::Disconnect { participant: id }));
            }
        }
    }

    /// Closes a person's earlier socket, if there is one.
    fn put_off(&mut self, id: ParticipantId) {
        if let Some(old) = self.members.get(&id).and_then(Member::socket) {
            self.say_bye(old, Bye::Replaced);
        }
    }

    /// Welcomes a person on this socket, who has shown `earlier` if they come with a token.
    fn sit_down(
        &mut self,
        id: ParticipantId,
        socket: SocketId,
        (welcome, earlier): (Greeting, Option<TokenHash>),
    ) {
        let Greeting { secret, relays } = welcome;
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        member.seat = Seat::Taken(socket);
        // Of Welcomes in between none may have been read: what they have shown stays good.
        member.tokens = [Some(secret.hash), earlier];
        member.relays = relays;
        self.sockets.insert(socket, id);
        if let Some(snapshot) = self.snapshot(id) {
            self.say(
                id,
                ServerMessage::Welcome {
                    resume_token: secret.text,
                    snapshot,
                },
            );
        }
        self.vouch(id);
        self.announce(id);
    }

    pub(crate) fn stage_of(&self, person: &Person) -> Stage {
        let trusted = !self.removed.contains(person.id);
        let enters = person.role == Role::Clinician
            || self.kind == Kind::Test
            || (person.admitted && trusted);
        if enters {
            Stage::Admitted
        } else {
            Stage::Lobby
        }
    }

    /// One place is kept for a clinician, so that a full lobby cannot lock them out.
    pub(crate) fn has_place_for(&self, role: Role) -> bool {
        let has_clinician = self
            .members
            .values()
            .any(|member| member.role == Role::Clinician);
        let places = if role == Role::Clinician || has_clinician {
            PARTICIPANTS_MAX
        } else {
            PARTICIPANTS_MAX.saturating_sub(1)
        };
        self.members.len() < places
    }

    pub(crate) fn send_away(&mut self, socket: SocketId, code: ErrorCode, detail: &str) {
        let detail = detail.to_owned();
        self.hang_up(
            socket,
            ServerMessage::Error { code, detail },
            CloseReason::Refused(code),
        );
    }

    /// A socket is gone; the seat stays.
    pub(crate) fn lost(&mut self, socket: SocketId) {
        let Some(id) = self.sockets.remove(&socket) else {
            return;
        };
        if self.is_phone(id, socket) {
            self.phone_lost(id);
            return;
        }
        if self.kind == Kind::Test {
            self.forget(id);
            return;
        }
        let until_us = self.now_us.saturating_add(self.limits.seat_kept_us);
        if let Some(member) = self.members.get_mut(&id) {
            member.seat = Seat::Kept { until_us };
        }
        self.announce(id);
    }

    /// A socket does not read. The person keeps their seat.
    pub(crate) fn slow(&mut self, socket: SocketId) {
        self.part(socket, Bye::SlowReader);
    }

    pub(crate) fn complain(&mut self, socket: SocketId, complaint: Complaint) {
        let Some(&id) = self.sockets.get(&socket) else {
            return;
        };
        self.refuse(id, complaint.code, &complaint.detail);
        if complaint.last {
            self.part(socket, Bye::Misbehaved);
        }
    }

    /// Closes a socket for its own fault.
    fn part(&mut self, socket: SocketId, reason: Bye) {
        let Some(&id) = self.sockets.get(&socket) else {
            return;
        };
        self.say_bye(socket, reason);
        self.sockets.insert(socket, id);
        self.lost(socket);
    }

    /// A person goes by themselves. They may come back with a ticket.
    pub(crate) fn leave(&mut self, id: ParticipantId) {
        self.dismiss(id, Bye::Left);
        self.note(VisitEvent::Left { participant: id });
    }

    /// The clinic takes a person out; it knows about it already.
    pub(crate) fn take_out(&mut self, id: ParticipantId, reason: Bye) {
        if reason == Bye::Removed {
            self.removed.add(id);
        }
        self.withdraw_admission(id);
        self.dismiss(id, reason);
    }

    /// Says Bye to a person and forgets them, resume tokens included.
    pub(crate) fn dismiss(&mut self, id: ParticipantId, reason: Bye) {
        if let Some(socket) = self.members.get(&id).and_then(Member::socket) {
            self.say_bye(socket, reason);
        }
        self.hang_up_phone(id, CloseReason::Bye(reason));
        self.forget(id);
    }

    /// A person is no longer in the room.
    pub(crate) fn forget(&mut self, id: ParticipantId) {
        if !self.members.contains_key(&id) {
            return;
        }
        self.drop_media(id);
        self.drop_phone(id);
        self.stop_calling(id);
        self.members.remove(&id);
        self.speakers.retain(|speaker| *speaker != id);
        self.tell_others(id, &ServerMessage::Gone { participant: id });
        self.mark_roster();
    }

    pub(crate) fn drop_media(&mut self, id: ParticipantId) {
        if let Some(member) = self.members.get_mut(&id) {
            let was_open = member.media.offered;
            member.media = Media::default();
            if was_open {
                self.push(Output::Media(MediaCommand::Disconnect { participant: id }));
            }
        }
    }
}
