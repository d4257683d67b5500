//! The two lists of the US Office of the National Coordinator as the University of Pittsburgh's public
//! collection writes them: `name$id$name$id$` per line.

use std::collections::BTreeMap;

use super::{File, Import, ImportError, Interaction, Names, Side, once};
use crate::grade::Level;
use crate::rule::Source;

/// Which of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Pairs that should interrupt the prescriber.
    HighPriority,
    /// Pairs of which alerts should not interrupt.
    NonInterruptive,
}

/// The pairs of names of a list, with their lines.
///
/// # Errors
/// When a row does not hold two names with identifiers.
pub fn pddi_pairs(file: File<'_>) -> Result<Vec<(usize, String, String)>, ImportError> {
    let mut pairs = Vec::new();
    for (line, row) in (1..).zip(file.bounded()?.trim_start_matches('\u{feff}').split('\n')) {
        let row = row.trim();
        if row.is_empty() {
            continue;
        }
        let fields: Vec<&str> = row.split('$').map(str::trim).collect();
        match fields.as_slice() {
            [one, _, other, _, ..] if !one.is_empty() && !other.is_empty() => {
                pairs.push((line, (*one).to_owned(), (*other).to_owned()));
            }
            _ => {
                return Err(ImportError::Columns {
                    file: file.name.to_owned(),
                    line,
                    expected: "name$identifier$name$identifier",
                });
            }
        }
    }
    Ok(pairs)
}

/// Reads a list.
///
/// # Errors
/// When a row does not hold two names with identifiers.
pub fn pddi(file: File<'_>, list: List, names: &Names) -> Result<Import, ImportError> {
    let (id, level, en, fr) = match list {
        List::HighPriority => (
            "onc_high_priority",
            Level::Justify,
            "A high-priority interaction of the ONC list.",
            "Interaction hautement prioritaire de la liste ONC.",
        ),
        List::NonInterruptive => (
            "onc_non_interruptive",
            Level::Inform,
            "An interaction of the ONC list that does not interrupt.",
            "Interaction de la liste ONC qui n'interrompt pas.",
        ),
    };
    let mut interactions = Vec::new();
    let mut left_out = 0;
    for (_, one, other) in pddi_pairs(file)? {
        let (Some(one), Some(other)) = (names.find(&one), names.find(&other)) else {
            left_out += 1;
            continue;
        };
        interactions.push(Interaction {
            one: Side::Medicine(one.clone()),
            other: Side::Medicine(other.clone()),
            level,
            fr: fr.to_owned(),
            en: en.to_owned(),
        });
    }
    Ok(Import {
        source: Source {
            id: id.to_owned(),
            title: "ONC drug-drug interaction lists".to_owned(),
            year: 2012,
            publisher: "Office of the National Coordinator for Health IT".to_owned(),
            url: String::new(),
        },
        groups: BTreeMap::new(),
        interactions: once(interactions),
        left_out,
    })
}
