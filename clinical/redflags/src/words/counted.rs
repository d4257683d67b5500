//! Which of the phrases that were found count, and how they are meant.

use std::collections::BTreeMap;

use super::matcher::{Match, Matcher};
use super::scope::{Assertion, Effect, Marks};
use super::text::Text;

/// Matches of one phrase that are kept, of those that are present and of the others each. Further ones
/// are dropped: they say the same again.
pub(super) const MATCHES_MAX: usize = 8;
/// Words between a phrase and a time that belongs to it.
const MOMENT_WORDS: usize = 14;

/// Without what a phrase of [`Matcher::NOTHING`] explains, and without these phrases themselves. It explains a phrase
/// only when it has all words of it and one more: what says more than it does is not explained.
pub(super) fn without_shadowed(places: Vec<(u32, Vec<usize>)>) -> Vec<(u32, Vec<usize>)> {
    let (shadows, mut places): (Vec<_>, Vec<_>) = places
        .into_iter()
        .partition(|(id, _)| *id == Matcher::NOTHING);
    let mut over: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, (_, tokens)) in shadows.iter().enumerate() {
        for &token in tokens {
            over.entry(token).or_default().push(number);
        }
    }
    if over.is_empty() {
        return places;
    }
    places.retain(|(_, tokens)| {
        !tokens
            .first()
            .and_then(|token| over.get(token))
            .into_iter()
            .flatten()
            .filter_map(|&number| shadows.get(number))
            .any(|(_, shadow)| {
                tokens.iter().all(|token| shadow.contains(token))
                    && !shadow.iter().all(|token| tokens.contains(token))
            })
    });
    places
}

/// The matches at these places, at most [`MATCHES_MAX`] of a phrase and kind, by place.
pub(super) fn kept(text: &Text, places: &[(u32, Vec<usize>)]) -> Vec<Match> {
    let mut own: BTreeMap<usize, usize> = BTreeMap::new();
    for (_, tokens) in places.iter().filter(|(_, tokens)| tokens.len() > 1) {
        for &token in tokens {
            let others = tokens.iter().copied().filter(|other| *other != token);
            let next = if others
                .clone()
                .any(|other| other < token && token - other <= 2)
            {
                0
            } else {
                others.filter(|other| *other > token).min().unwrap_or(0)
            };
            let nearest = own.entry(token).or_insert(next);
            *nearest = next.min(*nearest);
        }
    }
    let mut found: Vec<Match> = Vec::new();
    let mut counts: BTreeMap<(u32, bool), usize> = BTreeMap::new();
    for (id, tokens) in places {
        let one = describe(text, *id, tokens, &own);
        let count = counts
            .entry((*id, one.assertion() == Assertion::Present))
            .or_default();
        if *count < MATCHES_MAX {
            *count += 1;
            found.push(one);
        }
    }
    found.sort_by_key(|one| (one.start, one.id, one.end));
    found.dedup();
    found
}

/// A match over these tokens of a text, with what is said about it. `own` holds the tokens of phrases of several
/// words, each with the next token of its phrase, 0 when the phrase began before it: a "not" of such a phrase denies
/// what reaches the rest of the phrase or follows it no more, but still what stands between the "not" and that rest.
fn describe(text: &Text, id: u32, tokens: &[usize], own: &BTreeMap<usize, usize>) -> Match {
    let first = tokens.iter().copied().min().unwrap_or_default();
    let last = tokens.iter().copied().max().unwrap_or_default();
    let mut marks = Marks::default();
    let sentence = text.tokens[first].sentence as usize;
    for reach in text
        .of_sentence
        .get(sentence)
        .and_then(|range| text.reaches.get(range.clone()))
        .unwrap_or_default()
    {
        if tokens.iter().any(|token| reach.cue.contains(token))
            || (reach.of_verb && own.get(&reach.cue.start).is_some_and(|next| *next <= last))
        {
            continue;
        }
        let any = tokens.iter().any(|token| reach.words.contains(token));
        let all = tokens.iter().all(|token| reach.words.contains(token));
        match reach.effect {
            Effect::Deny if any => marks.denied = reach.goes_on || !marks.denied,
            Effect::Other if all => marks.other = true,
            Effect::Past if all => marks.past = true,
            Effect::Imagine if all => marks.imagined = true,
            Effect::Deny | Effect::Other | Effect::Past | Effect::Imagine => {}
        }
    }
    let near = |moment: &&super::clock::Moment| {
        let distance = if moment.first > last {
            moment.first - last
        } else {
            first.saturating_sub(moment.behind)
        };
        (text.tokens[moment.first].sentence as usize == sentence && distance <= MOMENT_WORDS)
            .then_some(distance)
    };
    let moment = text
        .moments()
        .iter()
        .filter(|moment| near(moment).is_some())
        .min_by_key(near);
    Match {
        id,
        start: text.tokens[first].start,
        end: text.tokens[last].end,
        marks,
        minutes: moment.map(|moment| moment.minutes),
    }
}
