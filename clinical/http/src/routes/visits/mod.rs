//! Entering a visit, its guests, the telephone.

mod calls;
mod connection_tests;
mod guests;
mod join;
mod phone;
mod telephone;

use axum::Router;
use axum::http::Method;
use axum::routing::{delete, get, post};
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const DOCTOR: Who = Who::Roles(&[Role::Doctor]);
const ADMIN: Who = Who::Roles(&[Role::Admin]);
const PARTIES: Who = Who::Roles(&[Role::Patient, Role::Doctor]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        // The token of the link is the right to these three.
        Operation::new(Method::POST, "/join", Who::Public),
        Operation::new(Method::POST, "/join/queue", Who::Public),
        Operation::new(Method::POST, "/join/test", Who::Public),
        Operation::new(
            Method::POST,
            "/appointments/{id}/join",
            Who::Roles(&[Role::Doctor]),
        ),
        Operation::new(
            Method::GET,
            "/appointments/{id}/phone",
            Who::Roles(&[Role::Patient]),
        ),
        Operation::new(
            Method::POST,
            "/appointments/{id}/phone",
            Who::Roles(&[Role::Doctor, Role::Nurse]),
        ),
        Operation::new(Method::POST, "/connection-tests", Who::SignedIn),
        Operation::new(Method::POST, "/appointments/{id}/guests", PARTIES),
        Operation::new(Method::DELETE, "/appointments/{id}/guests/{guest}", PARTIES),
        Operation::new(Method::GET, "/appointments/{id}/calls", DOCTOR),
        Operation::new(Method::POST, "/appointments/{id}/calls", DOCTOR),
        Operation::new(Method::DELETE, "/appointments/{id}/calls/{call}", DOCTOR),
        Operation::new(Method::GET, "/telephone", ADMIN),
        Operation::new(Method::POST, "/telephone/contacts", ADMIN),
        Operation::new(Method::DELETE, "/telephone/contacts/{contact}", ADMIN),
        Operation::new(Method::DELETE, "/telephone/lockouts/{lock}", ADMIN),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    join::redeem_link,
    join::link_queue,
    join::join_as_doctor,
    connection_tests::test_by_link,
    connection_tests::test_connection,
    guests::add_guest,
    guests::remove_guest,
    phone::phone_way,
    phone::new_phone_pin,
    calls::visit_calls,
    calls::ring,
    calls::stop_ringing,
    telephone::telephone,
    telephone::add_contact,
    telephone::remove_contact,
    telephone::unlock
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/join", post(join::redeem_link))
        .route("/join/queue", post(join::link_queue))
        .route("/join/test", post(connection_tests::test_by_link))
        .route("/appointments/{id}/join", post(join::join_as_doctor))
        .route(
            "/appointments/{id}/phone",
            get(phone::phone_way).post(phone::new_phone_pin),
        )
        .route("/connection-tests", post(connection_tests::test_connection))
        .route("/appointments/{id}/guests", post(guests::add_guest))
        .route(
            "/appointments/{id}/guests/{guest}",
            delete(guests::remove_guest),
        )
        .route(
            "/appointments/{id}/calls",
            get(calls::visit_calls).post(calls::ring),
        )
        .route(
            "/appointments/{id}/calls/{call}",
            delete(calls::stop_ringing),
        )
        .route("/telephone", get(telephone::telephone))
        .route("/telephone/contacts", post(telephone::add_contact))
        .route(
            "/telephone/contacts/{contact}",
            delete(telephone::remove_contact),
        )
        .route("/telephone/lockouts/{lock}", delete(telephone::unlock))
}
