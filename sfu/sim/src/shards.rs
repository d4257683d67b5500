//! The adapter to sfu-core: the only file that builds its inputs and takes its outputs apart.

use std::net::SocketAddr;
use std::time::Instant;

use sfu_core::{
    Command, CommandId, ConnectError, ConnectRequest, ConnectionKey, DisconnectCause, Grants,
    Input, Mode, Output, ParticipantKey, Rank, Reply, RoomKey, ServerCandidate, SfuEvent, Shard,
    ShardConfig, ShardCounters, SlotView, Source, SourceMid, SourceSet, Transport, WantedSource,
};

/// Which shard a room lives on.
pub(crate) trait Placement {
    fn shard_of(&self, room: RoomKey) -> usize;
}

/// The rule of `sfu-net`'s placement: every bit of the key is mixed, the top ones decide.
#[derive(Debug)]
pub(crate) struct HashPlacement {
    pub(crate) shards: u128,
}

impl Placement for HashPlacement {
    fn shard_of(&self, room: RoomKey) -> usize {
        let mixed = room
            .0
            .wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        let mixed = (mixed ^ (mixed >> 64)) >> 32;
        usize::try_from(mixed % self.shards.max(1)).unwrap_or(0)
    }
}

/// Who asks, by all their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) room: RoomKey,
    pub(crate) participant: ParticipantKey,
    pub(crate) connection: ConnectionKey,
}

/// A command on its way through signaling.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    Connect {
        id: u64,
        caller: Caller,
        offer_sdp: String,
        sources: Vec<SourceMid>,
        on: SourceSet,
        grants: Grants,
    },
    SetSources(Caller, SourceSet),
    SetGrants(Caller, Grants),
    SetView(Caller, Vec<SlotView>),
    Disconnect(Caller),
    CloseRoom(RoomKey),
}

/// What a slot carries, as told by a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) mid: String,
    pub(crate) participant: ParticipantKey,
    pub(crate) source: Source,
}

/// What a shard says.
#[derive(Debug)]
pub(crate) enum Said {
    Transmit {
        from: SocketAddr,
        to: SocketAddr,
        contents: Vec<u8>,
    },
    Connected(Caller),
    Disconnected(Caller, DisconnectCause),
    Failed(Caller),
    Slots(Caller, Vec<Bound>),
    Wanted(Caller, Vec<WantedSource>),
    Answer {
        id: u64,
        answer: Result<String, ConnectError>,
    },
    /// Something that no oracle needs.
    Other,
}

/// All shards of the server.
#[derive(Debug)]
pub(crate) struct Shards<P> {
    shards: Vec<Shard>,
    placement: P,
}

/// Connections of one shard; as in the server's default configuration it is no limit here.
const CONNECTIONS_MAX: usize = 10_000;
const PORT: u16 = 3478;

impl Shards<HashPlacement> {
    /// `None` if the cryptographic library makes no certificate.
    pub(crate) fn new(count: u8) -> Option<Self> {
        let shards = (0..count.max(1))
            .map(|n| {
                Shard::new(ShardConfig {
                    candidates: vec![ServerCandidate {
                        transport: Transport::Udp,
                        address: SocketAddr::from(([192, 0, 2, n], PORT)),
                    }],
                    connections_max: CONNECTIONS_MAX,
                    index: n.into(),
                    secret: [n; 32],
                })
                .ok()
            })
            .collect::<Option<Vec<_>>>()?;
        let placement = HashPlacement {
            shards: shards.len() as u128,
        };
        Some(Self { shards, placement })
    }
}

impl<P: Placement> Shards<P> {
    /// Gives a datagram to the shard that listens on `local`.
    pub(crate) fn datagram(&mut self, now: Instant, path: (SocketAddr, SocketAddr), bytes: &[u8]) {
        let (local, remote) = path;
        let SocketAddr::V4(address) = local else {
            return;
        };
        let [.., index] = address.ip().octets();
        if let Some(shard) = self.shards.get_mut(usize::from(index)) {
            let contents = bytes;
            shard.handle(
                now,
                Input::Datagram {
                    transport: Transport::Udp,
                    local,
                    remote,
                    contents,
                },
            );
        }
    }

