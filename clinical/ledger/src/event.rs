//! One audit row and its canonical bytes.

use core::fmt;

use uuid::Uuid;

use crate::bytes::Bytes;

/// The version of the canonical bytes that this crate writes. Other bytes need another number, and
/// a verifier that knows both.
pub const EVENT_FORMAT: u8 = 1;

/// All fields of an audit row but its hash, as they are stored: ids and words of the program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// Whose chain it is in.
    pub tenant: Uuid,
    /// Its number in the chain: 1, 2, 3 without gaps.
    pub seq: i64,
    /// When, in UTC microseconds.
    pub at_us: i64,
    /// What kind of actor: `user`, `link`, `system`.
    pub actor_kind: &'a str,
    /// Which actor, where there is one.
    pub actor_id: Option<Uuid>,
    /// What was done: `booking.cancel`.
    pub action: &'a str,
    /// What kind of thing it was done to: `appointment`.
    pub subject_kind: Option<&'a str>,
    /// Which thing.
    pub subject_id: Option<Uuid>,
    /// Whose record it concerns.
    pub patient: Option<Uuid>,
    /// Which version of the thing was seen or made.
    pub version: Option<i64>,
    /// The right that allowed it: `care_relation`, `break_glass`.
    pub grant: Option<&'a str>,
    /// The purpose of use: `treatment`.
    pub purpose: Option<&'a str>,
    /// How it ended: `done`, `refused`.
    pub outcome: &'a str,
}

impl Event<'_> {
    /// The bytes that are hashed.
    ///
    /// The first byte is [`EVENT_FORMAT`]. All fields follow in the order of the struct, whether
    /// they are set or not:
    ///
    /// | Field | Bytes |
    /// |---|---|
    /// | UUID | 16, in the order of RFC 9562 |
    /// | number | 8, two's complement, most significant first |
    /// | text | its length in bytes as 8 bytes, most significant first; then UTF-8 |
    /// | optional | `00` when absent; `01` and the value when present |
    ///
    /// Each field tells where it ends, so two events with equal bytes are equal.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Bytes::default();
        self.write(&mut bytes);
        bytes.into_vec()
    }

    pub(crate) fn write(&self, to: &mut Bytes) {
        to.byte(EVENT_FORMAT);
        to.uuid(self.tenant);
        to.number(self.seq);
        to.number(self.at_us);
        to.text(self.actor_kind);
        to.optional(self.actor_id, Bytes::uuid);
        to.text(self.action);
        to.optional(self.subject_kind, Bytes::text);
        to.optional(self.subject_id, Bytes::uuid);
        to.optional(self.patient, Bytes::uuid);
        to.optional(self.version, Bytes::number);
        to.optional(self.grant, Bytes::text);
        to.optional(self.purpose, Bytes::text);
        to.text(self.outcome);
    }
}

/// Who did what to whom is not for a log: only the place in the chain prints.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({} {})", self.tenant, self.seq)
    }
}
