//! How long nothing may be seen or heard on good networks.

use sfu_core::Source;

/// After this time on good networks, everything must flow.
pub(crate) const GRACE_MS: u64 = 10_000;
/// Longest time without a picture or a packet of sound.
pub(crate) const BOUND_MS: u64 = 4_000;

/// A camera of so few pictures a second answers a request only with its next picture.
const FEW_FPS: u64 = 1;
/// A lost one is asked for again, and so is the one that was lost instead: so many more may be waited for.
const PICTURES: u64 = 2;

/// A screen that stands still sends little. In rooms of more than two, pictures of others may be withheld
/// until the estimator has found out what the path carries.
pub(crate) fn bound_ms(source: Source, people: usize, camera_fps: u64) -> u64 {
    let pictures_ms = if camera_fps <= FEW_FPS {
        PICTURES.saturating_mul(1000)
    } else {
        0
    };
    match source {
        Source::Camera if people > 2 => BOUND_MS.saturating_mul(3),
        Source::Camera => BOUND_MS.saturating_add(pictures_ms),
        Source::Microphone => BOUND_MS,
        Source::Screen => BOUND_MS.saturating_mul(2),
    }
}
