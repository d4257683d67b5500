//! What one tab remembers across a reload, and nothing beyond: `sessionStorage`.

use web_sys::Storage;

fn storage() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}

/// Keeps a text under a key. A browser without storage forgets it, which costs a device check.
pub fn remember(key: &str, value: &str) {
    if let Some(storage) = storage() {
        let _full = storage.set_item(key, value);
    }
}

/// The text under a key.
#[must_use]
pub fn recall(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

/// Forgets a key.
pub fn forget(key: &str) {
    if let Some(storage) = storage() {
        let _done = storage.remove_item(key);
    }
}
