//! One's own second factors: seeing, adding, removing them, and recovery codes.

use aws_lc_rs::digest::{SHA256, digest};
use clinical_documents::{QrPath, QrPathError, qr_path};
use clinical_factors::{
    AccountHandle, Attestation, CeremonyState, OneTimeCode, PasskeyError, PasskeyName,
    RECOVERY_RANDOM_BYTES, RecoveryCode, RecoverySheet, SECRET_BYTES, TotpSecret, TotpUriError,
};
use clinical_model::{
    APPS_MAX, Account, AuditEntry, FACTOR_LABEL_CHARS_MAX, FactorId, FactorKind, Micros, Role,
};
use clinical_store::factors::{self as store, Factor, FactorSecret, InsertFactorError};
use clinical_store::{StoreError, Tx, sessions};
use uuid::Uuid;

use super::evidence::{accept_code, confirmed, stored_passkey};
use super::second::{PasskeyOffer, keep};
use super::step_up::{StepUp, own_account};
use super::{Actor, SignIn};
use crate::{Clinic, Limited, Origin};

/// What a person has beside the password.
#[derive(Debug)]
pub struct OwnFactors {
    /// Factors that open something, oldest first.
    pub factors: Vec<Factor>,
    /// Recovery codes that were not used.
    pub recovery_codes_left: usize,
    /// Whether passkeys work at this address.
    pub passkeys_work: bool,
    /// Whether the last factor must stay.
    pub is_required: bool,
}

/// A change of factors that was not made.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// A name is empty, too long or has control characters.
    #[error("a factor's name has 1 to {FACTOR_LABEL_CHARS_MAX} printable characters")]
    Label,
    /// The account has as many as it may have.
    #[error("the account has as many factors of this kind as it may have")]
    TooMany,
    /// There is no such factor, or it was confirmed before.
    #[error("there is no such factor")]
    NotFound,
    /// The code is not the app's, or the passkey's answer proves nothing.
    #[error("the proof is not accepted")]
    Refused,
    /// The passkey belongs to an account already.
    #[error("the passkey is registered already")]
    Registered,
    /// Passkeys do not work at this address.
    #[error("passkeys do not work at this address")]
    NoPasskeys,
    /// Staff must have a second factor.
    #[error("the last second factor of staff cannot be removed")]
    LastFactor,
    /// There is no factor that recovery codes could stand in for.
    #[error("recovery codes need a second factor")]
    NoFactor,
    /// Too many tries.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// No address for the app could be made.
    #[error(transparent)]
    Uri(#[from] TotpUriError),
    /// The address does not fit into a QR code.
    #[error(transparent)]
    Qr(#[from] QrPathError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The caller's factors.
///
/// # Errors
/// The store failed.
pub async fn own_factors(
    clinic: &Clinic,
    sign_in: &SignIn,
    actor: &Actor,
) -> Result<OwnFactors, StoreError> {
    let mut conn = clinic.db.read().await?;
    let account = own_account(&mut conn, actor).await?;
    let all = store::of_user(&mut conn, account.tenant, account.id).await?;
    let unused = store::unused_recovery_codes(&mut conn, account.id).await?;
    Ok(OwnFactors {
        factors: all
            .into_iter()
            .filter(|it| it.confirmed.is_some())
            .collect(),
        recovery_codes_left: unused.len(),
        passkeys_work: sign_in.relying_party.is_some(),
        is_required: actor.role != Role::Patient,
    })
}

/// An authenticator app to be set up.
pub struct AppOffer {
    /// The factor, to be confirmed with a code.
    pub id: FactorId,
    /// The `otpauth://` address for a QR code.
    pub uri: String,
    /// The secret in base 32, for typing.
    pub secret: String,
    /// The address as a QR code.
    pub qr: QrPath,
}

impl core::fmt::Debug for AppOffer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "AppOffer({})", self.id)
    }
}

/// Begins to set up an authenticator app. It opens nothing until a code of it was shown.
///
/// # Errors
/// See [`EnrolError`].
pub async fn begin_app(
    clinic: &Clinic,
    sign_in: &SignIn,
    actor: &Actor,
    _proof: StepUp,
    label: &str,
) -> Result<AppOffer, EnrolError> {
    let label = parse_label(label)?;
    let now = clinic.clock.now();
    let id = FactorId::from_uuid(clinic.entropy.uuid(now));
    let secret = TotpSecret::from_random(clinic.entropy.bytes::<SECRET_BYTES>());
    let mut tx = clinic.db.begin().await?;
    let account = own_account(&mut tx, actor).await?;
    store::forget_unconfirmed(&mut tx, account.id).await?;
    let all = store::of_user(&mut tx, account.tenant, account.id).await?;
    if confirmed(&all, FactorKind::App).count() >= APPS_MAX {
        return Err(EnrolError::TooMany);
    }
    let uri = secret.uri(&sign_in.issuer, account.email.as_str())?;
    let qr = qr_path(&uri)?;
    let factor = Factor {
        id,
        kind: FactorKind::App,
        label,
        secret: FactorSecret(secret.as_bytes().to_vec()),
        credential: None,
        last_step: None,
        created: now,
        confirmed: None,
        used: None,
    };
    insert(&mut tx, &account, &factor).await?;
    tx.commit(about(actor, &account, "identity.app_begun", id, now))
        .await?;
    Ok(AppOffer {
        id,
        uri,
        secret: secret.to_base32(),
        qr,
    })
}

