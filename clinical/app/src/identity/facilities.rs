//! Facilities of an installation. Whoever runs the program makes them; nobody inside one can.

use clinical_model::{
    Account, AuditActor, AuditEntry, Email, Micros, NAME_CHARS_MAX, PASSWORD_LINK_LIFE_US,
    Position, Role, TenantId, UserId,
};
use clinical_store::identity::{self, Credential, InsertUserError};
use clinical_store::tenants::{self, Tenant};
use clinical_store::{StoreError, people as store};

use super::one_time::OneTimeToken;
use super::own::password_link;
use crate::{Clinic, PasswordError, Passwords};

/// Longest name of a facility, in characters.
const FACILITY_CHARS_MAX: usize = 200;

/// A facility to be made, and its first administrator.
#[derive(Clone)]
pub struct NewFacility {
    /// What people call it.
    pub name: String,
    /// IANA zone in which it keeps its hours.
    pub zone: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Name of the administrator's account at sign-in.
    pub admin_email: String,
    /// The administrator's name.
    pub admin_name: String,
}

impl core::fmt::Debug for NewFacility {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "NewFacility({})", self.country)
    }
}

/// A facility that was made.
#[derive(Debug)]
pub struct Founded {
    /// The facility.
    pub facility: Tenant,
    /// The account of its first administrator.
    pub admin: UserId,
    /// With it the administrator chooses a password.
    pub link: OneTimeToken,
    /// When the link stops working.
    pub link_until: Micros,
}

/// A facility that was not made.
#[derive(Debug, thiserror::Error)]
pub enum FacilityError {
    /// A value is not acceptable; which one.
    #[error("{0} is not acceptable")]
    Invalid(&'static str),
    /// There is one of this name.
    #[error("there is a facility of this name")]
    NameTaken,
    /// Another account has the administrator's address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The password was not hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Every facility, oldest first.
///
/// # Errors
/// The store failed.
pub async fn facilities(clinic: &Clinic) -> Result<Vec<Tenant>, StoreError> {
    tenants::list(&mut *clinic.db.read().await?).await
}

/// Makes a facility with its own key, people and patients, and its first administrator with a link
/// for choosing a password: both or neither.
///
/// # Errors
/// See [`FacilityError`].
pub async fn add_facility(
    clinic: &Clinic,
    passwords: &Passwords,
    new: &NewFacility,
) -> Result<Founded, FacilityError> {
    let now = clinic.clock.now();
    let facility = Tenant {
        id: TenantId::from_uuid(clinic.entropy.uuid(now)),
        name: line(&new.name, FACILITY_CHARS_MAX).ok_or(FacilityError::Invalid("name"))?,
        zone: zone(&new.zone)?,
        country: country(&new.country)?,
    };
    let email = Email::parse(&new.admin_email).or(Err(FacilityError::Invalid("admin-email")))?;
    let name = line(&new.admin_name, NAME_CHARS_MAX).ok_or(FacilityError::Invalid("admin-name"))?;
    let position =
        Position::without_profile(Role::Admin).ok_or(FacilityError::Invalid("admin-name"))?;
    let admin = UserId::from_uuid(clinic.entropy.uuid(now));
    // Nobody knows this password: only the link opens the account.
    let unknown = uuid::Uuid::from_bytes(clinic.entropy.bytes()).to_string();
    let credential = Credential {
        password_hash: passwords.hash(&unknown, &clinic.entropy).await?,
        account: Account {
            id: admin,
            tenant: facility.id,
            email,
            name,
            position,
            patient: None,
            factor_grace: Micros(0),
            disabled: false,
        },
    };
    let mut tx = clinic.db.begin().await?;
    let same = |it: &Tenant| it.name.to_lowercase() == facility.name.to_lowercase();
    if tenants::list(&mut tx).await?.iter().any(same) {
        return Err(FacilityError::NameTaken);
    }
    tenants::insert(&mut tx, &facility, now).await?;
    identity::insert_user(&mut tx, &credential, now)
        .await
        .map_err(|error| match error {
            InsertUserError::EmailTaken => FacilityError::EmailTaken,
            InsertUserError::Store(error) => error.into(),
        })?;
    store::set_reviewed(&mut tx, facility.id, admin, now).await?;
    let link = password_link(clinic, &mut tx, admin, now).await?;
    let act = |action| AuditEntry::done(AuditActor::System, action, now).within(facility.id);
    tx.also(act("facility.add").about("facility", facility.id.as_uuid()))
        .await?;
    let person = act("identity.person_added").about("user", admin.as_uuid());
    tx.commit(person.under(Role::Admin.as_str())).await?;
    Ok(Founded {
        facility,
        admin,
        link,
        link_until: now.plus(PASSWORD_LINK_LIFE_US),
    })
}

fn line(text: &str, chars_max: usize) -> Option<String> {
    let text = text.trim();
    let fits = (1..=chars_max).contains(&text.chars().count());
    (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn zone(text: &str) -> Result<String, FacilityError> {
    let known = jiff::tz::TimeZone::get(text).is_ok();
    known
        .then(|| text.to_owned())
        .ok_or(FacilityError::Invalid("zone"))
}

fn country(text: &str) -> Result<String, FacilityError> {
    let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_code
        .then(|| text.to_ascii_uppercase())
        .ok_or(FacilityError::Invalid("country"))
}
