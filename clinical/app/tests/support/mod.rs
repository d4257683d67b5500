//! A small practice on a database of its own: doctors, patients, a clock that stands still.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::allow_attributes,
    reason = "every test file uses another part"
)]

use std::sync::Arc;

use clinical_app::booking::{BookCommand, BookError, Booked, HoursCommand, book, put_hours};
use clinical_app::visits::{Desk, LiveEffect, LiveVisits};
use clinical_app::{Actor, Clinic, Entropy, ManualClock, Origin};
use clinical_model::booking::{Reason, Stretch};
use clinical_model::patients::{Demographics, Patient, PatientState, Sex};
use clinical_model::text::Line;
use clinical_model::{
    Account, AuditActor, AuditEntry, DoctorProfile, Email, Micros, PatientId, Position, Role,
    SessionId, TenantId, UserId,
};
use clinical_store::identity::{Credential, PasswordHash, insert_user};
use clinical_store::testbed::{TestDb, make_facility};
use signaling_ticket::{Pass, PassChecker, PassKey};
use tokio::sync::mpsc::Receiver;
use uuid::Uuid;

pub(crate) const MIN: i64 = Micros::MINUTE;

/// Monday, 23 November 2026, 08:00 UTC.
pub(crate) const MONDAY: Micros = Micros(1_795_420_800_000_000);

/// The facility of all of them.
pub(crate) const TENANT: TenantId = TenantId::from_uuid(Uuid::from_u128(0xc11));

/// The record of the patient whose account has this number.
pub(crate) fn record_of(n: u128) -> PatientId {
    PatientId::from_uuid(Uuid::from_u128(0x0100_0000 + n))
}

pub(crate) struct Practice {
    pub(crate) db: TestDb,
    pub(crate) desk: Desk,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) effects: Receiver<LiveEffect>,
    checker: PassChecker,
}

impl Practice {
    pub(crate) fn open(db: TestDb) -> Self {
        let clock = Arc::new(ManualClock::at(MONDAY));
        let key = PassKey::from_pem(&PassKey::generate().unwrap()).unwrap();
        let checker = key.checker();
        let (live, effects) = LiveVisits::channel();
        let clinic = Clinic {
            db: db.clone(),
            clock: clock.clone(),
            entropy: Arc::new(Entropy::seeded(7)),
        };
        Self {
            db,
            desk: Desk::new(clinic, Arc::new(key), live),
            clock,
            effects,
            checker,
        }
    }

    /// Makes an account; `n` makes its id and address.
    pub(crate) async fn person(&self, n: u128, role: Role) -> Actor {
        let position = match role {
            Role::Doctor => Position::Doctor(DoctorProfile {
                specialty: "general_practice".to_owned(),
                zone: "Africa/Douala".to_owned(),
                languages: vec!["fr".to_owned(), "en".to_owned()],
            }),
            other => Position::without_profile(other).unwrap(),
        };
        make_facility(&self.db, TENANT).await;
        let mut tx = self.db.begin().await.unwrap();
        let patient = (role == Role::Patient).then(|| record(n));
        if let Some(patient) = &patient {
            clinical_store::patients::insert(&mut tx, patient, MONDAY)
                .await
                .unwrap();
        }
        let patient = patient.map(|it| it.id);
        let account = Account {
            id: UserId::from_uuid(Uuid::from_u128(n)),
            tenant: TENANT,
            patient,
            factor_grace: Micros(i64::MAX),
            email: Email::parse(&format!("p{n}@test.clinic")).unwrap(),
            name: format!("Person {n}"),
            position,
            disabled: false,
        };
        let credential = Credential {
            password_hash: PasswordHash("$argon2id$none".to_owned()),
            account,
        };
        insert_user(&mut tx, &credential, MONDAY).await.unwrap();
        tx.commit(AuditEntry::done(AuditActor::System, "test.person", MONDAY))
            .await
            .unwrap();
        Actor {
            user: credential.account.id,
            tenant: TENANT,
            patient,
            role,
            session: SessionId::from_uuid(Uuid::from_u128(n)),
            once: None,
        }
    }

    /// A doctor who works round the clock in slots of 15 minutes.
    pub(crate) async fn doctor(&self, n: u128) -> Actor {
        let doctor = self.person(n, Role::Doctor).await;
        let command = HoursCommand {
            zone: "Africa/Douala".to_owned(),
            slot_min: 15,
            stretches: (1..=7)
                .map(|weekday| Stretch {
                    weekday,
                    start_min: 0,
                    end_min: 1440,
                })
                .collect(),
        };
        put_hours(&self.desk, &doctor, command).await.unwrap();
        doctor
    }

    pub(crate) async fn patient(&self, n: u128) -> Actor {
        self.person(n, Role::Patient).await
    }

    /// Books `minutes` after Monday 08:00.
    pub(crate) async fn book(
        &self,
        patient: &Actor,
        doctor: &Actor,
        minutes: i64,
    ) -> Result<Booked, BookError> {
        book_at(&self.desk, patient, doctor.user, minutes).await
    }

    pub(crate) fn at(&self, minutes: i64) {
        self.clock.set(MONDAY.plus(minutes * MIN));
    }

    pub(crate) fn pass(&self, ticket: &str) -> Pass {
        let now = clinical_app::Clock::now(self.clock.as_ref());
        self.checker.check(ticket, now.0).unwrap()
    }
}

pub(crate) async fn book_at(
    desk: &Desk,
    patient: &Actor,
    doctor: UserId,
    minutes: i64,
) -> Result<Booked, BookError> {
    let command = BookCommand {
        doctor,
        service: None,
        start: MONDAY.plus(minutes * MIN),
        reason: Reason::try_from("Toux").unwrap(),
    };
    book(desk, patient, command).await
}

pub(crate) fn here() -> Origin {
    Origin::from(std::net::IpAddr::from([192, 0, 2, 1]))
}

/// A patient by number.
pub(crate) fn record(n: u128) -> Patient {
    Patient {
        id: record_of(n),
        tenant: TENANT,
        demographics: Demographics {
            family: Line::try_from(n.to_string()).unwrap(),
            given: Line::try_from("Person").unwrap(),
            sex: Sex::Unknown,
            birth: None,
            phones: Vec::new(),
            email: None,
            address: None,
            blood_group: None,
            language: None,
            identifiers: Vec::new(),
            emergency: None,
            deceased: None,
        },
        state: PatientState::Active,
        version: 1,
        chart_version: 0,
    }
}
