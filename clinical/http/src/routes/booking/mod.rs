//! Doctors, free slots, weekly hours, appointments, links.

mod book;
mod calendar;
mod cancel;
mod doctors;
mod feeds;
mod holds;
mod hours;
mod link;
mod list;
mod openings;
mod overbook;
mod plans;
mod reschedule;
mod resources;
mod services;
mod slots;
pub(super) mod views;
mod waiting;

use axum::Router;
use axum::http::Method;
use axum::routing::{delete, get, post, put};
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const PARTIES: Who = Who::Roles(&[Role::Patient, Role::Doctor]);
const DOCTOR: Who = Who::Roles(&[Role::Doctor]);
const PATIENT: Who = Who::Roles(&[Role::Patient]);
const PEOPLE: Who = Who::Roles(&[Role::Patient, Role::Doctor, Role::Nurse]);
const WAITERS: Who = Who::Roles(&[Role::Patient, Role::Nurse]);
const CLINICIANS: Who = Who::Roles(&[Role::Doctor, Role::Nurse]);
const STAFF: Who = Who::Roles(&[Role::Doctor, Role::Nurse, Role::Admin]);
const PLANNERS: Who = Who::Roles(&[Role::Doctor, Role::Admin]);
const ADMIN: Who = Who::Roles(&[Role::Admin]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/doctors", Who::SignedIn),
        Operation::new(Method::GET, "/doctors/{id}/slots", Who::SignedIn),
        Operation::new(Method::GET, "/hours", DOCTOR),
        Operation::new(Method::PUT, "/hours", DOCTOR),
        Operation::new(Method::POST, "/appointments", PEOPLE),
        Operation::new(Method::GET, "/appointments", PARTIES),
        Operation::new(Method::POST, "/appointments/overbook", CLINICIANS),
        Operation::new(Method::GET, "/appointments/{id}", PEOPLE),
        Operation::new(Method::POST, "/appointments/{id}/cancel", PEOPLE),
        Operation::new(Method::POST, "/appointments/{id}/reschedule", PEOPLE),
        Operation::new(Method::POST, "/appointments/{id}/link", PARTIES),
        Operation::new(Method::DELETE, "/appointments/{id}/link", PARTIES),
        Operation::new(Method::GET, "/appointments/{id}/calendar.ics", PARTIES),
        Operation::new(Method::GET, "/services", Who::SignedIn),
        Operation::new(Method::POST, "/services", ADMIN),
        Operation::new(Method::PUT, "/services/{id}", ADMIN),
        Operation::new(Method::GET, "/services/{id}/openings", Who::SignedIn),
        Operation::new(Method::GET, "/resources", STAFF),
        Operation::new(Method::POST, "/resources", ADMIN),
        Operation::new(Method::PUT, "/resources/{id}", ADMIN),
        Operation::new(Method::GET, "/resources/{id}/plan", ADMIN),
        Operation::new(Method::PUT, "/resources/{id}/plan", ADMIN),
        Operation::new(Method::GET, "/doctors/{id}/plan", PLANNERS),
        Operation::new(Method::PUT, "/doctors/{id}/plan", PLANNERS),
        Operation::new(Method::GET, "/holidays", Who::SignedIn),
        Operation::new(Method::POST, "/holds", PATIENT),
        Operation::new(Method::GET, "/holds/{id}", PATIENT),
        Operation::new(Method::DELETE, "/holds/{id}", PATIENT),
        Operation::new(Method::POST, "/holds/{id}/book", PATIENT),
        Operation::new(Method::GET, "/waiting-list", WAITERS),
        Operation::new(Method::POST, "/waiting-list", WAITERS),
        Operation::new(Method::DELETE, "/waiting-list/{id}", WAITERS),
        Operation::new(Method::POST, "/waiting-list/{id}/accept", WAITERS),
        Operation::new(Method::POST, "/waiting-list/{id}/decline", WAITERS),
        Operation::new(Method::GET, "/calendar", STAFF),
        Operation::new(Method::GET, "/calendar/{secret}", Who::Public),
        Operation::new(Method::GET, "/me/calendar-feed", PARTIES),
        Operation::new(Method::POST, "/me/calendar-feed", PARTIES),
        Operation::new(Method::DELETE, "/me/calendar-feed", PARTIES),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
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
        link::revoke_link,
        overbook::overbook,
        services::list_services,
        services::add_service,
        services::change_service,
        openings::list_openings,
        resources::list_resources,
        resources::add_resource,
        resources::change_resource,
        plans::get_doctor_plan,
        plans::put_doctor_plan,
        plans::get_resource_plan,
        plans::put_resource_plan,
        plans::list_holidays,
        holds::hold_time,
        holds::get_hold,
        holds::release_hold,
        holds::book_hold,
        calendar::read_calendar,
        feeds::appointment_entry,
        feeds::read_feed,
        feeds::get_feed,
        feeds::make_feed,
        feeds::revoke_feed,
        waiting::list_waiting,
        waiting::join_waiting,
        waiting::leave_waiting,
        waiting::accept_offer,
        waiting::decline_offer
    ),
    // What only stands in a query is not found by itself.
    components(schemas(clinical_api::CalendarBy))
)]
struct Description;

fn router() -> Router<ApiState> {
    appointments().merge(offers())
}

fn offers() -> Router<ApiState> {
    Router::new()
        .route(
            "/services",
            get(services::list_services).post(services::add_service),
        )
        .route("/services/{id}", put(services::change_service))
        .route("/services/{id}/openings", get(openings::list_openings))
        .route(
            "/resources",
            get(resources::list_resources).post(resources::add_resource),
        )
        .route("/resources/{id}", put(resources::change_resource))
        .route(
            "/resources/{id}/plan",
            get(plans::get_resource_plan).put(plans::put_resource_plan),
        )
        .route(
            "/doctors/{id}/plan",
            get(plans::get_doctor_plan).put(plans::put_doctor_plan),
        )
        .route("/holidays", get(plans::list_holidays))
        .route("/holds", post(holds::hold_time))
        .route(
            "/holds/{id}",
            get(holds::get_hold).delete(holds::release_hold),
        )
        .route("/holds/{id}/book", post(holds::book_hold))
        .route(
            "/waiting-list",
            get(waiting::list_waiting).post(waiting::join_waiting),
        )
        .route("/waiting-list/{id}", delete(waiting::leave_waiting))
        .route("/waiting-list/{id}/accept", post(waiting::accept_offer))
        .route("/waiting-list/{id}/decline", post(waiting::decline_offer))
        .route("/calendar", get(calendar::read_calendar))
        .route("/calendar/{secret}", get(feeds::read_feed))
        .route(
            "/me/calendar-feed",
            get(feeds::get_feed)
                .post(feeds::make_feed)
                .delete(feeds::revoke_feed),
        )
}

fn appointments() -> Router<ApiState> {
    Router::new()
        .route("/doctors", get(doctors::list_doctors))
        .route("/doctors/{id}/slots", get(slots::list_slots))
        .route("/hours", get(hours::get_hours).put(hours::put_hours))
        .route(
            "/appointments",
            get(list::list_appointments).post(book::book_appointment),
        )
        .route("/appointments/overbook", post(overbook::overbook))
        .route(
            "/appointments/{id}/calendar.ics",
            get(feeds::appointment_entry),
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
