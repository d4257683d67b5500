//! Time and randomness of the browser.

use signaling_protocol::ChatId;
use uuid::Builder;

/// Milliseconds on the page's monotonic clock.
pub(super) fn now_ms() -> u64 {
    let since_start = web_sys::window()
        .and_then(|window| window.performance())
        .map_or(0.0, |performance| performance.now());
    whole(since_start)
}

/// Unix time in microseconds.
#[must_use]
pub fn now_unix_us() -> i64 {
    i64::try_from(whole(js_sys::Date::now()))
        .unwrap_or(0)
        .saturating_mul(1_000)
}

/// A number of milliseconds or a count as an integer. A `f64` from a browser is never negative
/// here and far below 2^53.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what is wanted"
)]
pub(super) const fn whole(number: f64) -> u64 {
    number as u64
}

fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    let filled = web_sys::window()
        .and_then(|window| window.crypto().ok())
        .is_some_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
    if !filled {
        for byte in &mut bytes {
            *byte = u8::try_from(whole(js_sys::Math::random() * 256.0)).unwrap_or(0);
        }
    }
    bytes
}

/// A seed for a call.
pub(super) fn seed() -> u64 {
    random_bytes().iter().fold(0, |seed: u64, byte| {
        (seed << 8) ^ (seed >> 56) ^ u64::from(*byte)
    })
}

/// An id for a new chat message.
#[must_use]
pub fn chat_id() -> ChatId {
    ChatId::from_uuid(Builder::from_random_bytes(random_bytes()).into_uuid())
}
