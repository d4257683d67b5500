//! The page's side of encryption between people: the worker that holds the keys is told who is
//! here, and sits between encoder and packets. No key that opens anything ever comes out of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Reflect};
use serde::{Deserialize, Serialize};
use signaling_protocol::{KeyText, ParticipantId, RoomId, Source, Stage};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::reflect;
use crate::machine::{CallView, Phase};

/// Where the page says the address of the worker; `deploy/bundle` writes it.
const ADDRESS: &str = "meta[name=secrecy]";
/// What a browser needs to change frames between encoder and packets (W3C webrtc-encoded-transform).
const TRANSFORM: &str = "RTCRtpScriptTransform";

/// Whether this page can take part in an encrypted visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ability {
    /// Not known yet.
    #[default]
    Preparing,
    /// It has a key.
    Able,
    /// The browser lacks something.
    Unable,
}

/// What a page shows of encryption between people.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecrecyView {
    /// Whether this page can take part.
    pub ability: Ability,
    /// Six groups of five digits that are the same on every page while nobody sits in between.
    pub code: Option<String>,
    /// Receiving m-lines whose frames could not be opened for some seconds.
    pub dark: Vec<String>,
    /// Frames encrypted.
    pub sealed: u64,
    /// Frames decrypted.
    pub opened: u64,
    /// Frames thrown away, because they could not be decrypted or came twice.
    pub refused: u64,
}

/// What the worker says.
#[derive(Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub(super) enum Said {
    /// It has made a key pair.
    Ready { key: KeyText },
    /// A key for one other person.
    Sealed { to: ParticipantId, key: KeyText },
    /// The digits; none without encryption.
    Code { code: Option<String> },
    /// Counters, once a second.
    State {
        sealed: u64,
        opened: u64,
        refused: u64,
        dark: Vec<String>,
    },
    /// It cannot work here.
    Unable,
}

/// What the worker is told.
#[derive(Serialize)]
#[serde(tag = "hear", rename_all = "snake_case")]
enum Told<'a> {
    Room {
        room: Option<RoomId>,
        me: Option<ParticipantId>,
        encrypted: bool,
        session: u32,
        people: Vec<Person<'a>>,
        slots: Vec<Slot>,
    },
    Key {
        from: ParticipantId,
        key: KeyText,
    },
}

#[derive(Serialize)]
struct Person<'a> {
    id: ParticipantId,
    key: Option<&'a KeyText>,
    here: bool,
}

#[derive(Serialize)]
struct Slot {
    slot: String,
    from: ParticipantId,
    source: Source,
}

/// A worker and what it has said; dropping it forgets every key.
pub(super) struct Secrecy {
    worker: Worker,
    view: RefCell<SecrecyView>,
    told: RefCell<String>,
    /// Counts the times this page came into the visit: keys may have been lost before each.
    session: Cell<u32>,
    inside: Cell<bool>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _error: Closure<dyn FnMut(Event)>,
}

