//! Recordings of visits.

mod copying;
mod keeping;
mod media;
mod reading;
mod rules;
mod views;

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use clinical_app::recordings::Archive;
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::error::ApiError;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const SEE: Who = Who::Roles(&[Role::Patient, Role::Doctor, Role::Admin]);
const PLAY: Who = Who::Roles(&[Role::Patient, Role::Doctor]);
const HOLD: Who = Who::Roles(&[Role::Doctor, Role::Admin]);
const ADMIN: Who = Who::Roles(&[Role::Admin]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/recordings", SEE),
        Operation::new(Method::GET, "/recordings/figures", ADMIN),
        Operation::new(Method::GET, "/recordings/rules", ADMIN),
        Operation::new(Method::PUT, "/recordings/rules", ADMIN),
        Operation::new(Method::GET, "/recordings/{id}", SEE),
        Operation::new(Method::POST, "/recordings/{id}/plays", PLAY),
        Operation::new(Method::GET, "/recordings/{id}/media/{file}", Who::Public),
        Operation::new(Method::POST, "/recordings/{id}/copies", PLAY),
        Operation::new(Method::GET, "/recordings/{id}/copy", Who::Public),
        Operation::new(Method::POST, "/recordings/{id}/hold", HOLD),
        Operation::new(Method::POST, "/recordings/{id}/release", ADMIN),
        Operation::new(Method::POST, "/recordings/{id}/delete", ADMIN),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    reading::list_recordings,
    reading::count_recordings,
    reading::read_recording,
    reading::play_recording,
    media::read_recording_media,
    keeping::hold_recording,
    keeping::release_recording,
    keeping::delete_recording,
    copying::copy_recording,
    copying::fetch_recording_copy,
    rules::read_recording_rules,
    rules::change_recording_rules
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/recordings", get(reading::list_recordings))
        .route("/recordings/figures", get(reading::count_recordings))
        .route(
            "/recordings/rules",
            get(rules::read_recording_rules).put(rules::change_recording_rules),
        )
        .route("/recordings/{id}", get(reading::read_recording))
        .route("/recordings/{id}/plays", post(reading::play_recording))
        .route(
            "/recordings/{id}/media/{file}",
            get(media::read_recording_media),
        )
        .route("/recordings/{id}/copies", post(copying::copy_recording))
        .route("/recordings/{id}/copy", get(copying::fetch_recording_copy))
        .route("/recordings/{id}/hold", post(keeping::hold_recording))
        .route("/recordings/{id}/release", post(keeping::release_recording))
        .route("/recordings/{id}/delete", post(keeping::delete_recording))
}

/// Where recordings lie; an installation without them has none.
fn archive(state: &ApiState) -> Result<&Archive, ApiError> {
    state.recordings.as_ref().ok_or_else(ApiError::not_found)
}
