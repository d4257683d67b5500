//! Doctors, free slots, weekly hours, appointments, links.

mod book;
mod cancel;
mod doctors;
mod hours;
mod link;
mod list;
mod reschedule;
mod slots;
pub(super) mod views;

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const PARTIES: Who = Who::Roles(&[Role::Patient, Role::Doctor]);
const DOCTOR: Who = Who::Roles(&[Role::Doctor]);
const PATIENT: Who = Who::Roles(&[Role::Patient]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/doctors", Who::SignedIn),
        Operation::new(Method::GET, "/doctors/{id}/slots", Who::SignedIn),
        Operation::new(Method::GET, "/hours", DOCTOR),
        Operation::new(Method::PUT, "/hours", DOCTOR),
        Operation::new(Method::POST, "/appointments", PATIENT),
        Operation::new(Method::GET, "/appointments", PARTIES),
        Operation::new(Method::GET, "/appointments/{id}", PARTIES),
        Operation::new(Method::POST, "/appointments/{id}/cancel", PARTIES),
        Operation::new(Method::POST, "/appointments/{id}/reschedule", PARTIES),
        Operation::new(Method::POST, "/appointments/{id}/link", PARTIES),
        Operation::new(Method::DELETE, "/appointments/{id}/link", PARTIES),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    doctors::list_doctors,
    slots::list_slots,
    hours::get_hours,
    hours::put_hours,
    book::book_appointment,
    list::list_appointments,
    list::get_appointment,
    cancel::cancel_appointment,
    reschedule::reschedule_appointment,
    link::make_link,
    link::revoke_link
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/doctors", get(doctors::list_doctors))
        .route("/doctors/{id}/slots", get(slots::list_slots))
        .route("/hours", get(hours::get_hours).put(hours::put_hours))
        .route(
            "/appointments",
            get(list::list_appointments).post(book::book_appointment),
        )
        .route("/appointments/{id}", get(list::get_appointment))
        .route(
            "/appointments/{id}/cancel",
            post(cancel::cancel_appointment),
        )
        .route(
            "/appointments/{id}/reschedule",
            post(reschedule::reschedule_appointment),
        )
        .route(
            "/appointments/{id}/link",
            post(link::make_link).delete(link::revoke_link),
        )
}
