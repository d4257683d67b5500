//! Interactions of a facility's own list beside the shipped ones.
//!
//! A table is read once, by hand, into a data file that says its own digest. The server reads that
//! file when it starts; a damaged one is an error, never a check with fewer rules.

use clinical_safety::importers::{File, ImportError, pairs};
use clinical_safety::{DataError, RuleSet, embedded_files};
use sha2::{Digest as _, Sha256};

use super::checker::use_rules;

pub use clinical_safety::importers::{Because, RefusedRow};

/// What the first line of a data file begins with; the digest of the rest follows.
const SEAL: &str = "# sha256 ";

/// What a table gave.
#[derive(Debug, Clone)]
pub struct Imported {
    /// Rows of the table.
    pub rows: usize,
    /// Pairs that become rules.
    pub pairs: usize,
    /// Rows that do not.
    pub refused: Vec<RefusedRow>,
    /// The version of the data set with them.
    pub version: String,
    /// The data file.
    pub file: String,
}

/// Why a table or a data file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportProblem {
    /// The table cannot be read.
    #[error("the table cannot be read")]
    Table(#[from] ImportError),
    /// The rules do not fit the shipped data set.
    #[error("the rules do not fit the data set of this program")]
    Data(#[from] DataError),
    /// The rules could not be written.
    #[error("the rules could not be written")]
    Written,
    /// The data file was changed since it was written, or is none.
    #[error("the file is damaged: its digest is another; import the table again")]
    Damaged,
    /// The check has begun with another data set.
    #[error("the check has begun with another data set")]
    Late,
}

fn digest(text: &str) -> String {
    let bytes = Sha256::digest(text.as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a table and makes the data file of it.
///
/// # Errors
/// [`ImportProblem`]
pub fn read_table(name: &str, text: &str) -> Result<Imported, ImportProblem> {
    let shipped = RuleSet::parse(embedded_files())?;
    let found = pairs(File { name, text }, &shipped)?;
    let body = found.to_toml().or(Err(ImportProblem::Written))?;
    let rules = RuleSet::with_import(embedded_files(), &body)?;
    Ok(Imported {
        rows: found.rows,
        pairs: found.pairs.len(),
        refused: found.refused,
        version: rules.version_text().to_owned(),
        file: format!("{SEAL}{}\n{body}", digest(&body)),
    })
}

fn read_file(file: &str) -> Result<RuleSet, ImportProblem> {
    let (first, body) = file.split_once('\n').ok_or(ImportProblem::Damaged)?;
    let seal = first.strip_prefix(SEAL).ok_or(ImportProblem::Damaged)?;
    if seal.trim_end() != digest(body) {
        return Err(ImportProblem::Damaged);
    }
    Ok(RuleSet::with_import(embedded_files(), body)?)
}

/// Checks prescriptions with the shipped rules and those of a data file from now on; answers the
/// version of the data set. To be called before the first check.
///
/// # Errors
/// [`ImportProblem`]
pub fn use_import(file: &str) -> Result<String, ImportProblem> {
    let rules = read_file(file)?;
    let version = rules.version_text().to_owned();
    if use_rules(rules) {
        Ok(version)
    } else {
        Err(ImportProblem::Late)
    }
}
