//! Numbers for Prometheus, added up in the shard's thread and told once a second.

use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};
use sfu_core::{Delivery, Gaps, Quality, Shard, ShardCounters};

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
    /// What a recorder had no room for.
    pub(crate) unrecorded: u64,
    /// The same for a scribe.
    pub(crate) unscribed: u64,
    /// What the bridge of telephones had no room for.
    pub(crate) unbridged: u64,
}

/// One shard's numbers.
pub(crate) struct Meters {
    told: ShardCounters,
    told_datagrams: Datagrams,
    told_cpu: Duration,
    next: Instant,
    rooms: Gauge,
    connections: Gauge,
    audio_only: Gauge,
    qualities: [(Quality, Gauge); 4],
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
            connections: gauge!("sfu_connections", "shard" => shard.clone()),
            audio_only: gauge!("sfu_audio_only", "shard" => shard.clone()),
            qualities: Quality::ALL.map(|quality| {
                let word = word_of(quality);
                let gauge = gauge!("sfu_quality", "quality" => word, "shard" => shard.clone());
                (quality, gauge)
            }),
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
        tell_packets(&was, &is);
        tell_datagrams(&self.told_datagrams, &datagrams);
        if let Some(cpu) = thread_cpu_time() {
            // Counters hold whole numbers only, so these seconds are a gauge that only grows.
            gauge!("sfu_cpu_seconds_total")
                .increment(cpu.saturating_sub(self.told_cpu).as_secs_f64());
            self.told_cpu = cpu;
        }
        self.rooms.set(small(shard.room_count()));
        self.connections.set(small(shard.connection_count()));
        self.audio_only.set(small(shard.audio_only_count()));
        for (quality, gauge) in &self.qualities {
            gauge.set(small(shard.quality_count(*quality)));
        }
        tell_delivery(&was.delivery, &is.delivery);
        self.told = is;
        self.told_datagrams = datagrams;
    }
}

fn dropped(reason: &'static str) -> Counter {
    counter!("sfu_datagrams_dropped_total", "reason" => reason)
}

fn advance(steps: impl IntoIterator<Item = (Counter, u64, u64)>) {
    for (counter, before, after) in steps {
        counter.increment(after.saturating_sub(before));
    }
}

/// What the shard counted since the last time.
fn tell_packets(was: &ShardCounters, is: &ShardCounters) {
    type Read = fn(&ShardCounters) -> u64;
    let steps: [(Counter, Read); 13] = [
        (counter!("sfu_packets_received_total"), |c| {
            c.received.packets
        }),
        (counter!("sfu_bytes_received_total"), |c| c.received.bytes),
        (counter!("sfu_packets_forwarded_total"), |c| {
            c.forwarded.packets
        }),
        (counter!("sfu_bytes_forwarded_total"), |c| c.forwarded.bytes),
        (dropped("unknown_sender"), |c| c.dropped_unknown),
        (dropped("garbage"), |c| c.dropped_garbage),
        (dropped("refused"), |c| c.dropped_refused),
        (dropped("over_budget"), |c| c.dropped_over_budget),
        (counter!("sfu_data_messages_total"), |c| c.data_forwarded),
        (counter!("sfu_data_messages_dropped_total"), |c| {
            c.data_dropped
        }),
        (counter!("sfu_data_lanes_closed_total"), |c| c.data_closed),
        (counter!("sfu_packets_unplayable_total"), |c| c.unplayable),
        (counter!("sfu_peer_panics_total"), |c| c.peer_panics),
    ];
    advance(steps.map(|(counter, read)| (counter, read(was), read(is))));
}

/// What the thread counted since the last time.
fn tell_datagrams(was: &Datagrams, is: &Datagrams) {
    type Read = fn(&Datagrams) -> u64;
    let steps: [(Counter, Read); 9] = [
        (counter!("sfu_datagrams_received_total"), |d| d.received),
        (counter!("sfu_datagrams_sent_total"), |d| d.sent),
        (dropped("send_failed"), |d| d.unsent),
        (dropped("forged_relay"), |d| d.forged),
        (dropped("slow_reader"), |d| d.slow_reader),
        (counter!("sfu_events_lost_total"), |d| d.events_lost),
        (counter!("sfu_unrecorded_total"), |d| d.unrecorded),
        (counter!("sfu_unscribed_total"), |d| d.unscribed),
        (counter!("sfu_phone_events_lost_total"), |d| d.unbridged),
    ];
    advance(steps.map(|(counter, read)| (counter, read(was), read(is))));
}

