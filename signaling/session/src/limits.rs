//! Times and sizes of a room. Those that both sides must know are in signaling-protocol.

use signaling_protocol::TEST_MS_MAX;

use crate::call_back::CallBackRule;

/// How long a person whose socket was lost keeps their seat, in microseconds: long enough for a
/// tunnel or a restarted telephone, short enough that the others are not shown a ghost.
pub const SEAT_KEPT_US: i64 = 60_000_000;
/// How long a room without people stays in memory, in microseconds, so that removals and unread
/// chat survive a moment in which everybody is away.
pub const EMPTY_GRACE_US: i64 = 120_000_000;

/// Chat messages that wait to be stored. More are refused as unavailable: the store hangs, and the
/// author still has the text.
pub(crate) const CHAT_WAITING_MAX: usize = 32;
/// Waiting chat messages of one author, so that one person cannot use up [`CHAT_WAITING_MAX`].
pub(crate) const CHAT_WAITING_EACH_MAX: usize = 8;
/// Bytes of chat in a snapshot. With roster and slots the frame stays under
/// [`signaling_protocol::MESSAGE_BYTES_MAX`].
pub(crate) const SNAPSHOT_CHAT_BYTES_MAX: usize = 40 * 1024;
/// Removed people that a room remembers by name. Beyond it, no ticket is taken as admitted.
pub(crate) const REMOVED_MAX: usize = 256;
/// People whose grants a room remembers after they have gone, so that coming back lifts nothing.
pub(crate) const CURBED_MAX: usize = 64;
/// How long after a failure until the clinic is asked again to keep how the room is, in microseconds.
pub(crate) const KEEP_AGAIN_US: i64 = 5_000_000;
/// Read marks that a room remembers.
pub(crate) const MARKS_MAX: usize = 256;
/// Acts of moderation that wait to be recorded.
pub(crate) const ACTS_MAX: usize = 32;
/// Sources in one offer: three kinds exist.
pub(crate) const SOURCES_MAX: usize = 3;
/// Slots of one connection; the media server takes no more m-lines.
pub(crate) const SLOTS_MAX: usize = 32;
/// Longest `a=mid`, in bytes. RFC 8843 section 15.1 asks for at most three; browsers use few more.
pub(crate) const MID_BYTES_MAX: usize = 16;

/// The times of a room, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// See [`SEAT_KEPT_US`].
    pub seat_kept_us: i64,
    /// See [`EMPTY_GRACE_US`].
    pub empty_grace_us: i64,
    /// How long a connection test lasts.
    pub test_us: i64,
    /// How often a page gets a new failover ticket; never without.
    pub vouch_us: Option<i64>,
    /// When a patient whose page was lost is called; never without.
    pub call_back: Option<CallBackRule>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            seat_kept_us: SEAT_KEPT_US,
            empty_grace_us: EMPTY_GRACE_US,
            test_us: i64::from(TEST_MS_MAX).saturating_mul(1_000),
            vouch_us: None,
            call_back: None,
        }
    }
}
