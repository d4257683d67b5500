//! What happens in a room becomes part of the record.

use clinical_model::booking::{Appointment, AppointmentState, TransitionError};
use clinical_model::{AppointmentId, AuditActor, AuditEntry, Micros, ParticipantUuid, RoomUuid};
use clinical_store::booking::AppointmentWriteError;
use clinical_store::captions;
use clinical_store::recordings::{Answer, insert_consent};
use clinical_store::{StoreError, Tx};
use signaling_protocol::{ParticipantId, Purpose, RecordingEnd, RoomId};

use crate::Desk;

/// How often an event is applied again when somebody changed the appointment at the same moment.
/// More than two hands on one appointment at once do not happen.
const TRIES_MAX: u32 = 3;

/// Something that happened in a room. Told again, it changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitEvent {
    /// A person came into the lobby.
    Arrived {
        /// Who.
        participant: ParticipantId,
    },
    /// The doctor let a person in.
    Admitted {
        /// Whom.
        participant: ParticipantId,
        /// The doctor.
        by: ParticipantId,
    },
    /// The doctor did not let a person in.
    Refused {
        /// Whom.
        participant: ParticipantId,
        /// The doctor.
        by: ParticipantId,
    },
    /// The doctor took a person out.
    Removed {
        /// Whom.
        participant: ParticipantId,
        /// The doctor.
        by: ParticipantId,
    },
    /// The patient was let in for the first time.
    Started,
    /// The doctor ended the visit for everybody.
    Ended {
        /// The doctor.
        by: ParticipantId,
    },
    /// Somebody asked everybody to agree to a recording or to captions.
    ConsentAsked {
        /// To what.
        purpose: Purpose,
        /// Who did it.
        by: ParticipantId,
    },
    /// A person agreed.
    ConsentGiven {
        /// To what.
        purpose: Purpose,
        /// Who.
        participant: ParticipantId,
        /// Version of the words they were asked with.
        wording: u16,
    },
    /// A person did not agree, or no longer.
    ConsentRefused {
        /// To what.
        purpose: Purpose,
        /// Who.
        participant: ParticipantId,
    },
    /// What was asked for or ran is over.
    ConsentOver {
        /// What.
        purpose: Purpose,
        /// Why.
        why: RecordingEnd,
    },
    /// A person took part by telephone from here on, or no longer.
    ByPhone {
        /// Who.
        participant: ParticipantId,
        /// Whether.
        on: bool,
    },
    /// A person whose page was lost is called by telephone.
    CalledBack {
        /// Whom.
        participant: ParticipantId,
        /// Who wanted it; by itself without.
        by: Option<ParticipantId>,
    },
    /// A person went, or their lost connection was given up.
    Left {
        /// Who.
        participant: ParticipantId,
    },
}

/// Why an event was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum VisitEventError {
    /// There is no such room.
    #[error("no such room")]
    NoRoom,
    /// The visit is over or was cancelled.
    #[error("the visit does not go on")]
    State(#[from] TransitionError),
    /// Somebody changed the appointment again and again at the same moment.
    #[error("the appointment is being changed")]
    Changed,
    /// The store failed.
    #[error("the event could not be recorded")]
    Store(#[from] StoreError),
}

impl From<AppointmentWriteError> for VisitEventError {
    fn from(error: AppointmentWriteError) -> Self {
        match error {
            AppointmentWriteError::Changed => Self::Changed,
            AppointmentWriteError::DoctorTaken(error)
            | AppointmentWriteError::PatientTaken(error)
            | AppointmentWriteError::Store(error) => Self::Store(error),
        }
    }
}

/// Records an event and moves the appointment's state with it.
///
/// # Errors
/// [`VisitEventError`]; nothing has happened then.
pub async fn record_visit_event(
    desk: &Desk,
    room: RoomId,
    event: VisitEvent,
) -> Result<(), VisitEventError> {
    let room = RoomUuid::from_uuid(room.as_uuid());
    let mut tries = 1;
    loop {
        match apply(desk, room, event).await {
            Err(VisitEventError::Changed) if tries < TRIES_MAX => tries += 1,
            done => return done,
        }
    }
}

async fn apply(desk: &Desk, room: RoomUuid, event: VisitEvent) -> Result<(), VisitEventError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let before = clinical_store::booking::find_by_room(&mut tx, room)
        .await?
        .ok_or(VisitEventError::NoRoom)?
        .appointment;
    keep(&mut tx, (room, before.id), event, now).await?;
    let read = before.version;
    let after = moved(before.clone(), event, now)?;
    if after != before {
        clinical_store::booking::update(&mut tx, &after, read).await?;
    }
    let entry = audit(event, &after, now).of_visit(&after);
    tx.commit(entry).await?;
    Ok(())
}

