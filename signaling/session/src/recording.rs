//! Recording a visit, and writing captions: nothing is kept or written unless everybody in it has agreed
//! to that, and the clinic has it on record before it counts. Who does not agree, or no longer, ends it at
//! once. The two are asked for, paused and ended apart from each other by the same rules.

use std::collections::BTreeSet;

use signaling_protocol::{
    Caption, ErrorCode, ParticipantId, Purpose, Recording, RecordingEnd, RecordingPhase,
    ServerMessage,
};

use crate::admission::Act;
use crate::input::{RequestId, StoreFailed};
use crate::output::{MediaCommand, Output, TapCommand, VisitEvent};
use crate::room::Room;

/// What a room knows of its recording, or of its captions.
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

/// The recording of a room and its captions.
#[derive(Debug, Default)]
pub(crate) struct Tapes {
    recording: Tape,
    captions: Tape,
}

impl Tapes {
    const fn of(&self, purpose: Purpose) -> &Tape {
        match purpose {
            Purpose::Recording => &self.recording,
            Purpose::Captions => &self.captions,
        }
    }

    const fn of_mut(&mut self, purpose: Purpose) -> &mut Tape {
        match purpose {
            Purpose::Recording => &mut self.recording,
            Purpose::Captions => &mut self.captions,
        }
    }
}

/// People whose agreement one recording remembers. Beyond it the recording waits.
const AGREED_MAX: usize = 64;

impl Room {
    /// Somebody asks for a recording or for captions, or ends them.
    pub(crate) fn tape(&mut self, purpose: Purpose, by: ParticipantId, on: bool) {
        match (on, self.tapes.of(purpose).phase) {
            (true, RecordingPhase::Off) => self.ask_for_tape(purpose, by),
            (false, RecordingPhase::Off) | (true, _) => {}
            (false, _) => self.end_tape(purpose, RecordingEnd::Stopped),
        }
    }

    fn ask_for_tape(&mut self, purpose: Purpose, by: ParticipantId) {
        let by_program = |room: &Self| room.members.get(&by).is_some_and(|it| it.is_program());
        let refusal = if self.encrypted {
            Some("people in this visit encrypt for each other")
        } else if purpose == Purpose::Captions && !self.captions_offered {
            Some("this server writes no captions")
        } else if by_program(self) {
            Some("a program cannot agree")
        } else {
            None
        };
        if let Some(detail) = refusal {
            self.refuse(by, ErrorCode::OutOfOrder, detail);
            return;
        }
        let tape = self.tapes.of_mut(purpose);
        *tape = Tape {
            phase: RecordingPhase::Asking,
            asked_by: Some(by),
            told: core::mem::take(&mut tape.told),
            ..Tape::default()
        };
        self.note(VisitEvent::ConsentAsked { purpose, by });
        self.ask_consent(purpose, by);
    }

    /// Somebody in the visit agrees to these words, or does not.
    pub(crate) fn consent(&mut self, purpose: Purpose, of: ParticipantId, words: Option<u16>) {
        if self.tapes.of(purpose).phase == RecordingPhase::Off {
            // Who takes back what is over anyway has what they want.
            if words.is_some() {
                self.refuse(of, ErrorCode::OutOfOrder, "nothing is asked for");
            }
            return;
        }
        let Some(wording) = words else {
            self.note(VisitEvent::ConsentRefused {
                purpose,
                participant: of,
            });
            self.tapes.of_mut(purpose).agreed.remove(&of);
            self.forget_consents(purpose, |who| who == of);
            self.end_tape(purpose, RecordingEnd::Declined);
            return;
        };
        if wording != purpose.wording() {
            let detail = "these are not the words that count; load the page again";
            self.refuse(of, ErrorCode::OutOfOrder, detail);
        } else if self
            .members
            .get(&of)
            .is_some_and(|member| member.is_program())
        {
            self.refuse(of, ErrorCode::Forbidden, "a program cannot agree");
        } else if !self.tapes.of(purpose).agreed.contains(&of) {
            self.ask_consent(purpose, of);
        }
    }

    pub(crate) fn ask_consent(&mut self, purpose: Purpose, of: ParticipantId) {
        let act = Act::Consent { purpose, of };
        if self.acts.values().any(|known| *known == act) {
            return;
        }
        let event = VisitEvent::ConsentGiven {
            purpose,
            participant: of,
            wording: purpose.wording(),
        };
        self.ask(act, event);
    }

    /// The clinic has an agreement on record.
    pub(crate) fn consented(&mut self, purpose: Purpose, of: ParticipantId) {
        let tape = self.tapes.of_mut(purpose);
        if tape.phase != RecordingPhase::Off && tape.agreed.len() < AGREED_MAX {
            tape.agreed.insert(of);
        }
    }

    /// An agreement that is still being recorded is older than its withdrawal, and than the end of what
    /// it was given for.
    fn forget_consents(&mut self, purpose: Purpose, of: impl Fn(ParticipantId) -> bool) {
        self.acts.retain(
            |_, act| !matches!(act, Act::Consent { purpose: to, of: who } if *to == purpose && of(*who)),
        );
    }