impl Secrecy {
    /// Starts the worker. None when this browser cannot take part.
    pub(super) fn start(report: Rc<dyn Fn(Said)>) -> Option<Self> {
        let global = js_sys::global();
        let able = reflect::get(&global, TRANSFORM).is_function();
        let document = web_sys::window()?.document()?;
        let meta = document.query_selector(ADDRESS).ok()??;
        let url = meta.get_attribute("content").filter(|_| able)?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&url, &options).ok()?;
        let on_message = {
            let report = Rc::clone(&report);
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                let text = event.data().as_string().unwrap_or_default();
                if let Ok(said) = serde_json::from_str(&text) {
                    report(said);
                }
            })
        };
        let on_error = Closure::<dyn FnMut(Event)>::new(move |_| report(Said::Unable));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Some(Self {
            worker,
            view: RefCell::default(),
            told: RefCell::default(),
            session: Cell::new(0),
            inside: Cell::new(false),
            _message: on_message,
            _error: on_error,
        })
    }

    /// For connections that are made now; none before the worker has its keys.
    pub(super) fn sealing(&self) -> Option<Sealing> {
        (self.view.borrow().ability == Ability::Able).then(|| Sealing(self.worker.clone()))
    }

    /// What a page shows.
    pub(super) fn view(&self) -> SecrecyView {
        self.view.borrow().clone()
    }

    pub(super) fn set_ability(&self, ability: Ability) {
        self.view.borrow_mut().ability = ability;
    }

    pub(super) fn set_code(&self, code: Option<String>) {
        let mut view = self.view.borrow_mut();
        if code.is_none() {
            let ability = view.ability;
            *view = SecrecyView {
                ability,
                ..SecrecyView::default()
            };
        }
        view.code = code;
    }

    /// Keeps counters; `dark` are receiving m-lines.
    pub(super) fn set_state(&self, [sealed, opened, refused]: [u64; 3], dark: Vec<String>) {
        let mut view = self.view.borrow_mut();
        (view.sealed, view.opened, view.refused) = (sealed, opened, refused);
        view.dark = dark;
    }

    /// Tells the worker who is here, if that has changed. `slot` names the receiving m-line of a mid.
    pub(super) fn follow(&self, call: &CallView, slot: impl Fn(&str) -> Option<String>) {
        if self.view.borrow().ability != Ability::Able {
            return;
        }
        let inside = call.phase == Phase::InCall;
        if inside && !self.inside.replace(inside) {
            self.session.set(self.session.get().wrapping_add(1));
        }
        self.inside.set(inside);
        let seated = call
            .others
            .iter()
            .filter(|one| one.stage == Stage::Admitted);
        let text = serde_json::to_string(&Told::Room {
            room: call.room,
            me: call.me.as_ref().map(|me| me.id),
            encrypted: call.encrypted && call.stage == Some(Stage::Admitted),
            session: self.session.get(),
            people: seated
                .map(|one| Person {
                    id: one.id,
                    key: one.public_key.as_ref(),
                    here: one.connected,
                })
                .collect(),
            slots: call
                .slots
                .iter()
                .filter_map(|bound| {
                    Some(Slot {
                        slot: slot(&bound.mid)?,
                        from: bound.participant,
                        source: bound.source,
                    })
                })
                .collect(),
        })
        .unwrap_or_default();
        if *self.told.borrow() != text {
            self.post(&text);
            *self.told.borrow_mut() = text;
        }
    }

    /// Somebody's key arrived, sealed for this page.
    pub(super) fn open_key(&self, from: ParticipantId, key: KeyText) {
        if let Ok(text) = serde_json::to_string(&Told::Key { from, key }) {
            self.post(&text);
        }
    }

    fn post(&self, text: &str) {
        // A text can always be cloned into a worker.
        let _sent = self.worker.post_message(&JsValue::from_str(text));
    }
}

impl Drop for Secrecy {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// Puts the worker into the way of a connection's frames.
#[derive(Clone)]
pub(super) struct Sealing(Worker);

impl Sealing {
    /// What this `RTCRtpSender` sends leaves encrypted, or not at all.
    pub(super) fn seal(&self, sender: &JsValue, source: Source) -> Result<(), JsValue> {
        let source = match source {
            Source::Microphone => "microphone",
            Source::Camera => "camera",
            Source::Screen => "screen",
        };
        self.attach(
            sender,
            &[("side", "send".into()), ("source", source.into())],
        )
    }

    /// What this `RTCRtpReceiver` brings has to be encrypted.
    pub(super) fn open(&self, receiver: &JsValue, slot: &str) -> Result<(), JsValue> {
        self.attach(
            receiver,
            &[("side", "receive".into()), ("slot", slot.into())],
        )
    }

    fn attach(&self, end: &JsValue, options: &[(&str, JsValue)]) -> Result<(), JsValue> {
        let class: Function = reflect::get(&js_sys::global(), TRANSFORM).dyn_into()?;
        let arguments = Array::of2(&self.0, &reflect::object(options));
        let transform = Reflect::construct(&class, &arguments)?;
        Reflect::set(end, &JsValue::from_str("transform"), &transform)?;
        Ok(())
    }
}
