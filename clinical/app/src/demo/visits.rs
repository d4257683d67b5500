//! The appointments of the demo clinic: some to come, some finished, one with all that was said.

use clinical_model::booking::{Appointment, AppointmentStage, AppointmentState, Reason, Slot};
use clinical_model::notes::{Note, NoteText};
use clinical_model::{
    AppointmentId, AuditActor, AuditEntry, Micros, NoteId, ParticipantUuid, PatientId, Phi, Role,
    RoomUuid, ServiceId, SessionId, UserId,
};
use clinical_store::booking::Party;
use clinical_store::chat::NewMessage;

use super::DemoError;
use super::offer::{CONSULTATION, FOLLOW_UP, SCAN, VACCINATION, at_clinic, workday};
use super::people::People;
use crate::booking::{BookCommand, BookError, book, openings, slots};
use crate::{Actor, Desk};

const QUARTER_US: i64 = 15 * Micros::MINUTE;

/// One appointment to come.
struct Plan {
    patient: usize,
    doctor: usize,
    /// Not before this long from now, in microseconds.
    after_us: i64,
    reason: &'static str,
    /// What for; none for a plain visit.
    service: Option<&'static str>,
}

/// The next hour of the doctor who works round the clock stays free for whoever tries the demo.
const PLANS: [Plan; 8] = [
    Plan {
        patient: 1,
        doctor: 0,
        after_us: 75 * Micros::MINUTE,
        reason: "Toux depuis une semaine",
        service: None,
    },
    Plan {
        patient: 2,
        doctor: 0,
        after_us: 2 * Micros::HOUR,
        reason: "Contrôle de la tension",
        service: None,
    },
    Plan {
        patient: 3,
        doctor: 0,
        after_us: 3 * Micros::HOUR,
        reason: "Renouvellement de l'ordonnance",
        service: None,
    },
    Plan {
        patient: 0,
        doctor: 1,
        after_us: 30 * Micros::HOUR,
        reason: "Fièvre de mon fils (4 ans)",
        service: None,
    },
    Plan {
        patient: 2,
        doctor: 2,
        after_us: 50 * Micros::HOUR,
        reason: "",
        service: Some(SCAN),
    },
    Plan {
        patient: 1,
        doctor: 1,
        after_us: 20 * Micros::HOUR,
        reason: "Conseil pour ma petite-fille",
        service: Some(CONSULTATION),
    },
    Plan {
        patient: 3,
        doctor: 1,
        after_us: 26 * Micros::HOUR,
        reason: "Rappel à six ans",
        service: Some(VACCINATION),
    },
    Plan {
        patient: 2,
        doctor: 1,
        after_us: 46 * Micros::HOUR,
        reason: "",
        service: Some(FOLLOW_UP),
    },
];

/// Finished visits: how many workdays ago, minute of the day, patient, doctor, how long.
const PAST: [(i64, i64, usize, usize, i64); 4] = [
    (-1, 9 * 60, 1, 1, 20),
    (-1, 10 * 60 + 30, 2, 2, 30),
    (-2, 11 * 60, 3, 1, 20),
    (-2, 14 * 60, 2, 1, 20),
];

pub(super) async fn seed(
    desk: &Desk,
    people: &People,
    services: &[(String, ServiceId)],
) -> Result<(), DemoError> {
    finished_visit(desk, people).await?;
    for past in PAST {
        past_visit(desk, people, past).await?;
    }
    for plan in &PLANS {
        let (Some(&patient), Some(&doctor)) = (
            people.patients.get(plan.patient),
            people.doctors.get(plan.doctor),
        ) else {
            return Err(DemoError::Missing);
        };
        if !has_booked(desk, patient.1, doctor).await? {
            let actor = Actor {
                user: patient.0,
                tenant: people.tenant,
                patient: Some(patient.1),
                role: Role::Patient,
                session: SessionId::from_uuid(desk.opaque_id()),
                once: None,
            };
            let service = plan.service.and_then(|code| {
                let known = services.iter().find(|(known, _)| known == code);
                known.map(|(_, id)| *id)
            });
            book_after(desk, plan, &actor, (doctor, service)).await?;
        }
    }
    Ok(())
}

/// Whether a patient will see a doctor, or could have within the last hours.
async fn has_booked(desk: &Desk, patient: PatientId, doctor: UserId) -> Result<bool, DemoError> {
    let now = desk.now();
    let range = (now.plus(-6 * Micros::HOUR), now.plus(30 * Micros::DAY));
    let mut tx = desk.db().read().await?;
    let list = clinical_store::booking::list(&mut tx, Party::Patient(patient), range).await?;
    Ok(list.iter().any(|r| r.appointment.doctor == doctor))
}

