//! Lines of a file of vignettes, and the cases they tell.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clinical_redflags::flags::{Age, Patient, Pregnancy};
use clinical_redflags::words::Speaker;
use serde::{Deserialize, Deserializer};

use super::demographics::{demographics, tells_of_another};
use crate::assess::Engine;
use crate::reading::{Case, Reading};

/// One line of a file of vignettes. A field may be left out, null, a text, a number or a list of texts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Vignette {
    /// Its name in the file, when it has one.
    #[serde(deserialize_with = "words")]
    pub id: String,
    /// The diagnosis that is right.
    #[serde(alias = "diagnosis", deserialize_with = "words")]
    pub correct_diagnosis: String,
    /// "34 year old Female", "6 months Male". Without it age and sex are looked for in the story.
    #[serde(deserialize_with = "words")]
    pub demographics: String,
    /// The complaint in a few words.
    #[serde(alias = "chief_complaint", deserialize_with = "words")]
    pub chief_complaints: String,
    /// The story.
    #[serde(alias = "vignette", alias = "text", deserialize_with = "words")]
    pub presentation: String,
    /// What was denied.
    #[serde(deserialize_with = "words")]
    pub absent_findings: String,
    /// Earlier illness.
    #[serde(alias = "past_medical_history", deserialize_with = "words")]
    pub physical_history: String,
    /// Illness in the family.
    #[serde(deserialize_with = "words")]
    pub family_history: String,
    /// Work and habits.
    #[serde(deserialize_with = "words")]
    pub social_history: String,
    /// Where the patient belongs, when known.
    #[serde(
        alias = "triage_level",
        alias = "urgency",
        deserialize_with = "some_words"
    )]
    pub triage: Option<String>,
}

/// What a field may be.
#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    Nothing(()),
    Text(String),
    Number(serde_json::Number),
    List(Vec<String>),
}

fn words<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match Field::deserialize(from)? {
        Field::Nothing(()) => String::new(),
        Field::Text(text) => text,
        Field::Number(number) => number.to_string(),
        Field::List(list) => list.join(", "),
    })
}

fn some_words<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    words(from).map(|text| Some(text).filter(|text| !text.trim().is_empty()))
}

/// The case that a vignette tells. Everything in its list of absent findings is denied.
#[must_use]
pub fn case(engine: &Engine, vignette: &Vignette) -> Case {
    let (mut age, mut sex) = demographics(&vignette.demographics, true);
    if age.is_none() || sex.is_none() {
        let told = format!("{} {}", vignette.presentation, vignette.chief_complaints);
        let (told_age, told_sex) = demographics(&told, false);
        age = age.or(told_age);
        sex = sex.or(told_sex);
    }
    let by_proxy =
        age.is_some_and(|age| age < Age::years(12)) || tells_of_another(&vignette.presentation);
    let mut text = format!("{}. {}.", vignette.chief_complaints, vignette.presentation);
    for part in vignette.physical_history.split([',', ';', '.', '\n']) {
        if part.trim().len() > 2 {
            let _infallible = write!(text, "\n\nHistory of {}.", part.trim());
        }
    }
    for (name, part) in [
        ("Family history: ", &vignette.family_history),
        ("", &vignette.social_history),
    ] {
        if part.trim().len() > 1 {
            let _infallible = write!(text, "\n\n{name}{part}.");
        }
    }
    let patient = Patient {
        age,
        sex,
        pregnancy: Pregnancy::Unknown,
        speaker: if by_proxy {
            Speaker::Proxy
        } else {
            Speaker::Patient
        },
        ..Patient::default()
    };
    let denied = engine.read(&patient, &vignette.absent_findings);
    let told = engine.read(&patient, &text);
    let absent = denied.absent.difference(&told.present).copied().collect();
    Case {
        patient,
        text,
        known: Reading {
            present: BTreeSet::new(),
            absent,
        },
    }
}
