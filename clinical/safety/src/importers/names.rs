//! Finds medicines of the formulary by the names that other lists use.

use std::collections::BTreeMap;

use crate::ruleset::RuleSet;
use crate::substance::SubstanceId;

/// Names used in the United States, or by RxNorm, beside our slugs.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("acetaminophen", "paracetamol"),
    ("acyclovir", "aciclovir"),
    ("albuterol", "salbutamol"),
    ("alendronate", "alendronic_acid"),
    ("amoxicillin clavulanate", "amoxicillin_clavulanic_acid"),
    ("aspirin", "acetylsalicylic_acid"),
    ("beclomethasone", "beclometasone"),
    ("chlorpheniramine", "chlorphenamine"),
    ("clavulanate", "amoxicillin_clavulanic_acid"),
    ("clomiphene", "clomifene"),
    ("cyclosporine", "ciclosporin"),
    ("divalproex", "valproic_acid"),
    ("ethinyl estradiol", "ethinylestradiol_levonorgestrel"),
    ("fenofibric acid", "fenofibrate"),
    ("glyburide", "glibenclamide"),
    ("glycerol trinitrate", "glyceryl_trinitrate"),
    ("hydroxyurea", "hydroxycarbamide"),
    ("indomethacin", "indometacin"),
    ("insulin", "insulin_human_rapid"),
    ("insulin human", "insulin_human_rapid"),
    ("leucovorin", "calcium_folinate"),
    ("levothyroxine sodium", "levothyroxine"),
    ("lithium carbonate", "lithium"),
    ("medroxyprogesterone acetate", "medroxyprogesterone"),
    ("meperidine", "pethidine"),
    ("mesalamine", "mesalazine"),
    ("methimazole", "thiamazole"),
    ("methylergonovine", "methylergometrine"),
    ("methylene blue", "methylthioninium_chloride"),
    ("mycophenolate mofetil", "mycophenolic_acid"),
    ("mycophenolate", "mycophenolic_acid"),
    ("nitroglycerin", "glyceryl_trinitrate"),
    ("penicillin g", "benzylpenicillin"),
    ("penicillin v", "phenoxymethylpenicillin"),
    ("phytonadione", "phytomenadione"),
    ("rifampin", "rifampicin"),
    ("risedronate", "risedronic_acid"),
    ("sulfamethoxazole", "sulfamethoxazole_trimethoprim"),
    ("tenofovir", "tenofovir_disoproxil"),
    ("valproate", "valproic_acid"),
    ("vitamin k", "phytomenadione"),
    ("zoledronate", "zoledronic_acid"),
];

/// Every name of every medicine, without accents, case and what stands in brackets.
#[derive(Debug)]
pub struct Names {
    by_name: BTreeMap<String, SubstanceId>,
}

impl Names {
    /// The names of a data set.
    #[must_use]
    pub fn of(rules: &RuleSet) -> Self {
        let mut by_name = BTreeMap::new();
        for substance in rules.substances() {
            for name in [
                substance.id.as_str(),
                &substance.name.en,
                &substance.name.fr,
            ] {
                by_name
                    .entry(plain(name))
                    .or_insert_with(|| substance.id.clone());
            }
        }
        for (other, id) in OTHER_NAMES {
            let id = SubstanceId::new(*id);
            if rules.substance(&id).is_some() {
                by_name.entry(plain(other)).or_insert(id);
            }
        }
        Self { by_name }
    }

    /// The medicine of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&SubstanceId> {
        self.by_name.get(&plain(name))
    }
}

/// Lower case, no accents, no brackets, single spaces.
pub(super) fn plain(name: &str) -> String {
    let outside = name.split('(').next().unwrap_or(name);
    let letters: String = outside
        .chars()
        .flat_map(char::to_lowercase)
        .flat_map(unaccented)
        .collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unaccented(letter: char) -> impl Iterator<Item = char> {
    let plain = match letter {
        'à' | 'â' | 'ä' => "a",
        'ç' => "c",
        'é' | 'è' | 'ê' | 'ë' => "e",
        'î' | 'ï' => "i",
        'ô' | 'ö' => "o",
        'ù' | 'û' | 'ü' => "u",
        'œ' => "oe",
        '_' | '-' | '+' | '\'' | '’' => " ",
        _ => "",
    };
    let kept = if plain.is_empty() { Some(letter) } else { None };
    plain.chars().chain(kept)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_are_compared_without_accents_case_and_brackets() {
        assert_eq!(
            plain("ACIDE ACÉTYLSALICYLIQUE (aspirine)"),
            "acide acetylsalicylique"
        );
        assert_eq!(
            plain("amoxicillin_clavulanic_acid"),
            plain("amoxicillin + clavulanic acid")
        );
    }
}
