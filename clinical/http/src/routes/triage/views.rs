//! From models to views.

use clinical_api::{
    CitedView, ClinicalTriageView, EmergencyNumbersView, EvaluatedView, EvaluationMissView,
    EvaluationShareView, FeedbackView, FiguresMonthView, FlagView, HypothesisView,
    InterviewBriefView, InterviewView, MeasuredView, NumberRangeView, OnCallView, ProblemCode,
    QuestionView, ScoreView, TriageAnswerView, TriageResultView,
};
use clinical_app::triage::{
    Clinical, EvaluatedShare, Month, NumberRange, Numbers, ReportFile, Score, Shown, ShownFlag,
    ShownGuess, ShownResult, TriageError,
};
use clinical_model::triage::{Feedback, Interview, Measured, Whose};

use crate::error::ApiError;

/// Characters of a complaint in a list.
const BRIEF_CHARS: usize = 120;

fn range_view(it: NumberRange) -> NumberRangeView {
    NumberRangeView {
        unit: it.unit.to_owned(),
        min: it.min,
        max: it.max,
        step: it.step,
    }
}

fn flag_view(it: ShownFlag) -> FlagView {
    FlagView {
        id: it.id,
        level: it.level,
        reason: it.reason,
        advice: it.advice,
        source: it.source,
    }
}

fn guess_view(it: ShownGuess) -> HypothesisView {
    HypothesisView {
        condition: it.condition,
        name: it.name,
        icd10: it.icd10,
        probability: it.probability,
        urgency: it.urgency,
        must_not_miss: it.must_not_miss,
        supports: it.supports,
        against: it.against,
        would_change: it.would_change,
        sources: it.sources,
    }
}

fn result_view(it: ShownResult) -> TriageResultView {
    let advice = it.advice.into_iter().map(|cited| CitedView {
        text: cited.text,
        source: cited.source,
    });
    TriageResultView {
        disposition: it.disposition,
        confidence: it.confidence,
        person: it.person,
        reasons: it.reasons,
        advice: advice.collect(),
        come_back: it.come_back,
        would_change: it.would_change,
        hypotheses: it.hypotheses.into_iter().map(guess_view).collect(),
        shows_hypotheses: it.shows_hypotheses,
        service: it.service,
        on_call: it.on_call.map(|doctors| OnCallView { doctors }),
    }
}

pub(super) fn numbers_view(it: Numbers) -> EmergencyNumbersView {
    EmergencyNumbersView {
        general: it.general.to_owned(),
        ambulance: it.ambulance.to_owned(),
        clinic: it.clinic.map(|number| number.as_str().to_owned()),
    }
}

fn measured_view(it: &Measured) -> MeasuredView {
    MeasuredView {
        code: it.code.clone(),
        name: it.name.clone(),
        value: it.value.to_string(),
        unit: it.unit.clone(),
        at_us: it.at.0,
        origin: if it.laboratory {
            "laboratory"
        } else {
            "record"
        }
        .to_owned(),
    }
}

pub(super) fn interview_view(it: Shown) -> InterviewView {
    let answers = it.answers.into_iter().map(|told| TriageAnswerView {
        finding: told.finding,
        text: told.text,
        answer: told.answer,
        value: told.value,
        range: told.range.map(range_view),
    });
    let question = it.question.map(|asked| QuestionView {
        finding: asked.finding,
        number: asked.number,
        of: clinical_model::triage::QUESTIONS_MAX,
        text: asked.text,
        why: asked.why,
        range: asked.range.map(range_view),
    });
    let interview = it.interview;
    let patient = interview.patient();
    let expires_us = match &interview.whose {
        Whose::Visitor { until, .. } => Some(until.0),
        Whose::Patient(_) => None,
    };
    let story = interview.story;
    InterviewView {
        id: interview.id,
        state: story.state(),
        language: story.language,
        patient,
        proxy: story.proxy,
        measured: story.measured.iter().map(measured_view).collect(),
        complaint: story.complaint,
        unclear: story.unclear,
        question,
        answers: answers.collect(),
        flags: it.flags.into_iter().map(flag_view).collect(),
        emergency: numbers_view(it.numbers),
        result: it.result.map(result_view),
        appointment: interview.appointment,
        started_us: interview.started.0,
        finished_us: interview.finished.map(|at| at.0),
        expires_us,
    }
}

