//! What this crate asks of others: sound, the clinic, and rooms.
//!
//! Orders to sound and rooms do not wait: they go into bounded lanes of their implementers. What
//! comes back, comes through bounded channels that are made by the implementer and read by the task
//! of the call; a full one is the implementer's to handle, best by dropping what is oldest.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use sfu_phone::Digit;
use signaling_sip::{Agreement, Consent, Language, Pin, Prompt, Topic};
use thiserror::Error;
use tokio::sync::mpsc;

use crate::charge::{Allowance, Charge, NotCharged};
use crate::trunk::VisitNumber;

/// There is no sound for one more call: 503.
#[derive(Debug, Error)]
#[error("no sound for one more call")]
pub struct NoSound(#[source] pub Box<dyn core::error::Error + Send + Sync>);

/// The sound of telephones.
#[async_trait]
pub trait Sound: Send + Sync + 'static {
    /// Opens the sound of one telephone that sends to us from `near`: a port on which it can reach
    /// us. Nothing is sent before [`SoundLeg::agree`].
    ///
    /// # Errors
    /// When there is no port or no room for one more.
    async fn open(&self, near: SocketAddr) -> Result<OpenLeg, NoSound>;
}

/// The sound of a telephone that was opened.
pub struct OpenLeg {
    /// Orders. Dropping it closes the sound.
    pub leg: Box<dyn SoundLeg>,
    /// Where RTP is received, as it is told to the telephone.
    pub local: SocketAddr,
    /// What happens to it.
    pub events: mpsc::Receiver<SoundEvent>,
}

impl core::fmt::Debug for OpenLeg {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OpenLeg")
            .field("local", &self.local)
            .finish_non_exhaustive()
    }
}

/// One of the orders to play; its end is told with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlayId(pub u64);

/// Orders to the sound of one telephone.
pub trait SoundLeg: Send + Sync {
    /// What was agreed on, at first and after each new description. From then on packets are sent
    /// and taken as [`Agreement::flow`] says.
    fn agree(&self, agreement: &Agreement);
    /// Plays prompts, one after the other, instead of what plays. The person hears them instead of
    /// the room.
    fn play(&self, id: PlayId, prompts: &[Prompt], language: Language);
    /// Stops what plays, without telling its end.
    fn hush(&self);
    /// Joins the person with a room, with what [`RoomNews::Admitted`] brought.
    fn join(&self, seat: &MediaSeat);
    /// Leaves the room.
    fn leave(&self);
    /// The person is not heard by the room.
    fn mute(&self, on: bool);
    /// The telephone has put us on hold, or was resumed: silence of it is no fault then.
    fn hold(&self, on: bool);
    /// Presses a key at the other end.
    fn press(&self, digit: Digit);
}

/// What happens to the sound of a telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoundEvent {
    /// A key was pressed.
    Pressed(Digit),
    /// What was played has ended.
    Played(PlayId),
    /// The first sound has come.
    Heard,
    /// No packet for so long that nobody can be there (30 s at first, 20 s later, never on hold).
    Silent,
    /// The telephone said that it has gone (RTCP BYE), or its sound has ended by a fault.
    Gone,
}

/// What a room gives to the sound: keys of room, participant and connection, in whatever form those
/// two have agreed on. This crate only carries it.
#[derive(Clone)]
pub struct MediaSeat(pub Arc<dyn Any + Send + Sync>);

impl core::fmt::Debug for MediaSeat {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("MediaSeat(..)")
    }
}

/// The way into a visit, as a join link has it. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Pass(String);

impl Pass {
    /// This text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text. Not for logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for Pass {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Pass(·)")
    }
}

/// Somebody tries a PIN.
#[derive(Debug, Clone, Copy)]
pub struct PinTry<'a> {
    /// The number that was called.
    pub called: &'a VisitNumber,
    /// What was typed.
    pub pin: &'a Pin,
    /// What others may see of the caller's number: "••• 78", or empty where it is withheld.
    pub masked: &'a str,
    /// The whole number, for the clinic's own lockout and hash; nothing where it is withheld. Not for
    /// logs.
    pub caller: Option<&'a signaling_sip::PhoneNumber>,
}

