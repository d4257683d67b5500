//! Signing in with more than a password: the second step, and passkeys alone.

use std::net::IpAddr;

use clinical_factors::{Assertion, Authentication, Offer, PasskeyError};
use clinical_model::{
    Account, AuditActor, AuditEntry, DeviceLabel, FactorKind, Micros, Proof, TICKET_LIFE_US,
    TICKET_TRIES_MAX, UserId,
};
use clinical_store::factors::{self as store, Factor};
use clinical_store::one_time::{self, OneTimePurpose};
use clinical_store::{Conn, StoreError, identity};
use uuid::Uuid;

use super::evidence::{self, Asked, Evidence, EvidenceError};
use super::one_time::OneTimeToken;
use super::{LoginError, SignIn, SignedIn, open_session};
use crate::{Clinic, Limited, Origin};

/// What may be shown as second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Methods {
    /// A one-time code of an app.
    pub app: bool,
    /// A passkey.
    pub passkey: bool,
    /// A recovery code.
    pub recovery_code: bool,
}

/// The password was right; the second factor comes next.
#[derive(Debug, Clone)]
pub struct SecondStep {
    /// The right to show it, for some minutes and tries.
    pub ticket: OneTimeToken,
    /// Seconds that it lives.
    pub expires_in_s: u32,
    /// What may be shown.
    pub methods: Methods,
}

/// A passkey ceremony for a browser.
#[derive(Debug, Clone)]
pub struct PasskeyOffer {
    /// The ceremony, to be named in the answer.
    pub ceremony: Uuid,
    /// What the browser is asked, JSON.
    pub options_json: String,
}

/// A sign-in that was not finished.
#[derive(Debug, thiserror::Error)]
pub enum SecondStepError {
    /// The ticket is none, was used, or its time or tries are over: begin with the password.
    #[error("the sign-in must begin anew")]
    Over,
    /// The proof is not accepted.
    #[error("the second factor is not accepted")]
    Refused,
    /// Too many tries.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// There is nothing to show: no passkey, or passkeys do not work at this address.
    #[error("there is no passkey")]
    NoPasskey,
    /// The tokens were not made.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EvidenceError> for SecondStepError {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Refused => Self::Refused,
            EvidenceError::Limited(limited) => Self::Limited(limited),
            EvidenceError::Password(error) => Self::Login(error.into()),
            EvidenceError::Store(error) => Self::Store(error),
        }
    }
}

/// After the right password of an account with a second factor: a ticket for the next step.
pub(super) async fn begin(
    clinic: &Clinic,
    sign_in: &SignIn,
    account: &Account,
    now: Micros,
) -> Result<SecondStep, StoreError> {
    let ticket = OneTimeToken::new(&clinic.entropy, now);
    let mut tx = clinic.db.begin().await?;
    let factors = store::of_user(&mut tx, account.tenant, account.id).await?;
    let unused = store::unused_recovery_codes(&mut tx, account.id).await?;
    let row = ticket.row(account.id, now, TICKET_LIFE_US);
    one_time::insert(&mut tx, OneTimePurpose::SecondFactor, &row, false).await?;
    let entry = AuditEntry::done(AuditActor::User(account.id), "identity.password", now)
        .within(account.tenant)
        .about("user", account.id.as_uuid());
    tx.commit(entry).await?;
    let has = |kind| evidence::confirmed(&factors, kind).next().is_some();
    Ok(SecondStep {
        ticket,
        expires_in_s: u32::try_from(TICKET_LIFE_US / Micros::SECOND).unwrap_or(0),
        methods: Methods {
            app: has(FactorKind::App),
            passkey: has(FactorKind::Passkey) && sign_in.relying_party.is_some(),
            recovery_code: !unused.is_empty(),
        },
    })
}

/// Whom a ticket lets in that can still be used.
async fn holder(
    conn: &mut Conn,
    ticket: &OneTimeToken,
    now: Micros,
) -> Result<Account, SecondStepError> {
    let row = one_time::living(
        conn,
        OneTimePurpose::SecondFactor,
        ticket.id,
        TICKET_TRIES_MAX,
        now,
    )
    .await?
    .filter(|row| row.hash == ticket.hash())
    .ok_or(SecondStepError::Over)?;
    identity::account(conn, row.user)
        .await?
        .filter(|account| !account.disabled)
        .ok_or(SecondStepError::Over)
}

/// Begins the passkey ceremony of a second step.
///
/// # Errors
/// The ticket is over, there is no passkey, or the store failed.
pub async fn begin_second_passkey(
    clinic: &Clinic,
    sign_in: &SignIn,
    ticket: &OneTimeToken,
) -> Result<PasskeyOffer, SecondStepError> {
    let now = clinic.clock.now();
    let account = holder(&mut *clinic.db.read().await?, ticket, now).await?;
    offer_to(clinic, sign_in, &account, now).await
}

