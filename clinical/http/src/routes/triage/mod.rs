//! AI triage: interviews, their results, what clinicians say of them, figures.

mod clinicians;
mod figures;
mod interviews;
mod views;
mod visitors;

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const PEOPLE: Who = Who::Roles(&[Role::Patient, Role::Doctor, Role::Nurse]);
const PATIENT: Who = Who::Roles(&[Role::Patient]);
const CLINICIANS: Who = Who::Roles(&[Role::Doctor, Role::Nurse]);
const DOCTOR: Who = Who::Roles(&[Role::Doctor]);
const ADMIN: Who = Who::Roles(&[Role::Admin]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/triage/info", Who::Public),
        // The cookie with the visitor's secret is the right to these.
        Operation::new(Method::POST, "/triage/visitor", Who::Public),
        Operation::new(Method::GET, "/triage/visitor", Who::Public),
        Operation::new(Method::DELETE, "/triage/visitor", Who::Public),
        Operation::new(Method::POST, "/triage/visitor/complaint", Who::Public),
        Operation::new(Method::POST, "/triage/visitor/answers", Who::Public),
        Operation::new(Method::POST, "/triage/visitor/back", Who::Public),
        Operation::new(Method::POST, "/triage/visitor/language", Who::Public),
        Operation::new(Method::POST, "/triage/visitor/finish", Who::Public),
        Operation::new(Method::POST, "/triage/claim", PATIENT),
        Operation::new(Method::POST, "/triage/interviews", PEOPLE),
        Operation::new(Method::GET, "/triage/interviews", PEOPLE),
        Operation::new(Method::GET, "/triage/interviews/{id}", PEOPLE),
        Operation::new(Method::POST, "/triage/interviews/{id}/complaint", PEOPLE),
        Operation::new(Method::POST, "/triage/interviews/{id}/answers", PEOPLE),
        Operation::new(Method::POST, "/triage/interviews/{id}/back", PEOPLE),
        Operation::new(Method::POST, "/triage/interviews/{id}/language", PEOPLE),
        Operation::new(Method::POST, "/triage/interviews/{id}/finish", PEOPLE),
        Operation::new(Method::POST, "/triage/interviews/{id}/on-call", PATIENT),
        Operation::new(Method::POST, "/triage/interviews/{id}/appointment", PEOPLE),
        Operation::new(Method::GET, "/triage/interviews/{id}/clinical", CLINICIANS),
        Operation::new(Method::POST, "/triage/interviews/{id}/feedback", DOCTOR),
        Operation::new(Method::POST, "/triage/interviews/{id}/note", DOCTOR),
        Operation::new(Method::GET, "/appointments/{id}/triage", CLINICIANS),
        Operation::new(Method::GET, "/triage/figures", ADMIN),
        Operation::new(Method::GET, "/triage/evaluation", ADMIN),
        Operation::new(Method::GET, "/triage/settings", ADMIN),
        Operation::new(Method::PUT, "/triage/settings", ADMIN),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    interviews::triage_info,
    visitors::begin_as_visitor,
    visitors::read_as_visitor,
    visitors::forget_visitor,
    visitors::complain_as_visitor,
    visitors::answer_as_visitor,
    visitors::back_as_visitor,
    visitors::speak_as_visitor,
    visitors::finish_as_visitor,
    visitors::claim_interview,
    interviews::begin_interview,
    interviews::list_interviews,
    interviews::read_interview,
    interviews::complain,
    interviews::answer_question,
    interviews::take_answer_back,
    interviews::speak,
    interviews::finish_interview,
    interviews::see_on_call,
    interviews::attach_interview,
    clinicians::read_clinically,
    clinicians::give_feedback,
    clinicians::take_over,
    clinicians::triage_of_appointment,
    figures::triage_figures,
    figures::triage_evaluation,
    figures::triage_settings,
    figures::put_triage_settings
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/triage/info", get(interviews::triage_info))
        .route(
            "/triage/visitor",
            post(visitors::begin_as_visitor)
                .get(visitors::read_as_visitor)
                .delete(visitors::forget_visitor),
        )
        .route(
            "/triage/visitor/complaint",
            post(visitors::complain_as_visitor),
        )
        .route("/triage/visitor/answers", post(visitors::answer_as_visitor))
        .route("/triage/visitor/back", post(visitors::back_as_visitor))
        .route("/triage/visitor/language", post(visitors::speak_as_visitor))
        .route("/triage/visitor/finish", post(visitors::finish_as_visitor))
        .route("/triage/claim", post(visitors::claim_interview))
        .merge(of_interviews())
        .route(
            "/appointments/{id}/triage",
            get(clinicians::triage_of_appointment),
        )
        .route("/triage/figures", get(figures::triage_figures))
        .route("/triage/evaluation", get(figures::triage_evaluation))
        .route(
            "/triage/settings",
            get(figures::triage_settings).put(figures::put_triage_settings),
        )
}

fn of_interviews() -> Router<ApiState> {
    Router::new()
        .route(
            "/triage/interviews",
            post(interviews::begin_interview).get(interviews::list_interviews),
        )
        .route("/triage/interviews/{id}", get(interviews::read_interview))
        .route(
            "/triage/interviews/{id}/complaint",
            post(interviews::complain),
        )
        .route(
            "/triage/interviews/{id}/answers",
            post(interviews::answer_question),
        )
        .route(
            "/triage/interviews/{id}/back",
            post(interviews::take_answer_back),
        )
        .route("/triage/interviews/{id}/language", post(interviews::speak))
        .route(
            "/triage/interviews/{id}/finish",
            post(interviews::finish_interview),
        )
        .route(
            "/triage/interviews/{id}/on-call",
            post(interviews::see_on_call),
        )
        .route(
            "/triage/interviews/{id}/appointment",
            post(interviews::attach_interview),
        )
        .route(
            "/triage/interviews/{id}/clinical",
            get(clinicians::read_clinically),
        )
        .route(
            "/triage/interviews/{id}/feedback",
            post(clinicians::give_feedback),
        )
        .route("/triage/interviews/{id}/note", post(clinicians::take_over))
}
