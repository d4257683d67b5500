//! Keeps the screen on during a visit, where the browser can.

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::reflect;

/// Holds the screen awake until it is dropped.
#[derive(Debug)]
pub struct WakeLock(JsValue);

impl WakeLock {
    /// Asks for it. None where the browser has no such thing or the page is hidden.
    pub async fn request() -> Option<Self> {
        let navigator = web_sys::window()?.navigator();
        let lock = reflect::get(&navigator, "wakeLock");
        let promise =
            reflect::call_promise(&lock, "request", &[JsValue::from_str("screen")]).ok()?;
        JsFuture::from(promise).await.ok().map(Self)
    }
}

impl Drop for WakeLock {
    fn drop(&mut self) {
        let _gone = reflect::call(&self.0, "release", &[]);
    }
}
