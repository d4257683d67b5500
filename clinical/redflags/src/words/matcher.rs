//! Many patterns, found in a text in one pass.

use core::ops::Range;
use std::collections::BTreeMap;

use super::counted::{kept, without_shadowed};
use super::fold::Break;
use super::known;
use super::pattern::{EXACT, Order, Pattern, PatternError, Phrases};
use super::scope::{Assertion, Marks};
use super::spell::{distance_within, forgiven};
use super::stem::stem;
use super::text::Text;

/// Different unknown words of a text that are compared with the vocabulary; further ones are taken as
/// they are. Nobody misspells more in a readable text.
const MISSPELT_MAX: usize = 400;

/// A phrase that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Match {
    /// The number that came with its pattern.
    pub id: u32,
    /// First byte in the original.
    pub start: usize,
    /// Behind its last byte in the original.
    pub end: usize,
    /// What was said about it.
    pub marks: Marks,
    /// Since when or how long ago, in minutes, when a time stands near.
    pub minutes: Option<u32>,
}

impl Match {
    /// How it is meant.
    #[must_use]
    pub const fn assertion(&self) -> Assertion {
        self.marks.assertion()
    }
}

/// Places of one phrase that are looked at; a text that repeats it more often has been answered.
const PLACES_MAX: usize = 256;
/// Words that a comma between two clauses stands for, when a pattern counts the words between its parts: what
/// is said in another clause is seldom about the same thing.
const CLAUSE_WORDS: usize = 4;
/// Pronouns and adverbs that patterns may name and that otherwise stand in nobody's way: "n'arrive presque plus"
/// and "n'arrive même plus" are "n'arrive plus".
const STEPPED_OVER: [&str; 11] = [
    "me",
    "m",
    "en",
    "it",
    "meme",
    "presque",
    "quasi",
    "quasiment",
    "carrement",
    "even",
    "pratiquement",
];

type WordId = u32;
type RunId = u32;
type PartId = u32;

/// A word that counts only between these small words.
#[derive(Clone, Debug)]
struct Exact {
    before: Vec<String>,
    behind: Vec<String>,
    word: WordId,
}

/// A compiled list of patterns.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    /// Stems of all words in patterns.
    vocabulary: BTreeMap<String, WordId>,
    /// Words as written and their stems by first letter, for misspelt ones.
    spellings: BTreeMap<u8, Vec<(String, WordId)>>,
    /// Runs of words as a tree: from a node by a word to a node.
    tree: BTreeMap<(u32, WordId), u32>,
    /// The run that ends at a node.
    ends: Vec<Option<RunId>>,
    /// Per part: the runs that fulfil it, sorted.
    parts: Vec<Vec<RunId>>,
    part_ids: BTreeMap<Vec<RunId>, PartId>,
    patterns: Vec<(u32, Order, Vec<PartId>)>,
    /// By the stem of a word: the small words before and behind it with which it is a word of its own.
    exact: BTreeMap<String, Vec<Exact>>,
    /// Per run: the patterns whose first part it fulfils.
    anchors: Vec<Vec<u32>>,
    runs: u32,
}

/// The words of a text that patterns see, and the runs that begin at each.
struct Stream {
    /// Index of the token.
    token: Vec<usize>,
    sentence: Vec<u32>,
    runs: Vec<Vec<(RunId, usize)>>,
    /// Commas between clauses up to each word.
    commas: Vec<usize>,
}

impl Stream {
    /// What the commas between two words count for.
    fn apart(&self, first: usize, last: usize) -> usize {
        let commas = |at: usize| self.commas.get(at).copied().unwrap_or_default();
        CLAUSE_WORDS * commas(last).saturating_sub(commas(first))
    }
}

