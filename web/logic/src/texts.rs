//! Texts in the languages of the pages.
//!
//! The catalogue is `texts/{en,fr}/*.json`; the build turns it into [`Key`] and [`Plural`].

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English.
    En,
    /// French.
    Fr,
}

impl Lang {
    /// The BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// The language of a tag, by its first part.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next() {
            Some("en") => Some(Self::En),
            Some("fr") => Some(Self::Fr),
            _ => None,
        }
    }
}

/// Puts values in place of `{name}`s. Names that the text does not have are ignored.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        if let Some((_, value)) = values.iter().find(|(key, _)| *key == name) {
            filled.push_str(value);
        }
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

/// The text of a key in a language.
#[must_use]
pub fn text_in(lang: Lang, key: Key) -> &'static str {
    TEXTS
        .get(key as usize)
        .map_or("", |texts| texts[lang as usize])
}

/// The text for a number in a language, with `{n}` for the number.
#[must_use]
pub fn plural_in(lang: Lang, plural: Plural, n: u64) -> &'static str {
    // CLDR: French counts 0 as one, English does not.
    let form = match lang {
        Lang::En => usize::from(n != 1),
        Lang::Fr => usize::from(n > 1),
    };
    PLURALS
        .get(plural as usize)
        .map_or("", |texts| texts[lang as usize][form])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_place_of_their_names() {
        assert_eq!(
            fill("{a} and {b}", &[("a", "x"), ("b", "{a}")]),
            "x and {a}"
        );
        assert_eq!(fill("open { brace", &[]), "open { brace");
    }

    #[test]
    fn french_counts_zero_as_one_and_english_does_not() {
        let forms = |lang| [0, 1, 2].map(|n| plural_in(lang, Plural::PlaceInQueue, n));
        let [zero, one, two] = forms(Lang::Fr);
        assert!(zero == one && one != two);
        let [zero, one, two] = forms(Lang::En);
        assert!(zero == two && one != two);
    }

    #[test]
    fn a_language_is_known_by_its_first_subtag() {
        assert_eq!(Lang::from_tag("fr-CM"), Some(Lang::Fr));
        assert_eq!(Lang::from_tag("en_GB"), Some(Lang::En));
        assert_eq!(Lang::from_tag("de"), None);
    }
}
