//! Tags: short words by which entries are filtered, suggested from what an entry says.

use core::fmt;

use super::{CodeSystem, Fact};
use crate::access::Label;

/// Longest tag, in characters.
const TAG_CHARS_MAX: usize = 32;
/// Most tags of one entry; more are refused, because a filter with more says nothing.
pub const TAGS_MAX: usize = 8;

/// A word to filter by: small letters, digits and hyphens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// A text that is no tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tag is 1 to 32 letters, digits and hyphens")]
pub struct TagError;

impl Tag {
    /// Reads a tag as somebody types it: capitals become small, blanks become hyphens.
    ///
    /// # Errors
    /// [`TagError`]
    pub fn parse(text: &str) -> Result<Self, TagError> {
        let tag: String = text
            .trim()
            .chars()
            .flat_map(char::to_lowercase)
            .map(|c| if c == ' ' || c == '_' { '-' } else { c })
            .collect();
        let fits = (1..=TAG_CHARS_MAX).contains(&tag.chars().count())
            && tag.chars().all(|c| c.is_alphanumeric() || c == '-')
            && tag.chars().any(char::is_alphanumeric);
        fits.then_some(Self(tag)).ok_or(TagError)
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The least confidential label under which the tag may be shown: the word alone can tell what
    /// the entry hides.
    #[must_use]
    pub fn label(&self) -> Label {
        TOPICS
            .iter()
            .find(|topic| topic.tag == self.0)
            .map_or(Label::Normal, |topic| topic.label)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag(..)")
    }
}

/// What a tag is suggested by.
struct Topic {
    tag: &'static str,
    label: Label,
    /// ICD-10 chapters and categories, from and to, by their first three signs.
    icd: &'static [(&'static str, &'static str)],
    /// ATC groups.
    atc: &'static [&'static str],
    /// Beginnings of words in French and English, without accents.
    words: &'static [&'static str],
}

const fn topic(
    tag: &'static str,
    icd: &'static [(&'static str, &'static str)],
    atc: &'static [&'static str],
    words: &'static [&'static str],
) -> Topic {
    Topic {
        tag,
        label: Label::Normal,
        icd,
        atc,
        words,
    }
}

const fn quiet(topic: Topic) -> Topic {
    Topic {
        label: Label::Restricted,
        ..topic
    }
}

const TOPICS: &[Topic] = &[
    topic(
        "diabetes",
        &[("E10", "E14")],
        &["A10"],
        &["diabet", "glycemi", "glycaemi", "insulin"],
    ),
    topic(
        "hypertension",
        &[("I10", "I15")],
        &["C02", "C09"],
        &["hypertens"],
    ),
    topic(
        "heart",
        &[("I20", "I52")],
        &["C01"],
        &["cardia", "infarct", "angor", "angina"],
    ),
    topic("asthma", &[("J45", "J46")], &["R03"], &["asthm"]),
    topic(
        "pregnancy",
        &[("O00", "O99"), ("Z33", "Z36")],
        &[],
        &["grossesse", "enceinte", "pregnan", "obstetri"],
    ),
    topic(
        "malaria",
        &[("B50", "B54")],
        &["P01B"],
        &["malaria", "paludisme", "plasmodium"],
    ),
    topic("tuberculosis", &[("A15", "A19")], &["J04A"], &["tubercul"]),
    topic(
        "sickle-cell",
        &[("D57", "D57")],
        &[],
        &["drepanocyt", "sickle"],
    ),
    topic(
        "kidney",
        &[("N17", "N19")],
        &[],
        &["renal", "kidney", "nephro", "dialys"],
    ),
    topic(
        "cancer",
        &[("C00", "C97")],
        &["L01"],
        &["cancer", "tumeur", "tumour", "tumor", "carcinom"],
    ),
    topic("allergy", &[("T78", "T78")], &[], &["allergi", "anaphyla"]),
    topic("vaccine", &[("Z23", "Z27")], &["J07"], &["vaccin"]),
    topic("surgery", &[], &[], &["chirurg", "surger", "operat"]),
    quiet(topic(
        "hiv",
        &[("B20", "B24"), ("Z21", "Z21")],
        &["J05A"],
        &["vih", "hiv", "antiretrovir"],
    )),
    quiet(topic(
        "mental-health",
        &[("F00", "F99")],
        &["N05", "N06A"],
        &["depress", "anxiet", "psychia", "suicid"],
    )),
    quiet(topic(
        "reproductive-health",
        &[("O03", "O08"), ("Z30", "Z30")],
        &["G03A"],
        &["contracept", "avortement", "abortion"],
    )),
    quiet(topic(
        "violence",
        &[("T74", "T74"), ("Y04", "Y09")],
        &[],
        &["violence", "agression", "maltraitance"],
    )),
];

