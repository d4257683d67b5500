//! Who may enter a visit, and how long they wait.

mod admission;
mod link;
mod queue;

pub use admission::{Admission, JoinRefusal};
pub use link::{Guest, JoinLinkToken, Link, LinkHolder, LinkTokenError};
pub use queue::{QueuePlace, queue_place};
