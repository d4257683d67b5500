//! For how long recordings are kept.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use clinical_api::{RecordingRulesRequest, RecordingRulesView, RecordingServiceRule};
use clinical_app::recordings::{self, Keeping};
use clinical_model::recordings::KeepRules;

use super::archive;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Body;
use crate::router::ApiState;

fn view(it: Keeping) -> RecordingRulesView {
    let Keeping { rules, services } = it;
    let services = services
        .into_iter()
        .map(|(service, code)| RecordingServiceRule {
            keep_days: rules.of_services.get(&service).copied(),
            service,
            code,
        });
    RecordingRulesView {
        keep_days: rules.days,
        services: services.collect(),
        version: rules.version,
    }
}

/// For how long the facility keeps its recordings.
#[utoipa::path(get, path = "/recordings/rules", tag = "recordings",
    responses((status = 200, body = RecordingRulesView)))]
pub(super) async fn read_recording_rules(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<RecordingRulesView>, ApiError> {
    let found = recordings::rules(&state.clinic, archive(&state)?, &actor).await?;
    Ok(Json(view(found)))
}

/// Keep recordings that begin from now on for another time. Those that are there keep theirs.
#[utoipa::path(put, path = "/recordings/rules", tag = "recordings",
    request_body = RecordingRulesRequest,
    responses((status = 200, body = RecordingRulesView)))]
pub(super) async fn change_recording_rules(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<RecordingRulesRequest>,
) -> Result<Json<RecordingRulesView>, ApiError> {
    archive(&state)?;
    let own = request.services.into_iter();
    let own = own.filter_map(|it| Some((it.service, it.keep_days?)));
    let read = KeepRules {
        days: request.keep_days,
        of_services: own.collect::<BTreeMap<_, _>>(),
        version: request.version,
    };
    let written = recordings::change_rules(&state.clinic, &actor, read).await?;
    Ok(Json(view(written)))
}
