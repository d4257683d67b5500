//! Small things of the page around the call: address, title, clipboard, a chime.

use gloo_timers::callback::Timeout;
use signaling_protocol::SlotView;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{AudioContext, Element, Event, EventTarget};

use super::clock::whole;
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

/// Listens to changes of the network, in browsers that tell.
pub(super) fn on_network(react: impl FnMut() + 'static) -> Option<Listener> {
    let navigator = web_sys::window()?.navigator();
    let network: EventTarget = reflect::get(&navigator, "connection").dyn_into().ok()?;
    Some(Listener::new(network, "change", react))
}

/// The part of the address after `#`.
#[must_use]
pub fn fragment() -> String {
    web_sys::window()
        .and_then(|window| window.location().hash().ok())
        .map(|hash| hash.trim_start_matches('#').to_owned())
        .unwrap_or_default()
}

/// The address of a WebSocket on another server, or on that of this page.
pub(super) fn socket_url(other: Option<&str>, path: &str) -> String {
    let own = || web_sys::window().and_then(|window| window.location().origin().ok());
    let origin = other.map(str::to_owned).or_else(own).unwrap_or_default();
    match origin.strip_prefix("http") {
        Some(rest) => format!("ws{rest}{path}"),
        None => path.to_owned(),
    }
}

/// Changes the title of the page.
pub fn set_page_title(title: &str) {
    if let Some(document) = web_sys::window().and_then(|window| window.document()) {
        document.set_title(title);
    }
}

/// How high every picture on the page is shown, in device pixels. Elements say in `data-slot` which
/// receiving m-line they show.
#[must_use]
pub fn slot_views() -> Vec<SlotView> {
    let Some(window) = web_sys::window() else {
        return Vec::new();
    };
    let ratio = window.device_pixel_ratio();
    let found = window
        .document()
        .and_then(|document| document.query_selector_all("video[data-slot]").ok());
    let Some(found) = found else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|index| found.get(index)?.dyn_into::<Element>().ok())
        .filter_map(|element| {
            let mid = element
                .get_attribute("data-slot")
                .filter(|mid| !mid.is_empty())?;
            let height = whole(f64::from(element.client_height()) * ratio);
            Some(SlotView {
                mid,
                height_px: u16::try_from(height).unwrap_or(u16::MAX),
            })
        })
        .collect()
}

/// Whether the person can see the page.
#[must_use]
pub fn is_visible() -> bool {
    web_sys::window()
        .and_then(|window| window.document())
        .is_none_or(|document| !document.hidden())
}

/// Both notes and their echo.
const CHIME_MS: u32 = 1_000;

/// Plays two soft notes; a browser that forbids sound stays quiet.
pub fn chime() {
    let Ok(context) = AudioContext::new() else {
        return;
    };
    for (note, hertz) in [(0.0, 523.25), (0.22, 659.25)] {
        let _quiet = play_note(&context, note, hertz);
    }
    // Browsers allow a handful of contexts at a time.
    Timeout::new(CHIME_MS, move || {
        let _closing = context.close();
    })
    .forget();
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
