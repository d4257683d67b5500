//! What a backup says about itself.

use serde::{Deserialize, Serialize};

use crate::Value;

/// The version of the records that this crate writes.
pub(crate) const FORMAT: u8 = 1;

/// The first record of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the program that wrote it, for people.
    pub program: String,
    /// The number of the newest migration of the store.
    pub schema: i64,
    /// When the copied state was current, in UTC microseconds.
    pub at_us: i64,
    /// All tables, those that are referenced before those that reference them.
    pub tables: Vec<Table>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in the order of values in a row.
    pub columns: Vec<Column>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
}

/// What a column holds, on either engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A whole number of 64 bits.
    Integer,
    /// A floating-point number of 64 bits.
    Real,
    /// A truth value.
    Boolean,
    /// UTF-8.
    Text,
    /// Bytes.
    Bytes,
    /// A UUID.
    Uuid,
}

impl Kind {
    /// Whether a column of this kind can hold the value.
    #[must_use]
    pub const fn fits(self, value: &Value) -> bool {
        matches!(
            (self, value),
            (_, Value::Null)
                | (Self::Integer, Value::Integer(_))
                | (Self::Real, Value::Real(_))
                | (Self::Boolean, Value::Boolean(_))
                | (Self::Text, Value::Text(_))
                | (Self::Bytes, Value::Bytes(_))
                | (Self::Uuid, Value::Uuid(_))
        )
    }
}

/// What a table amounted to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSum {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 over its rows in the order of the primary key, in hexadecimal. Equal on both engines.
    pub sha256: String,
}

/// The last record of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closing {
    pub(crate) tables: Vec<TableSum>,
    pub(crate) files: u64,
}
