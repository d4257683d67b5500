//! Frames of the minimal lower layer protocol: `0x0B`, a message, `0x1C 0x0D`.

use crate::MESSAGE_BYTES_MAX;

const START: u8 = 0x0B;
const END: u8 = 0x1C;
const RETURN: u8 = 0x0D;

/// A stream that is no sequence of frames. The connection is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A byte where a frame had to begin.
    #[error("a frame does not begin as one")]
    Start,
    /// The end of a frame was not followed by a carriage return.
    #[error("a frame does not end as one")]
    End,
    /// The frame is larger than a message may be.
    #[error("a frame is too large")]
    TooLarge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Within,
    Ending,
}

/// Cuts a stream into messages, however the network cut it into pieces.
pub struct Decoder {
    state: State,
    held: Vec<u8>,
    max: usize,
}

impl core::fmt::Debug for Decoder {
    /// What is held is a part of a message.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Decoder({:?}, {} bytes)", self.state, self.held.len())
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::with_max(MESSAGE_BYTES_MAX)
    }
}

impl Decoder {
    /// A decoder that holds at most so many bytes.
    #[must_use]
    pub const fn with_max(max: usize) -> Self {
        Self {
            state: State::Between,
            held: Vec::new(),
            max,
        }
    }

    /// How many bytes of an unfinished message are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Takes bytes up to the end of the first message in them. Answers how many were taken and the
    /// message, if it is complete; what was not taken is given again.
    ///
    /// # Errors
    /// [`FrameError`]; the stream is then of no more use.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(usize, Option<Vec<u8>>), FrameError> {
        for (at, &byte) in bytes.iter().enumerate() {
            match (self.state, byte) {
                (State::Between, START) => self.state = State::Within,
                // Some senders write an empty line between frames.
                (State::Between, b'\r' | b'\n') => {}
                (State::Between, _) => return Err(FrameError::Start),
                (State::Within, END) => self.state = State::Ending,
                (State::Within, _) if self.held.len() >= self.max => {
                    return Err(FrameError::TooLarge);
                }
                (State::Within, byte) => self.held.push(byte),
                (State::Ending, RETURN) => {
                    self.state = State::Between;
                    return Ok((at + 1, Some(core::mem::take(&mut self.held))));
                }
                (State::Ending, _) => return Err(FrameError::End),
            }
        }
        Ok((bytes.len(), None))
    }
}

/// A message in its frame.
#[must_use]
pub fn frame(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len().saturating_add(3));
    out.push(START);
    out.extend_from_slice(message);
    out.extend_from_slice(&[END, RETURN]);
    out
}
