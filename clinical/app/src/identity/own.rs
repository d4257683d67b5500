//! One's own sign-ins and password.

use std::net::IpAddr;

use clinical_model::{AuditEntry, Micros, PASSWORD_LINK_LIFE_US, SessionId};
use clinical_store::one_time::{self, OneTimePurpose};
use clinical_store::sessions::{self as store, OpenSession};
use clinical_store::{StoreError, identity};

use super::evidence::{self, Asked, EvidenceError};
use super::one_time::OneTimeToken;
use super::step_up::{self, StepUpError, own_account};
use super::{Actor, SignIn};
use crate::{Clinic, Limited, Origin, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PasswordError};

/// The caller's sign-ins that go on, newest first.
///
/// # Errors
/// The store failed.
pub async fn own_sessions(clinic: &Clinic, actor: &Actor) -> Result<Vec<OpenSession>, StoreError> {
    let now = clinic.clock.now();
    store::open_of(&mut *clinic.db.read().await?, actor.user, now).await
}

/// Ends one of the caller's sign-ins. Answers whether there was one.
///
/// # Errors
/// The store failed.
pub async fn end_session(
    clinic: &Clinic,
    actor: &Actor,
    session: SessionId,
) -> Result<bool, StoreError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    if !store::end_one(&mut tx, actor.user, session, now).await? {
        return Ok(false);
    }
    let entry = AuditEntry::done(actor.audit(), "identity.session_ended", now)
        .within(actor.tenant)
        .about("session", session.as_uuid());
    tx.commit(entry).await?;
    Ok(true)
}

/// Ends all sign-ins of the caller but this one.
///
/// # Errors
/// The store failed.
pub async fn end_other_sessions(clinic: &Clinic, actor: &Actor) -> Result<(), StoreError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    store::end_others(&mut tx, actor.user, Some(actor.session), now).await?;
    let entry = AuditEntry::done(actor.audit(), "identity.other_sessions_ended", now)
        .within(actor.tenant)
        .about("user", actor.user.as_uuid());
    tx.commit(entry).await
}

/// A password that was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordChangeError {
    /// The new one is too short or too long.
    #[error(
        "a password has {PASSWORD_CHARS_MIN} characters or more, up to {PASSWORD_BYTES_MAX} bytes"
    )]
    Weak,
    /// The current one is wrong.
    #[error("the password is wrong")]
    Wrong,
    /// Who has a second factor shows it first.
    #[error("a fresh proof is needed")]
    StepUpNeeded,
    /// The link is none, was used, or its time is over.
    #[error("the link does not work any more")]
    LinkOver,
    /// Too many tries.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// The password was not judged or hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn is_acceptable(password: &str) -> bool {
    password.chars().count() >= PASSWORD_CHARS_MIN && password.len() <= PASSWORD_BYTES_MAX
}

/// Changes the caller's password. All other sign-ins end.
///
/// # Errors
/// See [`PasswordChangeError`].
pub async fn change_password(
    clinic: &Clinic,
    sign_in: &SignIn,
    actor: &Actor,
    (current, new): (&str, &str),
    from: IpAddr,
) -> Result<(), PasswordChangeError> {
    if !is_acceptable(new) {
        return Err(PasswordChangeError::Weak);
    }
    let now = clinic.clock.now();
    let account = {
        let mut conn = clinic.db.read().await?;
        if clinical_store::factors::has_one(&mut conn, actor.user).await? {
            step_up::fresh_in(&mut conn, actor, now)
                .await
                .map_err(|error| match error {
                    StepUpError::Needed => PasswordChangeError::StepUpNeeded,
                    StepUpError::Store(error) => error.into(),
                })?;
        }
        own_account(&mut conn, actor).await?
    };
    let hash = sign_in.passwords.hash(new, &clinic.entropy).await?;
    let asked = Asked {
        account: &account,
        from: Origin::from(from),
        action: "identity.password_changed",
    };
    let mut tx = evidence::judge_password(clinic, sign_in, asked, current)
        .await
        .map_err(|error| match error {
            EvidenceError::Refused => PasswordChangeError::Wrong,
            EvidenceError::Limited(limited) => limited.into(),
            EvidenceError::Password(error) => error.into(),
            EvidenceError::Store(error) => error.into(),
        })?;
    identity::set_password(&mut tx, account.id, &hash).await?;
    one_time::forget_all(&mut tx, account.id).await?;
    store::end_others(&mut tx, account.id, Some(actor.session), now).await?;
    tx.commit(asked.entry(now)).await?;
    Ok(())
}

/// Chooses a password with a link that an administrator handed out. The link is used up and every
/// sign-in of the account ends.
///
/// # Errors
/// See [`PasswordChangeError`].
pub async fn set_password(
    clinic: &Clinic,
    sign_in: &SignIn,
    (token, new): (&str, &str),
    from: IpAddr,
) -> Result<(), PasswordChangeError> {
    let now = clinic.clock.now();
    let from = Origin::from(from);
    sign_in.factor_limits.take_address(from, now)?;
    if !is_acceptable(new) {
        return Err(PasswordChangeError::Weak);
    }
    let token = OneTimeToken::parse(token).ok_or(PasswordChangeError::LinkOver)?;
    let row = one_time::living(
        &mut *clinic.db.read().await?,
        OneTimePurpose::SetPassword,
        token.id,
        1,
        now,
    )
    .await?
    .filter(|row| row.hash == token.hash())
    .ok_or(PasswordChangeError::LinkOver)?;
    let hash = sign_in.passwords.hash(new, &clinic.entropy).await?;
    let mut tx = clinic.db.begin().await?;
    let account = identity::account(&mut tx, row.user)
        .await?
        .filter(|account| !account.disabled)
        .ok_or(PasswordChangeError::LinkOver)?;
    if !one_time::spend(&mut tx, token.id, now).await? {
        return Err(PasswordChangeError::LinkOver);
    }
    identity::set_password(&mut tx, account.id, &hash).await?;
    store::end_others(&mut tx, account.id, None, now).await?;
    let asked = Asked {
        account: &account,
        from,
        action: "identity.password_set",
    };
    tx.commit(asked.entry(now).under("password_link")).await?;
    sign_in.factor_limits.give_back_address(from);
    Ok(())
}

/// A new link with which a person chooses a password; older ones stop working.
pub(super) async fn password_link(
    clinic: &Clinic,
    tx: &mut clinical_store::Tx,
    user: clinical_model::UserId,
    now: Micros,
) -> Result<OneTimeToken, StoreError> {
    let token = OneTimeToken::new(&clinic.entropy, now);
    let row = token.row(user, now, PASSWORD_LINK_LIFE_US);
    one_time::insert(tx, OneTimePurpose::SetPassword, &row, true).await?;
    Ok(token)
}
