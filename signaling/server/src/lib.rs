//! WebSockets around signaling-session: sockets, room directory, limits, and the only user of
//! `SfuHandle`.
//!
//! One task drives one room ([`signaling_session::Room`]), one task serves one socket. They talk
//! over bounded queues: a socket that does not read is closed, a room that is busy makes its
//! sockets wait. The clinic is behind [`VisitPort`], which the composition root implements.
//!
//! This crate exists to forbid imports: it never names a patient, an appointment or a database.

mod clinic;
mod clock;
mod cluster;
mod config;
mod counts;
mod directory;
mod driver;
mod gauges;
mod hall;
mod handle;
mod hello;
mod link;
mod media;
mod observer;
mod origin;
mod phone;
mod port;
mod rate;
mod reader;
mod secret;
mod socket;
mod spent;
mod start;
mod trace;
mod translate;
mod whip;
mod writer;

#[doc(hidden)]
pub mod fuzzing {
    pub use crate::whip::fuzzing::{fragment, offer, precondition};
}

pub use clock::WallClock;
pub use cluster::{
    ClusterSettings, NodeInfo, NodeSecret, NodeState, NodeWish, PeerDoor, SECRET_BYTES_MIN,
    SecretTooShort, SecureError, Site, WishError,
};
pub use config::{CallBackConfig, SignalingConfig};
pub use handle::SignalingHandle;
pub use phone::{
    PhoneDoor, PhoneEnd, PhoneEntered, PhoneHandle, PhoneNews, PhoneNewsQueue, PhoneRefusal,
    PhoneSeat,
};
pub use port::{PortError, SaidLine, SpeakerName, VisitPort};
pub use signaling_session::{ChatPost, Legacy, Person, PhoneSound, RoomRecord, VisitEvent};
pub use start::{Foyer, Signaling, start, start_in_cluster, start_without_rooms};
pub use translate::person_of;
