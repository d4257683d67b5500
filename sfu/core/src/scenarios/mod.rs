//! Whole rooms with real engines as clients, in memory and in virtual time.

mod calls;
mod foreign;
mod hostile;
mod layers;
mod world;

/// Where virtual time begins. An `Instant` cannot be made otherwise, and which one it is decides
/// nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "the one reading of the clock, for tests"
)]
pub(crate) fn some_instant() -> std::time::Instant {
    std::time::Instant::now()
}
