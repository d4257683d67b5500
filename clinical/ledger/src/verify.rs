//! The verifier: first the lines of the checkpoint file, then the rows, in one pass.

use std::collections::{BTreeMap, VecDeque};

use uuid::Uuid;

use crate::bytes::Bytes;
use crate::{Checkpoint, Event, Fault, Hash, PublicKey, SignedCheckpoint, chain};

/// A report holds this many faults and counts the rest: one proves that something is wrong, and
/// the first thousand say where.
pub const FAULTS_MAX: usize = 1_000;
/// So many checkpoints of one tenant are compared with its rows. Beyond this number every second
/// one is dropped: the newest alone proves the whole chain, the others only tell where it changed.
const MARKS_MAX: usize = 4_096;

/// Faults, up to [`FAULTS_MAX`].
#[derive(Debug, Default)]
struct Faults {
    kept: Vec<Fault>,
    dropped: u64,
}

impl Faults {
    fn add(&mut self, fault: Fault) {
        if self.kept.len() < FAULTS_MAX {
            self.kept.push(fault);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

/// A signed place in a chain.
#[derive(Debug, Clone, Copy)]
struct Mark {
    seq: i64,
    head: Hash,
}

/// Reads a checkpoint file from its beginning.
#[derive(Debug)]
pub struct Checkpoints {
    keys: Vec<PublicKey>,
    lines: u64,
    /// Number and hash of the line before; unknown behind a fault.
    last: Option<(i64, Hash)>,
    marks: BTreeMap<Uuid, VecDeque<Mark>>,
    faults: Faults,
}

impl Checkpoints {
    /// A reader that knows these keys. After a change of keys these are the old and the new one.
    #[must_use]
    pub fn new(keys: Vec<PublicKey>) -> Self {
        Self {
            keys,
            lines: 0,
            last: Some((0, Checkpoint::first())),
            marks: BTreeMap::new(),
            faults: Faults::default(),
        }
    }

    /// Takes the next line of the file, without its line break.
    ///
    /// A last line without a line break was not written to its end and does not count: leave it out.
    pub fn line(&mut self, line: &str) {
        self.lines = self.lines.saturating_add(1);
        match self.judge(line) {
            Ok(signed) => self.last = Some((signed.number, signed.hash())),
            Err(fault) => {
                self.faults.add(fault);
                self.last = None;
            }
        }
    }

    fn judge(&mut self, text: &str) -> Result<Checkpoint, Fault> {
        let line = self.lines;
        let signed = SignedCheckpoint::from_line(text).or(Err(Fault::LineUnreadable { line }))?;
        let checkpoint = *signed.checkpoint();
        let Checkpoint { tenant, seq, .. } = checkpoint;
        let key = signed.key();
        let Some(public) = self.keys.iter().find(|public| public.id() == key) else {
            return Err(Fault::UnknownKey {
                line,
                tenant,
                seq,
                key,
            });
        };
        if !signed.is_signed_by(public) {
            return Err(Fault::Forged { line, tenant, seq });
        }
        let signed = self.mark(&checkpoint);
        let follows = self.last.is_none_or(|(number, hash)| {
            checkpoint.number == number.saturating_add(1) && checkpoint.previous == hash
        });
        if !follows {
            return Err(Fault::OutOfPlace { line, tenant, seq });
        }
        if let Err(signed) = signed {
            return Err(Fault::SignedBackwards {
                line,
                tenant,
                seq,
                signed,
            });
        }
        Ok(checkpoint)
    }

    /// Keeps what was signed, unless it contradicts what was signed before: then that number.
    fn mark(&mut self, checkpoint: &Checkpoint) -> Result<(), i64> {
        let &Checkpoint {
            tenant, seq, head, ..
        } = checkpoint;
        let marks = self.marks.entry(tenant).or_default();
        if let Some(newest) = marks.back() {
            if newest.seq > seq || (newest.seq == seq && newest.head != head) {
                return Err(newest.seq);
            }
            if newest.seq == seq {
                return Ok(());
            }
        }
        if marks.len() >= MARKS_MAX {
            let mut keep = false;
            marks.retain(|_| {
                keep = !keep;
                keep
            });
        }
        marks.push_back(Mark { seq, head });
        Ok(())
    }

    /// The file is read; rows come next. `unsigned_max` is how many events of one tenant may stand
    /// after its newest checkpoint: what a running service can commit before it signs again, and 0
    /// after it has stopped properly.
    #[must_use]
    pub fn verifier(self, unsigned_max: i64) -> Verifier {
        let chains = self
            .marks
            .into_iter()
            .map(|(tenant, marks)| (tenant, Chain::new(tenant, marks)))
            .collect();
        Verifier {
            unsigned_max,
            checkpoints: self.lines,
            chains,
            faults: self.faults,
            buffer: Bytes::default(),
        }
    }
}

/// What the hash before the next row is.
#[derive(Debug, Clone, Copy)]
enum Before {
    Known(Hash),
    /// The row before was edited: either its hash was, or its content.
    Either(Hash, Hash),
    /// Rows before are missing or can not be read.
    Unknown,
}

/// How far one tenant is verified.
#[derive(Debug)]
struct Chain {
    rows: u64,
    seq: i64,
    before: Before,
    marks: VecDeque<Mark>,
    signed: i64,
    /// The last mark that was met as signed.
    intact: i64,
    /// A mark was not met, and no later one can be.
    rolled_back: bool,
}

impl Chain {
    fn new(tenant: Uuid, marks: VecDeque<Mark>) -> Self {
        Self {
            rows: 0,
            seq: 0,
            before: Before::Known(chain::genesis(tenant)),
            signed: marks.back().map_or(0, |mark| mark.seq),
            marks,
            intact: 0,
            rolled_back: false,
        }
    }
}

/// Takes the rows of all tenants, each tenant's in the order of their numbers.
#[derive(Debug)]
pub struct Verifier {
    unsigned_max: i64,
    checkpoints: u64,
    chains: BTreeMap<Uuid, Chain>,
    faults: Faults,
    buffer: Bytes,
}

impl Verifier {
    /// Takes the next row and the hash that is stored with it.
    pub fn row(&mut self, event: &Event<'_>, stored: Hash) {
        let Event { tenant, seq, .. } = *event;
        let chain = Self::chain(&mut self.chains, tenant);
        if !Self::advance(&mut self.faults, chain, tenant, seq) {
            return;
        }
        let mut fits = |before| {
            let computed = chain::next_in(&mut self.buffer, before, event);
            (computed == stored, computed)
        };
        let (is_intact, computed) = match chain.before {
            Before::Known(before) => fits(before),
            Before::Either(one, other) => match fits(one) {
                (true, computed) => (true, computed),
                (false, _) => fits(other),
            },
            Before::Unknown => (true, stored),
        };
        if is_intact {
            chain.before = Before::Known(stored);
        } else {
            chain.before = Before::Either(stored, computed);
            self.faults.add(Fault::Edited { tenant, seq });
        }
        if let Some(mark) = chain.marks.pop_front_if(|mark| mark.seq == seq) {
            if mark.head == stored || mark.head == computed {
                chain.intact = seq;
            } else if !chain.rolled_back {
                chain.rolled_back = true;
                let intact = chain.intact;
                self.faults.add(Fault::RolledBack {
                    tenant,
                    seq,
                    intact,
                });
            }
        }
    }

    /// Takes the next row, of which not all values could be read as those of an event.
    pub fn unreadable(&mut self, tenant: Option<Uuid>, seq: Option<i64>) {
        self.faults.add(Fault::Unreadable { tenant, seq });
        let (Some(tenant), Some(seq)) = (tenant, seq) else {
            return;
        };
        let chain = Self::chain(&mut self.chains, tenant);
        if Self::advance(&mut self.faults, chain, tenant, seq) {
            chain.before = Before::Unknown;
        }
    }

    /// Takes where the store says each chain stands: where the next event will be appended. All of
    /// them at once, after the rows and from the same moment.
    pub fn heads(&mut self, heads: impl IntoIterator<Item = (Uuid, i64, Hash)>) {
        let mut heads: BTreeMap<Uuid, (i64, Hash)> = heads
            .into_iter()
            .map(|(tenant, seq, hash)| (tenant, (seq, hash)))
            .collect();
        for (&tenant, chain) in &self.chains {
            let fits = match (heads.remove(&tenant), chain.before) {
                (None, _) => chain.seq == 0,
                (Some((seq, hash)), Before::Known(last)) => seq == chain.seq && hash == last,
                (Some((seq, hash)), Before::Either(one, other)) => {
                    seq == chain.seq && (hash == one || hash == other)
                }
                (Some((seq, _)), Before::Unknown) => seq == chain.seq,
            };
            if !fits {
                let seq = chain.seq;
                self.faults.add(Fault::Head { tenant, seq });
            }
        }
        for (tenant, (seq, hash)) in heads {
            if seq != 0 || hash != chain::genesis(tenant) {
                self.faults.add(Fault::Head { tenant, seq: 0 });
            }
        }
    }

    fn chain(chains: &mut BTreeMap<Uuid, Chain>, tenant: Uuid) -> &mut Chain {
        chains
            .entry(tenant)
            .or_insert_with(|| Chain::new(tenant, VecDeque::new()))
    }

    /// Moves the chain to row `seq`, unless that row has no place behind those before it.
    fn advance(faults: &mut Faults, chain: &mut Chain, tenant: Uuid, seq: i64) -> bool {
        chain.rows = chain.rows.saturating_add(1);
        let after = chain.seq;
        if seq < 1 || seq == after {
            faults.add(Fault::Inserted { tenant, seq });
            return false;
        }
        if seq < after {
            faults.add(Fault::Reordered { tenant, seq, after });
            return false;
        }
        let expected = after.saturating_add(1);
        if seq > expected {
            faults.add(Fault::Missing {
                tenant,
                seq: expected,
                last: seq - 1,
            });
            chain.before = Before::Unknown;
        }
        while chain.marks.pop_front_if(|mark| mark.seq < seq).is_some() {}
        chain.seq = seq;
        true
    }

    /// There are no more rows.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let mut chains = Vec::with_capacity(self.chains.len());
        for (tenant, chain) in self.chains {
            let Chain { seq, signed, .. } = chain;
            if signed > seq {
                self.faults.add(Fault::Truncated {
                    tenant,
                    seq,
                    signed,
                });
            } else if seq.saturating_sub(signed) > self.unsigned_max {
                self.faults.add(Fault::Unsigned {
                    tenant,
                    seq: signed,
                    last: seq,
                });
            }
            chains.push(Verified {
                tenant,
                rows: chain.rows,
                seq,
                signed,
            });
        }
        Report {
            chains,
            checkpoints: self.checkpoints,
            faults: self.faults.kept,
            faults_dropped: self.faults.dropped,
        }
    }
}

/// What was read of one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The tenant.
    pub tenant: Uuid,
    /// How many rows were read.
    pub rows: u64,
    /// The highest number in order; 0 for none.
    pub seq: i64,
    /// The highest signed number; 0 for none.
    pub signed: i64,
}

/// What a verifier has found.
#[derive(Debug)]
pub struct Report {
    /// Every tenant that has a row or a checkpoint, in the order of their ids.
    pub chains: Vec<Verified>,
    /// How many lines of the checkpoint file were read.
    pub checkpoints: u64,
    /// The first [`FAULTS_MAX`] faults, those of the checkpoint file first.
    pub faults: Vec<Fault>,
    /// How many more there were.
    pub faults_dropped: u64,
}

impl Report {
    /// Whether everything is as it was written.
    #[must_use]
    pub const fn is_honest(&self) -> bool {
        self.faults.is_empty()
    }
}
