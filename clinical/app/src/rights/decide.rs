//! Answering what patients asked for.

use clinical_model::access::Grant;
use clinical_model::chart::{AmendRefusal, Amendment, Entry, Fact};
use clinical_model::notify::MessageKind;
use clinical_model::rights::{Decided, Request, RequestKind, RequestRefusal};
use clinical_model::text::Prose;
use clinical_model::{AuditEntry, Micros, RequestId, Role};
use clinical_store::chart::{self, EntryWriteError};
use clinical_store::rights::{self as store, RequestWriteError};
use clinical_store::{StoreError, Tx};

use super::requests::{Asked, kept, retention_of, shown};
use crate::access::{Access, AccessDenied};
use crate::identity::{StepUpError, fresh_in};
use crate::notify::{Addressee, Notice, tell};
use crate::{Actor, Clinic, recordings};

/// Where a patient reads the answer.
const PRIVACY_PAGE: &str = "/privacy";

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Do it.
    Accept,
    /// Do not.
    Decline,
}

/// What happens to the fact that a correction names.
#[derive(Debug, Clone)]
pub enum Putting {
    /// It was put right elsewhere, or there was nothing to change.
    Nothing,
    /// It should never have been written.
    InError {
        /// The version that was read.
        version: u32,
    },
    /// It says something else now.
    Amend {
        /// The version that was read.
        version: u32,
        /// What it says now.
        fact: Box<Fact>,
    },
}

/// An answer.
#[derive(Debug, Clone)]
pub struct AnswerCommand {
    /// The version of the request that was read.
    pub version: u32,
    /// What is decided.
    pub verdict: Verdict,
    /// What the patient is told.
    pub text: Option<Prose>,
    /// What happens to the fact.
    pub putting: Putting,
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// There is no such request, or they may not know of it.
    #[error("no such request")]
    NotFound,
    /// This role, or this right, does not answer it.
    #[error("this right does not answer it")]
    Forbidden,
    /// The request or the fact has changed since it was read.
    #[error("the request or the fact has changed")]
    Changed,
    /// It was decided before, or the fact takes no change.
    #[error("it was decided before")]
    State,
    /// Nobody is refused without a reason.
    #[error("a reason is missing")]
    Reason,
    /// The fact would become one of another kind, or no fact was named.
    #[error("the fact does not fit")]
    Fact,
    /// The law says that the record is kept.
    #[error("the law keeps the record")]
    Retained {
        /// Until when.
        until: Micros,
    },
    /// Who erases must first show again who they are.
    #[error("a fresh proof is needed")]
    StepUpNeeded,
    /// The store failed.
    #[error("the request could not be answered")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for AnswerError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

impl From<RequestRefusal> for AnswerError {
    fn from(refusal: RequestRefusal) -> Self {
        match refusal {
            RequestRefusal::Changed => Self::Changed,
            RequestRefusal::Decided | RequestRefusal::Kind => Self::State,
            RequestRefusal::Reason => Self::Reason,
        }
    }
}

impl From<RequestWriteError> for AnswerError {
    fn from(error: RequestWriteError) -> Self {
        match error {
            RequestWriteError::Changed | RequestWriteError::Waiting => Self::Changed,
            RequestWriteError::Store(error) => Self::Store(error),
        }
    }
}

impl From<EntryWriteError> for AnswerError {
    fn from(error: EntryWriteError) -> Self {
        match error {
            EntryWriteError::Changed => Self::Changed,
            EntryWriteError::Store(error) => Self::Store(error),
        }
    }
}

impl From<AmendRefusal> for AnswerError {
    fn from(refusal: AmendRefusal) -> Self {
        match refusal {
            AmendRefusal::Changed { .. } => Self::Changed,
            AmendRefusal::Kind => Self::Fact,
            AmendRefusal::InError => Self::State,
        }
    }
}

impl From<StepUpError> for AnswerError {
    fn from(error: StepUpError) -> Self {
        match error {
            StepUpError::Needed => Self::StepUpNeeded,
            StepUpError::Store(error) => Self::Store(error),
        }
    }
}

/// Answers a request: a correction by who treats the patient, a question about an access and an
/// erasure by an administrator. An erasure is refused while the law keeps the record, and carried
/// out for ever otherwise.
///
/// # Errors
/// [`AnswerError`]
pub async fn answer(
    clinic: &Clinic,
    actor: &Actor,
    id: RequestId,
    command: AnswerCommand,
) -> Result<Asked, AnswerError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let request = store::record(&mut tx, actor.tenant, id)
        .await?
        .ok_or(AnswerError::NotFound)?;
    match (request.kind, actor.role) {
        (RequestKind::Correction, Role::Doctor | Role::Nurse) => {
            correct(clinic, actor, (tx, request, now), command).await
        }
        (RequestKind::Access, Role::Admin) => {
            explain(clinic, actor, (tx, request, now), command).await
        }
        (RequestKind::Erasure, Role::Admin) => {
            judge_erasure(clinic, actor, (tx, request, now), command).await
        }
        // Administrators know nothing of corrections, clinicians nothing of the others.
        _ => Err(AnswerError::NotFound),
    }
}

