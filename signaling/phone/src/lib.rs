//! The telephone's shell: SIP sockets, trunks, callers' menus and calls to patients.
//!
//! [`Phones::start`] opens the sockets of [`Trunks`]. Whatever comes is judged by the fence of
//! `signaling-sip` before the SIP stack sees it; calls that may come in are answered, led through
//! their menu and joined with rooms through three ports: [`Sound`], [`Clinic`] and [`Rooms`].
//!
//! What the crate promises:
//! - Who is on no list of a trunk gets no answer at all.
//! - Nothing is sent to anybody but trunks, whatever a message says.
//! - No number, PIN, key or message is logged, if [`may_be_logged`] filters what the stack says.
//! - A call ends when its line, its person, its room or its sound ends, and leaves nothing open.
//!
//! All use of the SIP stack is in this crate, so that another one could take its place.

mod answers;
mod caps;
mod charge;
mod conversation;
mod dialler;
mod dialog;
mod dispatch;
mod door;
mod follow;
mod health;
mod incoming;
mod invite;
mod line;
mod media;
mod message;
mod outgoing;
mod phones;
mod ports;
mod prompts;
mod pump;
mod refusal;
mod register;
mod requests;
mod stack;
mod streams;
mod talk;
mod tls;
mod trunk;
mod trunk_check;
mod wav;

pub use caps::CapReached;
pub use charge::{
    Allowance, BudgetSettings, Charge, NotCharged, PriceSettings, Spend, SpendError, SpendSettings,
};
pub use dialler::{CallProgress, Dialled, Dialler, Reason, RingOrder, RingRefusal};
pub use health::{TrunkHealth, TrunkState};
pub use phones::{Counts, Phones, may_be_logged};
pub use ports::{
    Clinic, ClinicDown, Entered, MediaSeat, NoSound, NotEntered, OpenLeg, Pass, PinAnswer, PinTry,
    PlayId, Ports, RoomNews, RoomSeat, Rooms, Sound, SoundEvent, SoundLeg,
};
pub use prompts::{PromptError, Prompts};
pub use stack::StartError;
pub use tls::{TlsError, TlsSettings};
pub use trunk::{
    DigestKinds, LimitSettings, Login, NumberSettings, Outbound, OutboundSettings, PhoneSettings,
    Registration, Secret, SoundSettings, Srtp, Transport, Trunk, TrunkError, TrunkSettings,
    VisitNumber,
};
pub use trunk_check::Trunks;
pub use wav::{WavError, read_wav};
