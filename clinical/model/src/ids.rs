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

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
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
    /// A facility with its own people, patients and keys. Nothing of one is seen in another.
    TenantId
);
id!(
    /// An account: a patient or a member of staff.
    UserId
);
id!(
    /// The record of a patient. It exists without an account too.
    PatientId
);
id!(
    /// A fact of a patient's chart, the same through all its versions.
    EntryId
);
id!(
    /// A right to a patient's record: care relation, proxy, consent, break-glass.
    GrantId
);
id!(
    /// What a patient asked for about their record.
    RequestId
);
id!(
    /// A prescription.
    PrescriptionId
);
id!(
    /// An order to the laboratory, to radiology or to pathology.
    OrderId
);
id!(
    /// A conversation about a patient.
    ThreadId
);
id!(
    /// A result that waits for somebody to say whose it is.
    UnmatchedId
);
id!(
    /// A passkey ceremony between its two halves.
    CeremonyId
);
id!(
    /// A second factor of an account: an authenticator app, a passkey.
    FactorId
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
    /// Something that a clinic offers and people book.
    ServiceId
);
id!(
    /// A room or a device.
    ResourceId
);
id!(
    /// A time that is kept for somebody for some minutes.
    HoldId
);
id!(
    /// A place in the waiting list.
    WaitingId
);
id!(
    /// A rule or an exception of a schedule.
    ScheduleEntryId
);
id!(
    /// A call that the clinic places into a visit.
    CallId
);
id!(
    /// Somebody whom visits are helped by on the telephone, such as an interpreter.
    ContactId
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
    /// Something that was said in a visit.
    SaidLineId
);
id!(
    /// A recording of a visit.
    RecordingId
);
id!(
    /// An interview of triage.
    InterviewId
);
id!(
    /// The room of a visit, as signaling knows it; it names no appointment.
    RoomUuid
);
id!(
    /// One person in one room, as signaling knows them; the same after every reload.
    ParticipantUuid
);

impl TenantId {
    /// The installation itself, for what belongs to no facility: failed sign-ins, migrations.
    pub const INSTALLATION: Self = Self(Uuid::nil());
}
