//! Making accounts.

use clinical_model::{
    Account, AuditActor, AuditEntry, Email, Micros, NAME_CHARS_MAX, PatientId, Position, TenantId,
    UserId,
};
use clinical_store::StoreError;
use clinical_store::identity::{self as store, Credential, InsertUserError};

use crate::{Clinic, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PasswordError, Passwords};

/// An account to be made.
pub struct NewUser {
    /// Name of the account at sign-in.
    pub email: String,
    /// Display name, 1 to 80 characters.
    pub name: String,
    /// What they are to the clinic.
    pub position: Position,
    /// In which facility.
    pub tenant: TenantId,
    /// Their own record; patients have one, others do not.
    pub patient: Option<PatientId>,
    /// Until then staff may work without a second factor.
    pub factor_grace: Micros,
    /// At least [`PASSWORD_CHARS_MIN`] characters, at most [`PASSWORD_BYTES_MAX`] bytes.
    pub password: String,
}

impl core::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "NewUser({})", self.position.role())
    }
}

/// An account that was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// Not an e-mail address.
    #[error("not an e-mail address")]
    Email,
    /// Empty, too long or with control characters.
    #[error("the name has 1 to {NAME_CHARS_MAX} printable characters")]
    Name,
    /// Too short or too long.
    #[error(
        "a password has {PASSWORD_CHARS_MIN} characters or more, up to {PASSWORD_BYTES_MAX} bytes"
    )]
    Password,
    /// Another account has this address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The password was not hashed.
    #[error("the password was not hashed")]
    Hash(#[from] PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes an account.
///
/// # Errors
/// See [`CreateUserError`].
pub async fn create_user(
    clinic: &Clinic,
    passwords: &Passwords,
    actor: AuditActor,
    new: NewUser,
) -> Result<UserId, CreateUserError> {
    let email = Email::parse(&new.email).or(Err(CreateUserError::Email))?;
    let name = new.name.trim();
    let length = name.chars().count();
    if !(1..=NAME_CHARS_MAX).contains(&length) || name.chars().any(char::is_control) {
        return Err(CreateUserError::Name);
    }
    if new.password.chars().count() < PASSWORD_CHARS_MIN || new.password.len() > PASSWORD_BYTES_MAX
    {
        return Err(CreateUserError::Password);
    }
    let now = clinic.clock.now();
    let id = UserId::from_uuid(clinic.entropy.uuid(now));
    let credential = Credential {
        password_hash: passwords.hash(&new.password, &clinic.entropy).await?,
        account: Account {
            id,
            tenant: new.tenant,
            email,
            name: name.to_owned(),
            position: new.position,
            patient: new.patient,
            factor_grace: new.factor_grace,
            disabled: false,
        },
    };
    let mut tx = clinic.db.begin().await?;
    match store::insert_user(&mut tx, &credential, now).await {
        Ok(()) => {}
        Err(InsertUserError::EmailTaken) => return Err(CreateUserError::EmailTaken),
        Err(InsertUserError::Store(error)) => return Err(error.into()),
    }
    let entry = AuditEntry::done(actor, "identity.create_user", now)
        .within(new.tenant)
        .about("user", id.as_uuid());
    tx.commit(entry).await?;
    Ok(id)
}
