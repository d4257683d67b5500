//! Reads the data files. Everything that is named must exist, or the data set is refused.

mod raw;
mod read;

use std::collections::BTreeMap;

pub(crate) use read::{Contents, icd, read};

/// Why a data set is refused.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file is not in the format.
    #[error("{file}: not readable")]
    Syntax {
        /// The file.
        file: String,
        /// What the reader says.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Two entries have one name.
    #[error("{file}: {entry} exists twice")]
    Duplicate {
        /// The file of the second.
        file: String,
        /// The name.
        entry: String,
    },
    /// An entry names something that does not exist.
    #[error("{file}: {entry}: {field} names {value}, which does not exist")]
    Unknown {
        /// The file.
        file: String,
        /// The rule, substance or class.
        entry: String,
        /// The field.
        field: &'static str,
        /// What it names.
        value: String,
    },
    /// A field is missing, superfluous or out of range.
    #[error("{file}: {entry}: {field} {reason}")]
    Field {
        /// The file.
        file: String,
        /// The rule, substance or class.
        entry: String,
        /// The field.
        field: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// An import holds something else than interactions of two medicines, or changes what is shipped.
    #[error("an import may add interactions of two medicines, and nothing else: {entry}")]
    Import {
        /// What else it holds.
        entry: String,
    },
    /// The data set has no date, or two.
    #[error("the data set must have exactly one date, in version.toml")]
    Date,
}

/// Entries with the file they came from, by name.
pub(crate) type Named<T> = BTreeMap<String, (String, T)>;
