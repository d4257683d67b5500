//! The index of people and the search over it.

use std::collections::HashMap;
use std::fmt;

use uuid::Uuid;

use crate::facts::{Facts, phone_number};
use crate::fold::{fold_identifier, fold_words};
use crate::person::{BirthDate, Person};
use crate::query::{Fact, Needle, parse};
use crate::score::fit;
use crate::words::{Meanings, Words};

/// Most hits of one search. More are dropped, worst first: nobody reads them, and the caller filters.
pub const MAX_HITS: usize = 1_000;

/// Most people whose fit one search computes. The words that few people bear are looked up first; when the
/// rest would be more than this, it is only compared with those found so far. That bounds the time of a query
/// such as one letter, at the price that its hits are some of very many.
const MAX_CANDIDATES: usize = 40_000;

/// Least fit that is worth showing.
const MIN_SCORE: f32 = 0.4;

/// Most words of one person; more are dropped.
const MAX_WORDS: usize = 24;

/// Somebody who may be meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The person.
    pub id: Uuid,
    /// Fit from 0 to 1.
    pub score: f32,
}

/// What is kept of one person.
#[derive(Default)]
pub(crate) struct Entry {
    pub(crate) id: Uuid,
    /// Words of the names, first the written ones, then joined ones of double names.
    pub(crate) words: Box<[u32]>,
    /// How many of the words are written ones.
    pub(crate) primary: u8,
    pub(crate) birth: u32,
    pub(crate) phones: Box<[u64]>,
    pub(crate) identifiers: Box<[Box<str>]>,
}

/// People, found by what somebody remembers of them.
#[derive(Default)]
pub struct Finder {
    pub(crate) words: Words,
    pub(crate) facts: Facts,
    pub(crate) entries: Vec<Entry>,
    slots: HashMap<Uuid, u32>,
    free: Vec<u32>,
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finder")
            .field("people", &self.slots.len())
            .finish_non_exhaustive()
    }
}

