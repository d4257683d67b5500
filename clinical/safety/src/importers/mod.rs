//! Reads interaction lists of others into our format of rules (feature `importers`, never in a browser).
//!
//! Nothing of those lists is shipped with this program. Whoever may use one turns it into a data file
//! of an own installation: [`mod@ansm`], [`mod@pddi`] and [`mod@crescenddi`] give an [`Import`], and
//! [`Import::to_toml`] the text of the file. Names are matched with the formulary; what it does not
//! hold is counted in [`Import::left_out`], not invented.

mod ansm;
mod crescenddi;
mod names;
mod pairs;
mod pddi;
mod table;
mod written;

use std::collections::BTreeMap;

pub use ansm::ansm;
pub use crescenddi::{Control, Grades, crescenddi, negatives, positives};
pub use names::Names;
pub use pairs::{Because, COLUMNS, CitedPair, Pairs, ROWS_MAX, RefusedRow, pairs};
pub use pddi::{List, pddi, pddi_pairs};

use crate::grade::Level;
use crate::rule::Source;
use crate::substance::SubstanceId;

/// A file of somebody else.
#[derive(Clone, Copy)]
pub struct File<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// Its content.
    pub text: &'a str,
}

/// Longest file that is read, in bytes; a longer one is refused before it is parsed, since the whole
/// file and its rows are in memory. The longest known list, the French one, has 3 MB.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Longest part of a refused value that a message repeats, in characters.
const VALUE_SHOWN_MAX: usize = 60;

impl<'a> File<'a> {
    /// The content, when it is not too long.
    fn bounded(self) -> Result<&'a str, ImportError> {
        if self.text.len() > FILE_BYTES_MAX {
            return Err(ImportError::TooLong {
                file: self.name.to_owned(),
                bytes: self.text.len(),
            });
        }
        Ok(self.text)
    }
}

impl std::fmt::Debug for File<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({}, {} bytes)", self.name, self.text.len())
    }
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is longer than [`FILE_BYTES_MAX`].
    #[error("{file}: {bytes} bytes are more than {FILE_BYTES_MAX}")]
    TooLong {
        /// The file.
        file: String,
        /// Its length.
        bytes: usize,
    },
    /// It is not JSON of the expected shape.
    #[error("{file}, line {line}: not an entry of this list")]
    Json {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What the reader says.
        #[source]
        source: serde_json::Error,
    },
    /// A row has other columns than expected.
    #[error("{file}, line {line}: expected {expected}")]
    Columns {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// A column holds a word that has no meaning here.
    #[error("{file}, line {line}: {field} cannot be {value:?}")]
    Value {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column.
        field: &'static str,
        /// How what it holds begins.
        value: String,
    },
}

/// One side of an interaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// One medicine of the formulary.
    Medicine(SubstanceId),
    /// A group of [`Import::groups`].
    Group(String),
}

/// One interaction, in our terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interaction {
    /// One side.
    pub one: Side,
    /// The other.
    pub other: Side,
    /// What it demands.
    pub level: Level,
    /// In French.
    pub fr: String,
    /// In English.
    pub en: String,
}

/// A group of medicines that the list names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// As the list calls it.
    pub name: String,
    /// Those of its medicines that the formulary holds; never empty.
    pub medicines: Vec<SubstanceId>,
}

/// What a list gives.
#[derive(Clone, Debug)]
pub struct Import {
    /// The list.
    pub source: Source,
    /// Groups by slug.
    pub groups: BTreeMap<String, Group>,
    /// Interactions, each pair once.
    pub interactions: Vec<Interaction>,
    /// How many entries name something that the formulary does not hold.
    pub left_out: usize,
}

/// Keeps each pair once, at its strictest level, in a fixed order.
fn once(interactions: Vec<Interaction>) -> Vec<Interaction> {
    let mut pairs: BTreeMap<(Side, Side), Interaction> = BTreeMap::new();
    for interaction in interactions {
        let mut key = [interaction.one.clone(), interaction.other.clone()];
        key.sort();
        let [one, other] = key;
        match pairs.get(&(one.clone(), other.clone())) {
            Some(known) if known.level >= interaction.level => {}
            _ => {
                pairs.insert((one, other), interaction);
            }
        }
    }
    pairs.into_values().collect()
}
