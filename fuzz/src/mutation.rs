//! Small changes of known inputs, the same in every run.

/// Longest input that is made, in bytes.
const BYTES_MAX: usize = 8 * 1024;
/// Bytes at which parsers turn off: ends of ranges, line ends, separators.
const TELLING: &[u8] = b"\0\x01\x7f\x80\xff\r\n \"{}[]:;=,|^~\\&-+.09Tae";

/// Changes inputs; its changes follow from its seed alone.
#[derive(Debug)]
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// A seed of 0 counts as another one, because xorshift would stay there.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        let state = if seed == 0 { 0x9e37_79b9 } else { seed };
        Self { state }
    }

    /// An input out of `known`: one to four changes of one of them.
    pub fn next(&mut self, known: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = self.pick(known).cloned().unwrap_or_default();
        for _change in 0..=self.below(4) {
            self.change(&mut bytes, known);
        }
        bytes.truncate(BYTES_MAX);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, known: &[Vec<u8>]) {
        let at = self.below(bytes.len() + 1);
        let telling = self.pick(TELLING).copied().unwrap_or_default();
        match self.below(8) {
            0 => {
                let bit = self.below(8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = telling;
                }
            }
            2 => bytes.insert(at, telling),
            3 => bytes.truncate(at),
            4 => {
                let end = (at + 1 + self.below(16)).min(bytes.len());
                bytes.drain(at.min(end)..end);
            }
            5 => {
                // A part stands there once more.
                let end = (at + 1 + self.below(32)).min(bytes.len());
                let part = bytes.get(at..end).unwrap_or_default().to_vec();
                bytes.splice(at..at, part);
            }
            6 => {
                // The rest comes from another input.
                let other = self.pick(known).cloned().unwrap_or_default();
                let from = self.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(other.get(from..).unwrap_or_default());
            }
            _ => {
                let step = self.below(32);
                if let (Some(byte), Ok(step)) = (bytes.get_mut(at), u8::try_from(step)) {
                    *byte = byte.wrapping_add(step).wrapping_sub(16);
                }
            }
        }
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len().max(1)))
    }

    /// A number below `limit`, which is at least 1.
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap_or(0) % limit.max(1)
    }
}
