//! The typed way to the shards.

use std::sync::Arc;
use std::time::SystemTime;

use sfu_core::data::DataLane;
use sfu_core::{
    ConnectRequest, Grants, LiveConnection, ParticipantKey, PhoneKey, PhonePacket, RoomKey,
    RoomStats, SeatRequest, SlotView, SourceSet, TapEvent, TapKind, TapOrder,
};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::door::Door;
use crate::lane::{Lane, Order};
use crate::phones::{PhoneEvents, PhoneLane, PhoneOrder, Unseatable};
use crate::placement::Placement;
use crate::turn::IceServer;

/// Why an offer got no answer.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The offer or the room forbids it; the client can be told why.
    #[error("the offer was refused")]
    Refused(#[from] sfu_core::ConnectError),
    /// The media server is shutting down.
    #[error("the media server has stopped")]
    Stopped,
}

/// The media server is shutting down; nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the media server has stopped")]
pub struct Stopped;

/// A handle to all shards. Cheap to clone. The server ends with [`SfuHandle::shutdown`], or soon
/// after the last clone is dropped.
#[derive(Debug, Clone)]
pub struct SfuHandle {
    shards: Arc<[Lane]>,
    phones: Arc<[PhoneLane]>,
    placement: Arc<Placement>,
    door: Door,
}

impl SfuHandle {
    pub(crate) fn new((shards, phones): (Vec<Lane>, Vec<PhoneLane>), door: Door) -> Self {
        let placement = Arc::new(Placement::new(shards.len()));
        Self {
            shards: shards.into(),
            phones: phones.into(),
            placement,
            door,
        }
    }

    /// Where TCP connections with media go.
    #[must_use]
    pub const fn door(&self) -> &Door {
        &self.door
    }

    /// The relays that clients may use, with credentials for some hours. Empty unless
    /// [`crate::SfuConfig::turn_urls`] names one.
    #[must_use]
    pub fn ice_servers(&self, now: SystemTime) -> Vec<IceServer> {
        self.door.ice_servers(now)
    }

    /// Answers an offer with an SDP that names all candidates of the server.
    ///
    /// # Errors
    /// [`ConnectError::Refused`] says what is wrong with the offer; the room is as before.
    pub async fn connect(&self, request: ConnectRequest) -> Result<String, ConnectError> {
        let (reply, answer) = oneshot::channel();
        let lane = self.lane(request.room).ok_or(ConnectError::Stopped)?;
        if lane
            .send(Order::Connect(Box::new(request), reply))
            .await
            .is_err()
        {
            return Err(ConnectError::Stopped);
        }
        match answer.await {
            Ok(result) => Ok(result?),
            // The shard dropped the reply: it is gone. The receive error says no more than that.
            Err(_closed) => Err(ConnectError::Stopped),
        }
    }

    /// Says which sources of a participant may be forwarded. What is off is dropped at the server.
    /// A participant without a connection is ignored: their next offer says it anew.
    ///
    /// # Errors
    /// [`Stopped`] after [`SfuHandle::shutdown`].
    pub async fn set_sources(
        &self,
        room: RoomKey,
        participant: ParticipantKey,
        on: SourceSet,
    ) -> Result<(), Stopped> {
        self.tell(room, Order::SetSources(room, participant, on))
            .await
    }

    /// Says what a participant may send and receive; enforced from the next packet on.
    /// A participant without a connection is ignored: their next offer says it anew.
    ///
    /// # Errors
    /// [`Stopped`] after [`SfuHandle::shutdown`].
    pub async fn set_grants(
        &self,
        room: RoomKey,
        participant: ParticipantKey,
        grants: Grants,
    ) -> Result<(), Stopped> {
        self.tell(room, Order::SetGrants(room, participant, grants))
            .await
    }

    /// Says how large a participant shows their slots, and whose picture goes before all others;
    /// slots that are not named keep their size.
    ///
    /// # Errors
    /// [`Stopped`] after [`SfuHandle::shutdown`].
    pub async fn set_view(
        &self,
        room: RoomKey,
        participant: ParticipantKey,
        slots: Vec<SlotView>,
        pinned: Option<ParticipantKey>,
    ) -> Result<(), Stopped> {
        self.tell(room, Order::SetView(room, participant, slots, pinned))
            .await
    }

    /// Gives a message of a service, such as captions, to everybody in a room who has opened the
    /// lane. Bounded as [`sfu_core::data`] says; a message that is too long is dropped and counted.
    ///
    /// # Errors
    /// [`Stopped`] after [`SfuHandle::shutdown`].
    pub async fn say(
        &self,
        room: RoomKey,
        lane: DataLane,
        service: u8,
        message: Vec<u8>,
    ) -> Result<(), Stopped> {
        self.tell(room, Order::Say(room, lane, service, message))
            .await
    }

