//! Belief in conditions from findings.

use std::collections::{BTreeMap, BTreeSet};

use clinical_redflags::flags::{Patient, Sex};

use super::Engine;
use crate::knowledge::{Condition, Kind, Knowledge};
use crate::reading::Reading;
use crate::tuning::Tuning;

impl Engine {
    /// Belief in every condition, summing to 1.
    pub(crate) fn beliefs(&self, patient: &Patient, reading: &Reading, told: bool) -> Vec<f64> {
        let leaves = self.leaves(reading);
        let scores: Vec<f64> = self
            .knowledge
            .conditions
            .iter()
            .map(|condition| {
                self.tuning.class_step * prior(condition, patient)
                    + self.tuning.temper * self.score(condition, &leaves, reading, told)
            })
            .collect();
        softmax(&scores)
    }

    /// Present findings by the root of their kind, without those that another one implies.
    fn leaves(&self, reading: &Reading) -> BTreeMap<usize, Vec<usize>> {
        let mut implied = BTreeSet::new();
        for &at in &reading.present {
            implied.extend(self.knowledge.implied(at).skip(1));
        }
        let mut families: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &at in reading.present.difference(&implied) {
            let root = self.knowledge.implied(at).last().unwrap_or(at);
            families.entry(root).or_default().push(at);
        }
        families
    }

    fn score(
        &self,
        condition: &Condition,
        leaves: &BTreeMap<usize, Vec<usize>>,
        reading: &Reading,
        told: bool,
    ) -> f64 {
        let mut score = 0.0;
        for (&root, family) in leaves {
            let mut shares: Vec<f64> = family.iter().map(|&at| self.share(condition, at)).collect();
            shares.sort_by(|a, b| b.total_cmp(a));
            let whole = self
                .share(condition, root)
                .max(shares.first().copied().unwrap_or(0.0));
            for (number, share) in shares.iter().enumerate() {
                let given = if number == 0 {
                    *share
                } else {
                    (share / whole).clamp(0.15, 1.0)
                };
                score += given.ln();
            }
        }
        for &at in &reading.absent {
            let share = condition.likely.get(&at).copied().unwrap_or(0.0);
            score += (1.0 - 0.93 * share).ln();
        }
        if told {
            for (&at, &share) in &condition.likely {
                let symptom = self
                    .knowledge
                    .findings
                    .get(at)
                    .is_some_and(|f| f.kind == Kind::Symptom);
                if symptom
                    && share > 0.4
                    && !reading.present.contains(&at)
                    && !reading.absent.contains(&at)
                {
                    let silence = if share > 0.9 {
                        self.tuning.silence_always
                    } else {
                        self.tuning.silence
                    };
                    score += silence * (1.0 - share).ln();
                }
            }
        }
        score
    }

    /// How often a finding is there in a condition.
    fn share(&self, condition: &Condition, at: usize) -> f64 {
        let leak = self.leak.get(at).copied().unwrap_or(0.01);
        if let Some(&share) = condition.likely.get(&at) {
            return share.max(leak * 0.3);
        }
        let above = self
            .knowledge
            .implied(at)
            .skip(1)
            .find_map(|up| condition.likely.get(&up))
            .map_or(0.0, |share| share * self.tuning.special);
        leak.max(above)
    }
}

/// Findings that are common in everybody, and how common: they tell little when a condition does not name them.
const EVERYDAY: [(&str, f64); 24] = [
    ("hypertension", 0.2),
    ("smoker", 0.2),
    ("lipids", 0.15),
    ("obesity", 0.2),
    ("diabetes", 0.1),
    ("alcohol", 0.15),
    ("fam_similar", 0.12),
    ("atopy", 0.15),
    ("nsaid", 0.15),
    ("sexually_active", 0.3),
    ("chronic", 0.25),
    ("episodic", 0.25),
    ("gradual_onset", 0.25),
    ("sudden_onset", 0.15),
    ("recent_infection", 0.1),
    ("contact_sick", 0.08),
    ("overuse_work", 0.08),
    ("fatigue", 0.12),
    ("life_stress", 0.12),
    ("heart_disease", 0.08),
    ("steroids", 0.05),
    ("antibiotics", 0.08),
    ("new_drug", 0.06),
    ("abd_surgery", 0.08),
];

pub(super) fn leaks(knowledge: &Knowledge, tuning: &Tuning) -> Vec<f64> {
    let mut weighted = vec![0.0; knowledge.findings.len()];
    let mut total = 0.0;
    for condition in &knowledge.conditions {
        let weight = (tuning.class_step * condition.occurrence.class).exp();
        total += weight;
        for (&at, share) in &condition.likely {
            if let Some(sum) = weighted.get_mut(at) {
                *sum += weight * share;
            }
        }
    }
    weighted
        .iter()
        .zip(&knowledge.findings)
        .map(|(sum, finding)| {
            let least = if finding.kind == Kind::History {
                0.03
            } else {
                0.006
            };
            let everyday = EVERYDAY.iter().find(|(id, _)| *id == finding.id);
            everyday.map_or_else(
                || (0.6 * sum / f64::max(total, 1.0)).clamp(least, 0.09),
                |(_, share)| *share,
            )
        })
        .collect()
}

fn prior(condition: &Condition, patient: &Patient) -> f64 {
    let occurs = &condition.occurrence;
    let mut class = occurs.class;
    match (patient.sex, occurs.only) {
        (Some(Sex::Female), Some('m')) | (Some(Sex::Male), Some('f')) => class -= 30.0,
        _ => {}
    }
    match patient.sex {
        Some(Sex::Female) => class += occurs.women,
        Some(Sex::Male) => class += occurs.men,
        None => {}
    }
    if let Some(age) = patient.age {
        let years = f64::from(age.in_days()) / 365.0;
        let (from, to) = occurs.ages;
        let outside = (from - years).max(years - to).max(0.0);
        if outside > 0.0 {
            class -= (1.0 + outside * if to < 20.0 || years < 13.0 { 0.5 } else { 0.12 }).min(8.0);
        }
        if years >= 65.0 {
            class += occurs.old;
        }
    }
    class
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = scores.iter().map(|score| (score - highest).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}
