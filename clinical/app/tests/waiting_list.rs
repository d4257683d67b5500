//! The waiting list: who is offered what, in which order, and what a race leaves.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use clinical_app::Actor;
use clinical_app::booking::{
    WaitCommand, WaitError, WaitingEntry, accept, cancel, decline, leave, offer_freed, put_service,
    wait, waiting,
};
use clinical_model::booking::{DayParts, Modality, OFFER_US, Reason, Wish};
use clinical_model::{Micros, Role, ServiceId, UserId};
use clinical_store::booking::ServiceRecord;
use clinical_store::on_both_engines;
use support::{MIN, MONDAY, Practice, TENANT, record_of};
use uuid::Uuid;

/// A quarter of an hour with any doctor, and one doctor.
async fn opened(practice: &Practice) -> (Actor, ServiceId) {
    let doctor = practice.doctor(1).await;
    let admin = practice.person(2, Role::Admin).await;
    let it = ServiceRecord {
        id: ServiceId::from_uuid(Uuid::nil()),
        tenant: TENANT,
        code: "check".to_owned(),
        length_min: 15,
        before_min: 0,
        after_min: 0,
        step_min: 15,
        modality: Modality::Video,
        active: true,
        version: 0,
        doctors: Vec::new(),
        needs: Vec::new(),
    };
    let service = put_service(&practice.desk, &admin, it).await.unwrap().id;
    (doctor, service)
}

fn at_any_time(service: ServiceId, doctor: Option<UserId>) -> WaitCommand {
    WaitCommand {
        patient: None,
        service,
        wish: Wish {
            doctor,
            from: MONDAY,
            until: MONDAY.plus(7 * Micros::DAY),
            parts: DayParts::from_bits(7).unwrap(),
        },
    }
}

async fn offer_of(practice: &Practice, actor: &Actor) -> Option<Micros> {
    let own = waiting(&practice.desk, actor).await.unwrap();
    own[0].offer.map(|it| it.slot.start)
}

/// Somebody books three hours ahead and cancels.
async fn free_a_time(practice: &Practice, doctor: &Actor, minutes: i64) {
    let holder = practice
        .patient(90 + u128::try_from(minutes).unwrap())
        .await;
    let booked = practice.book(&holder, doctor, minutes).await.unwrap();
    cancel(&practice.desk, &holder, booked.record.appointment.id)
        .await
        .unwrap();
}

async fn joined(practice: &Practice, n: u128, service: ServiceId) -> (Actor, WaitingEntry) {
    let patient = practice.patient(n).await;
    let command = at_any_time(service, None);
    let entry = wait(&practice.desk, &patient, command).await.unwrap();
    practice.clock.advance(1_000);
    (patient, entry)
}

fn nothing() -> Reason {
    Reason::try_from("").unwrap()
}

