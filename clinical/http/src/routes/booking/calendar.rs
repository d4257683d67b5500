//! `GET /calendar`

use axum::Json;
use axum::extract::State;
use clinical_api::{
    AwayKind, AwayView, CalendarAppointmentView, CalendarBy, CalendarColumnView, CalendarEntryView,
    CalendarView, ProblemCode, SpanView,
};
use clinical_app::booking::{self, AgendaBy, AgendaColumn, AgendaError, Closure, Engagement};
use clinical_model::Micros;
use serde::Deserialize;

use super::views::state_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Params;
use crate::router::ApiState;

/// Which calendar.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    from_us: i64,
    to_us: i64,
    by: CalendarBy,
}

/// What doctors, or rooms and devices, are kept for in `[from_us, to_us)`. Nurses and admins see
/// all of the clinic, doctors their own and when rooms are taken. Patients are named to those who
/// may see them.
#[utoipa::path(get, path = "/calendar", tag = "booking",
    params(("from_us" = i64, Query, description = "Unix microseconds"),
        ("to_us" = i64, Query, description = "Unix microseconds, at most 42 days later"),
        ("by" = CalendarBy, Query)),
    responses((status = 200, body = CalendarView)))]
pub(super) async fn read_calendar(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(which): Params<Which>,
) -> Result<Json<CalendarView>, ApiError> {
    let by = match which.by {
        CalendarBy::Clinician => AgendaBy::Clinician,
        CalendarBy::Resource => AgendaBy::Resource,
    };
    let range = (Micros(which.from_us), Micros(which.to_us));
    let agenda = booking::agenda(&state.desk, &actor, by, range)
        .await
        .map_err(|error| match error {
            AgendaError::Range => ApiError::invalid("to_us"),
            AgendaError::Forbidden => ProblemCode::Forbidden.into(),
            AgendaError::Store(error) => error.into(),
        })?;
    Ok(Json(CalendarView {
        columns: agenda.columns.into_iter().map(column).collect(),
        entries: agenda.entries.into_iter().map(entry).collect(),
    }))
}

fn column(it: AgendaColumn) -> CalendarColumnView {
    CalendarColumnView {
        id: it.id.to_string(),
        name: it.name,
        zone: it.zone,
        open: it
            .open
            .into_iter()
            .map(|span| SpanView {
                from_us: span.start.0,
                to_us: span.end.0,
            })
            .collect(),
        away: it
            .away
            .into_iter()
            .map(|(why, span)| AwayView {
                kind: match why {
                    Closure::Leave => AwayKind::Leave,
                    Closure::Holiday => AwayKind::Holiday,
                    Closure::Maintenance => AwayKind::Maintenance,
                    Closure::Other => AwayKind::Other,
                },
                from_us: span.start.0,
                to_us: span.end.0,
            })
            .collect(),
    }
}

fn entry(it: Engagement) -> CalendarEntryView {
    CalendarEntryView {
        who: it.who.to_string(),
        from_us: it.span.start.0,
        to_us: it.span.end.0,
        appointment: it.appointment.map(|it| {
            let (patient, patient_name) = it.patient.unzip();
            CalendarAppointmentView {
                id: it.id,
                doctor: it.doctor,
                start_us: it.visit.start.0,
                end_us: it.visit.end.0,
                state: state_view(it.stage),
                service: it.service,
                overbooked: it.overbooked,
                patient,
                patient_name,
            }
        }),
    }
}