async fn book_after(
    desk: &Desk,
    plan: &Plan,
    actor: &Actor,
    (doctor, service): (UserId, Option<ServiceId>),
) -> Result<(), DemoError> {
    let from = desk.now().plus(plan.after_us);
    let free: Vec<Slot> = match service {
        Some(service) => {
            let found = openings(desk, actor, (service, Some(doctor)), (from, 14)).await?;
            found.into_iter().map(|it| it.slot).collect()
        }
        None => slots(desk, actor, doctor, from, 14).await?.slots,
    };
    for slot in free {
        let command = BookCommand {
            service,
            doctor,
            start: slot.start,
            reason: Reason::try_from(plan.reason)?,
        };
        match book(desk, actor, command).await {
            Ok(_) => return Ok(()),
            // Somebody tries the demo at this moment, or the patient is elsewhere then.
            Err(BookError::SlotTaken | BookError::OwnOverlap | BookError::NoSlot) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A finished visit of these days, unless the patient had one with this doctor.
async fn past_visit(
    desk: &Desk,
    people: &People,
    (days, minute, patient, doctor, length_min): (i64, i64, usize, usize, i64),
) -> Result<(), DemoError> {
    let (Some(&(_, patient)), Some(&doctor)) =
        (people.patients.get(patient), people.doctors.get(doctor))
    else {
        return Err(DemoError::Missing);
    };
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let past = (now.plus(-400 * Micros::DAY), now);
    let list = clinical_store::booking::list(&mut tx, Party::Patient(patient), past).await?;
    if list.iter().any(|it| it.appointment.doctor == doctor) {
        return Ok(());
    }
    let start = at_clinic(workday(now, days), minute);
    let end = start.plus(length_min * Micros::MINUTE);
    let appointment = Appointment {
        id: AppointmentId::from_uuid(desk.id(start)),
        tenant: people.tenant,
        doctor,
        patient,
        slot: Slot { start, end },
        reason: Reason::try_from("")?,
        room: RoomUuid::from_uuid(desk.opaque_id()),
        doctor_participant: ParticipantUuid::from_uuid(desk.opaque_id()),
        patient_participant: ParticipantUuid::from_uuid(desk.opaque_id()),
        state: AppointmentState::Finished {
            at: end.plus(-Micros::MINUTE),
        },
        version: 4,
    };
    clinical_store::booking::insert(&mut tx, &appointment, start.plus(-Micros::DAY)).await?;
    let entry = AuditEntry::done(AuditActor::System, "demo.past_visit", now).of_visit(&appointment);
    tx.commit(entry).await?;
    Ok(())
}

/// A visit of two days ago, unless the first patient has a finished one.
async fn finished_visit(desk: &Desk, people: &People) -> Result<(), DemoError> {
    let ([(_, patient), ..], [doctor, ..]) = (people.patients, people.doctors);
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let past = (now.plus(-400 * Micros::DAY), now);
    let list = clinical_store::booking::list(&mut tx, Party::Patient(patient), past).await?;
    let is_finished = |a: &Appointment| a.state.stage() == AppointmentStage::Finished;
    if list.iter().any(|record| is_finished(&record.appointment)) {
        return Ok(());
    }
    let then = now.plus(-2 * Micros::DAY).0;
    let start = Micros(then.saturating_sub(then.rem_euclid(QUARTER_US)));
    let end = start.plus(QUARTER_US);
    let signed = end.plus(4 * Micros::MINUTE);
    let appointment = Appointment {
        id: AppointmentId::from_uuid(desk.id(start)),
        tenant: people.tenant,
        doctor,
        patient,
        slot: Slot { start, end },
        reason: Reason::try_from("Fièvre et maux de tête depuis deux jours")?,
        room: RoomUuid::from_uuid(desk.opaque_id()),
        doctor_participant: ParticipantUuid::from_uuid(desk.opaque_id()),
        patient_participant: ParticipantUuid::from_uuid(desk.opaque_id()),
        state: AppointmentState::Finished {
            at: end.plus(-Micros::MINUTE),
        },
        version: 4,
    };
    clinical_store::booking::insert(&mut tx, &appointment, start.plus(-Micros::DAY)).await?;
    let lines = [
        (
            appointment.patient_participant,
            "Brigitte Eyenga",
            "38,7 °C ce matin, et mal à la tête.",
        ),
        (
            appointment.doctor_participant,
            "Dr Aïssatou Mbarga",
            "Buvez beaucoup, faites le test de dépistage rapide aujourd'hui.",
        ),
    ];
    for ((from, from_name, text), minute) in lines.into_iter().zip(3..) {
        let message = NewMessage {
            id: desk.opaque_id(),
            from,
            from_name: Phi::new(from_name.to_owned()),
            text: Phi::new(text.to_owned()),
        };
        let at = start.plus(minute * Micros::MINUTE);
        clinical_store::chat::append(&mut tx, appointment.room, message, at).await?;
    }
    let text = NoteText::try_from(NOTE)?;
    let note = Note::first(
        NoteId::from_uuid(desk.id(end)),
        appointment.id,
        doctor,
        text,
    );
    let note = note.sign(1, signed)?;
    clinical_store::notes::insert_note(&mut tx, &note, signed).await?;
    let entry =
        AuditEntry::done(AuditActor::System, "demo.finished_visit", now).of_visit(&appointment);
    tx.commit(entry).await?;
    Ok(())
}

const NOTE: &str = "\
Motif : fièvre et céphalées depuis deux jours.
Examen à distance : patiente consciente, respiration calme, pas de raideur de la nuque signalée.
Appréciation : syndrome fébrile, paludisme à exclure.
Conduite : test de dépistage rapide du paludisme ce jour ; repos ; boire abondamment ; \
paracétamol 1 g au besoin, au plus trois fois par jour.
Revenir sans attendre en cas de vomissements répétés, de confusion ou d'essoufflement. \
Contrôle dans trois jours.";
