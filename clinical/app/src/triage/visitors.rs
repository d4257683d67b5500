//! Interviews of visitors without an account, known by a secret and kept for a day.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clinical_model::triage::{BirthSex, Interview, InterviewLanguage, Story, Whose};
use clinical_model::{AuditActor, AuditEntry, InterviewId, Micros, PatientId, TokenHash};
use clinical_store::triage as store;

use super::act::Act;
use super::hints::read_further;
use super::interviews::{may_act, next, shown, worked};
use super::shown::Shown;
use super::{Triage, TriageError, first_facility};
use crate::access::Access;
use crate::{Actor, Clinic, Origin};

/// How long a visitor's interview is kept.
pub const VISITOR_LIFE_US: i64 = Micros::DAY;
/// Days of a year, as red flags count.
const YEAR_DAYS: u32 = 365;
/// Months of a year.
const MONTHS: u32 = 12;
/// Oldest age that is taken, in months.
const MONTHS_MAX: u32 = 1_440;

/// The secret that a visitor's interview is known by. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct VisitorSecret([u8; 32]);

impl VisitorSecret {
    /// Reads the value of a cookie; none if it is no such secret.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = (text.len() == 43).then(|| URL_SAFE_NO_PAD.decode(text).ok());
        Some(Self(bytes??.try_into().ok()?))
    }

    /// The value for a cookie.
    #[must_use]
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is kept of it.
    fn hash(&self) -> TokenHash {
        use core::fmt::Write as _;
        let mut hex = String::with_capacity(64);
        for byte in digest(&SHA256, &self.0).as_ref() {
            // Writing to a String never fails.
            let _ = write!(hex, "{byte:02x}");
        }
        TokenHash::from_hex(hex)
    }
}

impl core::fmt::Debug for VisitorSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("VisitorSecret(..)")
    }
}

/// Begin an interview without an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisitorCommand {
    /// The language of questions.
    pub language: InterviewLanguage,
    /// Age in months.
    pub age_months: u32,
    /// Sex, when said.
    pub sex: Option<BirthSex>,
    /// Whether pregnant, when known.
    pub pregnant: Option<bool>,
    /// Whether somebody answers for the ill person.
    pub proxy: bool,
}

/// A begun interview with the secret that it is known by.
#[derive(Debug)]
pub struct Opened {
    /// The interview.
    pub shown: Shown,
    /// The secret; only its hash is kept.
    pub secret: VisitorSecret,
}

/// Begins an interview.
///
/// # Errors
/// [`TriageError`]
pub async fn begin_as_visitor(
    clinic: &Clinic,
    triage: &Triage,
    from: Origin,
    command: VisitorCommand,
) -> Result<Opened, TriageError> {
    let now = clinic.clock.now();
    triage.0.begin.take(&from, now)?;
    if command.age_months > MONTHS_MAX {
        return Err(TriageError::Invalid("age_months"));
    }
    let mut tx = clinic.db.begin().await?;
    let facility = first_facility(&mut tx).await?;
    let secret = VisitorSecret(clinic.entropy.bytes());
    let age_days = command.age_months * YEAR_DAYS / MONTHS;
    let interview = Interview {
        id: InterviewId::from_uuid(clinic.entropy.uuid(now)),
        tenant: facility.id,
        whose: Whose::Visitor {
            token: secret.hash(),
            until: now.plus(VISITOR_LIFE_US),
        },
        story: Story {
            language: command.language,
            age_days: Some(age_days),
            female: command.sex.map(|sex| sex == BirthSex::Female),
            pregnant: command.pregnant,
            proxy: command.proxy,
            ..Story::default()
        },
        appointment: None,
        noted: false,
        started: now,
        started_by: None,
        finished: None,
        version: 1,
    };
    store::insert(&mut tx, &interview).await?;
    let done = entry(&interview, "triage.begin", now);
    let shown = shown(&mut tx, interview, now).await?;
    tx.commit(done).await?;
    Ok(Opened { shown, secret })
}

/// The audit entry of somebody without an account.
fn entry(it: &Interview, action: &'static str, now: Micros) -> AuditEntry {
    AuditEntry::done(AuditActor::Nobody, action, now)
        .within(it.tenant)
        .about("interview", it.id.as_uuid())
        .under("visitor_secret")
}