/// Tags that fit what an entry says, at most [`TAGS_MAX`]. Nobody has to take them.
#[must_use]
pub fn suggest(fact: &Fact) -> Vec<Tag> {
    let words = plain_words(&texts(fact).join(" "));
    let code = fact.code();
    TOPICS
        .iter()
        .filter(|topic| {
            let coded = code.is_some_and(|code| match code.system {
                CodeSystem::Icd10 => in_icd(code.code.as_str(), topic.icd),
                CodeSystem::Atc => topic
                    .atc
                    .iter()
                    .any(|group| code.code.as_str().starts_with(group)),
                CodeSystem::Loinc
                | CodeSystem::Formulary
                | CodeSystem::Snomed
                | CodeSystem::Cvx
                | CodeSystem::Local
                | CodeSystem::Text => false,
            });
            let said = topic
                .words
                .iter()
                .any(|begin| words.iter().any(|word| word.starts_with(begin)));
            coded || said
        })
        .take(TAGS_MAX)
        .map(|topic| Tag(topic.tag.to_owned()))
        .collect()
}

fn in_icd(code: &str, ranges: &[(&str, &str)]) -> bool {
    let category: String = code.chars().take(3).flat_map(char::to_uppercase).collect();
    ranges
        .iter()
        .any(|(from, to)| *from <= category.as_str() && category.as_str() <= *to)
}

/// The words of an entry that somebody chose or wrote.
fn texts(fact: &Fact) -> Vec<&str> {
    let mut texts: Vec<&str> = fact
        .code()
        .map(|code| code.display.as_str())
        .into_iter()
        .collect();
    match fact {
        Fact::Note(note) => texts.extend([note.title.as_str(), note.text.as_str()]),
        Fact::Document(document) => texts.push(document.title.as_str()),
        Fact::Condition(it) => texts.extend(it.note.as_ref().map(|note| note.as_str())),
        Fact::Procedure(it) => texts.extend(it.note.as_ref().map(|note| note.as_str())),
        Fact::FamilyHistory(it) => {
            texts.extend(it.conditions.iter().map(|it| it.code.display.as_str()));
        }
        Fact::Allergy(_) | Fact::Medication(_) | Fact::Observation(_) | Fact::Immunization(_) => {}
    }
    texts
}

/// Small letters without the accents of French.
fn plain_words(text: &str) -> Vec<String> {
    let plain: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'à' | 'â' | 'ä' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'î' | 'ï' => 'i',
            'ô' | 'ö' => 'o',
            'ù' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            other => other,
        })
        .collect();
    plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::NoteFact;

    fn note(text: &str) -> Fact {
        Fact::Note(NoteFact {
            title: "Note".try_into().unwrap(),
            text: text.try_into().unwrap(),
        })
    }

    #[test]
    fn tags_are_suggested_from_what_is_written_in_both_languages() {
        let tags = |text: &str| -> Vec<String> {
            suggest(&note(text))
                .iter()
                .map(|tag| tag.as_str().to_owned())
                .collect()
        };
        assert_eq!(tags("Diabète connu, tension élevée"), ["diabetes"]);
        assert_eq!(
            tags("Pregnant, fever: malaria test"),
            ["pregnancy", "malaria"]
        );
        assert_eq!(tags("Rien de particulier"), Vec::<String>::new());
    }

    #[test]
    fn codes_fall_into_their_chapters() {
        assert!(in_icd("E11.9", &[("E10", "E14")]));
        assert!(!in_icd("E15", &[("E10", "E14")]));
        assert!(!in_icd("", &[("E10", "E14")]));
    }

    #[test]
    fn a_tag_that_tells_a_secret_is_as_confidential_as_the_secret() {
        assert_eq!(Tag::parse("HIV").unwrap().label(), Label::Restricted);
        assert_eq!(Tag::parse("Diabetes").unwrap().label(), Label::Normal);
    }

    #[test]
    fn tags_are_read_forgivingly_and_refused_when_they_are_none() {
        assert_eq!(Tag::parse(" À revoir ").unwrap().as_str(), "à-revoir");
        for bad in ["", "---", "a/b", "<b>", &"x".repeat(33)] {
            assert_eq!(Tag::parse(bad), Err(TagError), "{bad}");
        }
    }
}
