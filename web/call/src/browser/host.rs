//! Small things of the page around the call: address, title, clipboard, a chime.

use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AudioContext, Event, EventTarget};

use super::reflect;

/// An event listener that ends when it is dropped.
pub struct Listener {
    target: EventTarget,
    kind: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl core::fmt::Debug for Listener {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Listener({})", self.kind)
    }
}

impl Listener {
    pub(super) fn new(
        target: EventTarget,
        kind: &'static str,
        mut react: impl FnMut() + 'static,
    ) -> Self {
        let closure = Closure::<dyn FnMut(Event)>::new(move |_| react());
        let _added =
            target.add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        Self {
            target,
            kind,
            closure,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _removed = self
            .target
            .remove_event_listener_with_callback(self.kind, self.closure.as_ref().unchecked_ref());
    }
}

/// Listens to an event of the window, such as `online` or `hashchange`.
#[must_use]
pub fn on_window(kind: &'static str, react: impl FnMut() + 'static) -> Option<Listener> {
    let window = web_sys::window()?;
    Some(Listener::new(window.into(), kind, react))
}

/// The part of the address after `#`.
#[must_use]
pub fn fragment() -> String {
    web_sys::window()
        .and_then(|window| window.location().hash().ok())
        .map(|hash| hash.trim_start_matches('#').to_owned())
        .unwrap_or_default()
}

/// Scheme, host and port of this page.
#[must_use]
pub fn origin() -> String {
    web_sys::window()
        .and_then(|window| window.location().origin().ok())
        .unwrap_or_default()
}

/// The address of a WebSocket on this server.
pub(super) fn socket_url(path: &str) -> String {
    let origin = origin();
    match origin.strip_prefix("http") {
        Some(rest) => format!("ws{rest}{path}"),
        None => path.to_owned(),
    }
}

/// The title of the page.
#[must_use]
pub fn title() -> String {
    web_sys::window()
        .and_then(|window| window.document())
        .map(|document| document.title())
        .unwrap_or_default()
}

/// Changes the title of the page.
pub fn set_page_title(title: &str) {
    if let Some(document) = web_sys::window().and_then(|window| window.document()) {
        document.set_title(title);
    }
}

/// Copies a text. False when the browser does not allow it.
pub async fn copy_text(text: &str) -> bool {
    let Some(window) = web_sys::window() else {
        return false;
    };
    let clipboard = reflect::get(&window.navigator(), "clipboard");
    let Ok(promise) = reflect::call_promise(&clipboard, "writeText", &[JsValue::from_str(text)])
    else {
        return false;
    };
    JsFuture::from(promise).await.is_ok()
}

/// Plays two soft notes; a browser that forbids sound stays quiet.
pub fn chime() {
    let Ok(context) = AudioContext::new() else {
        return;
    };
    for (note, hertz) in [(0.0, 523.25), (0.22, 659.25)] {
        let _quiet = play_note(&context, note, hertz);
    }
}

fn play_note(context: &AudioContext, after_s: f64, hertz: f64) -> Result<(), JsValue> {
    let start = context.current_time() + after_s;
    let tone = reflect::call(context, "createOscillator", &[])?;
    let gain = reflect::call(context, "createGain", &[])?;
    let frequency = reflect::get(&tone, "frequency");
    reflect::set(&frequency, "value", &hertz.into());
    let level = reflect::get(&gain, "gain");
    reflect::call(&level, "setValueAtTime", &[0.2.into(), start.into()])?;
    reflect::call(
        &level,
        "exponentialRampToValueAtTime",
        &[0.001.into(), (start + 0.4).into()],
    )?;
    reflect::call(&tone, "connect", core::slice::from_ref(&gain))?;
    reflect::call(&gain, "connect", &[reflect::get(context, "destination")])?;
    reflect::call(&tone, "start", &[start.into()])?;
    reflect::call(&tone, "stop", &[(start + 0.45).into()])?;
    Ok(())
}
