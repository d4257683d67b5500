//! `GET /hours`, `PUT /hours`

use axum::Json;
use axum::extract::State;
use clinical_api::{HoursView, ProblemCode, WeeklyHours};
use clinical_app::booking::{self, HoursCommand, HoursWriteError, Schedule};
use clinical_model::booking::{HoursError, Stretch};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Body;
use crate::router::ApiState;

/// The doctor's own weekly hours.
#[utoipa::path(get, path = "/hours", tag = "booking",
    responses((status = 200, body = HoursView)))]
pub(super) async fn get_hours(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<HoursView>, ApiError> {
    let schedule = booking::hours(&state.desk, &actor).await.map_err(refuse)?;
    Ok(Json(view(schedule)))
}

/// Replace the doctor's own weekly hours. What is booked stays booked.
#[utoipa::path(put, path = "/hours", tag = "booking", request_body = HoursView,
    responses((status = 200, body = HoursView)))]
pub(super) async fn put_hours(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<HoursView>,
) -> Result<Json<HoursView>, ApiError> {
    let stretches = request.hours.iter().map(|hours| Stretch {
        weekday: hours.weekday,
        start_min: hours.start_min,
        end_min: hours.end_min,
    });
    let command = HoursCommand {
        stretches: stretches.collect(),
        zone: request.zone,
        slot_min: request.slot_min,
    };
    let schedule = booking::put_hours(&state.desk, &actor, command)
        .await
        .map_err(refuse)?;
    Ok(Json(view(schedule)))
}

fn view(schedule: Schedule) -> HoursView {
    let stretches = schedule.hours.stretches().iter();
    HoursView {
        slot_min: schedule.hours.slot_min(),
        hours: stretches
            .map(|stretch| WeeklyHours {
                weekday: stretch.weekday,
                start_min: stretch.start_min,
                end_min: stretch.end_min,
            })
            .collect(),
        zone: schedule.zone,
    }
}

fn refuse(error: HoursWriteError) -> ApiError {
    match error {
        HoursWriteError::Forbidden => ProblemCode::Forbidden.into(),
        HoursWriteError::Zone(_) => ApiError::invalid("zone"),
        HoursWriteError::Hours(error) => ApiError::invalid(field(error)),
        HoursWriteError::Store(error) => error.into(),
    }
}

fn field(error: HoursError) -> String {
    match error {
        HoursError::SlotLength => "slot_min".to_owned(),
        HoursError::TooMany => "hours".to_owned(),
        HoursError::Weekday { index } => format!("hours[{index}].weekday"),
        HoursError::Start { index } | HoursError::Overlap { index } => {
            format!("hours[{index}].start_min")
        }
        HoursError::End { index } => format!("hours[{index}].end_min"),
    }
}
