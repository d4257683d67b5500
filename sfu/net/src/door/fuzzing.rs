//! What must hold of a byte stream with media, however it is cut. For the fuzz targets only.

use super::Media;
use super::frame::{MESSAGE_BYTES_MAX, Oversized, first_message, put_frame};

/// A stream behind two bytes that say what it is and where the network cuts it.
pub fn frames(bytes: &[u8]) {
    let [kind, seed, stream @ ..] = bytes else {
        return;
    };
    let media = if kind & 1 == 0 {
        Media::Frames
    } else {
        Media::Relay
    };
    let whole = messages(media, [stream].into_iter());
    let size = usize::from(*seed) + 1;
    assert_eq!(whole, messages(media, stream.chunks(size)));
    assert_eq!(whole, messages(media, stream.chunks(1)));
    let (messages, end) = whole;
    if media == Media::Frames {
        let mut written = Vec::new();
        for message in &messages {
            put_frame(&mut written, message);
        }
        assert!(stream.starts_with(&written));
        let held = stream.len() - written.len();
        assert!(end.is_err() || end == Ok(held));
    }
}

/// The messages of a TURN stream until one is too long, for the relay.
#[must_use]
pub fn relay_messages(stream: &[u8]) -> Vec<Vec<u8>> {
    messages(Media::Relay, [stream].into_iter()).0
}

/// The messages of a stream that comes in pieces, and how much is held in the end.
fn messages<'a>(
    media: Media,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<Vec<u8>>, Result<usize, Oversized>) {
    let mut messages = Vec::new();
    let mut inbox = Vec::new();
    for piece in pieces {
        inbox.extend_from_slice(piece);
        let mut at = 0;
        loop {
            let rest = inbox.get(at..).unwrap_or_default();
            match first_message(media, rest) {
                Ok(Some(extent)) => {
                    assert!(extent.from <= extent.to && extent.to <= extent.next);
                    assert!(extent.next > 0, "the stream does not go on");
                    messages.push(
                        rest.get(extent.from..extent.to)
                            .unwrap_or_default()
                            .to_vec(),
                    );
                    at += extent.next;
                }
                Ok(None) => break,
                Err(Oversized) => return (messages, Err(Oversized)),
            }
        }
        inbox.drain(..at);
        assert!(inbox.len() < MESSAGE_BYTES_MAX, "too much is held");
    }
    (messages, Ok(inbox.len()))
}