/// Confirms an authenticator app with a code of it. With the first factor of an account all its
/// other sign-ins end, because they were opened with less.
///
/// # Errors
/// See [`EnrolError`].
pub async fn confirm_app(
    clinic: &Clinic,
    sign_in: &SignIn,
    actor: &Actor,
    (id, code): (FactorId, &str),
    from: std::net::IpAddr,
) -> Result<(), EnrolError> {
    let now = clinic.clock.now();
    let from = Origin::from(from);
    let code = OneTimeCode::parse(code).map_err(|_malformed| EnrolError::Refused)?;
    sign_in.factor_limits.take(actor.user, from, now)?;
    let mut tx = clinic.db.begin().await?;
    let account = own_account(&mut tx, actor).await?;
    let all = store::of_user(&mut tx, account.tenant, account.id).await?;
    let factor = all
        .iter()
        .find(|it| it.id == id && it.kind == FactorKind::App && it.confirmed.is_none())
        .ok_or(EnrolError::NotFound)?;
    if !accept_code(&mut tx, factor, &code, now).await? {
        let entry = AuditEntry::refused(actor.audit(), "identity.app_confirm", now)
            .within(account.tenant)
            .about("factor", id.as_uuid());
        tx.commit(entry).await?;
        return Err(EnrolError::Refused);
    }
    sign_in.factor_limits.give_back(actor.user, from);
    end_weaker_sessions(&mut tx, actor, &all, now).await?;
    sessions::prove(&mut tx, actor.session, clinical_model::Proof::App, now).await?;
    tx.commit(about(actor, &account, "identity.app_confirm", id, now))
        .await?;
    Ok(())
}

/// Begins to make a passkey.
///
/// # Errors
/// See [`EnrolError`].
pub async fn begin_passkey(
    clinic: &Clinic,
    sign_in: &SignIn,
    actor: &Actor,
    _proof: StepUp,
) -> Result<PasskeyOffer, EnrolError> {
    let now = clinic.clock.now();
    let site = sign_in
        .relying_party
        .as_ref()
        .ok_or(EnrolError::NoPasskeys)?;
    let (account, present) = present_passkeys(clinic, actor).await?;
    let handle = AccountHandle::new(account.id.as_uuid().into_bytes());
    let name = PasskeyName::parse(account.email.as_str())
        .or_else(|_too_long| PasskeyName::parse(account.position.role().as_str()))
        .map_err(|_shape| EnrolError::NoPasskeys)?;
    let offer = site
        .begin_registration(handle, &name, &present)
        .map_err(|error| refusal(&error))?;
    let entry = AuditEntry::done(actor.audit(), "identity.passkey_begun", now)
        .within(account.tenant)
        .about("user", account.id.as_uuid());
    Ok(keep(clinic, Some(account.id), offer, entry).await?)
}

async fn present_passkeys(
    clinic: &Clinic,
    actor: &Actor,
) -> Result<(Account, Vec<clinical_factors::Passkey>), StoreError> {
    let mut conn = clinic.db.read().await?;
    let account = own_account(&mut conn, actor).await?;
    let all = store::of_user(&mut conn, account.tenant, account.id).await?;
    let present = confirmed(&all, FactorKind::Passkey)
        .map(stored_passkey)
        .collect::<Result<Vec<_>, _>>()?;
    Ok((account, present))
}

/// Stores a new passkey. With the first factor of an account all its other sign-ins end.
///
/// # Errors
/// See [`EnrolError`].
pub async fn finish_passkey(
    clinic: &Clinic,
    sign_in: &SignIn,
    actor: &Actor,
    (ceremony, label, answer): (Uuid, &str, &str),
) -> Result<FactorId, EnrolError> {
    let label = parse_label(label)?;
    let now = clinic.clock.now();
    let site = sign_in
        .relying_party
        .as_ref()
        .ok_or(EnrolError::NoPasskeys)?;
    let answer = Attestation::parse(answer).map_err(|error| refusal(&error))?;
    let (account, present) = present_passkeys(clinic, actor).await?;
    let mut tx = clinic.db.begin().await?;
    let state = store::take_ceremony(&mut tx, ceremony, Some(account.id), now)
        .await?
        .ok_or(EnrolError::NotFound)?;
    let state = CeremonyState::from_bytes(&state)
        .map_err(|error| StoreError::corrupt("passkey_ceremonies.state", error))?;
    let passkey = match site.finish_registration(&state, &answer, &present) {
        Ok(passkey) => passkey,
        Err(error) => {
            // The ceremony is gone with the wrong answer.
            let entry = AuditEntry::refused(actor.audit(), "identity.passkey_made", now)
                .within(account.tenant)
                .about("user", account.id.as_uuid());
            tx.commit(entry).await?;
            return Err(refusal(&error));
        }
    };
    let id = FactorId::from_uuid(clinic.entropy.uuid(now));
    let secret = passkey
        .to_bytes()
        .map_err(|error| StoreError::corrupt("factors.secret_sealed", error))?;
    let factor = Factor {
        id,
        kind: FactorKind::Passkey,
        label,
        secret: FactorSecret(secret),
        credential: Some(digest(&SHA256, passkey.credential_id()).as_ref().to_vec()),
        last_step: None,
        created: now,
        confirmed: Some(now),
        used: None,
    };
    let before = store::of_user(&mut tx, account.tenant, account.id).await?;
    insert(&mut tx, &account, &factor).await?;
    end_weaker_sessions(&mut tx, actor, &before, now).await?;
    sessions::prove(&mut tx, actor.session, clinical_model::Proof::Passkey, now).await?;
    tx.commit(about(actor, &account, "identity.passkey_made", id, now))
        .await?;
    Ok(id)
}

