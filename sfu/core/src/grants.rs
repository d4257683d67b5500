//! What a person may do in a room, and how much their picture matters. Decided by the signaling
//! side, enforced here.

use crate::source::{Source, SourceSet};

/// How much somebody's picture matters to everybody else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Rank {
    /// The clinician of the visit: first to get a slot and bandwidth, last to lose them.
    Clinician,
    /// Everybody else.
    #[default]
    Other,
}

/// What a person may send and receive. Both change live, without renegotiation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grants {
    /// A source is forwarded only if it is in this set and switched on.
    pub publish: SourceSet,
    /// Without it no slot of the person is bound.
    pub subscribe: bool,
}

impl Grants {
    /// Send and receive everything.
    pub const ALL: Self = Self {
        publish: SourceSet::ALL,
        subscribe: true,
    };
    /// Neither send nor receive.
    pub const NONE: Self = Self {
        publish: SourceSet::NONE,
        subscribe: false,
    };
    /// Receive everything, send nothing.
    pub const LISTEN: Self = Self {
        publish: SourceSet::NONE,
        subscribe: true,
    };

    /// Whether `source` may be published.
    #[must_use]
    pub const fn may_publish(self, source: Source) -> bool {
        self.publish.contains(source)
    }
}