    pub(crate) fn order(&mut self, now: Instant, order: Order) {
        let (room, command) = match order {
            Order::Connect {
                id,
                caller,
                offer_sdp,
                sources,
                on,
                grants,
            } => {
                let request = ConnectRequest {
                    room: caller.room,
                    participant: caller.participant,
                    connection: caller.connection,
                    mode: Mode::Room,
                    offer_sdp,
                    sources,
                    on,
                    rank: Rank::Other,
                    grants,
                };
                let command = Command::Connect(CommandId(id), Box::new(request));
                (caller.room, command)
            }
            Order::SetSources(
                Caller {
                    room, participant, ..
                },
                on,
            ) => (
                room,
                Command::SetSources {
                    room,
                    participant,
                    on,
                },
            ),
            Order::SetGrants(
                Caller {
                    room, participant, ..
                },
                grants,
            ) => (
                room,
                Command::SetGrants {
                    room,
                    participant,
                    grants,
                },
            ),
            Order::SetView(
                Caller {
                    room, participant, ..
                },
                slots,
            ) => (
                room,
                Command::SetView {
                    room,
                    participant,
                    slots,
                    pinned: None,
                },
            ),
            Order::Disconnect(Caller {
                room, participant, ..
            }) => (room, Command::Disconnect { room, participant }),
            Order::CloseRoom(room) => (room, Command::CloseRoom { room }),
        };
        let index = self.placement.shard_of(room);
        if let Some(shard) = self.shards.get_mut(index) {
            shard.handle(now, Input::Command(command));
        }
    }

    /// Lets every shard do what is due.
    pub(crate) fn timeouts(&mut self, now: Instant) -> bool {
        let mut any = false;
        for shard in &mut self.shards {
            if shard.poll_timeout().is_some_and(|at| at <= now) {
                shard.handle(now, Input::Timeout);
                any = true;
            }
        }
        any
    }

    /// Ends a batch; answers how much was said.
    pub(crate) fn settle(&mut self, now: Instant, said: &mut Vec<Said>) -> usize {
        let before = said.len();
        for shard in &mut self.shards {
            shard.settle(now);
            while let Some(output) = shard.poll_output() {
                said.push(hear(output));
            }
        }
        said.len().saturating_sub(before)
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.shards.iter().filter_map(Shard::poll_timeout).min()
    }

    /// Rooms and connections that are remembered, and whether anything still wants the time.
    pub(crate) fn remembered(&self) -> (usize, usize, bool) {
        let rooms = self.shards.iter().map(Shard::room_count).sum();
        let connections = self.shards.iter().map(Shard::connection_count).sum();
        (rooms, connections, self.next_timeout().is_some())
    }

    pub(crate) fn counters(&self) -> impl Iterator<Item = ShardCounters> + '_ {
        self.shards.iter().map(Shard::counters)
    }
}

fn hear(output: Output) -> Said {
    match output {
        Output::Transmit {
            local,
            remote,
            contents,
            ..
        } => Said::Transmit {
            from: local,
            to: remote,
            contents,
        },
        Output::Event(event) => hear_event(event),
        Output::Reply(Reply::Connect(CommandId(id), answer)) => Said::Answer { id, answer },
        Output::Reply(Reply::Stats(..) | Reply::Live(..))
        | Output::Tapped(..)
        | Output::Phone(_)
        | Output::TapClosed(..) => Said::Other,
    }
}

fn hear_event(event: SfuEvent) -> Said {
    match event {
        SfuEvent::Speakers { .. } | SfuEvent::AudioOnly { .. } => Said::Other,
        SfuEvent::Wanted {
            room,
            participant,
            connection,
            sources,
        } => Said::Wanted(
            Caller {
                room,
                participant,
                connection,
            },
            sources,
        ),
        SfuEvent::Connected {
            room,
            participant,
            connection,
        } => Said::Connected(Caller {
            room,
            participant,
            connection,
        }),
        SfuEvent::Disconnected {
            room,
            participant,
            connection,
            cause,
        } => Said::Disconnected(
            Caller {
                room,
                participant,
                connection,
            },
            cause,
        ),
        SfuEvent::PeerFailed {
            room,
            participant,
            connection,
        } => Said::Failed(Caller {
            room,
            participant,
            connection,
        }),
        SfuEvent::Slots {
            room,
            participant,
            connection,
            slots,
        } => Said::Slots(
            Caller {
                room,
                participant,
                connection,
            },
            slots
                .into_iter()
                .map(|slot| Bound {
                    mid: slot.mid,
                    participant: slot.participant,
                    source: slot.source,
                })
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_spread_over_four_shards() {
        let placement = HashPlacement { shards: 4 };
        let mut found = [0_u32; 4];
        for n in 0..400_u128 {
            found[placement.shard_of(RoomKey(n))] += 1;
        }
        assert!(found.iter().all(|n| *n > 50), "{found:?}");
    }
}
