//! The door for telephones. Whoever drives a call shows the pass that its PIN was worth, and is given
//! a seat and news. Sound goes another way: the bridge seats the telephone with what
//! [`PhoneNews::Admitted`] says.

use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::sync::{Arc, Weak};

use sfu_net::{ConnectionKey, Grants, ParticipantKey, Rank, RoomKey, SourceSet};
use signaling_protocol::{Bye, ConnectionId, ErrorCode, ServerFrame};
use signaling_session::{
    self as session, Caller, CloseReason, Entry, Input, Person, PhoneAct, PhoneSound, SocketId,
};
use signaling_ticket::Purpose;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::timeout;

use crate::counts::Place;
use crate::directory::{Door, Mail};
use crate::hello::open_visit;
use crate::link::Link;
use crate::port::VisitPort;
use crate::secret::{private_room, resume_secret};
use crate::socket::next_socket;
use crate::start::Shared;
use crate::translate::{is_phone, participant_key, phone_key, rank_of, room_key, turned};

/// News that may wait for one telephone. A room never waits: beyond this the telephone is hung up. A
/// visit has a few in an hour.
const NEWS_MAX: usize = 64;
/// Acts that may wait for a room. Beyond it they are dropped, and [`PhoneHandle`] says so: nobody presses
/// that many keys before a room has taken the first.
const ACTS_MAX: usize = 64;
/// How long a room may take to say where a caller is. It asks the clinic what the visit is.
const ENTER_MAX: Duration = Duration::from_secs(10);

/// Where a telephone sits on the media server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhoneSeat {
    /// The room.
    pub room: RoomKey,
    /// The telephone: another key than that of its person's page.
    pub participant: ParticipantKey,
    /// This call.
    pub connection: ConnectionKey,
    /// Whether it speaks.
    pub on: SourceSet,
    /// How much its person matters to the others.
    pub rank: Rank,
    /// What it may send and receive.
    pub grants: Grants,
}

/// What a telephone is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneNews {
    /// It waits to be let in.
    Waiting {
        /// A clinician is in the room.
        host_present: bool,
    },
    /// It is in the visit: its sound may be seated.
    Admitted(PhoneSeat),
    /// Its sound goes another way from here on: it was muted, is on hold, or its person's page has the
    /// sound. The media server knows it.
    Sound(PhoneSound),
    /// A clinician muted it; its person may switch it on again.
    Muted,
    /// A clinician lowered the raised hand.
    HandLowered,
    /// Everybody is asked to agree, and this person has not answered.
    ConsentAsked {
        /// To what.
        purpose: signaling_protocol::Purpose,
        /// With these words.
        wording: u16,
    },
    /// Whether the visit is recorded, or written along, from here on.
    Recording(signaling_protocol::Purpose, bool),
    /// The last news.
    Over(PhoneEnd),
}

/// Why a telephone is not in a room any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneEnd {
    /// It left.
    Left,
    /// It was not let in.
    Refused,
    /// It was taken out.
    Removed,
    /// The visit was ended or is over.
    Ended,
    /// The same person calls again by another telephone.
    Replaced,
    /// People in the visit encrypt for each other, which a telephone cannot.
    Encrypted,
    /// There is no place.
    Full,
    /// The server restarts, or the room failed. The same caller may come back with a new pass.
    Unavailable,
}

/// Why a telephone did not get to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneRefusal {
    /// The pass is forged, expired, used before, or for something else.
    #[error("the pass is not accepted")]
    BadPass,
    /// The visit is over.
    #[error("the visit is over")]
    Ended,
    /// People in the visit encrypt for each other, which a telephone cannot.
    #[error("the visit is encrypted between people")]
    Encrypted,
    /// The room or the server is full.
    #[error("there is no place")]
    Full,
    /// The room did not answer; the same caller may try again with a new pass.
    #[error("the room is not available")]
    Unavailable,
}

/// A telephone that is at a room.
#[derive(Debug)]
pub struct PhoneEntered {
    /// What it does.
    pub seat: PhoneHandle,
    /// What it is told.
    pub news: PhoneNewsQueue,
}

/// What a telephone is told, in order; at least one is there.
#[derive(Debug)]
pub struct PhoneNewsQueue {
    first: Option<PhoneNews>,
    rest: mpsc::Receiver<PhoneNews>,
}

impl PhoneNewsQueue {
    /// Waits for the next news. After [`PhoneNews::Over`], or none, the telephone is not in the room any
    /// more. May be called again after a drop.
    pub async fn recv(&mut self) -> Option<PhoneNews> {
        match self.first.take() {
            Some(first) => Some(first),
            None => self.rest.recv().await,
        }
    }
}

/// What a telephone does in a room. Nothing waits; each answers whether the room will hear of it.
/// Dropping it is a call that broke off: the person's place is kept for a minute.
#[derive(Debug)]
pub struct PhoneHandle {
    acts: mpsc::Sender<PhoneAct>,
}

impl PhoneHandle {
    /// Switches its sound off or on.
    #[must_use]
    pub fn mute(&self, on: bool) -> bool {
        self.act(PhoneAct::Mute(on))
    }