/// A ceremony that any passkey of an account may answer.
pub(super) async fn offer_to(
    clinic: &Clinic,
    sign_in: &SignIn,
    account: &Account,
    now: Micros,
) -> Result<PasskeyOffer, SecondStepError> {
    let site = sign_in
        .relying_party
        .as_ref()
        .ok_or(SecondStepError::NoPasskey)?;
    let factors: Vec<Factor> =
        store::of_user(&mut *clinic.db.read().await?, account.tenant, account.id).await?;
    let passkeys = evidence::confirmed(&factors, FactorKind::Passkey)
        .map(evidence::stored_passkey)
        .collect::<Result<Vec<_>, _>>()?;
    let offer = site
        .begin_authentication(Authentication::Of(&passkeys))
        .map_err(|_none| SecondStepError::NoPasskey)?;
    let entry = AuditEntry::done(AuditActor::User(account.id), "identity.passkey_asked", now)
        .within(account.tenant)
        .about("user", account.id.as_uuid());
    keep(clinic, Some(account.id), offer, entry)
        .await
        .map_err(SecondStepError::Store)
}

/// Keeps the server's half of a ceremony for as long as a ticket lives.
pub(super) async fn keep(
    clinic: &Clinic,
    user: Option<UserId>,
    offer: Offer,
    entry: AuditEntry,
) -> Result<PasskeyOffer, StoreError> {
    let now = clinic.clock.now();
    let ceremony = clinic.entropy.uuid(now);
    let state = offer
        .state
        .to_bytes()
        .map_err(|error: PasskeyError| StoreError::corrupt("passkey_ceremonies.state", error))?;
    let mut tx = clinic.db.begin().await?;
    let expires = now.plus(TICKET_LIFE_US);
    store::begin_ceremony(&mut tx, (ceremony, user), state, expires, now).await?;
    tx.commit(entry).await?;
    Ok(PasskeyOffer {
        ceremony,
        options_json: offer.options_json,
    })
}

/// Where somebody signs in from.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The address of the peer.
    pub address: IpAddr,
    /// The browser, coarsely.
    pub device: DeviceLabel,
}

/// Ends a sign-in with the second factor.
///
/// # Errors
/// See [`SecondStepError`].
pub async fn finish_second(
    clinic: &Clinic,
    sign_in: &SignIn,
    ticket: &OneTimeToken,
    shown: &Evidence,
    from: &Visitor,
) -> Result<SignedIn, SecondStepError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let account = holder(&mut tx, ticket, now).await?;
    // Counted before it is judged: many tries at once are not more tries.
    if !one_time::count_try(&mut tx, ticket.id, TICKET_TRIES_MAX).await? {
        return Err(SecondStepError::Over);
    }
    let asked = Asked {
        account: &account,
        from: Origin::from(from.address),
        action: "identity.second_factor",
    };
    let (mut tx, proof) = evidence::judge_factor(clinic, sign_in, tx, asked, shown).await?;
    if !one_time::spend(&mut tx, ticket.id, now).await? {
        return Err(SecondStepError::Over);
    }
    Ok(open_session(clinic, sign_in, tx, account, (proof, from, now)).await?)
}

/// Begins a sign-in with a passkey alone: the device knows whose it is.
///
/// # Errors
/// Passkeys do not work at this address, or the store failed.
pub async fn begin_passkey_sign_in(
    clinic: &Clinic,
    sign_in: &SignIn,
    from: &Visitor,
) -> Result<PasskeyOffer, SecondStepError> {
    let now = clinic.clock.now();
    let site = sign_in
        .relying_party
        .as_ref()
        .ok_or(SecondStepError::NoPasskey)?;
    sign_in
        .factor_limits
        .take_address(Origin::from(from.address), now)?;
    let offer = site
        .begin_authentication(Authentication::Discoverable)
        .map_err(|_none| SecondStepError::NoPasskey)?;
    let entry = AuditEntry::done(AuditActor::Nobody, "identity.passkey_asked", now);
    Ok(keep(clinic, None, offer, entry).await?)
}

/// Ends a sign-in with a passkey alone.
///
/// # Errors
/// See [`SecondStepError`].
pub async fn finish_passkey_sign_in(
    clinic: &Clinic,
    sign_in: &SignIn,
    (ceremony, answer): (Uuid, &str),
    from: &Visitor,
) -> Result<SignedIn, SecondStepError> {
    let now = clinic.clock.now();
    let named = Assertion::parse(answer)
        .ok()
        .and_then(|answer| answer.account())
        .map(|handle| UserId::from_uuid(Uuid::from_bytes(*handle.as_bytes())))
        .ok_or(SecondStepError::Refused)?;
    let mut tx = clinic.db.begin().await?;
    let state = store::take_ceremony(&mut tx, ceremony, None, now).await?;
    let account = identity::account(&mut tx, named)
        .await?
        .filter(|account| !account.disabled);
    let Some(account) = account else {
        let entry = AuditEntry::refused(AuditActor::Nobody, "identity.passkey_sign_in", now);
        tx.commit(entry).await?;
        return Err(SecondStepError::Refused);
    };
    let asked = Asked {
        account: &account,
        from: Origin::from(from.address),
        action: "identity.passkey_sign_in",
    };
    sign_in
        .factor_limits
        .take(account.id, asked.from, now)
        .map_err(SecondStepError::Limited)?;
    let judged = evidence::by_passkey(&mut tx, sign_in, (&account, now), state, answer).await?;
    if let Err(refusal) = judged {
        tx.commit(asked.refused(refusal, now)).await?;
        return Err(SecondStepError::Refused);
    }
    sign_in.factor_limits.give_back(account.id, asked.from);
    Ok(open_session(clinic, sign_in, tx, account, (Proof::Passkey, from, now)).await?)
}
