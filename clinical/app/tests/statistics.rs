//! What the health authority is told, on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use clinical_app::booking::cancel;
use clinical_app::statistics::{StatisticsError, statistics};
use clinical_model::{Micros, Role};
use clinical_store::on_both_engines;
use support::{MONDAY, Practice};

on_both_engines! {
    async fn only_finished_months_with_enough_people_are_told(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        let authority = practice.person(3, Role::HealthAuthority).await;
        let read = async || statistics(practice.desk.clinic(), &authority).await.unwrap();
        for quarter in 0..11 {
            let booked = practice.book(&patient, &doctor, 60 + quarter * 15).await.unwrap();
            cancel(&practice.desk, &patient, booked.record.appointment.id).await.unwrap();
        }
        // November is running.
        assert_eq!(read().await.cancelled.total, Some(0));
        practice.clock.set(MONDAY.plus(10 * Micros::DAY));
        let told = read().await;
        assert_eq!(told.months.last().map(String::as_str), Some("2026-11"));
        assert_eq!(told.cancelled.cells.last(), Some(&Some(11)));
        assert_eq!(told.cancelled.total, Some(11));
        // One in December is too few to be told, and November would tell it by subtraction.
        let booked = practice.book(&patient, &doctor, 11 * 24 * 60).await.unwrap();
        cancel(&practice.desk, &patient, booked.record.appointment.id).await.unwrap();
        practice.clock.set(MONDAY.plus(45 * Micros::DAY));
        let told = read().await;
        assert_eq!(told.months.last().map(String::as_str), Some("2026-12"));
        assert!(told.cancelled.cells.iter().rev().take(2).all(Option::is_none));
        assert_eq!(told.cancelled.total, Some(12));
    }

    async fn a_doctor_reads_no_statistics(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let refused = statistics(practice.desk.clinic(), &doctor).await;
        assert!(matches!(refused, Err(StatisticsError::Forbidden)));
    }
}
