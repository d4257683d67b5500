//! What the media server measures, read now and then and kept for a quarter of an hour, for those
//! who look after all rooms.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use sfu_net::{Flow, Gaps, ParticipantStats, RoomStats};
use signaling_protocol::{
    GAP_BOUNDS_MS, MediaPoint, POINT_MS, POINTS_MAX, ParticipantId, ParticipantMedia, Quality,
    RoomId, RoomMedia, RoomOverview,
};
use signaling_ticket::Observed;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::port::VisitPort;
use crate::start::Shared;
use crate::translate::{participant_id, room_id};

/// How often somebody who watches gets new numbers.
const READ_EVERY: Duration = Duration::from_secs(2);
/// Readings from one kept point to the next; only these are made while nobody watches.
const READS_A_POINT: u64 = POINT_MS as u64 / 2_000;
/// Both sides count standstills in the same classes.
const _: () = {
    let mut class = 0;
    while class < GAP_BOUNDS_MS.len() {
        assert!(GAP_BOUNDS_MS[class] == Gaps::BOUNDS_MS[class]);
        class += 1;
    }
};

/// Whose numbers an observer has, and from which point on they are new to them.
pub(crate) type Known = BTreeMap<(RoomId, ParticipantId), u64>;

type Room = BTreeMap<ParticipantId, Gauge>;

/// The numbers of all live rooms: at most [`POINTS_MAX`] points of some 40 bytes for each person
/// in them. They leave with the person.
#[derive(Debug)]
pub(crate) struct Gauges {
    rooms: Mutex<BTreeMap<RoomId, Room>>,
    read: watch::Sender<u64>,
    watched: AtomicUsize,
}

/// Somebody watches; dropping it says that they have stopped.
#[derive(Debug)]
pub(crate) struct Watching(Arc<Gauges>);

