//! The edge: a node near somebody forwards their encrypted datagrams to the node that has their room.
//!
//! The client is told one more address, here, and its connection still ends at the owner: DTLS and SRTP pass
//! through unopened, and the owner's rules hold as if there were no edge. `Table` says whose a datagram is
//! and whether it may go on; `Edge` has the sockets and the thread. Nothing is forwarded without a
//! [`Permit`], which signaling gives for one connection when it carries the owner's answer to the client: it
//! has the ICE credentials of that connection, and the first check of every address has to be signed with
//! them. To an owner that has let a connection go nothing lives on here: a flow ends when the owner is silent.

mod bucket;
mod start;
mod table;
mod thread;

pub use start::{EdgeConfig, EdgeError, EdgeHandle, Overwhelmed, start_edge};
pub use table::Permit;
