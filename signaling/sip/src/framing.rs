//! Where a message ends in a stream of bytes (RFC 3261 sections 7.5 and 18.3).
//!
//! In a stream the next message begins where Content-Length says that this one ends. Two readings of
//! one length are two readings of everything after it, so there is exactly one: a message without a
//! length, with two that differ or with one that is no number ends the stream.

use crate::fence::DropReason;
use crate::tidy_up::{MESSAGE_BYTES_MAX, length_of};

/// What stands next in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A message as it came, for the fence.
    Message(Vec<u8>),
    /// Two empty lines: the peer asks whether we are still there (RFC 5626 section 3.5.1), and is
    /// answered with one.
    Ping,
}

/// Cuts a stream into messages. It holds at most one message and what was pushed behind it.
#[derive(Debug, Default)]
pub struct Framer {
    bytes: Vec<u8>,
    /// Where the search for the end of the header goes on, and whether the line there is empty yet.
    searched: usize,
    line_is_empty: bool,
    /// Where the body begins and ends, once the header is whole.
    ends: Option<usize>,
}

impl Framer {
    /// Nothing has come yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the beginning of a message waits for its end.
    #[must_use]
    pub fn is_within(&self) -> bool {
        !self.bytes.is_empty() && !self.is_at_empty_line()
    }

