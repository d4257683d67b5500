//! What clinicians read and say of an interview. Nothing of it enters the record but by their act.

use clinical_model::notes::NoteText;
use clinical_model::triage::{
    Answer, Disposition, Feedback, Interview, InterviewLanguage, Story, Verdict,
};
use clinical_model::{AppointmentId, InterviewId, Micros, Role};
use clinical_store::triage as store;
use clinical_store::{Conn, names};

use super::interviews::found;
use super::scores::{self, Score};
use super::shown::{Names, Reader, Shown, show};
use super::{TriageError, engine, numbers_of};
use crate::access::Access;
use crate::booking::reached;
use crate::{Actor, Clinic, Desk, notes};

/// Conditions whose gaps and steps are shown.
const FIRST: usize = 3;
/// Most gaps and steps.
const LIST_MAX: usize = 8;

/// An interview as clinicians read it.
#[derive(Debug, Clone)]
pub struct Clinical {
    /// The interview, with all hypotheses.
    pub shown: Shown,
    /// A summary in sentences.
    pub summary: String,
    /// Said to be so.
    pub present: Vec<String>,
    /// Denied.
    pub absent: Vec<String>,
    /// Asked and not known.
    pub unknown: Vec<String>,
    /// Not asked.
    pub gaps: Vec<String>,
    /// Tests and next steps.
    pub steps: Vec<String>,
    /// Early warning scores.
    pub scores: Vec<Score>,
    /// What clinicians said of it with their names, newest first.
    pub feedback: Vec<(Feedback, String)>,
}

async fn read_clinically(
    conn: &mut Conn,
    actor: &Actor,
    interview: Interview,
    language: InterviewLanguage,
) -> Result<Clinical, TriageError> {
    let mut feedback = store::feedback_of(conn, &interview).await?;
    feedback.reverse();
    let authors = feedback.iter().map(|it| it.by);
    let authors = names::of(conn, actor.tenant, authors).await?;
    let feedback = feedback.into_iter().map(|it| {
        let name = authors.get(&it.by).cloned().unwrap_or_default();
        (it, name)
    });
    let reader = Reader {
        language,
        hypotheses: true,
        settings: store::settings(conn, interview.tenant).await?,
        numbers: numbers_of(conn, interview.tenant).await?,
        on_call: None,
    };
    let engine = engine::shipped();
    let names = Names {
        engine: engine.as_deref(),
        language,
    };
    let story = &interview.story;
    let explained = story.judged.as_ref().map(|it| it.explained.clone());
    let explained = explained.unwrap_or_default();
    let unknown = story.told.iter().filter(|it| it.answer == Answer::Unknown);
    let unknown: Vec<String> = unknown.map(|it| names.finding(&it.finding)).collect();
    let present = names.findings(&explained.present);
    let absent = names.findings(&explained.absent);
    let gaps = gaps(&names, story);
    let steps = steps(&names, story);
    let scores = scores::of(story);
    let summary = summary(&names, &interview, (&present, &absent, &unknown));
    Ok(Clinical {
        shown: show(engine.as_deref(), interview, &reader),
        summary,
        present,
        absent,
        unknown,
        gaps,
        steps,
        scores,
        feedback: feedback.collect(),
    })
}

