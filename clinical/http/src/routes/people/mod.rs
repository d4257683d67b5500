//! The staff of a facility, for its administrators.

mod acts;
mod list;
mod person;

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use clinical_api::{PasswordLinkView, PersonDetails, PersonView, ProblemCode};
use clinical_app::identity::{Details, OneTimeToken, PeopleError, is_due};
use clinical_app::{Clinic, identity::Person};
use clinical_model::{PASSWORD_LINK_LIFE_US, Position, Role};
use utoipa::OpenApi as _;

use super::Domain;
use crate::error::ApiError;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const ADMIN: Who = Who::Roles(&[Role::Admin]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/admin/people", ADMIN),
        Operation::new(Method::POST, "/admin/people", ADMIN),
        Operation::new(Method::GET, "/admin/people/{id}", ADMIN),
        Operation::new(Method::PUT, "/admin/people/{id}", ADMIN),
        Operation::new(Method::POST, "/admin/people/{id}/suspend", ADMIN),
        Operation::new(Method::POST, "/admin/people/{id}/restore", ADMIN),
        Operation::new(Method::POST, "/admin/people/{id}/reset", ADMIN),
        Operation::new(Method::POST, "/admin/people/{id}/grace", ADMIN),
        Operation::new(Method::POST, "/admin/people/{id}/review", ADMIN),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list::list,
    list::add,
    person::read,
    person::change,
    acts::suspend,
    acts::restore,
    acts::reset,
    acts::grace,
    acts::review,
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/admin/people", get(list::list).post(list::add))
        .route("/admin/people/{id}", get(person::read).put(person::change))
        .route("/admin/people/{id}/suspend", post(acts::suspend))
        .route("/admin/people/{id}/restore", post(acts::restore))
        .route("/admin/people/{id}/reset", post(acts::reset))
        .route("/admin/people/{id}/grace", post(acts::grace))
        .route("/admin/people/{id}/review", post(acts::review))
}

fn view(clinic: &Clinic, person: Person) -> PersonView {
    let review_due = is_due(&person, clinic.clock.now());
    let account = person.account;
    let role = account.position.role();
    let (specialty, zone, languages) = match account.position {
        Position::Doctor(profile) => (
            Some(profile.specialty),
            Some(profile.zone),
            profile.languages,
        ),
        Position::Other(_) => (None, None, Vec::new()),
    };
    PersonView {
        id: account.id,
        email: account.email.as_str().to_owned(),
        details: PersonDetails {
            name: account.name,
            role,
            department: person.department,
            specialty,
            zone,
            languages,
        },
        suspended: account.disabled,
        has_factor: person.has_factor,
        grace_until_us: account.factor_grace.0,
        reviewed_us: person.reviewed.0,
        review_due,
        version: person.version,
    }
}

fn details(request: PersonDetails) -> Details {
    Details {
        name: request.name,
        role: request.role,
        department: request.department,
        specialty: request.specialty,
        zone: request.zone,
        languages: request.languages,
    }
}

fn link(clinic: &Clinic, token: &OneTimeToken) -> PasswordLinkView {
    PasswordLinkView {
        token: token.reveal(),
        expires_us: clinic.clock.now().plus(PASSWORD_LINK_LIFE_US).0,
    }
}

fn refused(error: PeopleError) -> ApiError {
    match error {
        PeopleError::Invalid(field) => ApiError::invalid(field),
        PeopleError::EmailTaken => ApiError::new(ProblemCode::WrongState).field("email"),
        PeopleError::NotFound => ApiError::not_found(),
        PeopleError::Changed => ProblemCode::Changed.into(),
        PeopleError::Oneself => ProblemCode::WrongState.into(),
        PeopleError::Password(error) => error.into(),
        PeopleError::Store(error) => error.into(),
    }
}