/// What stays of an event besides the appointment's state: who was let in, and who agreed.
async fn keep(
    tx: &mut Tx,
    (room, appointment): (RoomUuid, AppointmentId),
    event: VisitEvent,
    now: Micros,
) -> Result<(), StoreError> {
    let answer = |participant, agreed_to| Answer {
        participant: person(participant),
        at: now,
        agreed_to,
    };
    match event {
        VisitEvent::ConsentGiven {
            purpose,
            participant,
            wording,
        } => {
            let answer = answer(participant, Some(wording));
            match purpose {
                Purpose::Recording => insert_consent(tx, appointment, answer).await,
                Purpose::Captions => captions::insert_consent(tx, appointment, answer).await,
            }
        }
        VisitEvent::ConsentRefused {
            purpose,
            participant,
        } => {
            let answer = answer(participant, None);
            match purpose {
                Purpose::Recording => insert_consent(tx, appointment, answer).await,
                Purpose::Captions => {
                    // What was said under everybody's agreement goes with it.
                    captions::delete_lines(tx, appointment).await?;
                    captions::insert_consent(tx, appointment, answer).await
                }
            }
        }
        VisitEvent::Admitted { participant, .. } => {
            clinical_store::visits::admit(tx, room, person(participant), now).await
        }
        VisitEvent::Refused { participant, .. } | VisitEvent::Removed { participant, .. } => {
            clinical_store::visits::remove(tx, room, person(participant), now).await
        }
        VisitEvent::Arrived { .. }
        | VisitEvent::Started
        | VisitEvent::Ended { .. }
        | VisitEvent::ConsentAsked { .. }
        | VisitEvent::ConsentOver { .. }
        | VisitEvent::ByPhone { .. }
        | VisitEvent::CalledBack { .. }
        | VisitEvent::Left { .. } => Ok(()),
    }
}

/// The appointment after the event. What a guest or the doctor does moves it only where it is said.
fn moved(
    appointment: Appointment,
    event: VisitEvent,
    now: Micros,
) -> Result<Appointment, TransitionError> {
    let patient = appointment.patient_participant;
    match event {
        VisitEvent::Arrived { participant } if person(participant) == patient => {
            appointment.arrive(now)
        }
        VisitEvent::Admitted { participant, .. } if person(participant) == patient => {
            appointment.arrive(now)?.start(now)
        }
        VisitEvent::Started => appointment.arrive(now)?.start(now),
        VisitEvent::Refused { participant, .. } | VisitEvent::Left { participant }
            if person(participant) == patient =>
        {
            Ok(appointment.stop_waiting())
        }
        VisitEvent::Ended { .. } => end(appointment, now),
        VisitEvent::Arrived { .. }
        | VisitEvent::Admitted { .. }
        | VisitEvent::Refused { .. }
        | VisitEvent::Removed { .. }
        | VisitEvent::ConsentAsked { .. }
        | VisitEvent::ConsentGiven { .. }
        | VisitEvent::ConsentRefused { .. }
        | VisitEvent::ConsentOver { .. }
        | VisitEvent::ByPhone { .. }
        | VisitEvent::CalledBack { .. }
        | VisitEvent::Left { .. } => Ok(appointment),
    }
}

/// A visit that the doctor ends while the patient still waits is over as well. One that nobody
/// came to stays agreed: the patient may be late.
fn end(appointment: Appointment, now: Micros) -> Result<Appointment, TransitionError> {
    match appointment.state {
        AppointmentState::InProgress { .. } => appointment.finish(now),
        AppointmentState::Arrived { .. } => appointment.start(now)?.finish(now),
        AppointmentState::Booked
        | AppointmentState::Finished { .. }
        | AppointmentState::Cancelled { .. } => Ok(appointment),
    }
}

