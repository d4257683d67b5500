//! Recording a visit: nothing is kept unless everybody in it has agreed, and the clinic has that on
//! record before it counts. Who does not agree, or no longer, ends it at once.

use std::collections::BTreeSet;

use signaling_protocol::{
    CONSENT_WORDING, ErrorCode, ParticipantId, Recording, RecordingEnd, RecordingPhase,
    ServerMessage,
};

use crate::admission::Act;
use crate::input::{RequestId, StoreFailed};
use crate::output::{MediaCommand, Output, TapCommand, VisitEvent};
use crate::room::Room;

/// What a room knows of its recording.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    phase: RecordingPhase,
    asked_by: Option<ParticipantId>,
    since_us: Option<i64>,
    ended: Option<RecordingEnd>,
    /// The recorder that is being prepared.
    opening: Option<RequestId>,
    /// Whose agreement to this recording the clinic has on record, also of people who have gone.
    agreed: BTreeSet<ParticipantId>,
    /// What everybody was told last.
    told: Recording,
}

/// People whose agreement one recording remembers. Beyond it the recording waits.
const AGREED_MAX: usize = 64;

impl Room {
    /// A clinician asks for a recording, or ends it.
    pub(crate) fn record(&mut self, by: ParticipantId, on: bool) {
        match (on, self.tape.phase) {
            (true, RecordingPhase::Off) if self.encrypted => {
                let detail = "people in this visit encrypt for each other";
                self.refuse(by, ErrorCode::OutOfOrder, detail);
            }
            (true, RecordingPhase::Off) => {
                self.tape = Tape {
                    phase: RecordingPhase::Asking,
                    asked_by: Some(by),
                    told: core::mem::take(&mut self.tape.told),
                    ..Tape::default()
                };
                self.note(VisitEvent::RecordingAsked { by });
                self.ask_consent(by);
            }
            (false, RecordingPhase::Off) | (true, _) => {}
            (false, _) => self.end_recording(RecordingEnd::Stopped),
        }
    }

    /// Somebody in the visit agrees, or does not.
    pub(crate) fn consent(&mut self, of: ParticipantId, agree: bool, wording: u16) {
        if self.tape.phase == RecordingPhase::Off {
            // Who takes back what is over anyway has what they want.
            if agree {
                self.refuse(of, ErrorCode::OutOfOrder, "no recording is asked for");
            }
            return;
        }
        if !agree {
            self.note(VisitEvent::ConsentRefused { participant: of });
            self.tape.agreed.remove(&of);
            self.forget_consent(of);
            self.end_recording(RecordingEnd::Declined);
        } else if wording != CONSENT_WORDING {
            let detail = "these are not the words that count; load the page again";
            self.refuse(of, ErrorCode::OutOfOrder, detail);
        } else if self
            .members
            .get(&of)
            .is_some_and(|member| member.is_program())
        {
            self.refuse(of, ErrorCode::Forbidden, "a program cannot agree");
        } else if !self.tape.agreed.contains(&of) {
            self.ask_consent(of);
        }
    }

    pub(crate) fn ask_consent(&mut self, of: ParticipantId) {
        let asked = |act: &Act| matches!(act, Act::Consent { of: who } if *who == of);
        if self.acts.values().any(asked) {
            return;
        }
        let event = VisitEvent::ConsentGiven {
            participant: of,
            wording: CONSENT_WORDING,
        };
        self.ask(Act::Consent { of }, event);
    }

    /// The clinic has an agreement on record.
    pub(crate) fn consented(&mut self, of: ParticipantId) {
        if self.tape.phase != RecordingPhase::Off && self.tape.agreed.len() < AGREED_MAX {
            self.tape.agreed.insert(of);
        }
    }

    /// An agreement that is still being recorded is older than its withdrawal.
    fn forget_consent(&mut self, of: ParticipantId) {
        self.acts
            .retain(|_, act| !matches!(act, Act::Consent { of: who } if *who == of));
    }