    /// Raises or lowers the hand.
    #[must_use]
    pub fn hand(&self, up: bool) -> bool {
        self.act(PhoneAct::Hand(up))
    }

    /// The call was put on hold, or taken up again.
    #[must_use]
    pub fn hold(&self, on: bool) -> bool {
        self.act(PhoneAct::Hold(on))
    }

    /// Agrees or not, to the words of [`signaling_protocol::Purpose::wording`].
    #[must_use]
    pub fn consent(&self, purpose: signaling_protocol::Purpose, agree: bool) -> bool {
        self.act(PhoneAct::Consent(purpose, agree))
    }

    /// Hangs up: the person has left, unless they have a page.
    pub fn leave(self) {
        // A full queue makes it a call that broke off.
        let _ = self.act(PhoneAct::Leave);
    }

    fn act(&self, act: PhoneAct) -> bool {
        self.acts.try_send(act).is_ok()
    }
}

type Entering<'a> = Pin<Box<dyn Future<Output = Result<PhoneEntered, PhoneRefusal>> + Send + 'a>>;

/// What a door does, whatever the clinic is.
trait Knock: Send + Sync {
    fn knock<'a>(&'a self, pass: &'a str, number: String, consent: Option<bool>) -> Entering<'a>;
}

/// The door for telephones. Cheap to clone.
#[derive(Clone)]
pub struct PhoneDoor(Arc<dyn Knock>);

impl core::fmt::Debug for PhoneDoor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PhoneDoor")
    }
}

impl PhoneDoor {
    pub(crate) fn new<P: VisitPort>(shared: &Arc<Shared<P>>) -> Self {
        Self(Arc::new(Arc::downgrade(shared)))
    }

    /// Brings a telephone to the room of its pass. `number` is what everybody in the visit may see of
    /// its number, empty when it is withheld; `consent` whether its person agrees to be recorded, if they
    /// were asked before.
    ///
    /// # Errors
    /// [`PhoneRefusal`]
    pub async fn enter(
        &self,
        pass: &str,
        number: String,
        consent: Option<bool>,
    ) -> Result<PhoneEntered, PhoneRefusal> {
        self.0.knock(pass, number, consent).await
    }
}

impl<P: VisitPort> Knock for Weak<Shared<P>> {
    fn knock<'a>(&'a self, pass: &'a str, number: String, consent: Option<bool>) -> Entering<'a> {
        Box::pin(async move {
            // Whoever serves pages keeps signaling alive; a door alone does not.
            let shared = self.upgrade().ok_or(PhoneRefusal::Unavailable)?;
            enter(&shared, pass, (number, consent)).await
        })
    }
}

async fn enter<P: VisitPort>(
    shared: &Arc<Shared<P>>,
    pass: &str,
    (number, consent): (String, Option<bool>),
) -> Result<PhoneEntered, PhoneRefusal> {
    let now_us = shared.clock.wall_us();
    let pass = shared.checker.check(pass, now_us).map_err(|error| {
        tracing::debug!(%error, "a caller's pass was not accepted");
        PhoneRefusal::BadPass
    })?;
    let Purpose::Visit {
        room,
        participant,
        name,
        role,
        relation,
        admitted,
    } = pass.purpose
    else {
        return Err(PhoneRefusal::BadPass);
    };
    if is_phone(participant_key(participant)) {
        return Err(PhoneRefusal::BadPass);
    }
    let place = shared.counts.take(None).or(Err(PhoneRefusal::Full))?;
    let spent = shared.spend(pass.id, pass.expires_us).await;
    spent.or(Err(PhoneRefusal::BadPass))?;
    if !shared.is_ours(room).await {
        return Err(PhoneRefusal::Unavailable);
    }
    let secret = resume_secret(room).or(Err(PhoneRefusal::Unavailable))?;
    let door = open_visit(shared, room).ok_or(PhoneRefusal::Unavailable)?;
    let connection = private_room().or(Err(PhoneRefusal::Unavailable))?;
    let connection = ConnectionId::from_uuid(connection.as_uuid());
    let person = Person {
        id: participant,
        name,
        role,
        relation,
        admitted,
        connection: None,
    };
    let seat = PhoneSeat {
        room: room_key(room),
        participant: phone_key(participant),
        connection: ConnectionKey(connection.as_uuid().as_u128()),
        on: turned(PhoneSound::default()).0,
        rank: rank_of(role),
        grants: turned(PhoneSound::default()).1,
    };
    let (line, mut told) = line(seat, place).ok_or(PhoneRefusal::Unavailable)?;
    let socket = next_socket();
    let caller = Caller {
        person,
        number,
        connection,
        consent,
    };
    let enter = Mail::Enter {
        socket,
        entry: Entry::Phone(caller),
        secret,
        line: Line::Phone(line),
    };
    door.send(enter).await.or(Err(PhoneRefusal::Unavailable))?;
    let (acts, waiting) = mpsc::channel(ACTS_MAX);
    let seat = PhoneHandle { acts };
    tokio::spawn(carry(door, socket, waiting));
    // Until the room has said where the caller is, nobody can tell whether it took them.
    let first = timeout(ENTER_MAX, told.recv()).await;
    match first.ok().flatten() {
        Some(PhoneNews::Over(end)) => Err(refusal(end)),
        None => Err(PhoneRefusal::Unavailable),
        Some(first) => Ok(PhoneEntered {
            seat,
            news: PhoneNewsQueue {
                first: Some(first),
                rest: told,
            },
        }),
    }
}