fn audit(event: VisitEvent, appointment: &Appointment, now: Micros) -> AuditEntry {
    let (who, action) = match event {
        VisitEvent::Arrived { participant } => (participant.as_uuid(), "visits.arrive"),
        VisitEvent::Admitted { by, .. } => (by.as_uuid(), "visits.admit"),
        VisitEvent::Refused { by, .. } => (by.as_uuid(), "visits.refuse"),
        VisitEvent::Removed { by, .. } => (by.as_uuid(), "visits.remove"),
        VisitEvent::Started => (appointment.doctor_participant.as_uuid(), "visits.start"),
        VisitEvent::Ended { by } => (by.as_uuid(), "visits.end"),
        VisitEvent::ConsentAsked { purpose, by } => (
            by.as_uuid(),
            named(purpose, "recordings.ask", "captions.ask"),
        ),
        VisitEvent::ConsentGiven {
            purpose,
            participant,
            ..
        } => (
            participant.as_uuid(),
            named(purpose, "recordings.agree", "captions.agree"),
        ),
        VisitEvent::ConsentRefused {
            purpose,
            participant,
        } => (
            participant.as_uuid(),
            named(purpose, "recordings.decline", "captions.decline"),
        ),
        VisitEvent::CalledBack { by: Some(by), .. } => (by.as_uuid(), "visits.call_back"),
        VisitEvent::CalledBack { by: None, .. } => {
            return AuditEntry::done(AuditActor::System, "visits.call_back", now);
        }
        VisitEvent::ByPhone { participant, on } => {
            let action = if on { "visits.phone" } else { "visits.hang_up" };
            (participant.as_uuid(), action)
        }
        VisitEvent::Left { participant } => (participant.as_uuid(), "visits.leave"),
        VisitEvent::ConsentOver { purpose, why } => {
            return AuditEntry::done(AuditActor::System, ending(purpose, why), now);
        }
    };
    let entry = AuditEntry::done(AuditActor::Participant(who), action, now).under("pass");
    match event {
        // The words that somebody agreed to are the version of what they acted on.
        VisitEvent::ConsentGiven { wording, .. } => entry.at_version(wording.into()),
        _ => entry,
    }
}

/// How the audit names what happened to a recording, or to captions.
const fn named(purpose: Purpose, recording: &'static str, captions: &'static str) -> &'static str {
    match purpose {
        Purpose::Recording => recording,
        Purpose::Captions => captions,
    }
}

/// How the audit names the end of either.
const fn ending(purpose: Purpose, why: RecordingEnd) -> &'static str {
    match (purpose, why) {
        (Purpose::Recording, RecordingEnd::Stopped) => "recordings.stop",
        (Purpose::Recording, RecordingEnd::Declined) => "recordings.stop_declined",
        (Purpose::Recording, RecordingEnd::Encrypted) => "recordings.stop_encrypted",
        (Purpose::Recording, RecordingEnd::NoSpace) => "recordings.stop_no_space",
        (Purpose::Recording, RecordingEnd::Failed) => "recordings.stop_failed",
        (Purpose::Captions, RecordingEnd::Stopped) => "captions.stop",
        (Purpose::Captions, RecordingEnd::Declined) => "captions.stop_declined",
        (Purpose::Captions, RecordingEnd::Encrypted) => "captions.stop_encrypted",
        (Purpose::Captions, RecordingEnd::NoSpace | RecordingEnd::Failed) => "captions.stop_failed",
    }
}

const fn person(participant: ParticipantId) -> ParticipantUuid {
    ParticipantUuid::from_uuid(participant.as_uuid())
}

/// Uses a pass up for all nodes of a cluster. Answers false when it was used before, here or elsewhere.
///
/// # Errors
/// The store failed; then nobody may come in with the pass.
pub async fn spend_pass(desk: &Desk, id: uuid::Uuid, expires: Micros) -> Result<bool, StoreError> {
    let clinic = desk.clinic();
    clinical_store::passes::spend(&clinic.db, id, expires, clinic.clock.now()).await
}
