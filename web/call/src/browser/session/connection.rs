//! The peer connection of a session, and what the worker says that encrypts for it.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use signaling_protocol::{ClientMessage, ConnectionId, IceServer, Sdp, Source};
use wasm_bindgen_futures::spawn_local;

use super::Inner;
use crate::browser::peer::{Networks, Peer};
use crate::browser::secrecy::{Ability, Said, Sealing, Secrecy};
use crate::browser::socket::Socket;
use crate::browser::stats::StatsReport;
use crate::machine::{Act, CallView, Input, Output, PeerChange, SlotCount};
use crate::pulse::Pulse;

/// A browser names the networks that it knows within some milliseconds.
const GATHER_MS: u32 = 100;

/// A connection that is to be made.
pub(super) struct Wanted {
    pub(super) connection: ConnectionId,
    pub(super) slots: SlotCount,
    pub(super) relays: Vec<IceServer>,
    pub(super) encrypted: bool,
}

impl Inner {
    pub(super) fn with_peer(&self, connection: ConnectionId, work: impl Fn(&Peer)) {
        let _done = self.of_peer(connection, work);
    }

    /// What is asked of one connection, of whichever session.
    fn of_peer<T>(&self, connection: ConnectionId, ask: impl Fn(&Peer) -> T) -> Option<T> {
        let places = [&self.peer, &self.beside.peer];
        places.into_iter().find_map(|place| {
            let peer = place.borrow();
            let peer = peer.as_ref().filter(|it| it.connection == connection)?;
            Some(ask(peer))
        })
    }

    /// Makes a connection that does as the visit does: where people encrypt for each other, nothing
    /// leaves or arrives in clear. Until the keys are there, and in a browser that cannot, there is
    /// no connection at all.
    pub(super) fn open_peer(&self, wanted: Wanted) {
        let before = self.peer.take();
        let networks = self.networks.replace(Networks::Known);
        drop(before);
        let sealing = self.secrecy.as_ref().and_then(Secrecy::sealing);
        if wanted.encrypted && sealing.is_none() {
            *self.waiting.borrow_mut() = Some(wanted);
            return;
        }
        let _earlier = self.waiting.take();
        let sealing = sealing.filter(|_| wanted.encrypted);
        let connection = wanted.connection;
        let made = self.make_peer(
            connection,
            (wanted.slots, &wanted.relays, networks),
            sealing,
        );
        *self.peer.borrow_mut() = made;
        self.make_offer(connection);
        self.renew_readings();
    }

    /// What was read of an earlier connection says nothing of this one.
    pub(super) fn renew_readings(&self) {
        self.pulse.replace(Pulse::default());
        self.speech_twice.set(false);
        *self.measured.borrow_mut() = StatsReport::default();
        self.measure();
    }

    /// A connection that reports to the machine; none where the browser refuses.
    pub(super) fn make_peer(
        &self,
        connection: ConnectionId,
        (slots, relays, networks): (SlotCount, &[IceServer], Networks),
        sealing: Option<Sealing>,
    ) -> Option<Peer> {
        let me = self.me.clone();
        let report = Rc::new(move |change: PeerChange| {
            if let Some(inner) = me.upgrade() {
                inner.feed(Input::Peer(connection, change));
                // The others learn at once that it works or no longer does.
                inner.measure();
            }
        });
        Peer::new(
            connection,
            (slots, relays, networks),
            &self.local,
            sealing,
            report,
        )
        .ok()
    }

    pub(super) fn make_offer(&self, connection: ConnectionId) {
        let parts = self.of_peer(connection, Peer::parts);
        let me = self.me.clone();
        spawn_local(async move {
            let made = match parts {
                Some((pc, own)) => Peer::offer(pc, own).await.ok(),
                None => None,
            };
            let Some(inner) = me.upgrade() else { return };
            inner.feed(match made {
                Some((sdp, sources)) => Input::OfferMade {
                    connection,
                    sdp,
                    sources,
                },
                None => Input::Peer(connection, PeerChange::Failed),
            });
            inner.look_for_networks(connection);
        });
    }

