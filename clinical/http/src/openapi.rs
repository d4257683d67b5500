//! The OpenAPI description, made of the handlers and of the table of who may call them.

use axum::http::Method;
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

/// Adds what every operation has: who may call it, and problems.
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
    if who != Who::Public {
        let nothing: [&str; 0] = [];
        described.security = Some(vec![SecurityRequirement::new(BEARER, nothing)]);
    }
    let problem = versions::problem("A problem (RFC 9457); `code` says which.");
    described
        .responses
        .responses
        .insert("default".to_owned(), RefOr::T(problem));
}
