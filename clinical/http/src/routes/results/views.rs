//! From models to views.

use clinical_api::{OddityView, OrderView, PersonBrief, ProblemCode, ReportView, ValueView};
use clinical_app::results::{Full, ResultsError};
use clinical_model::Role;
use clinical_model::access::Label;
use clinical_model::patients::Sex;
use clinical_model::results::{Anomaly, LoincCode, Measure, ReleaseRule, ReportVersion, Value};
use clinical_model::text::Line;

use super::unmatched::sent_line;
use crate::error::ApiError;

/// A code that a request names in `field`.
pub(super) fn code(text: &str, field: &str) -> Result<LoincCode, ApiError> {
    LoincCode::try_from(text).or(Err(ApiError::invalid(field)))
}

/// A line that a request holds in `field`.
pub(super) fn line(text: String, field: &str) -> Result<Line, ApiError> {
    Line::try_from(text).or(Err(ApiError::invalid(field)))
}

fn oddity(it: &Anomaly) -> OddityView {
    let (kind, percent) = match it {
        Anomaly::Delta { percent } => ("delta", *percent),
        Anomaly::Trend { percent } => ("trend", *percent),
    };
    OddityView {
        kind: kind.to_owned(),
        percent,
    }
}

fn value_view(it: &Value, role: Role) -> ValueView {
    let entered = match &it.measure {
        Measure::Number { entered, .. } => entered.as_ref(),
        Measure::Found(_) | Measure::Words(_) => None,
    };
    ValueView {
        code: it.code.as_str().to_owned(),
        value: it.measure.text(),
        unit: it.unit.clone(),
        entered: entered.map(|it| format!("{} {}", it.value, it.unit)),
        flag: it.flag,
        low: it.low.map(|limit| limit.to_string()),
        high: it.high.map(|limit| limit.to_string()),
        oddities: if role == Role::Patient {
            Vec::new()
        } else {
            it.anomalies.iter().map(oddity).collect()
        },
    }
}

fn report_view(it: ReportVersion, role: Role) -> ReportView {
    let report = it.report;
    ReportView {
        version: it.version,
        stage: it.stage.as_str().to_owned(),
        at_us: it.at.0,
        values: report
            .values
            .iter()
            .map(|value| value_view(value, role))
            .collect(),
        others: report.others.into_iter().map(sent_line).collect(),
        comment: report.comment.map(String::from),
        why: report.why.map(String::from),
    }
}

fn person(it: &Full) -> PersonBrief {
    let sex = match it.sex {
        Sex::Male => "male",
        Sex::Female => "female",
        Sex::Other => "other",
        Sex::Unknown => "unknown",
    };
    PersonBrief {
        name: it.name.clone(),
        sex: sex.to_owned(),
        birth: it.birth.as_ref().map(|birth| birth.as_str().to_owned()),
        age_years: it.age_years,
    }
}

pub(super) fn full_view(it: Full, role: Role) -> OrderView {
    let person = person(&it);
    let order = it.order;
    let release = match order.rule {
        ReleaseRule::Immediate => "immediate",
        ReleaseRule::AfterReview => "after_review",
        ReleaseRule::AfterHours(_) => "after_hours",
    };
    let reason = Some(String::from(order.content.reason));
    OrderView {
        id: order.id,
        patient: order.patient,
        person,
        department: order.department.as_str().to_owned(),
        priority: order.priority,
        stage: order.stage.as_str().to_owned(),
        confidential: order.label > Label::Normal,
        tests: order
            .content
            .tests
            .iter()
            .map(|code| code.as_str().to_owned())
            .collect(),
        reason: reason.filter(|_| role != Role::Patient),
        cancelled: order.content.cancelled.map(String::from),
        ordered_by: order.ordered_by,
        ordered_by_name: it.ordered_by,
        release: release.to_owned(),
        ordered_us: order.ordered.0,
        collected_us: order.collected.map(|at| at.0),
        seen_us: order.seen.map(|at| at.0),
        released_us: order.release.map(|at| at.0),
        critical: order.is_critical,
        paging: it.is_paging,
        report: it.report.map(|report| report_view(report, role)),
        reported_by: it.reported_by,
        earlier: it
            .earlier
            .into_iter()
            .map(|report| report_view(report, role))
            .collect(),
        version: order.version,
    }
}

impl From<ResultsError> for ApiError {
    fn from(error: ResultsError) -> Self {
        match error {
            ResultsError::NotFound => Self::not_found(),
            ResultsError::Forbidden => ProblemCode::Forbidden.into(),
            ResultsError::Invalid(field) => Self::invalid(field),
            ResultsError::WrongStage(_) | ResultsError::NoResult | ResultsError::Unfiled(_) => {
                ProblemCode::WrongState.into()
            }
            ResultsError::Changed => ProblemCode::Changed.into(),
            ResultsError::Catalogue => Self::internal(ResultsError::Catalogue),
            ResultsError::Store(error) => error.into(),
        }
    }
}
