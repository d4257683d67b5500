//! What a verifier finds.

use core::fmt;

use uuid::Uuid;

use crate::KeyId;

/// One sign that the audit store or its checkpoints are not what was written.
///
/// `Display` says it in plain words, with the tenant and the number of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A row does not match its hash: it, its hash or the hash before it was changed.
    Edited {
        /// Whose chain.
        tenant: Uuid,
        /// The row.
        seq: i64,
    },
    /// Rows are not there.
    Missing {
        /// Whose chain.
        tenant: Uuid,
        /// The first row that is missing.
        seq: i64,
        /// The last row that is missing.
        last: i64,
    },
    /// A row comes after rows with higher numbers.
    Reordered {
        /// Whose chain.
        tenant: Uuid,
        /// The row.
        seq: i64,
        /// The number that came before it.
        after: i64,
    },
    /// A second row with the same number, or one with a number that no event has.
    Inserted {
        /// Whose chain.
        tenant: Uuid,
        /// The number.
        seq: i64,
    },
    /// A row holds values that no event can have.
    Unreadable {
        /// Whose chain, where that can be read.
        tenant: Option<Uuid>,
        /// The row, where that can be read.
        seq: Option<i64>,
    },
    /// The store would append the next event somewhere else than behind the last row.
    Head {
        /// Whose chain.
        tenant: Uuid,
        /// The last row there is; 0 for none.
        seq: i64,
    },
    /// The chain ends before an event that was signed: its end was cut off, or the store was
    /// replaced by an older copy.
    Truncated {
        /// Whose chain.
        tenant: Uuid,
        /// The last row there is; 0 for none.
        seq: i64,
        /// The last row that was signed.
        signed: i64,
    },
    /// Another event stands where one was signed, with hashes that fit: the store was set back to
    /// an older copy and grew another way, or was written anew.
    RolledBack {
        /// Whose chain.
        tenant: Uuid,
        /// The signed number.
        seq: i64,
        /// The last number before it that stands as it was signed; 0 for none.
        intact: i64,
    },
    /// More events than there may be have no checkpoint after them: checkpoints were removed, or
    /// the service has not signed.
    Unsigned {
        /// Whose chain.
        tenant: Uuid,
        /// The last signed number; 0 for none.
        seq: i64,
        /// The last row.
        last: i64,
    },
    /// A line of the checkpoint file can not be read.
    LineUnreadable {
        /// Its number in the file, from 1.
        line: u64,
    },
    /// A checkpoint whose signature is not that of its content.
    Forged {
        /// The line in the file, from 1.
        line: u64,
        /// Whose chain it claims.
        tenant: Uuid,
        /// Which event it claims.
        seq: i64,
    },
    /// A checkpoint that was signed with a key the verifier was not given.
    UnknownKey {
        /// The line in the file, from 1.
        line: u64,
        /// Whose chain it claims.
        tenant: Uuid,
        /// Which event it claims.
        seq: i64,
        /// The key it names.
        key: KeyId,
    },
    /// A checkpoint that does not follow the one before it: lines are missing, inserted, repeated
    /// or in another order.
    OutOfPlace {
        /// The line in the file, from 1.
        line: u64,
        /// Whose chain.
        tenant: Uuid,
        /// Which event.
        seq: i64,
    },
    /// The service itself has signed a lower number than before, or the same with another hash: it
    /// ran on a store that had been set back.
    SignedBackwards {
        /// The line in the file, from 1.
        line: u64,
        /// Whose chain.
        tenant: Uuid,
        /// Which event.
        seq: i64,
        /// The number that was signed before.
        signed: i64,
    },
}