/// How well pictures got through since the last time.
fn tell_delivery(was: &Delivery, is: &Delivery) {
    let decision = |word| counter!("sfu_allocator_decisions_total", "decision" => word);
    let (before, after) = (&was.decisions, &is.decisions);
    let steps: [(Counter, u64, u64); 8] = [
        (counter!("sfu_video_freezes_total"), was.freezes, is.freezes),
        (
            counter!("sfu_layer_switches_total"),
            was.layer_switches,
            is.layer_switches,
        ),
        (
            counter!("sfu_keyframes_requested_total"),
            was.keyframes_requested,
            is.keyframes_requested,
        ),
        (
            counter!("sfu_keyframes_wanted_total"),
            was.keyframes_wanted,
            is.keyframes_wanted,
        ),
        (decision("raised"), before.raised, after.raised),
        (decision("lowered"), before.lowered, after.lowered),
        (decision("paused"), before.paused, after.paused),
        (decision("audio_only"), before.audio_only, after.audio_only),
    ];
    for (counter, before, after) in steps {
        counter.increment(after.saturating_sub(before));
    }
    let gaps = Gaps::BOUNDS_MS
        .iter()
        .zip(was.gaps.counts.iter().zip(is.gaps.counts));
    for (bound_ms, (before, after)) in gaps {
        counter!("sfu_video_gaps_total", "at_least_ms" => bound_ms.to_string())
            .increment(after.saturating_sub(*before));
    }
}

const fn word_of(quality: Quality) -> &'static str {
    match quality {
        Quality::Good => "good",
        Quality::Fair => "fair",
        Quality::Poor => "poor",
        Quality::Lost => "lost",
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
        "sfu_data_messages_total",
        "Messages of data lanes given to a reader"
    );
    describe_counter!(
        "sfu_data_messages_dropped_total",
        "Messages of data lanes that were too long, too many, not granted or not taken"
    );
    describe_counter!(
        "sfu_data_lanes_closed_total",
        "Reliable data lanes closed because a writer or reader could not keep up"
    );
    describe_counter!(
        "sfu_peer_panics_total",
        "Panics caught around one connection"
    );
    describe_counter!(
        "sfu_events_lost_total",
        "Events that the signaling side did not take"
    );
    describe_counter!(
        "sfu_unrecorded_total",
        "Packets and events that a recorder had no room for."
    );
    describe_counter!(
        "sfu_unscribed_total",
        "Packets and events of voices that captions had no room for."
    );
    describe_counter!(
        "sfu_phone_events_lost_total",
        "What the bridge of telephones had no room for."
    );
    describe_gauge!(
        "sfu_cpu_seconds_total",
        "Processor time of all shard threads, in seconds"
    );
    describe_pictures();
    describe_counter!(
        "sfu_packets_unplayable_total",
        "RTP media packets withheld from a subscriber that did not negotiate their codec"
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

fn describe_pictures() {
    describe_counter!(
        "sfu_video_freezes_total",
        "Times that a wanted camera picture stood still for more than 500 ms at a subscriber"
    );
    describe_counter!(
        "sfu_video_gaps_total",
        "Gaps between forwarded packets of a wanted camera picture, by their class"
    );
    describe_counter!(
        "sfu_layer_switches_total",
        "Changes of the layer that feeds a subscriber's slot"
    );
    describe_counter!(
        "sfu_keyframes_requested_total",
        "Key frames asked of publishers"
    );
    describe_counter!(
        "sfu_keyframes_wanted_total",
        "Key frames that subscribers asked for"
    );
    describe_counter!(
        "sfu_allocator_decisions_total",
        "Pictures raised, lowered or paused, and subscribers left with sound, by decision"
    );
    describe_gauge!("sfu_audio_only", "Connections left with sound only");
    describe_gauge!(
        "sfu_quality",
        "Ready connections, by the word for their quality"
    );
}
