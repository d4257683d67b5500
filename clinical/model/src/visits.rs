//! Who may enter a visit, and how long they wait.

mod admission;
mod calls;
mod link;
mod phone;
mod queue;

pub use admission::{Admission, JoinRefusal};
pub use calls::{CALL_MAX_S, CallCaps, CallStage, CallsUsed, CapReached, billed_s, masked_number};
pub use link::{Guest, JoinLinkToken, Link, LinkHolder, LinkTokenError};
pub use phone::{
    PIN_DIGITS, PIN_ENTRIES_MAX, PIN_LIFE_US, PIN_MEMORY_US, PIN_TOO_EARLY_US, PhonePin, PinError,
    PinTrier,
};
pub use queue::{QueuePlace, queue_place};