const fn refusal(end: PhoneEnd) -> PhoneRefusal {
    match end {
        PhoneEnd::Ended | PhoneEnd::Refused | PhoneEnd::Removed => PhoneRefusal::Ended,
        PhoneEnd::Encrypted => PhoneRefusal::Encrypted,
        PhoneEnd::Full => PhoneRefusal::Full,
        PhoneEnd::Left | PhoneEnd::Replaced | PhoneEnd::Unavailable => PhoneRefusal::Unavailable,
    }
}

/// Carries what a telephone does into its room, until it is gone.
async fn carry(door: Door, socket: SocketId, mut acts: mpsc::Receiver<PhoneAct>) {
    while let Some(act) = acts.recv().await {
        if door
            .send(Mail::Input(Input::Phone { socket, act }))
            .await
            .is_err()
        {
            return;
        }
    }
    // A room that has said its last word has forgotten the socket.
    let _ = door.send(Mail::Input(Input::Lost { socket })).await;
}

/// The room's end of a telephone. Dropping it hangs up without a word.
#[derive(Debug)]
pub(crate) struct PhoneLine {
    news: mpsc::Sender<PhoneNews>,
    /// Has a place in the queue, however full it is.
    last: mpsc::OwnedPermit<PhoneNews>,
    seat: PhoneSeat,
    /// Counts as a connection for as long as the room knows it.
    _place: Place,
}

/// Nobody takes the news; the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unheard;

fn line(seat: PhoneSeat, place: Place) -> Option<(PhoneLine, mpsc::Receiver<PhoneNews>)> {
    let (news, told) = mpsc::channel(NEWS_MAX);
    let last = news.clone().try_reserve_owned().ok()?;
    let line = PhoneLine {
        news,
        last,
        seat,
        _place: place,
    };
    Some((line, told))
}

impl PhoneLine {
    /// Queues news, or says that nobody takes them.
    pub(crate) fn tell(&self, news: session::PhoneNews) -> Result<(), Unheard> {
        let news = match news {
            session::PhoneNews::Waiting { host_present } => PhoneNews::Waiting { host_present },
            session::PhoneNews::Admitted { sound, .. } => {
                let (on, grants) = turned(sound);
                PhoneNews::Admitted(PhoneSeat {
                    on,
                    grants,
                    ..self.seat
                })
            }
            session::PhoneNews::Sound(sound) => PhoneNews::Sound(sound),
            session::PhoneNews::Muted => PhoneNews::Muted,
            session::PhoneNews::HandLowered => PhoneNews::HandLowered,
            session::PhoneNews::ConsentAsked { purpose, wording } => {
                PhoneNews::ConsentAsked { purpose, wording }
            }
            session::PhoneNews::Recording(purpose, on) => PhoneNews::Recording(purpose, on),
        };
        match self.news.try_send(news) {
            // Whoever drives the call has gone, which the room is about to hear.
            Ok(()) | Err(TrySendError::Closed(_)) => Ok(()),
            Err(TrySendError::Full(_)) => Err(Unheard),
        }
    }

    fn close(self, reason: CloseReason) {
        let end = match reason {
            CloseReason::Bye(Bye::Left) => PhoneEnd::Left,
            CloseReason::Bye(Bye::Refused | Bye::Unauthorized) => PhoneEnd::Refused,
            CloseReason::Bye(Bye::Removed) => PhoneEnd::Removed,
            CloseReason::Bye(Bye::Ended | Bye::TestOver) => PhoneEnd::Ended,
            CloseReason::Bye(Bye::Replaced) => PhoneEnd::Replaced,
            CloseReason::Refused(ErrorCode::OutOfOrder) => PhoneEnd::Encrypted,
            CloseReason::Refused(ErrorCode::Full) => PhoneEnd::Full,
            CloseReason::Bye(Bye::SlowReader | Bye::Misbehaved | Bye::Restarting)
            | CloseReason::Refused(_) => PhoneEnd::Unavailable,
        };
        self.last.send(PhoneNews::Over(end));
    }
}

/// The room's end of whoever is in it.
#[derive(Debug)]
pub(crate) enum Line {
    /// A page or a program.
    Socket(Link),
    /// A telephone.
    Phone(PhoneLine),
}

impl Line {
    /// Says a last word.
    pub(crate) fn close(self, farewell: &ServerFrame, reason: CloseReason) {
        match self {
            Self::Socket(link) => link.close(farewell, reason),
            Self::Phone(line) => line.close(reason),
        }
    }
}
