//! From words to findings.

use std::collections::BTreeSet;

use clinical_redflags::flags::{Age, Patient};
use clinical_redflags::words::{Assertion, Matcher, PatternError, Phrases, Reader, Text};
use serde::{Deserialize, Serialize};

use crate::knowledge::{Kind, Knowledge};
use crate::numbers;

/// Findings that are there and findings that are denied, by index.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reading {
    /// Said to be so.
    pub present: BTreeSet<usize>,
    /// Said not to be so.
    pub absent: BTreeSet<usize>,
}

/// Where a finding is spoken of in a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mention {
    /// The finding.
    pub finding: usize,
    /// First byte of the words.
    pub start: usize,
    /// Behind their last byte.
    pub end: usize,
    /// How it is meant.
    pub assertion: Assertion,
}

/// Everything known about one person now.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// Age, sex, pregnancy, who speaks.
    pub patient: Patient,
    /// What was told, in free words.
    pub text: String,
    /// Findings from questions, measurements and the record; they outweigh the text.
    pub known: Reading,
}

pub(crate) fn compile(knowledge: &Knowledge) -> Result<Matcher, PatternError> {
    let mut phrases = Phrases::new();
    for (name, words) in &knowledge.groups {
        phrases.group(name, words)?;
    }
    let patterns = knowledge
        .findings
        .iter()
        .zip(0_u32..)
        .flat_map(|(finding, at)| {
            finding
                .phrases
                .iter()
                .map(move |phrase| (at, phrase.as_str()))
        });
    let nothing = knowledge
        .nothing
        .iter()
        .map(|phrase| (Matcher::NOTHING, phrase.as_str()));
    Matcher::compile(&phrases, patterns.chain(nothing))
}

/// Where a text speaks of findings.
pub(crate) fn mentions(matcher: &Matcher, text: &str, reader: Reader) -> Vec<Mention> {
    let found = matcher.find(&Text::read(text, reader));
    found
        .iter()
        .map(|found| Mention {
            finding: found.id as usize,
            start: found.start,
            end: found.end,
            assertion: found.assertion(),
        })
        .collect()
}

/// What a text says. A finding that is both said and denied is present.
pub(crate) fn read(
    knowledge: &Knowledge,
    matcher: &Matcher,
    text: &str,
    reader: Reader,
    age: Option<Age>,
) -> (Reading, bool) {
    let text = Text::read(text, reader);
    let mut reading = Reading::default();
    let measured = numbers::measured(&text, age);
    reading
        .present
        .extend(measured.iter().filter_map(|id| knowledge.finding(id)));
    for found in matcher.find(&text) {
        let at = found.id as usize;
        let Some(finding) = knowledge.findings.get(at) else {
            continue;
        };
        let family = finding.id.starts_with("fam_");
        match found.assertion() {
            Assertion::Absent => {
                reading.absent.insert(at);
            }
            Assertion::OtherPerson if !family && finding.id != "contact_sick" => {}
            Assertion::Hypothetical => {}
            Assertion::Past
                if finding.kind == Kind::Symptom && found.minutes.is_some_and(|m| m > 525_600) => {}
            Assertion::Present | Assertion::Past | Assertion::OtherPerson => {
                reading.present.insert(at);
            }
        }
    }
    (close(knowledge, reading), text.truncated())
}

/// Adds what present findings imply, and takes back denials of what is present.
pub(crate) fn close(knowledge: &Knowledge, mut reading: Reading) -> Reading {
    let implied: BTreeSet<usize> = reading
        .present
        .iter()
        .flat_map(|&at| knowledge.implied(at))
        .collect();
    reading.present = implied;
    // What is both said and denied is there; such a denial says nothing of its special kinds either.
    reading.absent.retain(|at| !reading.present.contains(at));
    for (at, _) in knowledge.findings.iter().enumerate() {
        if knowledge.implied(at).any(|up| reading.absent.contains(&up)) {
            reading.absent.insert(at);
        }
    }
    reading.absent.retain(|at| !reading.present.contains(at));
    reading
}
