//! `GET`, `PUT /doctors/{id}/plan` and `/resources/{id}/plan`, `GET /holidays`

use axum::Json;
use axum::extract::State;
use clinical_api::{HolidayView, HolidaysView, PlanExceptionView, PlanRuleView, PlanView};
use clinical_app::booking::{self, Plan, PlanException, PlanRule};
use clinical_model::{ResourceId, ScheduleEntryId, UserId};
use serde::Deserialize;
use uuid::Uuid;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Params, Segments};
use crate::router::ApiState;

/// When a doctor is there besides the weekly hours, and when not.
#[utoipa::path(get, path = "/doctors/{id}/plan", tag = "booking",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = PlanView)))]
pub(super) async fn get_doctor_plan(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<UserId>,
) -> Result<Json<PlanView>, ApiError> {
    let plan = booking::plan(&state.desk, &actor, id.as_uuid()).await?;
    Ok(Json(view(plan)))
}

/// Replace a doctor's plan. What is booked stays booked.
#[utoipa::path(put, path = "/doctors/{id}/plan", tag = "booking",
    params(("id" = String, Path, format = Uuid)), request_body = PlanView,
    responses((status = 200, body = PlanView)))]
pub(super) async fn put_doctor_plan(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<UserId>,
    Body(request): Body<PlanView>,
) -> Result<Json<PlanView>, ApiError> {
    let plan = booking::put_plan(&state.desk, &actor, id.as_uuid(), plan(request)).await?;
    Ok(Json(view(plan)))
}

/// When a room or device can be used.
#[utoipa::path(get, path = "/resources/{id}/plan", tag = "booking",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = PlanView)))]
pub(super) async fn get_resource_plan(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ResourceId>,
) -> Result<Json<PlanView>, ApiError> {
    let plan = booking::plan(&state.desk, &actor, id.as_uuid()).await?;
    Ok(Json(view(plan)))
}

/// Replace the plan of a room or device. What is booked stays booked.
#[utoipa::path(put, path = "/resources/{id}/plan", tag = "booking",
    params(("id" = String, Path, format = Uuid)), request_body = PlanView,
    responses((status = 200, body = PlanView)))]
pub(super) async fn put_resource_plan(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ResourceId>,
    Body(request): Body<PlanView>,
) -> Result<Json<PlanView>, ApiError> {
    let plan = booking::put_plan(&state.desk, &actor, id.as_uuid(), plan(request)).await?;
    Ok(Json(view(plan)))
}

/// Which holidays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    country: String,
    year: i16,
}

/// The public holidays of a country in a year.
#[utoipa::path(get, path = "/holidays", tag = "booking",
    params(("country" = String, Query, description = "ISO 3166-1, two letters"),
        ("year" = i16, Query)),
    responses((status = 200, body = HolidaysView)))]
pub(super) async fn list_holidays(
    Params(which): Params<Which>,
) -> Result<Json<HolidaysView>, ApiError> {
    let found = booking::holidays(&which.country, which.year)?;
    let days = found.days.into_iter();
    Ok(Json(HolidaysView {
        days: days
            .map(|(date, name_fr, name_en)| HolidayView {
                date,
                name_fr,
                name_en,
            })
            .collect(),
        countries: found.countries,
    }))
}

/// Ids are made when it is stored.
fn plan(request: PlanView) -> Plan {
    let id = ScheduleEntryId::from_uuid(Uuid::nil());
    let rules = request.rules.into_iter();
    let exceptions = request.exceptions.into_iter();
    Plan {
        version: request.version,
        rules: rules
            .map(|it| PlanRule {
                id,
                rule: it.rule,
                anchor: it.anchor,
                start_min: it.start_min,
                length_min: it.length_min,
            })
            .collect(),
        exceptions: exceptions
            .map(|it| PlanException {
                id,
                kind: it.kind,
                from_wall_us: it.from_wall_us,
                to_wall_us: it.to_wall_us,
            })
            .collect(),
        holidays: request.holidays,
    }
}

fn view(plan: Plan) -> PlanView {
    let rules = plan.rules.into_iter();
    let exceptions = plan.exceptions.into_iter();
    PlanView {
        version: plan.version,
        rules: rules
            .map(|it| PlanRuleView {
                rule: it.rule,
                anchor: it.anchor,
                start_min: it.start_min,
                length_min: it.length_min,
            })
            .collect(),
        exceptions: exceptions
            .map(|it| PlanExceptionView {
                kind: it.kind,
                from_wall_us: it.from_wall_us,
                to_wall_us: it.to_wall_us,
            })
            .collect(),
        holidays: plan.holidays,
    }
}
