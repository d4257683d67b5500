//! What clinicians decide. It takes effect after the clinic has recorded it.

use signaling_protocol::{
    Bye, ErrorCode, Grants, ParticipantId, Purpose, Role, ServerMessage, Stage,
};

use crate::input::RequestId;
use crate::limits::{ACTS_MAX, CURBED_MAX};
use crate::output::{MediaCommand, Output, VisitEvent};
use crate::room::Room;

/// What is to happen to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// They come in.
    Admit,
    /// They do not come in.
    Refuse,
    /// They are taken out.
    Remove,
}

/// A decision that is being recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// About one person.
    Judge {
        verdict: Verdict,
        target: ParticipantId,
        by: ParticipantId,
    },
    /// The visit ends.
    End { by: ParticipantId },
    /// A person agrees to a recording or to captions.
    Consent { purpose: Purpose, of: ParticipantId },
}

impl Act {
    /// Who is told when it cannot be recorded.
    fn by(self) -> ParticipantId {
        match self {
            Self::Judge { by, .. } | Self::End { by } | Self::Consent { of: by, .. } => by,
        }
    }
}

impl Room {
    pub(crate) fn admit(&mut self, by: ParticipantId, target: ParticipantId) {
        match self.members.get(&target).map(|member| member.stage) {
            None => self.unknown(by),
            // Two clinicians may press the same button.
            Some(Stage::Admitted) => {}
            Some(Stage::Lobby) if self.cannot_encrypt(target) => {
                let detail = "they cannot take part in encryption";
                self.refuse(by, ErrorCode::OutOfOrder, detail);
            }
            Some(Stage::Lobby) => self.judge(Verdict::Admit, target, by),
        }
    }

    pub(crate) fn turn_away(&mut self, by: ParticipantId, target: ParticipantId) {
        match self.members.get(&target).map(|member| member.stage) {
            None => self.unknown(by),
            Some(Stage::Admitted) => {
                self.refuse(by, ErrorCode::OutOfOrder, "admitted; remove them instead");
            }
            Some(Stage::Lobby) => self.judge(Verdict::Refuse, target, by),
        }
    }

    pub(crate) fn remove(&mut self, by: ParticipantId, target: ParticipantId) {
        match self.members.get(&target).map(|member| member.stage) {
            None => self.unknown(by),
            Some(_) if by == target => {
                self.refuse(by, ErrorCode::OutOfOrder, "leave instead");
            }
            Some(Stage::Lobby) => {
                self.refuse(
                    by,
                    ErrorCode::OutOfOrder,
                    "still waiting; refuse them instead",
                );
            }
            Some(Stage::Admitted) => self.judge(Verdict::Remove, target, by),
        }
    }

    pub(crate) fn end(&mut self, by: ParticipantId) {
        if !self.acts.values().any(|act| matches!(act, Act::End { .. })) {
            self.ask(Act::End { by }, VisitEvent::Ended { by });
        }
    }

    /// Switches a microphone off, at the media server and on the person's page.
    pub(crate) fn mute(&mut self, by: ParticipantId, target: ParticipantId) {
        let Some(member) = self.members.get_mut(&target) else {
            self.unknown(by);
            return;
        };
        if !member.is_admitted() {
            self.refuse(by, ErrorCode::OutOfOrder, "still waiting");
            return;
        }
        let mut sources = member.sources;
        sources.microphone = false;
        self.mute_phone(target);
        self.set_sources(target, sources);
        self.say(target, ServerMessage::Muted);
    }

    /// Changes what the server forwards from and to a person.
    pub(crate) fn grant(&mut self, by: ParticipantId, target: ParticipantId, grants: Grants) {
        let Some(member) = self.members.get_mut(&target) else {
            self.unknown(by);
            return;
        };
        if !member.is_admitted() {
            self.refuse(by, ErrorCode::OutOfOrder, "still waiting");
            return;
        }
        if member.role == Role::Clinician {
            self.refuse(by, ErrorCode::Forbidden, "a clinician always takes part");
            return;
        }
        if member.grants == grants {
            return;
        }
        if !self.curb(target, grants) {
            self.refuse(by, ErrorCode::Unavailable, "too many restrictions");
        }
    }

