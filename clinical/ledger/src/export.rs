//! Audit rows as lines of JSON, to be verified where there is no database.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{EVENT_FORMAT, Event, Hash, HashError};

/// A line of an export is shorter than this, in bytes; a longer one is refused unread.
pub const EXPORT_LINE_BYTES_MAX: usize = 8_192;

/// Why a line is not an exported row.
#[derive(Debug, thiserror::Error)]
pub enum ExportLineError {
    /// Not the JSON of a row.
    #[error("the line is not the JSON of an audit row")]
    Json(#[source] serde_json::Error),
    /// Written by a later version of this program.
    #[error("format {0} is not known to this version")]
    Format(u8),
    /// The hash is misspelt.
    #[error("the hash is misspelt")]
    Hash(#[source] HashError),
}

/// The JSON of a line: the fields of an [`Event`] in their order, and its hash.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    format: u8,
    tenant: Uuid,
    seq: i64,
    at_us: i64,
    actor_kind: Cow<'a, str>,
    actor_id: Option<Uuid>,
    action: Cow<'a, str>,
    subject_kind: Option<Cow<'a, str>>,
    subject_id: Option<Uuid>,
    patient: Option<Uuid>,
    version: Option<i64>,
    grant: Option<Cow<'a, str>>,
    purpose: Option<Cow<'a, str>>,
    outcome: Cow<'a, str>,
    hash: String,
}

/// The line of one row, without its line break.
///
/// # Errors
/// JSON failed, which numbers and texts do not.
pub fn export_line(event: &Event<'_>, hash: Hash) -> Result<String, ExportLineError> {
    serde_json::to_string(&Line {
        format: EVENT_FORMAT,
        tenant: event.tenant,
        seq: event.seq,
        at_us: event.at_us,
        actor_kind: event.actor_kind.into(),
        actor_id: event.actor_id,
        action: event.action.into(),
        subject_kind: event.subject_kind.map(Cow::from),
        subject_id: event.subject_id,
        patient: event.patient,
        version: event.version,
        grant: event.grant.map(Cow::from),
        purpose: event.purpose.map(Cow::from),
        outcome: event.outcome.into(),
        hash: hash.to_string(),
    })
    .map_err(ExportLineError::Json)
}

/// A row that was read from an export.
pub struct Exported {
    line: Line<'static>,
    hash: Hash,
}

impl Exported {
    /// Reads a line. Whether the row is honest is for a [`Verifier`](crate::Verifier) to say.
    ///
    /// # Errors
    /// The line has another shape.
    pub fn from_line(line: &str) -> Result<Self, ExportLineError> {
        let line: Line<'static> = serde_json::from_str(line).map_err(ExportLineError::Json)?;
        if line.format != EVENT_FORMAT {
            return Err(ExportLineError::Format(line.format));
        }
        let hash = line.hash.parse().map_err(ExportLineError::Hash)?;
        Ok(Self { line, hash })
    }

    /// The row without its hash.
    #[must_use]
    pub fn event(&self) -> Event<'_> {
        let line = &self.line;
        Event {
            tenant: line.tenant,
            seq: line.seq,
            at_us: line.at_us,
            actor_kind: &line.actor_kind,
            actor_id: line.actor_id,
            action: &line.action,
            subject_kind: line.subject_kind.as_deref(),
            subject_id: line.subject_id,
            patient: line.patient,
            version: line.version,
            grant: line.grant.as_deref(),
            purpose: line.purpose.as_deref(),
            outcome: &line.outcome,
        }
    }

    /// The hash that was stored with it.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }
}

impl core::fmt::Debug for Exported {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Exported({:?})", self.event())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Exported, export_line};
    use crate::{Event, chain};

    #[test]
    fn a_row_survives_its_line_and_a_line_with_more_is_refused() {
        let tenant = Uuid::from_u128(7);
        let event = Event {
            tenant,
            seq: 3,
            at_us: -4,
            actor_kind: "user",
            actor_id: Some(Uuid::from_u128(8)),
            action: "chart.read",
            subject_kind: None,
            subject_id: None,
            patient: Some(Uuid::from_u128(9)),
            version: Some(2),
            grant: Some("duty"),
            purpose: None,
            outcome: "done",
        };
        let hash = chain::genesis(tenant);
        let line = export_line(&event, hash).unwrap();
        let read = Exported::from_line(&line).unwrap();
        assert_eq!(read.event(), event);
        assert_eq!(read.hash(), hash);
        let more = line.replacen('{', "{\"note\":1,", 1);
        assert!(Exported::from_line(&more).is_err());
    }
}
