//! `POST /notifications/sms`

use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{ProblemCode, SmsRequest, SmsTemplate};
use clinical_app::notify::{self, SmsCommand, SmsError, SmsTemplate as Template};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Body;
use crate::router::ApiState;

/// Queue one of the fixed texts for a patient; it leaves at most once. 409 when nothing was queued:
/// the patient has no number, declined SMS, or was sent the same just now, or the appointment is over.
#[utoipa::path(post, path = "/notifications/sms", tag = "notifications",
    request_body = SmsRequest, responses((status = 202)))]
pub(super) async fn send_sms(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<SmsRequest>,
) -> Result<StatusCode, ApiError> {
    let template = match (request.template, request.appointment) {
        (SmsTemplate::AppointmentReminder, Some(id)) => Template::AppointmentReminder(id),
        (SmsTemplate::MessageWaiting, None) => Template::MessageWaiting,
        (SmsTemplate::DocumentWaiting, None) => Template::DocumentWaiting,
        (SmsTemplate::AppointmentReminder, None)
        | (SmsTemplate::MessageWaiting | SmsTemplate::DocumentWaiting, Some(_)) => {
            return Err(ApiError::invalid("appointment"));
        }
    };
    let command = SmsCommand {
        patient: request.patient,
        template,
    };
    notify::send_sms(&state.clinic, &actor, command)
        .await
        .map_err(|error| match error {
            SmsError::NotFound => ApiError::not_found(),
            SmsError::Over | SmsError::Unreachable => ProblemCode::WrongState.into(),
            SmsError::Store(error) => error.into(),
        })?;
    Ok(StatusCode::ACCEPTED)
}
