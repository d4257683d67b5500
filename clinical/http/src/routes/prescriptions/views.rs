//! From models to views, and from requests to commands.

use std::collections::BTreeMap;

use axum::Json;
use clinical_api::{
    BothText, FactView, FindingView, PrescribedLineView, PrescriptionRequest, PrescriptionView,
    ProblemCode, ReasonView, RefusalView, SaferView,
};
use clinical_app::Actor;
use clinical_app::prescribing::{
    self, DraftCommand, FactWords, LineCommand, PrescribingError, Shown,
};
use clinical_model::access::Label;
use clinical_model::prescribing::{PrescribedLine, Prescription};
use clinical_model::text::Line;
use clinical_safety::{Dose, Drug, Fact, Finding, Frequency, SubstanceId, Text};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::ApiError;
use crate::router::ApiState;

/// The word that a plain enum has in JSON.
pub(super) fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

fn parsed<T: DeserializeOwned>(word: &str, field: &'static str) -> Result<T, ApiError> {
    serde_json::from_value(Value::String(word.to_owned())).or(Err(ApiError::invalid(field)))
}

fn both(text: &Text) -> BothText {
    BothText {
        fr: text.fr.clone(),
        en: text.en.clone(),
    }
}

fn line_command(line: PrescribedLineView) -> Result<LineCommand, ApiError> {
    let unit = parsed(&line.unit, "lines.unit")?;
    let directions = line.directions.map(Line::try_from).transpose();
    Ok(LineCommand {
        medicine: SubstanceId::new(line.medicine),
        dose: Dose::new(line.dose, unit).or(Err(ApiError::invalid("lines.dose")))?,
        frequency: Frequency::per_day(line.per_day).or(Err(ApiError::invalid("lines.per_day")))?,
        route: parsed(&line.route, "lines.route")?,
        duration_days: line.duration_days,
        quantity: line.quantity,
        repeats: line.repeats,
        indication: match line.indication {
            Some(code) if code.len() > 16 => return Err(ApiError::invalid("lines.indication")),
            indication => indication,
        },
        directions: directions.or(Err(ApiError::invalid("lines.directions")))?,
    })
}

pub(super) fn command(request: PrescriptionRequest) -> Result<DraftCommand, ApiError> {
    let lines = request.lines.into_iter().map(line_command);
    Ok(DraftCommand {
        lines: lines.collect::<Result<_, _>>()?,
        is_confidential: request.confidential,
        valid_days: request.valid_days,
        prior: request.prior,
    })
}

pub(super) fn line_view(line: &PrescribedLine) -> PrescribedLineView {
    let it = &line.line;
    PrescribedLineView {
        medicine: match &it.drug {
            Drug::Substance(id) => id.as_str().to_owned(),
            Drug::FreeText(text) => text.clone(),
        },
        dose: it.dose.map_or(0.0, Dose::amount),
        unit: it.dose.map_or_else(String::new, |dose| word(dose.unit())),
        per_day: it.frequency.map_or(0.0, Frequency::get),
        route: it.route.map_or_else(String::new, word),
        duration_days: it.duration_days.unwrap_or(0),
        quantity: line.quantity,
        repeats: line.repeats,
        indication: it.indication.clone(),
        directions: line.directions.clone().map(String::from),
    }
}

fn fact_word(fact: &Fact) -> String {
    match serde_json::to_value(fact) {
        Ok(Value::String(word)) => word,
        Ok(Value::Object(map)) => map
            .into_iter()
            .map(|(kind, id)| format!("{kind}:{}", id.as_str().unwrap_or_default()))
            .collect(),
        Ok(_) | Err(_) => String::new(),
    }
}

/// The names of a line's medicine: those of the formulary, or the one it was prescribed under.
pub(super) fn names(line: &PrescribedLine) -> BothText {
    let known = match &line.line.drug {
        Drug::Substance(id) => prescribing::medicine(id.as_str()).ok().flatten(),
        Drug::FreeText(_) => None,
    };
    known.map_or_else(
        || BothText {
            fr: line.name.as_str().to_owned(),
            en: line.name.as_str().to_owned(),
        },
        |it| both(&it.name),
    )
}

fn because(facts: &[Fact], known: &BTreeMap<String, FactWords>) -> Vec<FactView> {
    let ids = facts.iter().filter_map(|fact| match fact {
        Fact::Allergy(id) | Fact::Condition(id) | Fact::Medicine(id) | Fact::Glucose(id) => {
            known.get(id.as_str())
        }
        Fact::Line(_)
        | Fact::Age
        | Fact::Weight
        | Fact::Pregnancy
        | Fact::Breastfeeding
        | Fact::Kidneys
        | Fact::Dose
        | Fact::Unknown(_) => None,
    });
    ids.map(|it| FactView {
        text: it.text.clone(),
        at_us: it.at.0,
    })
    .collect()
}