impl Fault {
    /// Whose chain, where that is known.
    #[must_use]
    pub const fn tenant(&self) -> Option<Uuid> {
        match self {
            Self::Edited { tenant, .. }
            | Self::Missing { tenant, .. }
            | Self::Reordered { tenant, .. }
            | Self::Inserted { tenant, .. }
            | Self::Head { tenant, .. }
            | Self::Truncated { tenant, .. }
            | Self::RolledBack { tenant, .. }
            | Self::Unsigned { tenant, .. }
            | Self::Forged { tenant, .. }
            | Self::UnknownKey { tenant, .. }
            | Self::OutOfPlace { tenant, .. }
            | Self::SignedBackwards { tenant, .. } => Some(*tenant),
            Self::Unreadable { tenant, .. } => *tenant,
            Self::LineUnreadable { .. } => None,
        }
    }

    /// The number of the event at which it shows, where that is known.
    #[must_use]
    pub const fn seq(&self) -> Option<i64> {
        match self {
            Self::Edited { seq, .. }
            | Self::Missing { seq, .. }
            | Self::Reordered { seq, .. }
            | Self::Inserted { seq, .. }
            | Self::Head { seq, .. }
            | Self::Truncated { seq, .. }
            | Self::RolledBack { seq, .. }
            | Self::Unsigned { seq, .. }
            | Self::Forged { seq, .. }
            | Self::UnknownKey { seq, .. }
            | Self::OutOfPlace { seq, .. }
            | Self::SignedBackwards { seq, .. } => Some(*seq),
            Self::Unreadable { seq, .. } => *seq,
            Self::LineUnreadable { .. } => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self {
            Self::LineUnreadable { line }
            | Self::Forged { line, .. }
            | Self::UnknownKey { line, .. }
            | Self::OutOfPlace { line, .. }
            | Self::SignedBackwards { line, .. } => Some(line),
            Self::Edited { .. }
            | Self::Missing { .. }
            | Self::Reordered { .. }
            | Self::Inserted { .. }
            | Self::Unreadable { .. }
            | Self::Head { .. }
            | Self::Truncated { .. }
            | Self::RolledBack { .. }
            | Self::Unsigned { .. } => None,
        };
        if let Some(line) = line {
            write!(f, "checkpoint file line {line}, ")?;
        }
        match self.tenant() {
            Some(tenant) => write!(f, "tenant {tenant}, ")?,
            None => f.write_str("tenant unknown, ")?,
        }
        match self.seq() {
            Some(seq) => write!(f, "event {seq}: ")?,
            None => f.write_str("event unknown: ")?,
        }
        self.reason(f)
    }
}

impl Fault {
    fn reason(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited { .. } => f.write_str("the row was edited, or the hash before it"),
            Self::Missing { seq, last, .. } if seq == last => f.write_str("the row is missing"),
            Self::Missing { last, .. } => write!(f, "the rows up to {last} are missing"),
            Self::Reordered { after, .. } => write!(f, "the row comes after row {after}"),
            Self::Inserted { .. } => f.write_str("the row was inserted"),
            Self::Unreadable { .. } => f.write_str("the row holds values that no event can have"),
            Self::Head { .. } => f.write_str(
                "this is the last row, but the next event would be appended somewhere else",
            ),
            Self::Truncated { signed, .. } => write!(
                f,
                "the chain ends here, but was signed up to event {signed}: its end was cut off or \
                 the store is an older copy"
            ),
            Self::RolledBack { intact, .. } => write!(
                f,
                "another event was signed here: all after event {intact} may have been rewritten, \
                 or the store was set back to an older copy"
            ),
            Self::Unsigned { last, .. } => write!(
                f,
                "no checkpoint was signed after this event, but there are events up to {last}"
            ),
            Self::LineUnreadable { .. } => f.write_str("the line is not a checkpoint"),
            Self::Forged { .. } => f.write_str("the signature of the checkpoint is false"),
            Self::UnknownKey { key, .. } => {
                write!(f, "the checkpoint is signed with another key, {key}")
            }
            Self::OutOfPlace { .. } => {
                f.write_str("the checkpoint does not follow the line before it")
            }
            Self::SignedBackwards { signed, .. } => write!(
                f,
                "event {signed} was signed before this checkpoint: the store had been set back"
            ),
        }
    }
}
