//! CRESCENDDI, a reference set of interactions and of pairs without one (CC BY 4.0), as CSV.

use std::collections::BTreeMap;

use super::table::{UnclosedQuote, commas};
use super::{File, Import, ImportError, Interaction, Names, Side, VALUE_SHOWN_MAX, once};
use crate::grade::Level;
use crate::rule::Source;

/// How the three references grade one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Grades {
    /// British National Formulary.
    pub bnf: Option<Level>,
    /// ANSM.
    pub ansm: Option<Level>,
    /// Micromedex.
    pub micromedex: Option<Level>,
}

impl Grades {
    /// Contraindicated only when two references say so: what cannot be overridden needs agreement.
    /// One of them, or a grade next to it, must be answered for.
    #[must_use]
    pub fn level(self) -> Level {
        let grades = [self.bnf, self.ansm, self.micromedex];
        let forbidding = grades
            .iter()
            .flatten()
            .filter(|level| **level == Level::Contraindicated)
            .count();
        if forbidding >= 2 {
            Level::Contraindicated
        } else if grades
            .iter()
            .flatten()
            .any(|level| *level >= Level::Justify)
        {
            Level::Justify
        } else {
            Level::Inform
        }
    }
}

/// A row: two names, the event and the grades, which a negative control does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// The line, from 1.
    pub line: usize,
    /// One medicine.
    pub one: String,
    /// The other.
    pub other: String,
    /// The adverse event.
    pub event: String,
    /// How it is graded.
    pub grades: Grades,
}

/// Reads pairs with an interaction.
///
/// # Errors
/// When a column is missing or a grade is unknown, with its line.
pub fn positives(file: File<'_>) -> Result<Vec<Control>, ImportError> {
    controls(file, true)
}

/// Reads pairs without an interaction.
///
/// # Errors
/// When a column is missing, with its line.
pub fn negatives(file: File<'_>) -> Result<Vec<Control>, ImportError> {
    controls(file, false)
}

/// Reads pairs with an interaction as rules.
///
/// # Errors
/// When a column is missing or a grade is unknown, with its line.
pub fn crescenddi(file: File<'_>, names: &Names) -> Result<Import, ImportError> {
    let mut interactions = Vec::new();
    let mut left_out = 0;
    for control in positives(file)? {
        let (Some(one), Some(other)) = (names.find(&control.one), names.find(&control.other))
        else {
            left_out += 1;
            continue;
        };
        interactions.push(Interaction {
            one: Side::Medicine(one.clone()),
            other: Side::Medicine(other.clone()),
            level: control.grades.level(),
            fr: format!("Interaction rapportée ; événement : {}.", control.event),
            en: format!("Reported interaction; event: {}.", control.event),
        });
    }
    Ok(Import {
        source: Source {
            id: "crescenddi".to_owned(),
            title: "CRESCENDDI, a clinically relevant reference set of drug-drug interactions"
                .to_owned(),
            year: 2022,
            publisher: "Scientific Data".to_owned(),
            url: "https://doi.org/10.1038/s41597-022-01159-y".to_owned(),
        },
        groups: BTreeMap::new(),
        interactions: once(interactions),
        left_out,
    })
}

const NAMES: [&str; 3] = [
    "DRUG_1_CONCEPT_NAME",
    "DRUG_2_CONCEPT_NAME",
    "EVENT_CONCEPT_NAME",
];
const GRADES: [&str; 3] = ["BNF_SEV_LEVEL", "ANSM_SEV_LEVEL", "MICROMEDEX_SEV_LEVEL"];

fn controls(file: File<'_>, graded: bool) -> Result<Vec<Control>, ImportError> {
    let columns = |line, expected| ImportError::Columns {
        file: file.name.to_owned(),
        line,
        expected,
    };
    let rows =
        commas(file.bounded()?).map_err(|UnclosedQuote(line)| columns(line, "a closing quote"))?;
    let mut rows = rows.into_iter();
    let (_, header) = rows.next().ok_or_else(|| columns(1, "a header"))?;
    let place = |name: &str| header.iter().position(|column| column.trim() == name);
    let [Some(one), Some(other), Some(event)] = NAMES.map(place) else {
        return Err(columns(
            1,
            "DRUG_1_CONCEPT_NAME, DRUG_2_CONCEPT_NAME and EVENT_CONCEPT_NAME",
        ));
    };
    let grades = match (graded, GRADES.map(place)) {
        (true, [Some(bnf), Some(ansm), Some(micromedex)]) => Some([bnf, ansm, micromedex]),
        (true, _) => {
            return Err(columns(
                1,
                "BNF_SEV_LEVEL, ANSM_SEV_LEVEL and MICROMEDEX_SEV_LEVEL",
            ));
        }
        (false, _) => None,
    };
    rows.map(|(line, fields)| {
        let field = |place: usize| {
            fields
                .get(place)
                .map(|text| text.trim())
                .ok_or_else(|| columns(line, "as many columns as the header"))
        };
        let grade = |place: usize, name: &'static str| {
            let word = field(place)?;
            level(word).map_err(|value| ImportError::Value {
                file: file.name.to_owned(),
                line,
                field: name,
                value: value.chars().take(VALUE_SHOWN_MAX).collect(),
            })
        };
        let grades = match grades {
            Some([bnf, ansm, micromedex]) => Grades {
                bnf: grade(bnf, "BNF_SEV_LEVEL")?,
                ansm: grade(ansm, "ANSM_SEV_LEVEL")?,
                micromedex: grade(micromedex, "MICROMEDEX_SEV_LEVEL")?,
            },
            None => Grades::default(),
        };
        Ok(Control {
            line,
            one: field(one)?.to_owned(),
            other: field(other)?.to_owned(),
            event: field(event)?.to_owned(),
            grades,
        })
    })
    .collect()
}

/// The word of any of the three references; empty is no grade. An unknown word is given back.
fn level(word: &str) -> Result<Option<Level>, &str> {
    match word {
        "" => Ok(None),
        "Contraindicated" => Ok(Some(Level::Contraindicated)),
        "Severe" | "Major" | "Not recommended" => Ok(Some(Level::Justify)),
        "Moderate" | "Mild" | "Minor" | "Precautions for use" | "Take into consideration" => {
            Ok(Some(Level::Inform))
        }
        unknown => Err(unknown),
    }
}
