//! Whether somebody may be in the index already, under a name that is written a little differently.

use std::collections::HashMap;

use uuid::Uuid;

use crate::finder::{Entry, Finder, name_words};
use crate::person::{BirthDate, Person};
use crate::words::{EXACT, Meanings, SLIP};

/// Share of the name in a proposal.
const NAME: f32 = 0.5;
/// Share of the date of birth.
const BIRTH: f32 = 0.3;
/// Share of the phone.
const PHONE: f32 = 0.2;
/// Least score that is worth asking a person about.
const MIN_SCORE: f32 = 0.58;
/// Score of the same name when nothing else is known of one of the two.
const NAME_ONLY: f32 = 0.62;
/// Most proposals. More are dropped, worst first: a person compares them one by one.
const MAX_PROPOSALS: usize = 10;
/// People who are compared because of their name.
const BY_NAME: usize = 200;

/// A reason for a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// One identifier is the same.
    SameIdentifier,
    /// One phone is the same.
    SamePhone,
    /// Day, month and year of birth are the same.
    SameBirthDate,
    /// Day and month of birth have changed places.
    SwappedBirthDate,
    /// Only the year of birth is known of one, and it is the same.
    SameBirthYear,
    /// All names are the same.
    SameName,
    /// The names differ by a slip or a spelling, or one has more names.
    CloseName,
}

/// Somebody who may be the same person.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The person in the index.
    pub id: Uuid,
    /// Likeness from 0 to 1; 1 only for the same identifier or for all of name, birth date and phone.
    pub score: f32,
    /// The reasons, in the order of [`Why`].
    pub why: Vec<Why>,
}

impl Finder {
    /// People in the index who may be this person, likeliest first, at most ten.
    #[must_use]
    pub fn similar(&self, person: &Person) -> Vec<Proposal> {
        let (names, _) = name_words(&person.names);
        let asked: Vec<Meanings> = names.iter().map(|word| self.words.meanings(word)).collect();
        let sought = Sought::of(person);
        let mut candidates: HashMap<Uuid, ()> = HashMap::new();
        for hit in self.search(&names.join(" "), BY_NAME) {
            candidates.insert(hit.id, ());
        }
        let by_facts = sought
            .phones
            .iter()
            .flat_map(|phone| self.facts.phone_ends(phone).take(BY_NAME))
            .chain(
                sought
                    .identifiers
                    .iter()
                    .flat_map(|id| self.facts.identifier_begins(id).take(BY_NAME)),
            )
            .chain(self.born_on(sought.birth));
        for entry in by_facts.filter_map(|slot| self.entries.get(slot as usize)) {
            candidates.insert(entry.id, ());
        }
        let mut proposals: Vec<Proposal> = candidates
            .into_keys()
            .filter_map(|id| self.entry_of(id))
            .filter_map(|entry| compare(entry, &sought, &asked))
            .collect();
        proposals.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        proposals.truncate(MAX_PROPOSALS);
        proposals
    }

    /// Everybody who is born on a day. A day has few people even among millions.
    fn born_on(&self, birth: Option<BirthDate>) -> impl Iterator<Item = u32> {
        birth
            .filter(|birth| birth.is_whole())
            .into_iter()
            .flat_map(|birth| {
                self.facts
                    .born(birth.number()..=birth.number())
                    .take(BY_NAME * 10)
            })
    }
}

/// The person that is looked for, folded once.
struct Sought {
    birth: Option<BirthDate>,
    phones: Vec<String>,
    identifiers: Vec<String>,
}

impl Sought {
    fn of(person: &Person) -> Self {
        let digits = |phone: &String| {
            phone
                .chars()
                .filter(char::is_ascii_digit)
                .collect::<String>()
        };
        Self {
            birth: person.birth_date,
            phones: person
                .phones
                .iter()
                .map(digits)
                .filter(|phone| phone.len() >= 6)
                .collect(),
            identifiers: person
                .identifiers
                .iter()
                .map(|id| crate::fold::fold_identifier(id))
                .filter(|id| id.len() >= 4)
                .collect(),
        }
    }
}

fn compare(entry: &Entry, sought: &Sought, asked: &[Meanings]) -> Option<Proposal> {
    let mut why = Vec::new();
    if sought
        .identifiers
        .iter()
        .any(|id| entry.identifiers.iter().any(|other| **other == **id))
    {
        why.push(Why::SameIdentifier);
    }
    let mut known = NAME;
    let mut sum = 0.0;
    if !sought.phones.is_empty() && !entry.phones.is_empty() {
        known += PHONE;
        if sought
            .phones
            .iter()
            .any(|phone| entry.phones.contains(&crate::facts::phone_number(phone)))
        {
            why.push(Why::SamePhone);
            sum += PHONE;
        }
    }
    if let (Some(one), Some(other)) = (sought.birth, BirthDate::of_number(entry.birth)) {
        known += BIRTH;
        if let Some((reason, weight)) = birth(one, other) {
            why.push(reason);
            sum += BIRTH * weight;
        }
    }
    let name = name_likeness(entry, asked);
    if name >= 0.99 {
        why.push(Why::SameName);
    } else if name >= 0.6 {
        why.push(Why::CloseName);
    }
    sum += NAME * name;
    let same_identifier = why.contains(&Why::SameIdentifier);
    let score = if same_identifier {
        1.0
    } else if known <= NAME {
        NAME_ONLY * name
    } else {
        sum / known
    };
    why.sort_unstable();
    (score >= MIN_SCORE).then_some(Proposal {
        id: entry.id,
        score,
        why,
    })
}

fn birth(one: BirthDate, other: BirthDate) -> Option<(Why, f32)> {
    if one.is_whole() && other.is_whole() {
        if one == other {
            Some((Why::SameBirthDate, 1.0))
        } else if one.year == other.year && one.month == other.day && one.day == other.month {
            Some((Why::SwappedBirthDate, 0.8))
        } else {
            None
        }
    } else {
        (one.year == other.year).then_some((Why::SameBirthYear, 0.5))
    }
}

/// From 0 to 1: how many of the words of the shorter name are in the longer one, slips and spellings counting
/// less, a little less for each word that only one has.
fn name_likeness(entry: &Entry, asked: &[Meanings]) -> f32 {
    let words = entry.words.get(..usize::from(entry.primary)).unwrap_or(&[]);
    let mut taken = 0_u64;
    let mut sum = 0.0;
    for meanings in asked {
        let best = words
            .iter()
            .enumerate()
            .filter(|(at, _)| *at < 64 && taken & (1 << at) == 0)
            .map(|(at, word)| {
                (
                    at,
                    meanings.weights.get(*word as usize).copied().unwrap_or(0.0),
                )
            })
            .max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((at, weight)) = best.filter(|(_, weight)| *weight > 0.0) {
            taken |= 1 << at;
            // A typed beginning is not a likeness of two finished names.
            sum += if weight >= EXACT {
                1.0
            } else {
                weight.min(SLIP)
            };
        }
    }
    let number = |count: usize| f32::from(u8::try_from(count.max(1)).unwrap_or(u8::MAX));
    let shorter = number(words.len().min(asked.len()));
    let extra = words.len().abs_diff(asked.len());
    (sum / shorter - 0.08 * number(extra + 1) + 0.08).clamp(0.0, 1.0)
}
