//! The formulary: fuzzy search in both languages, by trade name and by ATC code.

use clinical_finder::fold_words;
use clinical_safety::{Substance, SubstanceId};

use super::CheckFailed;
use super::checker::rules;

/// Most medicines in one answer; the rest is left out, because nobody reads further.
pub const MEDICINES_MAX: usize = 20;

/// Medicines that fit what somebody typed, the best first, at most [`MEDICINES_MAX`].
///
/// # Errors
/// The data set is damaged.
pub fn search_medicines(query: &str) -> Result<Vec<&'static Substance>, CheckFailed> {
    let wanted = fold_words(query);
    let rules = rules()?;
    if wanted.is_empty() {
        return Ok(rules.substances().take(MEDICINES_MAX).collect());
    }
    let mut hits: Vec<(usize, &Substance)> = rules
        .substances()
        .filter_map(|it| distance(it, &wanted).map(|far| (far, it)))
        .collect();
    hits.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.id.cmp(&b.1.id)));
    hits.truncate(MEDICINES_MAX);
    Ok(hits.into_iter().map(|(_, it)| it).collect())
}

/// A medicine of the formulary.
///
/// # Errors
/// The data set is damaged.
pub fn medicine(id: &str) -> Result<Option<&'static Substance>, CheckFailed> {
    Ok(rules()?.substance(&SubstanceId::new(id)))
}

/// How far a medicine is from what was typed; none when a word fits nothing of it.
fn distance(it: &Substance, wanted: &[String]) -> Option<usize> {
    let names = [it.id.as_str(), &it.name.fr, &it.name.en].map(str::to_owned);
    let words: Vec<String> = names
        .iter()
        .chain(&it.brands)
        .chain(&it.atc)
        .flat_map(|text| fold_words(text))
        .collect();
    wanted
        .iter()
        .map(|word| words.iter().filter_map(|known| far(word, known)).min())
        .sum()
}

fn far(word: &str, known: &str) -> Option<usize> {
    if word == known {
        return Some(0);
    }
    if known.starts_with(word) {
        return Some(1);
    }
    let length = word.chars().count();
    if length >= 3 && known.contains(word) {
        return Some(3);
    }
    let allowed = match length {
        0..=3 => 0,
        4..=6 => 1,
        _ => 2,
    };
    // As far as it was typed: a mistake in the first letters is found before the word is whole.
    let start: String = known.chars().take(length).collect();
    let edits = edits(word, known).min(edits(word, &start));
    (edits <= allowed).then(|| 3 + edits)
}

/// Letters to change, put in or leave out (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((y, &above), &left_above) in b.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or(0);
            let change = left_above + usize::from(x != *y);
            next.push(change.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
