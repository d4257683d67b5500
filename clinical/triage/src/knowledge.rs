//! The knowledge base: findings, conditions, steps and sources.

use std::collections::BTreeMap;

use crate::assess::Disposition;
use crate::parse;

/// Text in both languages.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Words {
    /// English.
    pub en: String,
    /// French.
    pub fr: String,
}

/// What kind of thing a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// What the patient feels or sees.
    Symptom,
    /// What was so before: illness, medicine, exposure, family.
    History,
    /// What an examination, a measurement or a test shows. The interview does not ask for it.
    Sign,
}

/// Something that speaks for or against conditions.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its name in data.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Its name, with article.
    pub name: Words,
    /// The question for it.
    pub question: Words,
    /// Why it is asked.
    pub why: Words,
    /// Phrases for it, both languages, as patterns of `clinical_redflags::words`.
    pub phrases: Vec<String>,
    /// The more general finding that it implies.
    pub parent: Option<usize>,
}

/// How common a condition is: 1 (rare) to 6 (everyday), shifted by sex and age.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Occurrence {
    /// 1 to 6.
    pub class: f64,
    /// Only in this sex (`f` or `m`).
    pub only: Option<char>,
    /// Added for women.
    pub women: f64,
    /// Added for men.
    pub men: f64,
    /// Added from 65 years on.
    pub old: f64,
    /// Usual ages in years, from and to.
    pub ages: (f64, f64),
}

/// A condition.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Its name in data.
    pub id: String,
    /// Where it belongs.
    pub urgency: Disposition,
    /// Whether it must not be missed.
    pub must_not_miss: bool,
    /// ICD-10 (WHO) code.
    pub icd10: String,
    /// How common it is.
    pub occurrence: Occurrence,
    /// English names, the usual one first.
    pub names_en: Vec<String>,
    /// French name.
    pub name_fr: String,
    /// How often each finding is there, by index of the finding, 0 to 1.
    pub likely: BTreeMap<usize, f64>,
    /// Codes of next steps.
    pub steps: Vec<String>,
    /// Codes of sources.
    pub sources: Vec<String>,
}

/// A next step or test.
#[derive(Clone, Debug)]
pub struct Step {
    /// What to do.
    pub text: Words,
}

/// Why a knowledge base cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KnowledgeError {
    /// A line has another number of fields.
    #[error("{file}:{line}: {what}")]
    Line {
        /// Name of the file.
        file: String,
        /// Line number from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// Something names what does not exist.
    #[error("{of} names the unknown {name}")]
    Unknown {
        /// Who names it.
        of: String,
        /// What is named.
        name: String,
    },
}

/// Findings and conditions, ready to use.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// All findings, in the order of their files.
    pub findings: Vec<Finding>,
    /// All conditions, in the order of their files.
    pub conditions: Vec<Condition>,
    /// Next steps by code.
    pub steps: BTreeMap<String, Step>,
    /// Names of sources by code.
    pub sources: BTreeMap<String, String>,
    /// Groups of words that stand for each other, name and alternatives.
    pub groups: Vec<(String, String)>,
    /// Phrases that only look like findings, as patterns.
    pub nothing: Vec<String>,
    pub(crate) by_id: BTreeMap<String, usize>,
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../data/", $name)))),*]
    };
}

const FILES: &[(&str, &str)] = files![
    "sources.txt",
    "steps.txt",
    "findings/00_nothing.txt",
    "findings/10_general.txt",
    "findings/20_heart_lungs.txt",
    "findings/30_gut.txt",
    "findings/40_nerves.txt",
    "findings/50_head.txt",
    "findings/60_skin.txt",
    "findings/70_bones.txt",
    "findings/80_women_urine.txt",
    "findings/85_mind.txt",
    "findings/90_history.txt",
    "conditions/10_heart_vessels.txt",
    "conditions/20_lungs.txt",
    "conditions/30_gut.txt",
    "conditions/40_nerves_mind.txt",
    "conditions/50_head_eyes.txt",
    "conditions/60_skin_infection.txt",
    "conditions/70_bones_blood_glands.txt",
    "conditions/80_women_men_urine.txt",
];

impl Knowledge {
    /// The knowledge base of this crate.
    ///
    /// # Errors
    ///
    /// When its files contradict each other, which a test excludes.
    pub fn shipped() -> Result<Self, KnowledgeError> {
        parse::parse(FILES)
    }

    /// Reads files, each with its name and its text; findings before conditions that use them.
    ///
    /// # Errors
    ///
    /// When a line cannot be used or names what does not exist.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, KnowledgeError> {
        parse::parse(files)
    }

    /// The index of a finding.
    #[must_use]
    pub fn finding(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// A finding with all that it implies, itself first.
    pub fn implied(&self, finding: usize) -> impl Iterator<Item = usize> + '_ {
        core::iter::successors(Some(finding), |&at| {
            self.findings.get(at).and_then(|finding| finding.parent)
        })
    }
}