    pub(super) fn apply_answer(&self, connection: ConnectionId, sdp: Sdp) {
        let Some(pc) = self.of_peer(connection, |peer| peer.pc.clone()) else {
            return;
        };
        let me = self.me.clone();
        spawn_local(async move {
            let taken = Peer::answer(pc, sdp).await;
            let Some(inner) = me.upgrade() else { return };
            match taken {
                Ok(true) => inner.is_nowhere(connection),
                Ok(false) => {}
                Err(_refused) => inner.feed(Input::Peer(connection, PeerChange::Failed)),
            }
        });
    }

    /// After a moment, whether the browser has found a network for its offer.
    fn look_for_networks(&self, connection: ConnectionId) {
        let me = self.me.clone();
        Timeout::new(GATHER_MS, move || {
            if let Some(inner) = me.upgrade()
                && inner.of_peer(connection, Peer::is_nowhere) == Some(true)
            {
                inner.is_nowhere(connection);
            }
        })
        .forget();
    }

    /// If the machine takes a new connection for it, that one is to know the networks of now.
    fn is_nowhere(&self, connection: ConnectionId) {
        self.networks.set(Networks::Fresh);
        self.feed(Input::Peer(connection, PeerChange::Nowhere));
        self.networks.set(Networks::Known);
    }

    pub(super) fn send_track(&self, source: Source) {
        for place in [&self.peer, &self.beside.peer] {
            if let Some(peer) = place.borrow().as_ref() {
                peer.send_track(source, self.local.track(source).as_ref());
            }
        }
    }

    /// What the worker says.
    pub(super) fn hear_secrecy(&self, said: Said) {
        let Some(secrecy) = &self.secrecy else { return };
        if self.closed.get() {
            return;
        }
        match said {
            Said::Ready { key } => {
                secrecy.set_ability(Ability::Able);
                self.feed(Input::Act(Act::PublicKey(key)));
                let view = self.call.borrow().view();
                self.tell_secrecy(&view);
                if let Some(wanted) = self.waiting.take()
                    && view.connection == Some(wanted.connection)
                {
                    self.open_peer(wanted);
                }
            }
            Said::Unable => secrecy.set_ability(Ability::Unable),
            Said::Sealed { to, key } => return self.feed(Input::Act(Act::SealedKey(to, key))),
            Said::Code { code } => secrecy.set_code(code),
            Said::State {
                sealed,
                opened,
                refused,
                dark,
            } => {
                let peer = self.peer.borrow();
                let mid_of = |name: String| peer.as_ref()?.mid_of(&name);
                let dark = dark.into_iter().filter_map(mid_of).collect();
                secrecy.set_state([sealed, opened, refused], dark);
            }
        }
        (self.hooks.secrecy)(secrecy.view());
    }

    /// The worker follows who is here and whose media the slots carry.
    pub(super) fn tell_secrecy(&self, view: &CallView) {
        if let Some(secrecy) = &self.secrecy {
            let peer = self.peer.borrow();
            let peer = peer
                .as_ref()
                .filter(|peer| Some(peer.connection) == view.connection);
            secrecy.follow(view, |mid| peer?.slot_of(mid));
        }
    }

    /// Does what the machine wants of the second session.
    pub(super) fn perform_beside(&self, output: Output) {
        match output {
            Output::OpenSocket(number) => self.open_socket(number, &self.beside.socket),
            Output::Send(message) => send(&self.beside.socket, &message),
            Output::CloseSocket => {
                let _closed = self.beside.socket.take();
            }
            Output::OpenPeer {
                connection,
                slots,
                relays,
                encrypted: false,
            } => {
                let made = self.make_peer(connection, (slots, &relays, Networks::Known), None);
                let _old = self.beside.peer.replace(made);
                self.make_offer(connection);
            }
            // It has one session and one key.
            Output::OpenPeer {
                encrypted: true, ..
            } => {}
            Output::ClosePeer => {
                let _closed = self.beside.peer.take();
            }
            other => self.perform(other),
        }
    }
}

/// Says something over a socket, if it is there.
pub(super) fn send(socket: &RefCell<Option<Socket>>, message: &ClientMessage) {
    if let Some(socket) = socket.borrow().as_ref() {
        socket.send(message);
    }
}
