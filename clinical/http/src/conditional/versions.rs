//! Which operations have versions, read from the OpenAPI text, and what that text says of them.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::Method;
use clinical_api::BASE;
use serde_json::Value;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{
    Operation as Described, Parameter, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{Content, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, Schema};

use crate::operation::Operation;
use crate::router::operations;

/// References in the text are followed so far.
const DEPTH_MAX: u8 = 6;

const IF_MATCH: &str = "The entity tag that was read, instead of `version` in the body, or beside \
    the same. Of a list one must be current; `*` and weak tags are refused.";
const IF_MATCH_OR_NEW: &str = "The entity tag that was read, instead of `version` in the body, or \
    beside the same. Of a list one must be current; `*` and weak tags are refused. For the first \
    version `If-None-Match: *` says the same as version 0.";
const IF_NONE_MATCH: &str = "The entity tag of the answer that the caller has.";
const ETAG: &str =
    "The version, a point, and a digest of the answer. `If-Match` looks at the version.";

/// What an operation has to do with versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Versions {
    /// It changes something, and only over the version that was read.
    pub(crate) takes: bool,
    /// What it answers has a version.
    pub(crate) tells: bool,
}

type Table = HashMap<(Method, &'static str), Versions>;

static TABLE: LazyLock<Table> = LazyLock::new(|| table(&crate::openapi::plain()));

impl Versions {
    /// Those of an operation.
    pub(super) fn of(operation: &Operation) -> Self {
        let key = (operation.method.clone(), operation.path);
        TABLE.get(&key).copied().unwrap_or_default()
    }
}

fn table(text: &OpenApi) -> Table {
    let text = serde_json::to_value(text).unwrap_or_default();
    operations()
        .map(|it| ((it.method.clone(), it.path), versions(&text, it)))
        .collect()
}

fn versions(text: &Value, operation: &Operation) -> Versions {
    let path = format!("{BASE}{}", operation.path);
    let method = operation.method.as_str().to_lowercase();
    let described = &text["paths"][path][method];
    let schema = |of: &Value| of["content"]["application/json"]["schema"].clone();
    let asked = version_in(text, &schema(&described["requestBody"]), DEPTH_MAX);
    let takes = match asked {
        // What is made has no version yet.
        Some(Need::MayBeLeftOut) => operation.method == Method::PUT,
        Some(Need::Required) => true,
        None => false,
    };
    let tells = ["200", "201"].iter().any(|status| {
        let answered = schema(&described["responses"][status]);
        version_in(text, &answered, DEPTH_MAX).is_some()
    });
    Versions { takes, tells }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Required,
    MayBeLeftOut,
}

/// Whether objects of this schema have a version that is a number.
fn version_in(text: &Value, schema: &Value, depth: u8) -> Option<Need> {
    let depth = depth.checked_sub(1)?;
    if let Some(name) = schema["$ref"].as_str() {
        let target = text.pointer(name.strip_prefix('#')?)?;
        return version_in(text, target, depth);
    }
    if schema["properties"]["version"]["type"] == "integer" {
        let required = schema["required"].as_array();
        let is_required = required.is_some_and(|them| them.iter().any(|it| it == "version"));
        return Some(if is_required {
            Need::Required
        } else {
            Need::MayBeLeftOut
        });
    }
    ["allOf", "oneOf", "anyOf"]
        .iter()
        .filter_map(|key| schema[*key].as_array())
        .flatten()
        .find_map(|part| version_in(text, part, depth))
}

/// Writes the headers and answers of conditional requests into the text.
pub(crate) fn describe(mut text: OpenApi) -> OpenApi {
    for ((method, path), versions) in table(&text) {
        let item = text.paths.paths.get_mut(&format!("{BASE}{path}"));
        if let Some(described) = item.and_then(|item| slot(item, method.as_str())) {
            complete(described, &method, versions);
        }
    }
    text
}

/// The place of a method.
pub(crate) fn slot<'a>(item: &'a mut PathItem, method: &str) -> Option<&'a mut Described> {
    match method {
        "GET" => item.get.as_mut(),
        "PUT" => item.put.as_mut(),
        "POST" => item.post.as_mut(),
        "DELETE" => item.delete.as_mut(),
        "PATCH" => item.patch.as_mut(),
        _ => None,
    }
}

fn complete(described: &mut Described, method: &Method, versions: Versions) {
    let mut push = |parameter| {
        let parameters = described.parameters.get_or_insert_default();
        parameters.push(RefOr::T(parameter));
    };
    let responses = &mut described.responses.responses;
    if versions.tells {
        for status in ["200", "201"] {
            if let Some(RefOr::T(response)) = responses.get_mut(status) {
                let mut tag = Header::default();
                tag.description = Some(ETAG.to_owned());
                response.headers.insert("ETag".to_owned(), RefOr::T(tag));
            }
        }
        if *method == Method::GET {
            push(header("If-None-Match", IF_NONE_MATCH));
            let same = Response::new("The caller has that answer.");
            responses.insert("304".to_owned(), RefOr::T(same));
        }
    }
    if versions.takes {
        let text = if *method == Method::PUT {
            IF_MATCH_OR_NEW
        } else {
            IF_MATCH
        };
        push(header("If-Match", text));
        let problems = [
            (
                "412",
                "`changed`: it has another version than the one that was read.",
            ),
            (
                "428",
                "`version_needed`: neither `If-Match` nor `version` says what was read.",
            ),
        ];
        for (status, text) in problems {
            responses.insert(status.to_owned(), RefOr::T(problem(text)));
        }
    }
}

fn header(name: &str, text: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(text))
        .schema(Some(Schema::Object(schema)))
        .build()
}

/// An answer that is a problem.
pub(crate) fn problem(text: &str) -> Response {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    let mut problem = Response::new(text);
    problem.content.insert(
        "application/problem+json".to_owned(),
        RefOr::T(Content::new(Some(schema))),
    );
    problem
}
