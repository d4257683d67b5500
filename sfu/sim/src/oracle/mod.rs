//! Oracles: what must be true of a call, whatever its network did.

mod continuity;
mod isolation;
mod liveness;

use sfu_core::{DisconnectCause, Source};
use thiserror::Error;

pub(crate) use continuity::{Arrival, Continuity};
pub(crate) use isolation::{
    ReceiverTruth as IsolationReceiver, SenderTruth as IsolationSender, may_receive,
};
pub(crate) use liveness::{BOUND_MS, GRACE_MS, bound_ms};

/// What was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "every variant says itself what it is")]
pub enum Fault {
    #[error("media of room {from} arrived")]
    CrossedRooms { from: u16 },
    #[error("their own media came back")]
    OwnMedia,
    #[error("media arrived that nobody made")]
    UnknownMedia,
    #[error("{source_kind:?} of person {from} arrived on a slot that was never bound to it")]
    NotBound { from: u16, source_kind: Source },
    #[error("{source_kind:?} of person {from} arrived, sent at {sent_ms} ms while it was off")]
    WasOff {
        from: u16,
        source_kind: Source,
        sent_ms: u32,
    },
    #[error("{source_kind:?} of person {from} arrived, which was not granted to be sent or seen")]
    NotGranted { from: u16, source_kind: Source },
    #[error("media of an earlier connection of person {from} arrived")]
    Outdated { from: u16 },
    #[error("sequence number {seq} came twice with different content")]
    Repeated { seq: u64 },
    #[error("the timestamp went back at sequence number {seq}")]
    TimeWentBack { seq: u64 },
    #[error("picture id or frame order is broken at sequence number {seq}")]
    BrokenPictures { seq: u64 },
    #[error("a stream began without a key frame at sequence number {seq}")]
    NoKeyFrame { seq: u64 },
    #[error("a frame that others need is missing without a gap before sequence number {seq}")]
    HiddenGap { seq: u64 },
    #[error("no {source_kind:?} of person {from} for {gap_ms} ms on good networks")]
    Frozen {
        from: u16,
        source_kind: Source,
        gap_ms: u64,
    },
    #[error("{source_kind:?} of person {from} has no slot although one is free")]
    NotSeen { from: u16, source_kind: Source },
    #[error("the connection was ended ({cause:?}) on a good network")]
    Dropped { cause: DisconnectCause },
    #[error("an engine panicked")]
    Panicked,
    #[error("an offer was refused: {why}")]
    Refused { why: String },
    #[error("an answer could not be used")]
    BadAnswer,
    #[error("an offer was not answered")]
    NoAnswer,
    #[error("one batch gave {outputs} outputs")]
    TooManyOutputs { outputs: usize },
    #[error("the time is wanted again and again without time passing")]
    Spins,
    #[error("{rooms} rooms and {connections} connections are remembered (timer: {timer})")]
    Remembered {
        rooms: usize,
        connections: usize,
        timer: bool,
    },
    #[error(
        "person {viewer} is served {source_kind:?} of person {from} on one number of shards only"
    )]
    ServedDifferently {
        viewer: u16,
        from: u16,
        source_kind: Source,
    },
}

impl Fault {
    /// The kind of fault, without its numbers.
    #[must_use]
    pub fn name(&self) -> String {
        let text = format!("{self:?}");
        text.split([' ', '{']).next().unwrap_or_default().to_owned()
    }
}

/// A fault, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("seed {seed}, {at_ms} ms, room {room}, person {person}: {fault}")]
pub struct Violation {
    /// Replays the run.
    pub seed: u64,
    /// Virtual time.
    pub at_ms: u64,
    /// Index of the room in the scenario.
    pub room: u16,
    /// Index of the person in the scenario.
    pub person: u16,
    /// What was wrong.
    #[source]
    pub fault: Fault,
}
