//! The sessions of both doors and the way to each, by the secret in its URL.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signaling_protocol::RoomId;
use signaling_session::TokenHash;
use tokio::sync::mpsc;

use super::Way;
use super::session::Order;
use crate::secret::{NoRandom, session_secret, session_secret_hash};

/// Orders that may wait for one session. Requests block: a session is busy for as long as the media
/// server needs for one restart.
const ORDERS_MAX: usize = 8;

/// All sessions of this process. There are never more than places for sockets.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: Mutex<HashMap<TokenHash, Known>>,
}

#[derive(Debug)]
struct Known {
    way: Way,
    room: RoomId,
    orders: mpsc::Sender<Order>,
}

/// A session's line in the list; dropping it takes the line out.
#[derive(Debug)]
pub(crate) struct Listed {
    sessions: Arc<Sessions>,
    hash: TokenHash,
    pub(crate) orders: mpsc::Receiver<Order>,
}

impl Sessions {
    /// Lists a session under a fresh secret.
    pub(crate) fn list(
        self: &Arc<Self>,
        way: Way,
        room: RoomId,
    ) -> Result<(String, Listed), NoRandom> {
        let (secret, hash) = session_secret()?;
        let (sender, orders) = mpsc::channel(ORDERS_MAX);
        let known = Known {
            way,
            room,
            orders: sender,
        };
        self.lock().insert(hash, known);
        metrics::gauge!("signal_door_sessions", "door" => way.word()).increment(1.0);
        let listed = Listed {
            sessions: Arc::clone(self),
            hash,
            orders,
        };
        Ok((secret, listed))
    }

    /// The way to a session. All parts of its URL have to fit.
    pub(crate) fn find(&self, way: Way, room: RoomId, secret: &str) -> Option<mpsc::Sender<Order>> {
        let hash = session_secret_hash(secret)?;
        let open = self.lock();
        let known = open.get(&hash)?;
        (known.way == way && known.room == room).then(|| known.orders.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, Known>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        if let Some(known) = self.sessions.lock().remove(&self.hash) {
            metrics::gauge!("signal_door_sessions", "door" => known.way.word()).decrement(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use signaling_protocol::RoomId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_session_is_found_by_its_whole_url_and_forgotten_when_it_ends() {
        let sessions = Arc::new(Sessions::default());
        let room = |n| RoomId::from_uuid(Uuid::from_u128(n));
        let (secret, listed) = sessions.list(Way::Publish, room(1)).unwrap();
        assert!(sessions.find(Way::Publish, room(1), &secret).is_some());
        assert!(sessions.find(Way::Play, room(1), &secret).is_none());
        assert!(sessions.find(Way::Publish, room(2), &secret).is_none());
        assert!(sessions.find(Way::Publish, room(1), "").is_none());
        let guess = "0".repeat(secret.len());
        assert!(sessions.find(Way::Publish, room(1), &guess).is_none());
        drop(listed);
        assert!(sessions.find(Way::Publish, room(1), &secret).is_none());
    }
}