    /// The recorder or the scribe is ready, or cannot be.
    pub(crate) fn recorder_opened(
        &mut self,
        (purpose, request): (Purpose, RequestId),
        result: Result<(), StoreFailed>,
    ) {
        let now_us = self.now_us;
        let tape = self.tapes.of_mut(purpose);
        let is_awaited = tape
            .opening
            .take_if(|awaited| *awaited == request)
            .is_some();
        match result {
            Ok(()) if is_awaited => {
                // Paused until the next look at who is there.
                tape.phase = RecordingPhase::Paused;
                tape.since_us = Some(now_us);
            }
            // Nobody wants this one any more, and the next one is not there yet.
            Ok(()) => self.push(Output::Media(MediaCommand::Tap(purpose, TapCommand::Close))),
            Err(_) if is_awaited => self.end_tape(purpose, RecordingEnd::Failed),
            Err(_) => {}
        }
    }

    pub(crate) fn end_tape(&mut self, purpose: Purpose, why: RecordingEnd) {
        let tape = self.tapes.of_mut(purpose);
        let phase = core::mem::take(&mut tape.phase);
        if phase == RecordingPhase::Off {
            return;
        }
        tape.opening = None;
        tape.asked_by = None;
        tape.since_us = None;
        tape.ended = Some(why);
        tape.agreed.clear();
        self.forget_consents(purpose, |_| true);
        if matches!(phase, RecordingPhase::Running | RecordingPhase::Paused) {
            self.push(Output::Media(MediaCommand::Tap(purpose, TapCommand::Close)));
        }
        self.note(VisitEvent::ConsentOver { purpose, why });
    }

    /// What a chat message or an event says beside the pictures.
    pub(crate) fn say_on_tape(&mut self, text: String) {
        if self.is_taping(Purpose::Recording) {
            let say = TapCommand::Say { text };
            self.push(Output::Media(MediaCommand::Tap(Purpose::Recording, say)));
        }
    }

    /// The scribe has understood something. What comes after a pause or a withdrawal is shown to nobody
    /// and kept nowhere.
    pub(crate) fn caption(&mut self, caption: Caption) {
        let speaker = self.members.get(&caption.participant);
        let Some(speaker) = speaker.filter(|it| it.is_admitted()) else {
            return;
        };
        if !self.is_taping(Purpose::Captions) {
            return;
        }
        if caption.is_final && caption.text.is_some() {
            let (name, role) = (speaker.name.clone(), speaker.role);
            self.push(Output::KeepCaption {
                caption: caption.clone(),
                name,
                role,
            });
        }
        self.tell_admitted(&ServerMessage::Caption { caption });
    }

    /// Follows who is there and who has agreed; tells everybody what changed.
    pub(crate) fn settle_tapes(&mut self) {
        let is_anybody_here = self.members.values().any(|member| member.is_admitted());
        for purpose in Purpose::ALL {
            if !is_anybody_here {
                self.end_tape(purpose, RecordingEnd::Stopped);
            }
            self.settle_tape(purpose);
        }
    }

    fn settle_tape(&mut self, purpose: Purpose) {
        let waits = !self.waiting_for(purpose).is_empty();
        match (self.tapes.of(purpose).phase, waits) {
            (RecordingPhase::Asking, false) => {
                let request = self.request();
                let tape = self.tapes.of_mut(purpose);
                tape.phase = RecordingPhase::Starting;
                tape.opening = Some(request);
                self.push(Output::OpenRecorder { purpose, request });
            }
            (RecordingPhase::Running, true) => {
                self.tapes.of_mut(purpose).phase = RecordingPhase::Paused;
                self.push(Output::Media(MediaCommand::Tap(purpose, TapCommand::Pause)));
            }
            (RecordingPhase::Paused, false) => {
                self.tapes.of_mut(purpose).phase = RecordingPhase::Running;
                self.push(Output::Media(MediaCommand::Tap(purpose, TapCommand::Run)));
            }
            _ => {}
        }
        let state = self.tape_state(purpose);
        let tape = self.tapes.of_mut(purpose);
        if state != tape.told {
            tape.told.clone_from(&state);
            self.tell_admitted(&match purpose {
                Purpose::Recording => ServerMessage::Recording { recording: state },
                Purpose::Captions => ServerMessage::Captions { captions: state },
            });
        }
    }

    fn tell_admitted(&mut self, message: &ServerMessage) {
        let people: Vec<_> = self
            .members
            .values()
            .filter(|member| member.is_admitted())
            .map(|member| member.id)
            .collect();
        for person in people {
            self.say(person, message.clone());
        }
    }

    /// The recorder or the scribe gets everything now.
    pub(crate) fn is_taping(&self, purpose: Purpose) -> bool {
        self.tapes.of(purpose).phase == RecordingPhase::Running
    }

    /// As everybody in the visit is told.
    #[must_use]
    pub fn tape_state(&self, purpose: Purpose) -> Recording {
        let tape = self.tapes.of(purpose);
        Recording {
            phase: tape.phase,
            asked_by: tape.asked_by,
            since_us: tape.since_us,
            waiting_for: self.waiting_for(purpose),
            ended: tape.ended,
        }
    }

    /// A seat that is kept counts: its media may still flow.
    pub(crate) fn waiting_for(&self, purpose: Purpose) -> Vec<ParticipantId> {
        let tape = self.tapes.of(purpose);
        if tape.phase == RecordingPhase::Off {
            return Vec::new();
        }
        self.members
            .values()
            .filter(|member| member.is_admitted())
            .filter(|member| member.is_program() || !tape.agreed.contains(&member.id))
            .map(|member| member.id)
            .collect()
    }
}
