//! `GET /fhir/R4/{kind}` and `POST /fhir/R4/{kind}/_search`

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use clinical_api::ProblemCode;
use clinical_app::Actor;
use clinical_app::exchange::Work;
use clinical_fhir::catalog::ResourceKind;
use clinical_fhir::map::patient_resource;
use clinical_fhir::{
    Controls, Handling, Issue, IssueType, Role, Search, Summary, Test, Total, operation_outcome,
    pairs, search_set,
};
use clinical_model::chart::Kind;
use clinical_model::{EntryId, PatientId};
use serde_json::Value;
use uuid::Uuid;

use super::answer::{FhirError, Resource, base, none_if_missing, patient_of, served, shown};
use super::include::{included, only_served};
use super::{Source, views};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// The resources of one type that match, as far as the caller may see them. What is about a patient
/// is searched within one patient or by `_id`.
#[utoipa::path(get, path = "/fhir/R4/{kind}", tag = "fhir",
    params(("kind" = String, Path)),
    responses((status = 200, description = "Bundle of type searchset",
        content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_search(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(kind): Segments<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Resource, FhirError> {
    let query = pairs(&query.unwrap_or_default());
    answer(&state, &actor, (&kind, &headers), query).await
}

/// The same search with its parameters in a form, so that they stay out of logs.
#[utoipa::path(post, path = "/fhir/R4/{kind}/_search", tag = "fhir",
    params(("kind" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Bundle of type searchset",
        content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_search_by_form(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(kind): Segments<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    form: Result<String, axum::extract::rejection::StringRejection>,
) -> Result<Resource, FhirError> {
    let form = form.or(Err(ApiError::new(ProblemCode::Malformed)))?;
    let media = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let is_form = media.is_some_and(|it| it.starts_with("application/x-www-form-urlencoded"));
    if !is_form && !form.is_empty() {
        return Err(ApiError::new(ProblemCode::UnsupportedMediaType).into());
    }
    let mut query = pairs(&query.unwrap_or_default());
    query.extend(pairs(&form));
    answer(&state, &actor, (&kind, &headers), query).await
}

async fn answer(
    state: &ApiState,
    actor: &Actor,
    (kind, headers): (&str, &HeaderMap),
    query: Vec<(String, String)>,
) -> Result<Resource, FhirError> {
    let (resource, _) = served(kind)?;
    let prefer = headers.get("prefer").and_then(|it| it.to_str().ok());
    let mut work = Work::look(&state.clinic, actor).await?;
    let asked = (query, Handling::of_prefer(prefer));
    let bundle = searched(&mut work, (&base(headers), resource), asked).await?;
    work.commit().await?;
    Ok(Resource(bundle))
}

/// A search in an open transaction.
pub(super) async fn searched(
    work: &mut Work<'_>,
    (base, resource): (&str, ResourceKind),
    (query, handling): (Vec<(String, String)>, Handling),
) -> Result<Value, FhirError> {
    let endpoint = resource.endpoint().ok_or_else(ApiError::not_found)?;
    let given = query
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()));
    let mut search = Search::parse(endpoint, given, handling).map_err(FhirError::Issues)?;
    only_served((&mut search, resource), handling)?;
    let mut found = found(work, &search, resource).await?;
    search.order(&mut found);
    let page = Page::of(&search, found)?;
    let more = included(work, &search, &page.matches).await?;
    Ok(bundle(&search, (page, more), (base, resource, &query)))
}

/// What a search finds, in no order.
pub(super) async fn found(
    work: &mut Work<'_>,
    search: &Search,
    resource: ResourceKind,
) -> Result<Vec<Value>, FhirError> {
    let mut found = match served(resource.as_str())? {
        (_, Source::Patients) => patients(work, search).await?,
        (_, Source::Chart(kind)) => entries(work, (search, kind)).await?,
        (kind, Source::Views) => views::search(work, (search, kind)).await?,
    };
    found.retain(|it| search.holds(it));
    Ok(found)
}

/// Patients before the filters.
async fn patients(work: &mut Work<'_>, search: &Search) -> Result<Vec<Value>, FhirError> {
    let found = match ids(search).as_deref() {
        Some([one]) => {
            let id = PatientId::from_uuid(*one);
            match work.patient(id).await.map_err(FhirError::from) {
                Ok(patient) => vec![patient],
                Err(error) => return none_if_missing(error),
            }
        }
        _ => work.patients().await?,
    };
    let resources = found.iter().map(|patient| patient_resource(patient, None));
    Ok(resources.collect())
}

/// Entries of one patient, or one entry, before the filters.
async fn entries(
    work: &mut Work<'_>,
    (search, kind): (&Search, Kind),
) -> Result<Vec<Value>, FhirError> {
    let found = match (patient_of(search), ids(search).as_deref()) {
        (Some(patient), _) => work.entries(patient, &[kind]).await,
        (None, Some([one])) => {
            let versions = work.versions(EntryId::from_uuid(*one)).await;
            versions.map(|mut versions| {
                versions.retain(|it| it.entry.fact.kind() == kind);
                versions.pop().into_iter().collect()
            })
        }
        _ => {
            let text = "name one patient (patient=<id>) or one resource (_id=<id>)";
            return Err(FhirError::issue(IssueType::Required, text));
        }
    };
    match found.map_err(FhirError::from) {
        Ok(found) => Ok(found.iter().map(shown).collect()),
        Err(error) => none_if_missing(error),
    }
}

/// The ids of `_id`; what is no id of ours is none.
fn ids(search: &Search) -> Option<Vec<Uuid>> {
    let filter = search.filters.iter().find(|it| it.param == "_id")?;
    let Test::Token(tests) = &filter.test else {
        return None;
    };
    let ids = tests.iter().filter_map(|it| it.code.as_deref());
    ids.map(|text| Uuid::try_parse(text).ok()).collect()
}

/// The matches that are shown.
struct Page {
    matches: Vec<Value>,
    /// How many there are on all pages.
    all: usize,
    /// Where the next page begins.
    end: usize,
    /// Only their number is wanted.
    only_count: bool,
}

impl Page {
    fn of(search: &Search, found: Vec<Value>) -> Result<Self, FhirError> {
        let Controls { count, mark, .. } = &search.controls;
        let start: usize = match mark.as_deref().map(str::parse) {
            None => 0,
            Some(Ok(start)) => start,
            Some(Err(_)) => {
                let text = "_page: no mark of a page";
                return Err(FhirError::issue(IssueType::Value, text));
            }
        };
        let only_count = search.controls.summary == Summary::Count || *count == 0;
        let size = if only_count { 0 } else { usize::from(*count) };
        Ok(Self {
            all: found.len(),
            end: start.saturating_add(size),
            only_count,
            matches: found.into_iter().skip(start).take(size).collect(),
        })
    }
}

/// A page with what is added to it, and links to it and to the next.
fn bundle(
    search: &Search,
    (found, more): (Page, Vec<Value>),
    (base, resource, query): (&str, ResourceKind, &[(String, String)]),
) -> Value {
    let mut page: Vec<(Role, Value)> = Vec::new();
    for mut resource in found.matches {
        search.cut(&mut resource);
        page.push((Role::Match, resource));
    }
    page.extend(more.into_iter().map(|it| (Role::Include, it)));
    let mut links = vec![("self", link(base, resource, query, None))];
    if !found.only_count && found.end < found.all {
        links.push(("next", link(base, resource, query, Some(found.end))));
    }
    if !search.ignored.is_empty() {
        let ignored: &[Issue] = &search.ignored;
        page.push((Role::Outcome, operation_outcome(ignored)));
    }
    let is_counted = found.only_count || search.controls.total == Total::Accurate;
    let total = u64::try_from(found.all)
        .ok()
        .filter(|_| is_counted || found.end >= found.all);
    search_set(base, page, &links, total)
}

/// The address of a page of this search.
fn link(
    base: &str,
    resource: ResourceKind,
    query: &[(String, String)],
    start: Option<usize>,
) -> String {
    let kept = query
        .iter()
        .filter(|(name, _)| start.is_none() || name != "_page")
        .map(|(name, text)| format!("{}={}", encoded(name), encoded(text)));
    let mark = start.map(|start| format!("_page={start}"));
    let pairs: Vec<String> = kept.chain(mark).collect();
    let question = if pairs.is_empty() { "" } else { "?" };
    format!("{base}/{}{question}{}", resource.as_str(), pairs.join("&"))
}

/// Percent-encoding of everything that is not unreserved (RFC 3986 2.3).
fn encoded(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    safe
}
