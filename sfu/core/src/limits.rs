//! Every limit of the forwarding machine in one place, with its reason.

use core::time::Duration;

/// Longest offer in bytes. A browser's offer with the most m-lines stays under half of it.
pub const OFFER_BYTES_MAX: usize = 64 * 1024;
/// Most m-lines of one connection. The engine searches them linearly for every packet, and ten
/// people with microphone, camera and a few screens need fewer.
pub const MEDIA_LINES_MAX: usize = 32;
/// Most connections of one room: a lecture of which most only listen. A packet costs only its own
/// subscribers; what grows with the room is looked through four times a second.
pub const PARTICIPANTS_MAX: usize = 600;
/// A connection that is not ready after this long is given up.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(30);
/// Longest RTP payload that is forwarded, in bytes. The engine writes a packet with its headers into
/// 2,000 bytes and fails on a longer one; no client sends more than its path carries in one piece.
pub const PAYLOAD_BYTES_MAX: usize = 1500;