on_both_engines! {
    async fn a_time_that_becomes_free_goes_to_the_first_then_to_the_next_and_never_back(db) {
        let practice = Practice::open(db);
        let (doctor, service) = opened(&practice).await;
        let (first, one) = joined(&practice, 10, service).await;
        let (second, two) = joined(&practice, 11, service).await;
        let desk = &practice.desk;
        assert_eq!(offer_freed(desk).await.unwrap(), 0, "what was always free is no offer");
        free_a_time(&practice, &doctor, 180).await;
        assert_eq!(offer_freed(desk).await.unwrap(), 1);
        let time = MONDAY.plus(180 * MIN);
        assert_eq!(offer_of(&practice, &first).await, Some(time));
        assert_eq!(offer_of(&practice, &second).await, None);
        let third = practice.patient(12).await;
        let taken = practice.book(&third, &doctor, 180).await;
        assert!(taken.is_err(), "what is offered is kept");

        decline(desk, &first, one.id).await.unwrap();
        assert_eq!(offer_freed(desk).await.unwrap(), 1);
        assert_eq!(offer_of(&practice, &second).await, Some(time));
        // Nobody answers.
        practice.clock.advance(OFFER_US + 1);
        assert_eq!(offer_freed(desk).await.unwrap(), 0, "both had that time");
        assert_eq!(offer_of(&practice, &second).await, None);
        let late = accept(desk, &second, two.id, nothing()).await;
        assert!(matches!(late, Err(WaitError::NoOffer)));
    }

    async fn an_accepted_time_is_booked_and_ends_the_wait(db) {
        let practice = Practice::open(db);
        let (doctor, service) = opened(&practice).await;
        let (first, one) = joined(&practice, 10, service).await;
        free_a_time(&practice, &doctor, 180).await;
        offer_freed(&practice.desk).await.unwrap();
        let booked = accept(&practice.desk, &first, one.id, nothing()).await.unwrap();
        assert_eq!(booked.record.appointment.slot.start, MONDAY.plus(180 * MIN));
        assert_eq!(booked.record.service.unwrap().id, service);
        assert!(waiting(&practice.desk, &first).await.unwrap().is_empty());
    }

    async fn of_two_who_accept_at_once_one_books_and_of_two_rounds_one_offers(db) {
        let practice = Practice::open(db);
        let (doctor, service) = opened(&practice).await;
        let (first, one) = joined(&practice, 10, service).await;
        joined(&practice, 11, service).await;
        free_a_time(&practice, &doctor, 180).await;
        let desk = &practice.desk;
        let (left, right) = tokio::join!(offer_freed(desk), offer_freed(desk));
        let made = left.unwrap_or(0) + right.unwrap_or(0);
        assert_eq!(made, 1, "one time is offered once");
        assert!(offer_of(&practice, &first).await.is_some(), "to the first");
        let tries = tokio::join!(
            accept(desk, &first, one.id, nothing()),
            accept(desk, &first, one.id, nothing())
        );
        let booked = usize::from(tries.0.is_ok()) + usize::from(tries.1.is_ok());
        assert_eq!(booked, 1);
        let mut tx = practice.db.read().await.unwrap();
        assert_eq!(clinical_store::booking::overlaps(&mut tx, TENANT).await.unwrap(), 0);
        assert_eq!(clinical_store::booking::occupied(&mut tx, TENANT).await.unwrap(), 1);
    }

    async fn only_times_that_suit_are_offered_and_who_left_gets_none(db) {
        let practice = Practice::open(db);
        let (doctor, service) = opened(&practice).await;
        let evening = practice.patient(10).await;
        let mut command = at_any_time(service, Some(doctor.user));
        command.wish.parts = DayParts::from_bits(4).unwrap();
        wait(&practice.desk, &evening, command).await.unwrap();
        let again = wait(&practice.desk, &evening, command).await;
        assert!(matches!(again, Err(WaitError::Already)));
        let (gone, entry) = joined(&practice, 11, service).await;
        leave(&practice.desk, &gone, entry.id).await.unwrap();
        let stranger = leave(&practice.desk, &gone, entry.id).await;
        assert!(matches!(stranger, Err(WaitError::NotFound)));
        // Noon in Douala, then six in the evening.
        free_a_time(&practice, &doctor, 180).await;
        assert_eq!(offer_freed(&practice.desk).await.unwrap(), 0);
        free_a_time(&practice, &doctor, 9 * 60).await;
        assert_eq!(offer_freed(&practice.desk).await.unwrap(), 1);
        assert_eq!(offer_of(&practice, &evening).await, Some(MONDAY.plus(9 * 60 * MIN)));
    }

    async fn a_nurse_joins_for_patients_whom_she_may_see(db) {
        let practice = Practice::open(db);
        let (_, service) = opened(&practice).await;
        let nurse = practice.person(3, Role::Nurse).await;
        practice.patient(10).await;
        let command = WaitCommand { patient: Some(record_of(10)), ..at_any_time(service, None) };
        let refused = wait(&practice.desk, &nurse, command).await;
        assert!(matches!(refused, Err(WaitError::NotFound)));
        let (_, entry) = joined(&practice, 11, service).await;
        assert!(waiting(&practice.desk, &nurse).await.unwrap().is_empty());
        let strange = decline(&practice.desk, &nurse, entry.id).await;
        assert!(matches!(strange, Err(WaitError::NotFound)));
    }
}
