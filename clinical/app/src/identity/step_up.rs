//! Proving again who one is, before something that a stolen session must not do.

use std::net::IpAddr;

use clinical_model::{Account, Micros, Proof, SessionId, is_fresh};
use clinical_store::{Conn, StoreError, factors, identity, sessions};

use super::evidence::{self, Asked, Evidence, EvidenceError};
use super::second::{self, PasskeyOffer, SecondStepError};
use super::{Actor, SignIn};
use crate::{Clinic, Origin};

/// A proof that the person of this sign-in has shown a second factor, or the password where there
/// is no factor, within the last five minutes. Only [`fresh`] and [`step_up`] make one, so a use
/// case that takes it cannot be reached without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepUp {
    session: SessionId,
    proof: Proof,
    proved: Micros,
}

impl StepUp {
    /// Makes a proof; nothing outside this file can.
    const fn new(session: SessionId, proof: Proof, proved: Micros) -> Self {
        Self {
            session,
            proof,
            proved,
        }
    }

    /// The sign-in in which it was shown.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// What was shown.
    #[must_use]
    pub const fn proof(&self) -> Proof {
        self.proof
    }

    /// Whether a second factor was shown, which controlled drugs need, and not the password alone.
    #[must_use]
    pub const fn by_factor(&self) -> bool {
        self.proof.is_factor()
    }

    /// When.
    #[must_use]
    pub const fn proved(&self) -> Micros {
        self.proved
    }
}

/// There is no fresh proof.
#[derive(Debug, thiserror::Error)]
pub enum StepUpError {
    /// The person must show it again.
    #[error("a fresh proof is needed")]
    Needed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The fresh proof of the caller's sign-in. Signing in is one too.
///
/// # Errors
/// The last proof is older than five minutes, or was the password of somebody with a factor.
pub async fn fresh(clinic: &Clinic, actor: &Actor) -> Result<StepUp, StepUpError> {
    let now = clinic.clock.now();
    fresh_in(&mut *clinic.db.read().await?, actor, now).await
}

/// As [`fresh`], in a transaction that is open already.
///
/// # Errors
/// As [`fresh`].
pub async fn fresh_in(conn: &mut Conn, actor: &Actor, now: Micros) -> Result<StepUp, StepUpError> {
    let (proof, proved) = sessions::proof(conn, actor.session)
        .await?
        .ok_or(StepUpError::Needed)?;
    let is_enough = proof.is_factor() || !factors::has_one(conn, actor.user).await?;
    if is_enough && is_fresh(proved, now) {
        Ok(StepUp::new(actor.session, proof, proved))
    } else {
        Err(StepUpError::Needed)
    }
}

/// Shows a proof in a sign-in that goes on. Who has a second factor must show that.
///
/// # Errors
/// See [`EvidenceError`].
pub async fn step_up(
    clinic: &Clinic,
    sign_in: &SignIn,
    actor: &Actor,
    shown: &Evidence,
    from: IpAddr,
) -> Result<StepUp, EvidenceError> {
    let now = clinic.clock.now();
    let (account, has_factor) = {
        let mut conn = clinic.db.read().await?;
        let account = own_account(&mut conn, actor).await?;
        (account, factors::has_one(&mut conn, actor.user).await?)
    };
    let asked = Asked {
        account: &account,
        from: Origin::from(from),
        action: "identity.step_up",
    };
    let (mut tx, proof) = match shown {
        Evidence::Password(_) if has_factor => return Err(EvidenceError::Refused),
        Evidence::Password(password) => {
            let tx = evidence::judge_password(clinic, sign_in, asked, password).await?;
            (tx, Proof::Password)
        }
        Evidence::App(_) | Evidence::RecoveryCode(_) | Evidence::Passkey { .. } => {
            let tx = clinic.db.begin().await?;
            evidence::judge_factor(clinic, sign_in, tx, asked, shown).await?
        }
    };
    sessions::prove(&mut tx, actor.session, proof, now).await?;
    tx.commit(asked.entry(now).under(proof.as_str())).await?;
    Ok(StepUp::new(actor.session, proof, now))
}

/// Begins the passkey ceremony of a step-up.
///
/// # Errors
/// There is no passkey, or the store failed.
pub async fn begin_step_up_passkey(
    clinic: &Clinic,
    sign_in: &SignIn,
    actor: &Actor,
) -> Result<PasskeyOffer, SecondStepError> {
    let account = own_account(&mut *clinic.db.read().await?, actor).await?;
    second::offer_to(clinic, sign_in, &account, clinic.clock.now()).await
}

/// The account of somebody whom the guard has let in.
pub(super) async fn own_account(conn: &mut Conn, actor: &Actor) -> Result<Account, StoreError> {
    identity::account(conn, actor.user)
        .await?
        .ok_or_else(|| StoreError::corrupt("sessions.user_id", "a sign-in without an account"))
}
