//! Watching live visits: one WebSocket that sends overviews, opened again whenever it is lost.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::{Interval, Timeout};
use leptos::prelude::*;
use leptos::task::spawn_local;
use signaling_protocol::{
    Auth, ClientMessage, RoomId, RoomMedia, RoomOverview, SILENCE_MS_MAX, ServerFrame,
    ServerMessage, VERSION,
};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{MessageEvent, WebSocket};

use crate::api;
use crate::browser::now_us;

/// How fresh the overview is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// First attempt.
    Connecting,
    /// Changes arrive as they happen.
    Live,
    /// Lost; what is shown is old.
    Lost,
}

/// What an observer sees; both follow the socket until the page goes away.
#[derive(Clone, Copy)]
pub(crate) struct Watch {
    /// Rooms with somebody in them; none before the first overview.
    pub(crate) rooms: RwSignal<Option<Vec<RoomOverview>>>,
    /// How fresh they are.
    pub(crate) line: RwSignal<Line>,
    again: UnsyncCallback<()>,
    inspect: UnsyncCallback<Vec<RoomId>>,
}

impl Watch {
    /// Gets a new pass: the rooms that a doctor may watch are fixed when the pass is made, so a
    /// new appointment needs a new one.
    pub(crate) fn again(&self) {
        self.again.run(());
    }

    /// Asks for the media numbers of these rooms, now and after every loss of the socket.
    pub(crate) fn inspect(&self, rooms: Vec<RoomId>) {
        self.inspect.run(rooms);
    }
}

const FIRST_WAIT_MS: u32 = 500;
const LONGEST_WAIT_MS: u32 = 10_000;
const CHECK_MS: u32 = 2_000;

/// Starts to watch, until the component around it is removed.
pub(crate) fn watch() -> Watch {
    watch_numbers(|_| {})
}

/// Like [`watch`], with media numbers of the rooms that [`Watch::inspect`] names.
pub(crate) fn watch_numbers(numbers: impl Fn(Vec<RoomMedia>) + 'static) -> Watch {
    let rooms = RwSignal::new(None);
    let line = RwSignal::new(Line::Connecting);
    let observer = Rc::new(Observer {
        rooms,
        line,
        socket: RefCell::new(None),
        retry: RefCell::new(None),
        wait_ms: Cell::new(FIRST_WAIT_MS),
        heard_us: Cell::new(now_us()),
        over: Cell::new(false),
        inspected: RefCell::new(Vec::new()),
        numbers: Box::new(numbers),
    });
    observer.open();
    let checked = Rc::clone(&observer);
    let check = Interval::new(CHECK_MS, move || checked.check());
    let held = StoredValue::new_local(Some((observer, check)));
    on_cleanup(move || {
        if let Some((observer, check)) = held.try_update_value(Option::take).flatten() {
            drop(check);
            observer.stop();
        }
    });
    let again = UnsyncCallback::new(move |()| {
        held.with_value(|held| {
            if let Some((observer, _)) = held {
                observer.open();
            }
        });
    });
    let inspect = UnsyncCallback::new(move |rooms| {
        held.with_value(|held| {
            if let Some((observer, _)) = held {
                observer.inspected.replace(rooms);
                observer.say_inspected();
            }
        });
    });
    Watch {
        rooms,
        line,
        again,
        inspect,
    }
}

struct Observer {
    rooms: RwSignal<Option<Vec<RoomOverview>>>,
    line: RwSignal<Line>,
    socket: RefCell<Option<Socket>>,
    retry: RefCell<Option<Timeout>>,
    wait_ms: Cell<u32>,
    heard_us: Cell<i64>,
    over: Cell<bool>,
    inspected: RefCell<Vec<RoomId>>,
    numbers: Box<dyn Fn(Vec<RoomMedia>)>,
}

/// The socket with the closures that it calls.
struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut()>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        self.socket.close().ok();
    }
}

