//! Calling somebody by telephone whose page was lost: offered to the doctor after a while, or done at
//! once, and called off when they return. Who dials is behind a port.

use signaling_protocol::{CallBack, ErrorCode, ParticipantId, Role};

use crate::member::{Member, Seat};
use crate::output::{Output, VisitEvent};
use crate::room::Room;

/// When somebody is called back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallBackRule {
    /// How long a patient's page has to be gone, in microseconds.
    pub after_us: i64,
    /// Call then, instead of asking the doctor.
    pub automatic: bool,
    /// How long a telephone rings, in microseconds.
    pub ring_us: i64,
}

/// What is to be done with a telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dial {
    Ring,
    Stop,
}

/// One person, as far as calling them back goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Calling {
    /// They are here, or nobody waits for them.
    #[default]
    Here,
    /// Their page was lost a moment ago.
    Away { since_us: i64 },
    /// The doctor may have them called.
    Offered,
    /// It rings, until this time at most.
    Ringing { until_us: i64 },
    /// They were called in vain.
    Failed,
}

impl Calling {
    /// As everybody sees it.
    pub(crate) const fn shown(self) -> CallBack {
        match self {
            Self::Here | Self::Away { .. } => CallBack::Off,
            Self::Offered => CallBack::Offered,
            Self::Ringing { .. } => CallBack::Ringing,
            Self::Failed => CallBack::Failed,
        }
    }

    /// When time alone changes something.
    pub(crate) const fn due_us(self, rule: CallBackRule) -> Option<i64> {
        match self {
            Self::Away { since_us } => Some(since_us.saturating_add(rule.after_us)),
            Self::Ringing { until_us } => Some(until_us),
            Self::Here | Self::Offered | Self::Failed => None,
        }
    }

    /// Whether they are missed, as it is now.
    pub(crate) const fn missed(&mut self, is_missed: bool, now_us: i64) -> Option<Dial> {
        match (*self, is_missed) {
            (Self::Here, true) => {
                *self = Self::Away { since_us: now_us };
                None
            }
            (Self::Ringing { .. }, false) => {
                *self = Self::Here;
                Some(Dial::Stop)
            }
            (Self::Away { .. } | Self::Offered | Self::Failed, false) => {
                *self = Self::Here;
                None
            }
            (Self::Here, false) | (_, true) => None,
        }
    }

    /// Time has passed.
    pub(crate) fn pass(&mut self, rule: CallBackRule, now_us: i64) -> Option<Dial> {
        if self.due_us(rule).is_none_or(|due_us| now_us < due_us) {
            return None;
        }
        match self {
            Self::Away { .. } if rule.automatic => self.ring(rule, now_us),
            Self::Away { .. } => {
                *self = Self::Offered;
                None
            }
            Self::Ringing { .. } => {
                *self = Self::Failed;
                Some(Dial::Stop)
            }
            Self::Here | Self::Offered | Self::Failed => None,
        }
    }

    /// The doctor wants them called.
    pub(crate) const fn ring(&mut self, rule: CallBackRule, now_us: i64) -> Option<Dial> {
        match self {
            Self::Here | Self::Ringing { .. } => None,
            Self::Away { .. } | Self::Offered | Self::Failed => {
                let until_us = now_us.saturating_add(rule.ring_us);
                *self = Self::Ringing { until_us };
                Some(Dial::Ring)
            }
        }
    }

    /// The doctor does not want them called any more.
    pub(crate) const fn stop(&mut self) -> Option<Dial> {
        if let Self::Ringing { .. } = self {
            *self = Self::Offered;
            return Some(Dial::Stop);
        }
        None
    }

    /// They did not answer, or nobody can call them.
    pub(crate) const fn fail(&mut self) {
        if let Self::Ringing { .. } = self {
            *self = Self::Failed;
        }
    }
}

impl Room {
    /// A clinician wants somebody called, or no longer.
    pub(crate) fn call_back(&mut self, by: ParticipantId, target: ParticipantId, on: bool) {
        let now_us = self.now_us;
        let Some(member) = self.members.get_mut(&target) else {
            let detail = "nobody with this id is here";
            self.refuse(by, ErrorCode::UnknownParticipant, detail);
            return;
        };
        let dial = match self.limits.call_back {
            Some(rule) if on => member.calling.ring(rule, now_us),
            Some(_) | None => member.calling.stop(),
        };
        if on && self.limits.call_back.is_none() {
            self.refuse(by, ErrorCode::OutOfOrder, "nobody can be called from here");
        }
        // Back a moment ago, or called already.
        if let Some(dial) = dial {
            self.dial(target, dial, Some(by));
        }
    }

    /// Nobody answered, or nobody could be called.
    pub(crate) fn call_back_failed(&mut self, of: ParticipantId) {
        if let Some(member) = self.members.get_mut(&of)
            && matches!(member.calling, Calling::Ringing { .. })
        {
            member.calling.fail();
            self.announce(of);
        }
    }

    /// What time changes.
    pub(crate) fn pass_call_backs(&mut self) {
        if let Some(rule) = self.limits.call_back {
            let now_us = self.now_us;
            self.change_callings(|_, calling| calling.pass(rule, now_us));
        }
    }

