//! The people of the demo clinic, all of them fictional.

use clinical_model::access::Shift;
use clinical_model::booking::{Stretch, WeeklyHours};
use clinical_model::patients::{Demographics, Patient, PatientState, Sex};
use clinical_model::text::{Line, PartialDate, Phone};
use clinical_model::{
    Account, AuditActor, AuditEntry, DoctorProfile, Email, GrantId, Micros, PatientId, Position,
    Role, SessionId, TenantId, UserId,
};
use clinical_store::booking::Schedule;
use clinical_store::tenants::Tenant;

use super::DemoError;
use crate::identity::{NewUser, create_user};
use crate::{Actor, Desk, Passwords};

/// The password of every demo account.
pub const DEMO_PASSWORD: &str = "demo-clinic-2026";

/// Name of the demo clinic.
const DEMO_NAME: &str = "Clinique de démonstration";

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
    account("nurse2@demo.clinic", "Pauline Manga", Role::Nurse),
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

/// Who a demo patient is besides their name.
struct Person {
    email: &'static str,
    given: &'static str,
    family: &'static str,
    sex: Sex,
    birth: &'static str,
    phone: &'static str,
}

const PATIENTS: [Person; 4] = [
    Person {
        email: "patient@demo.clinic",
        given: "Brigitte",
        family: "Eyenga",
        sex: Sex::Female,
        birth: "1968-03-14",
        phone: "+237699000101",
    },
    Person {
        email: "patient2@demo.clinic",
        given: "Samuel",
        family: "Tchoumi",
        sex: Sex::Male,
        birth: "1951-11-02",
        phone: "+237699000102",
    },
    Person {
        email: "patient3@demo.clinic",
        given: "Fatimatou",
        family: "Bello",
        sex: Sex::Female,
        birth: "1994-07-21",
        phone: "+237699000103",
    },
    Person {
        email: "patient4@demo.clinic",
        given: "Jean-Paul",
        family: "Essomba",
        sex: Sex::Male,
        birth: "1980-05-15",
        phone: "+237699000104",
    },
];

/// Demo staff may work without a second factor for this long: a demo is for looking at.
const DEMO_GRACE_US: i64 = 3_650 * Micros::DAY;

/// Who the appointments are made with.
pub(super) struct People {
    pub(super) tenant: TenantId,
    pub(super) patients: [(UserId, PatientId); 4],
    pub(super) doctors: [UserId; 3],
    pub(super) admin: UserId,
    pub(super) technician: UserId,
    pub(super) pharmacist: UserId,
}

impl People {
    /// Somebody of the clinic, at work.
    pub(super) fn at_work(&self, desk: &Desk, (user, role): (UserId, Role)) -> Actor {
        Actor {
            user,
            tenant: self.tenant,
            patient: None,
            role,
            session: SessionId::from_uuid(desk.opaque_id()),
            once: None,
        }
    }
}

pub(super) async fn seed(desk: &Desk, passwords: &Passwords) -> Result<People, DemoError> {
    let tenant = clinic(desk).await?;
    for person in DEMO_ACCOUNTS {
        if find(desk, person.email).await?.is_none() {
            make(desk, passwords, tenant, person).await?;
        }
    }
    for practice in &PRACTICES {
        open(desk, practice).await?;
    }
    put_on_duty(desk, tenant).await?;
    let patient = async |email| {
        let account = find(desk, email).await?.ok_or(DemoError::Missing)?;
        let record = account.patient.ok_or(DemoError::Missing)?;
        Ok::<_, DemoError>((account.id, record))
    };
    let person = async |email| {
        let account = find(desk, email).await?.ok_or(DemoError::Missing)?;
        Ok::<_, DemoError>(account.id)
    };
    Ok(People {
        tenant,
        patients: [
            patient("patient@demo.clinic").await?,
            patient("patient2@demo.clinic").await?,
            patient("patient3@demo.clinic").await?,
            patient("patient4@demo.clinic").await?,
        ],
        doctors: [
            person("doctor@demo.clinic").await?,
            person("doctor2@demo.clinic").await?,
            person("doctor3@demo.clinic").await?,
        ],
        admin: person("admin@demo.clinic").await?,
        technician: person("lab@demo.clinic").await?,
        pharmacist: person("pharmacist@demo.clinic").await?,
    })
}