async fn correct(
    clinic: &Clinic,
    actor: &Actor,
    (mut tx, request, now): (Tx, Request, Micros),
    command: AnswerCommand,
) -> Result<Asked, AnswerError> {
    let access = Access::to(&mut tx, actor, request.patient, now).await?;
    match access.grant() {
        Grant::CareRelation | Grant::AppointmentWindow | Grant::Duty => {}
        Grant::OwnRecord | Grant::Proxy | Grant::Consent | Grant::BreakGlass => {
            return Err(AnswerError::Forbidden);
        }
    }
    let decided = Decided {
        by: actor.user,
        at: now,
    };
    let entry = request.entry;
    let next = match command.verdict {
        Verdict::Accept => request.accept(command.version, decided, command.text)?,
        Verdict::Decline => request.decline(command.version, decided, command.text)?,
    };
    if command.verdict == Verdict::Accept {
        let changed = match (command.putting, entry) {
            (Putting::Nothing, _) => None,
            (_, None) => return Err(AnswerError::Fact),
            (putting, Some(entry)) => Some((putting, entry)),
        };
        if let Some((putting, id)) = changed {
            let old = chart::find(&mut tx, access.viewer(), access.label_max()?, id)
                .await?
                .ok_or(AnswerError::NotFound)?;
            put_right(&mut tx, old, putting, (actor, now)).await?;
            let entry = access.entry(actor, "chart.amend");
            tx.also(entry.about("chart_entry", id.as_uuid())).await?;
        }
    }
    let written = write(&mut tx, clinic, next, command.version, now).await?;
    let entry = access.entry(actor, "rights.answer_correction");
    tx.commit(entry.about("request", written.request.id.as_uuid()))
        .await?;
    Ok(written)
}

async fn put_right(
    tx: &mut Tx,
    old: Entry,
    putting: Putting,
    (actor, now): (&Actor, Micros),
) -> Result<(), AnswerError> {
    let by = (actor.user, now);
    let (read, next) = match putting {
        Putting::Nothing => return Ok(()),
        Putting::InError { version } => (version, old.enter_in_error(version, by)?),
        Putting::Amend { version, fact } => {
            let amendment = Amendment {
                fact: *fact,
                label: old.label,
                effective: old.effective,
            };
            (version, old.amend(version, amendment, by)?)
        }
    };
    chart::update(tx, &next, read).await?;
    Ok(())
}

async fn explain(
    clinic: &Clinic,
    actor: &Actor,
    (mut tx, request, now): (Tx, Request, Micros),
    command: AnswerCommand,
) -> Result<Asked, AnswerError> {
    let decided = Decided {
        by: actor.user,
        at: now,
    };
    if command.text.is_none() {
        return Err(AnswerError::Reason);
    }
    let next = match command.verdict {
        Verdict::Accept => request.accept(command.version, decided, command.text)?,
        Verdict::Decline => request.decline(command.version, decided, command.text)?,
    };
    let written = write(&mut tx, clinic, next, command.version, now).await?;
    tx.commit(entry(actor, "rights.answer_access", &written.request, now))
        .await?;
    Ok(written)
}

async fn judge_erasure(
    clinic: &Clinic,
    actor: &Actor,
    (mut tx, request, now): (Tx, Request, Micros),
    command: AnswerCommand,
) -> Result<Asked, AnswerError> {
    let decided = Decided {
        by: actor.user,
        at: now,
    };
    let law = kept(retention_of(&mut tx, &request).await?, now);
    let next = match (command.verdict, law) {
        (Verdict::Accept, Some(law)) => return Err(AnswerError::Retained { until: law.until }),
        (Verdict::Accept, None) if recordings::keeps(&mut tx, request.patient).await? => {
            return Err(AnswerError::State);
        }
        (Verdict::Accept, None) => {
            fresh_in(&mut tx, actor, now).await?;
            request.accept(command.version, decided, None)?
        }
        (Verdict::Decline, Some(law)) => {
            request.retain(command.version, decided, (law, command.text))?
        }
        (Verdict::Decline, None) => request.decline(command.version, decided, command.text)?,
    };
    if command.verdict == Verdict::Decline {
        let written = write(&mut tx, clinic, next, command.version, now).await?;
        tx.commit(entry(actor, "rights.refuse_erasure", &written.request, now))
            .await?;
        return Ok(written);
    }
    store::decide(&mut tx, &next, command.version).await?;
    for record in store::records_of_person(&mut tx, next.patient).await? {
        store::erase(&mut tx, actor.tenant, record, now).await?;
        let also = actor.did("rights.erase_record", now).of_patient(record);
        tx.also(also).await?;
    }
    let written = shown(&mut tx, next, true).await?;
    tx.commit(entry(actor, "rights.erase", &written.request, now))
        .await?;
    Ok(written)
}

fn entry(actor: &Actor, action: &'static str, request: &Request, now: Micros) -> AuditEntry {
    actor
        .did(action, now)
        .about("request", request.id.as_uuid())
        .of_patient(request.patient)
}

/// Stores a decision and tells who asked that there is an answer.
async fn write(
    tx: &mut Tx,
    clinic: &Clinic,
    next: Request,
    read: u32,
    now: Micros,
) -> Result<Asked, AnswerError> {
    store::decide(tx, &next, read).await?;
    let about = (MessageKind::NewMessage, next.tenant);
    let to = Addressee::Account(next.asked_by);
    let notice = Notice::now(about, to, next.id.as_uuid(), now, PRIVACY_PAGE);
    tell(tx, clinic, &notice, now).await?;
    Ok(shown(tx, next, true).await?)
}
