//! Parameters that shape the answer rather than select from it.

use super::{Refusal, faulty};
use crate::catalog::{Endpoint, ResourceKind};
use crate::outcome::{Issue, IssueType};

/// Resources on a page when nothing is asked for.
pub const PAGE_USUAL: u16 = 20;
/// Resources on a page at most; a larger `_count` gets this many, as the specification allows.
pub const PAGE_MAX: u16 = 200;
/// Includes of one search; more are refused, each costs a read per resource found.
const INCLUDES_MAX: usize = 10;
/// Characters of a page mark.
const MARK_CHARS_MAX: usize = 200;

/// What becomes of parameters that this server does not know: `Prefer: handling=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Handling {
    /// The search is refused. It is the default here: ignoring a filter shows what was not asked for.
    #[default]
    Strict,
    /// They are ignored and named in the answer.
    Lenient,
}

impl Handling {
    /// Reads the header `Prefer`.
    #[must_use]
    pub fn of_prefer(header: Option<&str>) -> Self {
        let lenient = header.is_some_and(|text| {
            text.split([',', ';'])
                .any(|part| part.trim().eq_ignore_ascii_case("handling=lenient"))
        });
        if lenient { Self::Lenient } else { Self::Strict }
    }
}

/// Whether the number of matches is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Total {
    /// Not at all. Counting costs more than the page.
    #[default]
    None,
    /// Exactly; an estimate is also answered so.
    Accurate,
}

/// Which part of each resource is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Summary {
    /// All of it.
    #[default]
    Whole,
    /// Only the number of matches.
    Count,
    /// All but the narrative.
    Data,
    /// Narrative, id, meta and what is required.
    Text,
    /// The elements of the summary.
    Short,
    /// These elements and what is required.
    Elements(Vec<String>),
}

/// One key of the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// A parameter of the table, or `_lastUpdated` or `_id`.
    pub param: &'static str,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// Resources to add to the matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// The resource that refers.
    pub source: ResourceKind,
    /// By which parameter.
    pub param: &'static str,
    /// To which type; none means any.
    pub target: Option<ResourceKind>,
}

/// How the answer is cut, ordered and filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controls {
    /// Resources on a page. 0 asks for the count only.
    pub count: u16,
    /// Where the page begins: the mark of the link that led here.
    pub mark: Option<String>,
    /// The order.
    pub sort: Vec<Sort>,
    /// What the matches refer to.
    pub include: Vec<Include>,
    /// What refers to the matches.
    pub revinclude: Vec<Include>,
    /// Which part of each is wanted.
    pub summary: Summary,
    /// Whether matches are counted.
    pub total: Total,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            count: PAGE_USUAL,
            mark: None,
            sort: Vec::new(),
            include: Vec::new(),
            revinclude: Vec::new(),
            summary: Summary::Whole,
            total: Total::None,
        }
    }
}

impl Controls {
    /// Takes a parameter if it is one of these; answers whether it was.
    pub(super) fn take(
        &mut self,
        endpoint: &Endpoint,
        name: &str,
        modifier: Option<&str>,
        text: &str,
    ) -> Result<bool, Refusal> {
        if modifier.is_some() && matches!(name, "_include" | "_revinclude") {
            return Err(unknown(name, "this modifier is not supported"));
        }
        match name {
            "_count" => {
                let count: u32 = text
                    .parse()
                    .ok()
                    .ok_or_else(|| faulty(name, "must be a number from 0"))?;
                self.count = u16::try_from(count).unwrap_or(PAGE_MAX).min(PAGE_MAX);
            }
            "_page" => {
                let fits = text.len() <= MARK_CHARS_MAX
                    && text
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
                if !fits {
                    return Err(faulty(name, "no mark of a page"));
                }
                self.mark = Some(text.to_owned());
            }
            "_sort" => self.sort = sort(endpoint, text)?,
            "_total" => {
                self.total = match text {
                    "none" => Total::None,
                    "accurate" | "estimate" => Total::Accurate,
                    _ => return Err(faulty(name, "must be none, estimate or accurate")),
                };
            }
            "_summary" => self.summary = summary(text)?,
            "_elements" => {
                let names: Vec<String> =
                    text.split(',').map(|part| part.trim().to_owned()).collect();
                let plain = names.len() <= 50
                    && names.iter().all(|n| {
                        (1..=64).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_alphanumeric())
                    });
                if !plain {
                    return Err(faulty(name, "must be names of elements between commas"));
                }
                self.summary = Summary::Elements(names);
            }
            "_include" => {
                self.include
                    .push(include(text, Some(endpoint.kind), self.include.len())?);
            }
            "_revinclude" => {
                let found = include(text, None, self.revinclude.len())?;
                let leads_here = match found.target {
                    Some(target) => target == endpoint.kind,
                    None => found
                        .source
                        .endpoint()
                        .and_then(|source| source.param(found.param))
                        .is_some_and(|param| param.targets.contains(&endpoint.kind)),
                };
                if !leads_here {
                    return Err(unknown(name, "does not lead to what is searched"));
                }
                self.revinclude.push(found);
            }
            // The media type is agreed on elsewhere; nothing but JSON is offered.
            "_format" | "_pretty" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn sort(endpoint: &Endpoint, text: &str) -> Result<Vec<Sort>, Refusal> {
    text.split(',')
        .map(|part| {
            let (descending, name) = match part.strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, part),
            };
            endpoint
                .sorts
                .iter()
                .find(|sort| **sort == name)
                .map(|param| Sort { param, descending })
                .ok_or_else(|| {
                    let known = endpoint.sorts.join(", ");
                    faulty("_sort", &format!("can be: {known}"))
                })
        })
        .collect()
}

fn summary(text: &str) -> Result<Summary, Refusal> {
    Ok(match text {
        "true" => Summary::Short,
        "false" => Summary::Whole,
        "text" => Summary::Text,
        "data" => Summary::Data,
        "count" => Summary::Count,
        _ => {
            return Err(faulty(
                "_summary",
                "must be true, false, text, data or count",
            ));
        }
    })
}

/// An include that this server does not have adds nothing, so lenient handling may ignore it.
fn unknown(name: &str, text: &str) -> Refusal {
    Refusal::Unknown(Issue::error(
        IssueType::NotSupported,
        format!("{name}: {text}"),
    ))
}

/// `Source:param` or `Source:param:Target`.
fn include(text: &str, source: Option<ResourceKind>, before: usize) -> Result<Include, Refusal> {
    const NAME: &str = "_include";
    if before >= INCLUDES_MAX {
        return Err(faulty(NAME, "too many"));
    }
    let mut parts = text.split(':');
    let named = parts.next().and_then(ResourceKind::named);
    let param = parts.next().unwrap_or_default();
    let target = parts.next().map(ResourceKind::named);
    let known = named
        .filter(|named| source.is_none_or(|source| source == *named))
        .and_then(|named| named.endpoint())
        .and_then(|endpoint| endpoint.param(param).map(|param| (endpoint.kind, param)))
        .filter(|(_, param)| !param.targets.is_empty());
    let (Some((source, param)), None) = (known, parts.next()) else {
        return Err(unknown(
            NAME,
            "must be Resource:parameter, of a reference that this server has",
        ));
    };
    match target {
        None => Ok(Include {
            source,
            param: param.name,
            target: None,
        }),
        Some(Some(target)) if param.targets.contains(&target) => Ok(Include {
            source,
            param: param.name,
            target: Some(target),
        }),
        Some(_) => Err(unknown(NAME, "that type is no target of this parameter")),
    }
}
