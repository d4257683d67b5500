//! Doctors and specialties in a text.

use clinical_redflags::words::{Reader, Text, distance_within};
use serde::{Deserialize, Serialize};

/// Somebody who can be booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doctor {
    /// The account, as the shell names it.
    pub key: String,
    /// Display name with title.
    pub name: String,
    /// Code of the specialty.
    pub specialty: String,
}

/// Codes of specialties with the beginnings of their words, without accents.
const SPECIALTIES: &[(&str, &[&str])] = &[
    (
        "general_practice",
        &["generalist", "gp", "gps", "famil", "general"],
    ),
    ("paediatrics", &["pediatr", "paediatr"]),
    (
        "gynaecology",
        &["gyneco", "gynaeco", "sage", "midwi", "obstet"],
    ),
    ("dermatology", &["dermato"]),
    ("cardiology", &["cardio"]),
    ("psychiatry", &["psychiatr"]),
    ("psychology", &["psycholog"]),
    ("ophthalmology", &["ophtalmo", "ophthalmo", "oculist"]),
    ("neurology", &["neurolog"]),
    ("orthopaedics", &["orthoped", "orthopaed"]),
    ("urology", &["urolog"]),
    ("ent", &["orl", "otorhino"]),
    ("dentistry", &["dentist"]),
    ("endocrinology", &["endocrino", "diabetolog"]),
    ("pneumology", &["pneumolog", "pulmonolog"]),
    (
        "nutrition",
        &["nutrition", "dietet", "dietician", "dietitian"],
    ),
    ("rheumatology", &["rhumato", "rheumato"]),
    ("gastroenterology", &["gastroent"]),
];

/// Words of names that are not a name.
const TITLES: [&str; 12] = [
    "dr", "docteur", "doctor", "pr", "prof", "mme", "madame", "mr", "mrs", "ms", "de", "le",
];

/// The folded words of a text.
#[must_use]
pub fn folded(text: &str) -> Vec<String> {
    let read = Text::read(text, Reader::default());
    read.tokens().iter().map(|it| it.word.clone()).collect()
}

/// The specialty that is spoken of, by its code.
#[must_use]
pub fn specialty(words: &[String]) -> Option<&'static str> {
    let says = |beginnings: &[&str]| {
        words.iter().any(|word| {
            beginnings.iter().any(|it| match it.len() {
                0..=3 => word == it,
                _ => word.starts_with(it),
            })
        })
    };
    let found = SPECIALTIES.iter().find(|(_, beginnings)| says(beginnings));
    found.map(|(code, _)| *code)
}

/// The doctors whose name is in a text, misspelt by a letter or two in long names. More than one when the
/// words fit several.
#[must_use]
pub fn doctors<'a>(words: &[String], known: &'a [Doctor]) -> Vec<&'a Doctor> {
    let parts = |doctor: &Doctor| -> Vec<String> {
        let parts = folded(&doctor.name).into_iter();
        parts
            .filter(|it| it.len() >= 3 && !TITLES.contains(&it.as_str()))
            .collect()
    };
    let fits = |part: &str, word: &str| {
        let errors = match part.len() {
            0..=4 => 0,
            5..=7 => 1,
            _ => 2,
        };
        part == word
            || errors > 0 && word.len() >= 4 && distance_within(part, word, errors).is_some()
    };
    let score = |doctor: &Doctor| {
        let met = parts(doctor);
        met.iter()
            .filter(|part| words.iter().any(|word| fits(part, word)))
            .count()
    };
    let best = known.iter().map(score).max().unwrap_or(0);
    if best == 0 {
        return Vec::new();
    }
    known.iter().filter(|it| score(it) == best).collect()
}
