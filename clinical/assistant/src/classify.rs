//! Which intent a text has: a linear model over its words, what they stand for, and groups of three
//! letters (TF-IDF), learnt from some hundred phrases when it is first asked.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use clinical_redflags::words::{Reader, Text, stem};

use crate::Intent;
use crate::concepts::Concepts;

const FILES: [&str; 2] = [
    include_str!("../data/intents/fr.txt"),
    include_str!("../data/intents/en.txt"),
];

/// Words of a text that are looked at; what comes later does not say what somebody wants.
const WORDS_MAX: usize = 60;
/// Below this share nothing is understood.
const KNOWN_MIN: f32 = 0.20;
/// From this share on nothing is asked, when the next intent has less than this times [`MARGIN`].
const SURE_MIN: f32 = 0.40;
/// How much larger the share of the best intent must be than that of the next one.
const MARGIN: f32 = 1.6;
/// Times that every phrase is looked at while learning, and the size of a step.
const ROUNDS: u16 = 24;
const STEP: f32 = 1.2;
/// What weights lose in each round.
const DECAY: f32 = 0.004;
/// A class that is that little wrong is left as it is.
const WRONG_MIN: f32 = 0.004;

/// Weights of features by kind.
const WORD: f32 = 1.0;
const PAIR: f32 = 0.6;
const LETTERS: f32 = 0.3;
const CONCEPT: f32 = 1.3;
const CONCEPT_PAIR: f32 = 0.6;

/// An intent and how near a text is to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guess {
    /// The intent.
    pub intent: Intent,
    /// Its share of 1.
    pub score: f32,
}

/// What a text was taken for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Meaning {
    /// One intent, clearly.
    Sure(Guess),
    /// One of two; the nearer one first.
    Between(Guess, Guess),
    /// None that is known.
    Unknown,
}

/// Why phrases were not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhrasesError {
    /// A line names no intent.
    #[error("line {0} names no intent")]
    Intent(usize),
    /// A phrase stands before the first intent.
    #[error("line {0} stands under no intent")]
    Lost(usize),
}

/// Weights by feature, in order of features, of length 1.
type Vector = Vec<(u32, f32)>;

/// A model that has learnt.
#[derive(Debug)]
pub struct Classifier {
    features: BTreeMap<String, u32>,
    rarity: Vec<f32>,
    /// Per feature, one weight per intent.
    weights: Vec<[f32; INTENTS]>,
    bias: [f32; INTENTS],
}

const INTENTS: usize = Intent::ALL.len();

/// The phrases of a file with their intents.
///
/// # Errors
/// [`PhrasesError`]
pub fn phrases(text: &str) -> Result<Vec<(Intent, &str)>, PhrasesError> {
    let mut found = Vec::new();
    let mut intent = None;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            intent = Some(Intent::from_name(name).ok_or(PhrasesError::Intent(at + 1))?);
        } else {
            found.push((intent.ok_or(PhrasesError::Lost(at + 1))?, line));
        }
    }
    Ok(found)
}

/// The features of a text with how often each is there.
fn features(text: &str) -> BTreeMap<String, f32> {
    let read = Text::read(text, Reader::default());
    let words: Vec<&str> = read
        .tokens()
        .iter()
        .take(WORDS_MAX)
        .map(|token| token.word.as_str())
        .collect();
    let mut found: BTreeMap<String, f32> = BTreeMap::new();
    let mut add = |feature: String, weight: f32| {
        found.entry(feature).or_insert(weight);
    };
    let mut before = "^";
    let mut concepts: Vec<&str> = Vec::new();
    for word in &words {
        concepts.extend(Concepts::shipped().of(word));
        let word = stem(word);
        add(format!("w {word}"), WORD);
        add(format!("p {before} {word}"), PAIR);
        before = word;
    }
    add(format!("p {before} $"), PAIR);
    concepts.sort_unstable();
    concepts.dedup();
    for (at, concept) in concepts.iter().enumerate() {
        add(format!("c {concept}"), CONCEPT);
        for other in concepts.iter().skip(at + 1) {
            add(format!("d {concept} {other}"), CONCEPT_PAIR);
        }
    }
    let letters: Vec<char> = format!(" {} ", words.join(" ")).chars().collect();
    for group in letters.windows(3) {
        add(group.iter().collect(), LETTERS);
    }
    found
}

