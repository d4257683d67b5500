//! Numbers for Prometheus, added up in the shard's thread and told once a second.

use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};
use sfu_core::{Shard, ShardCounters};

use crate::socket::thread_cpu_time;

/// How often numbers are told: often enough for a live list, never per packet.
const INTERVAL: Duration = Duration::from_secs(1);

/// What the thread itself counts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Datagrams {
    pub(crate) received: u64,
    pub(crate) sent: u64,
    pub(crate) unsent: u64,
    pub(crate) events_lost: u64,
    /// From the network, with the address of a relayed client.
    pub(crate) forged: u64,
    /// To a TCP connection that does not read fast enough, or is gone.
    pub(crate) slow_reader: u64,
}

/// One shard's numbers.
pub(crate) struct Meters {
    told: ShardCounters,
    told_datagrams: Datagrams,
    told_cpu: Duration,
    next: Instant,
    rooms: Gauge,
    connections: Gauge,
}

impl Meters {
    pub(crate) fn new(shard_index: usize, now: Instant) -> Self {
        let shard = shard_index.to_string();
        Self {
            told: ShardCounters::default(),
            told_datagrams: Datagrams::default(),
            told_cpu: Duration::ZERO,
            next: now,
            rooms: gauge!("sfu_rooms", "shard" => shard.clone()),
            connections: gauge!("sfu_connections", "shard" => shard),
        }
    }

    pub(crate) fn tell_if_due(&mut self, now: Instant, shard: &Shard, datagrams: Datagrams) {
        if now >= self.next {
            self.next = now + INTERVAL;
            self.tell(shard, datagrams);
        }
    }

    pub(crate) fn tell(&mut self, shard: &Shard, datagrams: Datagrams) {
        let (was, is) = (self.told, shard.counters());
        let dropped =
            |reason: &'static str| counter!("sfu_datagrams_dropped_total", "reason" => reason);
        let steps: [(Counter, u64, u64); 14] = [
            (
                counter!("sfu_packets_received_total"),
                was.received.packets,
                is.received.packets,
            ),
            (
                counter!("sfu_bytes_received_total"),
                was.received.bytes,
                is.received.bytes,
            ),
            (
                counter!("sfu_packets_forwarded_total"),
                was.forwarded.packets,
                is.forwarded.packets,
            ),
            (
                counter!("sfu_bytes_forwarded_total"),
                was.forwarded.bytes,
                is.forwarded.bytes,
            ),
            (
                dropped("unknown_sender"),
                was.dropped_unknown,
                is.dropped_unknown,
            ),
            (dropped("garbage"), was.dropped_garbage, is.dropped_garbage),
            (dropped("refused"), was.dropped_refused, is.dropped_refused),
            (
                dropped("over_budget"),
                was.dropped_over_budget,
                is.dropped_over_budget,
            ),
            (
                dropped("forged_relay"),
                self.told_datagrams.forged,
                datagrams.forged,
            ),
            (
                dropped("slow_reader"),
                self.told_datagrams.slow_reader,
                datagrams.slow_reader,
            ),
            (
                counter!("sfu_peer_panics_total"),
                was.peer_panics,
                is.peer_panics,
            ),
            (
                counter!("sfu_datagrams_received_total"),
                self.told_datagrams.received,
                datagrams.received,
            ),
            (
                counter!("sfu_datagrams_sent_total"),
                self.told_datagrams.sent,
                datagrams.sent,
            ),
            (
                dropped("send_failed"),
                self.told_datagrams.unsent,
                datagrams.unsent,
            ),
        ];
        for (counter, before, after) in steps {
            counter.increment(after.saturating_sub(before));
        }
        counter!("sfu_events_lost_total").increment(
            datagrams
                .events_lost
                .saturating_sub(self.told_datagrams.events_lost),
        );
        if let Some(cpu) = thread_cpu_time() {
            // Counters hold whole numbers only, so these seconds are a gauge that only grows.
            gauge!("sfu_cpu_seconds_total")
                .increment(cpu.saturating_sub(self.told_cpu).as_secs_f64());
            self.told_cpu = cpu;
        }
        self.rooms.set(small(shard.room_count()));
        self.connections.set(small(shard.connection_count()));
        self.told = is;
        self.told_datagrams = datagrams;
    }
}

fn small(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Explains the numbers to Prometheus.
pub(crate) fn describe() {
    describe_counter!("sfu_datagrams_received_total", "UDP datagrams received");
    describe_counter!("sfu_datagrams_sent_total", "UDP datagrams sent");
    describe_counter!(
        "sfu_datagrams_dropped_total",
        "UDP datagrams dropped, by reason"
    );
    describe_counter!(
        "sfu_packets_received_total",
        "RTP media packets received from clients"
    );
    describe_counter!(
        "sfu_packets_forwarded_total",
        "RTP media packets written to subscribers"
    );
    describe_counter!(
        "sfu_bytes_received_total",
        "RTP payload bytes received from clients"
    );
    describe_counter!(
        "sfu_bytes_forwarded_total",
        "RTP payload bytes written to subscribers"
    );
    describe_counter!(
        "sfu_peer_panics_total",
        "Panics caught around one connection"
    );
    describe_counter!(
        "sfu_events_lost_total",
        "Events that the signaling side did not take"
    );
    describe_gauge!(
        "sfu_cpu_seconds_total",
        "Processor time of all shard threads, in seconds"
    );
    describe_gauge!("sfu_rooms", "Rooms with a media connection");
    describe_gauge!("sfu_connections", "Media connections");
    describe_gauge!("sfu_tcp_connections", "TCP connections with media");
    describe_counter!(
        "sfu_tcp_connections_refused_total",
        "TCP connections with media beyond the limits"
    );
    describe_counter!(
        "sfu_tcp_connections_ended_total",
        "TCP connections with media that have ended, by reason"
    );
}
