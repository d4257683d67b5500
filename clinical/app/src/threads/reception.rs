//! Handing something to reception: who is on duty, so that somebody reads it soon.

use clinical_model::text::{Line, MessageText};
use clinical_model::{Role, ThreadId};
use clinical_store::threads as store;

use super::ThreadsError;
use super::begin::opened;
use crate::{Access, Actor, Clinic};

/// Most people of reception in one thread.
const RECEPTION_MAX: usize = 8;

/// Begins a thread of the actor's with reception: nurses on duty, else doctors on duty, else all nurses.
/// They read it as its members; it gives them no right to the record.
///
/// # Errors
/// [`ThreadsError`]; [`ThreadsError::WrongState`] when nobody is there.
pub(crate) async fn to_reception(
    clinic: &Clinic,
    actor: &Actor,
    (subject, text): (Line, MessageText),
) -> Result<ThreadId, ThreadsError> {
    let now = clinic.clock.now();
    let (Role::Patient, Some(patient)) = (actor.role, actor.patient) else {
        return Err(ThreadsError::Forbidden);
    };
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    let staff = store::reception(&mut tx, actor.tenant, now).await?;
    let of = |role: Role, on_duty: bool| {
        staff
            .iter()
            .filter(move |it| it.role == role && (it.on_duty || !on_duty))
    };
    let mut members = vec![(actor.user, Role::Patient)];
    for (role, on_duty) in [
        (Role::Nurse, true),
        (Role::Doctor, true),
        (Role::Nurse, false),
    ] {
        members.extend(
            of(role, on_duty)
                .take(RECEPTION_MAX)
                .map(|it| (it.id, it.role)),
        );
        if members.len() > 1 {
            break;
        }
    }
    if members.len() == 1 {
        return Err(ThreadsError::WrongState);
    }
    let begun = opened((tx, clinic), actor, (access, members), (subject, text), now).await?;
    Ok(begun.listed.thread.id)
}