    /// Bytes that came. Whoever pushes takes all frames before pushing again, so that no more than one
    /// message and one push are held.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What stands next, or nothing while it is not whole.
    ///
    /// # Errors
    /// When no end of the message can be known: the stream cannot be read any further.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, DropReason> {
        if self.ends.is_none() {
            if self.skip_empty_lines() {
                return Ok(Some(Frame::Ping));
            }
            self.ends = self.find_end()?;
        }
        let Some(end) = self.ends.filter(|end| *end <= self.bytes.len()) else {
            return Ok(None);
        };
        let rest = self.bytes.split_off(end);
        let message = core::mem::replace(&mut self.bytes, rest);
        self.searched = 0;
        self.line_is_empty = false;
        self.ends = None;
        Ok(Some(Frame::Message(message)))
    }

    /// An empty line that may be half of a ping.
    fn is_at_empty_line(&self) -> bool {
        matches!(self.bytes.as_slice(), b"\r" | b"\r\n" | b"\r\n\r")
    }

    /// Takes empty lines before a message away; whether they were a ping.
    fn skip_empty_lines(&mut self) -> bool {
        while self.searched == 0 && !self.is_at_empty_line() {
            let (empty, is_ping) = match self.bytes.as_slice() {
                [b'\r', b'\n', b'\r', b'\n', ..] => (4, true),
                [b'\r', b'\n', ..] => (2, false),
                [b'\n', ..] => (1, false),
                _ => return false,
            };
            self.drop_front(empty);
            if is_ping {
                return true;
            }
        }
        false
    }

    fn drop_front(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
    }

    /// Where the message ends, once its header is whole. Each byte is looked at once, however slowly
    /// they come.
    fn find_end(&mut self) -> Result<Option<usize>, DropReason> {
        if self.searched == 0 && self.is_at_empty_line() {
            return Ok(None);
        }
        while let Some(byte) = self.bytes.get(self.searched) {
            let at = self.searched;
            if at >= MESSAGE_BYTES_MAX {
                return Err(DropReason::Size);
            }
            self.searched = at.saturating_add(1);
            match byte {
                b'\n' if self.line_is_empty => {
                    let head = self.bytes.get(..at).unwrap_or_default();
                    let length = length_of(head)?.ok_or(DropReason::Length)?;
                    let end = self.searched.saturating_add(length);
                    return if end > MESSAGE_BYTES_MAX {
                        Err(DropReason::Size)
                    } else {
                        Ok(Some(end))
                    };
                }
                b'\n' => self.line_is_empty = true,
                b'\r' => {}
                _ => self.line_is_empty = false,
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(method: &str, body: &str) -> Vec<u8> {
        let length = body.len();
        format!("{method} sip:a SIP/2.0\r\nFrom: a\r\nContent-Length: {length}\r\n\r\n{body}")
            .into()
    }

    /// All frames of these bytes, pushed in pieces of this size.
    fn framed(bytes: &[u8], piece: usize) -> Result<Vec<Frame>, DropReason> {
        let mut framer = Framer::new();
        let mut frames = Vec::new();
        for part in bytes.chunks(piece) {
            framer.push(part);
            while let Some(frame) = framer.next_frame()? {
                frames.push(frame);
            }
        }
        Ok(frames)
    }

    #[test]
    fn messages_end_where_their_length_says() {
        let (one, two) = (message("BYE", "v=0\r\n\r\nBYE"), message("INFO", ""));
        let stream = [one.clone(), b"\r\n".to_vec(), two.clone(), one.clone()].concat();
        let wanted: Vec<Frame> = [one.clone(), two, one].map(Frame::Message).into();
        for piece in [1, 2, 3, 7, 1_000] {
            assert_eq!(framed(&stream, piece), Ok(wanted.clone()), "{piece}");
        }
    }

    #[test]
    fn a_ping_is_answered_and_a_pong_is_not() {
        assert_eq!(framed(b"\r\n\r\n", 1), Ok(vec![Frame::Ping]));
        assert_eq!(framed(b"\r\n", 1), Ok(vec![]));
        let pong = [b"\r\n".to_vec(), message("BYE", "")].concat();
        assert_eq!(
            framed(&pong, 1),
            Ok(vec![Frame::Message(message("BYE", ""))])
        );
        let mut framer = Framer::new();
        for (bytes, is_within) in [("\r\n", false), ("B", true)] {
            framer.push(bytes.as_bytes());
            assert_eq!(framer.next_frame(), Ok(None));
            assert_eq!(framer.is_within(), is_within);
        }
    }

    #[test]
    fn a_stream_without_one_true_length_ends() {
        for header in [
            "",
            "Content-Length: 1\r\nl: 2\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 1, 1\r\n",
            "Content-Length : x\r\n",
            "l:\r\n",
        ] {
            let stream = format!("BYE sip:a SIP/2.0\r\nFrom: a\r\n{header}\r\nBYE");
            assert_eq!(
                framed(stream.as_bytes(), 3),
                Err(DropReason::Length),
                "{header}"
            );
        }
        let twice = "BYE sip:a SIP/2.0\r\nl: 0\r\nContent-Length:\r\n 0\r\n\r\n";
        assert_eq!(framed(twice.as_bytes(), 3).map(|all| all.len()), Ok(1));
    }

    #[test]
    fn nobody_fills_the_memory() {
        let endless = vec![b'a'; 40_000];
        assert_eq!(framed(&endless, 1_000), Err(DropReason::Size));
        let long = b"BYE sip:a SIP/2.0\r\nl: 16400\r\n\r\n".to_vec();
        assert_eq!(framed(&long, 1_000), Err(DropReason::Size));
    }

    proptest! {
        #[test]
        fn however_a_stream_is_cut_it_means_the_same(
            bodies in prop::collection::vec("[a\r\n]{0,20}", 0..5), piece in 1..50_usize,
        ) {
            let stream: Vec<u8> = bodies.iter().flat_map(|body| message("BYE", body)).collect();
            let whole = framed(&stream, stream.len().max(1));
            prop_assert_eq!(&framed(&stream, piece), &whole);
            prop_assert_eq!(whole.map(|all| all.len()), Ok(bodies.len()));
        }

        #[test]
        fn nothing_panics(stream in prop::collection::vec(any::<u8>(), 0..300), piece in 1..20_usize) {
            let _ = framed(&stream, piece);
            crate::fuzzing::stream(&stream);
        }
    }
}
