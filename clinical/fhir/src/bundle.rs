//! Bundles that come in: what is to be done, in which order, and who refers to whom.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::catalog::ResourceKind;
use crate::check::Checked;
use crate::conditional::version_of;
use crate::outcome::{Issue, IssueType};
use crate::primitives::is_id;

/// Requests in one bundle; more are refused, because a transaction holds the database's writer.
pub const ENTRIES_MAX: usize = 100;

/// What a bundle asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Each request by itself.
    Batch,
    /// All or none.
    Transaction,
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Deletes come first.
    Delete,
    /// Then what is new,
    Post,
    /// then what is changed,
    Put,
    /// by a whole resource or by a patch,
    Patch,
    /// and reads see all of it.
    Get,
}

/// One request of a bundle.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// Its place in the bundle, where its answer goes.
    pub place: usize,
    /// The name by which others refer to it.
    pub full_url: Option<String>,
    /// The method.
    pub verb: Verb,
    /// The type that is meant.
    pub kind: ResourceKind,
    /// The resource that is meant; none for a create or a search.
    pub id: Option<String>,
    /// The query, for searches and conditional updates.
    pub query: Option<String>,
    /// The resource or patch that is sent along.
    pub body: Option<Value>,
    /// The version that is expected.
    pub if_match: Option<u32>,
    /// Create only if this search finds nothing.
    pub if_none_exist: Option<String>,
}

impl core::fmt::Debug for Request {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "Request({}, {:?} {}, content hidden)",
            self.place,
            self.verb,
            self.kind.as_str()
        )
    }
}

/// A bundle whose requests are understood. Entries that are not stand in `refused`.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// All or each.
    pub mode: Mode,
    /// The requests in the order in which they are carried out.
    pub requests: Vec<Request>,
    /// Entries of a batch that are no request, by their place.
    pub refused: BTreeMap<usize, Vec<Issue>>,
    /// How many entries there were.
    pub entries: usize,
}

impl Plan {
    /// Reads a checked bundle. In a transaction one entry that is no request refuses all.
    pub fn read(bundle: &Checked) -> Result<Self, Vec<Issue>> {
        let mode = match bundle.value().get("type").and_then(Value::as_str) {
            _ if bundle.kind() != "Bundle" => return Err(one("must be a Bundle")),
            Some("batch") => Mode::Batch,
            Some("transaction") => Mode::Transaction,
            _ => return Err(one("Bundle.type must be batch or transaction")),
        };
        let entries = bundle
            .value()
            .get("entry")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        if entries.len() > ENTRIES_MAX {
            return Err(vec![Issue::error(
                IssueType::TooLong,
                "too many entries in one bundle",
            )]);
        }
        let mut requests = Vec::new();
        let mut refused = BTreeMap::new();
        for (place, entry) in entries.iter().enumerate() {
            match request(place, entry) {
                Ok(request) => requests.push(request),
                Err(issue) => {
                    refused.insert(place, vec![issue]);
                }
            }
        }
        if mode == Mode::Transaction {
            if !refused.is_empty() {
                return Err(refused.into_values().flatten().collect());
            }
            no_doubles(&requests)?;
            requests = in_order(requests)?;
        } else {
            requests.sort_by_key(|request| (request.verb, request.place));
        }
        Ok(Self {
            mode,
            requests,
            refused,
            entries: entries.len(),
        })
    }
}

fn one(text: &str) -> Vec<Issue> {
    vec![Issue::error(IssueType::Invalid, text)]
}

fn request(place: usize, entry: &Value) -> Result<Request, Issue> {
    let fault = |name: &str, text: &str| {
        Issue::at(
            IssueType::Invalid,
            &format!("Bundle.entry[{place}].{name}"),
            text,
        )
    };
    let asked = entry
        .get("request")
        .ok_or_else(|| fault("request", "is required"))?;
    let word = |name: &str| asked.get(name).and_then(Value::as_str);
    let verb = match word("method") {
        Some("GET") => Verb::Get,
        Some("POST") => Verb::Post,
        Some("PUT") => Verb::Put,
        Some("PATCH") => Verb::Patch,
        Some("DELETE") => Verb::Delete,
        _ => return Err(fault("request.method", "is not supported here")),
    };
    let url = word("url").unwrap_or_default();
    let (path, query) = match url.split_once('?') {
        None => (url, None),
        Some((path, query)) => (path, Some(query.to_owned())),
    };
    let mut parts = path.split('/');
    let kind = parts.next().and_then(ResourceKind::named);
    let kind = kind.ok_or_else(|| fault("request.url", "must be Type, Type/id or Type?query"))?;
    let id = parts.next().map(str::to_owned);
    let shaped = parts.next().is_none() && id.as_deref().is_none_or(is_id);
    let fits = match verb {
        Verb::Post => id.is_none() && query.is_none(),
        Verb::Put => id.is_some() != query.is_some(),
        Verb::Patch | Verb::Delete => id.is_some() && query.is_none(),
        Verb::Get => id.is_none() || query.is_none(),
    };
    if !(shaped && fits) {
        return Err(fault("request.url", "does not fit the method"));
    }
    let body = entry.get("resource").cloned();
    let sent = body
        .as_ref()
        .and_then(|body| body.get("resourceType"))
        .and_then(Value::as_str);
    let body_fits = match verb {
        Verb::Post | Verb::Put => sent == Some(kind.as_str()),
        // A patch travels as the data of a Binary; a plain list is no resource.
        Verb::Patch => sent.is_some(),
        Verb::Get | Verb::Delete => sent.is_none(),
    };
    if !body_fits {
        return Err(fault("resource", "does not fit the request"));
    }
    let if_match = word("ifMatch")
        .map(|text| {
            version_of(text).ok_or_else(|| fault("request.ifMatch", "must be W/\"version\""))
        })
        .transpose()?;
    Ok(Request {
        place,
        full_url: entry
            .get("fullUrl")
            .and_then(Value::as_str)
            .map(str::to_owned),
        verb,
        kind,
        id,
        query,
        body,
        if_match,
        if_none_exist: word("ifNoneExist").map(str::to_owned),
    })
}

