//! The bounded way from a room to one socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::ws::close_code;
use signaling_protocol::{Bye, ErrorCode, ServerFrame};
use signaling_session::CloseReason;
use tokio::sync::{mpsc, oneshot};

/// Frames that may wait for one socket. A room never waits for a reader: beyond this the socket is
/// closed. A visit's busiest minute has far fewer.
const QUEUE_FRAMES_MAX: usize = 256;
/// Bytes that may wait for one socket. One frame is taken in any case.
const QUEUE_BYTES_MAX: usize = 256 * 1024;

/// The reader is too slow; its queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overflow;

/// The last thing that a socket is told.
#[derive(Debug)]
pub(crate) struct Farewell {
    /// A [`ServerFrame`].
    pub(crate) text: String,
    /// RFC 6455 section 7.4.
    pub(crate) code: u16,
    /// Throw away what waits, instead of writing it first.
    pub(crate) discard: bool,
}

/// The room's end. Dropping it closes the socket without a word.
#[derive(Debug)]
pub(crate) struct Link {
    queue: mpsc::Sender<String>,
    waiting_bytes: Arc<AtomicUsize>,
    farewell: oneshot::Sender<Farewell>,
}

/// The socket's end.
#[derive(Debug)]
pub(crate) struct LinkEnd {
    pub(crate) queue: mpsc::Receiver<String>,
    waiting_bytes: Arc<AtomicUsize>,
    pub(crate) farewell: oneshot::Receiver<Farewell>,
}

pub(crate) fn link() -> (Link, LinkEnd) {
    let (queue, frames) = mpsc::channel(QUEUE_FRAMES_MAX);
    let (farewell, last) = oneshot::channel();
    let waiting_bytes = Arc::new(AtomicUsize::new(0));
    let link = Link {
        queue,
        waiting_bytes: Arc::clone(&waiting_bytes),
        farewell,
    };
    let end = LinkEnd {
        queue: frames,
        waiting_bytes,
        farewell: last,
    };
    (link, end)
}

impl Link {
    /// Queues a frame, or says that the reader is too slow.
    pub(crate) fn push(&self, text: String) -> Result<(), Overflow> {
        let bytes = text.len();
        let waiting = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = waiting == 0 || waiting.saturating_add(bytes) <= QUEUE_BYTES_MAX;
        match self.queue.try_send(text) {
            Ok(()) if fits => Ok(()),
            // The writer is gone; the reader reports the loss.
            Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => Err(Overflow),
        }
    }

    /// Says a last word.
    pub(crate) fn close(self, frame: &ServerFrame, reason: CloseReason) {
        let farewell = Farewell {
            text: encode(frame),
            code: code(reason),
            discard: reason == CloseReason::Bye(Bye::SlowReader),
        };
        // A socket that is gone needs no last word.
        let _ = self.farewell.send(farewell);
    }
}

impl LinkEnd {
    /// A frame of this many bytes has been written.
    pub(crate) fn wrote(&self, bytes: usize) {
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A frame as it goes over the wire.
pub(crate) fn encode(frame: &ServerFrame) -> String {
    // Strings, numbers and maps with string keys: there is nothing that JSON cannot say.
    serde_json::to_string(frame).unwrap_or_default()
}

/// The close code for a reason.
pub(crate) fn code(reason: CloseReason) -> u16 {
    match reason {
        CloseReason::Bye(bye) => match bye {
            Bye::Left
            | Bye::Refused
            | Bye::Removed
            | Bye::Ended
            | Bye::Replaced
            | Bye::TestOver => close_code::NORMAL,
            Bye::Unauthorized | Bye::Misbehaved => close_code::POLICY,
            Bye::SlowReader => close_code::AGAIN,
            Bye::Restarting => close_code::RESTART,
        },
        CloseReason::Refused(ErrorCode::Full | ErrorCode::Unavailable) => close_code::AGAIN,
        CloseReason::Refused(_) => close_code::POLICY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_takes_so_many_frames_and_so_many_bytes() {
        let (link, _end) = link();
        for _ in 0..QUEUE_FRAMES_MAX {
            assert_eq!(link.push("x".to_owned()), Ok(()));
        }
        assert_eq!(link.push("x".to_owned()), Err(Overflow));

        let (link, _end) = super::link();
        assert_eq!(link.push("x".repeat(QUEUE_BYTES_MAX)), Ok(()));
        assert_eq!(link.push("x".to_owned()), Err(Overflow));
    }

    #[test]
    fn what_was_written_makes_place() {
        let (link, mut end) = link();
        assert_eq!(link.push("x".repeat(QUEUE_BYTES_MAX)), Ok(()));
        let written = end.queue.try_recv().unwrap();
        end.wrote(written.len());
        assert_eq!(link.push("x".to_owned()), Ok(()));
    }
}
