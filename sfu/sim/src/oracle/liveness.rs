//! How long nothing may be seen or heard on good networks.

use sfu_core::Source;

/// After this time on good networks, everything must flow.
pub(crate) const GRACE_MS: u64 = 10_000;
/// Longest time without a picture or a packet of sound.
pub(crate) const BOUND_MS: u64 = 4_000;

/// A screen that stands still sends little. In rooms of more than two, pictures of others may be withheld
/// until the estimator has found out what the path carries.
pub(crate) fn bound_ms(source: Source, people: usize) -> u64 {
    match source {
        Source::Camera if people > 2 => BOUND_MS.saturating_mul(4),
        Source::Microphone | Source::Camera => BOUND_MS,
        Source::Screen => BOUND_MS.saturating_mul(2),
    }
}
