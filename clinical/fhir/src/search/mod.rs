//! Search strings of FHIR, parsed to typed values.
//!
//! What a resource may be searched by is the table in [`crate::catalog`]; nothing else is accepted.

mod controls;
mod matching;
mod value;

pub use controls::{Controls, Handling, Include, PAGE_MAX, PAGE_USUAL, Sort, Summary, Total};
pub use value::{
    DateTest, Instants, Prefix, QuantityTest, ReferenceTest, TextTest, TokenSystem, TokenTest,
    escape,
};

use crate::catalog::{Endpoint, Param, ParamKind};
use crate::outcome::{Issue, IssueType};

/// Parameters in one search; more are refused.
pub const PARAMS_MAX: usize = 40;
/// Alternatives of one parameter, between commas; more are refused.
pub const VALUES_MAX: usize = 50;
/// Characters of one value; more are refused.
pub const VALUE_CHARS_MAX: usize = 500;

/// A search that makes sense for its resource.
#[derive(Clone, PartialEq)]
pub struct Search {
    /// All of them must hold.
    pub filters: Vec<Filter>,
    /// How the answer is cut, ordered and filled.
    pub controls: Controls,
    /// What was ignored under lenient handling; the answer names it as warnings.
    pub ignored: Vec<Issue>,
}

impl core::fmt::Debug for Search {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let names: Vec<&str> = self.filters.iter().map(|filter| filter.param).collect();
        write!(f, "Search({names:?}, values hidden)")
    }
}

/// One parameter with its alternatives.
#[derive(Clone, PartialEq)]
pub struct Filter {
    /// The name in the table.
    pub param: &'static str,
    /// What the value must be.
    pub test: Test,
}

impl core::fmt::Debug for Filter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Filter({}, values hidden)", self.param)
    }
}

/// Alternatives of one kind: one of them must hold, or none of them with `:not`.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// The element is there, or is not.
    Missing(bool),
    /// Codes and identifiers.
    Token(Vec<TokenTest>),
    /// None of these codes.
    NotToken(Vec<TokenTest>),
    /// Other resources.
    Reference(Vec<ReferenceTest>),
    /// Dates and times.
    Date(Vec<DateTest>),
    /// Texts.
    Text(Vec<TextTest>),
    /// Numbers with a unit.
    Quantity(Vec<QuantityTest>),
}

impl Search {
    /// Reads the decoded pairs of a query. A pair with an empty value is no parameter, as the
    /// specification has it.
    pub fn parse<'a, P>(
        endpoint: &Endpoint,
        pairs: P,
        handling: Handling,
    ) -> Result<Self, Vec<Issue>>
    where
        P: IntoIterator<Item = (&'a str, &'a str)>,
    {
        let mut search = Self {
            filters: Vec::new(),
            controls: Controls::default(),
            ignored: Vec::new(),
        };
        let mut faults = Vec::new();
        for (count, (name, text)) in pairs.into_iter().enumerate() {
            if count >= PARAMS_MAX {
                faults.push(Issue::error(IssueType::TooLong, "too many parameters"));
                break;
            }
            if text.is_empty() {
                continue;
            }
            match search.take(endpoint, name, text) {
                Ok(()) => {}
                Err(Refusal::Faulty(issue)) => faults.push(issue),
                Err(Refusal::Unknown(issue)) => match handling {
                    Handling::Strict => faults.push(issue),
                    Handling::Lenient => search.ignored.push(Issue {
                        severity: crate::outcome::Severity::Warning,
                        ..issue
                    }),
                },
            }
        }
        if faults.is_empty() {
            Ok(search)
        } else {
            Err(faults)
        }
    }

    fn take(&mut self, endpoint: &Endpoint, name: &str, text: &str) -> Result<(), Refusal> {
        let (bare, modifier) = match name.split_once(':') {
            None => (name, None),
            Some((bare, modifier)) => (bare, Some(modifier)),
        };
        if self.controls.take(endpoint, bare, modifier, text)? {
            return Ok(());
        }
        let Some(param) = endpoint.param(bare) else {
            return Err(Refusal::Unknown(unknown(endpoint, name)));
        };
        let test = test(param, modifier, text)?;
        self.filters.push(Filter {
            param: param.name,
            test,
        });
        Ok(())
    }
}

/// Why a parameter was not taken.
pub(crate) enum Refusal {
    /// This server does not know it; lenient handling ignores it.
    Unknown(Issue),
    /// It is known and its value is wrong; always an error, or the answer would be another one.
    Faulty(Issue),
}

fn unknown(endpoint: &Endpoint, name: &str) -> Issue {
    let shown: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "_-:.".contains(*c))
        .take(64)
        .collect();
    Issue::error(
        IssueType::NotSupported,
        format!("{} cannot be searched by {shown}", endpoint.kind.as_str()),
    )
}

fn faulty(name: &str, text: &str) -> Refusal {
    Refusal::Faulty(Issue::error(IssueType::Value, format!("{name}: {text}")))
}

fn test(param: &Param, modifier: Option<&str>, text: &str) -> Result<Test, Refusal> {
    if modifier == Some("missing") {
        return match text {
            "true" => Ok(Test::Missing(true)),
            "false" => Ok(Test::Missing(false)),
            _ => Err(faulty(param.name, "missing is true or false")),
        };
    }
    if text.chars().nth(VALUE_CHARS_MAX).is_some() {
        return Err(faulty(param.name, "the value is too long"));
    }
    let parts = value::alternatives(text);
    if parts.len() > VALUES_MAX {
        return Err(faulty(param.name, "too many alternatives"));
    }
    let parts = parts.iter().map(String::as_str);
    match (param.kind, modifier) {
        (ParamKind::Token, None) => Ok(Test::Token(all(param, parts, TokenTest::parse)?)),
        (ParamKind::Token, Some("not")) => Ok(Test::NotToken(all(param, parts, TokenTest::parse)?)),
        (ParamKind::Reference, modifier) => {
            let of = modifier.map(|kind| {
                param
                    .targets
                    .iter()
                    .find(|target| target.as_str() == kind)
                    .ok_or_else(|| faulty(param.name, "that type is no target of this parameter"))
            });
            let of = of.transpose()?.copied();
            Ok(Test::Reference(all(param, parts, |part| {
                ReferenceTest::parse(part, of, param.targets)
            })?))
        }
        (ParamKind::Date, None) => Ok(Test::Date(all(param, parts, DateTest::parse)?)),
        (ParamKind::Text, None) => Ok(Test::Text(all(param, parts, |p| {
            TextTest::parse(p, TextTest::Starts)
        })?)),
        (ParamKind::Text, Some("exact")) => Ok(Test::Text(all(param, parts, |p| {
            TextTest::parse(p, TextTest::Exact)
        })?)),
        (ParamKind::Text, Some("contains")) => Ok(Test::Text(all(param, parts, |p| {
            TextTest::parse(p, TextTest::Contains)
        })?)),
        (ParamKind::Quantity, None) => Ok(Test::Quantity(all(param, parts, QuantityTest::parse)?)),
        (ParamKind::Token | ParamKind::Date | ParamKind::Text | ParamKind::Quantity, Some(_)) => {
            Err(faulty(param.name, "this modifier is not supported"))
        }
    }
}

fn all<'a, T>(
    param: &Param,
    parts: impl Iterator<Item = &'a str>,
    parse: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<Vec<T>, Refusal> {
    parts
        .map(|part| parse(part).map_err(|text| faulty(param.name, text)))
        .collect()
}

#[cfg(test)]
mod tests;
