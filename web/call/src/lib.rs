//! The call as a pure state machine, and the one place that talks to WebRTC in the browser.
//!
//! [`Call`] decides: it takes what happened (a frame, a closed socket, a click, the time) and says
//! what is to be done. It knows no browser, so all of its rules are tested on the host.
//! [`browser`] does: it owns the socket, the peer connection and the devices, and feeds the machine.
//!
//! This crate exists to forbid imports: pages never touch WebRTC, and the rules never touch a page.

mod chosen;
mod cost;
mod grade;
mod machine;
mod pulse;
mod report;
mod rng;
mod trial;

pub mod browser;

pub use chosen::Choosing;
pub use grade::{Grader, LinkSample};
pub use machine::{
    Act, Call, CallView, Config, Ending, Entrance, Input, MediaState, Notice, Output, PeerChange,
    PendingChat, Phase, SaidLine, SlotCount,
};
pub use report::CallHistory;
pub use trial::{Reach, Trial, TrialFacts, Verdict};