/// Commas up to each visible word, without those of a list of single words ("red, hot and swollen").
fn commas(text: &Text, visible: &[usize]) -> Vec<usize> {
    let starts = |at: usize| {
        let since = at.checked_sub(1).and_then(|before| visible.get(before));
        let first = since.map_or(0, |before| before + 1);
        visible.get(at).is_some_and(|&last| {
            text.tokens
                .get(first..=last)
                .unwrap_or_default()
                .iter()
                .any(|token| token.before >= Break::Clause)
        })
    };
    let clauses: Vec<usize> = (0..visible.len()).filter(|&at| starts(at)).collect();
    let mut count = 0;
    let mut counts = Vec::with_capacity(visible.len());
    for at in 0..visible.len() {
        if let Ok(clause) = clauses.binary_search(&at) {
            let before = clause
                .checked_sub(1)
                .and_then(|before| clauses.get(before))
                .copied()
                .unwrap_or_default();
            let behind = clauses.get(clause + 1).copied().unwrap_or(visible.len());
            count += usize::from(at - before > 1 && behind - at > 1);
        }
        counts.push(count);
    }
    counts
}

impl Matcher {
    /// The number of phrases that mean nothing though other phrases are found in them: "falls asleep" is no
    /// fall. Another phrase counts only when it stands elsewhere or holds all of such a phrase.
    pub const NOTHING: u32 = u32::MAX;

    /// Compiles patterns, each with a number of the caller's choice; several may share one.
    ///
    /// # Errors
    ///
    /// When a pattern has no word, too many parts or an unknown group.
    pub fn compile<'a>(
        phrases: &Phrases,
        patterns: impl IntoIterator<Item = (u32, &'a str)>,
    ) -> Result<Self, PatternError> {
        let mut matcher = Self {
            ends: vec![None],
            ..Self::default()
        };
        for (id, written) in patterns {
            let pattern = phrases.pattern(written)?;
            matcher.add(id, &pattern);
        }
        Ok(matcher)
    }

