//! The calendar of a facility: who sees whom in it, who plans, and what leaves it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use clinical_app::Actor;
use clinical_app::booking::{
    AccessError, AgendaBy, BookCommand, BookError, CancelError, Engagement, FeedError, HoldCommand,
    OfferError, OverbookCommand, OverbookReason, Plan, PlanException, agenda, appointment,
    book_for, cancel, feed, feed_since, hold, make_feed, overbook, plan, put_plan, reschedule,
    revoke_feed, slots,
};
use clinical_model::access::Shift;
use clinical_model::booking::Reason;
use clinical_model::{AuditActor, AuditEntry, GrantId, Micros, Role, ScheduleEntryId, UserId};
use clinical_store::on_both_engines;
use support::{MIN, MONDAY, Practice, TENANT, record_of};
use uuid::Uuid;

async fn on_duty(practice: &Practice, nurse: &Actor) {
    let shift = Shift {
        id: GrantId::from_uuid(Uuid::new_v4()),
        tenant: TENANT,
        person: nurse.user,
        from: MONDAY,
        until: MONDAY.plus(Micros::DAY),
        created_by: nurse.user,
    };
    let mut tx = practice.db.begin().await.unwrap();
    clinical_store::access::insert_shift(&mut tx, &shift)
        .await
        .unwrap();
    tx.commit(AuditEntry::done(AuditActor::System, "test.shift", MONDAY))
        .await
        .unwrap();
}

fn wish(doctor: UserId, minutes: i64) -> BookCommand {
    BookCommand {
        doctor,
        service: None,
        start: MONDAY.plus(minutes * MIN),
        reason: Reason::try_from("Toux").unwrap(),
    }
}

async fn seen(practice: &Practice, by: &Actor) -> Vec<Engagement> {
    let day = (MONDAY, MONDAY.plus(Micros::DAY));
    let found = agenda(&practice.desk, by, AgendaBy::Clinician, day).await;
    found.unwrap().entries
}

fn names(entries: &[Engagement]) -> Vec<Option<String>> {
    let booked = entries.iter().filter_map(|it| it.appointment.as_ref());
    booked
        .map(|it| it.patient.as_ref().map(|(_, name)| name.clone()))
        .collect()
}

fn leave(version: i64, from: i64, to: i64) -> Plan {
    let wall = |hour: i64| MONDAY.plus((hour - 8) * Micros::HOUR).0;
    Plan {
        version,
        exceptions: vec![PlanException {
            id: ScheduleEntryId::from_uuid(Uuid::nil()),
            kind: "leave".to_owned(),
            from_wall_us: wall(from),
            to_wall_us: wall(to),
        }],
        ..Plan::default()
    }
}