pub(super) fn brief_view(it: &Interview) -> InterviewBriefView {
    InterviewBriefView {
        id: it.id,
        state: it.story.state(),
        complaint: it.story.complaint.chars().take(BRIEF_CHARS).collect(),
        disposition: it.story.judged.as_ref().map(|judged| judged.disposition),
        appointment: it.appointment,
        started_us: it.started.0,
    }
}

fn score_view(it: &Score) -> ScoreView {
    ScoreView {
        code: it.code.to_owned(),
        points: it.points,
        response: it.response.to_owned(),
        at_us: it.at.0,
        source: it.source.to_owned(),
    }
}

fn feedback_view((it, by): (Feedback, String)) -> FeedbackView {
    FeedbackView {
        by,
        at_us: it.at.0,
        verdict: it.verdict,
        disposition: it.disposition,
        condition: it.condition,
        reason: it.reason,
    }
}

pub(super) fn clinical_view(it: Clinical) -> ClinicalTriageView {
    ClinicalTriageView {
        noted: it.shown.interview.noted,
        interview: interview_view(it.shown),
        summary: it.summary,
        present: it.present,
        absent: it.absent,
        unknown: it.unknown,
        gaps: it.gaps,
        steps: it.steps,
        scores: it.scores.iter().map(score_view).collect(),
        feedback: it.feedback.into_iter().map(feedback_view).collect(),
    }
}

pub(super) fn month_view(it: &Month) -> FiguresMonthView {
    let [self_care, routine, urgent, emergency] = it.by_disposition;
    let [accepted, corrected, rejected] = it.verdicts;
    FiguresMonthView {
        month: it.month.clone(),
        finished: it.finished(),
        emergency,
        urgent,
        routine,
        self_care,
        person: it.person,
        judged: it.judged(),
        accepted,
        corrected,
        rejected,
        under: it.under,
        over: it.over,
        median_seconds: it.median_seconds(),
    }
}

fn share_view(it: &EvaluatedShare) -> EvaluationShareView {
    EvaluationShareView {
        hits: it.hits,
        of: it.of,
        share: it.share,
        low: it.low,
        high: it.high,
    }
}

pub(super) fn evaluated_view(it: ReportFile) -> EvaluatedView {
    let report = it.report;
    let misses = report.misses.into_iter().map(|miss| EvaluationMissView {
        line: miss.line,
        expected: miss.expected,
        rank: miss.rank,
        first: miss.first,
        triage: miss.triage,
        answered: miss.answered.into(),
    });
    EvaluatedView {
        at_us: it.at_us,
        file: it.file,
        cases: report.cases,
        top1: share_view(&report.top1),
        top3: share_view(&report.top3),
        top5: share_view(&report.top5),
        coverage: share_view(&report.coverage),
        exact: share_view(&report.exact),
        safe: share_view(&report.safe),
        under: share_view(&report.under),
        over: share_view(&report.over),
        emergencies: share_view(&report.emergencies),
        calibration: report.calibration.iter().map(share_view).collect(),
        misses: misses.collect(),
    }
}

impl From<TriageError> for ApiError {
    fn from(error: TriageError) -> Self {
        match error {
            TriageError::NotFound => Self::not_found(),
            TriageError::Forbidden => ProblemCode::Forbidden.into(),
            TriageError::Invalid(field) => Self::invalid(field),
            TriageError::WrongState => ProblemCode::WrongState.into(),
            TriageError::Changed => ProblemCode::Changed.into(),
            TriageError::Limited(limited) => limited.into(),
            TriageError::Report(cause) => Self::internal(cause),
            TriageError::Store(error) => error.into(),
        }
    }
}
