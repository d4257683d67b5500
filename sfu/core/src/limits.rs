//! Every limit of the forwarding machine in one place, with its reason.

use core::time::Duration;

/// Longest offer in bytes. A browser's offer with the most m-lines stays under half of it.
pub const OFFER_BYTES_MAX: usize = 64 * 1024;
/// Most m-lines of one connection. The engine searches them linearly for every packet, and ten
/// people with microphone, camera and a few screens need fewer.
pub const MEDIA_LINES_MAX: usize = 32;
/// Most connections of one room: a lecture of which most only listen. A packet costs only its own
/// subscribers; what grows with the room is looked through four times a second.
pub const PARTICIPANTS_MAX: usize = 1000;
/// Most telephones of one room: all of them and their loudest listeners are mixed in one thread.
pub const PHONES_MAX: usize = 24;
/// A connection that is not ready after this long is given up.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(30);
/// Longest RTP payload that is forwarded, in bytes. The engine writes a packet with its headers into
/// 2,000 bytes and fails on a longer one; no client sends more than its path carries in one piece.
pub const PAYLOAD_BYTES_MAX: usize = 1500;
/// Packets per second that a connection may send, with a second's worth at once. A browser with
/// camera in three layers, microphone and screen sends under 800.
pub const PEER_PACKETS_PER_S: u32 = 3000;
/// Bytes per second that a connection may send (40 Mbit/s), with a second's worth at once.
pub const PEER_BYTES_PER_S: u32 = 5_000_000;
/// Connectivity checks of a connection from addresses it has proved: per second, and at once. A
/// browser checks each pair of candidates every 50 ms at its busiest.
pub const CHECKS: (u32, u32) = (100, 200);
/// DTLS handshake records of a connection: per second, and at once. A handshake takes ten, and
/// repeats them when they are lost.
pub const HANDSHAKES: (u32, u32) = (10, 100);
/// Unsigned checks of one address after which it is not heard: per second, and at once.
pub const FAILED_CHECKS: (u32, u32) = (5, 50);
/// Addresses with unsigned checks that are remembered, in each of two generations.
pub const STRANGERS_MAX: usize = 4096;
/// A client that was silent for this long, while it was sent pictures or sends its own, has had a
/// gap in its network. It reports what it gets several times a second.
pub const GAP_MIN: Duration = Duration::from_millis(700);
/// The chosen path may be silent for this long before a signed check on another one moves the
/// connection there without being told to. Longer than the gaps between packets of a talking
/// client, shorter than anybody waits for a picture.
pub const PATH_SILENCE_MAX: Duration = Duration::from_millis(500);
