//! Everything that touches the browser's media and socket APIs.
//!
//! [`CallSession`] runs a [`crate::Call`] against the real browser. [`LocalMedia`] owns camera,
//! microphone and screen and outlives the device check, so entering a visit asks for nothing twice.

mod clock;
mod devices;
mod frame;
mod host;
mod memory;
mod meter;
mod peer;
mod reflect;
mod secrecy;
mod session;
mod socket;
mod sound;
mod stats;
mod trial;
mod wake;

pub use clock::{chat_id, now_unix_us};
pub use devices::{DeviceChoice, DeviceInfo, DeviceKind, LocalMedia, MediaError};
pub use host::{Listener, chime, fragment, is_visible, on_window, set_page_title, slot_views};
pub use memory::{forget, recall, remember};
pub use meter::LevelMeter;
pub use secrecy::{Ability, SecrecyView};
pub use session::{CallSession, Hooks, JoinGrant, TicketAnswer, TicketFuture};
pub use stats::{InboundStats, OutboundStats, StatsReport, Way};
pub use trial::run_trial;
pub use wake::WakeLock;
