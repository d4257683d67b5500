//! The people of a facility, for its administrators. Everything is bound to the administrator's own
//! facility: a person of another one does not exist here.

use clinical_model::{
    Account, AuditEntry, DoctorProfile, Email, GRACE_US_MAX, Micros, NAME_CHARS_MAX, Position,
    REVIEW_AFTER_US, Role, UserId,
};
use clinical_store::identity::{self, Credential, InsertUserError};
use clinical_store::people::{self as store, Person};
use clinical_store::{StoreError, Tx, factors, one_time, sessions};

use super::one_time::OneTimeToken;
use super::own::password_link;
use super::{Actor, SignIn};
use crate::{Clinic, PasswordError};

/// Longest name of a department, in characters.
const DEPARTMENT_CHARS_MAX: usize = 80;
/// Most languages of one person.
const LANGUAGES_MAX: usize = 10;

/// What an administrator says about a person.
#[derive(Clone)]
pub struct Details {
    /// Display name.
    pub name: String,
    /// What they are to the clinic.
    pub role: Role,
    /// Where they work; may be empty.
    pub department: String,
    /// Doctors: code of the specialty.
    pub specialty: Option<String>,
    /// Doctors: IANA zone of their hours.
    pub zone: Option<String>,
    /// Doctors: BCP 47 tags of the languages spoken.
    pub languages: Vec<String>,
}

impl core::fmt::Debug for Details {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Details({})", self.role)
    }
}

/// Something that was not done to a person.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// A value is not acceptable; which one.
    #[error("{0} is not acceptable")]
    Invalid(&'static str),
    /// Another account has this address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// There is no such person in the facility.
    #[error("there is no such person")]
    NotFound,
    /// It was changed meanwhile.
    #[error("the person has changed")]
    Changed,
    /// Nobody shuts or demotes themself: a facility would be left without an administrator.
    #[error("not to oneself")]
    Oneself,
    /// The password was not hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The staff of the caller's facility, by name.
///
/// # Errors
/// The store failed.
pub async fn people(clinic: &Clinic, actor: &Actor) -> Result<Vec<Person>, StoreError> {
    let mut people = store::staff(&mut *clinic.db.read().await?, actor.tenant).await?;
    people.sort_by(|one, two| one.account.name.cmp(&two.account.name));
    Ok(people)
}

/// Whether a person is due for a review.
#[must_use]
pub fn is_due(person: &Person, now: Micros) -> bool {
    let last = person.reviewed.max(person.created);
    now.since(last) >= REVIEW_AFTER_US && !person.account.disabled
}

/// One member of staff of the caller's facility.
///
/// # Errors
/// There is none, or the store failed.
pub async fn person(clinic: &Clinic, actor: &Actor, id: UserId) -> Result<Person, PeopleError> {
    store::person(&mut *clinic.db.read().await?, actor.tenant, id)
        .await?
        .ok_or(PeopleError::NotFound)
}

/// Makes an account of a member of staff, with a link for choosing a password.
///
/// # Errors
/// See [`PeopleError`].
pub async fn add_person(
    clinic: &Clinic,
    sign_in: &SignIn,
    actor: &Actor,
    email: &str,
    details: &Details,
) -> Result<(Person, OneTimeToken), PeopleError> {
    let email = Email::parse(email).map_err(|_shape| PeopleError::Invalid("email"))?;
    let now = clinic.clock.now();
    let id = UserId::from_uuid(clinic.entropy.uuid(now));
    // Nobody knows this password: only the link opens the account.
    let unknown = uuid::Uuid::from_bytes(clinic.entropy.bytes()).to_string();
    let account = Account {
        id,
        tenant: actor.tenant,
        email,
        name: name(details)?,
        position: position(details)?,
        patient: None,
        factor_grace: Micros(0),
        disabled: false,
    };
    let department = department(details)?;
    let credential = Credential {
        password_hash: sign_in.passwords.hash(&unknown, &clinic.entropy).await?,
        account,
    };
    let mut tx = clinic.db.begin().await?;
    identity::insert_user(&mut tx, &credential, now)
        .await
        .map_err(|error| match error {
            InsertUserError::EmailTaken => PeopleError::EmailTaken,
            InsertUserError::Store(error) => error.into(),
        })?;
    store::change(&mut tx, &credential.account, &department, 1).await?;
    store::set_reviewed(&mut tx, actor.tenant, id, now).await?;
    let link = password_link(clinic, &mut tx, id, now).await?;
    let made = found(&mut tx, actor, id).await?;
    tx.commit(about(actor, "identity.person_added", id, now).under(details.role.as_str()))
        .await?;
    Ok((made, link))
}

/// Changes a person's name, role, department and languages. A new role counts at the next request.
///
/// # Errors
/// See [`PeopleError`].
pub async fn change_person(
    clinic: &Clinic,
    actor: &Actor,
    (id, version): (UserId, u32),
    details: &Details,
) -> Result<Person, PeopleError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let before = found(&mut tx, actor, id).await?;
    let role_before = before.account.position.role();
    if id == actor.user && details.role != role_before {
        return Err(PeopleError::Oneself);
    }
    let account = Account {
        name: name(details)?,
        position: position(details)?,
        ..before.account
    };
    if !store::change(&mut tx, &account, &department(details)?, version).await? {
        return Err(PeopleError::Changed);
    }
    let after = found(&mut tx, actor, id).await?;
    let action = if details.role == role_before {
        "identity.person_changed"
    } else {
        "identity.role_changed"
    };
    tx.commit(about(actor, action, id, now).under(details.role.as_str()))
        .await?;
    Ok(after)
}

