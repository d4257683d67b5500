//! Ids as types: a doctor can never be taken for an appointment.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct IdError(#[source] uuid::Error);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id that was made elsewhere.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The id without its kind, for storage.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.parse().map(Self).map_err(IdError)
            }
        }
    };
}

id!(
    /// An account: a patient or a member of staff.
    UserId
);
id!(
    /// A login that lives until it is revoked or expires; its refresh tokens form one family.
    SessionId
);
id!(
    /// A booked time with a doctor.
    AppointmentId
);
id!(
    /// A third person invited to one visit.
    GuestId
);
id!(
    /// A note of a visit.
    NoteId
);
id!(
    /// The room of a visit, as signaling knows it; it names no appointment.
    RoomUuid
);
id!(
    /// One person in one room, as signaling knows them; the same after every reload.
    ParticipantUuid
);