/// What the clinic says of a PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinAnswer {
    /// It is right, and the visit is open.
    Right {
        /// The way in.
        pass: Pass,
        /// The visit may be recorded, and the caller has not been asked.
        ask_consent: bool,
    },
    /// There is no such PIN for now, or it was used.
    Wrong,
    /// Caller or visit are locked out.
    Locked,
    /// It is right, and the visit opens later.
    TooEarly,
    /// It was right, and the visit is over.
    Over,
}

/// The clinic did not answer. The caller is told to try later, and no try is counted.
#[derive(Debug, Error)]
#[error("the clinic does not answer")]
pub struct ClinicDown(#[source] pub Box<dyn core::error::Error + Send + Sync>);

/// What the clinic knows.
#[async_trait]
pub trait Clinic: Send + Sync + 'static {
    /// Whether a PIN opens a visit. It takes about as long for a wrong one as for a right one.
    ///
    /// # Errors
    /// When the clinic cannot be asked.
    async fn check_pin(&self, attempt: PinTry<'_>) -> Result<PinAnswer, ClinicDown>;

    /// What the person answered when they were asked whether they may be recorded.
    ///
    /// # Errors
    /// When the clinic cannot be told; then the person counts as one who refused.
    async fn consent(&self, pass: &Pass, consent: Consent) -> Result<(), ClinicDown>;

    /// Sets aside what a call that we place may cost. Without it no call is placed. A clinic that keeps
    /// no books allows everything.
    ///
    /// # Errors
    /// A cap is reached, or it is not known what was used.
    async fn begin_call(&self, charge: Charge) -> Result<Allowance, NotCharged> {
        let _ = charge;
        Ok(Allowance {
            id: 0,
            seconds: u64::MAX,
        })
    }

    /// A call has ended after so many seconds. It is told once.
    async fn end_call(&self, id: u128, talked_s: u64) {
        let _ = (id, talked_s);
    }
}

/// Why somebody does not get into a room.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum NotEntered {
    /// The visit is over, or the pass has expired.
    #[error("the visit is not open")]
    Closed,
    /// The room takes no telephones: its sound is encrypted from end to end, or it is full.
    #[error("the room takes no telephone")]
    NoTelephones,
}

/// A seat in a room.
pub struct Entered {
    /// Orders. Dropping it leaves the room.
    pub seat: Box<dyn RoomSeat>,
    /// What happens there.
    pub news: mpsc::Receiver<RoomNews>,
}

impl core::fmt::Debug for Entered {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}

/// The rooms of visits.
#[async_trait]
pub trait Rooms: Send + Sync + 'static {
    /// Enters the lobby of a visit, under a name that others may see.
    ///
    /// # Errors
    /// When the room does not take the person.
    async fn enter(&self, pass: &Pass, masked: &str) -> Result<Entered, NotEntered>;
}

/// What a person by telephone does in a room.
pub trait RoomSeat: Send + Sync {
    /// The person has muted themself, or is heard again.
    fn mute(&self, on: bool);
    /// The person has raised or lowered their hand.
    fn hand(&self, up: bool);
    /// The telephone is on hold.
    fn hold(&self, on: bool);
    /// The person answered when they were asked.
    fn consent(&self, topic: Topic, given: bool);
}

/// What happens in a room.
#[derive(Debug, Clone)]
pub enum RoomNews {
    /// The person is in the lobby.
    Waiting,
    /// The doctor has come.
    DoctorCame,
    /// The person is let in.
    Admitted(MediaSeat),
    /// Sound goes through another seat from now on.
    Moved(MediaSeat),
    /// The doctor has muted the person, or lets them be heard again.
    Muted(bool),
    /// The doctor has lowered the person's hand.
    HandLowered,
    /// Somebody wants to record or to have captions.
    AskConsent(Topic),
    /// It has begun or ended.
    Recording(Topic, bool),
    /// The person is not let in, or was sent out.
    Refused,
    /// The visit has ended.
    Ended,
}

/// All three, for the tasks of calls.
#[derive(Clone)]
pub struct Ports {
    /// Sound.
    pub sound: Arc<dyn Sound>,
    /// The clinic.
    pub clinic: Arc<dyn Clinic>,
    /// Rooms.
    pub rooms: Arc<dyn Rooms>,
}

impl core::fmt::Debug for Ports {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Ports")
    }
}
