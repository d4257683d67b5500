//! Which numbers of a stream have come, so that none is counted twice.

/// Packets back from the newest one in which a second copy is known as one. A resent packet is
/// at most seconds late, and no source sends this many in that time.
pub(crate) const WINDOW: u64 = 4096;
const WORDS: usize = 64;

/// Numbers that have come.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    newest: u64,
    window: [u64; WORDS],
}

/// What became of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It is newer than all before.
    Next,
    /// It came after a newer one.
    Late,
    /// It had come before, or is too old to tell.
    Again,
}

impl Default for Seen {
    fn default() -> Self {
        Self::new()
    }
}

impl Seen {
    /// Nothing has come.
    pub(crate) const fn new() -> Self {
        Self {
            newest: 0,
            window: [0; WORDS],
        }
    }

    /// The newest number; `None` before the first one.
    pub(crate) const fn newest(&self) -> Option<u64> {
        if self.newest == 0 {
            None
        } else {
            Some(self.newest)
        }
    }

    const fn place(sequence: u64) -> (usize, u64) {
        let at = sequence % WINDOW;
        let word = (at / 64) as usize;
        (word, 1 << (at % 64))
    }

    fn mark(&mut self, sequence: u64) {
        let (word, bit) = Self::place(sequence);
        if let Some(word) = self.window.get_mut(word) {
            *word |= bit;
        }
    }

    fn clear(&mut self, sequence: u64) {
        let (word, bit) = Self::place(sequence);
        if let Some(word) = self.window.get_mut(word) {
            *word &= !bit;
        }
    }

    fn has(&self, sequence: u64) -> bool {
        let (word, bit) = Self::place(sequence);
        self.window.get(word).is_some_and(|word| word & bit != 0)
    }

    /// A number came. They begin with 1.
    pub(crate) fn arrive(&mut self, sequence: u64) -> Arrival {
        if sequence > self.newest {
            let skipped = sequence - self.newest;
            if skipped >= WINDOW {
                self.window = [0; WORDS];
            } else {
                for passed in self.newest + 1..sequence {
                    self.clear(passed);
                }
            }
            self.newest = sequence;
            self.mark(sequence);
            return Arrival::Next;
        }
        // What is older than the window cannot be told from a copy; it is not counted twice.
        if self.newest - sequence >= WINDOW || self.has(sequence) {
            return Arrival::Again;
        }
        self.mark(sequence);
        Arrival::Late
    }
}
