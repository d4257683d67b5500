//! An empty frame of the page, for a connection that knows the networks of now.
//!
//! Chromium asks which networks there are once for each window, and learns of changes about two seconds
//! late; a window that has just been made knows them at once.

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Element, RtcConfiguration, RtcPeerConnection};

use super::reflect;

/// The frame; dropping it removes it, and ends what was made in it.
pub(super) struct Frame(Element);

impl Frame {
    /// Makes a connection in a new frame; none in browsers that have no use for it, and where it fails.
    pub(super) fn connect(settings: &RtcConfiguration) -> Option<(Self, RtcPeerConnection)> {
        let window = web_sys::window()?;
        // Only Chromium and its relatives have this object.
        if !reflect::get(&window, "chrome").is_object() {
            return None;
        }
        let document = window.document()?;
        let element = document.create_element("iframe").ok()?;
        element.set_attribute("hidden", "").ok()?;
        document.body()?.append_child(&element).ok()?;
        let frame = Self(element);
        let inside = reflect::get(&frame.0, "contentWindow");
        let make: Function = reflect::get(&inside, "RTCPeerConnection").dyn_into().ok()?;
        let made = Reflect::construct(&make, &Array::of1(settings)).ok()?;
        // It is no instance of the class of this window, and is used by name all the same.
        Some((frame, made.unchecked_into()))
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.0.remove();
    }
}

/// A track, of whichever window.
pub(super) fn track_of(receiver: &JsValue) -> Option<web_sys::MediaStreamTrack> {
    let track = reflect::get(receiver, "track");
    track.is_object().then(|| track.unchecked_into())
}
