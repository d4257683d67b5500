//! Booking, cancelling, moving, hours, slots, lists.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use clinical_app::booking::{
    AccessError, BookError, CancelError, HoursCommand, HoursWriteError, ListError, RescheduleError,
    SlotsError, appointment, appointments, cancel, doctors, hours, put_hours, reschedule,
    revoke_link, slots,
};
use clinical_app::visits::{
    CloseReason, LIVE_EFFECTS_MAX, LiveEffect, VisitEvent, record_visit_event,
};
use clinical_model::booking::{AppointmentStage, Stretch};
use clinical_model::{AppointmentId, Micros, Role};
use clinical_store::on_both_engines;
use signaling_protocol::{ParticipantId, RoomId};
use support::{MIN, MONDAY, Practice};
use uuid::Uuid;

fn monday_morning() -> HoursCommand {
    HoursCommand {
        zone: "africa/douala".to_owned(),
        slot_min: 30,
        stretches: vec![Stretch {
            weekday: 1,
            start_min: 9 * 60,
            end_min: 11 * 60,
        }],
    }
}

on_both_engines! {
    async fn a_booked_slot_is_no_longer_free_until_it_is_cancelled(db) {
        let mut practice = Practice::open(db);
        let doctor = practice.person(1, Role::Doctor).await;
        put_hours(&practice.desk, &doctor, monday_morning()).await.unwrap();
        let patient = practice.patient(2).await;
        let free = async || -> Vec<i64> {
            let found = slots(&practice.desk, &doctor, doctor.user, MONDAY, 1).await.unwrap();
            found.slots.iter().map(|slot| slot.start.since(MONDAY) / MIN).collect()
        };
        // 09:00 to 11:00 in Douala is 08:00 to 10:00 UTC.
        assert_eq!(free().await, [0, 30, 60, 90]);
        let booked = practice.book(&patient, &doctor, 30).await.unwrap();
        assert_eq!(free().await, [0, 60, 90]);
        let id = booked.record.appointment.id;
        let cancelled = cancel(&practice.desk, &patient, id).await.unwrap();
        assert_eq!(cancelled.appointment.state.stage(), AppointmentStage::Cancelled);
        assert_eq!(free().await, [0, 30, 60, 90]);
        let room = booked.record.appointment.room;
        let effect = practice.effects.try_recv().unwrap();
        assert_eq!(effect, LiveEffect::CloseRoom { room, reason: CloseReason::Cancelled });
        assert!(matches!(
            cancel(&practice.desk, &doctor, id).await,
            Err(CancelError::State(_))
        ));
    }

    async fn a_page_that_hangs_up_while_it_cancels_still_closes_the_room(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let patient = practice.patient(2).await;
        let other = practice.book(&patient, &doctor, 30).await.unwrap().record.appointment;
        let record = practice.book(&patient, &doctor, 60).await.unwrap().record;
        let (id, room) = (record.appointment.id, record.appointment.room);
        let Practice { desk, mut effects, .. } = practice;
        // Signaling is busy, so that the next effect waits.
        for _ in 0..LIVE_EFFECTS_MAX {
            revoke_link(&desk, &patient, other.id).await.unwrap();
        }
        let mut cancelling = Box::pin(cancel(&desk, &patient, id));
        loop {
            tokio::select! {
                biased;
                done = &mut cancelling => panic!("it did not wait: {done:?}"),
                read = appointment(&desk, &doctor, id) => {
                    let stage = read.unwrap().appointment.state.stage();
                    if stage == AppointmentStage::Cancelled {
                        break;
                    }
                }
            }
        }
        drop(cancelling);
        drop(desk);
        for _ in 0..LIVE_EFFECTS_MAX {
            effects.recv().await.unwrap();
        }
        let last = effects.recv().await;
        assert_eq!(last, Some(LiveEffect::CloseRoom { room, reason: CloseReason::Cancelled }));
    }

    async fn past_slots_are_not_shown_and_the_next_free_one_is_told(db) {
        let practice = Practice::open(db);
        let doctor = practice.person(1, Role::Doctor).await;
        let found = slots(&practice.desk, &doctor, doctor.user, MONDAY, 7).await.unwrap();
        assert!(found.slots.is_empty() && found.next.is_none(), "no hours, no slots");
        put_hours(&practice.desk, &doctor, monday_morning()).await.unwrap();
        practice.at(61);
        let found = slots(&practice.desk, &doctor, doctor.user, MONDAY, 1).await.unwrap();
        assert_eq!(found.slots.len(), 1);
        assert_eq!(found.zone, "Africa/Douala");
        practice.at(91);
        let found = slots(&practice.desk, &doctor, doctor.user, MONDAY, 2).await.unwrap();
        assert!(found.slots.is_empty());
        assert_eq!(found.next, Some(MONDAY.plus(7 * Micros::DAY)));
        for days in [0, 32] {
            let refused = slots(&practice.desk, &doctor, doctor.user, MONDAY, days).await;
            assert!(matches!(refused, Err(SlotsError::Days)));
        }
    }

    async fn what_is_no_slot_is_not_booked(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let patient = practice.patient(2).await;
        for minutes in [7, -15, 401 * 24 * 60] {
            let refused = practice.book(&patient, &doctor, minutes).await;
            assert!(matches!(refused, Err(BookError::NoSlot)), "{minutes}");
        }
        assert!(matches!(practice.book(&doctor, &doctor, 0).await, Err(BookError::Forbidden)));
        assert!(matches!(practice.book(&patient, &patient, 0).await, Err(BookError::NoDoctor)));
    }

    async fn a_time_is_given_once_and_nobody_is_in_two_places(db) {
        let practice = Practice::open(db);
        let (doctor, other) = (practice.doctor(1).await, practice.doctor(2).await);
        let (anna, bea) = (practice.patient(3).await, practice.patient(4).await);
        practice.book(&anna, &doctor, 0).await.unwrap();
        assert!(matches!(practice.book(&bea, &doctor, 0).await, Err(BookError::SlotTaken)));
        assert!(matches!(practice.book(&anna, &other, 0).await, Err(BookError::OwnOverlap)));
        practice.book(&bea, &other, 0).await.unwrap();
        practice.book(&anna, &doctor, 15).await.unwrap();
    }

    async fn only_its_patient_and_its_doctor_know_an_appointment(db) {
        let practice = Practice::open(db);
        let (doctor, other_doctor) = (practice.doctor(1).await, practice.doctor(2).await);
        let (patient, other) = (practice.patient(3).await, practice.patient(4).await);
        let admin = practice.person(5, Role::Admin).await;
        let id = practice.book(&patient, &doctor, 0).await.unwrap().record.appointment.id;
        for actor in [&patient, &doctor] {
            let record = appointment(&practice.desk, actor, id).await.unwrap();
            assert_eq!(record.patient_name, "Person 3");
            assert_eq!(record.doctor.name, "Person 1");
        }
        for actor in [&other, &other_doctor, &admin] {
            let hidden = appointment(&practice.desk, actor, id).await;
            assert!(matches!(hidden, Err(AccessError::NotFound)));
            let hidden = cancel(&practice.desk, actor, id).await;
            assert!(matches!(hidden, Err(CancelError::NotFound)));
            let hidden = reschedule(&practice.desk, actor, id, MONDAY.plus(15 * MIN)).await;
            assert!(matches!(hidden, Err(RescheduleError::NotFound)));
        }
        let nothing = AppointmentId::from_uuid(Uuid::from_u128(9));
        let none = appointment(&practice.desk, &patient, nothing).await;
        assert!(matches!(none, Err(AccessError::NotFound)));
    }

    async fn lists_hold_ones_own_appointments_in_order(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let (anna, bea) = (practice.patient(3).await, practice.patient(4).await);
        practice.book(&anna, &doctor, 30).await.unwrap();
        practice.book(&bea, &doctor, 0).await.unwrap();
        practice.book(&anna, &doctor, 60).await.unwrap();
        let starts = async |actor, to_min: i64| -> Vec<i64> {
            let range = (MONDAY, MONDAY.plus(to_min * MIN));
            let list = appointments(&practice.desk, actor, range).await.unwrap();
            list.iter().map(|r| r.appointment.slot.start.since(MONDAY) / MIN).collect()
        };
        assert_eq!(starts(&anna, 120).await, [30, 60]);
        assert_eq!(starts(&bea, 120).await, [0]);
        assert_eq!(starts(&doctor, 120).await, [0, 30, 60]);
        assert_eq!(starts(&doctor, 60).await, [0, 30]);
        for to in [MONDAY, MONDAY.plus(401 * Micros::DAY)] {
            let refused = appointments(&practice.desk, &anna, (MONDAY, to)).await;
            assert!(matches!(refused, Err(ListError::Range)));
        }
        let nurse = practice.person(9, Role::Nurse).await;
        let refused = appointments(&practice.desk, &nurse, (MONDAY, MONDAY.plus(MIN))).await;
        assert!(matches!(refused, Err(ListError::Forbidden)));
    }

    async fn an_appointment_moves_until_the_visit_begins(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let (anna, bea) = (practice.patient(3).await, practice.patient(4).await);
        let booked = practice.book(&anna, &doctor, 0).await.unwrap().record.appointment;
        practice.book(&bea, &doctor, 30).await.unwrap();
        let to = |minutes: i64| MONDAY.plus(minutes * MIN);
        let moved = reschedule(&practice.desk, &doctor, booked.id, to(45)).await.unwrap();
        assert_eq!(moved.appointment.slot.start, to(45));
        let taken = reschedule(&practice.desk, &anna, booked.id, to(30)).await;
        assert!(matches!(taken, Err(RescheduleError::SlotTaken)));
        let odd = reschedule(&practice.desk, &anna, booked.id, to(31)).await;
        assert!(matches!(odd, Err(RescheduleError::NoSlot)));
        // The time it left is free again.
        practice.book(&bea, &doctor, 0).await.unwrap();
        let room = RoomId::from_uuid(booked.room.as_uuid());
        record_visit_event(&practice.desk, room, VisitEvent::Started).await.unwrap();
        let begun = reschedule(&practice.desk, &anna, booked.id, to(90)).await;
        assert!(matches!(begun, Err(RescheduleError::State(_))));
    }

    async fn an_appointment_can_move_by_less_than_its_length(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let patient = practice.patient(3).await;
        let id = practice.book(&patient, &doctor, 0).await.unwrap().record.appointment.id;
        let stretches = vec![Stretch { weekday: 1, start_min: 9 * 60 + 5, end_min: 10 * 60 }];
        let command = HoursCommand { zone: "Africa/Douala".to_owned(), slot_min: 15, stretches };
        put_hours(&practice.desk, &doctor, command).await.unwrap();
        let moved = reschedule(&practice.desk, &patient, id, MONDAY.plus(5 * MIN)).await.unwrap();
        assert_eq!(moved.appointment.slot.start, MONDAY.plus(5 * MIN));
        assert!(matches!(practice.book(&practice.patient(4).await, &doctor, 5).await,
            Err(BookError::SlotTaken)));
    }

    async fn hours_are_the_doctors_own_and_in_a_known_zone(db) {
        let practice = Practice::open(db);
        let doctor = practice.person(1, Role::Doctor).await;
        let empty = hours(&practice.desk, &doctor).await.unwrap();
        assert_eq!((empty.zone.as_str(), empty.hours.stretches().len()), ("Africa/Douala", 0));
        let stored = put_hours(&practice.desk, &doctor, monday_morning()).await.unwrap();
        assert_eq!(hours(&practice.desk, &doctor).await.unwrap(), stored);
        assert_eq!(stored.zone, "Africa/Douala");
        let unknown = HoursCommand { zone: "Africa/Atlantis".to_owned(), ..monday_morning() };
        let refused = put_hours(&practice.desk, &doctor, unknown).await;
        assert!(matches!(refused, Err(HoursWriteError::Zone(_))));
        let long = HoursCommand { slot_min: 121, ..monday_morning() };
        let refused = put_hours(&practice.desk, &doctor, long).await;
        assert!(matches!(refused, Err(HoursWriteError::Hours(_))));
        let patient = practice.patient(2).await;
        let refused = put_hours(&practice.desk, &patient, monday_morning()).await;
        assert!(matches!(refused, Err(HoursWriteError::Forbidden)));
        assert_eq!(doctors(&practice.desk, &patient).await.unwrap().len(), 1);
    }

    async fn moving_a_visit_sends_everybody_back_to_the_waiting_room(db) {
        let mut practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let patient = practice.patient(3).await;
        let booked = practice.book(&patient, &doctor, 0).await.unwrap().record.appointment;
        let room = RoomId::from_uuid(booked.room.as_uuid());
        let participant = ParticipantId::from_uuid(booked.patient_participant.as_uuid());
        let arrived = VisitEvent::Arrived { participant };
        record_visit_event(&practice.desk, room, arrived).await.unwrap();
        let to = MONDAY.plus(60 * MIN);
        let moved = reschedule(&practice.desk, &patient, booked.id, to).await.unwrap();
        assert_eq!(moved.appointment.state.stage(), AppointmentStage::Booked);
        let effect = practice.effects.try_recv().unwrap();
        let reason = CloseReason::Rescheduled;
        assert_eq!(effect, LiveEffect::CloseRoom { room: booked.room, reason });
    }
}