impl Classifier {
    /// Learns phrases, always to the same model.
    #[must_use]
    pub fn learn(phrases: &[(Intent, &str)]) -> Self {
        let read: Vec<BTreeMap<String, f32>> =
            phrases.iter().map(|(_, phrase)| features(phrase)).collect();
        let mut seen: BTreeMap<&str, f32> = BTreeMap::new();
        for feature in read.iter().flat_map(BTreeMap::keys) {
            *seen.entry(feature).or_default() += 1.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "some thousand phrases")]
        let all = read.len() as f32;
        let rarity = seen
            .values()
            .map(|count| (all / count).ln().max(0.3))
            .collect();
        let names = seen.keys().map(|name| (*name).to_owned());
        let features: BTreeMap<String, u32> = names.zip(0_u32..).collect();
        let mut learnt = Self {
            weights: vec![[0.0; INTENTS]; features.len()],
            bias: [0.0; INTENTS],
            features,
            rarity,
        };
        let vectors: Vec<Vector> = read.iter().map(|found| learnt.vector(found)).collect();
        for round in 0..ROUNDS {
            let step = STEP / (1.0 + 0.15 * f32::from(round));
            for ((intent, _), vector) in phrases.iter().zip(&vectors) {
                learnt.correct(*intent, vector, step);
            }
            for weight in learnt.weights.iter_mut().flatten() {
                *weight *= 1.0 - DECAY;
            }
        }
        learnt
    }

    /// One step towards the right answer (multinomial logistic regression).
    fn correct(&mut self, intent: Intent, vector: &Vector, step: f32) {
        let mut wrong = self.shares(vector);
        for (at, share) in wrong.iter_mut().enumerate() {
            if Intent::ALL.get(at) == Some(&intent) {
                *share -= 1.0;
            }
            if share.abs() < WRONG_MIN {
                *share = 0.0;
            }
        }
        if wrong.iter().all(|it| *it == 0.0) {
            return;
        }
        for (bias, wrong) in self.bias.iter_mut().zip(wrong) {
            *bias -= 0.05 * step * wrong;
        }
        for (number, value) in vector {
            let Some(weights) = self.weights.get_mut(*number as usize) else {
                continue;
            };
            for (weight, wrong) in weights.iter_mut().zip(wrong) {
                *weight -= step * wrong * value;
            }
        }
    }

    /// The share of each intent, in the order of [`Intent::ALL`].
    fn shares(&self, vector: &Vector) -> [f32; INTENTS] {
        let mut sums = self.bias;
        for (number, value) in vector {
            let Some(weights) = self.weights.get(*number as usize) else {
                continue;
            };
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += weight * value;
            }
        }
        let highest = sums.iter().copied().fold(f32::MIN, f32::max);
        let mut total = 0.0;
        for sum in &mut sums {
            *sum = (*sum - highest).exp();
            total += *sum;
        }
        sums.map(|sum| sum / total)
    }

    /// The phrases of this crate, learnt once in a process.
    ///
    /// # Panics
    /// Never in a build that passed its tests: they read these files.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Classifier> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            let mut all = Vec::new();
            for file in FILES {
                #[expect(
                    clippy::expect_used,
                    reason = "the files are compiled in and every test reads them"
                )]
                all.extend(phrases(file).expect("the shipped phrases are valid"));
            }
            Self::learn(&all)
        })
    }

    fn vector(&self, found: &BTreeMap<String, f32>) -> Vector {
        let mut vector: Vector = Vec::new();
        for (feature, weight) in found {
            if let Some(number) = self.features.get(feature) {
                let rare = self.rarity.get(*number as usize).copied().unwrap_or(0.0);
                vector.push((*number, weight * rare));
            }
        }
        let length = vector.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
        if length > 0.0 {
            for (_, weight) in &mut vector {
                *weight /= length;
            }
        }
        vector
    }

    /// Every intent with its share, the most likely first.
    #[must_use]
    pub fn ranked(&self, text: &str) -> Vec<Guess> {
        let shares = self.shares(&self.vector(&features(text)));
        let pairs = Intent::ALL.iter().zip(shares);
        let mut ranked: Vec<Guess> = pairs
            .map(|(intent, score)| Guess {
                intent: *intent,
                score,
            })
            .collect();
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
        ranked
    }

    /// What a text means.
    #[must_use]
    pub fn meaning(&self, text: &str) -> Meaning {
        let ranked = self.ranked(text);
        let (Some(first), Some(second)) = (ranked.first(), ranked.get(1)) else {
            return Meaning::Unknown;
        };
        if first.score < KNOWN_MIN {
            Meaning::Unknown
        } else if first.score >= SURE_MIN && first.score >= MARGIN * second.score {
            Meaning::Sure(*first)
        } else {
            Meaning::Between(*first, *second)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDS: usize = 5;

    /// Of each phrase, without it and nine more of ten: how often its intent is found.
    #[test]
    fn phrases_are_found_by_others() {
        let all: Vec<_> = FILES
            .iter()
            .flat_map(|file| phrases(file).unwrap())
            .collect();
        let (mut right, mut sure, mut wrong) = (0, 0, 0);
        for fold in 0..FOLDS {
            let others: Vec<_> = all
                .iter()
                .enumerate()
                .filter(|(at, _)| at % FOLDS != fold)
                .collect();
            let learnt = Classifier::learn(&others.iter().map(|it| *it.1).collect::<Vec<_>>());
            for (_, (intent, phrase)) in all.iter().enumerate().filter(|(at, _)| at % FOLDS == fold)
            {
                let ranked = learnt.ranked(phrase);
                right += usize::from(ranked[0].intent == *intent);
                if let Meaning::Sure(it) = learnt.meaning(phrase) {
                    sure += 1;
                    wrong += usize::from(it.intent != *intent);
                }
                if ranked[0].intent != *intent {
                    println!(
                        "{phrase}: {} {:.2} not {} {:.2}",
                        ranked[0].intent.name(),
                        ranked[0].score,
                        intent.name(),
                        ranked[1].score
                    );
                }
            }
        }
        println!(
            "{right} of {}, sure {sure}, of these wrong {wrong}",
            all.len()
        );
    }

    #[test]
    fn every_intent_has_fifteen_phrases_in_each_language() {
        for file in FILES {
            let all = phrases(file).unwrap();
            for intent in Intent::ALL {
                let count = all.iter().filter(|(it, _)| it == intent).count();
                assert!(count >= 11, "{}: {count}", intent.name());
            }
        }
    }
}
