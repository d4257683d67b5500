//! What somebody shows to prove who they are, and whether it does.

use clinical_factors::{
    AccountHandle, Assertion, CeremonyState, OneTimeCode, Passkey, PasskeyError, RecoveryCode,
    RecoveryHash, TimeStep, TotpSecret, spend,
};
use clinical_model::{Account, AuditActor, AuditEntry, FactorKind, Micros, Proof};
use clinical_store::factors::{self as store, Factor, FactorSecret};
use clinical_store::{StoreError, Tx, identity};
use uuid::Uuid;

use super::SignIn;
use crate::{Clinic, Limited, Origin, PASSWORD_BYTES_MAX, PasswordError};

/// What is shown, as it came from outside.
pub enum Evidence {
    /// The password.
    Password(String),
    /// A one-time code.
    App(String),
    /// A recovery code.
    RecoveryCode(String),
    /// The answer of a browser to a passkey ceremony, JSON.
    Passkey {
        /// The ceremony.
        ceremony: Uuid,
        /// `credential.toJSON()`.
        answer: String,
    },
}

impl core::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let kind = match self {
            Self::Password(_) => "Password",
            Self::App(_) => "App",
            Self::RecoveryCode(_) => "RecoveryCode",
            Self::Passkey { .. } => "Passkey",
        };
        write!(f, "Evidence({kind})")
    }
}

/// Evidence that proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// It is wrong, was used before, or is not of a kind that counts here; which is not said.
    #[error("the proof is not accepted")]
    Refused,
    /// Too many tries.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// The password was not judged.
    #[error("the password was not judged")]
    Password(#[from] PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a refused proof was refused, as the audit says it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    Wrong,
    Copied,
}

impl Refusal {
    const fn grant(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Copied => "passkey_may_be_copied",
        }
    }
}

/// Whose proof is judged, from where, and what for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) account: &'a Account,
    pub(super) from: Origin,
    pub(super) action: &'static str,
}

impl Asked<'_> {
    pub(super) fn entry(&self, now: Micros) -> AuditEntry {
        let actor = AuditActor::User(self.account.id);
        AuditEntry::done(actor, self.action, now)
            .within(self.account.tenant)
            .about("user", self.account.id.as_uuid())
    }

    pub(super) fn refused(&self, refusal: Refusal, now: Micros) -> AuditEntry {
        let actor = AuditActor::User(self.account.id);
        AuditEntry::refused(actor, self.action, now)
            .within(self.account.tenant)
            .about("user", self.account.id.as_uuid())
            .under(refusal.grant())
    }
}

/// Judges a password, and answers with a transaction to go on in. The store is not held while the
/// password is hashed.
pub(super) async fn judge_password(
    clinic: &Clinic,
    sign_in: &SignIn,
    asked: Asked<'_>,
    password: &str,
) -> Result<Tx, EvidenceError> {
    let now = clinic.clock.now();
    sign_in
        .factor_limits
        .take(asked.account.id, asked.from, now)?;
    let credential = identity::credential(&mut *clinic.db.read().await?, asked.account.id).await?;
    let hash = credential.as_ref().map(|found| &found.password_hash);
    let judged: &str = if password.len() > PASSWORD_BYTES_MAX {
        ""
    } else {
        password
    };
    let fits = match sign_in.passwords.verify(judged, hash).await {
        Ok(fits) => fits,
        Err(error) => {
            // Nothing was judged, so nobody has tried.
            sign_in
                .factor_limits
                .give_back(asked.account.id, asked.from);
            return Err(error.into());
        }
    };
    let tx = clinic.db.begin().await?;
    if fits {
        sign_in
            .factor_limits
            .give_back(asked.account.id, asked.from);
        Ok(tx)
    } else {
        tx.commit(asked.refused(Refusal::Wrong, now)).await?;
        Err(EvidenceError::Refused)
    }
}

/// Judges a second factor in a transaction, and gives it back to go on in when it is accepted. When
/// it is not, the refusal is committed with whatever was done before in the transaction.
pub(super) async fn judge_factor(
    clinic: &Clinic,
    sign_in: &SignIn,
    mut tx: Tx,
    asked: Asked<'_>,
    evidence: &Evidence,
) -> Result<(Tx, Proof), EvidenceError> {
    let now = clinic.clock.now();
    let user = asked.account.id;
    if let Err(limited) = sign_in.factor_limits.take(user, asked.from, now) {
        tx.commit(asked.refused(Refusal::Wrong, now)).await?;
        return Err(limited.into());
    }
    let judged = match evidence {
        Evidence::Password(_) => Err(Refusal::Wrong),
        Evidence::App(text) => by_app(&mut tx, asked.account, text, now).await?,
        Evidence::RecoveryCode(text) => by_recovery(&mut tx, asked.account, text, now).await?,
        Evidence::Passkey { ceremony, answer } => {
            let ceremony = store::take_ceremony(&mut tx, *ceremony, Some(user), now).await?;
            by_passkey(&mut tx, sign_in, (asked.account, now), ceremony, answer).await?
        }
    };
    match judged {
        Ok(proof) => {
            sign_in.factor_limits.give_back(user, asked.from);
            Ok((tx, proof))
        }
        Err(refusal) => {
            tx.commit(asked.refused(refusal, now)).await?;
            Err(EvidenceError::Refused)
        }
    }
}

