//! Diseases in the family: asked one question after another, kept as facts at the end.

use clinical_model::access::Label;
use clinical_model::chart::family::{Answer, Case, Disease, Interview, Question, TopicRisk};
use clinical_model::chart::{
    Code, CodeSystem, Entry, EntryStatus, Fact, FamilyCondition, FamilyHistory, Kind,
};
use clinical_model::text::{CodeText, Line};
use clinical_model::{EntryId, PatientId};
use clinical_store::chart::{self, PAGE_MAX};

use super::overview::everything;
use super::{RecordError, writer};
use crate::{Actor, Clinic};

/// Where an interview stands.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyAnswer {
    /// What to ask next; none when everything is answered.
    pub question: Option<Question>,
    /// What the answers mean, when everything is answered.
    pub risks: Option<Vec<TopicRisk>>,
    /// How many facts were written into the chart.
    pub written: u32,
}

/// Looks at the answers so far. When everything is answered and `is_final`, relatives with their
/// diseases are written into the chart; those that stand there already are not written again.
///
/// # Errors
/// [`RecordError`], but for [`RecordError::Duplicate`] and [`RecordError::Changed`]
pub async fn interview(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    (answers, is_final): (Vec<Answer>, bool),
) -> Result<FamilyAnswer, RecordError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let (access, _) = writer(&mut tx, actor, (patient, Kind::FamilyHistory), now).await?;
    let interview = Interview::replay(answers)?;
    let mut written = 0_u32;
    if is_final {
        if interview.question().is_some() {
            return Err(RecordError::WrongState("answers"));
        }
        let mut filter = everything(access.label_max()?);
        filter.kinds = vec![Kind::FamilyHistory];
        let page = (None, PAGE_MAX);
        let known = chart::list(&mut tx, access.viewer(), patient, &filter, page).await?;
        let mut known: Vec<Fact> = known.into_iter().map(|it| it.fact).collect();
        for case in interview.cases() {
            let fact = history(case)?;
            // Two sisters with the same disease are two facts, and both may stand there already.
            if let Some(at) = known.iter().position(|it| *it == fact) {
                known.swap_remove(at);
                continue;
            }
            let entry = Entry {
                id: EntryId::from_uuid(clinic.entropy.uuid(now)),
                tenant: actor.tenant,
                patient,
                fact,
                label: Label::Normal,
                status: EntryStatus::Active,
                effective: now,
                recorded: now,
                author: actor.user,
                appointment: None,
                version: 1,
            };
            chart::insert(&mut tx, &entry).await?;
            let audit = access.entry(actor, "chart.add");
            let audit = audit.about("chart_entry", entry.id.as_uuid());
            tx.also(audit.at_version(1)).await?;
            written = written.saturating_add(1);
        }
    }
    tx.commit(access.entry(actor, "chart.family_interview"))
        .await?;
    Ok(FamilyAnswer {
        question: interview.question(),
        risks: interview.risks(),
        written,
    })
}

fn history(case: &Case) -> Result<Fact, RecordError> {
    let conditions = case.diseases().into_iter().map(|disease| {
        let code = CodeText::try_from(disease.icd10());
        let display = Line::try_from(words(disease));
        Ok(FamilyCondition {
            code: Code {
                system: CodeSystem::Icd10,
                code: code.or(Err(RecordError::Invalid("answers")))?,
                display: display.or(Err(RecordError::Invalid("answers")))?,
            },
            onset_years: case.years,
        })
    });
    Ok(Fact::FamilyHistory(FamilyHistory {
        relative: case.relative,
        conditions: conditions.collect::<Result<_, RecordError>>()?,
        died_at_years: None,
        note: None,
    }))
}

/// As the chart of a French-speaking clinic says it.
const fn words(disease: Disease) -> &'static str {
    match disease {
        Disease::Heart => "Maladie coronarienne",
        Disease::Diabetes => "Diabète de type 2",
        Disease::Breast => "Cancer du sein",
        Disease::Ovary => "Cancer de l'ovaire",
        Disease::Bowel => "Cancer du côlon",
        Disease::SickleCell => "Drépanocytose",
    }
}
