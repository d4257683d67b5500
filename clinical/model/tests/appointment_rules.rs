//! States of an appointment, the door of the waiting room, the queue.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::booking::{
    Appointment, AppointmentStage, AppointmentState, Reason, Slot, TransitionError,
};
use clinical_model::visits::{JoinRefusal, Link, LinkHolder, queue_place};
use clinical_model::{
    AppointmentId, Micros, ParticipantUuid, PatientId, RoomUuid, TenantId, UserId,
};
use proptest::prelude::*;
use uuid::Uuid;

const START: Micros = Micros(1_800_000_000_000_000);
const MIN: i64 = Micros::MINUTE;

fn appointment(id: u128, start_min: i64, state: AppointmentState) -> Appointment {
    let start = START.plus(start_min * MIN);
    Appointment {
        tenant: TenantId::from_uuid(Uuid::from_u128(1)),
        id: AppointmentId::from_uuid(Uuid::from_u128(id)),
        doctor: UserId::from_uuid(Uuid::from_u128(100)),
        patient: PatientId::from_uuid(Uuid::from_u128(200)),
        slot: Slot {
            start,
            end: start.plus(15 * MIN),
        },
        reason: Reason::try_from("").unwrap(),
        room: RoomUuid::from_uuid(Uuid::from_u128(300 + id)),
        doctor_participant: ParticipantUuid::from_uuid(Uuid::from_u128(400)),
        patient_participant: ParticipantUuid::from_uuid(Uuid::from_u128(500)),
        state,
        version: 1,
    }
}

fn state(stage: AppointmentStage) -> AppointmentState {
    let at = (stage != AppointmentStage::Booked).then_some(START);
    AppointmentState::from_parts(stage, at).unwrap()
}

fn link(of: &Appointment) -> Link {
    Link {
        id: Uuid::from_u128(600),
        appointment: of.id,
        holder: LinkHolder::Patient,
        expires: of.closes_at(),
        revoked: None,
    }
}

#[test]
fn only_the_written_transitions_are_possible() {
    use AppointmentStage::{Arrived, Booked, Cancelled, Finished, InProgress};
    type Step = fn(Appointment) -> Result<Appointment, TransitionError>;
    let steps: [(Step, AppointmentStage, &[AppointmentStage]); 5] = [
        (|a| a.arrive(START), Arrived, &[Booked]),
        (|a| a.start(START), InProgress, &[Arrived]),
        (|a| a.finish(START), Finished, &[InProgress]),
        (|a| a.cancel(START), Cancelled, &[Booked, Arrived]),
        (
            |a| {
                let slot = a.slot;
                a.reschedule(slot)
            },
            Booked,
            &[Booked, Arrived],
        ),
    ];
    for (step, to, allowed) in steps {
        for from in AppointmentStage::ALL {
            let before = appointment(1, 0, state(from));
            let repeated = (to == Arrived && matches!(from, Arrived | InProgress))
                || (to == InProgress && from == InProgress);
            match step(before.clone()) {
                Ok(after) if repeated => assert_eq!(after, before),
                Ok(after) => {
                    assert!(allowed.contains(&from), "{from} became {to}");
                    assert_eq!(after.state.stage(), to);
                    assert_eq!(after.version, 2);
                }
                Err(error) => {
                    assert!(!allowed.contains(&from), "{from} should become {to}");
                    assert_eq!(error, TransitionError { from, to });
                }
            }
        }
    }
}

#[test]
fn a_patient_who_goes_out_of_the_waiting_room_does_not_wait() {
    for from in AppointmentStage::ALL {
        let after = appointment(1, 0, state(from)).stop_waiting().state.stage();
        let expected = match from {
            AppointmentStage::Arrived => AppointmentStage::Booked,
            other => other,
        };
        assert_eq!(after, expected);
    }
}

#[test]
fn stored_parts_that_do_not_belong_together_are_no_state() {
    assert_eq!(
        AppointmentState::from_parts(AppointmentStage::Booked, Some(START)),
        None
    );
    assert_eq!(
        AppointmentState::from_parts(AppointmentStage::Arrived, None),
        None
    );
}

#[test]
fn the_waiting_room_opens_thirty_minutes_before_the_begin() {
    let a = appointment(1, 0, AppointmentState::Booked);
    let opens_at = START.plus(-30 * MIN);
    let early = Err(JoinRefusal::TooEarly { opens_at });
    assert_eq!(a.admit(&link(&a), opens_at.plus(-1)), early);
    assert_eq!(a.admit_doctor(opens_at.plus(-1)), early);
    assert_eq!(a.admit(&link(&a), opens_at).unwrap().room(), a.room);
    assert_eq!(a.admit_doctor(opens_at).unwrap().link_holder(), None);
}