/// Removes a factor. The last one of staff stays; with the last one of a patient the recovery codes
/// go too.
///
/// # Errors
/// See [`EnrolError`].
pub async fn remove_factor(
    clinic: &Clinic,
    actor: &Actor,
    _proof: StepUp,
    id: FactorId,
) -> Result<(), EnrolError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let account = own_account(&mut tx, actor).await?;
    let all = store::of_user(&mut tx, account.tenant, account.id).await?;
    let living = all.iter().filter(|it| it.confirmed.is_some());
    let others = living.clone().filter(|it| it.id != id).count();
    if living.count() == others {
        return Err(EnrolError::NotFound);
    }
    if others == 0 && actor.role != Role::Patient {
        return Err(EnrolError::LastFactor);
    }
    if others == 0 {
        store::remove_all(&mut tx, account.id).await?;
    } else {
        store::remove(&mut tx, account.id, id).await?;
    }
    tx.commit(about(actor, &account, "identity.factor_removed", id, now))
        .await?;
    Ok(())
}

/// Makes ten new recovery codes; the old ones stop working. They are shown this once.
///
/// # Errors
/// There is no factor, or the store failed.
pub async fn new_recovery_codes(
    clinic: &Clinic,
    actor: &Actor,
    _proof: StepUp,
) -> Result<Vec<String>, EnrolError> {
    let now = clinic.clock.now();
    let sheet = RecoverySheet::from_random(&clinic.entropy.bytes::<RECOVERY_RANDOM_BYTES>());
    let hashes: Vec<[u8; 32]> = sheet
        .codes()
        .iter()
        .map(|it| *it.hash().as_bytes())
        .collect();
    let mut tx = clinic.db.begin().await?;
    let account = own_account(&mut tx, actor).await?;
    if !store::has_one(&mut tx, account.id).await? {
        return Err(EnrolError::NoFactor);
    }
    store::replace_recovery_codes(&mut tx, account.id, &hashes, now).await?;
    let entry = AuditEntry::done(actor.audit(), "identity.recovery_codes_made", now)
        .within(account.tenant)
        .about("user", account.id.as_uuid());
    tx.commit(entry).await?;
    Ok(sheet.codes().iter().map(RecoveryCode::reveal).collect())
}

async fn insert(tx: &mut Tx, account: &Account, factor: &Factor) -> Result<(), EnrolError> {
    store::insert(tx, (account.tenant, account.id), factor)
        .await
        .map_err(|error| match error {
            InsertFactorError::Registered => EnrolError::Registered,
            InsertFactorError::Store(error) => error.into(),
        })
}

/// Sign-ins that were opened before there was a factor showed less than it takes now.
async fn end_weaker_sessions(
    tx: &mut Tx,
    actor: &Actor,
    before: &[Factor],
    now: Micros,
) -> Result<(), StoreError> {
    if before.iter().all(|factor| factor.confirmed.is_none()) {
        sessions::end_others(tx, actor.user, Some(actor.session), now).await?;
    }
    Ok(())
}

fn about(
    actor: &Actor,
    account: &Account,
    action: &'static str,
    factor: FactorId,
    now: Micros,
) -> AuditEntry {
    AuditEntry::done(actor.audit(), action, now)
        .within(account.tenant)
        .about("factor", factor.as_uuid())
}

fn refusal(error: &PasskeyError) -> EnrolError {
    match error {
        PasskeyError::TooMany => EnrolError::TooMany,
        PasskeyError::Registered => EnrolError::Registered,
        PasskeyError::Malformed
        | PasskeyError::Stored
        | PasskeyError::Name
        | PasskeyError::Challenge
        | PasskeyError::Origin
        | PasskeyError::NotVerified
        | PasskeyError::Unknown
        | PasskeyError::CounterRegressed
        | PasskeyError::Wrong => EnrolError::Refused,
    }
}

fn parse_label(text: &str) -> Result<String, EnrolError> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=FACTOR_LABEL_CHARS_MAX).contains(&length) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(EnrolError::Label)
    }
}
