//! What went wrong, as FHIR says it.

use serde_json::{Value, json};

/// Issues that one answer names. More are dropped: somebody who sends a document with two hundred
/// faults is helped by the first ones.
pub const ISSUES_MAX: usize = 50;

/// How bad an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The request was refused.
    Error,
    /// The request was carried out, and something about it was not.
    Warning,
    /// Nothing is wrong.
    Information,
}

impl Severity {
    /// The code of the value set `issue-severity`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
        }
    }
}

/// What kind of issue it is; the part of the value set `issue-type` that is used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueType {
    /// Not JSON, or not the shape of a resource.
    Structure,
    /// A required element is missing.
    Required,
    /// A value is not of its type or not in its list.
    Value,
    /// A rule about several elements is broken.
    Invariant,
    /// Well-formed, and not acceptable.
    Invalid,
    /// Nobody is signed in.
    Login,
    /// This person may not do that.
    Forbidden,
    /// There is no such thing, or it is not theirs to know.
    NotFound,
    /// It was there and has been deleted.
    Deleted,
    /// This server does not do that.
    NotSupported,
    /// Several resources match where one was meant.
    MultipleMatches,
    /// The resource has changed since it was read.
    Conflict,
    /// Against a rule of the clinic.
    BusinessRule,
    /// Larger than allowed.
    TooLong,
    /// Too many requests.
    Throttled,
    /// The server failed.
    Exception,
    /// All is well.
    Informational,
}

impl IssueType {
    /// The code of the value set `issue-type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Required => "required",
            Self::Value => "value",
            Self::Invariant => "invariant",
            Self::Invalid => "invalid",
            Self::Login => "login",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Deleted => "deleted",
            Self::NotSupported => "not-supported",
            Self::MultipleMatches => "multiple-matches",
            Self::Conflict => "conflict",
            Self::BusinessRule => "business-rule",
            Self::TooLong => "too-long",
            Self::Throttled => "throttled",
            Self::Exception => "exception",
            Self::Informational => "informational",
        }
    }
}

/// One issue. Its text never repeats a value that was sent: it may be about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// What kind it is.
    pub kind: IssueType,
    /// One sentence in English, for developers.
    pub diagnostics: String,
    /// Where, as a FHIRPath such as `Patient.name[0].use`.
    pub expression: Option<String>,
}

impl Issue {
    /// An error that is about no single element.
    #[must_use]
    pub fn error(kind: IssueType, diagnostics: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            kind,
            diagnostics: diagnostics.into(),
            expression: None,
        }
    }

    /// An error at an element.
    #[must_use]
    pub fn at(kind: IssueType, path: &str, diagnostics: impl Into<String>) -> Self {
        Self {
            expression: Some(path.to_owned()),
            ..Self::error(kind, diagnostics)
        }
    }

    /// A warning that is about no single element.
    #[must_use]
    pub fn warning(kind: IssueType, diagnostics: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(kind, diagnostics)
        }
    }
}

/// The resource `OperationOutcome`. Without issues it says that all is well, because the resource
/// must have at least one.
#[must_use]
pub fn operation_outcome(issues: &[Issue]) -> Value {
    let fine = [Issue {
        severity: Severity::Information,
        kind: IssueType::Informational,
        diagnostics: "All OK".to_owned(),
        expression: None,
    }];
    let issues = if issues.is_empty() { &fine } else { issues };
    let listed: Vec<Value> = issues.iter().take(ISSUES_MAX).map(issue).collect();
    json!({ "resourceType": "OperationOutcome", "issue": listed })
}

fn issue(issue: &Issue) -> Value {
    let mut value = json!({
        "severity": issue.severity.as_str(),
        "code": issue.kind.as_str(),
        "diagnostics": issue.diagnostics,
    });
    if let Some(path) = &issue.expression {
        value["expression"] = json!([path]);
    }
    value
}
