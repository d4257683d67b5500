//! From a result to a visit.

use clinical_model::booking::{AppointmentStage, Reason};
use clinical_model::triage::{Interview, InterviewState};
use clinical_model::{AppointmentId, InterviewId, Role};
use clinical_store::{orders, triage as store};

use super::interviews::{found, may_act, shown};
use super::shown::Shown;
use super::{TriageError, is_pressing};
use crate::booking::{Booked, see_now};
use crate::{Actor, Clinic, Desk};

/// Lets an appointment of the same patient carry the interview: who treats them there reads it.
///
/// # Errors
/// [`TriageError`]
pub async fn attach(
    clinic: &Clinic,
    actor: &Actor,
    id: InterviewId,
    appointment: AppointmentId,
) -> Result<Shown, TriageError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let (interview, access) = found(&mut tx, actor, id, now).await?;
    may_act(&mut tx, actor, &access).await?;
    let visit = clinical_store::booking::find(&mut tx, appointment).await?;
    let visit = visit.map(|it| it.appointment);
    let visit = visit.filter(|it| it.tenant == actor.tenant && it.patient == access.patient());
    let visit = visit.ok_or(TriageError::Invalid("appointment"))?;
    let is_over = matches!(
        visit.state.stage(),
        AppointmentStage::Finished | AppointmentStage::Cancelled
    );
    let has_result = matches!(
        interview.story.state(),
        InterviewState::Emergency | InterviewState::Finished
    );
    if is_over || !has_result {
        return Err(TriageError::WrongState);
    }
    let carried = Interview {
        appointment: Some(appointment),
        version: interview.version.saturating_add(1),
        ..interview
    };
    store::update(&mut tx, &carried).await?;
    let shown = shown(&mut tx, carried, now).await?;
    let done = access
        .entry(actor, "triage.attach")
        .about("interview", id.as_uuid());
    tx.commit(done).await?;
    Ok(shown)
}

/// A visit at once with a doctor on duty, which carries the interview. Only for what is pressing, once for
/// each interview.
///
/// # Errors
/// [`TriageError`]; [`TriageError::WrongState`] when nobody is on duty or everybody is taken.
pub async fn see_on_call(
    desk: &Desk,
    actor: &Actor,
    id: InterviewId,
) -> Result<Booked, TriageError> {
    if actor.role != Role::Patient {
        return Err(TriageError::Forbidden);
    }
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let (interview, access) = found(&mut tx, actor, id, now).await?;
    may_act(&mut tx, actor, &access).await?;
    let judged = interview.story.judged.as_ref();
    let presses = judged.is_some_and(|it| is_pressing(it.disposition));
    if !presses || interview.appointment.is_some() {
        return Err(TriageError::WrongState);
    }
    let doctors = orders::duty_doctors(&mut tx, actor.tenant, now).await?;
    let doctor = *doctors.first().ok_or(TriageError::WrongState)?;
    let reason = Reason::try_from("").or(Err(TriageError::WrongState))?;
    let patient = access.patient();
    let booked = see_now(desk, &mut tx, actor, (patient, doctor), (reason, now)).await?;
    let appointment = &booked.record.appointment;
    let carried = Interview {
        appointment: Some(appointment.id),
        version: interview.version.saturating_add(1),
        ..interview
    };
    store::update(&mut tx, &carried).await?;
    tx.also(
        access
            .entry(
                &Actor {
                    once: None,
                    ..*actor
                },
                "triage.see_on_call",
            )
            .about("interview", id.as_uuid()),
    )
    .await?;
    let done = access.entry(actor, "booking.book").of_visit(appointment);
    tx.commit(done).await?;
    Ok(booked)
}