on_both_engines! {
    async fn a_nurse_on_duty_books_moves_and_cancels_for_a_patient_and_another_nurse_does_not(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let nurse = practice.person(2, Role::Nurse).await;
        let other = practice.person(3, Role::Nurse).await;
        practice.patient(10).await;
        on_duty(&practice, &nurse).await;
        let desk = &practice.desk;
        let patient = record_of(10);

        let refused = book_for(desk, &other, patient, wish(doctor.user, 60)).await;
        assert!(matches!(refused, Err(BookError::NoPatient)));
        let booked = book_for(desk, &nurse, patient, wish(doctor.user, 60)).await.unwrap();
        let id = booked.record.appointment.id;
        assert_eq!(booked.record.appointment.patient, patient);

        assert!(matches!(appointment(desk, &other, id).await, Err(AccessError::NotFound)));
        assert!(matches!(cancel(desk, &other, id).await, Err(CancelError::NotFound)));
        let moved = reschedule(desk, &nurse, id, MONDAY.plus(90 * MIN)).await.unwrap();
        assert_eq!(moved.appointment.slot.start, MONDAY.plus(90 * MIN));
        cancel(desk, &nurse, id).await.unwrap();
        assert!(seen(&practice, &nurse).await.is_empty(), "a cancelled time is free");
    }

    async fn a_doctor_books_for_a_patient_with_themselves_only(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let colleague = practice.doctor(2).await;
        let patient = practice.patient(10).await;
        practice.book(&patient, &doctor, 60).await.unwrap();
        let desk = &practice.desk;
        let follow_up = book_for(desk, &doctor, record_of(10), wish(doctor.user, 120)).await;
        assert_eq!(follow_up.unwrap().record.appointment.doctor, doctor.user);
        let of_other = book_for(desk, &doctor, record_of(10), wish(colleague.user, 180)).await;
        assert!(matches!(of_other, Err(BookError::NoDoctor)));
        let stranger = book_for(desk, &colleague, record_of(10), wish(colleague.user, 180)).await;
        assert!(matches!(stranger, Err(BookError::NoPatient)));
    }

    async fn the_calendar_names_patients_to_those_who_may_see_them(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let colleague = practice.doctor(2).await;
        let nurse = practice.person(3, Role::Nurse).await;
        let off_duty = practice.person(4, Role::Nurse).await;
        let admin = practice.person(5, Role::Admin).await;
        let patient = practice.patient(10).await;
        on_duty(&practice, &nurse).await;
        practice.book(&patient, &doctor, 60).await.unwrap();
        let command = HoldCommand { doctor: doctor.user, service: None, start: MONDAY.plus(120 * MIN) };
        hold(&practice.desk, &patient, command).await.unwrap();

        let all = seen(&practice, &nurse).await;
        assert_eq!(names(&all), [Some("Person 10".to_owned())]);
        assert_eq!(all.len(), 2, "the hold is a time that is taken");
        assert!(all[1].appointment.is_none());
        assert_eq!(names(&seen(&practice, &off_duty).await), [None]);
        assert_eq!(names(&seen(&practice, &admin).await), [None]);
        assert_eq!(names(&seen(&practice, &doctor).await), [Some("Person 10".to_owned())]);
        assert!(seen(&practice, &colleague).await.is_empty(), "another doctor is told nothing");
    }

    async fn overbooking_shows_in_the_calendar_beside_the_first(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let nurse = practice.person(3, Role::Nurse).await;
        let first = practice.patient(10).await;
        practice.patient(11).await;
        on_duty(&practice, &nurse).await;
        practice.book(&first, &doctor, 60).await.unwrap();
        let command = OverbookCommand {
            patient: record_of(11),
            doctor: doctor.user,
            service: None,
            start: MONDAY.plus(60 * MIN),
            reason: Reason::try_from("").unwrap(),
            because: OverbookReason::Urgent,
        };
        let plain = book_for(&practice.desk, &nurse, record_of(11), wish(doctor.user, 60)).await;
        assert!(matches!(plain, Err(BookError::SlotTaken)));
        overbook(&practice.desk, &nurse, command).await.unwrap();
        let marks: Vec<bool> = seen(&practice, &nurse)
            .await
            .into_iter()
            .map(|it| it.appointment.unwrap().overbooked)
            .collect();
        assert_eq!(marks.iter().filter(|it| **it).count(), 1);
        assert_eq!(marks.len(), 2);
    }

    async fn a_plan_has_versions_and_leave_takes_times_away(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let colleague = practice.doctor(2).await;
        let admin = practice.person(5, Role::Admin).await;
        let owner = doctor.user.as_uuid();
        let desk = &practice.desk;
        // Douala is an hour before UTC: 9 to 11 there is 8 to 10 here.
        let written = put_plan(desk, &doctor, owner, leave(0, 9, 11)).await.unwrap();
        assert_eq!(written.version, 1);
        let free = slots(desk, &doctor, doctor.user, MONDAY, 1).await.unwrap();
        assert_eq!(free.slots[0].start, MONDAY.plus(120 * MIN));
        let stale = put_plan(desk, &admin, owner, leave(0, 9, 12)).await;
        assert!(matches!(stale, Err(OfferError::Changed)));
        let second = put_plan(desk, &admin, owner, leave(1, 9, 12)).await.unwrap();
        assert_eq!(second.version, 2);
        assert_eq!(plan(desk, &doctor, owner).await.unwrap().exceptions.len(), 1);
        let strange = put_plan(desk, &colleague, owner, leave(2, 9, 12)).await;
        assert!(matches!(strange, Err(OfferError::NotFound)));
    }

    async fn a_subscribed_calendar_says_when_and_nothing_else_until_it_is_taken_back(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let patient = practice.patient(10).await;
        let gone = practice.book(&patient, &doctor, 30).await.unwrap();
        practice.book(&patient, &doctor, 60).await.unwrap();
        let desk = &practice.desk;
        cancel(desk, &patient, gone.record.appointment.id).await.unwrap();
        let secret = make_feed(desk, &patient).await.unwrap();
        let text = feed(desk, &secret.to_text()).await.unwrap();
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 1);
        assert!(text.contains("DTSTART:20261123T090000Z"), "{text}");
        for word in ["Toux", "Person", "general_practice"] {
            assert!(!text.contains(word), "{word}");
        }
        let second = make_feed(desk, &patient).await.unwrap();
        let old = feed(desk, &secret.to_text()).await;
        assert!(matches!(old, Err(FeedError::NotFound)), "a new address replaces the old one");
        assert!(feed_since(desk, &patient).await.unwrap().is_some());
        revoke_feed(desk, &patient).await.unwrap();
        assert!(matches!(feed(desk, &second.to_text()).await, Err(FeedError::NotFound)));
        assert!(matches!(feed(desk, "x").await, Err(FeedError::NotFound)));
    }
}
