//! What a thread is told.

use tokio::sync::oneshot;

use super::{ClientId, EngineError, Tally};

/// What a new connection sends and how much it can receive.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Plan {
    /// Sends speech as this source.
    pub(crate) microphone: Option<u32>,
    /// Sends a picture as this source.
    pub(crate) camera: Option<u32>,
    /// The picture is offered once the connection is there.
    pub(crate) camera_later: bool,
    /// Which WebRTC stack.
    pub(crate) stack: Stack,
    /// m-lines to receive on.
    pub(crate) slots: SlotPlan,
}

/// A WebRTC stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Stack {
    /// str0m, many people on a thread.
    #[default]
    Light,
    /// webrtc-rs, which shares no code with the server.
    Independent,
}

/// m-lines to receive on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SlotPlan {
    pub(crate) audio: u32,
    pub(crate) video: u32,
}

/// A description that the other side is to be told.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) client: ClientId,
    /// RFC 8866.
    pub(crate) sdp: String,
    /// The m-line of the microphone.
    pub(crate) microphone: Option<String>,
    /// The m-line of the camera.
    pub(crate) camera: Option<String>,
}

type Reply<T> = oneshot::Sender<Result<T, EngineError>>;

/// One order.
#[derive(Debug)]
pub(crate) enum Order {
    Offer {
        plan: Plan,
        reply: Reply<Offered>,
    },
    /// One more offer, with a camera.
    Camera {
        index: u32,
        source: u32,
        reply: Reply<Offered>,
    },
    Answer {
        index: u32,
        sdp: String,
        reply: Reply<()>,
    },
    Accept {
        sdp: String,
        reply: Reply<Offered>,
        ready: Reply<()>,
    },
    Close {
        index: u32,
    },
    Measure(bool),
    Tally(oneshot::Sender<Tally>),
}
