//! Interviews of people with a record.

use clinical_model::triage::{Interview, InterviewLanguage, InterviewState, Story, Whose};
use clinical_model::{AuditEntry, InterviewId, Micros, PatientId, Role};
use clinical_store::triage as store;
use clinical_store::{Conn, StoreError};
use tokio::task::spawn_blocking;

use super::act::{Act, apply};
use super::hints::read_further;
use super::shown::{Reader, Shown, show};
use super::{Triage, TriageError, engine, is_pressing, known, numbers_of};
use crate::access::Access;
use crate::{Actor, Clinic};

/// Begin an interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeginCommand {
    /// About whom; patients mean themselves.
    pub patient: Option<PatientId>,
    /// The language of questions.
    pub language: InterviewLanguage,
    /// Whether pregnant, as far as the person says.
    pub pregnant: Option<bool>,
}

/// Carries an act out away from the tasks of other requests: the engine computes for milliseconds.
pub(super) async fn worked(mut story: Story, act: Act, now: Micros) -> Result<Story, TriageError> {
    let work = move || {
        apply(engine::shipped().as_deref(), &mut story, act, now)?;
        Ok(story)
    };
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(TriageError::Store(StoreError::corrupt(
            "interviews.story_sealed",
            error,
        ))),
    }
}

/// An interview as its patient sees it, with what stands around it.
pub(super) async fn shown(
    conn: &mut Conn,
    interview: Interview,
    now: Micros,
) -> Result<Shown, TriageError> {
    let settings = store::settings(conn, interview.tenant).await?;
    let numbers = numbers_of(conn, interview.tenant).await?;
    let pressing = interview
        .story
        .judged
        .as_ref()
        .is_some_and(|it| is_pressing(it.disposition));
    let on_call = if pressing && interview.patient().is_some() {
        let doctors = clinical_store::orders::duty_doctors(conn, interview.tenant, now).await?;
        u32::try_from(doctors.len()).ok().filter(|count| *count > 0)
    } else {
        None
    };
    let language = interview.story.language;
    let reader = Reader {
        language,
        hypotheses: settings.show_hypotheses,
        settings,
        numbers,
        on_call,
    };
    Ok(show(engine::shipped().as_deref(), interview, &reader))
}

/// An interview as the actor reads it elsewhere: clinicians with hypotheses, others as the facility
/// decided.
async fn shown_to(
    conn: &mut Conn,
    actor: &Actor,
    interview: Interview,
) -> Result<Shown, TriageError> {
    let settings = store::settings(conn, interview.tenant).await?;
    let reader = Reader {
        language: interview.story.language,
        hypotheses: settings.show_hypotheses || matches!(actor.role, Role::Doctor | Role::Nurse),
        settings,
        numbers: numbers_of(conn, interview.tenant).await?,
        on_call: None,
    };
    Ok(show(engine::shipped().as_deref(), interview, &reader))
}

/// The interviews of a patient in another transaction, and the act that it is.
pub(crate) async fn list_in(
    conn: &mut Conn,
    (actor, now): (&Actor, Micros),
    patient: PatientId,
) -> Result<(Vec<Shown>, AuditEntry), TriageError> {
    let access = reached(conn, actor, patient, now).await?;
    let mut all = Vec::new();
    for interview in store::of_patient(conn, access.viewer(), patient).await? {
        all.push(shown_to(conn, actor, interview).await?);
    }
    Ok((all, access.entry(actor, "triage.list")))
}

/// One interview in another transaction, and the act that it is.
pub(crate) async fn read_in(
    conn: &mut Conn,
    (actor, now): (&Actor, Micros),
    id: InterviewId,
) -> Result<(Shown, AuditEntry), TriageError> {
    let (interview, access) = found(conn, actor, id, now).await?;
    let shown = shown_to(conn, actor, interview).await?;
    let act = access.entry(actor, "triage.read");
    Ok((shown, act.about("interview", id.as_uuid())))
}

/// The right of the actor to a patient, if it lets them see clinical content.
pub(super) async fn reached(
    conn: &mut Conn,
    actor: &Actor,
    patient: PatientId,
    now: Micros,
) -> Result<Access, TriageError> {
    let access = Access::to(conn, actor, patient, now).await?;
    access.label_max()?;
    Ok(access)
}

/// An interview that the actor may see, with the right to its patient.
pub(super) async fn found(
    conn: &mut Conn,
    actor: &Actor,
    id: InterviewId,
    now: Micros,
) -> Result<(Interview, Access), TriageError> {
    let found = store::find(conn, &actor.viewer(now), id).await?;
    let interview = found.ok_or(TriageError::NotFound)?;
    let patient = interview.patient().ok_or(TriageError::NotFound)?;
    let access = reached(conn, actor, patient, now).await?;
    Ok((interview, access))
}

/// Whether the actor may act in an interview of the patient: themselves, a proxy who may act, staff.
pub(super) async fn may_act(
    conn: &mut Conn,
    actor: &Actor,
    access: &Access,
) -> Result<(), TriageError> {
    let may = match actor.role {
        Role::Patient => {
            clinical_store::access::may_act(conn, access.viewer(), access.patient()).await?
        }
        Role::Doctor | Role::Nurse => true,
        _ => false,
    };
    if may {
        Ok(())
    } else {
        Err(TriageError::Forbidden)
    }
}