fn gaps(names: &Names<'_>, story: &Story) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for guess in story
        .judged
        .iter()
        .flat_map(|it| it.guesses.iter().take(FIRST))
    {
        for id in &guess.would_change {
            let is_told = story.told.iter().any(|it| it.finding == *id);
            let name = names.finding(id);
            if !is_told && found.len() < LIST_MAX && !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

fn steps(names: &Names<'_>, story: &Story) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let Some(engine) = names.engine else {
        return found;
    };
    let of = engine::language(names.language);
    for guess in story
        .judged
        .iter()
        .flat_map(|it| it.guesses.iter().take(FIRST))
    {
        let steps = names.condition(&guess.condition).map(|it| &it.steps);
        for step in steps.into_iter().flatten() {
            let text = engine.knowledge().steps.get(step);
            let Some(text) = text.map(|it| of.of(&it.text).to_owned()) else {
                continue;
            };
            if found.len() < LIST_MAX && !found.contains(&text) {
                found.push(text);
            }
        }
    }
    found
}

const fn place(it: Disposition, language: InterviewLanguage) -> &'static str {
    let (en, fr) = match it {
        Disposition::Emergency => ("emergency", "urgence vitale"),
        Disposition::Urgent => ("same day", "le jour même"),
        Disposition::Routine => ("within days", "dans les jours qui viennent"),
        Disposition::SelfCare => ("self-care", "soins à domicile"),
    };
    match language {
        InterviewLanguage::English => en,
        InterviewLanguage::French => fr,
    }
}

/// What was told, without characters that no note takes.
fn words_of(complaint: &str) -> String {
    let printable = complaint.trim().chars();
    printable
        .filter(|it| !it.is_control() || *it == '\n')
        .collect()
}

/// The summary, as it is read and as it goes into a note.
fn summary(
    names: &Names<'_>,
    interview: &Interview,
    (present, absent, unknown): (&[String], &[String], &[String]),
) -> String {
    let story = &interview.story;
    let language = names.language;
    let word = |en: &'static str, fr: &'static str| match language {
        InterviewLanguage::English => en,
        InterviewLanguage::French => fr,
    };
    let colon = word(": ", " : ");
    let mut lines = vec![format!(
        "{}{colon}« {} »",
        word(
            "Complaint in the patient's words",
            "Plainte, dans les mots du patient"
        ),
        words_of(&story.complaint)
    )];
    for (title, list) in [
        (word("Present", "Présent"), present),
        (word("Denied", "Nié"), absent),
        (word("Not known", "Inconnu"), unknown),
    ] {
        if !list.is_empty() {
            lines.push(format!("{title}{colon}{}.", list.join(", ")));
        }
    }
    for value in &story.measured {
        lines.push(format!(
            "{}{colon}{} {}",
            value.name, value.value, value.unit
        ));
    }
    if let Some(judged) = &story.judged {
        lines.push(format!(
            "{}{colon}{} ({:.0} %).",
            word("Triage by the program", "Orientation par le programme"),
            place(judged.disposition, language),
            judged.confidence * 100.0
        ));
        let thought: Vec<String> = judged
            .guesses
            .iter()
            .take(FIRST)
            .map(|it| {
                let name = names.condition_name(&it.condition);
                format!("{name} ({:.0} %)", it.probability * 100.0)
            })
            .collect();
        if !thought.is_empty() {
            lines.push(format!(
                "{}{colon}{}.",
                word("Hypotheses of the program", "Hypothèses du programme"),
                thought.join(", ")
            ));
        }
    }
    lines.join("\n")
}

/// One interview, for a clinician who may see its patient.
///
/// # Errors
/// [`TriageError`]
pub async fn clinical(
    clinic: &Clinic,
    actor: &Actor,
    (id, language): (InterviewId, InterviewLanguage),
) -> Result<Clinical, TriageError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let (interview, access) = found(&mut tx, actor, id, now).await?;
    let read = read_clinically(&mut tx, actor, interview, language).await?;
    let done = access.entry(actor, "triage.read_clinically");
    tx.commit(done.about("interview", id.as_uuid())).await?;
    Ok(read)
}

/// What an appointment carries, for its doctor and for nurses who may see its patient.
///
/// # Errors
/// [`TriageError`]
pub async fn of_appointment(
    clinic: &Clinic,
    actor: &Actor,
    (id, language): (AppointmentId, InterviewLanguage),
) -> Result<Vec<Clinical>, TriageError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let (record, _) = reached(&mut tx, actor, id, now)
        .await
        .map_err(|error| match error {
            crate::booking::AccessError::NotFound => TriageError::NotFound,
            crate::booking::AccessError::Store(error) => TriageError::Store(error),
        })?;
    let patient = record.appointment.patient;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    access.label_max()?;
    let mut read = Vec::new();
    for interview in store::of_appointment(&mut tx, access.viewer(), id).await? {
        read.push(read_clinically(&mut tx, actor, interview, language).await?);
    }
    let done = access.entry(actor, "triage.read_clinically");
    tx.commit(done.of_visit(&record.appointment)).await?;
    Ok(read)
}