    /// Gives the recorder or the scribe of a room what flows there, from [`SfuHandle::tap`] with
    /// [`TapOrder::Run`] on. What `recorder` has no room for is lost to it and counted; the call does
    /// not wait. It is dropped when the recording is closed or the server stops.
    ///
    /// # Errors
    /// [`Stopped`] after [`SfuHandle::shutdown`].
    pub async fn open_tap(
        &self,
        room: RoomKey,
        kind: TapKind,
        recorder: mpsc::Sender<TapEvent>,
    ) -> Result<(), Stopped> {
        let order = Order::Tap((room, kind), TapOrder::Open, Some(recorder));
        self.tell(room, order).await
    }

    /// Tells what the recorder or the scribe of a room gets. Ignored without [`SfuHandle::open_tap`].
    ///
    /// # Errors
    /// [`Stopped`] after [`SfuHandle::shutdown`].
    pub async fn tap(&self, room: RoomKey, kind: TapKind, order: TapOrder) -> Result<(), Stopped> {
        self.tell(room, Order::Tap((room, kind), order, None)).await
    }

    /// Seats a telephone, without waiting. `events` is told what became of it and, from then on, what
    /// concerns telephones in the rooms of that shard.
    ///
    /// # Errors
    /// [`Unseatable::Busy`] when too many orders wait, and [`Unseatable::Stopped`] after a shutdown.
    pub fn try_seat(&self, request: SeatRequest, events: PhoneEvents) -> Result<(), Unseatable> {
        let lane = self.lane(request.room).ok_or(Unseatable::Stopped)?;
        let order = PhoneOrder::Seat(Box::new(request), events);
        lane.try_send(Order::Phone(order))
    }

    /// Lets a telephone leave its room, without waiting.
    ///
    /// # Errors
    /// As [`SfuHandle::try_seat`].
    pub fn try_unseat(&self, phone: PhoneKey) -> Result<(), Unseatable> {
        let lane = self.lane(phone.room).ok_or(Unseatable::Stopped)?;
        lane.try_send(Order::Phone(PhoneOrder::Unseat(phone)))
    }

    /// Hands over a packet of a telephone; `false` if its shard has no room for it. Shards look when
    /// they are awake, or after [`SfuHandle::wake_for_phones`].
    #[must_use]
    pub fn speak(&self, packet: PhonePacket) -> bool {
        let lane = self.phones.get(self.placement.shard_of(packet.room));
        lane.is_some_and(|lane| lane.offer(packet))
    }

    /// Lets the shards of these rooms take what was handed over.
    pub fn wake_for_phones(&self, rooms: impl IntoIterator<Item = RoomKey>) {
        for room in rooms {
            if let Some(lane) = self.phones.get(self.placement.shard_of(room)) {
                lane.wake();
            }
        }
    }

    /// Drops a participant's connection, if there is one.
    ///
    /// # Errors
    /// [`Stopped`] after [`SfuHandle::shutdown`].
    pub async fn disconnect(
        &self,
        room: RoomKey,
        participant: ParticipantKey,
    ) -> Result<(), Stopped> {
        self.tell(room, Order::Disconnect(room, participant)).await
    }

    /// Drops a room with everybody in it.
    ///
    /// # Errors
    /// [`Stopped`] after [`SfuHandle::shutdown`].
    pub async fn close_room(&self, room: RoomKey) -> Result<(), Stopped> {
        self.tell(room, Order::CloseRoom(room)).await
    }

    /// The connections of a room over which media can flow, for a signaling side that has forgotten
    /// them. Empty when there are none, also when the server has stopped.
    pub async fn live(&self, room: RoomKey) -> Vec<LiveConnection> {
        let (reply, answer) = oneshot::channel();
        let Some(lane) = self.lane(room) else {
            return Vec::new();
        };
        if lane.send(Order::Live(room, reply)).await.is_err() {
            return Vec::new();
        }
        // A shard that is gone has no connections.
        answer.await.unwrap_or_default()
    }

    /// What flows in every room of every shard. Shards that have stopped are left out.
    pub async fn stats(&self) -> Vec<RoomStats> {
        let mut rooms = Vec::new();
        for lane in self.shards.iter() {
            let (reply, answer) = oneshot::channel();
            if lane.send(Order::Stats(reply)).await.is_ok()
                && let Ok(mut of_shard) = answer.await
            {
                rooms.append(&mut of_shard);
            }
        }
        rooms
    }

    /// Stops all shards after the datagrams in hand. Returns at once; later calls answer
    /// [`Stopped`].
    pub fn shutdown(&self) {
        for lane in self.shards.iter() {
            lane.stop();
        }
    }

    fn lane(&self, room: RoomKey) -> Option<&Lane> {
        self.shards.get(self.placement.shard_of(room))
    }

    async fn tell(&self, room: RoomKey, order: Order) -> Result<(), Stopped> {
        match self.lane(room) {
            Some(lane) => lane.send(order).await,
            None => Err(Stopped),
        }
    }
}
