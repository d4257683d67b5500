//! `GET /appointments/{id}/note`, `PUT /appointments/{id}/note`, `POST /appointments/{id}/note/sign`

use axum::Json;
use axum::extract::State;
use clinical_api::{NoteRequest, NoteState, NoteView, ProblemCode, SignNoteRequest};
use clinical_app::notes::{self, NoteError};
use clinical_model::AppointmentId;
use clinical_model::notes::{Note, NoteState as Stored, NoteText};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// The doctor's own note of a visit; version 0 before the first save.
#[utoipa::path(get, path = "/appointments/{id}/note", tag = "notes",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = NoteView)))]
pub(super) async fn get_note(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
) -> Result<Json<NoteView>, ApiError> {
    let note = notes::note(&state.desk, &actor, id).await.map_err(refuse)?;
    let empty = NoteView {
        text: String::new(),
        version: 0,
        state: NoteState::Draft,
        signed_us: None,
    };
    Ok(Json(note.as_ref().map_or(empty, note_view)))
}

/// Save the draft over the version that was read.
#[utoipa::path(put, path = "/appointments/{id}/note", tag = "notes",
    params(("id" = String, Path, format = Uuid)), request_body = NoteRequest,
    responses((status = 200, body = NoteView)))]
pub(super) async fn save_note(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
    Body(request): Body<NoteRequest>,
) -> Result<Json<NoteView>, ApiError> {
    let text = NoteText::try_from(request.text.as_str()).or(Err(ApiError::invalid("text")))?;
    let note = notes::save_note(&state.desk, &actor, id, (text, request.version))
        .await
        .map_err(refuse)?;
    Ok(Json(note_view(&note)))
}

/// Sign the note as it was last saved. From then on it does not change.
#[utoipa::path(post, path = "/appointments/{id}/note/sign", tag = "notes",
    params(("id" = String, Path, format = Uuid)), request_body = SignNoteRequest,
    responses((status = 200, body = NoteView)))]
pub(super) async fn sign_note(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
    Body(request): Body<SignNoteRequest>,
) -> Result<Json<NoteView>, ApiError> {
    let note = notes::sign_note(&state.desk, &actor, id, request.version)
        .await
        .map_err(refuse)?;
    Ok(Json(note_view(&note)))
}

pub(super) fn note_view(note: &Note) -> NoteView {
    let (state, signed_us) = match note.state {
        Stored::Draft => (NoteState::Draft, None),
        Stored::Signed { at } => (NoteState::Signed, Some(at.0)),
    };
    NoteView {
        text: note.text.as_str().to_owned(),
        version: note.version,
        state,
        signed_us,
    }
}

fn refuse(error: NoteError) -> ApiError {
    match error {
        NoteError::NotFound => ApiError::not_found(),
        NoteError::NoVisit | NoteError::AlreadySigned => ProblemCode::WrongState.into(),
        NoteError::Changed => ApiError::new(ProblemCode::Changed).field("version"),
        NoteError::Empty => ApiError::invalid("text"),
        NoteError::Store(error) => error.into(),
    }
}
