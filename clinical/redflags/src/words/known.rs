//! Ordinary words of both languages: those that say nothing, and those that are no typing errors.

use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Articles, pronouns, auxiliaries and prepositions of both languages. Patterns do not see them.
const FILLERS: &str = "the a an my your his her its our their i you he she we they him them us \
le la les l un une des de du d au aux mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs \
je j tu il elle on nous vous ils elles ca cela c  ce cet cette ces s t se te y lui moi \
is are am was were be been being has have had having do does did done will would got getting get \
est sont etait etaient suis es ai as a ont avons avez avais avait avoir eu etre ete \
in on at to of for from with and by this that these those there really very so just some like as \
dans sur pour avec et par que qu qui tres vraiment juste si also aussi quite vachement super hyper";

/// Further everyday words: never taken for a misspelling of a medical one.
const ORDINARY: &str = include_str!("../../data/ordinary_words.txt");

fn set(
    cell: &'static OnceLock<BTreeSet<&'static str>>,
    words: &'static str,
) -> &'static BTreeSet<&'static str> {
    cell.get_or_init(|| {
        words
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(str::split_whitespace)
            .collect()
    })
}

/// Whether patterns leave this word out.
pub(super) fn is_filler(word: &str) -> bool {
    static SET: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    set(&SET, FILLERS).contains(word)
}

/// Whether this is an everyday word of one of the languages.
pub(super) fn is_known(word: &str) -> bool {
    static SET: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    is_filler(word) || super::cues::is_in_cue(word) || set(&SET, ORDINARY).contains(word)
}
