//! Words that mean the same in both languages, and inflected.

use std::collections::BTreeMap;
use std::sync::OnceLock;

const FILE: &str = include_str!("../data/concepts.txt");

/// What words stand for.
#[derive(Debug)]
pub(crate) struct Concepts {
    whole: BTreeMap<&'static str, Vec<&'static str>>,
    beginnings: Vec<(&'static str, &'static str)>,
}

impl Concepts {
    /// The concepts of this crate, read once in a process.
    pub(crate) fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Concepts> = OnceLock::new();
        SHIPPED.get_or_init(|| Self::read(FILE))
    }

    fn read(text: &'static str) -> Self {
        let mut whole: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut beginnings = Vec::new();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        for (name, words) in lines.filter_map(|line| line.split_once(':')) {
            for word in words.split_whitespace() {
                match word.strip_suffix('*') {
                    Some(beginning) => beginnings.push((beginning, name)),
                    None => whole.entry(word).or_default().push(name),
                }
            }
        }
        Self { whole, beginnings }
    }

    /// What a folded word stands for.
    pub(crate) fn of(&self, word: &str) -> Vec<&'static str> {
        let mut found = self.whole.get(word).cloned().unwrap_or_default();
        let begun = self
            .beginnings
            .iter()
            .filter(|(it, _)| word.starts_with(it));
        found.extend(begun.map(|(_, name)| *name));
        found.sort_unstable();
        found.dedup();
        found
    }
}
