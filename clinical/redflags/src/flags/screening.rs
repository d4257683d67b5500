//! The comparison of flags with a patient and a text.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{self, DataError, Read};
use super::flag::{Flag, Level, Rule};
use super::measures;
use super::patient::{Background, Patient, Pregnancy};
use super::unclear::{self, Unclear};
use crate::words::{Assertion, Match, Reader, Speaker, Text, Token};

/// How soon somebody must act. The order is the order of weight.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Urgency {
    /// No flag was found, which does not mean that all is well.
    NoFlag,
    /// It cannot be judged: a person must look.
    Person,
    /// A clinician the same day.
    Urgent,
    /// The emergency number now.
    Emergency,
}

/// Something that an interview or a record found, by the name of a feature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Finding<'a> {
    /// One of [`Flags::feature_names`]; another one is not looked at.
    pub name: &'a str,
    /// Since when, in minutes, when known.
    pub minutes: Option<u32>,
}

/// What was told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Story<'a> {
    /// Free words; empty when there are only findings.
    pub text: &'a str,
    /// What is known to be so.
    pub findings: &'a [Finding<'a>],
}

/// What a flag was raised by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Evidence {
    /// Bytes of the text.
    Words {
        /// First byte.
        start: usize,
        /// Behind the last byte.
        end: usize,
    },
    /// A finding or a fact of the record, by its name.
    Known(String),
}

/// A flag that was raised.
#[derive(Clone, Debug)]
pub struct Hit<'a> {
    /// The flag.
    pub flag: &'a Flag,
    /// What raised it, in the order of its rule.
    pub evidence: Vec<Evidence>,
}

/// What a screening found.
#[derive(Clone, Debug)]
pub struct Screening<'a> {
    /// The highest of all.
    pub urgency: Urgency,
    /// Every flag that was raised, the gravest first.
    pub hits: Vec<Hit<'a>>,
    /// Why a person must look at it.
    pub unclear: BTreeSet<Unclear>,
}

/// A set of red flags, ready to use.
#[derive(Debug)]
pub struct Flags {
    read: Read,
    child: BTreeSet<&'static str>,
}

/// What is known about a feature.
#[derive(Clone, Debug)]
struct Known {
    evidence: Evidence,
    minutes: Option<u32>,
    other: bool,
}

const CHILD_WORDS: [&str; 24] = [
    "baby",
    "bebe",
    "newborn",
    "infant",
    "toddler",
    "child",
    "kid",
    "nourrisson",
    "enfant",
    "fils",
    "daughter",
    "bub",
    "gamin",
    "gamine",
    "petit",
    "petite",
    "fille",
    "garcon",
    "boy",
    "girl",
    "months",
    "mois",
    "weeks",
    "puce",
];

