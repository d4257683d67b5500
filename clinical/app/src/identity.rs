//! Signing in, staying signed in, signing out; making accounts.

mod enrol;
mod evidence;
mod facilities;
mod new_user;
mod one_time;
mod own;
mod people;
mod second;
mod step_up;

use clinical_factors::RelyingParty;
use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::{
    Account, AuditActor, AuditEntry, Email, Micros, Once, PatientId, Proof, Role, Session,
    SessionId, Shown, Standing, TenantId, UserId,
};
use clinical_store::access::Viewer;
use clinical_store::identity as store;
use clinical_store::{Conn, StoreError, Tx, factors, sessions};

pub use clinical_factors::RelyingPartyError;
pub use clinical_store::factors::Factor;
pub use clinical_store::people::Person;
pub use clinical_store::sessions::OpenSession;
pub use enrol::{
    AppOffer, EnrolError, OwnFactors, begin_app, begin_passkey, confirm_app, finish_passkey,
    new_recovery_codes, own_factors, remove_factor,
};
pub use evidence::{Evidence, EvidenceError};
pub use facilities::{FacilityError, Founded, NewFacility, add_facility, facilities};
pub use new_user::{CreateUserError, NewUser, create_user};
pub use one_time::OneTimeToken;
pub use own::{
    PasswordChangeError, change_password, end_other_sessions, end_session, own_sessions,
    set_password,
};
pub use people::{
    Details, PeopleError, add_person, change_person, give_grace, is_due, people, person,
    reset_person, review_person, set_suspended,
};
pub use second::{
    Methods, PasskeyOffer, SecondStep, SecondStepError, Visitor, begin_passkey_sign_in,
    begin_second_passkey, finish_passkey_sign_in, finish_second,
};
pub use step_up::{StepUp, StepUpError, begin_step_up_passkey, fresh, fresh_in, step_up};

use crate::limits::{FactorLimits, LoginLimits};
use crate::tokens::{ACCESS_LIFE_S, Access};
use crate::{
    AccessKey, AccessTokenError, Clinic, Entropy, Limited, Origin, PASSWORD_BYTES_MAX,
    PasswordError, Passwords, RefreshToken,
};

/// A sign-in ends by itself after a working day, used or not.
pub const SESSION_LIFE_US: i64 = 12 * Micros::HOUR;

/// Somebody who proved who they are with an access token of a sign-in that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub user: UserId,
    /// The facility it belongs to.
    pub tenant: TenantId,
    /// Their own record; patients have one.
    pub patient: Option<PatientId>,
    /// What they are to the clinic now, not when the token was made.
    pub role: Role,
    /// The sign-in.
    pub session: SessionId,
    /// What they asked for with a key of their own, to be carried out once.
    pub once: Option<Once>,
}

impl Actor {
    /// For audit entries.
    #[must_use]
    pub const fn audit(&self) -> AuditActor {
        AuditActor::User(self.user)
    }

    /// An act of theirs that was done, in the chain of their facility.
    #[must_use]
    pub const fn did(&self, action: &'static str, at: Micros) -> AuditEntry {
        AuditEntry::done(self.audit(), action, at)
            .within(self.tenant)
            .carrying_out(self.once)
    }

    /// An act of theirs that was refused.
    #[must_use]
    pub const fn was_refused(&self, action: &'static str, at: Micros) -> AuditEntry {
        AuditEntry::refused(self.audit(), action, at).within(self.tenant)
    }

    /// As the store asks who looks.
    #[must_use]
    pub const fn viewer(&self, now: Micros) -> Viewer {
        Viewer {
            tenant: self.tenant,
            person: self.user,
            role: self.role,
            now,
        }
    }
}

/// The keys, limits and hashing behind signing in; one per process.
#[derive(Debug)]
pub struct SignIn {
    key: AccessKey,
    passwords: Passwords,
    limits: LoginLimits,
    factor_limits: FactorLimits,
    relying_party: Option<RelyingParty>,
    issuer: String,
}

/// What authenticator apps call the service.
const ISSUER: &str = "Telehealth Hub";

impl SignIn {
    /// Prepares signing in. Passkeys do not work until the address of the site is
    /// [known](Self::at_site).
    ///
    /// # Errors
    /// Password hashing does not work on this machine.
    pub fn new(key: AccessKey, entropy: &Entropy) -> Result<Self, PasswordError> {
        Ok(Self {
            key,
            passwords: Passwords::new(entropy)?,
            limits: LoginLimits::new(),
            factor_limits: FactorLimits::new(),
            relying_party: None,
            issuer: ISSUER.to_owned(),
        })
    }

