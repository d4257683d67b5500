//! The few things asked of the browser window. Storage may be refused; then nothing is remembered.

use leptos::prelude::window;
use wasm_bindgen_futures::JsFuture;
use web_sys::Storage;

fn local() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn session() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// A value kept on this device.
pub fn local_get(key: &str) -> Option<String> {
    local()?.get_item(key).ok().flatten()
}

/// Keeps a value on this device.
pub fn local_set(key: &str, value: &str) {
    if let Some(storage) = local() {
        storage.set_item(key, value).ok();
    }
}

/// Forgets a value of this device.
pub fn local_remove(key: &str) {
    if let Some(storage) = local() {
        storage.remove_item(key).ok();
    }
}

/// A value kept until this tab closes.
pub fn session_get(key: &str) -> Option<String> {
    session()?.get_item(key).ok().flatten()
}

/// Keeps a value until this tab closes.
pub fn session_set(key: &str, value: &str) {
    if let Some(storage) = session() {
        storage.set_item(key, value).ok();
    }
}

/// Forgets everything that this tab kept.
pub fn session_clear() {
    if let Some(storage) = session() {
        storage.clear().ok();
    }
}

/// The language that the browser asks for.
pub fn language() -> Option<String> {
    window().navigator().language()
}

/// Sets `<html lang>`, which decides the voice of a screen reader.
pub fn set_document_language(tag: &str) {
    if let Some(root) = window()
        .document()
        .and_then(|document| document.document_element())
    {
        root.set_attribute("lang", tag).ok();
    }
}

/// Sets the title of the window.
pub fn set_title(title: &str) {
    if let Some(document) = window().document() {
        document.set_title(title);
    }
}

/// Scheme, host and port of this page.
pub fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Path and query of this page.
pub fn path_and_query() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// Loads a page anew.
pub fn assign(href: &str) {
    window().location().assign(href).ok();
}

/// Shows another address for this page, without loading anything.
pub fn replace_path(path: &str) {
    if let Ok(history) = window().history() {
        let state = history.state().unwrap_or_default();
        history.replace_state_with_url(&state, "", Some(path)).ok();
    }
}

/// Opens the print dialog.
pub fn print() {
    window().print().ok();
}

/// Gives a file to the person, under a name.
pub fn save_file(bytes: &[u8], (kind, name): (&str, &str)) -> Option<()> {
    use wasm_bindgen::JsCast as _;
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(kind);
    let blob = web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
    let address = web_sys::Url::create_object_url_with_blob(&blob).ok()?;
    let link = window().document()?.create_element("a").ok()?;
    let link = link.dyn_into::<web_sys::HtmlAnchorElement>().ok()?;
    link.set_href(&address);
    link.set_download(name);
    link.click();
    web_sys::Url::revoke_object_url(&address).ok()
}

/// Puts a text on the clipboard; false when the browser refuses.
pub async fn copy(text: &str) -> bool {
    // Outside a secure context there is no clipboard, and calling it would throw.
    if !window().is_secure_context() {
        return false;
    }
    JsFuture::from(window().navigator().clipboard().write_text(text))
        .await
        .is_ok()
}

/// Now, Unix microseconds.
pub fn now_us() -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds of Date fit into 54 bits"
    )]
    let millis = js_sys::Date::now() as i64;
    millis.saturating_mul(1_000)
}
