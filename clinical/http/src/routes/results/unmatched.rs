//! Results of a laboratory's machine that wait for a person.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{
    CandidateOrderView, DiscardUnmatchedRequest, FileUnmatchedRequest, FiledView, FitsView,
    LabCandidateView, PersonBrief, SentLineView, SentPersonView, UnmatchedView,
};
use clinical_app::results::{self, Candidate, OpenOrder, Queued, Whose};
use clinical_model::patients::Sex;
use clinical_model::results::{SentLine, SentPerson, SentStatus, person_at};
use clinical_model::{Micros, UnmatchedId};

use super::views::line;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

const fn sex_word(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
        Sex::Other => "other",
        Sex::Unknown => "unknown",
    }
}

pub(super) fn sent_line(it: SentLine) -> SentLineView {
    let status = match it.status {
        SentStatus::Preliminary => "preliminary",
        SentStatus::Final => "final",
        SentStatus::Corrected => "corrected",
        SentStatus::Withdrawn => "withdrawn",
        SentStatus::Missing => "missing",
    };
    SentLineView {
        name: if it.name.is_empty() {
            it.code.clone()
        } else {
            it.name
        },
        code: it.code,
        value: it.value,
        unit: it.unit,
        range: it.range,
        flags: it.flags,
        status: status.to_owned(),
        notes: it.notes,
    }
}

fn sent_person(it: SentPerson) -> SentPersonView {
    let identifiers = it.identifiers.into_iter().map(|it| {
        let system = it.systems.into_iter().next_back();
        match system {
            Some(system) => format!("{} ({system})", it.value),
            None => it.value,
        }
    });
    SentPersonView {
        name: format!("{} {}", it.given, it.family).trim().to_owned(),
        birth: it.birth.map(|birth| birth.as_str().to_owned()),
        sex: sex_word(it.sex).to_owned(),
        identifiers: identifiers.collect(),
        phones: it
            .phones
            .into_iter()
            .map(|it| it.as_str().to_owned())
            .collect(),
    }
}

fn order_view(it: OpenOrder) -> CandidateOrderView {
    CandidateOrderView {
        id: it.id,
        ordered_us: it.ordered.0,
        tests: it.tests,
        named: it.is_named,
    }
}

fn candidate_view(it: Candidate, at: Micros) -> LabCandidateView {
    let who = it.patient.demographics;
    LabCandidateView {
        patient: it.patient.id,
        person: PersonBrief {
            name: who.full_name(),
            sex: sex_word(who.sex).to_owned(),
            age_years: person_at(who.sex, who.birth.as_ref(), at).age_years,
            birth: who.birth.map(|birth| birth.as_str().to_owned()),
        },
        fits: FitsView {
            identifier: it.fits.identifier,
            phone: it.fits.phone,
            name: it.fits.name,
            birth: it.fits.birth,
            sex: it.fits.sex,
        },
        orders: it.orders.into_iter().map(order_view).collect(),
    }
}

fn view(it: Queued) -> UnmatchedView {
    let received = it.waiting.received;
    let incoming = it.waiting.incoming;
    let candidates = it.candidates.into_iter();
    UnmatchedView {
        id: it.waiting.id,
        version: it.waiting.version,
        received_us: received.0,
        reason: it.waiting.reason.as_str().to_owned(),
        sender: incoming.sender,
        service: incoming.service,
        placer: incoming.placer,
        observed_us: incoming.observed.map(|at| at.0),
        person: sent_person(incoming.person),
        lines: incoming.lines.into_iter().map(sent_line).collect(),
        notes: incoming.notes,
        candidates: candidates.map(|it| candidate_view(it, received)).collect(),
    }
}

/// Results that a laboratory's machine sent and that could not be filed without guessing, longest
/// waiting first, each beside those whose it may be. At most 100.
#[utoipa::path(get, path = "/results/unmatched", tag = "results",
    responses((status = 200, body = Vec<UnmatchedView>)))]
pub(super) async fn list_unmatched_results(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<UnmatchedView>>, ApiError> {
    let found = results::list_unmatched(&state.desk, &actor).await?;
    Ok(Json(found.into_iter().map(view).collect()))
}

/// Say whose a result is. It becomes a report as if the machine had known.
#[utoipa::path(post, path = "/results/unmatched/{id}/file", tag = "results",
    params(("id" = String, Path, format = Uuid)), request_body = FileUnmatchedRequest,
    responses((status = 200, body = FiledView)))]
pub(super) async fn file_unmatched_result(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<UnmatchedId>,
    Body(request): Body<FileUnmatchedRequest>,
) -> Result<Json<FiledView>, ApiError> {
    let whose = Whose {
        patient: request.patient,
        order: request.order,
    };
    let place = (id, request.version);
    let done = results::file_unmatched(&state.clinic, &actor, place, whose).await?;
    Ok(Json(FiledView {
        order: done.order,
        patient: done.patient,
    }))
}

/// Throw a result away that belongs to nobody here, with a reason.
#[utoipa::path(post, path = "/results/unmatched/{id}/discard", tag = "results",
    params(("id" = String, Path, format = Uuid)), request_body = DiscardUnmatchedRequest,
    responses((status = 204)))]
pub(super) async fn discard_unmatched_result(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<UnmatchedId>,
    Body(request): Body<DiscardUnmatchedRequest>,
) -> Result<StatusCode, ApiError> {
    let why = line(request.reason, "reason")?;
    let place = (id, request.version);
    results::discard_unmatched(&state.clinic, &actor, place, &why).await?;
    Ok(StatusCode::NO_CONTENT)
}
