//! Accounts and sign-ins.

use clinical_model::{
    Account, DoctorProfile, Email, Micros, Position, Role, Session, SessionId, TokenHash, UserId,
};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_optional};
use crate::{Conn, StoreError, Tx};

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
    execute_one!(
        tx,
        "INSERT INTO users (id, email, name, role, password_hash, zone, specialty, languages,
                            disabled, created_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        account.id.as_uuid(),
        account.email.as_str(),
        account.name.as_str(),
        account.position.role().as_str(),
        credential.password_hash.0.as_str(),
        zone,
        specialty,
        languages,
        account.disabled,
        now.0,
    )
    .map_err(|error| {
        if error.violates("users_email", "users.email") {
            InsertUserError::EmailTaken
        } else {
            error.into()
        }
    })
}

/// Finds an account by its e-mail address, with its password hash.
///
/// # Errors
/// The store failed.
pub async fn credential_by_email(
    conn: &mut Conn,
    email: &Email,
) -> Result<Option<Credential>, StoreError> {
    fetch_optional!(
        conn,
        UserRow,
        "SELECT id, email, name, role, password_hash, zone, specialty, languages, disabled
         FROM users WHERE email = $1",
        email.as_str(),
    )?
    .map(Credential::try_from)
    .transpose()
}

/// Finds an account.
///
/// # Errors
/// The store failed.
pub async fn account(conn: &mut Conn, id: UserId) -> Result<Option<Account>, StoreError> {
    let row = fetch_optional!(
        conn,
        UserRow,
        "SELECT id, email, name, role, password_hash, zone, specialty, languages, disabled
         FROM users WHERE id = $1",
        id.as_uuid(),
    )?;
    row.map(|row| Credential::try_from(row).map(|credential| credential.account))
        .transpose()
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
    email: String,
    name: String,
    role: String,
    password_hash: String,
    zone: Option<String>,
    specialty: Option<String>,
    languages: String,
    disabled: bool,
}

impl TryFrom<UserRow> for Credential {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        let role: Role = row
            .role
            .parse()
            .map_err(|error| StoreError::corrupt("users.role", error))?;
        let position = match (Position::without_profile(role), row.specialty, row.zone) {
            (Some(other), _, _) => other,
            (None, Some(specialty), Some(zone)) => Position::Doctor(DoctorProfile {
                specialty,
                zone,
                languages: row
                    .languages
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect(),
            }),
            (None, _, _) => {
                return Err(StoreError::corrupt(
                    "users.specialty",
                    "a doctor without profile",
                ));
            }
        };
        let email =
            Email::parse(&row.email).map_err(|error| StoreError::corrupt("users.email", error))?;
        Ok(Self {
            account: Account {
                id: UserId::from_uuid(row.id),
                email,
                name: row.name,
                position,
                disabled: row.disabled,
            },
            password_hash: PasswordHash(row.password_hash),
        })
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