    /// Follows who is missed.
    pub(crate) fn settle_call_backs(&mut self) {
        if self.limits.call_back.is_some() {
            let now_us = self.now_us;
            self.change_callings(|is_missed, calling| calling.missed(is_missed, now_us));
        }
    }

    /// When time changes something next.
    pub(crate) fn call_backs_due_us(&self) -> Option<i64> {
        let rule = self.limits.call_back?;
        let due = |member: &Member| member.calling.due_us(rule);
        self.members.values().filter_map(due).min()
    }

    /// A person has gone for good.
    pub(crate) fn stop_calling(&mut self, participant: ParticipantId) {
        let now_us = self.now_us;
        let member = self.members.get_mut(&participant);
        let dial = member.and_then(|member| member.calling.missed(false, now_us));
        if dial.is_some() {
            let ring = false;
            self.push(Output::CallBack { participant, ring });
        }
    }

    fn change_callings(&mut self, change: impl Fn(bool, &mut Calling) -> Option<Dial>) {
        let mut changed = Vec::new();
        for member in self.members.values_mut() {
            let before = member.calling.shown();
            let is_missed = member.is_missed();
            let dial = change(is_missed, &mut member.calling);
            if dial.is_some() || member.calling.shown() != before {
                changed.push((member.id, dial));
            }
        }
        for (id, dial) in changed {
            match dial {
                Some(dial) => self.dial(id, dial, None),
                None => self.announce(id),
            }
        }
    }

    fn dial(&mut self, participant: ParticipantId, dial: Dial, by: Option<ParticipantId>) {
        let ring = dial == Dial::Ring;
        if ring {
            self.keep_seat_while_ringing(participant);
            self.note(VisitEvent::CalledBack { participant, by });
        }
        self.push(Output::CallBack { participant, ring });
        self.announce(participant);
    }

    /// Somebody whose telephone rings has not gone.
    fn keep_seat_while_ringing(&mut self, of: ParticipantId) {
        if let Some(member) = self.members.get_mut(&of)
            && let Calling::Ringing { until_us: ring_us } = member.calling
            && let Seat::Kept { until_us } = &mut member.seat
        {
            *until_us = (*until_us).max(ring_us.saturating_add(1));
        }
    }
}

impl Member {
    /// A patient who was in the visit and whose page and telephone are both gone.
    fn is_missed(&self) -> bool {
        self.role == Role::Patient
            && self.is_admitted()
            && self.leg.is_none()
            && matches!(self.seat, Seat::Kept { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: CallBackRule = CallBackRule {
        after_us: 10,
        automatic: false,
        ring_us: 30,
    };
    const BY_ITSELF: CallBackRule = CallBackRule {
        automatic: true,
        ..RULE
    };

    fn away() -> Calling {
        let mut calling = Calling::default();
        assert_eq!(calling.missed(true, 0), None);
        calling
    }

    #[test]
    fn it_is_offered_after_a_while_and_rings_when_the_doctor_says_so() {
        let mut calling = away();
        assert_eq!(calling.pass(RULE, 9), None);
        assert_eq!(calling.shown(), CallBack::Off);
        assert_eq!(calling.pass(RULE, 10), None);
        assert_eq!(calling.shown(), CallBack::Offered);
        assert_eq!(calling.ring(RULE, 12), Some(Dial::Ring));
        assert_eq!(calling.ring(RULE, 13), None, "it rings already");
        assert_eq!(calling.due_us(RULE), Some(42));
    }

    #[test]
    fn it_rings_by_itself_once_for_an_absence() {
        let mut calling = away();
        assert_eq!(calling.pass(BY_ITSELF, 10), Some(Dial::Ring));
        assert_eq!(calling.pass(BY_ITSELF, 40), Some(Dial::Stop));
        assert_eq!(calling.shown(), CallBack::Failed);
        assert_eq!(calling.pass(BY_ITSELF, 1_000), None);
        assert_eq!(
            calling.ring(BY_ITSELF, 50),
            Some(Dial::Ring),
            "the doctor may"
        );
    }

    #[test]
    fn who_returns_is_not_called_any_more() {
        let mut calling = away();
        assert_eq!(calling.missed(false, 5), None);
        assert_eq!(calling.due_us(RULE), None);
        let mut calling = away();
        assert_eq!(calling.pass(BY_ITSELF, 10), Some(Dial::Ring));
        assert_eq!(calling.missed(false, 11), Some(Dial::Stop));
        assert_eq!(calling, Calling::Here);
        calling.fail();
        assert_eq!(calling, Calling::Here, "a late word changes nothing");
    }

    #[test]
    fn the_doctor_may_stop_it_and_try_again() {
        let mut calling = away();
        assert_eq!(
            calling.ring(RULE, 1),
            Some(Dial::Ring),
            "before it is offered"
        );
        assert_eq!(calling.stop(), Some(Dial::Stop));
        assert_eq!(calling.stop(), None);
        assert_eq!(calling.ring(RULE, 2), Some(Dial::Ring));
        calling.fail();
        assert_eq!(calling.shown(), CallBack::Failed);
    }
}
