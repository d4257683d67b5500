//! What browser and signaling say to each other, and passes.

use serde::Serialize;
use serde::de::DeserializeOwned;
use signaling_protocol::{
    ClientMessage, ConnectionId, MESSAGE_BYTES_MAX, Sdp, ServerFrame, ServerMessage, Source,
    SourceMid, Sources,
};
use signaling_ticket::PassKey;
use web_call::{Call, Config, Entrance, Input, Output, PeerChange, Phase, SlotCount};

/// Things that the machine may want at one moment; a chat that waits is sent in one go.
const OUTPUTS_MAX: usize = 200;
/// Messages that a page keeps.
const CHAT_KEPT_MAX: usize = 1_000;
/// The Ed25519 key of nobody, in PKCS#8 (RFC 8410): a fixed beginning, then the seed.
const KEY: [u8; 48] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20the key of nobody, for tests of ";
/// The time of [`pass`], in Unix microseconds.
const NOW_US: i64 = 1_800_000_000_500_000;

/// Reads a text; what is read is written and read again as the same.
fn read<T: DeserializeOwned + Serialize + PartialEq>(text: &str) -> Option<T> {
    let value: T = serde_json::from_str(text).ok()?;
    let written = serde_json::to_string(&value).unwrap_or_default();
    let again: Option<T> = serde_json::from_str(&written).ok();
    assert!(again.is_some_and(|again| again == value), "{written}");
    Some(value)
}

/// A message of a client.
pub(crate) fn client_message(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    let Some(message) = read::<ClientMessage>(text) else {
        return;
    };
    // Old clients are told apart by what they do not know: a field too much is refused.
    let Ok(serde_json::Value::Object(mut object)) = serde_json::to_value(&message) else {
        return;
    };
    object.insert("foreign".to_owned(), true.into());
    assert!(serde_json::from_value::<ClientMessage>(object.into()).is_err());
}

/// Lines of a server to a page: messages, and between them what the browser and the network do.
pub(crate) fn server_frames(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    let (first, rest) = text.split_once('\n').unwrap_or(("", text));
    let mut page = Page::new(first == "at once");
    page.feed(Input::Start);
    page.feed(Input::Ticket("ticket".to_owned()));
    page.feed(Input::SocketOpened(page.socket));
    for line in rest.lines().take(100) {
        page.line(line);
    }
}

/// A call with the shell's part played here.
struct Page {
    call: Call,
    now_ms: u64,
    seq: u64,
    socket: u32,
    peer: Option<ConnectionId>,
}

impl Page {
    fn new(at_once: bool) -> Self {
        let config = Config {
            slots_min: SlotCount { audio: 3, video: 4 },
            seed: 7,
            sources: Sources {
                microphone: true,
                camera: true,
                screen: false,
            },
            entrance: if at_once {
                Entrance::AtOnce
            } else {
                Entrance::Lobby
            },
        };
        Self {
            call: Call::new(config),
            now_ms: 1_000,
            seq: 0,
            socket: 0,
            peer: None,
        }
    }

    fn line(&mut self, line: &str) {
        self.now_ms += 50;
        let peer = self
            .peer
            .map(|peer| move |change| Input::Peer(peer, change));
        let input = match (line, peer) {
            ("lost", _) => Some(Input::SocketClosed(self.socket)),
            ("opened", _) => Some(Input::SocketOpened(self.socket)),
            ("ticket", _) => Some(Input::Ticket("ticket".to_owned())),
            ("network", _) => Some(Input::NetworkChanged),
            ("tick", _) => {
                let due = self.call.poll_timeout();
                self.now_ms = self.now_ms.max(due.unwrap_or(0));
                Some(Input::Tick)
            }
            ("offer", Some(_)) => self.offer(),
            ("connected", Some(of)) => Some(of(PeerChange::Connected)),
            ("stalled", Some(of)) => Some(of(PeerChange::Stalled)),
            ("nowhere", Some(of)) => Some(of(PeerChange::Nowhere)),
            ("failed", Some(of)) => Some(of(PeerChange::Failed)),
            (line, _) => self.message(line),
        };
        if let Some(input) = input {
            self.feed(input);
        }
    }

    fn offer(&self) -> Option<Input> {
        Some(Input::OfferMade {
            connection: self.peer?,
            sdp: Sdp::try_from("v=0\r\n".to_owned()).ok()?,
            sources: vec![SourceMid {
                mid: "0".to_owned(),
                source: Source::Microphone,
            }],
        })
    }

    fn message(&mut self, line: &str) -> Option<Input> {
        let message = read::<ServerMessage>(line)?;
        self.seq += 1;
        let frame = ServerFrame {
            seq: self.seq,
            message,
        };
        Some(Input::Frame(self.socket, Box::new(frame)))
    }

    fn feed(&mut self, input: Input) {
        self.call.handle(self.now_ms, input);
        let outputs: Vec<Output> = core::iter::from_fn(|| self.call.poll_output())
            .take(OUTPUTS_MAX + 1)
            .collect();
        assert!(outputs.len() <= OUTPUTS_MAX, "the machine does not rest");
        for output in outputs {
            match output {
                Output::OpenSocket(number) => self.socket = number,
                Output::OpenPeer { connection, .. } => self.peer = Some(connection),
                Output::ClosePeer => self.peer = None,
                Output::Send(message) => sendable(&message),
                _ => {}
            }
        }
        let view = self.call.view();
        assert!(view.chat.is_sorted_by(|one, next| one.seq < next.seq));
        assert!(view.chat.len() <= CHAT_KEPT_MAX);
        assert!(view.unread() <= view.chat.len());
        if matches!(view.phase, Phase::Over(_)) {
            assert_eq!(self.peer, None, "the camera stays on after the end");
            assert_eq!(self.call.poll_timeout(), None);
        }
    }
}

/// Whatever the server says, a page says only what the server would take.
fn sendable(message: &ClientMessage) {
    let text = serde_json::to_string(message).unwrap_or_default();
    assert!(text.len() <= MESSAGE_BYTES_MAX);
    let again: Option<ClientMessage> = serde_json::from_str(&text).ok();
    assert!(again.is_some_and(|again| again == *message), "{text}");
}

/// A pass. Only what the key has minted opens anything, and it is minted again as the same.
pub(crate) fn pass(bytes: &[u8]) {
    let (Ok(token), Ok(key)) = (core::str::from_utf8(bytes), PassKey::from_der(&KEY)) else {
        return;
    };
    let Ok(pass) = key.checker().check(token, NOW_US) else {
        return;
    };
    let life_s = u32::try_from((pass.expires_us - NOW_US).div_euclid(1_000_000) + 1);
    let again = life_s
        .ok()
        .and_then(|life_s| key.mint(pass.id, &pass.purpose, NOW_US, life_s).ok())
        .and_then(|token| key.checker().check(&token, NOW_US).ok());
    assert!(again.is_some_and(|again| again == pass));
}
