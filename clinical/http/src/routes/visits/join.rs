//! `POST /join`, `POST /join/queue`, `POST /appointments/{id}/join`

use axum::Json;
use axum::extract::State;
use clinical_api::{JoinRequest, JoinView, ProblemCode, QueueView};
use clinical_app::Origin;
use clinical_app::visits::{self, Entry, JoinError, Role, SIGNAL_PATH};
use clinical_model::AppointmentId;
use clinical_model::visits::{JoinRefusal, QueuePlace};

use super::phone::way_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Peer, Segments};
use crate::router::ApiState;

/// Enter by a link: the patient or a guest, without an account.
#[utoipa::path(post, path = "/join", tag = "visits", request_body = JoinRequest,
    responses((status = 200, body = JoinView)))]
pub(super) async fn redeem_link(
    State(state): State<ApiState>,
    Peer(from): Peer,
    Body(request): Body<JoinRequest>,
) -> Result<Json<JoinView>, ApiError> {
    let entry = visits::redeem(&state.desk, Origin::from(from), &request.token)
        .await
        .map_err(refuse)?;
    Ok(Json(view(entry)))
}

/// Where the holder of a link stands while waiting.
#[utoipa::path(post, path = "/join/queue", tag = "visits", request_body = JoinRequest,
    responses((status = 200, body = QueueView)))]
pub(super) async fn link_queue(
    State(state): State<ApiState>,
    Peer(from): Peer,
    Body(request): Body<JoinRequest>,
) -> Result<Json<QueueView>, ApiError> {
    let place = visits::link_queue(&state.desk, Origin::from(from), &request.token)
        .await
        .map_err(refuse)?;
    Ok(Json(queue_view(place)))
}

/// The doctor of an appointment enters.
#[utoipa::path(post, path = "/appointments/{id}/join", tag = "visits",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = JoinView)))]
pub(super) async fn join_as_doctor(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
) -> Result<Json<JoinView>, ApiError> {
    let entry = visits::join_as_doctor(&state.desk, &actor, id)
        .await
        .map_err(refuse)?;
    Ok(Json(view(entry)))
}

fn view(entry: Entry) -> JoinView {
    let appointment = entry.record.appointment;
    JoinView {
        ticket: entry.ticket,
        signal_path: SIGNAL_PATH.to_owned(),
        appointment: appointment.id,
        my_name: entry.my_name,
        my_role: role_word(entry.my_role).to_owned(),
        doctor_name: entry.record.doctor.name,
        start_us: appointment.slot.start.0,
        end_us: appointment.slot.end.0,
        queue: queue_view(entry.queue),
        phone: entry.phone.map(way_view),
    }
}

const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Clinician => "clinician",
        Role::Patient => "patient",
        Role::Guest => "guest",
    }
}

const fn queue_view(place: QueuePlace) -> QueueView {
    QueueView {
        place: place.place,
        expected_us: place.expected.0,
    }
}

pub(super) fn refuse(error: JoinError) -> ApiError {
    match error {
        JoinError::NotFound => ApiError::not_found(),
        JoinError::Limited(limited) => limited.into(),
        JoinError::Refused(JoinRefusal::TooEarly { opens_at }) => {
            ApiError::new(ProblemCode::TooEarly).opens_at(opens_at)
        }
        JoinError::Refused(JoinRefusal::Ended) => ProblemCode::Ended.into(),
        JoinError::Refused(JoinRefusal::Cancelled) => ProblemCode::Cancelled.into(),
        JoinError::Refused(JoinRefusal::LinkRevoked) => ProblemCode::LinkRevoked.into(),
        JoinError::Pass(error) => ApiError::internal(error),
        JoinError::Store(error) => error.into(),
    }
}
