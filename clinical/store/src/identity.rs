//! Accounts and sign-ins.

use clinical_model::{
    Account, DoctorProfile, Email, Micros, PatientId, Position, Role, Session, SessionId, TenantId,
    TokenHash, UserId,
};
use clinical_vault::DataKey;
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_optional};
use crate::{Conn, StoreError, Tx, keys};

/// The address of an account is sealed and indexed under the installation's key: who signs in names
/// no facility.
async fn address_key(conn: &mut Conn) -> Result<std::sync::Arc<DataKey>, StoreError> {
    keys::tenant_key(conn, TenantId::INSTALLATION).await
}

const fn email_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("users", "email_sealed", id)
}

/// The name of a person as it is stored with their account.
pub(crate) const fn name_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("users", "name_sealed", id)
}

/// Opens the name of a member of staff that was read with another row.
pub(crate) async fn open_name(
    conn: &mut Conn,
    tenant: TenantId,
    person: UserId,
    sealed: &[u8],
) -> Result<String, StoreError> {
    let key = keys::tenant_key(conn, tenant).await?;
    keys::open(&key, name_place(person.as_uuid()), sealed)
}

/// An account with the hash that proves its password.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The account.
    pub account: Account,
    /// Argon2id, PHC string.
    pub password_hash: PasswordHash,
}

/// An Argon2id hash as a PHC string; it does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl core::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// An account that was not made.
#[derive(Debug, thiserror::Error)]
pub enum InsertUserError {
    /// Another account has this e-mail address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes an account.
///
/// # Errors
/// The address is taken, or the store failed.
pub async fn insert_user(
    tx: &mut Tx,
    credential: &Credential,
    now: Micros,
) -> Result<(), InsertUserError> {
    let account = &credential.account;
    let (zone, specialty, languages) = match &account.position {
        Position::Doctor(profile) => (
            Some(profile.zone.as_str()),
            Some(profile.specialty.as_str()),
            profile.languages.join(" "),
        ),
        Position::Other(_) => (None, None, String::new()),
    };
    let id = account.id.as_uuid();
    let address = address_key(tx).await?;
    let key = keys::tenant_key(tx, account.tenant).await?;
    let email = account.email.as_str();
    execute_one!(
        tx,
        "INSERT INTO users (id, tenant, email_index, email_sealed, name_sealed, role,
                            password_hash, zone, specialty, languages, patient, factor_grace_us,
                            disabled, created_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        id,
        account.tenant.as_uuid(),
        address.blind_index("email", email).to_vec(),
        keys::seal(&address, email_place(id), email)?,
        keys::seal(&key, name_place(id), &account.name)?,
        account.position.role().as_str(),
        credential.password_hash.0.as_str(),
        zone,
        specialty,
        languages,
        account.patient.map(Uuid::from),
        account.factor_grace.0,
        account.disabled,
        now.0,
    )
    .map_err(|error| {
        if error.violates("users_email", "users.email_index") {
            InsertUserError::EmailTaken
        } else {
            error.into()
        }
    })
}

macro_rules! select_users {
    ($tail:literal) => {
        concat!(
            "SELECT id, tenant, email_sealed, name_sealed, role, password_hash, zone, specialty,
                 languages, patient, factor_grace_us, disabled
             FROM users ",
            $tail
        )
    };
}

/// Finds an account by its e-mail address, with its password hash.
///
/// # Errors
/// The store failed.
pub async fn credential_by_email(
    conn: &mut Conn,
    email: &Email,
) -> Result<Option<Credential>, StoreError> {
    let index = address_key(conn)
        .await?
        .blind_index("email", email.as_str());
    let row = fetch_optional!(
        conn,
        UserRow,
        select_users!("WHERE email_index = $1"),
        index.to_vec(),
    )?;
    match row {
        Some(row) => opened(conn, row).await.map(Some),
        None => Ok(None),
    }
}

/// Finds an account.
///
/// # Errors
/// The store failed.
pub async fn account(conn: &mut Conn, id: UserId) -> Result<Option<Account>, StoreError> {
    Ok(credential(conn, id).await?.map(|found| found.account))
}

/// Finds an account with its password hash.
///
/// # Errors
/// The store failed.
pub async fn credential(conn: &mut Conn, id: UserId) -> Result<Option<Credential>, StoreError> {
    let row = fetch_optional!(conn, UserRow, select_users!("WHERE id = $1"), id.as_uuid(),)?;
    match row {
        Some(row) => opened(conn, row).await.map(Some),
        None => Ok(None),
    }
}

/// Shuts an account, or opens it again. Its sign-ins are judged with it at every request.
///
/// # Errors
/// There is no such account, or the store failed.
pub async fn set_disabled(tx: &mut Tx, id: UserId, disabled: bool) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "UPDATE users SET disabled = $2 WHERE id = $1",
        id.as_uuid(),
        disabled,
    )
}

/// Overwrites name, address and password of an account, and shuts it. Its id stays in the audit
/// chain and names nobody.
///
/// # Errors
/// There is no such account, or the store failed.
pub(crate) async fn forget(tx: &mut Tx, tenant: TenantId, id: UserId) -> Result<(), StoreError> {
    let id = id.as_uuid();
    let address = address_key(tx).await?;
    let key = keys::tenant_key(tx, tenant).await?;
    let email = format!("{id}@erased.invalid");
    execute_one!(
        tx,
        "UPDATE users SET email_index = $1, email_sealed = $2, name_sealed = $3,
             password_hash = '$argon2id$erased', disabled = $4
         WHERE id = $5 AND tenant = $6",
        address.blind_index("email", &email).to_vec(),
        keys::seal(&address, email_place(id), &email)?,
        keys::seal(&key, name_place(id), "-")?,
        true,
        id,
        tenant.as_uuid()
    )
}