    /// The recorder is ready, or cannot be.
    pub(crate) fn recorder_opened(&mut self, request: RequestId, result: Result<(), StoreFailed>) {
        let is_awaited = self
            .tape
            .opening
            .take_if(|awaited| *awaited == request)
            .is_some();
        match result {
            Ok(()) if is_awaited => {
                // Paused until the next look at who is there.
                self.tape.phase = RecordingPhase::Paused;
                self.tape.since_us = Some(self.now_us);
            }
            // Nobody wants this one any more, and the next one is not there yet.
            Ok(()) => self.push(Output::Media(MediaCommand::Tap(TapCommand::Close))),
            Err(_) if is_awaited => self.end_recording(RecordingEnd::Failed),
            Err(_) => {}
        }
    }

    /// The recorder has given up by itself.
    pub(crate) fn recorder_failed(&mut self, why: RecordingEnd) {
        self.end_recording(why);
    }

    pub(crate) fn end_recording(&mut self, why: RecordingEnd) {
        let phase = core::mem::take(&mut self.tape.phase);
        if phase == RecordingPhase::Off {
            return;
        }
        self.tape.opening = None;
        self.tape.asked_by = None;
        self.tape.since_us = None;
        self.tape.ended = Some(why);
        self.tape.agreed.clear();
        self.acts
            .retain(|_, act| !matches!(act, Act::Consent { .. }));
        if matches!(phase, RecordingPhase::Running | RecordingPhase::Paused) {
            self.push(Output::Media(MediaCommand::Tap(TapCommand::Close)));
        }
        self.note(VisitEvent::RecordingEnded { why });
    }

    /// What a chat message or an event says beside the pictures.
    pub(crate) fn say_on_tape(&mut self, text: String) {
        if self.tape.phase == RecordingPhase::Running {
            self.push(Output::Media(MediaCommand::Tap(TapCommand::Say { text })));
        }
    }

    /// Follows who is there and who has agreed; tells everybody what changed.
    pub(crate) fn settle_recording(&mut self) {
        let is_anybody_here = self.members.values().any(|member| member.is_admitted());
        if !is_anybody_here {
            self.end_recording(RecordingEnd::Stopped);
        }
        let waits = !self.waiting_for().is_empty();
        match (self.tape.phase, waits) {
            (RecordingPhase::Asking, false) => {
                self.tape.phase = RecordingPhase::Starting;
                let request = self.request();
                self.tape.opening = Some(request);
                self.push(Output::OpenRecorder { request });
            }
            (RecordingPhase::Running, true) => {
                self.tape.phase = RecordingPhase::Paused;
                self.push(Output::Media(MediaCommand::Tap(TapCommand::Pause)));
            }
            (RecordingPhase::Paused, false) => {
                self.tape.phase = RecordingPhase::Running;
                self.push(Output::Media(MediaCommand::Tap(TapCommand::Run)));
            }
            _ => {}
        }
        let recording = self.recording();
        if recording != self.tape.told {
            self.tape.told.clone_from(&recording);
            let people: Vec<_> = self
                .members
                .values()
                .filter(|member| member.is_admitted())
                .map(|member| member.id)
                .collect();
            for person in people {
                let recording = recording.clone();
                self.say(person, ServerMessage::Recording { recording });
            }
        }
    }

    /// The recorder gets everything now.
    pub(crate) fn is_taping(&self) -> bool {
        self.tape.phase == RecordingPhase::Running
    }

    /// As everybody in the visit is told.
    #[must_use]
    pub fn recording(&self) -> Recording {
        Recording {
            phase: self.tape.phase,
            asked_by: self.tape.asked_by,
            since_us: self.tape.since_us,
            waiting_for: self.waiting_for(),
            ended: self.tape.ended,
        }
    }

    /// A seat that is kept counts: its media may still flow.
    pub(crate) fn waiting_for(&self) -> Vec<ParticipantId> {
        if self.tape.phase == RecordingPhase::Off {
            return Vec::new();
        }
        self.members
            .values()
            .filter(|member| member.is_admitted())
            .filter(|member| member.is_program() || !self.tape.agreed.contains(&member.id))
            .map(|member| member.id)
            .collect()
    }
}
