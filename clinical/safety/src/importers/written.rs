//! An import as a data file of our format.

use serde::Serialize;

use super::{Import, Side};
use crate::grade::{Evidence, Kind, Level};
use crate::rule::{Selector, Source};
use crate::substance::SubstanceId;

#[derive(Serialize)]
struct Written<'a> {
    source: [&'a Source; 1],
    class: Vec<WrittenClass<'a>>,
    rule: Vec<WrittenRule<'a>>,
}

#[derive(Serialize)]
struct WrittenClass<'a> {
    id: &'a str,
    en: &'a str,
    fr: &'a str,
    substances: &'a [SubstanceId],
}

#[derive(Serialize)]
struct WrittenRule<'a> {
    id: String,
    kind: Kind,
    level: Level,
    en: &'a str,
    fr: &'a str,
    evidence: Evidence,
    source: [&'a str; 1],
    drug: Selector,
    other: Selector,
}

impl Import {
    /// The text of a data file, to be put beside the others of an installation.
    ///
    /// # Errors
    /// When the writer fails, which it does for no value that an import holds.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let class = self
            .groups
            .iter()
            .map(|(id, group)| WrittenClass {
                id,
                en: &group.name,
                fr: &group.name,
                substances: &group.medicines,
            })
            .collect();
        let rule = (1..)
            .zip(&self.interactions)
            .map(|(number, interaction)| WrittenRule {
                id: format!("{}-{number:05}", self.source.id),
                kind: Kind::DrugDrug,
                level: interaction.level,
                en: &interaction.en,
                fr: &interaction.fr,
                evidence: Evidence::B,
                source: [&self.source.id],
                drug: selector(&interaction.one),
                other: selector(&interaction.other),
            })
            .collect();
        toml::to_string(&Written {
            source: [&self.source],
            class,
            rule,
        })
    }
}

fn selector(side: &Side) -> Selector {
    match side {
        Side::Medicine(id) => Selector::Substance(id.clone()),
        Side::Group(slug) => Selector::Class(slug.clone()),
    }
}
