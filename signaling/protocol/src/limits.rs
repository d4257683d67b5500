//! Every limit of the protocol in one place. A peer that goes beyond one gets a typed error.

/// Protocol version that a client names in its Hello.
pub const VERSION: u16 = 1;
/// Largest WebSocket message in either direction, in bytes. Larger closes the socket. Only the list
/// of an observer ([`crate::ServerMessage::Overview`]) may be larger: it grows with the live rooms.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Largest session description, in bytes.
pub const SDP_BYTES_MAX: usize = 48 * 1024;
/// Longest public or sealed key as text, in bytes: a P-256 point and a wrapped key take half.
pub const KEY_BYTES_MAX: usize = 400;
/// Longest chat message, in characters.
pub const CHAT_CHARS_MAX: usize = 4_000;
/// Chat messages in a snapshot; older ones are in the record.
pub const CHAT_BACKLOG_MAX: usize = 200;
/// Longest display name, in characters.
pub const NAME_CHARS_MAX: usize = 80;
/// People in one room, waiting ones included.
pub const PARTICIPANTS_MAX: usize = 10;
/// Rooms whose media numbers one observer gets at a time.
pub const INSPECTED_ROOMS_MAX: usize = 20;
/// The server says something at least this often, in milliseconds.
pub const HEARTBEAT_MS: u32 = 4_000;
/// A side that heard nothing for this long takes the connection for lost, in milliseconds.
pub const SILENCE_MS_MAX: u32 = 12_000;
/// A connection test ends by itself after this long, in milliseconds.
pub const TEST_MS_MAX: u32 = 30_000;
