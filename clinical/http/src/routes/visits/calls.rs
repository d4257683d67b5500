//! `GET /appointments/{id}/calls`, `POST /appointments/{id}/calls`,
//! `DELETE /appointments/{id}/calls/{call}`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{
    CallableView, PlacedCallView, ProblemCode, RingRequest, RingWhom, VisitCallsView,
};
use clinical_app::visits::{self, NumberText, PlacedCall, RingError, ShownContact, Whom};
use clinical_model::booking::PersonName;
use clinical_model::notify::Language;
use clinical_model::{AppointmentId, CallId};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Whom its doctor may call into a visit, and how calls stand.
#[utoipa::path(get, path = "/appointments/{id}/calls", tag = "visits",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = VisitCallsView)))]
pub(super) async fn visit_calls(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
) -> Result<Json<VisitCallsView>, ApiError> {
    let calls = visits::visit_calls(&state.desk, &actor, id)
        .await
        .map_err(refuse)?;
    Ok(Json(VisitCallsView {
        calls_out: calls.calls_out,
        patient_name: calls.patient_name,
        patient: calls.patient,
        contacts: calls.contacts.into_iter().map(callable_view).collect(),
        calls: calls.calls.into_iter().map(call_view).collect(),
    }))
}

/// Call somebody into a visit. A cap that is reached is told by the call's stage.
#[utoipa::path(post, path = "/appointments/{id}/calls", tag = "visits",
    params(("id" = String, Path, format = Uuid)), request_body = RingRequest,
    responses((status = 201, body = PlacedCallView)))]
pub(super) async fn ring(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
    Body(request): Body<RingRequest>,
) -> Result<(StatusCode, Json<PlacedCallView>), ApiError> {
    let language = Language::from_word(&request.language);
    let language = language.ok_or_else(|| ApiError::invalid("language"))?;
    let whom = match request.whom {
        RingWhom::Patient => Whom::Patient,
        RingWhom::Contact { id } => Whom::Contact(id),
        RingWhom::Number { name, number } => {
            let name = PersonName::try_from(name.trim());
            Whom::Number {
                name: name.or(Err(ApiError::invalid("name")))?,
                number: NumberText::new(number),
            }
        }
    };
    let call = visits::ring(&state.desk, &actor, id, (whom, language))
        .await
        .map_err(refuse)?;
    Ok((StatusCode::CREATED, Json(call_view(call))))
}

/// Hang up a call, whether it rings or was answered.
#[utoipa::path(delete, path = "/appointments/{id}/calls/{call}", tag = "visits",
    params(("id" = String, Path, format = Uuid), ("call" = String, Path, format = Uuid)),
    responses((status = 204)))]
pub(super) async fn stop_ringing(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((id, call)): Segments<(AppointmentId, CallId)>,
) -> Result<StatusCode, ApiError> {
    visits::stop_ringing(&state.desk, &actor, id, call)
        .await
        .map_err(refuse)?;
    Ok(StatusCode::NO_CONTENT)
}

fn call_view(call: PlacedCall) -> PlacedCallView {
    PlacedCallView {
        id: call.id,
        name: call.name,
        masked: call.masked,
        stage: call.stage,
    }
}

fn callable_view(contact: ShownContact) -> CallableView {
    CallableView {
        id: contact.id,
        name: contact.name,
        masked: contact.masked,
    }
}

fn refuse(error: RingError) -> ApiError {
    match error {
        RingError::NotFound => ApiError::not_found(),
        RingError::Number => ApiError::invalid("number"),
        RingError::NoNumber => ApiError::new(ProblemCode::WrongState).field("patient"),
        RingError::Closed | RingError::Full | RingError::NoLine | RingError::AlreadyCalled(_) => {
            ProblemCode::WrongState.into()
        }
        RingError::Pass(error) => ApiError::internal(error),
        RingError::Store(error) => error.into(),
    }
}