impl Flags {
    /// Reads flags from files, each with its name and its text.
    ///
    /// # Errors
    ///
    /// When a file cannot be used.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, DataError> {
        Ok(Self {
            read: data::read(files)?,
            child: CHILD_WORDS.into_iter().collect(),
        })
    }

    /// All flags, in the order of their files.
    #[must_use]
    pub fn all(&self) -> &[Flag] {
        &self.read.flags
    }

    /// The names that a [`Finding`] may have.
    pub fn feature_names(&self) -> impl Iterator<Item = &str> {
        self.read
            .features
            .keys()
            .map(String::as_str)
            .filter(|name| !name.contains(' '))
    }

    /// Whether an everyday word would be taken for a misspelt one of the patterns.
    #[must_use]
    pub fn would_correct(&self, word: &str) -> bool {
        self.read.matcher.would_correct(word)
    }

    /// Compares all flags with a patient and a story. Never lowers: more flags, findings or sentences can
    /// only add hits.
    #[must_use]
    pub fn screen(&self, patient: &Patient, story: &Story<'_>) -> Screening<'_> {
        let text = Text::read(story.text, reader(patient));
        let known = self.known(patient, story, &text);
        let child_named = patient.age.is_none()
            && text.tokens().iter().enumerate().any(|(at, token)| {
                self.child.contains(token.word.as_str())
                    && !is_a_while(text.tokens(), at)
                    && !is_small(text.tokens(), at)
            });
        let mut unclear: BTreeSet<Unclear> = BTreeSet::new();
        if story.findings.is_empty() || !story.text.trim().is_empty() {
            unclear.extend(unclear::unclear(&text, |word| {
                self.read.matcher.knows(word)
            }));
        }
        let mut hits = Vec::new();
        for flag in &self.read.flags {
            let mut met: Option<Vec<&Known>> = None;
            for rule in &flag.rules {
                if !rule
                    .limits
                    .iter()
                    .all(|limit| limit.holds(patient, child_named))
                {
                    continue;
                }
                if let Some(evidence) = fulfilled(rule, &known, false) {
                    met = Some(evidence);
                    break;
                }
                if fulfilled(rule, &known, true).is_some() {
                    unclear.insert(Unclear::AnotherPerson);
                }
            }
            if let Some(evidence) = met {
                let evidence = evidence
                    .into_iter()
                    .map(|known| known.evidence.clone())
                    .collect();
                hits.push(Hit { flag, evidence });
            }
        }
        hits.sort_by_key(|hit| core::cmp::Reverse(hit.flag.level));
        let least = if unclear.is_empty() {
            Urgency::NoFlag
        } else {
            Urgency::Person
        };
        let urgency = hits.first().map_or(least, |hit| match hit.flag.level {
            Level::Emergency => Urgency::Emergency,
            Level::Urgent => Urgency::Urgent,
        });
        Screening {
            urgency,
            hits,
            unclear,
        }
    }

    fn known(
        &self,
        patient: &Patient,
        story: &Story<'_>,
        text: &Text,
    ) -> BTreeMap<u32, Vec<Known>> {
        let mut known: BTreeMap<u32, Vec<Known>> = BTreeMap::new();
        let mut add = |name: &str, one: Known| {
            if let Some(id) = self.read.features.get(name) {
                known.entry(*id).or_default().push(one);
            }
        };
        for finding in story.findings {
            add(
                finding.name,
                Known {
                    evidence: Evidence::Known(finding.name.to_owned()),
                    minutes: finding.minutes,
                    other: false,
                },
            );
        }
        for name in facts(patient) {
            add(
                name,
                Known {
                    evidence: Evidence::Known(name.to_owned()),
                    minutes: None,
                    other: false,
                },
            );
        }
        for measured in measures::measured(text) {
            let evidence = Evidence::Words {
                start: measured.start,
                end: measured.end,
            };
            add(
                measured.feature,
                Known {
                    evidence,
                    minutes: None,
                    other: false,
                },
            );
        }
        for found in self.read.matcher.find(text) {
            if let Some(other) = self.counts(&found) {
                let evidence = Evidence::Words {
                    start: found.start,
                    end: found.end,
                };
                known.entry(found.id).or_default().push(Known {
                    evidence,
                    minutes: found.minutes,
                    other,
                });
            }
        }
        known
    }

    /// Whether a match counts, and whether for somebody else.
    fn counts(&self, found: &Match) -> Option<bool> {
        let lasting = self.read.lasting.contains(&found.id);
        match found.assertion() {
            Assertion::Present => Some(false),
            Assertion::Past if lasting => Some(false),
            Assertion::OtherPerson if !found.marks.past => Some(true),
            Assertion::Absent
            | Assertion::Past
            | Assertion::Hypothetical
            | Assertion::OtherPerson => None,
        }
    }
}

/// Words that may stand between "since" and its number.
const LASTS_WORDS: usize = 4;

