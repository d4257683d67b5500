//! Pairs of medicines that interact, in a table of a clinic's own: comma-separated values (RFC 4180,
//! UTF-8) with the header [`COLUMNS`] and one pair a row.
//!
//! A medicine is named, by its ATC code, or both; both must mean the same. `level` is
//! `contraindicated`, `justify` or `inform`. Rows whose medicines the formulary does not hold, or cannot
//! tell apart, are refused and reported, never guessed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::table::{UnclosedQuote, commas};
use super::{File, ImportError, Names, VALUE_SHOWN_MAX};
use crate::grade::{Evidence, Kind, Level};
use crate::rule::{Selector, Source};
use crate::ruleset::RuleSet;
use crate::substance::SubstanceId;

/// The header.
pub const COLUMNS: [&str; 9] = [
    "drug_a", "atc_a", "drug_b", "atc_b", "level", "text_en", "text_fr", "source", "year",
];
/// Most rows: the check compares every medicine with every rule once, when it is read.
pub const ROWS_MAX: usize = 100_000;
/// Longest text of a field, in characters.
const TEXT_MAX: usize = 500;

/// Why a row is refused while the others are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// The formulary holds no such medicine.
    Unknown,
    /// It may be several medicines, or name and code mean different ones.
    Ambiguous,
    /// Both sides are one medicine.
    Same,
}

/// A row that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// The line, from 1.
    pub line: usize,
    /// The column.
    pub column: &'static str,
    /// How what it holds begins.
    pub value: String,
    /// Why.
    pub because: Because,
}

/// A pair with its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CitedPair {
    /// One medicine.
    pub one: SubstanceId,
    /// The other.
    pub other: SubstanceId,
    /// What it demands.
    pub level: Level,
    /// In English.
    pub en: String,
    /// In French.
    pub fr: String,
    /// Title of the publication.
    pub source: String,
    /// Its year.
    pub year: u16,
}

/// What a table gives.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// How many rows it has.
    pub rows: usize,
    /// Its pairs, each once at its strictest level.
    pub pairs: Vec<CitedPair>,
    /// Rows that are refused.
    pub refused: Vec<RefusedRow>,
}

/// Reads a table of pairs.
///
/// # Errors
/// When the file is too long, has other columns, or a field cannot be read, with line and column.
pub fn pairs(file: File<'_>, rules: &RuleSet) -> Result<Pairs, ImportError> {
    let columns = |line, expected| ImportError::Columns {
        file: file.name.to_owned(),
        line,
        expected,
    };
    let rows = commas(file.bounded()?)
        .map_err(|UnclosedQuote(line)| columns(line, "a quote that ends"))?;
    let mut rows = rows.into_iter();
    let header = rows.next().map(|(_, fields)| fields).unwrap_or_default();
    if header.iter().map(|it| it.trim()).ne(COLUMNS) {
        return Err(columns(
            1,
            "the columns drug_a,atc_a,drug_b,atc_b,level,text_en,text_fr,source,year",
        ));
    }
    if rows.len() > ROWS_MAX {
        return Err(columns(ROWS_MAX + 2, "no more rows"));
    }
    let known = Known::of(rules);
    let count = rows.len();
    let mut refused = Vec::new();
    let mut found: BTreeMap<(SubstanceId, SubstanceId), CitedPair> = BTreeMap::new();
    for (line, fields) in rows {
        let Ok(fields) = <[String; 9]>::try_from(fields) else {
            return Err(columns(line, "nine fields"));
        };
        let row = Row { file, line };
        match row.read(&fields, &known)? {
            Ok(pair) => {
                let mut key = [pair.one.clone(), pair.other.clone()];
                key.sort();
                let [one, other] = key;
                let weaker = |it: &CitedPair| it.level < pair.level;
                if found.get(&(one.clone(), other.clone())).is_none_or(weaker) {
                    found.insert((one, other), pair);
                }
            }
            Err(row) => refused.push(row),
        }
    }
    Ok(Pairs {
        rows: count,
        pairs: found.into_values().collect(),
        refused,
    })
}

/// Medicines by name and by code.
struct Known {
    names: Names,
    by_atc: BTreeMap<String, Vec<SubstanceId>>,
}

impl Known {
    fn of(rules: &RuleSet) -> Self {
        let mut by_atc: BTreeMap<String, Vec<SubstanceId>> = BTreeMap::new();
        for substance in rules.substances() {
            for code in &substance.atc {
                by_atc
                    .entry(code.clone())
                    .or_default()
                    .push(substance.id.clone());
            }
        }
        Self {
            names: Names::of(rules),
            by_atc,
        }
    }

    fn find(&self, name: &str, atc: &str) -> Result<SubstanceId, Because> {
        let named = self.names.find(name);
        let coded = self.by_atc.get(atc).map_or(&[][..], Vec::as_slice);
        match (named, coded) {
            (Some(id), _) if atc.is_empty() => Ok(id.clone()),
            (Some(id), coded) if coded.contains(id) => Ok(id.clone()),
            (Some(_), _) => Err(Because::Ambiguous),
            (None, [id]) => Ok(id.clone()),
            (None, []) => Err(Because::Unknown),
            (None, _) => Err(Because::Ambiguous),
        }
    }
}

