//! The OpenAPI description, made of the handlers and of the table of who may call them.

use axum::http::{Method, StatusCode};
use clinical_api::{BASE, Problem, ProblemCode};
use clinical_app::idempotency::KEY_BYTES_MAX;
use clinical_model::Role;
use utoipa::OpenApi as _;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation as Described, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ObjectBuilder, OpenApi, RefOr, Required, Schema};

use crate::conditional::versions::{self, slot};
use crate::operation::Who;
use crate::router::operations;
use crate::routes::DOMAINS;

const BEARER: &str = "access_token";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Telehealth Hub",
        description = "The clinical API.",
        license(name = "Apache-2.0 OR MIT")
    ),
    servers((url = "/", description = "The server that gave this description.")),
    components(schemas(Problem, ProblemCode))
)]
struct Frame;

/// Describes the API. Every operation says in `x-roles` who may call it: `public`, `signed_in`, or
/// roles.
#[must_use]
pub fn openapi() -> OpenApi {
    versions::describe(plain())
}

/// The description without what versions add to it.
pub(crate) fn plain() -> OpenApi {
    let mut whole = Frame::openapi();
    for domain in DOMAINS {
        whole = whole.nest(BASE, (domain.openapi)());
    }
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    whole
        .components
        .get_or_insert_default()
        .add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    for operation in operations() {
        let path = format!("{BASE}{}", operation.path);
        let described = whole
            .paths
            .paths
            .get_mut(&path)
            .and_then(|item| slot(item, operation.method.as_str()));
        if let Some(described) = described {
            complete(described, operation.who);
            if operation.method == Method::POST && operation.who != Who::Public {
                described
                    .parameters
                    .get_or_insert_default()
                    .push(RefOr::T(idempotency_key()));
            }
        }
    }
    whole
}

/// What every POST of somebody who is signed in may carry.
fn idempotency_key() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(KEY_BYTES_MAX))
        .build();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A key of the sender's choice. The same request with the same key is answered again for \
             two days, and not carried out again.",
        ))
        .schema(Some(Schema::Object(schema)))
        .build()
}

/// Adds what every operation has: who may call it, words for its answers, and problems.
fn complete(described: &mut Described, who: Who) {
    let roles = match who {
        Who::Public => serde_json::json!("public"),
        Who::SignedIn => serde_json::json!("signed_in"),
        Who::Roles(roles) => roles.iter().map(|role: &Role| role.as_str()).collect(),
    };
    let extension: Extensions = [("x-roles", roles)].into_iter().collect();
    match &mut described.extensions {
        Some(extensions) => extensions.merge(extension),
        none => *none = Some(extension),
    }
    let nothing: [&str; 0] = [];
    // An empty list says that none is needed (OpenAPI 3.1.0, Operation Object).
    described.security = Some(match who {
        Who::Public => Vec::new(),
        Who::SignedIn | Who::Roles(_) => vec![SecurityRequirement::new(BEARER, nothing)],
    });
    for (status, response) in &mut described.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            response.description = meaning(status).to_owned();
        }
    }
    let problem = versions::problem("A problem (RFC 9457); `code` says which.");
    described
        .responses
        .responses
        .insert("default".to_owned(), RefOr::T(problem));
}

/// What a status means, for an answer that nobody described; a response needs some words (OpenAPI
/// 3.1.0, Response Object).
fn meaning(status: &str) -> &'static str {
    let status = status.parse::<StatusCode>().ok();
    status
        .and_then(|status| status.canonical_reason())
        .unwrap_or("An answer.")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    /// Every operation with its path and method.
    fn each(text: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
        let paths = text["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, item)| {
            let item = item.as_object().into_iter().flatten();
            item.map(|(method, operation)| (path.as_str(), method.as_str(), operation))
        })
    }

    fn text() -> Value {
        serde_json::to_value(super::openapi()).unwrap()
    }

    #[test]
    fn what_varies_in_a_path_is_exactly_what_is_described_as_part_of_it() {
        let text = text();
        for (path, method, operation) in each(&text) {
            let named: BTreeSet<&str> = path
                .split('/')
                .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                .collect();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let described: BTreeSet<&str> = parameters
                .filter(|it| it["in"] == "path")
                .filter_map(|it| it["name"].as_str())
                .collect();
            assert_eq!(described, named, "{method} {path}");
        }
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let text = text();
        let mut known = BTreeMap::new();
        for (path, method, operation) in each(&text) {
            let name = operation["operationId"].as_str().unwrap();
            let other = known.insert(name, (path, method));
            assert_eq!(other, None, "{method} {path} is called {name}, too");
        }
    }

    #[test]
    fn every_answer_is_described_and_every_operation_says_whether_it_wants_a_token() {
        let text = text();
        for (path, method, operation) in each(&text) {
            assert!(operation["security"].is_array(), "{method} {path}");
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let words = answer["description"].as_str().unwrap_or_default();
                assert!(!words.is_empty(), "{method} {path} {status}");
            }
        }
    }
}