/// Whether "months" or "weeks" at this place say how long something has lasted and not how old a child is:
/// "since 2 months", "depuis 3 mois", "il y a deux mois".
fn is_a_while(tokens: &[Token], at: usize) -> bool {
    let sentence = tokens.get(at).map(|token| token.sentence);
    let word = |place: Option<usize>| {
        place
            .and_then(|place| tokens.get(place))
            .filter(|near| sentence == Some(near.sentence))
            .map_or("", |near| near.word.as_str())
    };
    let of_time = |word: &str| {
        matches!(
            word,
            "since" | "depuis" | "for" | "over" | "last" | "past" | "pregnant" | "enceinte"
        )
    };
    // Only small words may stand between it and the number: "fever since last night, 2 months" is an age.
    let mut by: usize = 1;
    let joined = |by: usize| {
        at.checked_sub(by)
            .and_then(|place| tokens.get(place))
            .is_some_and(|token| !token.after_pause())
    };
    let lasts = loop {
        if by > LASTS_WORDS || !joined(by) {
            break false;
        }
        by += 1;
        let word = word(at.checked_sub(by));
        if of_time(word) {
            break true;
        }
        if !matches!(
            word,
            "about"
                | "environ"
                | "almost"
                | "nearly"
                | "presque"
                | "a"
                | "the"
                | "de"
                | "couple"
                | "around"
                | "les"
        ) {
            break false;
        }
    };
    let born = (2..=6).any(|by| {
        matches!(
            word(at.checked_sub(by)),
            "born" | "birth" | "ne" | "nee" | "naissance"
        )
    });
    matches!(word(Some(at)), "months" | "mois" | "weeks")
        && !matches!(word(at.checked_add(1)), "old" | "age" | "of")
        && !born
        && (lasts
            || matches!(word(at.checked_add(1)), "ago" | "pregnant")
            || (word(at.checked_sub(2)) == "a" && word(at.checked_sub(3)) == "y"))
}

/// Whether "petit" at this place only says that something is small: "une petite plaie", not "mon petit".
fn is_small(tokens: &[Token], at: usize) -> bool {
    let word = |place: Option<usize>| {
        place
            .and_then(|place| tokens.get(place))
            .map_or("", |near| near.word.as_str())
    };
    let of_no_child = matches!(
        word(at.checked_add(1)),
        "dejeuner" | "dej" | "matin" | "doigt" | "orteil" | "bassin" | "pois"
    );
    let named = !of_no_child
        && matches!(
            word(at.checked_sub(1)),
            "mon"
                | "ma"
                | "notre"
                | "votre"
                | "le"
                | "la"
                | "cher"
                | "tout"
                | "toute"
                | "au"
                | "du"
                | "ce"
                | "cette"
                | "son"
                | "sa"
                | "peu"
        );
    matches!(word(Some(at)), "petit" | "petite")
        && !named
        && !matches!(
            word(at.checked_add(1)),
            "garcon" | "fille" | "fils" | "frere" | "soeur" | "de" | "d"
        )
}

fn reader(patient: &Patient) -> Reader {
    /// Nobody younger writes about himself.
    const WRITES_FROM: super::patient::Age = super::patient::Age::years(10);
    let young = patient.age.is_some_and(|age| age < WRITES_FROM);
    Reader {
        speaker: if young {
            Speaker::Proxy
        } else {
            patient.speaker
        },
        pregnant: matches!(patient.pregnancy, Pregnancy::Pregnant),
    }
}

fn facts(patient: &Patient) -> impl Iterator<Item = &'static str> {
    let pregnancy = match patient.pregnancy {
        Pregnancy::Pregnant => Some("pregnant"),
        Pregnancy::AfterBirth => Some("after_birth"),
        Pregnancy::Unknown | Pregnancy::No => None,
    };
    patient
        .background
        .iter()
        .map(|fact| Background::feature(*fact))
        .chain(pregnancy)
}

/// The evidence for a rule, if all of it is there. With `of_others` what is said of somebody else counts too.
fn fulfilled<'a>(
    rule: &Rule,
    known: &'a BTreeMap<u32, Vec<Known>>,
    of_others: bool,
) -> Option<Vec<&'a Known>> {
    rule.features
        .iter()
        .map(|id| {
            known.get(id)?.iter().find(|one| {
                let in_time = rule
                    .minutes_max
                    .is_none_or(|max| one.minutes.is_none_or(|minutes| minutes <= max));
                (of_others || !one.other) && in_time
            })
        })
        .collect()
}
