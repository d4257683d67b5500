//! Keys as types: a room can never be taken for a person. They name nobody outside this system.

use core::fmt;

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:032x})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }
    };
}

key!(
    /// One room. Packets never cross rooms.
    RoomKey
);
key!(
    /// One person in a room; the same across reloads and reconnects.
    ParticipantKey
);
key!(
    /// One `RTCPeerConnection` of a participant. The same key renegotiates, another one replaces.
    ConnectionKey
);