/// The visitor's interview.
///
/// # Errors
/// [`TriageError`]
pub async fn read_as_visitor(
    clinic: &Clinic,
    triage: &Triage,
    (from, secret): (Origin, &VisitorSecret),
) -> Result<Shown, TriageError> {
    let now = clinic.clock.now();
    triage.0.acts.take(&from, now)?;
    let mut tx = clinic.db.look().await?;
    let found = store::of_token(&mut tx, &secret.hash(), now).await?;
    let interview = found.ok_or(TriageError::NotFound)?;
    let done = entry(&interview, "triage.read", now);
    let shown = shown(&mut tx, interview, now).await?;
    tx.commit(done).await?;
    Ok(shown)
}

/// Does something in the visitor's interview.
///
/// # Errors
/// [`TriageError`]
pub async fn act_as_visitor(
    clinic: &Clinic,
    triage: &Triage,
    (from, secret): (Origin, &VisitorSecret),
    act: Act,
) -> Result<Shown, TriageError> {
    let now = clinic.clock.now();
    triage.0.acts.take(&from, now)?;
    let action = act.action();
    let mut conn = clinic.db.read().await?;
    let found = store::of_token(&mut conn, &secret.hash(), now).await?;
    let interview = found.ok_or(TriageError::NotFound)?;
    drop(conn);
    let is_told = matches!(act, Act::Complain(_));
    let mut story = worked(interview.story.clone(), act, now).await?;
    if is_told {
        let of = (interview.tenant, interview.id);
        story = read_further(clinic, triage, of, (story, now)).await;
    }
    let interview = next(interview, story, now);
    let mut tx = clinic.db.begin().await?;
    store::update(&mut tx, &interview).await?;
    let done = entry(&interview, action, now).at_version(interview.version);
    let shown = shown(&mut tx, interview, now).await?;
    tx.commit(done).await?;
    Ok(shown)
}

/// Deletes the visitor's interview.
///
/// # Errors
/// [`TriageError`]
pub async fn forget_visitor(
    clinic: &Clinic,
    triage: &Triage,
    (from, secret): (Origin, &VisitorSecret),
) -> Result<(), TriageError> {
    let now = clinic.clock.now();
    triage.0.acts.take(&from, now)?;
    let mut tx = clinic.db.begin().await?;
    let found = store::of_token(&mut tx, &secret.hash(), now).await?;
    let interview = found.ok_or(TriageError::NotFound)?;
    store::delete_visitors(&mut tx, interview.id).await?;
    tx.commit(entry(&interview, "triage.forget", now)).await?;
    Ok(())
}

/// Moves the visitor's interview into a record: the actor's own, or that of somebody for whom they may
/// act. What was told and found stays as it is; the record's measurements are not added afterwards.
///
/// # Errors
/// [`TriageError`]
pub async fn claim(
    clinic: &Clinic,
    actor: &Actor,
    secret: &VisitorSecret,
    patient: Option<PatientId>,
) -> Result<Shown, TriageError> {
    let now = clinic.clock.now();
    let patient = patient.or(actor.patient);
    let patient = patient.ok_or(TriageError::Invalid("patient"))?;
    let mut tx = clinic.db.begin().await?;
    let found = store::of_token(&mut tx, &secret.hash(), now).await?;
    let interview = found.filter(|it| it.tenant == actor.tenant);
    let interview = interview.ok_or(TriageError::NotFound)?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    may_act(&mut tx, actor, &access).await?;
    let claimed = Interview {
        whose: Whose::Patient(patient),
        started_by: Some(actor.user),
        version: interview.version.saturating_add(1),
        ..interview
    };
    store::update(&mut tx, &claimed).await?;
    let id = claimed.id.as_uuid();
    let done = access.entry(actor, "triage.claim").about("interview", id);
    let shown = shown(&mut tx, claimed, now).await?;
    tx.commit(done).await?;
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_back_and_nothing_else_is_one() {
        let secret = VisitorSecret([7; 32]);
        assert_eq!(VisitorSecret::parse(&secret.reveal()), Some(secret.clone()));
        assert_eq!(format!("{secret:?}"), "VisitorSecret(..)");
        for bad in ["", "x", &"é".repeat(22), &"=".repeat(43)] {
            assert_eq!(VisitorSecret::parse(bad), None, "{bad}");
        }
        assert_ne!(secret.hash(), VisitorSecret([8; 32]).hash());
    }
}
