//! What patient and doctor are told about an appointment.

use clinical_model::Micros;
use clinical_model::booking::Appointment;
use clinical_model::notify::{MessageKind, REMIND_BEFORE_US, appointment_reminders};
use clinical_store::{StoreError, Tx, outbox};

use super::tell::{Addressee, Notice, tell};
use crate::Clinic;

const PAGE: &str = "/";

/// Tells both sides that it was booked, and plans their reminders.
pub(crate) async fn tell_booked(
    tx: &mut Tx,
    clinic: &Clinic,
    appointment: &Appointment,
    now: Micros,
) -> Result<(), StoreError> {
    tell_both(tx, clinic, appointment, MessageKind::AppointmentBooked, now).await?;
    plan_reminders(tx, clinic, appointment, now).await
}

/// Tells both sides its new time; what was planned for the old one is taken back.
pub(crate) async fn tell_moved(
    tx: &mut Tx,
    clinic: &Clinic,
    appointment: &Appointment,
    now: Micros,
) -> Result<(), StoreError> {
    take_back(tx, appointment, now).await?;
    tell_both(
        tx,
        clinic,
        appointment,
        MessageKind::AppointmentChanged,
        now,
    )
    .await?;
    plan_reminders(tx, clinic, appointment, now).await
}

/// Tells both sides that it will not take place.
pub(crate) async fn tell_cancelled(
    tx: &mut Tx,
    clinic: &Clinic,
    appointment: &Appointment,
    now: Micros,
) -> Result<(), StoreError> {
    take_back(tx, appointment, now).await?;
    let kind = MessageKind::AppointmentCancelled;
    tell_both(tx, clinic, appointment, kind, now).await
}

async fn take_back(tx: &mut Tx, appointment: &Appointment, now: Micros) -> Result<(), StoreError> {
    let said = [
        MessageKind::AppointmentBooked,
        MessageKind::AppointmentChanged,
    ];
    let reminders = REMIND_BEFORE_US.map(|(kind, _)| kind);
    for kind in said.into_iter().chain(reminders) {
        outbox::supersede(tx, appointment.id.as_uuid(), kind, now).await?;
    }
    Ok(())
}

fn notice(appointment: &Appointment, kind: MessageKind, to: Addressee, due: Micros) -> Notice {
    let base = Notice::now(
        (kind, appointment.tenant),
        to,
        appointment.id.as_uuid(),
        due,
        PAGE,
    );
    Notice {
        version: i64::from(appointment.version),
        moment: Some(appointment.slot.start),
        // The doctor never waits at the door and needs no PIN.
        by_phone: matches!(to, Addressee::Patient(_)),
        ..base
    }
}

async fn tell_both(
    tx: &mut Tx,
    clinic: &Clinic,
    appointment: &Appointment,
    kind: MessageKind,
    now: Micros,
) -> Result<(), StoreError> {
    for to in sides(appointment) {
        tell(tx, clinic, &notice(appointment, kind, to, now), now).await?;
    }
    Ok(())
}

async fn plan_reminders(
    tx: &mut Tx,
    clinic: &Clinic,
    appointment: &Appointment,
    now: Micros,
) -> Result<(), StoreError> {
    for reminder in appointment_reminders(appointment.slot.start, now) {
        for to in sides(appointment) {
            let planned = Notice {
                expires: Some(reminder.worthless_after),
                ..notice(appointment, reminder.kind, to, reminder.due)
            };
            tell(tx, clinic, &planned, now).await?;
        }
    }
    Ok(())
}

const fn sides(appointment: &Appointment) -> [Addressee; 2] {
    [
        Addressee::Patient(appointment.patient),
        Addressee::Account(appointment.doctor),
    ]
}