impl Finder {
    /// A finder that knows nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many people it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether it knows nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Adds a person, or replaces what was known of them.
    pub fn insert(&mut self, id: Uuid, person: &Person) {
        self.remove(id);
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => match u32::try_from(self.entries.len()) {
                Ok(slot) => slot,
                Err(_) => return,
            },
        };
        let entry = self.entry(id, person);
        for word in &entry.words {
            self.words.add_bearer(*word, slot);
        }
        self.facts
            .add(slot, entry.birth, &entry.phones, &entry.identifiers);
        self.slots.insert(id, slot);
        if let Some(place) = self.entries.get_mut(slot as usize) {
            *place = entry;
        } else {
            self.entries.push(entry);
        }
    }

    /// Forgets a person. Answers whether they were known.
    pub fn remove(&mut self, id: Uuid) -> bool {
        let Some(slot) = self.slots.remove(&id) else {
            return false;
        };
        if let Some(place) = self.entries.get_mut(slot as usize) {
            let entry = std::mem::take(place);
            for word in &entry.words {
                self.words.remove_bearer(*word, slot);
            }
            self.facts
                .remove(slot, entry.birth, &entry.phones, &entry.identifiers);
        }
        self.free.push(slot);
        true
    }

    /// The people who fit best, best first, at most `limit` and [`MAX_HITS`]. Words in any order, the last
    /// letters may be missing, one slip in a word of four letters or more, spellings that sound alike, birth
    /// dates in many ways of writing, last digits of a phone, beginning of an identifier.
    #[must_use]
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        let mut asked = Vec::new();
        let mut facts = Vec::new();
        for needle in parse(query) {
            match needle {
                Needle::Word(word) => asked.push(self.words.meanings(&word)),
                Needle::Fact(fact) => facts.push(self.people_with(&fact)),
            }
        }
        let candidates = self.candidates(&asked, &facts);
        let asked: Vec<&Meanings> = asked.iter().collect();
        let mut found: Vec<(f32, u32)> = Vec::new();
        for slot in candidates {
            let Some(entry) = self.entries.get(slot as usize) else {
                continue;
            };
            let known: f32 = facts.iter().filter_map(|fact| fact.get(&slot)).sum();
            let score = fit(
                &entry.words,
                usize::from(entry.primary),
                &asked,
                known,
                facts.len(),
            );
            if score >= MIN_SCORE {
                found.push((score, slot));
            }
        }
        self.best(found, limit)
    }

    /// The best of what was found. Equal scores keep the order of ids, so that an answer repeats.
    fn best(&self, mut found: Vec<(f32, u32)>, limit: usize) -> Vec<Hit> {
        let limit = limit.min(MAX_HITS);
        let id = |slot: u32| {
            self.entries
                .get(slot as usize)
                .map_or_else(Uuid::nil, |entry| entry.id)
        };
        let order = |a: &(f32, u32), b: &(f32, u32)| {
            b.0.total_cmp(&a.0).then_with(|| id(a.1).cmp(&id(b.1)))
        };
        if limit == 0 {
            return Vec::new();
        }
        if found.len() > limit {
            found.select_nth_unstable_by(limit - 1, order);
            found.truncate(limit);
        }
        found.sort_unstable_by(order);
        found
            .into_iter()
            .map(|(score, slot)| Hit {
                id: id(slot),
                score,
            })
            .collect()
    }

    /// Who is worth comparing: bearers of the words that few bear first, until there are enough.
    fn candidates(&self, asked: &[Meanings], facts: &[HashMap<u32, f32>]) -> Vec<u32> {
        let mut seen = vec![0_u64; self.entries.len() / 64 + 1];
        let mut found = Vec::new();
        let mut take = |slot: u32, found: &mut Vec<u32>| {
            let (at, bit) = (slot as usize / 64, 1_u64 << (slot % 64));
            if let Some(word) = seen.get_mut(at)
                && *word & bit == 0
            {
                *word |= bit;
                found.push(slot);
            }
        };
        for slot in facts.iter().flat_map(HashMap::keys) {
            take(*slot, &mut found);
        }
        let mut rare_first: Vec<&Meanings> = asked.iter().collect();
        rare_first.sort_by_key(|meanings| meanings.bearers);
        for meanings in rare_first {
            if found.is_empty() || found.len() + meanings.bearers <= MAX_CANDIDATES {
                let mut words = meanings.meant.clone();
                let weight =
                    |word: u32| meanings.weights.get(word as usize).copied().unwrap_or(0.0);
                words.sort_unstable_by(|a, b| weight(*b).total_cmp(&weight(*a)).then(a.cmp(b)));
                for word in words {
                    for slot in self.words.bearers(word) {
                        if found.len() >= MAX_CANDIDATES {
                            return found;
                        }
                        take(*slot, &mut found);
                    }
                }
            }
        }
        found
    }

    /// People for whom digits mean something, with its weight.
    fn people_with(&self, fact: &Fact) -> HashMap<u32, f32> {
        let mut found = HashMap::new();
        let mut weigh = |slot: u32, weight: f32| {
            let best = found.entry(slot).or_insert(weight);
            *best = best.max(weight);
        };
        if let Some(identifier) = &fact.identifier {
            for slot in self
                .facts
                .identifier_begins(identifier)
                .take(MAX_CANDIDATES)
            {
                weigh(slot, 0.9);
            }
        }
        if let Some(phone) = &fact.phone {
            let weight = if phone.len() >= 8 { 1.0 } else { 0.9 };
            for slot in self.facts.phone_ends(phone).take(MAX_CANDIDATES) {
                weigh(slot, weight);
            }
        }
        for (rank, (from, to)) in fact.dates.iter().enumerate() {
            let weight = match (from == to, rank) {
                (true, 0) => 1.0,
                (true, _) => 0.85,
                (false, _) => 0.8,
            };
            for slot in self.facts.born(*from..=*to).take(MAX_CANDIDATES) {
                weigh(slot, weight);
            }
        }
        found
    }

    pub(crate) fn entry(&mut self, id: Uuid, person: &Person) -> Entry {
        let (primary, joined) = name_words(&person.names);
        let mut words: Vec<u32> = primary
            .iter()
            .filter_map(|word| self.words.intern(word))
            .collect();
        let primary = u8::try_from(words.len()).unwrap_or(u8::MAX);
        words.extend(joined.iter().filter_map(|word| self.words.intern(word)));
        let mut phones: Vec<u64> = person
            .phones
            .iter()
            .map(|phone| phone_number(phone))
            .filter(|phone| *phone != 0)
            .collect();
        phones.sort_unstable();
        phones.dedup();
        let mut identifiers: Vec<Box<str>> = person
            .identifiers
            .iter()
            .map(|id| fold_identifier(id).into_boxed_str())
            .filter(|id| !id.is_empty())
            .collect();
        identifiers.sort_unstable();
        identifiers.dedup();
        Entry {
            id,
            words: words.into(),
            primary,
            birth: person.birth_date.map_or(0, BirthDate::number),
            phones: phones.into(),
            identifiers: identifiers.into(),
        }
    }

    pub(crate) fn entry_of(&self, id: Uuid) -> Option<&Entry> {
        self.slots
            .get(&id)
            .and_then(|slot| self.entries.get(*slot as usize))
    }
}

/// The different words of names, and the joined words of double names: `Jean-Pierre` is `jean`, `pierre` and
/// `jeanpierre`.
pub(crate) fn name_words(names: &[String]) -> (Vec<String>, Vec<String>) {
    let mut primary: Vec<String> = Vec::new();
    let mut joined: Vec<String> = Vec::new();
    for chunk in names.iter().flat_map(|name| name.split_whitespace()) {
        let words = fold_words(chunk);
        if words.len() > 1 {
            joined.push(words.concat());
        }
        for word in words {
            if primary.len() < MAX_WORDS && !primary.contains(&word) {
                primary.push(word);
            }
        }
    }
    joined.retain(|word| !primary.contains(word));
    joined.truncate(4);
    (primary, joined)
}