    /// Keeps a person's grants, and has everybody go by them. Says whether there was place for them.
    pub(crate) fn curb(&mut self, target: ParticipantId, grants: Grants) -> bool {
        let known = self.curbed.contains_key(&target);
        if grants != Grants::ALL && !known && self.curbed.len() >= CURBED_MAX {
            return false;
        }
        if grants == Grants::ALL {
            self.curbed.remove(&target);
        } else {
            self.curbed.insert(target, grants);
        }
        let Some(member) = self.members.get_mut(&target) else {
            return true;
        };
        member.grants = grants;
        if member.media.offered {
            self.push(Output::Media(MediaCommand::SetGrants {
                participant: target,
                grants,
            }));
        }
        // They see why their buttons do nothing.
        self.say(target, ServerMessage::Granted { grants });
        self.vouch(target);
        self.announce(target);
        true
    }

    fn judge(&mut self, verdict: Verdict, target: ParticipantId, by: ParticipantId) {
        let running = self.acts.values().find_map(|act| match act {
            Act::Judge {
                verdict,
                target: of,
                ..
            } if *of == target => Some(*verdict),
            Act::Judge { .. } | Act::End { .. } | Act::Consent { .. } => None,
        });
        match running {
            Some(other) if other == verdict => {}
            Some(_) => self.refuse(by, ErrorCode::OutOfOrder, "another decision is on its way"),
            None => {
                let event = match verdict {
                    Verdict::Admit => VisitEvent::Admitted {
                        participant: target,
                        by,
                    },
                    Verdict::Refuse => VisitEvent::Refused {
                        participant: target,
                        by,
                    },
                    Verdict::Remove => VisitEvent::Removed {
                        participant: target,
                        by,
                    },
                };
                self.ask(
                    Act::Judge {
                        verdict,
                        target,
                        by,
                    },
                    event,
                );
            }
        }
    }

    pub(crate) fn ask(&mut self, act: Act, event: VisitEvent) {
        if self.acts.len() >= ACTS_MAX {
            self.refuse(
                act.by(),
                ErrorCode::Unavailable,
                "too many decisions on their way",
            );
            return;
        }
        let request = self.request();
        self.acts.insert(request, act);
        self.push(Output::Record {
            request: Some(request),
            event,
        });
    }

    /// The clinic has answered.
    pub(crate) fn recorded(&mut self, request: RequestId, is_recorded: bool) {
        let Some(act) = self.acts.remove(&request) else {
            return;
        };
        if !is_recorded {
            self.refuse(act.by(), ErrorCode::Unavailable, "not recorded; try again");
            return;
        }
        match act {
            Act::End { .. } => self.close(Bye::Ended),
            Act::Consent { purpose, of } => self.consented(purpose, of),
            Act::Judge {
                verdict, target, ..
            } => self.carry_out(verdict, target),
        }
    }

    fn carry_out(&mut self, verdict: Verdict, target: ParticipantId) {
        match verdict {
            Verdict::Admit => self.let_in(target),
            Verdict::Refuse => self.dismiss(target, Bye::Refused),
            Verdict::Remove => {
                self.removed.add(target);
                self.dismiss(target, Bye::Removed);
            }
        }
    }

    pub(crate) fn let_in(&mut self, target: ParticipantId) {
        if self.cannot_encrypt(target) {
            return;
        }
        self.removed.pardon(target);
        let waiting = self.members.get_mut(&target);
        // Gone meanwhile, or in by a ticket that the clinic has made since.
        let Some(member) = waiting.filter(|member| !member.is_admitted()) else {
            return;
        };
        member.stage = Stage::Admitted;
        let (waited_connected, grants) = (member.media.offered, member.granted());
        let is_patient = member.role == Role::Patient;
        if let Some(snapshot) = self.snapshot(target) {
            self.say(target, ServerMessage::Admitted { snapshot });
        }
        if waited_connected {
            self.push(Output::Media(MediaCommand::SetGrants {
                participant: target,
                grants,
            }));
        }
        self.announce(target);
        if is_patient && !self.started {
            self.started = true;
            self.note(VisitEvent::Started);
        }
    }

    /// An admission that is still being recorded is older than what the clinic has decided since.
    pub(crate) fn withdraw_admission(&mut self, of: ParticipantId) {
        self.acts.retain(|_, act| {
            !matches!(act, Act::Judge { verdict: Verdict::Admit, target, .. } if *target == of)
        });
    }

    fn unknown(&mut self, by: ParticipantId) {
        self.refuse(
            by,
            ErrorCode::UnknownParticipant,
            "nobody with this id is here",
        );
    }
}
