//! Texts in the reader's language.
//!
//! The catalogue is in `web-logic`; here is the language that the reader chose.
//! [`t`] and [`tn`] are tracked: inside a closure of a view they follow the language switch.

use core::cell::Cell;

use leptos::prelude::{ArcRwSignal, Get, GetUntracked, Set};
pub use web_logic::texts::{Key, Lang, Plural, fill};
use web_logic::texts::{plural_in, text_in};

use crate::browser;

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