/// What a clinician says of a result.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedbackCommand {
    /// What.
    pub verdict: Verdict,
    /// Where the patient belonged.
    pub disposition: Option<Disposition>,
    /// The condition that it is about.
    pub condition: Option<String>,
    /// Why.
    pub reason: String,
}

impl core::fmt::Debug for FeedbackCommand {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("FeedbackCommand(..)")
    }
}

/// Keeps what a doctor says of a result. The record does not change.
///
/// # Errors
/// [`TriageError`]
pub async fn give_feedback(
    clinic: &Clinic,
    actor: &Actor,
    id: InterviewId,
    (command, language): (FeedbackCommand, InterviewLanguage),
) -> Result<Clinical, TriageError> {
    if actor.role != Role::Doctor {
        return Err(TriageError::Forbidden);
    }
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let (interview, access) = found(&mut tx, actor, id, now).await?;
    if interview.story.judged.is_none() {
        return Err(TriageError::WrongState);
    }
    if let (Some(condition), Some(engine)) = (&command.condition, engine::shipped()) {
        let mut known = engine.knowledge().conditions.iter();
        if !known.any(|it| it.id == *condition) {
            return Err(TriageError::Invalid("condition"));
        }
    }
    let action = match command.verdict {
        Verdict::Accept => "triage.accept",
        Verdict::Correct => "triage.correct",
        Verdict::Reject => "triage.reject",
    };
    let feedback = Feedback {
        by: actor.user,
        at: now,
        verdict: command.verdict,
        disposition: command.disposition,
        condition: command.condition,
        reason: command.reason,
    };
    store::add_feedback(&mut tx, &interview, &feedback.checked()?).await?;
    let read = read_clinically(&mut tx, actor, interview, language).await?;
    let done = access.entry(actor, action);
    tx.commit(done.about("interview", id.as_uuid())).await?;
    Ok(read)
}

/// Writes the summary behind what stands in the draft note of the appointment that carries the interview.
/// The doctor of that appointment does it, and edits and signs the note as always. Answers with the note's
/// version.
///
/// # Errors
/// [`TriageError`]
pub async fn take_over(
    desk: &Desk,
    actor: &Actor,
    (id, language): (InterviewId, InterviewLanguage),
) -> Result<(AppointmentId, u32), TriageError> {
    let clinic = desk.clinic();
    let now: Micros = desk.now();
    let mut conn = desk.db().read().await?;
    let (interview, _) = found(&mut conn, actor, id, now).await?;
    let appointment = interview.appointment.ok_or(TriageError::WrongState)?;
    let read = read_clinically(&mut conn, actor, interview.clone(), language).await?;
    drop(conn);
    // One request is carried out once: saving is what it asks for, looking and marking go along.
    let beside = Actor {
        once: None,
        ..*actor
    };
    let stored = notes::note(desk, &beside, appointment).await?;
    let before = stored.as_ref().map_or("", |it| it.text.as_str());
    let text = if before.trim().is_empty() {
        read.summary
    } else {
        format!("{}\n\n{}", before.trim_end(), read.summary)
    };
    let text = NoteText::try_from(text.as_str()).or(Err(TriageError::WrongState))?;
    let version = stored.as_ref().map_or(0, |it| it.version);
    let note = notes::save_note(desk, actor, appointment, (text, version)).await?;
    // That it was taken over is noted afterwards: a note without the mark is right, the other is not.
    let mut tx = clinic.db.begin().await?;
    let (interview, access) = found(&mut tx, actor, id, now).await?;
    let noted = Interview {
        noted: true,
        version: interview.version.saturating_add(1),
        ..interview
    };
    store::update(&mut tx, &noted).await?;
    let done = access.entry(&beside, "triage.take_over");
    tx.commit(done.about("interview", id.as_uuid())).await?;
    Ok((appointment, note.version))
}