/// In a transaction no resource is written twice, and no name is given twice.
fn no_doubles(requests: &[Request]) -> Result<(), Vec<Issue>> {
    let mut written = BTreeSet::new();
    let mut named = BTreeSet::new();
    for request in requests {
        let again = match (request.verb, &request.id) {
            (Verb::Get, _) | (_, None) => false,
            (_, Some(id)) => !written.insert((request.kind, id.as_str())),
        };
        let renamed = request
            .full_url
            .as_deref()
            .is_some_and(|name| !named.insert(name));
        if again || renamed {
            let path = format!("Bundle.entry[{}]", request.place);
            return Err(vec![Issue::at(
                IssueType::Invalid,
                &path,
                "is in the transaction twice",
            )]);
        }
    }
    Ok(())
}

/// By verb; and what is new comes after what it refers to, because it needs its id.
fn in_order(mut requests: Vec<Request>) -> Result<Vec<Request>, Vec<Issue>> {
    requests.sort_by_key(|request| (request.verb, request.place));
    let mut waiting: Vec<Request> = Vec::new();
    let mut ordered: Vec<Request> = Vec::new();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for request in requests {
        match request.verb {
            Verb::Delete => before.push(request),
            Verb::Post => waiting.push(request),
            Verb::Put | Verb::Patch | Verb::Get => after.push(request),
        }
    }
    ordered.append(&mut before);
    while !waiting.is_empty() {
        let names: BTreeSet<String> = waiting
            .iter()
            .filter_map(|request| request.full_url.clone())
            .collect();
        let ready = |request: &Request| {
            let own = request.full_url.as_deref();
            request.body.as_ref().is_none_or(|body| {
                !references(body)
                    .iter()
                    .any(|name| Some(*name) != own && names.contains(*name))
            })
        };
        let (now, later): (Vec<Request>, Vec<Request>) = waiting.into_iter().partition(ready);
        if now.is_empty() {
            return Err(one(
                "new resources of a transaction must not refer to each other in a circle",
            ));
        }
        ordered.extend(now);
        waiting = later;
    }
    ordered.append(&mut after);
    Ok(ordered)
}

/// All texts that stand as a `reference`.
fn references(value: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(object) => {
                found.extend(object.get("reference").and_then(Value::as_str));
                open.extend(object.values());
            }
            Value::Array(items) => open.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

/// Replaces references to names of the bundle by the ids that were given, as `Type/id`.
pub fn resolve(value: &mut Value, given: &BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object.iter_mut() {
                match inner {
                    Value::String(text) if name == "reference" => {
                        if let Some(id) = given.get(text.as_str()) {
                            text.clone_from(id);
                        }
                    }
                    other => resolve(other, given),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, given)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// One entry of a bundle of matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It was searched for.
    Match,
    /// It is referred to.
    Include,
    /// It says what was ignored.
    Outcome,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Include => "include",
            Self::Outcome => "outcome",
        }
    }
}

/// A bundle of type `searchset`.
#[must_use]
pub fn search_set(
    base: &str,
    found: Vec<(Role, Value)>,
    links: &[(&str, String)],
    total: Option<u64>,
) -> Value {
    let entries: Vec<Value> = found
        .into_iter()
        .map(|(role, resource)| {
            let mut entry = json!({ "search": { "mode": role.as_str() } });
            if let Some(url) = full_url(base, &resource) {
                entry["fullUrl"] = url.into();
            }
            entry["resource"] = resource;
            entry
        })
        .collect();
    let links: Vec<Value> = links
        .iter()
        .map(|(rel, url)| json!({ "relation": rel, "url": url }))
        .collect();
    let mut bundle = json!({ "resourceType": "Bundle", "type": "searchset" });
    if !links.is_empty() {
        bundle["link"] = links.into();
    }
    if let Some(total) = total {
        bundle["total"] = total.into();
    }
    if !entries.is_empty() {
        bundle["entry"] = entries.into();
    }
    bundle
}

/// The address of a resource: its `fullUrl`.
#[must_use]
pub fn full_url(base: &str, resource: &Value) -> Option<String> {
    let kind = resource.get("resourceType").and_then(Value::as_str)?;
    let id = resource.get("id").and_then(Value::as_str)?;
    Some(format!("{base}/{kind}/{id}"))
}

#[cfg(test)]
mod tests;