    /// Says at which address people open the pages, such as `https://clinic.example`; passkeys are
    /// bound to its host for ever.
    ///
    /// # Errors
    /// The address is no origin that browsers make passkeys for.
    pub fn at_site(mut self, origin: &str) -> Result<Self, RelyingPartyError> {
        self.relying_party = Some(RelyingParty::of_origin(origin, &self.issuer)?);
        Ok(self)
    }

    /// Password hashing, for making accounts.
    #[must_use]
    pub const fn passwords(&self) -> &Passwords {
        &self.passwords
    }
}

/// The tokens of a sign-in.
#[derive(Clone)]
pub struct SignedIn {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// Seconds the access token lives.
    pub expires_in_s: u32,
    /// For the refresh cookie.
    pub refresh: RefreshToken,
    /// When the sign-in ends by itself.
    pub session_expires: Micros,
    /// Whose it is.
    pub account: Account,
    /// What it is good for.
    pub standing: Standing,
}

/// What a password brings.
#[derive(Debug)]
pub enum Login {
    /// The sign-in is complete.
    SignedIn(Box<SignedIn>),
    /// The second factor comes next.
    Second(SecondStep),
}

impl core::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SignedIn(..)")
    }
}

/// A sign-in that failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Unknown e-mail, wrong password or shut account; which one is not said.
    #[error("the e-mail or the password is wrong")]
    Failed,
    /// Too many tries.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// The password was not judged.
    #[error("the password was not judged")]
    Password(#[from] PasswordError),
    /// Signing the token failed.
    #[error("the access token was not signed")]
    Sign(#[source] jsonwebtoken::errors::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs in with e-mail and password; who has a second factor shows that next. Unknown accounts cost
/// the same work as known ones.
///
/// # Errors
/// See [`LoginError`].
pub async fn login(
    clinic: &Clinic,
    sign_in: &SignIn,
    email: &str,
    password: &str,
    browser: &Visitor,
) -> Result<Login, LoginError> {
    let now = clinic.clock.now();
    let from = Origin::from(browser.address);
    // What is no address at all is counted like the address nobody has.
    let email = Email::parse(email)
        .or(Email::parse("nobody@invalid"))
        .or(Err(LoginError::Failed))?;
    sign_in.limits.take(&email, from, now)?;
    let credential = store::credential_by_email(&mut *clinic.db.read().await?, &email).await?;
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
            sign_in.limits.give_back(&email, from);
            return Err(error.into());
        }
    };
    let account = match credential {
        Some(credential) if fits && !credential.account.disabled => credential.account,
        _ => {
            let entry = AuditEntry::refused(AuditActor::Nobody, "identity.login", now);
            clinic.db.begin().await?.commit(entry).await?;
            return Err(LoginError::Failed);
        }
    };
    sign_in.limits.give_back(&email, from);
    let mut tx = clinic.db.begin().await?;
    if factors::has_one(&mut tx, account.id).await? {
        drop(tx);
        let next = second::begin(clinic, sign_in, &account, now).await?;
        return Ok(Login::Second(next));
    }
    let shown = (Proof::Password, browser, now);
    let signed_in = open_session(clinic, sign_in, tx, account, shown).await?;
    Ok(Login::SignedIn(Box::new(signed_in)))
}

/// Opens a sign-in for what was shown, and commits.
async fn open_session(
    clinic: &Clinic,
    sign_in: &SignIn,
    mut tx: Tx,
    account: Account,
    (proof, browser, now): (Proof, &Visitor, Micros),
) -> Result<SignedIn, LoginError> {
    let id = SessionId::from_uuid(clinic.entropy.uuid(now));
    let refresh = RefreshToken::new(id, clinic.entropy.bytes());
    let session = Session {
        id,
        user: account.id,
        current: refresh.hash(),
        previous: None,
        rotated: now,
        created: now,
        expires: now.plus(SESSION_LIFE_US),
        revoked: None,
    };
    let tenant = account.tenant;
    let standing = standing(&mut tx, &account, now).await?;
    let signed_in =
        issue(sign_in, (account, standing), refresh, &session, now).map_err(LoginError::Sign)?;
    store::forget_expired_sessions(&mut tx, session.user, now).await?;
    store::insert_session(&mut tx, &session).await?;
    sessions::prove(&mut tx, id, proof, now).await?;
    sessions::set_device(&mut tx, id, &browser.device).await?;
    let entry = AuditEntry::done(AuditActor::User(session.user), "identity.login", now)
        .within(tenant)
        .about("session", id.as_uuid())
        .under(proof.as_str());
    tx.commit(entry).await?;
    Ok(signed_in)
}