/// The demo facility, made when it is missing.
async fn clinic(desk: &Desk) -> Result<TenantId, DemoError> {
    let mut tx = desk.db().begin().await?;
    let known = clinical_store::tenants::list(&mut tx).await?;
    if let Some(tenant) = known.into_iter().find(|it| it.name == DEMO_NAME) {
        return Ok(tenant.id);
    }
    let now = desk.now();
    let tenant = Tenant {
        id: TenantId::from_uuid(desk.id(now)),
        name: DEMO_NAME.to_owned(),
        zone: DEMO_ZONE.to_owned(),
        country: "CM".to_owned(),
    };
    clinical_store::tenants::insert(&mut tx, &tenant, now).await?;
    tx.commit(AuditEntry::done(AuditActor::System, "demo.clinic", now).within(tenant.id))
        .await?;
    Ok(tenant.id)
}

async fn find(desk: &Desk, email: &str) -> Result<Option<Account>, DemoError> {
    let email = Email::parse(email).ok().ok_or(DemoError::Missing)?;
    let mut tx = desk.db().read().await?;
    let found = clinical_store::identity::credential_by_email(&mut tx, &email).await?;
    Ok(found.map(|credential| credential.account))
}

async fn make(
    desk: &Desk,
    passwords: &Passwords,
    tenant: TenantId,
    person: &DemoAccount,
) -> Result<(), DemoError> {
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
    let patient = match PATIENTS.iter().find(|it| it.email == person.email) {
        Some(known) => Some(register(desk, tenant, known).await?),
        None => None,
    };
    let new = NewUser {
        email: person.email.to_owned(),
        name: person.name.to_owned(),
        position,
        tenant,
        patient,
        factor_grace: desk.now().plus(DEMO_GRACE_US),
        password: DEMO_PASSWORD.to_owned(),
    };
    create_user(desk.clinic(), passwords, AuditActor::System, new).await?;
    Ok(())
}

/// Registers a demo patient.
async fn register(desk: &Desk, tenant: TenantId, person: &Person) -> Result<PatientId, DemoError> {
    let now = desk.now();
    let phone: Phone = person.phone.parse().ok().ok_or(DemoError::Missing)?;
    let birth: PartialDate = person.birth.parse().ok().ok_or(DemoError::Missing)?;
    let patient = Patient {
        id: PatientId::from_uuid(desk.id(now)),
        tenant,
        demographics: Demographics {
            family: Line::try_from(person.family)?,
            given: Line::try_from(person.given)?,
            sex: person.sex,
            birth: Some(birth),
            phones: vec![phone],
            email: Some(Line::try_from(person.email)?),
            address: None,
            blood_group: None,
            language: Some(Line::try_from("fr")?),
            identifiers: Vec::new(),
            emergency: None,
            deceased: None,
        },
        state: PatientState::Active,
        version: 1,
        chart_version: 0,
    };
    let mut tx = desk.db().begin().await?;
    clinical_store::patients::insert(&mut tx, &patient, now).await?;
    let entry = AuditEntry::done(AuditActor::System, "demo.register", now)
        .within(tenant)
        .of_patient(patient.id);
    tx.commit(entry).await?;
    Ok(patient.id)
}

/// The nurse is on duty for the day that begins now, at every start.
async fn put_on_duty(desk: &Desk, tenant: TenantId) -> Result<(), DemoError> {
    let now = desk.now();
    let nurse = find(desk, "nurse@demo.clinic")
        .await?
        .ok_or(DemoError::Missing)?;
    let shift = Shift {
        id: GrantId::from_uuid(desk.id(now)),
        tenant,
        person: nurse.id,
        from: now,
        until: now.plus(Micros::DAY),
        created_by: nurse.id,
    };
    let mut tx = desk.db().begin().await?;
    clinical_store::access::insert_shift(&mut tx, &shift).await?;
    tx.commit(AuditEntry::done(AuditActor::System, "demo.shift", now).within(tenant))
        .await?;
    Ok(())
}

/// Sets a doctor's hours, unless they were set before.
async fn open(desk: &Desk, practice: &Practice) -> Result<(), DemoError> {
    let Account {
        id: doctor, tenant, ..
    } = find(desk, practice.email)
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
        .within(tenant)
        .about("user", doctor.as_uuid());
    tx.commit(entry).await?;
    Ok(())
}
