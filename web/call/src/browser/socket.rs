//! One WebSocket.

use std::rc::Rc;

use signaling_protocol::{ClientMessage, ServerFrame};
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{CloseEvent, Event, MessageEvent, WebSocket};

/// What a socket reports.
pub(super) enum SocketEvent {
    Opened,
    Frame(Box<ServerFrame>),
    Closed,
}

/// An open or opening socket; dropping it closes it and silences it.
pub(super) struct Socket {
    socket: WebSocket,
    _open: Closure<dyn FnMut(Event)>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Begins to open a socket. None when the browser refuses the address.
    pub(super) fn open(url: &str, report: Rc<dyn Fn(SocketEvent)>) -> Option<Self> {
        let socket = WebSocket::new(url).ok()?;
        let on_open = {
            let report = Rc::clone(&report);
            Closure::<dyn FnMut(Event)>::new(move |_| report(SocketEvent::Opened))
        };
        let on_message = {
            let report = Rc::clone(&report);
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                // A frame that this version cannot read is skipped: the server may be newer.
                let frame = event
                    .data()
                    .as_string()
                    .and_then(|text| serde_json::from_str::<ServerFrame>(&text).ok());
                if let Some(frame) = frame {
                    report(SocketEvent::Frame(Box::new(frame)));
                }
            })
        };
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |_| report(SocketEvent::Closed));
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Self {
            socket,
            _open: on_open,
            _message: on_message,
            _close: on_close,
        })
    }

    /// Sends a message. A socket that is gone reports it by itself.
    pub(super) fn send(&self, message: &ClientMessage) {
        if let Ok(text) = serde_json::to_string(message) {
            let _gone = self.socket.send_with_str(&text);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _gone = self.socket.close();
    }
}
