//! `POST /fhir/R4`: several requests, each by itself or all or none

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use clinical_app::Actor;
use clinical_app::exchange::Work;
use clinical_fhir::{Checked, Mode, Plan, Request, Verb, full_url, operation_outcome, resolve};
use serde_json::{Value, json};

use super::answer::{FhirError, Resource, base};
use super::carry::{Done, carry};
use super::write;
use crate::actor::Caller;
use crate::router::ApiState;

/// A batch, or a transaction: of that all requests hold together, or none.
#[utoipa::path(post, path = "/fhir/R4", tag = "fhir",
    request_body(content = Object, content_type = "application/fhir+json"),
    responses((status = 200, description = "Bundle of type batch-response or transaction-response",
        content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_bundle(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    headers: HeaderMap,
    body: write::Sent,
) -> Result<Resource, FhirError> {
    let bundle = Checked::parse(write::json(&headers, body)?).map_err(FhirError::Issues)?;
    let plan = Plan::read(&bundle).map_err(FhirError::Issues)?;
    let base = base(&headers);
    let (kind, mut answers) = match plan.mode {
        Mode::Transaction => {
            let answers = transaction(&state, &actor, (&base, plan.requests)).await?;
            ("transaction-response", answers)
        }
        Mode::Batch => {
            let answers = batch(&state, actor, (&base, plan.requests)).await;
            ("batch-response", answers)
        }
    };
    for (place, issues) in plan.refused {
        let outcome = operation_outcome(&issues);
        answers.insert(place, refusal(StatusCode::BAD_REQUEST, &outcome));
    }
    let mut response = json!({ "resourceType": "Bundle", "type": kind });
    if !answers.is_empty() {
        response["entry"] = answers.into_values().collect();
    }
    Ok(Resource(response))
}

async fn transaction(
    state: &ApiState,
    actor: &Actor,
    (base, requests): (&str, Vec<Request>),
) -> Result<BTreeMap<usize, Value>, FhirError> {
    let mut given = BTreeMap::new();
    for request in requests.iter().filter(|it| it.verb == Verb::Put) {
        if let (Some(name), Some(id)) = (&request.full_url, &request.id) {
            given.insert(name.clone(), format!("{}/{id}", request.kind.as_str()));
        }
    }
    let mut work = Work::begin(&state.desk, actor).await?;
    let mut answers = BTreeMap::new();
    for mut request in requests {
        if let Some(body) = &mut request.body {
            resolve(body, &given);
        }
        let (place, name, kind) = (request.place, request.full_url.clone(), request.kind);
        let done = match carry(&mut work, base, request).await {
            Ok(done) => done,
            Err(error) => return Err(error.at(place).await),
        };
        let id = done.resource.get("id").and_then(Value::as_str);
        if let (Some(name), Some(id)) = (name, id) {
            given.insert(name, format!("{}/{id}", kind.as_str()));
        }
        answers.insert(place, entry(base, done));
    }
    work.commit().await?;
    Ok(answers)
}

async fn batch(
    state: &ApiState,
    mut actor: Actor,
    (base, requests): (&str, Vec<Request>),
) -> BTreeMap<usize, Value> {
    let mut answers = BTreeMap::new();
    for request in requests {
        let place = request.place;
        let answer = match one(state, &actor, (base, request)).await {
            Ok(done) => {
                // A key of idempotency is claimed by the first of them.
                actor.once = None;
                entry(base, done)
            }
            Err(error) => {
                let (status, outcome) = error.told().await;
                refusal(status, &outcome)
            }
        };
        answers.insert(place, answer);
    }
    answers
}

async fn one(
    state: &ApiState,
    actor: &Actor,
    (base, request): (&str, Request),
) -> Result<Done, FhirError> {
    let mut work = Work::begin(&state.desk, actor).await?;
    let done = carry(&mut work, base, request).await?;
    work.commit().await?;
    Ok(done)
}

fn entry(base: &str, done: Done) -> Value {
    let mut response = json!({ "status": status(done.status) });
    if let Some(location) = done.location() {
        response["location"] = format!("{base}/{location}").into();
    }
    let meta = |name: &str| {
        done.resource
            .get("meta")
            .and_then(|it| it.get(name))
            .cloned()
    };
    if let Some(version) = meta("versionId").as_ref().and_then(Value::as_str) {
        response["etag"] = format!("W/\"{version}\"").into();
    }
    if let Some(at) = meta("lastUpdated") {
        response["lastModified"] = at;
    }
    let mut entry = json!({ "response": response });
    if let Some(url) = full_url(base, &done.resource) {
        entry["fullUrl"] = url.into();
    }
    entry["resource"] = done.resource;
    entry
}

fn refusal(code: StatusCode, outcome: &Value) -> Value {
    json!({ "response": { "status": status(code), "outcome": outcome } })
}

fn status(code: StatusCode) -> String {
    let reason = code.canonical_reason().unwrap_or_default();
    format!("{} {reason}", code.as_u16())
}
