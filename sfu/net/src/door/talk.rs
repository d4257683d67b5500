//! What is said on one connection, without IO.

use std::net::SocketAddr;
use std::time::Instant;

use sfu_core::stun::{self, Message};
use sfu_core::{Transport, shard_of_ufrag};

use super::frame::put_frame;
use super::{Ends, Media, Shared};
use crate::port::{Outgoing, PortKey};
use crate::turn::{self, Session};

/// What to do after a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Give a datagram to a shard.
    Inject {
        shard: usize,
        /// The candidate that it is for.
        local: SocketAddr,
        contents: Vec<u8>,
    },
    /// Send these bytes.
    Reply(Vec<u8>),
    /// Nothing.
    Ignore,
    /// Hang up.
    Close,
}

/// One side of the conversation.
#[derive(Debug)]
pub(super) enum Talk {
    /// ICE-TCP. The shard is known once a check has named it.
    Frames {
        local: SocketAddr,
        shard: Option<usize>,
    },
    /// TURN.
    Relay(Box<Session>),
}

impl Talk {
    pub(super) fn new(media: Media, ends: Ends, shared: &Shared, relayed: SocketAddr) -> Self {
        match media {
            Media::Frames => Self::Frames {
                local: ends.local,
                shard: None,
            },
            Media::Relay => Self::Relay(Box::new(Session::new(
                std::sync::Arc::clone(&shared.auth),
                ends.remote,
                relayed,
            ))),
        }
    }

    /// By which name shards know the client.
    pub(super) fn key(&self, remote: SocketAddr) -> PortKey {
        match self {
            Self::Frames { .. } => PortKey {
                transport: Transport::Tcp,
                remote,
            },
            Self::Relay(session) => PortKey {
                transport: Transport::Udp,
                remote: session.relayed(),
            },
        }
    }

    /// Hears one message.
    pub(super) fn hear(
        &mut self,
        (now, unix_s): (Instant, u64),
        message: &[u8],
        shared: &Shared,
    ) -> Step {
        match self {
            Self::Frames { local, shard } => {
                if shard.is_none() {
                    *shard = shard_of_check(message).filter(|at| *at < shared.lanes.len());
                }
                match *shard {
                    Some(shard) => Step::Inject {
                        shard,
                        local: *local,
                        contents: message.to_vec(),
                    },
                    None => Step::Close,
                }
            }
            Self::Relay(session) => match session.hear((now, unix_s), message, &shared.peers) {
                turn::Step::Reply(bytes) => Step::Reply(bytes),
                turn::Step::ToPeer(peer, contents) => match shared.peers.get(&peer) {
                    Some(shard) => Step::Inject {
                        shard: *shard,
                        local: peer,
                        contents,
                    },
                    None => Step::Ignore,
                },
                turn::Step::Ignore => Step::Ignore,
                turn::Step::Close => Step::Close,
            },
        }
    }

    /// Puts a datagram for the client into the form in which it is sent.
    pub(super) fn wrap(&self, datagram: &Outgoing, out: &mut Vec<u8>) {
        match self {
            Self::Frames { .. } => put_frame(out, &datagram.contents),
            Self::Relay(session) => session.wrap(datagram.local, &datagram.contents, out),
        }
    }

    /// Whether the client has shown by itself that it belongs here. An ICE-TCP client has when the
    /// shard answers it.
    pub(super) fn is_proved(&self) -> bool {
        match self {
            Self::Frames { .. } => false,
            Self::Relay(session) => session.is_allocated(),
        }
    }

    /// Whether the conversation has ended by its own terms.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        match self {
            Self::Frames { .. } => false,
            Self::Relay(session) => session.is_over(now),
        }
    }
}

/// The shard that a first connectivity check names. Whether its signature is right, the shard will
/// see.
fn shard_of_check(message: &[u8]) -> Option<usize> {
    let message = Message::parse(message).ok()?;
    let (ours, _theirs) = message.text(stun::USERNAME)?.split_once(':')?;
    shard_of_ufrag(ours).map(usize::from)
}