    /// Whether a folded word is one of the vocabulary.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.vocabulary.contains_key(stem(word))
    }

    /// Whether a word that is none of the vocabulary would be read as one that is.
    #[must_use]
    pub fn would_correct(&self, word: &str) -> bool {
        !self.knows(word) && !known::is_known(word) && self.meant(word).is_some()
    }

    /// All phrases in a text, by place. Linear in the text.
    #[must_use]
    pub fn find(&self, text: &Text) -> Vec<Match> {
        let stream = self.stream(text);
        let mut places: Vec<(u32, Vec<usize>)> = Vec::new();
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for at in 0..stream.runs.len() {
            for &(run, length) in &stream.runs[at] {
                for &pattern in &self.anchors[run as usize] {
                    let (id, order, parts) = &self.patterns[pattern as usize];
                    let Some(taken) = self.fits(&stream, at, length, *order, parts) else {
                        continue;
                    };
                    let count = counts.entry(*id).or_default();
                    if *count >= PLACES_MAX {
                        continue;
                    }
                    *count += 1;
                    let tokens = taken
                        .iter()
                        .flat_map(Range::clone)
                        .map(|at| stream.token[at])
                        .collect();
                    places.push((*id, tokens));
                }
            }
        }
        kept(text, &without_shadowed(places))
    }

    fn add(&mut self, id: u32, pattern: &Pattern) {
        let parts: Vec<PartId> = pattern.parts.iter().map(|part| self.part(part)).collect();
        let number = u32::try_from(self.patterns.len()).unwrap_or(u32::MAX);
        if let Some(first) = parts.first() {
            for run in self.parts[*first as usize].clone() {
                self.anchors[run as usize].push(number);
            }
        }
        self.patterns.push((id, pattern.order, parts));
    }

    fn part(&mut self, alternatives: &[Vec<String>]) -> PartId {
        let mut runs: Vec<RunId> = alternatives.iter().map(|run| self.run(run)).collect();
        runs.sort_unstable();
        runs.dedup();
        if let Some(known) = self.part_ids.get(&runs) {
            return *known;
        }
        let id = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        self.parts.push(runs.clone());
        self.part_ids.insert(runs, id);
        id
    }

    fn run(&mut self, words: &[String]) -> RunId {
        let mut node = 0;
        for word in words {
            let word = self.word(word);
            node = match self.tree.get(&(node, word)) {
                Some(next) => *next,
                None => {
                    let next = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
                    self.ends.push(None);
                    self.tree.insert((node, word), next);
                    next
                }
            };
        }
        let end = &mut self.ends[node as usize];
        *end.get_or_insert_with(|| {
            self.anchors.push(Vec::new());
            self.runs += 1;
            self.runs - 1
        })
    }

    fn word(&mut self, word: &str) -> WordId {
        let next = u32::try_from(self.vocabulary.len()).unwrap_or(u32::MAX);
        let small = |words: &str| words.split_whitespace().map(str::to_owned).collect();
        if let Some((before, rest)) = word.split_once(EXACT) {
            let (visible, behind) = rest.split_once(' ').unwrap_or((rest, ""));
            if let Some(id) = self.vocabulary.get(word) {
                return *id;
            }
            self.vocabulary.insert(word.to_owned(), next);
            let forms = self.exact.entry(stem(visible).to_owned()).or_default();
            forms.push(Exact {
                before: small(before),
                behind: small(behind),
                word: next,
            });
            return next;
        }
        let stemmed = stem(word);
        let id = *self.vocabulary.entry(stemmed.to_owned()).or_insert(next);
        for spelling in [word, stemmed] {
            if let Some(first) = spelling.bytes().next() {
                let bucket = self.spellings.entry(first).or_default();
                if !bucket.iter().any(|(known, _)| known == spelling) {
                    bucket.push((spelling.to_owned(), id));
                }
            }
        }
        id
    }

    fn stream(&self, text: &Text) -> Stream {
        let mut stream = Stream {
            token: Vec::new(),
            sentence: Vec::new(),
            runs: Vec::new(),
            commas: Vec::new(),
        };
        let mut words: Vec<(Option<WordId>, bool)> = Vec::new();
        let mut misspelt: BTreeMap<&str, Option<WordId>> = BTreeMap::new();
        for (at, token) in text
            .tokens
            .iter()
            .enumerate()
            .filter(|(_, token)| !token.filler)
        {
            stream.token.push(at);
            stream.sentence.push(token.sentence);
            let word = self.vocabulary.get(stem(&token.word)).copied().or_else(|| {
                if known::is_known(&token.word) {
                    return None;
                }
                if let Some(met) = misspelt.get(token.word.as_str()) {
                    return *met;
                }
                if misspelt.len() >= MISSPELT_MAX {
                    return None;
                }
                let meant = self.meant(&token.word);
                misspelt.insert(&token.word, meant);
                meant
            });
            words.push((word, STEPPED_OVER.contains(&token.word.as_str())));
        }
        stream.commas = commas(text, &stream.token);
        for at in 0..words.len() {
            let mut runs = self.runs_at(&words, &stream.sentence, at);
            runs.extend(self.exact_at(text, stream.token[at]));
            stream.runs.push(runs);
        }
        stream
    }

    /// The runs of one word that a word is between its small words.
    fn exact_at<'a>(
        &'a self,
        text: &'a Text,
        at: usize,
    ) -> impl Iterator<Item = (RunId, usize)> + 'a {
        let token = &text.tokens[at];
        let is = move |at: Option<usize>, word: &str| {
            at.and_then(|at| text.tokens.get(at))
                .is_some_and(|other| other.sentence == token.sentence && other.word == word)
        };
        let forms = self.exact.get(stem(&token.word)).into_iter().flatten();
        forms
            .filter(move |form| {
                let mut before = form.before.iter().rev().zip(1..);
                let mut behind = form.behind.iter().zip(1..);
                before.all(|(word, by)| is(at.checked_sub(by), word))
                    && behind.all(|(word, by)| is(at.checked_add(by), word))
            })
            .filter_map(|form| self.tree.get(&(0, form.word)))
            .filter_map(|node| Some((self.ends[*node as usize]?, 1)))
    }

    /// The runs that begin at a word. A pronoun or adverb inside a run is stepped over: "peux plus me lever".
    fn runs_at(
        &self,
        words: &[(Option<WordId>, bool)],
        sentences: &[u32],
        from: usize,
    ) -> Vec<(RunId, usize)> {
        let mut runs = Vec::new();
        let mut node = 0;
        let mut at = from;
        while let Some((word, pronoun)) = words.get(at) {
            if sentences[at] != sentences[from] {
                break;
            }
            match word.and_then(|word| self.tree.get(&(node, word))) {
                Some(next) => node = *next,
                None if at > from && *pronoun => {
                    at += 1;
                    continue;
                }
                None => break,
            }
            at += 1;
            if let Some(run) = self.ends[node as usize] {
                runs.push((run, at - from));
            }
        }
        runs
    }

    /// The word of the vocabulary that a misspelt one stands for, if one is nearest.
    fn meant(&self, word: &str) -> Option<WordId> {
        let max = forgiven(word.len());
        if max == 0 || !word.is_ascii() {
            return None;
        }
        let mut best: Option<(usize, WordId)> = None;
        let second = word.as_bytes().get(1).copied();
        for first in [word.bytes().next(), second].into_iter().flatten() {
            for (spelling, id) in self.spellings.get(&first).map_or(&[][..], Vec::as_slice) {
                // A short stem is reached from too many words.
                let max = max.min(forgiven(spelling.len().max(word.len() - 1).min(word.len())));
                if spelling.len() < 5 && max > 0 {
                    continue;
                }
                if let Some(distance) = distance_within(word, spelling, max) {
                    let better = best.is_none_or(|(least, known)| {
                        distance < least || (distance == least && known == *id)
                    });
                    if better {
                        best = Some((distance, *id));
                    }
                }
            }
        }
        best.map(|(_, id)| id)
    }

    fn length_at(&self, stream: &Stream, part: PartId, at: usize) -> Option<usize> {
        let wanted = &self.parts[part as usize];
        stream
            .runs
            .get(at)?
            .iter()
            .rev()
            .find(|(run, _)| wanted.binary_search(run).is_ok())
            .map(|&(_, length)| length)
    }

    /// Where the parts of a pattern stand when the first one stands at `at`.
    fn fits(
        &self,
        stream: &Stream,
        at: usize,
        length: usize,
        order: Order,
        parts: &[PartId],
    ) -> Option<Vec<Range<usize>>> {
        let rest = parts.get(1..)?;
        let mut taken: Vec<Range<usize>> = Vec::with_capacity(parts.len());
        taken.push(at..at + length);
        match order {
            Order::Sequence(gap) => {
                let mut from = at + length;
                for &part in rest {
                    let next = (from..=from + gap).find_map(|there| {
                        let same = stream.sentence.get(there) == stream.sentence.get(at);
                        let near = there - from + stream.apart(from - 1, there) <= gap;
                        let length = if same && near {
                            self.length_at(stream, part, there)
                        } else {
                            None
                        };
                        length.map(|length| there..there + length)
                    })?;
                    from = next.end;
                    taken.push(next);
                }
            }
            Order::Bag(gap) => {
                for &part in rest {
                    let next = self.nearest(stream, part, &taken, gap)?;
                    taken.push(next);
                }
                let first = taken.iter().map(|range| range.start).min()?;
                let last = taken.iter().map(|range| range.end).max()?;
                let own: usize = taken.iter().map(Range::len).sum();
                if last - first + stream.apart(first, last - 1) > own + gap {
                    return None;
                }
            }
        }
        Some(taken)
    }

    /// The place of a part that is nearest to what is taken.
    fn nearest(
        &self,
        stream: &Stream,
        part: PartId,
        taken: &[Range<usize>],
        gap: usize,
    ) -> Option<Range<usize>> {
        let first = taken.iter().map(|range| range.start).min()?;
        let last = taken.iter().map(|range| range.end).max()?;
        let sentence = stream.sentence.get(first);
        let reach = gap + 3;
        let mut best: Option<(usize, Range<usize>)> = None;
        for there in first.saturating_sub(reach)..(last + reach).min(stream.runs.len()) {
            if stream.sentence.get(there) != sentence {
                continue;
            }
            let Some(length) = self.length_at(stream, part, there) else {
                continue;
            };
            let range = there..there + length;
            if taken
                .iter()
                .any(|other| range.start < other.end && other.start < range.end)
            {
                continue;
            }
            let distance = if there < first {
                first.saturating_sub(range.end)
            } else {
                there.saturating_sub(last)
            };
            if best.as_ref().is_none_or(|(least, _)| distance < *least) {
                best = Some((distance, range));
            }
        }
        best.map(|(_, range)| range)
    }
}