/// Replaces the password of an account.
///
/// # Errors
/// There is no such account, or the store failed.
pub async fn set_password(tx: &mut Tx, id: UserId, hash: &PasswordHash) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "UPDATE users SET password_hash = $2 WHERE id = $1",
        id.as_uuid(),
        hash.0.as_str(),
    )
}

/// Stores a new sign-in.
///
/// # Errors
/// The store failed.
pub async fn insert_session(tx: &mut Tx, session: &Session) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO sessions (id, user_id, token_hash, previous_hash, rotated_us, created_us,
                               expires_us, revoked_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        session.id.as_uuid(),
        session.user.as_uuid(),
        session.current.as_str(),
        session.previous.as_ref().map(TokenHash::as_str),
        session.rotated.0,
        session.created.0,
        session.expires.0,
        session.revoked.map(|at| at.0),
    )
}

/// Finds a sign-in.
///
/// # Errors
/// The store failed.
pub async fn session(conn: &mut Conn, id: SessionId) -> Result<Option<Session>, StoreError> {
    let row = fetch_optional!(
        conn,
        SessionRow,
        "SELECT id, user_id, token_hash, previous_hash, rotated_us, created_us, expires_us,
                revoked_us
         FROM sessions WHERE id = $1",
        id.as_uuid(),
    )?;
    Ok(row.map(Session::from))
}

/// Replaces the refresh token of a live sign-in, if `from` is still the current one. Answers
/// whether it was: of two that try at once, one wins.
///
/// # Errors
/// The store failed.
pub async fn rotate_session(
    tx: &mut Tx,
    id: SessionId,
    from: &TokenHash,
    to: &TokenHash,
    now: Micros,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE sessions SET previous_hash = token_hash, token_hash = $3, rotated_us = $4
         WHERE id = $1 AND token_hash = $2 AND revoked_us IS NULL AND expires_us > $4",
        id.as_uuid(),
        from.as_str(),
        to.as_str(),
        now.0,
    )?;
    Ok(touched == 1)
}

/// Ends a sign-in; the first end is the one that counts.
///
/// # Errors
/// The store failed.
pub async fn revoke_session(tx: &mut Tx, id: SessionId, now: Micros) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE sessions SET revoked_us = $2 WHERE id = $1 AND revoked_us IS NULL",
        id.as_uuid(),
        now.0,
    )?;
    Ok(touched == 1)
}

/// Forgets sign-ins of one account that expired before `before`, so that the table does not grow
/// with every sign-in.
///
/// # Errors
/// The store failed.
pub async fn forget_expired_sessions(
    tx: &mut Tx,
    user: UserId,
    before: Micros,
) -> Result<u64, StoreError> {
    execute!(
        tx,
        "DELETE FROM sessions WHERE user_id = $1 AND expires_us < $2",
        user.as_uuid(),
        before.0,
    )
}

#[derive(sqlx::FromRow)]
struct UserRow {
    id: Uuid,
    tenant: Uuid,
    email_sealed: Vec<u8>,
    name_sealed: Vec<u8>,
    role: String,
    password_hash: String,
    zone: Option<String>,
    specialty: Option<String>,
    languages: String,
    patient: Option<Uuid>,
    factor_grace_us: i64,
    disabled: bool,
}

async fn opened(conn: &mut Conn, row: UserRow) -> Result<Credential, StoreError> {
    let tenant = TenantId::from_uuid(row.tenant);
    let address = address_key(conn).await?;
    let email = keys::open(&address, email_place(row.id), &row.email_sealed)?;
    let id = UserId::from_uuid(row.id);
    Ok(Credential {
        account: Account {
            id,
            tenant,
            email: Email::parse(&email)
                .map_err(|error| StoreError::corrupt("users.email_sealed", error))?,
            name: open_name(conn, tenant, id, &row.name_sealed).await?,
            position: position(&row)?,
            patient: row.patient.map(PatientId::from_uuid),
            factor_grace: Micros(row.factor_grace_us),
            disabled: row.disabled,
        },
        password_hash: PasswordHash(row.password_hash),
    })
}

fn position(row: &UserRow) -> Result<Position, StoreError> {
    let role: Role = row
        .role
        .parse()
        .map_err(|error| StoreError::corrupt("users.role", error))?;
    match (Position::without_profile(role), &row.specialty, &row.zone) {
        (Some(other), _, _) => Ok(other),
        (None, Some(specialty), Some(zone)) => Ok(Position::Doctor(DoctorProfile {
            specialty: specialty.clone(),
            zone: zone.clone(),
            languages: row
                .languages
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
        })),
        (None, _, _) => Err(StoreError::corrupt(
            "users.specialty",
            "a doctor without profile",
        )),
    }
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    id: Uuid,
    user_id: Uuid,
    token_hash: String,
    previous_hash: Option<String>,
    rotated_us: i64,
    created_us: i64,
    expires_us: i64,
    revoked_us: Option<i64>,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: SessionId::from_uuid(row.id),
            user: UserId::from_uuid(row.user_id),
            current: TokenHash::from_hex(row.token_hash),
            previous: row.previous_hash.map(TokenHash::from_hex),
            rotated: Micros(row.rotated_us),
            created: Micros(row.created_us),
            expires: Micros(row.expires_us),
            revoked: row.revoked_us.map(Micros),
        }
    }
}
