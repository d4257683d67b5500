//! How long nothing may be seen or heard on good networks.

use sfu_core::Source;

/// After this time on good networks, everything must flow.
pub(crate) const GRACE_MS: u64 = 10_000;
/// Longest time without a picture or a packet of sound.
pub(crate) const BOUND_MS: u64 = 4_000;

/// A screen that stands still sends little.
pub(crate) fn bound_ms(source: Source) -> u64 {
    match source {
        Source::Microphone | Source::Camera => BOUND_MS,
        Source::Screen => BOUND_MS.saturating_mul(2),
    }
}
