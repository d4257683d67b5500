//! The demo clinic.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use clinical_app::booking::{AppointmentRecord, appointments, doctors, resources, services, slots};
use clinical_app::demo::{DEMO_ACCOUNTS, DEMO_PASSWORD, seed};
use clinical_app::notes::summary;
use clinical_app::prescribing::list;
use clinical_app::results::list_results;
use clinical_app::{Actor, Entropy, Passwords};
use clinical_model::booking::AppointmentStage;
use clinical_model::prescribing::Stage;
use clinical_model::{Email, Micros, Role, SessionId};
use clinical_store::identity::credential_by_email;
use clinical_store::on_both_engines;
use support::{MIN, MONDAY, Practice};
use uuid::Uuid;

async fn actor(practice: &Practice, email: &str) -> Actor {
    let mut tx = practice.db.read().await.unwrap();
    let email = Email::parse(email).unwrap();
    let account = credential_by_email(&mut tx, &email)
        .await
        .unwrap()
        .unwrap()
        .account;
    Actor {
        user: account.id,
        tenant: account.tenant,
        patient: account.patient,
        role: account.position.role(),
        session: SessionId::from_uuid(Uuid::from_u128(1)),
        once: None,
    }
}

async fn appointments_of(practice: &Practice, actor: &Actor) -> Vec<AppointmentRecord> {
    let range = (
        MONDAY.plus(-30 * Micros::DAY),
        MONDAY.plus(30 * Micros::DAY),
    );
    appointments(&practice.desk, actor, range).await.unwrap()
}

on_both_engines! {
    async fn the_demo_clinic_is_furnished_once(db) {
        let practice = Practice::open(db);
        let passwords = Passwords::new(&Entropy::seeded(1)).unwrap();
        seed(&practice.desk, &passwords).await.unwrap();
        let doctor = actor(&practice, "doctor@demo.clinic").await;
        let patient = actor(&practice, "patient@demo.clinic").await;
        let before = (appointments_of(&practice, &doctor).await, appointments_of(&practice, &patient).await);
        seed(&practice.desk, &passwords).await.unwrap();
        assert_eq!((appointments_of(&practice, &doctor).await, appointments_of(&practice, &patient).await), before);
        assert_eq!(before.0.len(), 4, "three to come and one finished");
        assert_eq!(before.1.len(), 2, "one to come and one finished");
        let finished = &before.1[0];
        assert_eq!(finished.appointment.state.stage(), AppointmentStage::Finished);
        let summary = summary(&practice.desk, &patient, finished.appointment.id).await.unwrap();
        assert!(summary.note.is_some() && summary.chat.len() == 2);
    }

    async fn the_demo_clinic_has_services_results_and_prescriptions_once(db) {
        let practice = Practice::open(db);
        let passwords = Passwords::new(&Entropy::seeded(1)).unwrap();
        for _ in 0..2 {
            seed(&practice.desk, &passwords).await.unwrap();
            let doctor = actor(&practice, "doctor@demo.clinic").await;
            let clinic = practice.desk.clinic();
            assert_eq!(services(&practice.desk, &doctor).await.unwrap().len(), 4);
            assert_eq!(resources(&practice.desk, &doctor).await.unwrap().len(), 3);

            let mut read = 0;
            let mut critical = 0;
            for email in ["patient2@demo.clinic", "patient3@demo.clinic"] {
                let whose = actor(&practice, email).await.patient;
                for it in list_results(clinic, &doctor, (whose, None), false).await.unwrap() {
                    assert!(it.order.seen.is_some() && !it.is_paging);
                    read += 1;
                    critical += u8::from(it.order.is_critical);
                }
            }
            assert_eq!((read, critical), (3, 1));

            let patient = actor(&practice, "patient3@demo.clinic").await.patient;
            let given = list(clinic, &doctor, patient, None).await.unwrap();
            let mut stages: Vec<Stage> = given.iter().map(|it| it.stage).collect();
            stages.sort_by_key(|stage| stage.as_str());
            assert_eq!(stages, [Stage::Completed, Stage::Draft, Stage::Transmitted]);

            let paediatrician = actor(&practice, "doctor2@demo.clinic").await;
            let week = appointments_of(&practice, &paediatrician).await;
            let finished = week.iter().filter(|it| {
                it.appointment.state.stage() == AppointmentStage::Finished
            });
            assert_eq!((week.len(), finished.count()), (7, 3));
            let untouched = actor(&practice, "patient@demo.clinic").await;
            let results = list_results(clinic, &untouched, (None, None), false).await.unwrap();
            assert!(results.is_empty());
        }
    }

    async fn everybody_of_the_demo_clinic_can_sign_in(db) {
        let practice = Practice::open(db);
        let passwords = Passwords::new(&Entropy::seeded(1)).unwrap();
        seed(&practice.desk, &passwords).await.unwrap();
        for account in DEMO_ACCOUNTS {
            let email = Email::parse(account.email).unwrap();
            let mut tx = practice.db.read().await.unwrap();
            let stored = credential_by_email(&mut tx, &email).await.unwrap().unwrap();
            assert_eq!(stored.account.position.role(), account.role);
            let fits = passwords.verify(DEMO_PASSWORD, Some(&stored.password_hash)).await;
            assert!(fits.unwrap(), "{}", account.email);
        }
        for role in Role::ALL {
            assert!(DEMO_ACCOUNTS.iter().any(|account| account.role == role), "{role}");
        }
    }

    async fn a_visit_can_be_booked_for_now_at_any_hour(db) {
        let practice = Practice::open(db);
        let passwords = Passwords::new(&Entropy::seeded(1)).unwrap();
        seed(&practice.desk, &passwords).await.unwrap();
        let doctor = actor(&practice, "doctor@demo.clinic").await;
        assert_eq!(doctors(&practice.desk, &doctor).await.unwrap().len(), 3);
        for hour in 0..24 {
            let now = MONDAY.plus(Micros::DAY + hour * Micros::HOUR + 7 * MIN);
            practice.clock.set(now);
            let free = slots(&practice.desk, &doctor, doctor.user, now, 1).await.unwrap();
            assert!(free.slots[0].start.since(now) <= 15 * MIN, "hour {hour}");
        }
    }
}
