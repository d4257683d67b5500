//! What others say, played without anything to see.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlAudioElement, HtmlMediaElement, MediaStream};

/// Plays one element per receiving m-line. When the browser forbids to begin by itself, says so
/// once, and [`Speaker::resume`] begins inside a click.
pub(super) struct Speaker {
    playing: RefCell<Vec<(String, HtmlAudioElement)>>,
    on_blocked: Rc<dyn Fn()>,
}

impl Speaker {
    pub(super) fn new(on_blocked: Rc<dyn Fn()>) -> Self {
        Self {
            playing: RefCell::default(),
            on_blocked,
        }
    }

    /// Plays exactly these m-lines. The key names connection and m-line.
    pub(super) fn play(&self, wanted: &[String], stream: impl Fn(&str) -> Option<MediaStream>) {
        let mut playing = self.playing.borrow_mut();
        playing.retain(|(key, element)| {
            let keep = wanted.contains(key);
            if !keep {
                silence(element);
            }
            keep
        });
        for key in wanted {
            if playing.iter().any(|(there, _)| there == key) {
                continue;
            }
            let (Some(stream), Ok(element)) = (stream(key), HtmlAudioElement::new()) else {
                continue;
            };
            element.set_src_object(Some(&stream));
            element.set_autoplay(true);
            begin(&element, Rc::clone(&self.on_blocked));
            playing.push((key.clone(), element));
        }
    }

    /// Begins again, inside a click.
    pub(super) fn resume(&self) {
        for (_, element) in self.playing.borrow().iter() {
            begin(element, Rc::clone(&self.on_blocked));
        }
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        for (_, element) in self.playing.borrow().iter() {
            silence(element);
        }
    }
}

/// Shows a picture in an element, without its sound, or nothing.
pub(super) fn show_picture(element: &HtmlMediaElement, stream: Option<&MediaStream>) {
    element.set_muted(true);
    element.set_src_object(stream);
    if stream.is_none() {
        return;
    }
    let Ok(promise) = element.play() else {
        return;
    };
    spawn_local(async move {
        // Another picture took its place before this one began; that one plays by itself.
        let _interrupted = JsFuture::from(promise).await;
    });
}

fn begin(element: &HtmlAudioElement, on_blocked: Rc<dyn Fn()>) {
    let Ok(promise) = element.play() else {
        return;
    };
    spawn_local(async move {
        let Err(fault) = JsFuture::from(promise).await else {
            return;
        };
        // Anything else, such as an element replaced meanwhile, is no matter for the person.
        if super::reflect::text(&fault, "name").as_deref() == Some("NotAllowedError") {
            on_blocked();
        }
    });
}

fn silence(element: &HtmlAudioElement) {
    element.set_src_object(None);
}
