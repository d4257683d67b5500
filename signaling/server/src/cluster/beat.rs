//! Keeps the leases of this node, hears who else lives, and opens a line to each.

use core::time::Duration;
use std::sync::Arc;

use signaling_directory::{Ask, Kept, Member};
use signaling_protocol::{Bye, RoomId};
use signaling_session::Input;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::{GRACE_US, Nodes, ORDERS_MAX, line};
use crate::directory::Mail;

/// How often leases are renewed, and a register that is away is tried again.
const BEAT: Duration = Duration::from_secs(1);

/// Runs for as long as the node does.
pub(crate) async fn keep_beating(nodes: Arc<Nodes>) {
    let mut ticks = interval(BEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        nodes.beat().await;
        nodes.open_lines();
    }
}

impl Nodes {
    async fn beat(&self) {
        let now_us = self.clock.steady_us();
        let is_open = |room: RoomId| self.directory.find(room).is_some();
        let gone = self.bearings().give_up(is_open, GRACE_US, now_us);
        match self.registry.beat(&self.member()).await {
            Ok(members) => self.hear_of(members, &gone).await,
            Err(error) => self.missed(&error),
        }
        // The list of nodes and the rooms may be on different servers, of which one is lost.
        self.renew().await;
    }

    async fn hear_of(&self, members: Vec<Member>, gone: &[RoomId]) {
        if !self.bearings().has_register() {
            tracing::info!("the register of rooms answers");
        }
        metrics::gauge!("signal_cluster_register_up").set(1.0);
        let members = self.of_one_key(members);
        self.remember(&members);
        self.bearings().met(members, self.clock.steady_us());
        if !gone.is_empty() {
            // Leases that are not given back run out.
            let _ = self.registry.release(&self.me, gone).await;
        }
    }

    /// Nodes whose passes are signed by another key would send each other people whom they refuse.
    fn of_one_key(&self, mut members: Vec<Member>) -> Vec<Member> {
        members.retain(|member| {
            let is_ours = member.key_id == self.key_id;
            if !is_ours {
                tracing::error!(
                    node = %member.name,
                    "a node signs passes with another key and is left out: all nodes of a cluster \
                     need the same files in keys/"
                );
            }
            is_ours
        });
        members
    }

    async fn renew(&self) {
        let owned = self.bearings().owned();
        metrics::gauge!("signal_cluster_rooms")
            .set(u32::try_from(owned.len()).map_or(f64::INFINITY, f64::from));
        if owned.is_empty() {
            return;
        }
        let asks: Vec<_> = owned
            .into_iter()
            .map(|(room, has)| {
                let ask = Ask {
                    has,
                    ..Ask::default()
                };
                (room, ask)
            })
            .collect();
        let mut leases = self
            .registry
            .claim(&self.me, &asks)
            .await
            .unwrap_or_default();
        leases.resize(asks.len(), None);
        if leases.iter().any(Option::is_none) {
            Self::lacked();
        }
        let mut kept = Kept::default();
        {
            let mut bearings = self.bearings();
            for ((room, _), lease) in asks.iter().zip(&leases) {
                bearings.renewed(*room, lease.as_ref(), &mut kept);
            }
        }
        self.close_lost(kept).await;
    }

    /// Ends rooms that another node has by now: no two may go on with one.
    pub(super) async fn close_lost(&self, kept: Kept) {
        for room in kept.lost {
            tracing::warn!(%room, "another node has this room by now; its people are sent there");
            metrics::counter!("signal_cluster_lost_total").increment(1);
            if let Some(door) = self.directory.find(room) {
                let reason = Bye::Restarting;
                // A room that is gone needs no news.
                let _ = door.send(Mail::Input(Input::Close { reason })).await;
            }
        }
    }

    /// One line to every peer; each ends when its peer is forgotten.
    fn open_lines(self: &Arc<Self>) {
        let names: Vec<_> = self.bearings().peers().map(|it| it.name.clone()).collect();
        let mut lines = self.lines();
        lines.retain(|_, orders| !orders.is_closed());
        for name in names {
            lines.entry(name.clone()).or_insert_with(|| {
                let (orders, waiting) = mpsc::channel(ORDERS_MAX);
                tokio::spawn(line::keep(Arc::clone(self), name, waiting));
                orders
            });
        }
    }
}
