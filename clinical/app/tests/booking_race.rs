//! Many want the same time at once: exactly one gets it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::Arc;

use clinical_app::Actor;
use clinical_app::booking::{BookError, RescheduleError, appointments, reschedule};
use clinical_model::Micros;
use clinical_store::on_both_engines;
use support::{MIN, MONDAY, Practice, book_at};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const TASKS: usize = 64;
const ROUNDS: i64 = 16;

async fn patients(practice: &Practice, count: usize) -> Vec<Actor> {
    let mut patients = Vec::new();
    for n in 0..count {
        patients.push(practice.patient(1_000 + n as u128).await);
    }
    patients
}

on_both_engines! {
    async fn of_many_who_book_one_slot_exactly_one_wins(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let patients = patients(&practice, TASKS).await;
        for round in 0..ROUNDS {
            let barrier = Arc::new(Barrier::new(TASKS));
            let mut tasks = JoinSet::new();
            for patient in patients.clone() {
                let (desk, barrier) = (practice.desk.clone(), barrier.clone());
                tasks.spawn(async move {
                    barrier.wait().await;
                    book_at(&desk, &patient, doctor.user, round * 15).await
                });
            }
            let mut won = 0;
            while let Some(result) = tasks.join_next().await {
                match result.unwrap() {
                    Ok(_) => won += 1,
                    Err(BookError::SlotTaken) => {}
                    Err(error) => unreachable!("round {round}: {error:?}"),
                }
            }
            assert_eq!(won, 1, "round {round}");
        }
        let range = (MONDAY, MONDAY.plus(Micros::DAY));
        let booked = appointments(&practice.desk, &doctor, range).await.unwrap();
        assert_eq!(booked.len(), usize::try_from(ROUNDS).unwrap());
    }

    async fn a_patient_who_books_many_doctors_at_one_time_gets_one(db) {
        let practice = Practice::open(db);
        let patient = practice.patient(1_000).await;
        let mut doctors = Vec::new();
        for n in 1..=12 {
            doctors.push(practice.doctor(n).await);
        }
        for round in 0..ROUNDS {
            let barrier = Arc::new(Barrier::new(doctors.len()));
            let mut tasks = JoinSet::new();
            for doctor in doctors.clone() {
                let (desk, barrier) = (practice.desk.clone(), barrier.clone());
                tasks.spawn(async move {
                    barrier.wait().await;
                    book_at(&desk, &patient, doctor.user, round * 15).await
                });
            }
            let mut won = 0;
            while let Some(result) = tasks.join_next().await {
                match result.unwrap() {
                    Ok(_) => won += 1,
                    Err(BookError::OwnOverlap) => {}
                    Err(error) => unreachable!("round {round}: {error:?}"),
                }
            }
            assert_eq!(won, 1, "round {round}");
        }
    }

    async fn moving_and_booking_to_one_slot_has_one_winner(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let patients = patients(&practice, 33).await;
        let (mover, bookers) = patients.split_first().unwrap();
        for round in 0..ROUNDS {
            let (from, to) = (round * 60, round * 60 + 30);
            let id = practice.book(mover, &doctor, from).await.unwrap().record.appointment.id;
            let barrier = Arc::new(Barrier::new(bookers.len() + 1));
            let mut tasks = JoinSet::new();
            for &patient in bookers {
                let (desk, barrier) = (practice.desk.clone(), barrier.clone());
                tasks.spawn(async move {
                    barrier.wait().await;
                    match book_at(&desk, &patient, doctor.user, to).await {
                        Ok(_) => 1,
                        Err(BookError::SlotTaken) => 0,
                        Err(error) => unreachable!("round {round}: {error:?}"),
                    }
                });
            }
            let (desk, barrier, mover) = (practice.desk.clone(), barrier.clone(), *mover);
            tasks.spawn(async move {
                barrier.wait().await;
                match reschedule(&desk, &mover, id, MONDAY.plus(to * MIN)).await {
                    Ok(_) => 1,
                    Err(RescheduleError::SlotTaken) => 0,
                    Err(error) => unreachable!("round {round}: {error:?}"),
                }
            });
            assert_eq!(tasks.join_all().await.iter().sum::<u32>(), 1, "round {round}");
        }
    }
}