#[derive(Clone, Copy)]
struct Row<'a> {
    file: File<'a>,
    line: usize,
}

impl Row<'_> {
    fn wrong(self, field: &'static str, value: &str) -> ImportError {
        ImportError::Value {
            file: self.file.name.to_owned(),
            line: self.line,
            field,
            value: value.chars().take(VALUE_SHOWN_MAX).collect(),
        }
    }

    fn read(
        self,
        fields: &[String; 9],
        known: &Known,
    ) -> Result<Result<CitedPair, RefusedRow>, ImportError> {
        let [drug_a, atc_a, drug_b, atc_b, level, en, fr, source, year] =
            fields.each_ref().map(|it| it.trim());
        let level = match level {
            "contraindicated" => Level::Contraindicated,
            "justify" => Level::Justify,
            "inform" => Level::Inform,
            other => return Err(self.wrong("level", other)),
        };
        for (field, text) in [("text_en", en), ("text_fr", fr), ("source", source)] {
            let is_long = text.chars().count() > TEXT_MAX;
            if text.is_empty() || is_long || text.chars().any(char::is_control) {
                return Err(self.wrong(field, text));
            }
        }
        let year = year
            .parse::<u16>()
            .ok()
            .filter(|it| (1900..=2100).contains(it))
            .ok_or_else(|| self.wrong("year", year))?;
        for (field, code) in [("atc_a", atc_a), ("atc_b", atc_b)] {
            if !(code.is_empty() || is_atc(code)) {
                return Err(self.wrong(field, code));
            }
        }
        for (field, name, code) in [("drug_a", drug_a, atc_a), ("drug_b", drug_b, atc_b)] {
            if name.is_empty() && code.is_empty() {
                return Err(self.wrong(field, name));
            }
        }
        let refused = |column, value: &str, because| {
            Ok(Err(RefusedRow {
                line: self.line,
                column,
                value: value.chars().take(VALUE_SHOWN_MAX).collect(),
                because,
            }))
        };
        let one = match known.find(drug_a, atc_a) {
            Ok(id) => id,
            Err(because) => return refused("drug_a", drug_a, because),
        };
        let other = match known.find(drug_b, atc_b) {
            Ok(id) => id,
            Err(because) => return refused("drug_b", drug_b, because),
        };
        if one == other {
            return refused("drug_b", drug_b, Because::Same);
        }
        Ok(Ok(CitedPair {
            one,
            other,
            level,
            en: en.to_owned(),
            fr: fr.to_owned(),
            source: source.to_owned(),
            year,
        }))
    }
}

/// A code of a substance: `N02BE01`.
fn is_atc(code: &str) -> bool {
    let is_letter = |at: usize| matches!(at, 0 | 3 | 4);
    code.len() == 7
        && code.bytes().enumerate().all(|(at, letter)| {
            if is_letter(at) {
                letter.is_ascii_uppercase()
            } else {
                letter.is_ascii_digit()
            }
        })
}

#[derive(Serialize)]
struct Written<'a> {
    source: Vec<Source>,
    rule: Vec<WrittenRule<'a>>,
}

#[derive(Serialize)]
struct WrittenRule<'a> {
    id: String,
    kind: Kind,
    level: Level,
    en: &'a str,
    fr: &'a str,
    evidence: Evidence,
    source: [String; 1],
    drug: Selector,
    other: Selector,
}

impl Pairs {
    /// The pairs as a data file of our format, for [`RuleSet::with_import`].
    ///
    /// # Errors
    /// When the writer fails, which it does for no value that a table holds.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let mut keys: BTreeMap<(&str, u16), String> = BTreeMap::new();
        for pair in &self.pairs {
            let number = keys.len() + 1;
            keys.entry((&pair.source, pair.year))
                .or_insert_with(|| format!("import_source_{number}"));
        }
        let source = keys.iter().map(|((title, year), id)| Source {
            id: id.clone(),
            title: (*title).to_owned(),
            year: *year,
            publisher: String::new(),
            url: String::new(),
        });
        let rule = (1..).zip(&self.pairs).map(|(number, pair)| WrittenRule {
            id: format!("import-{number:06}"),
            kind: Kind::DrugDrug,
            level: pair.level,
            en: &pair.en,
            fr: &pair.fr,
            // What stands behind it, its source says.
            evidence: Evidence::C,
            source: [keys
                .get(&(pair.source.as_str(), pair.year))
                .cloned()
                .unwrap_or_default()],
            drug: Selector::Substance(pair.one.clone()),
            other: Selector::Substance(pair.other.clone()),
        });
        toml::to_string(&Written {
            source: source.collect(),
            rule: rule.collect(),
        })
    }
}