impl Gauges {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            rooms: Mutex::new(BTreeMap::new()),
            read: watch::Sender::new(0),
            watched: AtomicUsize::new(0),
        })
    }

    /// Changes with every reading.
    pub(crate) fn readings(&self) -> watch::Receiver<u64> {
        self.read.subscribe()
    }

    pub(crate) fn watch(self: &Arc<Self>) -> Watching {
        self.watched.fetch_add(1, Ordering::Relaxed);
        Watching(Arc::clone(self))
    }

    /// The numbers of these rooms, with the points that are not known yet.
    pub(crate) fn numbers(&self, of: &[RoomId], known: &mut Known) -> Vec<RoomMedia> {
        let rooms = self.lock();
        let mut told = Known::new();
        let found = of.iter().filter_map(|id| Some((id, rooms.get(id)?)));
        let numbers = found.map(|(id, people)| RoomMedia {
            room: *id,
            participants: people
                .iter()
                .map(|(participant, gauge)| {
                    let key = (*id, *participant);
                    let media = gauge.media(*participant, known.get(&key).copied());
                    told.insert(key, gauge.next_point);
                    media
                })
                .collect(),
        });
        let numbers = numbers.collect();
        *known = told;
        numbers
    }

    /// Takes in a reading. `point` is its number when it is kept. Only rooms that observers see
    /// are measured, and of these only who is in them.
    fn take(&self, reading: Vec<RoomStats>, live: &[RoomOverview], point: Option<u64>) {
        let now = Instant::now();
        let mut reading: BTreeMap<RoomId, RoomStats> = reading
            .into_iter()
            .map(|room| (room_id(room.room), room))
            .collect();
        let mut rooms = self.lock();
        let mut before = core::mem::take(&mut *rooms);
        for room in live {
            let mut was = before.remove(&room.room).unwrap_or_default();
            let stats = reading.remove(&room.room);
            let mut people = Room::new();
            for person in &room.participants {
                let measured = stats.iter().flat_map(|room| &room.participants);
                let measured = measured
                    .into_iter()
                    .find(|one| participant_id(one.participant) == person.id);
                let known = was.remove(&person.id);
                if known.is_none() && measured.is_none() {
                    continue;
                }
                let mut gauge = known.unwrap_or_default();
                gauge.take(measured, now, point);
                people.insert(person.id, gauge);
            }
            rooms.insert(room.room, people);
        }
        drop(rooms);
        self.read.send_modify(|n| *n = n.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RoomId, Room>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.watched.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Reads the media server for as long as there is signaling; never returns.
pub(crate) async fn read<P: VisitPort>(shared: Weak<Shared<P>>) {
    let mut every = interval(READ_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 0_u64.. {
        every.tick().await;
        let Some(shared) = shared.upgrade() else {
            break;
        };
        let kept = round
            .is_multiple_of(READS_A_POINT)
            .then_some(round / READS_A_POINT);
        if kept.is_some() || shared.gauges.watched.load(Ordering::Relaxed) > 0 {
            let reading = shared.sfu.stats().await;
            let live = shared.hub.select(&Observed::All);
            shared.gauges.take(reading, &live, kept);
        }
    }
    core::future::pending::<()>().await;
}

/// One person's numbers.
#[derive(Debug, Default)]
struct Gauge {
    last: Option<(Instant, Flow, Flow)>,
    now: MediaPoint,
    connected: bool,
    state: State,
    points: VecDeque<MediaPoint>,
    next_point: u64,
}

/// What is told beside the points.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    quality: Quality,
    audio_only: bool,
    freezes: u64,
    gaps: [u64; GAP_BOUNDS_MS.len()],
    layer_switches: u64,
    keyframes_requested: u64,
}

impl Gauge {
    /// Takes in what was measured; none without a media connection.
    fn take(&mut self, stats: Option<&ParticipantStats>, now: Instant, point: Option<u64>) {
        match stats {
            Some(stats) => self.measure(stats, now),
            None => {
                self.last = None;
                self.now = MediaPoint::default();
                self.connected = false;
                self.state.quality = Quality::Lost;
                self.state.audio_only = false;
            }
        }
        if let Some(number) = point {
            self.points.push_back(self.now);
            if self.points.len() > POINTS_MAX {
                self.points.pop_front();
            }
            self.next_point = number.saturating_add(1);
        }
    }

    fn measure(&mut self, stats: &ParticipantStats, now: Instant) {
        let (up_kbps, down_kbps) = match self.last {
            Some((before, up, down)) => {
                let elapsed = now.saturating_duration_since(before);
                (
                    kbps(up, stats.received, elapsed),
                    kbps(down, stats.forwarded, elapsed),
                )
            }
            None => (0, 0),
        };
        self.last = Some((now, stats.received, stats.forwarded));
        self.connected = stats.connected;
        self.state = state_of(stats);
        self.now = MediaPoint {
            loss_up_permille: stats.loss_up.map(permille),
            loss_down_permille: stats.loss_down.map(permille),
            rtt_ms: stats.rtt.map(millis),
            jitter_ms: stats.jitter_up.map(millis),
            up_kbps,
            down_kbps,
            estimate_kbps: stats.estimate_bps.map(|bps| whole(bps / 1_000)),
            rating: stats.rtt.map(|rtt| {
                let up = stats.loss_up.unwrap_or(0.0);
                let loss = up.max(stats.loss_down.unwrap_or(0.0));
                rating(loss, rtt, stats.jitter_up.unwrap_or_default())
            }),
        };
    }

    /// With the points from `from` on; all of them when nothing was told before.
    fn media(&self, participant: ParticipantId, from: Option<u64>) -> ParticipantMedia {
        let kept = u64::try_from(self.points.len()).unwrap_or(0);
        let first = self.next_point.saturating_sub(kept);
        let first_point = from.unwrap_or(0).clamp(first, self.next_point);
        let skip = usize::try_from(first_point.saturating_sub(first)).unwrap_or(usize::MAX);
        ParticipantMedia {
            participant,
            connected: self.connected,
            quality: self.state.quality,
            audio_only: self.state.audio_only,
            now: self.now,
            freezes: self.state.freezes,
            gaps: self.state.gaps,
            layer_switches: self.state.layer_switches,
            keyframes_requested: self.state.keyframes_requested,
            first_point,
            points: self.points.iter().skip(skip).copied().collect(),
        }
    }
}

fn state_of(stats: &ParticipantStats) -> State {
    State {
        quality: stats.quality.map_or(Quality::Unknown, quality_of),
        audio_only: stats.audio_only,
        freezes: stats.delivery.freezes,
        gaps: stats.delivery.gaps.counts,
        layer_switches: stats.delivery.layer_switches,
        keyframes_requested: stats.delivery.keyframes_requested,
    }
}

const fn quality_of(quality: sfu_net::Quality) -> Quality {
    match quality {
        sfu_net::Quality::Good => Quality::Good,
        sfu_net::Quality::Fair => Quality::Fair,
        sfu_net::Quality::Poor => Quality::Poor,
        sfu_net::Quality::Lost => Quality::Lost,
    }
}

/// Media of a connection that began anew counts from its beginning.
fn kbps(before: Flow, now: Flow, elapsed: Duration) -> u32 {
    let bytes = now.bytes.checked_sub(before.bytes).unwrap_or(now.bytes);
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    whole(bytes.saturating_mul(8) / elapsed_ms.max(1))
}

fn whole(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn millis(time: Duration) -> u16 {
    u16::try_from(time.as_millis()).unwrap_or(u16::MAX)
}

fn permille(share: f32) -> u16 {
    rounded(share * 1_000.0, 1_000.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what fits; what is no number becomes 0"
)]
fn rounded(value: f32, max: f32) -> u16 {
    value.round().clamp(0.0, max) as u16
}

/// The transmission rating R of ITU-T G.107 with what matters on a packet network: delay (one way,
/// with a playout buffer of 40 ms and twice the jitter) and loss, for a codec that conceals it.
fn rating(loss: f32, rtt: Duration, jitter: Duration) -> u8 {
    let delay_ms = rtt.as_secs_f32() * 500.0 + jitter.as_secs_f32() * 2_000.0 + 40.0;
    let of_delay = 0.024 * delay_ms + 0.11 * (delay_ms - 177.3).max(0.0);
    let percent = loss * 100.0;
    let of_loss = 95.0 * percent / (percent + 20.0);
    u8::try_from(rounded(93.2 - of_delay - of_loss, 93.0)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use sfu_net::{Delivery, ParticipantKey};
    use uuid::Uuid;

    use super::*;

    fn stats(bytes: u64) -> ParticipantStats {
        ParticipantStats {
            participant: ParticipantKey(1),
            connected: true,
            received: Flow { packets: 1, bytes },
            forwarded: Flow::default(),
            loss_up: Some(0.0125),
            loss_down: None,
            rtt: Some(Duration::from_millis(80)),
            estimate_bps: Some(1_500_000),
            jitter_up: Some(Duration::from_millis(7)),
            quality: Some(sfu_net::Quality::Fair),
            speaks: false,
            audio_only: true,
            delivery: Delivery {
                freezes: 2,
                layer_switches: 3,
                keyframes_requested: 4,
                ..Delivery::default()
            },
        }
    }

    fn somebody() -> ParticipantId {
        ParticipantId::from_uuid(Uuid::from_u128(1))
    }

    #[test]
    fn bytes_between_two_readings_are_a_rate() {
        let start = Instant::now();
        let mut gauge = Gauge::default();
        gauge.take(Some(&stats(1_000)), start, None);
        assert_eq!(gauge.now.up_kbps, 0, "of one reading there is none");
        gauge.take(Some(&stats(251_000)), start + READ_EVERY, None);
        assert_eq!(gauge.now.up_kbps, 1_000);
        gauge.take(Some(&stats(2_500)), start + 2 * READ_EVERY, None);
        assert_eq!(gauge.now.up_kbps, 10, "a new connection begins anew");
        assert_eq!(gauge.now.loss_up_permille, Some(13));
        assert_eq!(gauge.now.rtt_ms, Some(80));
        assert_eq!(gauge.now.jitter_ms, Some(7));
        assert_eq!(gauge.now.estimate_kbps, Some(1_500));
        let told = gauge.media(somebody(), None);
        assert_eq!((told.quality, told.audio_only), (Quality::Fair, true));
        assert_eq!((told.freezes, told.layer_switches), (2, 3));
        assert_eq!(told.keyframes_requested, 4);
    }

    #[test]
    fn the_past_is_a_quarter_of_an_hour_and_is_told_once() {
        let start = Instant::now();
        let mut gauge = Gauge::default();
        for n in 10..(10 + POINTS_MAX as u64 + 5) {
            gauge.take(Some(&stats(n)), start, Some(n));
        }
        let all = gauge.media(somebody(), None);
        assert_eq!((all.first_point, all.points.len()), (15, POINTS_MAX));
        let next = all.first_point + POINTS_MAX as u64;
        let none = gauge.media(somebody(), Some(next));
        assert_eq!((none.first_point, none.points.len()), (next, 0));
        gauge.take(None, start, Some(next));
        let one = gauge.media(somebody(), Some(next));
        assert_eq!((one.first_point, one.points.len()), (next, 1));
        assert_eq!(one.points.first().and_then(|point| point.rtt_ms), None);
        assert!(!one.connected);
    }

    #[test]
    fn loss_and_delay_lower_the_rating() {
        let ms = Duration::from_millis;
        let good = rating(0.0, ms(40), ms(5));
        assert!(good > 88, "{good}");
        assert!((70..good).contains(&rating(0.03, ms(40), ms(5))));
        assert!(rating(0.0, ms(600), ms(5)) < 75);
        assert!(rating(0.3, ms(600), ms(100)) < 20);
        assert_eq!(rating(f32::NAN, ms(1), ms(1)), 0);
    }
}
