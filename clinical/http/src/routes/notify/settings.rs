//! `GET /me/notifications`, `PUT /me/notifications`

use axum::Json;
use axum::extract::State;
use clinical_api::{NotifySettingsRequest, NotifySettingsView, ProblemCode};
use clinical_app::notify::{self, NotifySettings, SettingsError};
use clinical_model::notify::Language;
use clinical_model::text::Phone;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Body;
use crate::router::ApiState;

/// How the caller wants to be told; version 0 when they never said.
#[utoipa::path(get, path = "/me/notifications", tag = "notifications",
    responses((status = 200, body = NotifySettingsView)))]
pub(super) async fn get_notifications(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<NotifySettingsView>, ApiError> {
    let found = notify::settings(&state.clinic, &actor).await?;
    let unsaid = NotifySettingsView {
        language: Language::French.as_str().to_owned(),
        zone: None,
        email: true,
        sms: true,
        phone: None,
        version: 0,
    };
    Ok(Json(found.map_or(unsaid, |it| NotifySettingsView {
        language: it.language.as_str().to_owned(),
        zone: it.zone,
        email: it.email,
        sms: it.sms,
        phone: it.phone.map(|phone| phone.as_str().to_owned()),
        version: it.version,
    })))
}

/// Choose how to be told. What concerns safety comes in any case.
#[utoipa::path(put, path = "/me/notifications", tag = "notifications",
    request_body = NotifySettingsRequest,
    responses((status = 200, body = NotifySettingsView)))]
pub(super) async fn put_notifications(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<NotifySettingsRequest>,
) -> Result<Json<NotifySettingsView>, ApiError> {
    let language =
        Language::from_word(&request.language).ok_or_else(|| ApiError::invalid("language"))?;
    let phone = match request.phone.as_deref() {
        None => None,
        Some(text) => Some(text.parse::<Phone>().or(Err(ApiError::invalid("phone")))?),
    };
    let settings = NotifySettings {
        language,
        zone: request.zone.clone(),
        email: request.email,
        sms: request.sms,
        phone: phone.clone(),
        version: request.version,
    };
    let version = notify::put_settings(&state.clinic, &actor, &settings)
        .await
        .map_err(|error| match error {
            SettingsError::Zone => ApiError::invalid("zone"),
            SettingsError::Changed => ApiError::new(ProblemCode::Changed).field("version"),
            SettingsError::Store(error) => error.into(),
        })?;
    Ok(Json(NotifySettingsView {
        language: request.language,
        zone: request.zone,
        email: request.email,
        sms: request.sms,
        phone: phone.map(|phone| phone.as_str().to_owned()),
        version,
    }))
}
