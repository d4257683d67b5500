//! `GET /admin/register`, `GET /consent-wordings`

use axum::Json;
use axum::extract::State;
use clinical_api::{BothText, ConsentWordingView, ProblemCode, ProcessingView};
use clinical_app::access::{WORDING, WORDINGS};
use clinical_app::register::{RegisterError, register};
use clinical_app::rights::Both;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::router::ApiState;

fn both(text: Both) -> BothText {
    BothText {
        fr: text.fr.to_owned(),
        en: text.en.to_owned(),
    }
}

/// The register of processing (GDPR article 30), as the code declares it.
#[utoipa::path(get, path = "/admin/register", tag = "rights",
    responses((status = 200, body = Vec<ProcessingView>)))]
pub(super) async fn read_register(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<ProcessingView>>, ApiError> {
    let rows = register(&state.clinic, &actor)
        .await
        .map_err(|error| match error {
            RegisterError::Forbidden => ProblemCode::Forbidden.into(),
            RegisterError::Store(error) => ApiError::from(error),
        })?;
    let views = rows.iter().map(|row| ProcessingView {
        domain: row.domain.to_owned(),
        purpose: both(row.purpose),
        basis: row.basis.as_str().to_owned(),
        articles: row.basis.articles().to_owned(),
        categories: both(row.categories),
        retention: both(row.retention),
        recipients: both(row.recipients),
    });
    Ok(Json(views.collect()))
}

/// The words of consents, all versions, the current ones first.
#[utoipa::path(get, path = "/consent-wordings", tag = "rights",
    responses((status = 200, body = Vec<ConsentWordingView>)))]
pub(super) async fn list_wordings() -> Json<Vec<ConsentWordingView>> {
    let views = WORDINGS.iter().map(|it| ConsentWordingView {
        version: it.version.to_owned(),
        current: it.version == WORDING,
        purpose: it.purpose,
        words: both(it.words),
    });
    Json(views.collect())
}
