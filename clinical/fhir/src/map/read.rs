//! Reading a checked resource element by element, with the place of each.

use clinical_model::text::{Line, PartialDate, Prose};
use clinical_model::{Micros, PatientId};
use serde_json::Value;
use uuid::Uuid;

use crate::moment::Moment;
use crate::outcome::{Issue, IssueType};

/// A place in a resource.
#[derive(Clone)]
pub(crate) struct At<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> At<'a> {
    pub(crate) fn root(value: &'a Value, kind: &str) -> Self {
        Self {
            value,
            path: kind.to_owned(),
        }
    }

    pub(crate) const fn value(&self) -> &'a Value {
        self.value
    }

    /// An element, if it is there.
    pub(crate) fn get(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name)?;
        Some(Self {
            value,
            path: format!("{}.{name}", self.path),
        })
    }

    /// An element that must be there for this server, even where R4 does not ask for it.
    pub(crate) fn need(&self, name: &str) -> Result<Self, Issue> {
        self.get(name).ok_or_else(|| {
            Issue::at(
                IssueType::Required,
                &format!("{}.{name}", self.path),
                "is required here",
            )
        })
    }

    /// The items of a list; none when it is not there.
    pub(crate) fn items(&self, name: &str) -> Vec<Self> {
        let items = self.value.get(name).and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(index, value)| Self {
                value,
                path: format!("{}.{name}[{index}]", self.path),
            })
            .collect()
    }

    /// The only item of a list, or none. A second one could not be kept.
    pub(crate) fn one(&self, name: &str) -> Result<Option<Self>, Issue> {
        let mut items = self.items(name);
        match items.len() {
            0 | 1 => Ok(items.pop()),
            _ => Err(Issue::at(
                IssueType::NotSupported,
                &format!("{}.{name}", self.path),
                "only one is kept here",
            )),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.value.get(name).and_then(Value::as_str)
    }

    pub(crate) fn fault(&self, kind: IssueType, text: impl Into<String>) -> Issue {
        Issue::at(kind, &self.path, text)
    }

    /// One line of text.
    pub(crate) fn line(&self) -> Result<Line, Issue> {
        let text = self.value.as_str().unwrap_or_default();
        Line::try_from(text).map_err(|error| self.fault(IssueType::Value, error.to_string()))
    }

    /// Text of several lines.
    pub(crate) fn prose(&self) -> Result<Prose, Issue> {
        let text = self.value.as_str().unwrap_or_default();
        Prose::try_from(text).map_err(|error| self.fault(IssueType::Value, error.to_string()))
    }

    /// The text of the only annotation of the list `note`.
    pub(crate) fn note(&self) -> Result<Option<Prose>, Issue> {
        match self.one("note")? {
            None => Ok(None),
            Some(note) => note.need("text")?.prose().map(Some),
        }
    }

    /// A date without a clock; a clock is cut off.
    pub(crate) fn partial_date(&self) -> Result<PartialDate, Issue> {
        let text = self.value.as_str().unwrap_or_default();
        let date = text.split('T').next().unwrap_or_default();
        date.parse()
            .map_err(|error: clinical_model::text::ShapeError| {
                self.fault(IssueType::Value, error.to_string())
            })
    }

    /// The first instant that a date or time means.
    pub(crate) fn micros(&self) -> Result<Micros, Issue> {
        let text = self.value.as_str().unwrap_or_default();
        Moment::parse(text)
            .map(|moment| moment.start)
            .map_err(|error| self.fault(IssueType::Value, error.to_string()))
    }

    /// The id of a resource of this server and of that type.
    pub(crate) fn id_of(&self, kind: &str) -> Result<Uuid, Issue> {
        let text = self.text("reference").unwrap_or_default();
        let mut parts = text.rsplit('/');
        let id = parts.next().and_then(|id| Uuid::try_parse(id).ok());
        match (id, parts.next()) {
            (Some(id), Some(named)) if named == kind => Ok(id),
            _ => Err(self.fault(
                IssueType::Value,
                format!("must refer to a {kind} of this server"),
            )),
        }
    }

    /// The patient that a reference names.
    pub(crate) fn patient(&self) -> Result<PatientId, Issue> {
        self.id_of("Patient").map(PatientId::from_uuid)
    }

    /// Refuses elements that are not kept here.
    pub(crate) fn only(&self, kept: &[&str]) -> Result<(), Issue> {
        /// What says nothing about the patient, or is made by the server.
        const PASSED: [&str; 7] = [
            "resourceType",
            "id",
            "meta",
            "implicitRules",
            "language",
            "text",
            "identifier",
        ];
        let names = self
            .value
            .as_object()
            .into_iter()
            .flat_map(|object| object.keys());
        for name in names {
            let bare = name.strip_prefix('_').unwrap_or(name);
            if !kept.contains(&bare) && !PASSED.contains(&bare) {
                let path = format!("{}.{bare}", self.path);
                return Err(Issue::at(
                    IssueType::NotSupported,
                    &path,
                    "is not kept by this server",
                ));
            }
        }
        Ok(())
    }
}