#[test]
fn a_link_works_until_twelve_hours_after_the_end() {
    let a = appointment(1, 0, state(AppointmentStage::InProgress));
    let closes = a.slot.end.plus(12 * Micros::HOUR);
    let admission = a.admit(&link(&a), closes.plus(-1)).unwrap();
    assert_eq!(admission.link_holder(), Some(LinkHolder::Patient));
    assert_eq!(a.admit(&link(&a), closes), Err(JoinRefusal::LinkRevoked));
    assert_eq!(a.admit_doctor(closes), Err(JoinRefusal::Ended));
}

#[test]
fn a_link_of_a_cancelled_or_finished_visit_says_so_unless_it_was_revoked() {
    let now = START;
    let cancelled = appointment(1, 0, state(AppointmentStage::Cancelled));
    let finished = appointment(1, 0, state(AppointmentStage::Finished));
    let refused = |a: &Appointment, link: &Link| a.admit(link, now).unwrap_err();
    assert_eq!(
        refused(&cancelled, &link(&cancelled)),
        JoinRefusal::Cancelled
    );
    assert_eq!(refused(&finished, &link(&finished)), JoinRefusal::Ended);
    assert_eq!(cancelled.admit_doctor(now), Err(JoinRefusal::Cancelled));
    assert_eq!(finished.admit_doctor(now), Err(JoinRefusal::Ended));
    let revoked = Link {
        revoked: Some(now),
        ..link(&cancelled)
    };
    assert_eq!(refused(&cancelled, &revoked), JoinRefusal::LinkRevoked);
}

#[test]
fn a_link_of_another_appointment_lets_nobody_in() {
    let a = appointment(1, 0, AppointmentState::Booked);
    let b = appointment(2, 0, AppointmentState::Booked);
    assert_eq!(a.admit(&link(&b), START), Err(JoinRefusal::LinkRevoked));
}

fn place(mine: &Appointment, others: &[Appointment], now_min: i64) -> (u32, i64) {
    let place = queue_place(mine, others, START.plus(now_min * MIN));
    (place.place, place.expected.since(START) / MIN)
}

#[test]
fn who_is_alone_is_next_at_the_booked_time_or_now() {
    let mine = appointment(1, 0, state(AppointmentStage::Arrived));
    assert_eq!(place(&mine, &[], -20), (1, 0));
    assert_eq!(place(&mine, &[], 7), (1, 7));
    assert_eq!(place(&mine, std::slice::from_ref(&mine), 7), (1, 7));
}

#[test]
fn who_waits_for_an_earlier_time_goes_first() {
    let mine = appointment(1, 15, state(AppointmentStage::Arrived));
    let earlier = appointment(2, 0, state(AppointmentStage::Arrived));
    let later = appointment(3, 30, state(AppointmentStage::Arrived));
    let absent = appointment(4, -15, AppointmentState::Booked);
    let others = [later, earlier, absent];
    assert_eq!(place(&mine, &others, -5), (2, 15));
    assert_eq!(place(&mine, &others, 10), (2, 25));
}

#[test]
fn a_visit_that_goes_on_moves_the_expected_time_but_not_the_place() {
    let mine = appointment(1, 15, state(AppointmentStage::Arrived));
    let since = START.plus(10 * MIN);
    let going_on = appointment(2, 0, AppointmentState::InProgress { since });
    assert_eq!(place(&mine, std::slice::from_ref(&going_on), 12), (1, 25));
    // It takes longer than booked: it may end at any moment.
    assert_eq!(place(&mine, &[going_on], 40), (1, 40));
}

#[test]
fn another_doctors_patients_are_not_in_my_queue() {
    let mine = appointment(1, 15, state(AppointmentStage::Arrived));
    let mut other = appointment(2, 0, state(AppointmentStage::Arrived));
    other.doctor = UserId::from_uuid(Uuid::from_u128(101));
    assert_eq!(place(&mine, &[other], 0), (1, 15));
}

proptest! {
    #[test]
    fn places_of_a_queue_are_one_two_three_and_expected_times_do_not_go_back(
        starts in proptest::collection::btree_set(-8i64..16, 1..12),
        now_min in -200i64..400,
    ) {
        let queue: Vec<Appointment> = starts
            .iter()
            .zip(1u128..)
            .map(|(slot, id)| appointment(id, slot * 15, state(AppointmentStage::Arrived)))
            .collect();
        let mut last = i64::MIN;
        for (mine, place_due) in queue.iter().zip(1u32..) {
            let (got, expected) = place(mine, &queue, now_min);
            prop_assert_eq!(got, place_due);
            prop_assert!(expected >= last);
            prop_assert!(expected >= mine.slot.start.since(START) / MIN && expected >= now_min);
            last = expected;
        }
    }
}
