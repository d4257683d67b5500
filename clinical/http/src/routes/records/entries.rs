//! `POST /patients/{id}/entries`, `/entries/{id}`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{AmendRequest, EntryRequest, EntryView, TagsRequest, VersionRequest};
use clinical_app::records::{self, AmendCommand, FactCommand};
use clinical_model::chart::tags::Tag;
use clinical_model::{EntryId, Micros, PatientId};

use super::views::entry_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

fn tags(words: &[String]) -> Result<Vec<Tag>, ApiError> {
    let tags = words.iter().map(|word| Tag::parse(word));
    tags.collect::<Result<_, _>>()
        .or(Err(ApiError::invalid("tags")))
}

/// Write a fact into a chart.
#[utoipa::path(post, path = "/patients/{id}/entries", tag = "records",
    params(("id" = String, Path, format = Uuid)), request_body = EntryRequest,
    responses((status = 201, body = EntryView)))]
pub(super) async fn write_entry(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Body(request): Body<EntryRequest>,
) -> Result<(StatusCode, Json<EntryView>), ApiError> {
    let command = FactCommand {
        tags: tags(&request.tags)?,
        fact: request.fact,
        label: request.label,
        effective: request.effective_us.map(Micros),
        appointment: request.appointment,
    };
    let made = records::add_fact(&state.clinic, &actor, id, command).await?;
    Ok((StatusCode::CREATED, Json(entry_view(made))))
}

/// One entry in its newest version.
#[utoipa::path(get, path = "/entries/{id}", tag = "records",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = EntryView)))]
pub(super) async fn read_entry(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<EntryId>,
) -> Result<Json<EntryView>, ApiError> {
    let found = records::fact(&state.clinic, &actor, id).await?;
    Ok(Json(entry_view(found)))
}

/// Write the next version of an entry. The one before stays.
#[utoipa::path(put, path = "/entries/{id}", tag = "records",
    params(("id" = String, Path, format = Uuid)), request_body = AmendRequest,
    responses((status = 200, body = EntryView)))]
pub(super) async fn amend_entry(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<EntryId>,
    Body(request): Body<AmendRequest>,
) -> Result<Json<EntryView>, ApiError> {
    let command = AmendCommand {
        fact: request.fact,
        label: request.label,
        effective: request.effective_us.map(Micros),
    };
    let place = (id, request.version);
    let next = records::amend_fact(&state.clinic, &actor, place, command).await?;
    Ok(Json(entry_view(next)))
}

/// Every version of an entry, oldest first.
#[utoipa::path(get, path = "/entries/{id}/versions", tag = "records",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = Vec<EntryView>)))]
pub(super) async fn list_versions(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<EntryId>,
) -> Result<Json<Vec<EntryView>>, ApiError> {
    let found = records::versions(&state.clinic, &actor, id).await?;
    Ok(Json(found.into_iter().map(entry_view).collect()))
}

/// Give an entry these tags and no others.
#[utoipa::path(put, path = "/entries/{id}/tags", tag = "records",
    params(("id" = String, Path, format = Uuid)), request_body = TagsRequest,
    responses((status = 200, body = EntryView)))]
pub(super) async fn tag_entry(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<EntryId>,
    Body(request): Body<TagsRequest>,
) -> Result<Json<EntryView>, ApiError> {
    let wanted = tags(&request.tags)?;
    let tagged = records::set_tags(&state.clinic, &actor, id, wanted).await?;
    Ok(Json(entry_view(tagged)))
}

/// Say that an entry should never have been written. It stays, and counts nowhere.
#[utoipa::path(post, path = "/entries/{id}/error", tag = "records",
    params(("id" = String, Path, format = Uuid)), request_body = VersionRequest,
    responses((status = 200, body = EntryView)))]
pub(super) async fn enter_in_error(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<EntryId>,
    Body(request): Body<VersionRequest>,
) -> Result<Json<EntryView>, ApiError> {
    let place = (id, request.version);
    let gone = records::enter_fact_in_error(&state.clinic, &actor, place).await?;
    Ok(Json(entry_view(gone)))
}
