//! Whole rooms with real engines as clients, in memory and in virtual time.

mod bandwidth;
mod calls;
mod codecs;
mod data;
mod floods;
mod foreign;
mod grants;
mod hostile;
mod keyframes;
mod layers;
mod lull;
mod paths;
mod payloads;
mod phones;
mod redundancy;
mod scalable;
mod sender;
mod speakers;
mod tap;
mod temporal;
mod wanted;
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
