//! The shared register, as nodes see it.

use core::future::Future;
use core::pin::Pin;

use signaling_protocol::RoomId;

use crate::ledger::{Ask, Lease};
use crate::node::{Member, NodeName};

/// The register did not answer in time, or not with sense.
#[derive(Debug, thiserror::Error)]
#[error("the register of rooms does not answer")]
pub struct RegistryError(#[source] Box<dyn core::error::Error + Send + Sync>);

impl RegistryError {
    /// Keeps the cause for the log.
    pub fn new(cause: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// What a call to the register gives, later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, RegistryError>> + Send + 'a>>;

/// The register that all nodes share. Each call is over within a second, one way or the other, and
/// what it does it does at once or not at all, by the rules of [`crate::Ledger`].
pub trait Registry: Send + Sync + 'static {
    /// What stands about a room.
    fn look(&self, room: RoomId) -> Answer<'_, Option<Lease>>;

    /// Asks for rooms, or for more time with them. One lease for each, in their order, and none for a
    /// room that nobody answered for: a register of several servers may lack one. That is an error only if
    /// it is so with all of them.
    fn claim<'a>(
        &'a self,
        by: &'a NodeName,
        rooms: &'a [(RoomId, Ask)],
    ) -> Answer<'a, Vec<Option<Lease>>>;

    /// Gives rooms back.
    fn release<'a>(&'a self, by: &'a NodeName, rooms: &'a [RoomId]) -> Answer<'a, ()>;

    /// Says that this node lives, for some seconds, and hears who else does.
    fn beat<'a>(&'a self, me: &'a Member) -> Answer<'a, Vec<Member>>;

    /// Says that this node lives no more.
    fn leave<'a>(&'a self, me: &'a NodeName) -> Answer<'a, ()>;
}