/// What an account may do now: staff without a second factor only set one up.
async fn standing(conn: &mut Conn, account: &Account, now: Micros) -> Result<Standing, StoreError> {
    let has_factor = factors::has_one(conn, account.id).await?;
    let role = account.position.role();
    Ok(Standing::of(role, has_factor, account.factor_grace, now))
}

fn issue(
    sign_in: &SignIn,
    (account, standing): (Account, Standing),
    refresh: RefreshToken,
    session: &Session,
    now: Micros,
) -> Result<SignedIn, jsonwebtoken::errors::Error> {
    let access = Access {
        user: session.user,
        session: session.id,
    };
    Ok(SignedIn {
        access_token: sign_in.key.sign(access, now)?,
        expires_in_s: ACCESS_LIFE_S,
        refresh,
        session_expires: session.expires,
        account,
        standing,
    })
}

/// A refresh that failed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// No token of a sign-in that goes on. A token that was replaced before has ended it.
    #[error("the refresh token is not valid")]
    Refused,
    /// Signing the token failed.
    #[error("the access token was not signed")]
    Sign(#[source] jsonwebtoken::errors::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Replaces a refresh token and gives a new access token. Showing a token that was replaced more
/// than [`clinical_model::REUSE_GRACE_US`] ago ends the sign-in: somebody has a copy.
///
/// # Errors
/// See [`RefreshError`].
pub async fn refresh(
    clinic: &Clinic,
    sign_in: &SignIn,
    shown: &RefreshToken,
) -> Result<SignedIn, RefreshError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let (session, account) = family(&mut tx, shown).await?.ok_or(RefreshError::Refused)?;
    if account.disabled {
        end(tx, &session, "identity.refresh", now).await?;
        return Err(RefreshError::Refused);
    }
    let standing = standing(&mut tx, &account, now).await?;
    let next = sign_in.key.next(shown);
    match session.judge(&shown.hash(), now) {
        Shown::Current => {
            let rotated =
                store::rotate_session(&mut tx, session.id, &shown.hash(), &next.hash(), now)
                    .await?;
            if !rotated {
                // Another request replaced it since it was read, with the very same next token.
                drop(tx);
                return repeat(clinic, sign_in, shown, next).await;
            }
            let entry = AuditEntry::done(AuditActor::User(account.id), "identity.refresh", now)
                .within(account.tenant)
                .about("session", session.id.as_uuid());
            tx.commit(entry).await?;
        }
        Shown::JustReplaced if next.hash() == session.current => {}
        Shown::JustReplaced | Shown::Reused => {
            end(tx, &session, "identity.refresh_reused", now).await?;
            return Err(RefreshError::Refused);
        }
        Shown::Over => return Err(RefreshError::Refused),
    }
    issue(sign_in, (account, standing), next, &session, now).map_err(RefreshError::Sign)
}

/// The second of two requests that showed the same token at the same moment.
async fn repeat(
    clinic: &Clinic,
    sign_in: &SignIn,
    shown: &RefreshToken,
    next: RefreshToken,
) -> Result<SignedIn, RefreshError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let (session, account) = family(&mut tx, shown).await?.ok_or(RefreshError::Refused)?;
    let just_replaced = session.judge(&shown.hash(), now) == Shown::JustReplaced;
    if account.disabled || !just_replaced || next.hash() != session.current {
        return Err(RefreshError::Refused);
    }
    let standing = standing(&mut tx, &account, now).await?;
    issue(sign_in, (account, standing), next, &session, now).map_err(RefreshError::Sign)
}

async fn family(
    tx: &mut Tx,
    shown: &RefreshToken,
) -> Result<Option<(Session, Account)>, StoreError> {
    let Some(session) = store::session(tx, shown.session).await? else {
        return Ok(None);
    };
    let account = store::account(tx, session.user).await?;
    Ok(account.map(|account| (session, account)))
}

