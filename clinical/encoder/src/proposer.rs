//! Which findings a complaint may speak of: those whose names mean nearly what it says.

use clinical_triage::{Kind, Knowledge};

use crate::{Encoder, Role, WeightsError};

/// How much nearer than a middling name the nearest of a finding must be.
const NEAR: f32 = 0.07;
/// Findings that are proposed of one complaint.
const PROPOSALS_MAX: usize = 3;
/// Parts of a complaint that are looked at; each costs as much as the first.
const PARTS_MAX: usize = 12;
/// Letters of a part: less says nothing.
const PART_CHARS_MIN: usize = 6;
/// Bytes of a complaint that are looked at.
const BYTES_MAX: usize = 2_000;

/// A finding that may be meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Its name in data.
    pub finding: String,
    /// The words of the person that may mean it.
    pub quote: String,
    /// How much nearer it is than a middling one.
    pub near: f32,
}

/// Knows where the names of all findings point.
#[derive(Debug)]
pub struct Proposer {
    encoder: Encoder,
    findings: Vec<String>,
    /// Places in `findings` and directions.
    known: Vec<(usize, Vec<f32>)>,
}

impl Proposer {
    /// Learns the names of all findings that a person can be asked about.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(encoder: Encoder, knowledge: &Knowledge) -> Result<Self, WeightsError> {
        let mut findings = Vec::new();
        let mut known = Vec::new();
        let asked = knowledge.findings.iter();
        for finding in asked.filter(|it| it.kind != Kind::Sign) {
            for name in [&finding.name.en, &finding.name.fr] {
                known.push((findings.len(), encoder.direction(name, Role::Known)?));
            }
            findings.push(finding.id.clone());
        }
        Ok(Self {
            encoder,
            findings,
            known,
        })
    }

    /// The findings that a complaint may speak of, the nearest first.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn propose(&self, complaint: &str) -> Result<Vec<Proposal>, WeightsError> {
        let mut nearest: Vec<Option<(f32, &str)>> = vec![None; self.findings.len()];
        for part in parts(complaint) {
            let sought = self.encoder.direction(part, Role::Sought)?;
            let near = |known: &[f32]| sought.iter().zip(known).map(|(a, b)| a * b).sum::<f32>();
            let scores: Vec<f32> = self.known.iter().map(|(_, it)| near(it)).collect();
            let middling = middle(scores.clone());
            for ((finding, _), score) in self.known.iter().zip(scores) {
                if let Some(best) = nearest.get_mut(*finding) {
                    let nearer = score - middling;
                    if nearer > best.map_or(NEAR, |(near, _)| near) {
                        *best = Some((nearer, part));
                    }
                }
            }
        }
        let found = self.findings.iter().zip(nearest);
        let mut proposals: Vec<Proposal> = found
            .filter_map(|(finding, best)| {
                let (near, quote) = best?;
                Some(Proposal {
                    finding: finding.clone(),
                    quote: quote.to_owned(),
                    near,
                })
            })
            .collect();
        proposals.sort_by(|a, b| b.near.total_cmp(&a.near));
        proposals.truncate(PROPOSALS_MAX);
        Ok(proposals)
    }
}

/// The sentences and half sentences of a complaint.
fn parts(complaint: &str) -> impl Iterator<Item = &str> {
    let end = complaint.floor_char_boundary(BYTES_MAX);
    complaint
        .get(..end)
        .unwrap_or_default()
        .split(['.', ',', ';', ':', '!', '?', '\n'])
        .map(str::trim)
        .filter(|it| it.chars().count() >= PART_CHARS_MIN)
        .take(PARTS_MAX)
}

fn middle(mut numbers: Vec<f32>) -> f32 {
    let half = numbers.len() / 2;
    if numbers.is_empty() {
        return 0.0;
    }
    *numbers.select_nth_unstable_by(half, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_cut_at_its_signs_and_no_further_than_it_is_read() {
        let all: Vec<&str> = parts("J'ai mal partout, non. Et la tête qui tourne !").collect();
        assert_eq!(all, ["J'ai mal partout", "Et la tête qui tourne"]);
        let long = "é".repeat(3_000);
        assert_eq!(parts(&long).map(str::len).sum::<usize>(), 2_000);
        assert_eq!(parts(&"un deux trois,".repeat(40)).count(), PARTS_MAX);
    }
}