/// Suspends a person, or lets them in again. Sign-ins of a suspended person end.
///
/// # Errors
/// See [`PeopleError`].
pub async fn set_suspended(
    clinic: &Clinic,
    actor: &Actor,
    id: UserId,
    suspended: bool,
) -> Result<Person, PeopleError> {
    if id == actor.user {
        return Err(PeopleError::Oneself);
    }
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    found(&mut tx, actor, id).await?;
    identity::set_disabled(&mut tx, id, suspended).await?;
    if suspended {
        sessions::end_others(&mut tx, id, None, now).await?;
        one_time::forget_all(&mut tx, id).await?;
    }
    let action = if suspended {
        "identity.person_suspended"
    } else {
        "identity.person_restored"
    };
    let after = found(&mut tx, actor, id).await?;
    tx.commit(about(actor, action, id, now)).await?;
    Ok(after)
}

/// For somebody who lost password or factors: removes the factors, ends all sign-ins, and answers
/// with a link for choosing a new password. The administrator has made sure whom it is given to.
///
/// # Errors
/// See [`PeopleError`].
pub async fn reset_person(
    clinic: &Clinic,
    actor: &Actor,
    id: UserId,
) -> Result<OneTimeToken, PeopleError> {
    if id == actor.user {
        return Err(PeopleError::Oneself);
    }
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    found(&mut tx, actor, id).await?;
    factors::remove_all(&mut tx, id).await?;
    sessions::end_others(&mut tx, id, None, now).await?;
    one_time::forget_all(&mut tx, id).await?;
    let link = password_link(clinic, &mut tx, id, now).await?;
    tx.commit(about(actor, "identity.person_reset", id, now))
        .await?;
    Ok(link)
}

/// Lets a person work without a second factor for some days, at most seven. Zero ends it.
///
/// # Errors
/// See [`PeopleError`].
pub async fn give_grace(
    clinic: &Clinic,
    actor: &Actor,
    id: UserId,
    days: u8,
) -> Result<Person, PeopleError> {
    let life_us = i64::from(days) * Micros::DAY;
    if life_us > GRACE_US_MAX {
        return Err(PeopleError::Invalid("days"));
    }
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    found(&mut tx, actor, id).await?;
    store::set_grace(&mut tx, actor.tenant, id, now.plus(life_us)).await?;
    let after = found(&mut tx, actor, id).await?;
    tx.commit(about(actor, "identity.factor_grace", id, now))
        .await?;
    Ok(after)
}

/// Notes that the caller has looked whether a person should still have this account and role.
///
/// # Errors
/// See [`PeopleError`].
pub async fn review_person(
    clinic: &Clinic,
    actor: &Actor,
    id: UserId,
) -> Result<Person, PeopleError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    found(&mut tx, actor, id).await?;
    store::set_reviewed(&mut tx, actor.tenant, id, now).await?;
    let after = found(&mut tx, actor, id).await?;
    tx.commit(about(actor, "identity.person_reviewed", id, now))
        .await?;
    Ok(after)
}

async fn found(tx: &mut Tx, actor: &Actor, id: UserId) -> Result<Person, PeopleError> {
    store::person(tx, actor.tenant, id)
        .await?
        .ok_or(PeopleError::NotFound)
}

fn about(actor: &Actor, action: &'static str, id: UserId, now: Micros) -> AuditEntry {
    AuditEntry::done(actor.audit(), action, now)
        .within(actor.tenant)
        .about("user", id.as_uuid())
}

fn name(details: &Details) -> Result<String, PeopleError> {
    let name = details.name.trim();
    let length = name.chars().count();
    if (1..=NAME_CHARS_MAX).contains(&length) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(PeopleError::Invalid("name"))
    }
}

fn department(details: &Details) -> Result<String, PeopleError> {
    let department = details.department.trim();
    if department.chars().count() <= DEPARTMENT_CHARS_MAX
        && !department.chars().any(char::is_control)
    {
        Ok(department.to_owned())
    } else {
        Err(PeopleError::Invalid("department"))
    }
}

fn position(details: &Details) -> Result<Position, PeopleError> {
    if details.role == Role::Patient {
        // Patients are registered with their record.
        return Err(PeopleError::Invalid("role"));
    }
    if let Some(other) = Position::without_profile(details.role) {
        return Ok(other);
    }
    let is_word = |text: &String| {
        (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-/+".contains(&byte))
    };
    let specialty = details
        .specialty
        .clone()
        .filter(is_word)
        .ok_or(PeopleError::Invalid("specialty"))?;
    let zone = details
        .zone
        .clone()
        .filter(is_word)
        .ok_or(PeopleError::Invalid("zone"))?;
    if details.languages.len() > LANGUAGES_MAX || !details.languages.iter().all(is_word) {
        return Err(PeopleError::Invalid("languages"));
    }
    Ok(Position::Doctor(DoctorProfile {
        specialty,
        zone,
        languages: details.languages.clone(),
    }))
}