pub(super) type Judged = Result<Proof, Refusal>;

async fn by_app(
    tx: &mut Tx,
    account: &Account,
    text: &str,
    now: Micros,
) -> Result<Judged, StoreError> {
    let Ok(code) = OneTimeCode::parse(text) else {
        return Ok(Err(Refusal::Wrong));
    };
    let factors = store::of_user(tx, account.tenant, account.id).await?;
    for factor in confirmed(&factors, FactorKind::App) {
        if accept_code(tx, factor, &code, now).await? {
            return Ok(Ok(Proof::App));
        }
    }
    Ok(Err(Refusal::Wrong))
}

/// Whether a code is one of this app and was not accepted before. The step is taken.
pub(super) async fn accept_code(
    tx: &mut Tx,
    factor: &Factor,
    code: &OneTimeCode,
    now: Micros,
) -> Result<bool, StoreError> {
    let secret = TotpSecret::from_stored(&factor.secret.0)
        .map_err(|error| StoreError::corrupt("factors.secret_sealed", error))?;
    let unix_s = u64::try_from(now.0 / Micros::SECOND).unwrap_or(0);
    let last = factor.last_step.map(TimeStep::from_number);
    match secret.verify(code, unix_s, last) {
        Ok(step) => store::take_step(tx, factor.id, step.number(), now).await,
        Err(_refused) => Ok(false),
    }
}

async fn by_recovery(
    tx: &mut Tx,
    account: &Account,
    text: &str,
    now: Micros,
) -> Result<Judged, StoreError> {
    let Ok(code) = RecoveryCode::parse(text) else {
        return Ok(Err(Refusal::Wrong));
    };
    let unused = store::unused_recovery_codes(tx, account.id).await?;
    let hashes: Vec<RecoveryHash> = unused
        .iter()
        .copied()
        .map(RecoveryHash::from_bytes)
        .collect();
    let Some(hash) = spend(&hashes, &code).and_then(|place| hashes.get(place)) else {
        return Ok(Err(Refusal::Wrong));
    };
    let fresh = store::spend_recovery_code(tx, account.id, hash.as_bytes(), now).await?;
    Ok(if fresh {
        Ok(Proof::RecoveryCode)
    } else {
        Err(Refusal::Wrong)
    })
}

/// Judges the answer to a ceremony that was taken, for one account.
pub(super) async fn by_passkey(
    tx: &mut Tx,
    sign_in: &SignIn,
    (account, now): (&Account, Micros),
    ceremony: Option<Vec<u8>>,
    answer: &str,
) -> Result<Judged, StoreError> {
    let (Some(site), Some(ceremony), Ok(answer)) =
        (&sign_in.relying_party, ceremony, Assertion::parse(answer))
    else {
        return Ok(Err(Refusal::Wrong));
    };
    let state = CeremonyState::from_bytes(&ceremony)
        .map_err(|error| StoreError::corrupt("passkey_ceremonies.state", error))?;
    let factors = store::of_user(tx, account.tenant, account.id).await?;
    let mut passkeys = Vec::new();
    let mut ids = Vec::new();
    for factor in confirmed(&factors, FactorKind::Passkey) {
        passkeys.push(stored_passkey(factor)?);
        ids.push(factor.id);
    }
    let handle = AccountHandle::new(account.id.as_uuid().into_bytes());
    match site.finish_authentication(&state, &answer, handle, &passkeys) {
        Ok(signed_in) => {
            let id = signed_in.passkey.credential_id();
            let place = passkeys.iter().position(|it| it.credential_id() == id);
            if let Some(factor) = place.and_then(|place| ids.get(place)) {
                let secret = signed_in
                    .passkey
                    .to_bytes()
                    .map_err(|error| StoreError::corrupt("factors.secret_sealed", error))?;
                let secret = FactorSecret(secret);
                store::replace_secret(tx, account.tenant, *factor, &secret, now).await?;
            }
            Ok(Ok(Proof::Passkey))
        }
        Err(PasskeyError::CounterRegressed) => Ok(Err(Refusal::Copied)),
        Err(_refused) => Ok(Err(Refusal::Wrong)),
    }
}

/// The factors of a kind that open something.
pub(super) fn confirmed(factors: &[Factor], kind: FactorKind) -> impl Iterator<Item = &Factor> {
    factors
        .iter()
        .filter(move |factor| factor.kind == kind && factor.confirmed.is_some())
}

/// A passkey as it was stored.
pub(super) fn stored_passkey(factor: &Factor) -> Result<Passkey, StoreError> {
    Passkey::from_bytes(&factor.secret.0)
        .map_err(|error| StoreError::corrupt("factors.secret_sealed", error))
}