impl Observer {
    fn open(self: &Rc<Self>) {
        let this = Rc::clone(self);
        spawn_local(async move {
            let pass = api::observe().await;
            if this.over.get() {
                return;
            }
            let opened = pass
                .ok()
                .and_then(|pass| connect(&this, &pass.signal_path, pass.ticket));
            match opened {
                Some(socket) => {
                    this.heard_us.set(now_us());
                    this.socket.replace(Some(socket));
                }
                None => this.lost(),
            }
        });
    }

    fn stop(&self) {
        self.over.set(true);
        self.retry.replace(None);
        self.socket.replace(None);
    }

    fn lost(self: &Rc<Self>) {
        if self.over.get() {
            return;
        }
        self.line.try_set(Line::Lost);
        let wait = self.wait_ms.get();
        self.wait_ms
            .set(wait.saturating_mul(2).min(LONGEST_WAIT_MS));
        let this = Rc::clone(self);
        // A quarter of chance keeps many pages from coming back in the same moment.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 ..= 2500"
        )]
        let chance = (js_sys::Math::random() * f64::from(wait) / 4.0) as u32;
        self.retry
            .replace(Some(Timeout::new(wait + chance, move || this.open())));
    }

    /// A socket that says nothing, not even a heartbeat, is lost.
    fn check(self: &Rc<Self>) {
        let silent_us = now_us().saturating_sub(self.heard_us.get());
        let limit_us = i64::from(SILENCE_MS_MAX) * 1_000;
        if silent_us > limit_us && self.socket.borrow().is_some() {
            self.socket.replace(None);
            self.lost();
        }
    }

    fn hear(&self, text: &str) {
        self.heard_us.set(now_us());
        let Ok(frame) = serde_json::from_str::<ServerFrame>(text) else {
            return;
        };
        if let ServerMessage::Media { rooms } = frame.message {
            (self.numbers)(rooms);
        } else if let ServerMessage::Overview { rooms } = frame.message {
            self.wait_ms.set(FIRST_WAIT_MS);
            let was = self.line.try_get_untracked();
            self.line.try_set(Line::Live);
            self.rooms.try_set(Some(rooms));
            if was != Some(Line::Live) && !self.inspected.borrow().is_empty() {
                self.say_inspected();
            }
        }
    }

    /// Before the first overview nothing is said: what is wanted is said after it.
    fn say_inspected(&self) {
        let socket = self.socket.borrow();
        let live = self.line.try_get_untracked() == Some(Line::Live);
        if let Some(Socket { socket, .. }) = socket.as_ref().filter(|_| live) {
            let rooms = self.inspected.borrow().clone();
            let words = serde_json::to_string(&ClientMessage::Inspect { rooms });
            socket.send_with_str(&words.unwrap_or_default()).ok();
        }
    }
}

fn connect(observer: &Rc<Observer>, path: &str, ticket: String) -> Option<Socket> {
    let origin = crate::browser::origin();
    let base = origin.strip_prefix("http").unwrap_or(&origin);
    let socket = WebSocket::new(&format!("ws{base}{path}")).ok()?;
    let hello = ClientMessage::Hello {
        version: VERSION,
        auth: Auth::Ticket {
            ticket,
            connection: None,
        },
    };
    let hello = serde_json::to_string(&hello).ok()?;
    let speaker = socket.clone();
    let on_open = Closure::<dyn FnMut()>::new(move || {
        speaker.send_with_str(&hello).ok();
    });
    let listener = Rc::clone(observer);
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            listener.hear(&text);
        }
    });
    let closed = Rc::clone(observer);
    let on_close = Closure::<dyn FnMut()>::new(move || {
        let observer = Rc::clone(&closed);
        // The closure that is running belongs to the socket, so the socket goes afterwards.
        Timeout::new(0, move || {
            observer.socket.replace(None);
            observer.lost();
        })
        .forget();
    });
    socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
    socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
    Some(Socket {
        socket,
        _on_open: on_open,
        _on_message: on_message,
        _on_close: on_close,
    })
}