pub(super) fn finding_view(it: &Finding, known: &BTreeMap<String, FactWords>) -> FindingView {
    FindingView {
        rule: it.rule.clone(),
        kind: word(it.kind),
        level: word(it.level),
        line: it.line.as_ref().and_then(|id| id.as_str().parse().ok()),
        facts: it.facts.iter().map(fact_word).collect(),
        because: because(&it.facts, known),
        text: both(&it.text),
        advice: it.advice.as_ref().map(both),
        evidence: word(it.evidence),
        sources: it
            .sources
            .iter()
            .map(|source| format!("{} ({})", source.title, source.year))
            .collect(),
        data_version: it.data_version.clone(),
        safer: it
            .safer
            .iter()
            .map(|option| SaferView {
                id: option.id.as_str().to_owned(),
                name: both(&option.name),
            })
            .collect(),
    }
}

/// The answer to a step: the prescription with what is shown beside it.
pub(super) async fn answer(
    state: &ApiState,
    actor: &Actor,
    it: Prescription,
) -> Result<Json<PrescriptionView>, ApiError> {
    let shown = prescribing::with_facts(&state.clinic, actor, it, None).await?;
    Ok(Json(view(shown)))
}

pub(in crate::routes) fn view(shown: Shown) -> PrescriptionView {
    let it = shown.prescription;
    let known = shown.facts;
    // Without the data set nobody knows, so it counts as controlled.
    let controlled = prescribing::is_controlled(&it).unwrap_or(true);
    let left = it.left();
    let content = it.content;
    let overrides = u32::try_from(content.overrides.len()).unwrap_or(u32::MAX);
    PrescriptionView {
        id: it.id,
        patient: it.patient,
        patient_name: shown.patient_name,
        patient_birth: shown.birth,
        prescriber: it.prescriber,
        prescriber_name: shown.prescriber_name,
        stage: it.stage,
        confidential: it.label > Label::Normal,
        prior: it.prior,
        names: content.lines.iter().map(names).collect(),
        controlled,
        valid_days: content.valid_days,
        due_hours: content
            .lines
            .iter()
            .map(PrescribedLine::hours_of_day)
            .collect(),
        lines: content.lines.iter().map(line_view).collect(),
        left,
        findings: content
            .report
            .iter()
            .flat_map(|report| &report.findings)
            .map(|finding| finding_view(finding, &known))
            .collect(),
        reasons: content
            .reasons
            .into_iter()
            .map(|reason| ReasonView {
                rule: reason.rule,
                code: reason.code,
                text: reason.text,
            })
            .collect(),
        code: content.code,
        refusal: content.refusal.map(|refusal| RefusalView {
            reason: refusal.reason,
            text: refusal.text.into(),
            at_us: refusal.at,
            seen_us: it.seen.map(|at| at.0),
            replaced_us: it.replaced.map(|at| at.0),
            overrides,
        }),
        created_us: it.created.0,
        signed_us: it.signed.map(|at| at.0),
        expires_us: it.expires.map(|at| at.0),
        sent_us: it.sent.map(|at| at.0),
        version: it.version,
    }
}

impl From<PrescribingError> for ApiError {
    fn from(error: PrescribingError) -> Self {
        match error {
            PrescribingError::NotFound => Self::not_found(),
            PrescribingError::Forbidden => ProblemCode::Forbidden.into(),
            PrescribingError::Invalid(field) => Self::invalid(field),
            PrescribingError::WrongStage => ProblemCode::WrongState.into(),
            PrescribingError::Changed => ProblemCode::Changed.into(),
            PrescribingError::Contraindicated => ProblemCode::Contraindicated.into(),
            PrescribingError::NeedsReason => ProblemCode::NeedsReason.into(),
            PrescribingError::StepUpNeeded => ProblemCode::StepUpNeeded.into(),
            PrescribingError::SameDoctor => Self::new(ProblemCode::WrongState).field("doctor"),
            PrescribingError::TooMuch => Self::invalid("items.quantity"),
            PrescribingError::Expired => Self::new(ProblemCode::WrongState).field("expires_us"),
            PrescribingError::Unprintable => Self::internal("a prescription can not be printed"),
            PrescribingError::CheckFailed(_) => ProblemCode::CheckFailed.into(),
            PrescribingError::Store(error) => error.into(),
        }
    }
}
