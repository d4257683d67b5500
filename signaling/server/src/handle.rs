//! What the rest of the house may ask of signaling.

use core::time::Duration;
use std::sync::Arc;

use sfu_net::{SfuHandle, TapKind, TapOrder, TrackKey};
use signaling_protocol::{Bye, Caption, ParticipantId, Purpose, RecordingEnd, RoomId};
use signaling_session::Input;
use signaling_ticket::Observed;
use tokio::time::timeout;

use crate::cluster::{NodeInfo, NodeWish, Nodes, Order, WishError};
use crate::counts::Counts;
use crate::directory::{Directory, Door, Mail};
use crate::observer::Hub;
use crate::translate::room_key;

/// How long a shutdown waits for rooms and sockets.
const SHUTDOWN_MAX: Duration = Duration::from_secs(8);

/// A handle to all rooms. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SignalingHandle {
    pub(crate) directory: Arc<Directory>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) counts: Arc<Counts>,
    /// None on a node without rooms.
    pub(crate) sfu: Option<SfuHandle>,
    pub(crate) nodes: Option<Arc<Nodes>>,
}

impl SignalingHandle {
    /// Closes a visit's room for everybody, for example after the visit was ended or cancelled over
    /// HTTP. Nothing is recorded: the caller knows. A room without people is not affected, so put
    /// it on record first.
    pub async fn close_room(&self, room: RoomId, reason: Bye) {
        if let Some(nodes) = &self.nodes {
            nodes.order(&Order::Close { room, reason });
        }
        if let Some(door) = self.directory.find(room) {
            tell(&door, Input::Close { reason }).await;
        }
    }

    /// Takes one person out of a visit's room, for example after their link was revoked. Their
    /// resume token is worth nothing from here on, and after [`Bye::Removed`] a fresh ticket brings
    /// them to the lobby. Nothing is recorded.
    pub async fn drop_participant(&self, room: RoomId, participant: ParticipantId, reason: Bye) {
        if let Some(nodes) = &self.nodes {
            nodes.order(&Order::Drop {
                room,
                participant,
                reason,
            });
        }
        if let Some(door) = self.directory.find(room) {
            tell(
                &door,
                Input::Drop {
                    participant,
                    reason,
                },
            )
            .await;
        }
    }

    /// The recorder of a visit has given up; everybody in it is told, and the visit goes on.
    pub async fn recorder_failed(&self, room: RoomId, why: RecordingEnd) {
        if let Some(door) = self.directory.find(room) {
            let purpose = Purpose::Recording;
            tell(&door, Input::RecorderFailed { purpose, why }).await;
        }
    }

    /// Nobody writes the captions of a visit any more; everybody in it is told, and the visit goes on.
    pub async fn scribe_failed(&self, room: RoomId) {
        if let Some(door) = self.directory.find(room) {
            let (purpose, why) = (Purpose::Captions, RecordingEnd::Failed);
            tell(&door, Input::RecorderFailed { purpose, why }).await;
        }
    }

    /// The scribe of a visit has understood something. Everybody in it is told if they still agree.
    pub async fn heard(&self, room: RoomId, caption: Caption) {
        if let Some(door) = self.directory.find(room) {
            tell(&door, Input::Heard { caption }).await;
        }
    }

    /// Somebody was called back in vain; the clinicians in the visit are told, and may try again.
    pub async fn call_back_failed(&self, room: RoomId, participant: ParticipantId) {
        if let Some(door) = self.directory.find(room) {
            tell(&door, Input::CallBackFailed { participant }).await;
        }
    }

    /// The recorder of a visit needs a key frame of one encoding of one source. It asks again if none
    /// comes, so a media server that is busy may forget it.
    pub async fn recorder_wants(&self, room: RoomId, track: TrackKey, layer: u8) {
        if let Some(sfu) = &self.sfu {
            let order = TapOrder::KeyFrame(track, layer);
            let _ = sfu.tap(room_key(room), TapKind::Recorder, order).await;
        }
    }

    /// Whether this node may be given new rooms: not while it drains, nor before it has met the others.
    /// One node alone always may.
    #[must_use]
    pub fn takes_rooms(&self) -> bool {
        self.nodes.as_ref().is_none_or(|nodes| nodes.is_ready())
    }

    /// Whether somebody who comes to this node may begin a visit: here, or on another node.
    #[must_use]
    pub fn reaches_rooms(&self) -> bool {
        self.nodes
            .as_ref()
            .is_none_or(|nodes| nodes.reaches_rooms())
    }

    /// Takes no new rooms from here on, and says so to the other nodes; those that are here go on. One
    /// node alone has nobody to leave them to, and changes nothing.
    pub async fn drain(&self) {
        if let Some(nodes) = &self.nodes {
            nodes.drain().await;
        }
    }

    /// Gives all rooms to the other nodes, each page being there before it is gone here, and waits for it,
    /// some seconds at most. Without another node that takes rooms nothing happens.
    pub async fn move_rooms(&self) {
        if let Some(nodes) = &self.nodes {
            nodes.move_rooms().await;
        }
    }

    /// Rooms of this node with somebody in them, and people in these.
    #[must_use]
    pub fn here(&self) -> (usize, usize) {
        let rooms = self.hub.here(&Observed::All);
        let people = rooms.iter().map(|it| it.participants.len()).sum();
        (rooms.len(), people)
    }

    /// All nodes that are known, by name; none if this one is alone.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeInfo> {
        let nodes = self.nodes.as_ref();
        nodes.map(|nodes| nodes.list()).unwrap_or_default()
    }

    /// Whether a node can be asked for this now.
    ///
    /// # Errors
    /// [`WishError`]
    pub fn can_wish(&self, name: &str, wish: NodeWish) -> Result<(), WishError> {
        let nodes = self.nodes.as_ref().ok_or(WishError::Unknown)?;
        nodes.can(name, wish).map(drop)
    }

    /// Has a node give its rooms away, or take rooms again. It hears it within seconds.
    ///
    /// # Errors
    /// [`WishError`]
    pub fn wish(&self, name: &str, wish: NodeWish) -> Result<(), WishError> {
        let nodes = self.nodes.as_ref().ok_or(WishError::Unknown)?;
        nodes.wish(name, wish)
    }

    /// Tells everybody that the server restarts, takes nobody in any more, and waits some seconds
    /// until all have gone. Visits are not ended by it.
    pub async fn shutdown(&self) {
        let rooms = self.directory.close();
        if let Some(nodes) = &self.nodes {
            // First, so that whoever is told to come back finds a node that may have the room.
            nodes.leave().await;
        }
        self.hub.close();
        let goodbye = async {
            for (door, _) in &rooms {
                tell(
                    door,
                    Input::Close {
                        reason: Bye::Restarting,
                    },
                )
                .await;
            }
            for (_, task) in rooms {
                // A task that has failed is over too.
                let _ = task.await;
            }
            self.counts.drain().await;
        };
        if timeout(SHUTDOWN_MAX, goodbye).await.is_err() {
            tracing::warn!("some connections did not close in time");
        }
    }
}

/// A room that is gone needs no news.
async fn tell(door: &Door, input: Input) {
    let _ = door.send(Mail::Input(input)).await;
}
