//! Secure messages: the conversations of a person, and one of them.

mod answer;
mod begin;
pub(crate) mod list;
mod members;
mod talk;
pub(crate) mod thread;

use clinical_api::ThreadView;
use clinical_model::Role;

use crate::browser;
use crate::i18n::{Key, t};
use crate::pages::account::people::role_key;
use crate::session::me;
use crate::tr;

/// Longest message, in characters.
const CHARS_MAX: u32 = 4_000;

/// A key for one request of this page: the same however often it has to be sent.
fn new_key() -> String {
    format!("{}-{}", browser::now_us(), js_sys::Math::random())
}

/// A person with what they are to the clinic; tracked.
fn named(name: &str, role: Role) -> String {
    tr!(
        Key::MessagesPersonRole,
        name = name,
        role = t(role_key(role)).to_lowercase()
    )
}

/// Everybody in a conversation but the reader; tracked.
fn others(thread: &ThreadView) -> String {
    let own = me().map(|me| me.id);
    let names: Vec<&str> = thread
        .members
        .iter()
        .filter(|it| Some(it.id) != own)
        .map(|it| it.name.as_str())
        .collect();
    names.join(", ")
}

/// Whether the reader is not whom it is about, so that the name of the patient says something.
fn is_about_another(thread: &ThreadView) -> bool {
    me().is_some_and(|me| me.patient != Some(thread.patient))
}
