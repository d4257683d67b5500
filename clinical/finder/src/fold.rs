//! Words of names without what people leave out or write differently: case, accents, apostrophes.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest word that is kept, in letters. Longer ones are cut, because no name needs more and the cost of a
/// comparison grows with it.
pub(crate) const MAX_LETTERS: usize = 40;

/// The words of a name: lower case, without accents and apostrophes, split at everything that is no letter.
#[must_use]
pub fn fold_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut letters = 0;
    for c in text.nfkd() {
        if is_combining_mark(c) || is_apostrophe(c) {
            continue;
        }
        if c.is_alphabetic() {
            if letters < MAX_LETTERS {
                push_folded(c, &mut word);
                letters += 1;
            }
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
            letters = 0;
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Letters and digits of an identifier, lower case, without what separates them.
pub(crate) fn fold_identifier(text: &str) -> String {
    text.nfkd()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .take(MAX_LETTERS)
        .collect()
}

/// Apostrophes, primes and the letters that stand for a glottal stop: `N'Dongo` is looked for as `Ndongo`.
fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '\u{b4}' | '\u{2b9}'
            ..='\u{2bf}'
                | '\u{2c8}'
                | '\u{2018}'
                | '\u{2019}'
                | '\u{201b}'
                | '\u{2032}'
                | '\u{a78c}'
                | '\u{ff07}'
    )
}

/// Letters that do not decompose are written as people without that keyboard write them.
fn push_folded(c: char, word: &mut String) {
    for lower in c.to_lowercase() {
        match lower {
            'œ' => word.push_str("oe"),
            'æ' => word.push_str("ae"),
            'ß' => word.push_str("ss"),
            'ŋ' => word.push_str("ng"),
            'þ' => word.push_str("th"),
            'ø' | 'ɔ' => word.push('o'),
            'ɓ' => word.push('b'),
            'ɗ' | 'đ' | 'ð' | 'ɖ' => word.push('d'),
            'ɛ' | 'ə' | 'ǝ' => word.push('e'),
            'ɨ' | 'ı' | 'ɩ' => word.push('i'),
            'ł' => word.push('l'),
            'ƙ' => word.push('k'),
            'ƴ' => word.push('y'),
            'ʉ' | 'ʋ' => word.push('u'),
            'ɣ' => word.push('g'),
            other if is_combining_mark(other) => {}
            other => word.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_apostrophes_and_hyphens_do_not_matter() {
        assert_eq!(
            fold_words("N'DONGO-Éléonore  d\u{2019}Œuvre"),
            ["ndongo", "eleonore", "doeuvre"]
        );
        assert_eq!(fold_words("Ŋɔnɔ Ɓàllà"), ["ngono", "balla"]);
        assert_eq!(fold_words("  -- 12 "), Vec::<String>::new());
    }

    #[test]
    fn letters_of_other_scripts_are_kept() {
        assert_eq!(fold_words("Ольга محمد"), ["ольга", "محمد"]);
    }

    #[test]
    fn identifiers_lose_their_separators() {
        assert_eq!(fold_identifier("CM-2023/00 12a"), "cm20230012a");
    }
}