async fn end(
    mut tx: Tx,
    session: &Session,
    action: &'static str,
    now: Micros,
) -> Result<(), StoreError> {
    store::revoke_session(&mut tx, session.id, now).await?;
    let entry = AuditEntry::refused(AuditActor::User(session.user), action, now)
        .about("session", session.id.as_uuid());
    tx.commit(entry).await
}

/// Signs out: from now on neither the refresh token nor an access token of this sign-in works.
/// A token that is not of a living sign-in changes nothing.
///
/// # Errors
/// The store failed.
pub async fn logout(clinic: &Clinic, shown: &RefreshToken) -> Result<(), StoreError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let Some(session) = store::session(&mut tx, shown.session).await? else {
        return Ok(());
    };
    let hash = shown.hash();
    let is_ours = hash == session.current || session.previous.as_ref() == Some(&hash);
    if !is_ours || !store::revoke_session(&mut tx, session.id, now).await? {
        return Ok(());
    }
    let entry = AuditEntry::done(AuditActor::User(session.user), "identity.logout", now)
        .about("session", session.id.as_uuid());
    tx.commit(entry).await
}

/// An access token that was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// Not one of our tokens, or its time is over.
    #[error(transparent)]
    Token(#[from] AccessTokenError),
    /// The sign-in has ended, or the account was shut.
    #[error("the sign-in has ended")]
    Ended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds out who calls, and what their sign-in is good for. The store is asked every time, so signing out, shutting an account and
/// changing a role hold at once, on every server.
///
/// # Errors
/// See [`AuthenticateError`].
pub async fn authenticate(
    clinic: &Clinic,
    sign_in: &SignIn,
    access_token: &str,
) -> Result<(Actor, Standing), AuthenticateError> {
    let now = clinic.clock.now();
    let access = sign_in.key.verify(access_token, now)?;
    let mut tx = clinic.db.read().await?;
    let session = store::session(&mut tx, access.session).await?;
    let is_live = session.is_some_and(|it| it.user == access.user && it.is_live(now));
    let account = store::account(&mut tx, access.user).await?;
    match account {
        Some(account) if is_live && !account.disabled => {
            let standing = standing(&mut tx, &account, now).await?;
            let actor = Actor {
                user: account.id,
                tenant: account.tenant,
                patient: account.patient,
                role: account.position.role(),
                session: access.session,
                once: None,
            };
            Ok((actor, standing))
        }
        _ => Err(AuthenticateError::Ended),
    }
}

/// The account of somebody who is signed in.
///
/// # Errors
/// The store failed.
pub async fn me(clinic: &Clinic, actor: &Actor) -> Result<Option<(Account, Standing)>, StoreError> {
    let mut tx = clinic.db.read().await?;
    let Some(account) = store::account(&mut tx, actor.user).await? else {
        return Ok(None);
    };
    let standing = standing(&mut tx, &account, clinic.clock.now()).await?;
    Ok(Some((account, standing)))
}

/// Shuts an account or opens it again. All its sign-ins stop working at the next request.
///
/// # Errors
/// There is no such account, or the store failed.
pub async fn set_disabled(
    clinic: &Clinic,
    actor: AuditActor,
    user: UserId,
    disabled: bool,
) -> Result<(), StoreError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    store::set_disabled(&mut tx, user, disabled).await?;
    let action = if disabled {
        "identity.disable"
    } else {
        "identity.enable"
    };
    tx.commit(AuditEntry::done(actor, action, now).about("user", user.as_uuid()))
        .await
}

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "identity",
    purpose: Both {
        fr: "Comptes, connexion, second facteur.",
        en: "Accounts, signing in, second factor.",
    },
    basis: LegalBasis::Contract,
    categories: Both {
        fr: "Patients, personnel : nom, e-mail, mot de passe (empreinte), facteurs, appareils connectés (genre).",
        en: "Patients, staff: name, e-mail, password (hash), factors, signed-in devices (kind).",
    },
    retention: Both {
        fr: "Tant que le compte existe ; effacé avec le dossier. Une connexion dure 12 heures.",
        en: "As long as the account exists; erased with the record. A sign-in lasts 12 hours.",
    },
    recipients: Both {
        fr: "La personne elle-même ; l’administration pour le personnel.",
        en: "The person themselves; administrators for staff.",
    },
};
