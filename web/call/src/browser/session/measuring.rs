//! How a session measures its connection, and what it does about it.

use signaling_protocol::ConnectionId;
use wasm_bindgen_futures::spawn_local;

use super::Inner;
use crate::browser::stats;
use crate::machine::{Act, Input, PeerChange};

/// Share of lost packets from which on speech is sent twice.
const SPEECH_LOSS: f64 = 0.03;

impl Inner {
    pub(super) fn measure(&self) {
        let measured = self
            .peer
            .borrow()
            .as_ref()
            .map(|peer| (peer.connection, peer.pc.clone()));
        let Some((connection, pc)) = measured else {
            return;
        };
        let me = self.me.clone();
        spawn_local(async move {
            let Some(report) = stats::read(pc).await else {
                return;
            };
            let Some(inner) = me.upgrade() else { return };
            if !inner.uses(connection) {
                return;
            }
            let sample = report.sample_since(&inner.measured.borrow());
            inner.protect_speech(report.loss_sent);
            let quality = inner.grader.borrow_mut().feed(&sample);
            *inner.measured.borrow_mut() = report.clone();
            inner.feed(Input::Act(Act::Quality(quality)));
            (inner.hooks.stats)(report);
        });
    }

    /// Looks whether anything arrives. A browser calls a connection disconnected after seconds; the
    /// server has something to say several times a second to whoever sends.
    pub(super) fn feel_pulse(&self) {
        let connected = self
            .peer
            .borrow()
            .as_ref()
            .filter(|peer| peer.is_connected())
            .map(|peer| (peer.connection, peer.pc.clone()));
        let Some((connection, pc)) = connected else {
            return;
        };
        let me = self.me.clone();
        spawn_local(async move {
            let Some(beat) = stats::beat(pc).await else {
                return;
            };
            let Some(inner) = me.upgrade() else { return };
            if inner.uses(connection) && inner.pulse.borrow_mut().feed(beat) {
                inner.feed(Input::Peer(connection, PeerChange::Stalled));
            }
        });
    }

    /// Speech is sent twice while the server misses some of it. Between people who encrypt for each
    /// other it is not: the server could not take it apart for browsers that do not know RED.
    pub(super) fn protect_speech(&self, loss_sent: Option<f64>) {
        let lossy = loss_sent.is_some_and(|loss| loss > SPEECH_LOSS);
        let calm = loss_sent.is_none_or(|loss| loss < SPEECH_LOSS / 4.0);
        let twice = self.speech_twice.get();
        let wanted = (lossy || (twice && !calm)) && !self.call.borrow().view().encrypted;
        if wanted != twice {
            self.speech_twice.set(wanted);
            if let Some(peer) = self.peer.borrow().as_ref() {
                peer.protect_speech(wanted);
            }
        }
    }

    /// Whether this is still the connection in use; a reading of an earlier one says nothing.
    pub(super) fn uses(&self, connection: ConnectionId) -> bool {
        let peer = self.peer.borrow();
        !self.closed.get()
            && peer
                .as_ref()
                .is_some_and(|peer| peer.connection == connection)
    }
}
