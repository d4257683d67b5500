//! The people of the demo clinic, all of them fictional.

use clinical_model::booking::{Stretch, WeeklyHours};
use clinical_model::{AuditActor, AuditEntry, DoctorProfile, Email, Position, Role, UserId};
use clinical_store::booking::Schedule;

use super::DemoError;
use crate::identity::{NewUser, create_user};
use crate::{Desk, Passwords};

/// The password of every demo account.
pub const DEMO_PASSWORD: &str = "demo-clinic-2026";

/// IANA zone of the demo clinic.
pub const DEMO_ZONE: &str = "Africa/Douala";

/// One account of the demo clinic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoAccount {
    /// Name of the account at sign-in.
    pub email: &'static str,
    /// Display name.
    pub name: &'static str,
    /// What they are to the clinic.
    pub role: Role,
}

const fn account(email: &'static str, name: &'static str, role: Role) -> DemoAccount {
    DemoAccount { email, name, role }
}

/// Every account; the first ones are those that a visitor tries first.
pub const DEMO_ACCOUNTS: &[DemoAccount] = &[
    account("patient@demo.clinic", "Brigitte Eyenga", Role::Patient),
    account("doctor@demo.clinic", "Dr Aïssatou Mbarga", Role::Doctor),
    account("admin@demo.clinic", "Gaston Mekongo", Role::Admin),
    account("patient2@demo.clinic", "Samuel Tchoumi", Role::Patient),
    account("patient3@demo.clinic", "Fatimatou Bello", Role::Patient),
    account("patient4@demo.clinic", "Jean-Paul Essomba", Role::Patient),
    account("doctor2@demo.clinic", "Dr Emmanuel Fotso", Role::Doctor),
    account("doctor3@demo.clinic", "Dr Clarisse Ngo Bikoï", Role::Doctor),
    account("nurse@demo.clinic", "Solange Atangana", Role::Nurse),
    account("pharmacist@demo.clinic", "Hervé Kamdem", Role::Pharmacist),
    account("lab@demo.clinic", "Rosine Njoya", Role::LabTechnician),
    account(
        "radiologist@demo.clinic",
        "Dr Alain Owona",
        Role::Radiologist,
    ),
    account(
        "pathologist@demo.clinic",
        "Dr Mireille Talla",
        Role::Pathologist,
    ),
    account(
        "authority@demo.clinic",
        "Ibrahim Hamadou",
        Role::HealthAuthority,
    ),
];

/// How a demo doctor works.
struct Practice {
    email: &'static str,
    specialty: &'static str,
    languages: &'static [&'static str],
    slot_min: u16,
    days: core::ops::RangeInclusive<u8>,
    /// Begin and end in minutes after midnight.
    hours: &'static [(u16, u16)],
}

const PRACTICES: [Practice; 3] = [
    // Round the clock, so that a visit can be tried at any hour.
    Practice {
        email: "doctor@demo.clinic",
        specialty: "general_practice",
        languages: &["fr", "en"],
        slot_min: 15,
        days: 1..=7,
        hours: &[(0, 1440)],
    },
    Practice {
        email: "doctor2@demo.clinic",
        specialty: "paediatrics",
        languages: &["fr"],
        slot_min: 20,
        days: 1..=5,
        hours: &[(8 * 60, 12 * 60), (14 * 60, 17 * 60)],
    },
    Practice {
        email: "doctor3@demo.clinic",
        specialty: "gynaecology",
        languages: &["fr", "en"],
        slot_min: 30,
        days: 1..=6,
        hours: &[(9 * 60, 13 * 60)],
    },
];

/// Who the appointments are made with.
pub(super) struct People {
    pub(super) patients: [UserId; 4],
    pub(super) doctors: [UserId; 3],
}

pub(super) async fn seed(desk: &Desk, passwords: &Passwords) -> Result<People, DemoError> {
    for person in DEMO_ACCOUNTS {
        if find(desk, person.email).await?.is_none() {
            make(desk, passwords, person).await?;
        }
    }
    for practice in &PRACTICES {
        open(desk, practice).await?;
    }
    let id = async |email| find(desk, email).await?.ok_or(DemoError::Missing);
    Ok(People {
        patients: [
            id("patient@demo.clinic").await?,
            id("patient2@demo.clinic").await?,
            id("patient3@demo.clinic").await?,
            id("patient4@demo.clinic").await?,
        ],
        doctors: [
            id("doctor@demo.clinic").await?,
            id("doctor2@demo.clinic").await?,
            id("doctor3@demo.clinic").await?,
        ],
    })
}

async fn find(desk: &Desk, email: &str) -> Result<Option<UserId>, DemoError> {
    let email = Email::parse(email).ok().ok_or(DemoError::Missing)?;
    let mut tx = desk.db().read().await?;
    let found = clinical_store::identity::credential_by_email(&mut tx, &email).await?;
    Ok(found.map(|credential| credential.account.id))
}

async fn make(desk: &Desk, passwords: &Passwords, person: &DemoAccount) -> Result<(), DemoError> {
    let practice = PRACTICES.iter().find(|p| p.email == person.email);
    let position = match practice {
        Some(practice) => Position::Doctor(DoctorProfile {
            specialty: practice.specialty.to_owned(),
            zone: DEMO_ZONE.to_owned(),
            languages: practice
                .languages
                .iter()
                .map(|&tag| tag.to_owned())
                .collect(),
        }),
        None => Position::without_profile(person.role).ok_or(DemoError::Missing)?,
    };
    let new = NewUser {
        email: person.email.to_owned(),
        name: person.name.to_owned(),
        position,
        password: DEMO_PASSWORD.to_owned(),
    };
    create_user(desk.clinic(), passwords, AuditActor::System, new).await?;
    Ok(())
}

/// Sets a doctor's hours, unless they were set before.
async fn open(desk: &Desk, practice: &Practice) -> Result<(), DemoError> {
    let doctor = find(desk, practice.email)
        .await?
        .ok_or(DemoError::Missing)?;
    let mut tx = desk.db().begin().await?;
    if clinical_store::booking::schedule(&mut tx, doctor)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let stretches: Vec<Stretch> = practice
        .days
        .clone()
        .flat_map(|weekday| {
            practice
                .hours
                .iter()
                .map(move |&(start_min, end_min)| Stretch {
                    weekday,
                    start_min,
                    end_min,
                })
        })
        .collect();
    let schedule = Schedule {
        zone: DEMO_ZONE.to_owned(),
        hours: WeeklyHours::parse(practice.slot_min, &stretches)?,
    };
    clinical_store::booking::put_schedule(&mut tx, doctor, &schedule).await?;
    let entry = AuditEntry::done(AuditActor::System, "demo.put_hours", desk.now())
        .about("user", doctor.as_uuid());
    tx.commit(entry).await?;
    Ok(())
}
