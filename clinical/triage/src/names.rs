//! Whether two names mean the same condition.

use std::collections::BTreeSet;

/// Words that say nothing about which condition it is.
const EMPTY: [&str; 12] = [
    "acute",
    "disease",
    "syndrome",
    "the",
    "of",
    "a",
    "an",
    "s",
    "and",
    "infection",
    "disorder",
    "primary",
];

/// Tolerant comparison: letters and digits only, any order of words, without "acute", "disease" and
/// the like as long as something is left.
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    let (one, other) = (key(one), key(other));
    !one.is_empty() && one == other
}

fn key(name: &str) -> BTreeSet<String> {
    let folded = name
        .to_lowercase()
        .replace("ae", "e")
        .replace("oe", "e")
        .replace('ö', "o");
    let all: BTreeSet<String> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            if word.len() > 3 && !word.ends_with("is") && !word.ends_with("ss") {
                word.trim_end_matches('s').to_owned()
            } else {
                word.to_owned()
            }
        })
        .collect();
    let telling: BTreeSet<String> = all
        .iter()
        .filter(|word| !EMPTY.contains(&word.as_str()))
        .cloned()
        .collect();
    if telling.is_empty() { all } else { telling }
}
