//! Advice in short, from texts of our own after named guidance. Nothing is made up while talking.

use std::sync::OnceLock;

const FILE: &str = include_str!("../data/advice.txt");

/// One piece of advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Its name, stable.
    pub topic: &'static str,
    words: Vec<&'static str>,
    /// French.
    pub fr: &'static str,
    /// English.
    pub en: &'static str,
    /// The guidance that it follows, by name.
    pub source: &'static str,
    /// Who of medicine has read it.
    pub reviewed: &'static str,
}

/// Reads the pieces of a file; a piece that lacks a part is left out, which a test would notice.
fn read(text: &'static str) -> Vec<Advice> {
    text.split("\n[")
        .skip(1)
        .filter_map(|piece| {
            let (topic, rest) = piece.split_once(']')?;
            let part = |name: &str| rest.lines().find_map(|line| line.strip_prefix(name));
            Some(Advice {
                topic,
                words: part("words: ")?.split_whitespace().collect(),
                fr: part("fr: ")?,
                en: part("en: ")?,
                source: part("source: ")?,
                reviewed: part("reviewed: ")?,
            })
        })
        .collect()
}

/// All advice, in the order of the file.
#[must_use]
pub fn all() -> &'static [Advice] {
    static ALL: OnceLock<Vec<Advice>> = OnceLock::new();
    ALL.get_or_init(|| read(FILE))
}

/// The piece of a name.
#[must_use]
pub fn named(topic: &str) -> Option<&'static Advice> {
    all().iter().find(|it| it.topic == topic)
}

/// The advice that most of the folded words are about; of equals, the first.
#[must_use]
pub(crate) fn about(words: &[&str]) -> Option<&'static Advice> {
    let fits = |pattern: &str, word: &str| match pattern.strip_suffix('*') {
        Some(beginning) => word.starts_with(beginning),
        None => pattern == word,
    };
    let score = |it: &Advice| {
        let met = it
            .words
            .iter()
            .filter(|pattern| words.iter().any(|word| fits(pattern, word)));
        met.count()
    };
    let mut best: Option<(&Advice, usize)> = None;
    for it in all() {
        let score = score(it);
        if score > best.map_or(0, |(_, known)| known) {
            best = Some((it, score));
        }
    }
    best.map(|(it, _)| it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_advice_on_forty_topics_in_both_languages_with_its_source() {
        assert_eq!(
            all().len(),
            FILE.matches("\n[").count(),
            "a piece lacks a part"
        );
        assert!(all().len() >= 40);
        for it in all() {
            assert!(
                it.fr.len() > 40 && it.en.len() > 40 && it.source.len() > 3,
                "{}",
                it.topic
            );
            assert!(it.fr.chars().count() <= 300, "{} is long", it.topic);
            assert_eq!(it.reviewed, "not reviewed by a clinician");
        }
    }

    #[test]
    fn advice_is_found_by_words_of_either_language() {
        for (words, topic) in [
            (["que", "faire", "rhume"], "cold"),
            (["how", "prevent", "malaria"], "malaria"),
            (["conseil", "mal", "dos"], "back"),
            (["tips", "better", "sleep"], "sleep"),
        ] {
            assert_eq!(about(&words).map(|it| it.topic), Some(topic));
        }
        assert_eq!(about(&["bonjour"]), None);
    }
}
