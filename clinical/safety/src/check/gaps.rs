//! What is not known is said, never passed over.

use super::{Hit, Run, Subject};
use crate::chart::{Allergen, Unknown};
use crate::finding::Fact;
use crate::grade::{Kind, Level, Text};

/// A line whose medicine the formulary does not know.
pub(super) fn unknown_line(subject: &Subject<'_>) -> Hit {
    let text = Text::new(
        "Ce médicament n'est pas dans le formulaire : rien n'a pu être vérifié.",
        "This medicine is not in the formulary: nothing could be checked.",
    );
    Hit::built("line-not-checkable", Kind::Unchecked, Level::Justify, text).on(subject, [])
}

/// Gaps of the chart, once for the whole draft.
pub(super) fn chart(run: &Run<'_>, hits: &mut Vec<Hit>) {
    let mut add = |name, level, fact, fr: &str, en: &str| {
        let mut hit = Hit::built(name, Kind::Unchecked, level, Text::new(fr, en));
        hit.facts.push(fact);
        hits.push(hit);
    };
    if run.chart.age_months.is_none() {
        add(
            "age-unknown",
            Level::Justify,
            Fact::Age,
            "L'âge n'est pas connu : les doses et l'âge minimal n'ont pas pu être vérifiés.",
            "The age is not known: doses and youngest age could not be checked.",
        );
    }
    for unknown in &run.chart.unknown {
        let (name, level, fr, en) = match unknown {
            Unknown::Allergies => (
                "allergies-unknown",
                Level::Justify,
                "Les allergies n'ont jamais été demandées.",
                "Allergies were never asked about.",
            ),
            Unknown::Conditions => (
                "conditions-unknown",
                Level::Inform,
                "Les maladies n'ont jamais été demandées.",
                "Conditions were never asked about.",
            ),
            Unknown::Medicines => (
                "medicines-unknown",
                Level::Inform,
                "Les autres médicaments pris n'ont jamais été demandés.",
                "Other medicines were never asked about.",
            ),
        };
        add(name, level, Fact::Unknown(*unknown), fr, en);
    }
    for allergy in run
        .chart
        .allergies
        .iter()
        .filter(|allergy| allergy.verification.counts())
    {
        let known = match &allergy.allergen {
            Allergen::Substance(id) => run.rules.entry(id).is_some(),
            Allergen::Group(group) => run.rules.class(group).is_some(),
            Allergen::FreeText(_) => false,
        };
        if !known {
            add(
                "allergy-not-checkable",
                Level::Justify,
                Fact::Allergy(allergy.id.clone()),
                "Une allergie du dossier n'a pas pu être comparée avec les médicaments.",
                "An allergy of the record could not be compared with the medicines.",
            );
        }
    }
    for medicine in &run.chart.medicines {
        if run.rules.entry_of(&medicine.drug).is_none() {
            add(
                "medicine-not-checkable",
                Level::Inform,
                Fact::Medicine(medicine.id.clone()),
                "Un médicament déjà pris n'est pas dans le formulaire : les interactions avec lui n'ont pas été vérifiées.",
                "A medicine taken is not in the formulary: interactions with it were not checked.",
            );
        }
    }
}
