//! Texts in the reader's language.
//!
//! The catalogue is `texts/{en,fr}/*.json`; the build turns it into [`Key`] and [`Plural`].
//! [`t`] and [`tn`] are tracked: inside a closure of a view they follow the language switch.

use core::cell::Cell;

use leptos::prelude::{ArcRwSignal, Get, GetUntracked, Set};

use crate::browser;

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

    fn from_tag(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next() {
            Some("en") => Some(Self::En),
            Some("fr") => Some(Self::Fr),
            _ => None,
        }
    }
}

const STORED: &str = "telehealth.language";

thread_local! {
    static LANG: ArcRwSignal<Lang> = ArcRwSignal::new(first_language());
    static MARKED: Cell<bool> = const { Cell::new(false) };
}

fn first_language() -> Lang {
    browser::local_get(STORED)
        .or_else(browser::language)
        .and_then(|tag| Lang::from_tag(&tag))
        .unwrap_or(Lang::Fr)
}

/// The language of the pages; tracked.
#[must_use]
pub fn lang() -> Lang {
    LANG.with(Get::get)
}

/// The language of the pages at this moment, for event handlers and tasks.
#[must_use]
pub fn lang_now() -> Lang {
    LANG.with(GetUntracked::get_untracked)
}

/// Switches the pages to a language and remembers it on this device.
pub fn set_lang(lang: Lang) {
    LANG.with(|signal| signal.set(lang));
    browser::local_set(STORED, lang.tag());
    browser::set_document_language(lang.tag());
}

/// Says the language to the document; once, at the start.
pub(crate) fn mark_document() {
    if !MARKED.replace(true) {
        browser::set_document_language(lang_now().tag());
    }
}

/// The text of a key; tracked.
#[must_use]
pub fn t(key: Key) -> &'static str {
    text_in(lang(), key)
}

/// The text of a key at this moment, for event handlers and tasks.
#[must_use]
pub fn t_now(key: Key) -> &'static str {
    text_in(lang_now(), key)
}

/// The text of a key as a closure that follows the language: `<p>{say(Key::Hello)}</p>`.
pub fn say(key: Key) -> impl Fn() -> &'static str + Copy + Send + Sync + 'static {
    move || t(key)
}

/// The text for a number, with the number in place of `{n}`; tracked.
#[must_use]
pub fn tn(plural: Plural, n: u64) -> String {
    fill(plural_in(lang(), plural, n), &[("n", &n.to_string())])
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

fn text_in(lang: Lang, key: Key) -> &'static str {
    TEXTS
        .get(key as usize)
        .map_or("", |texts| texts[lang as usize])
}

fn plural_in(lang: Lang, plural: Plural, n: u64) -> &'static str {
    // CLDR: French counts 0 as one, English does not.
    let form = match lang {
        Lang::En => usize::from(n != 1),
        Lang::Fr => usize::from(n > 1),
    };
    PLURALS
        .get(plural as usize)
        .map_or("", |texts| texts[lang as usize][form])
}

/// The text of a key with values: `tr!(Key::Greeting, name = me.name)`; tracked like [`t`].
#[macro_export]
macro_rules! tr {
    ($key:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::i18n::fill(
            $crate::i18n::t($key),
            &[$((stringify!($name), ::std::string::ToString::to_string(&$value).as_str())),*],
        )
    };
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