/// Begins an interview with what the record says.
///
/// # Errors
/// [`TriageError`]
pub async fn begin(
    clinic: &Clinic,
    actor: &Actor,
    command: BeginCommand,
) -> Result<Shown, TriageError> {
    let now = clinic.clock.now();
    let patient = command.patient.or(actor.patient);
    let patient = patient.ok_or(TriageError::Invalid("patient"))?;
    let mut tx = clinic.db.begin().await?;
    let access = reached(&mut tx, actor, patient, now).await?;
    may_act(&mut tx, actor, &access).await?;
    let mut story = known::story(&mut tx, &access, now).await?;
    story.language = command.language;
    story.pregnant = command.pregnant.or(story.pregnant);
    story.proxy = actor.patient != Some(patient);
    let interview = Interview {
        id: InterviewId::from_uuid(clinic.entropy.uuid(now)),
        tenant: actor.tenant,
        whose: Whose::Patient(patient),
        story,
        appointment: None,
        noted: false,
        started: now,
        started_by: Some(actor.user),
        finished: None,
        version: 1,
    };
    store::insert(&mut tx, &interview).await?;
    let id = interview.id.as_uuid();
    let shown = shown(&mut tx, interview, now).await?;
    let done = access.entry(actor, "triage.begin").about("interview", id);
    tx.commit(done).await?;
    Ok(shown)
}

/// The interviews of a patient, newest first; patients mean themselves.
///
/// # Errors
/// [`TriageError`]
pub async fn list(
    clinic: &Clinic,
    actor: &Actor,
    patient: Option<PatientId>,
) -> Result<Vec<Interview>, TriageError> {
    let now = clinic.clock.now();
    let patient = patient.or(actor.patient);
    let patient = patient.ok_or(TriageError::Invalid("patient"))?;
    let mut tx = clinic.db.look().await?;
    let access = reached(&mut tx, actor, patient, now).await?;
    let found = store::of_patient(&mut tx, access.viewer(), patient).await?;
    tx.commit(access.entry(actor, "triage.list")).await?;
    Ok(found)
}

/// One interview, to go on with it or to read its result.
///
/// # Errors
/// [`TriageError`]
pub async fn read(clinic: &Clinic, actor: &Actor, id: InterviewId) -> Result<Shown, TriageError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let (interview, access) = found(&mut tx, actor, id, now).await?;
    let shown = shown(&mut tx, interview, now).await?;
    let done = access.entry(actor, "triage.read");
    tx.commit(done.about("interview", id.as_uuid())).await?;
    Ok(shown)
}

/// The next version of an interview, with what its story has become.
pub(super) fn next(interview: Interview, story: Story, now: Micros) -> Interview {
    let is_over = matches!(
        story.state(),
        InterviewState::Emergency | InterviewState::Finished
    );
    Interview {
        finished: interview.finished.or(is_over.then_some(now)),
        version: interview.version.saturating_add(1),
        story,
        ..interview
    }
}

/// Does something in an interview.
///
/// # Errors
/// [`TriageError`]
pub async fn act(
    clinic: &Clinic,
    actor: &Actor,
    id: InterviewId,
    act: Act,
) -> Result<Shown, TriageError> {
    done(clinic, None, (actor, id), act).await
}

/// As [`act`]; what fixed rules did not understand may be read by the model of the facility.
///
/// # Errors
/// [`TriageError`]
pub async fn act_reading(
    (clinic, triage): (&Clinic, &Triage),
    actor: &Actor,
    id: InterviewId,
    act: Act,
) -> Result<Shown, TriageError> {
    done(clinic, Some(triage), (actor, id), act).await
}

async fn done(
    clinic: &Clinic,
    triage: Option<&Triage>,
    (actor, id): (&Actor, InterviewId),
    act: Act,
) -> Result<Shown, TriageError> {
    let now = clinic.clock.now();
    let action = act.action();
    let mut conn = clinic.db.read().await?;
    let (interview, access) = found(&mut conn, actor, id, now).await?;
    may_act(&mut conn, actor, &access).await?;
    drop(conn);
    // No connection is held while the engine computes; who was faster meanwhile wins by the version.
    let is_told = matches!(act, Act::Complain(_));
    let mut story = worked(interview.story.clone(), act, now).await?;
    if let Some(triage) = triage.filter(|_| is_told) {
        let of = (interview.tenant, interview.id);
        story = read_further(clinic, triage, of, (story, now)).await;
    }
    let interview = next(interview, story, now);
    let mut tx = clinic.db.begin().await?;
    let access = reached(&mut tx, actor, access.patient(), now).await?;
    store::update(&mut tx, &interview).await?;
    let version = interview.version;
    let shown = shown(&mut tx, interview, now).await?;
    let done = access.entry(actor, action).at_version(version);
    tx.commit(done.about("interview", id.as_uuid())).await?;
    Ok(shown)
}
