//! Messages that leave by e-mail and SMS, and how people want to be told.

mod deliveries;
mod inbox;
mod reports;
mod settings;
mod sms;

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(
            Method::POST,
            "/notifications/sms",
            Who::Roles(&[Role::Doctor, Role::Nurse]),
        ),
        Operation::new(Method::GET, "/me/notifications", Who::SignedIn),
        Operation::new(Method::PUT, "/me/notifications", Who::SignedIn),
        Operation::new(
            Method::GET,
            "/notifications/deliveries",
            Who::Roles(&[Role::Nurse, Role::Admin]),
        ),
        Operation::new(Method::POST, "/notifications/reports/{secret}", Who::Public),
        Operation::new(Method::POST, "/notifications/inbox/{secret}", Who::Public),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    sms::send_sms,
    settings::get_notifications,
    settings::put_notifications,
    deliveries::list_deliveries,
    reports::take_report,
    inbox::take_message
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/notifications/sms", post(sms::send_sms))
        .route(
            "/me/notifications",
            get(settings::get_notifications).put(settings::put_notifications),
        )
        .route(
            "/notifications/deliveries",
            get(deliveries::list_deliveries),
        )
        .route(
            "/notifications/reports/{secret}",
            post(reports::take_report),
        )
        .route("/notifications/inbox/{secret}", post(inbox::take_message))
}
