//! An hour of two people whose clocks are 100 ppm apart.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use recordings_tap::{Codec, Packet, PersonKey, Report, TrackKey};
use recordings_tracks::Timeline;

/// What people do not notice between sound and picture.
const APART_US_MAX: u64 = 40_000;
const HOUR_MS: u64 = 3_600_000;
const ORIGIN_US: u64 = 77_000_000;

/// A stream of one person: how its clock and the person's wall clock run, in parts per million.
struct Sender {
    person: u128,
    track: u32,
    codec: Codec,
    clock_ppm: i64,
    wall_ppm: i64,
    has_reports: bool,
    delay_us: u64,
    jitter_us: u64,
}

fn off(us: u64, ppm: i64) -> u64 {
    let us = i64::try_from(us).unwrap();
    u64::try_from(us + us * ppm / 1_000_000).unwrap()
}

impl Sender {
    fn timestamp(&self, at_us: u64) -> u32 {
        let ticks = off(at_us, self.clock_ppm) * u64::from(self.codec.clock_hz()) / 1_000_000;
        u32::try_from(ticks & 0xffff_ffff)
            .unwrap()
            .wrapping_add(0xfff0_0000)
    }

    fn packet(&self, at_us: u64, random: &mut u64) -> Packet {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        Packet {
            track: TrackKey(self.track),
            layer: 0,
            codec: self.codec,
            seq: 0,
            timestamp: self.timestamp(at_us),
            marker: true,
            arrival_us: ORIGIN_US + at_us + self.delay_us + *random % self.jitter_us,
            payload: [0].as_slice().into(),
        }
    }

    fn report(&self, at_us: u64) -> Report {
        let wall_us = 3_000_000_000_000_000 + off(at_us, self.wall_ppm);
        let ntp = (u128::from(wall_us) << 32) / 1_000_000;
        Report {
            track: TrackKey(self.track),
            layer: 0,
            ntp: u64::try_from(ntp).unwrap(),
            rtp: self.timestamp(at_us),
            arrival_us: ORIGIN_US + at_us + self.delay_us,
        }
    }
}

/// Plays an hour; answers for every second when each stream was heard or seen.
fn hour(senders: &[Sender]) -> Vec<Vec<u64>> {
    let mut timeline = Timeline::new(ORIGIN_US);
    let mut random = 88_172_645_463_325_252;
    let mut seconds = Vec::new();
    let mut before = vec![None; senders.len()];
    for ms in (0..HOUR_MS).step_by(20) {
        let at_us = ms * 1_000;
        let mut now = Vec::new();
        for (sender, before) in senders.iter().zip(&mut before) {
            let packet = sender.packet(at_us, &mut random);
            timeline.arrived(PersonKey(sender.person), &packet);
            if sender.has_reports && ms % 5_000 == 1_000 {
                timeline.reported(&sender.report(at_us));
            }
            let heard = timeline.time_of(packet.track, 0, packet.timestamp).unwrap();
            if let Some(before) = before.replace(heard) {
                let passed = heard - before;
                // 0.5 % of slewing, 0.02 % of the clock, and what rounds.
                assert!(
                    (19_870..=20_130).contains(&passed),
                    "{passed} us at {ms} ms"
                );
            }
            now.push(heard);
        }
        if ms % 1_000 == 0 {
            seconds.push(now);
        }
    }
    seconds
}

fn sender(person: u128, track: u32, codec: Codec, clock_ppm: i64) -> Sender {
    Sender {
        person,
        track,
        codec,
        clock_ppm,
        wall_ppm: 0,
        has_reports: true,
        delay_us: 20_000,
        jitter_us: 25_000,
    }
}

fn apart(seconds: &[Vec<u64>], one: usize, two: usize) -> u64 {
    seconds
        .iter()
        .map(|now| now[one].abs_diff(now[two]))
        .max()
        .unwrap()
}

#[test]
fn with_reports_sound_and_picture_stay_together_and_people_too() {
    let senders = [
        Sender {
            wall_ppm: 100,
            ..sender(1, 1, Codec::Opus, 100)
        },
        // Pictures take a longer way, which reports tell.
        Sender {
            wall_ppm: 100,
            delay_us: 120_000,
            ..sender(1, 2, Codec::Vp8, -100)
        },
        Sender {
            wall_ppm: -100,
            ..sender(2, 3, Codec::Opus, -100)
        },
    ];
    let seconds = hour(&senders);
    // In the first seconds nothing but arrivals is known: pictures are late as they came.
    let later = &seconds[60..];
    assert!(
        apart(later, 0, 1) <= 2_000,
        "sound and picture: {} us",
        apart(later, 0, 1)
    );
    assert!(
        apart(&seconds, 0, 2) <= APART_US_MAX,
        "people: {} us",
        apart(&seconds, 0, 2)
    );
    let hour_us = 3_599_000_000_u64;
    let last = seconds.last().unwrap();
    assert!(
        last.iter().all(|us| us.abs_diff(hour_us) <= APART_US_MAX),
        "{last:?}"
    );
}

#[test]
fn without_reports_arrivals_keep_everything_together() {
    let without = |it: Sender| Sender {
        has_reports: false,
        ..it
    };
    let senders = [
        without(sender(1, 1, Codec::Opus, 100)),
        without(sender(1, 2, Codec::Vp8, -100)),
        without(sender(2, 3, Codec::Opus, -100)),
    ];
    let seconds = hour(&senders);
    for (one, two) in [(0, 1), (0, 2), (1, 2)] {
        assert!(
            apart(&seconds, one, two) <= APART_US_MAX,
            "{}",
            apart(&seconds, one, two)
        );
    }
}

#[test]
fn a_wall_clock_that_is_set_moves_nothing() {
    let mut timeline = Timeline::new(ORIGIN_US);
    let mut random = 1;
    let sound = Sender {
        jitter_us: 1,
        ..sender(1, 1, Codec::Opus, 0)
    };
    let mut before = None;
    for ms in (0..60_000).step_by(20) {
        let at_us = ms * 1_000;
        let packet = sound.packet(at_us, &mut random);
        timeline.arrived(PersonKey(1), &packet);
        if ms % 5_000 == 0 {
            let mut report = sound.report(at_us);
            if ms >= 30_000 {
                // An hour back.
                report.ntp -= 3_600 << 32;
            }
            timeline.reported(&report);
        }
        let heard = timeline.time_of(TrackKey(1), 0, packet.timestamp).unwrap();
        if let Some(before) = before.replace(heard) {
            let passed: u64 = heard - before;
            assert!(
                (19_870..=20_130).contains(&passed),
                "{passed} us at {ms} ms"
            );
        }
    }
    assert!(before.unwrap().abs_diff(60_000_000) < APART_US_MAX);
}

#[test]
fn after_a_pause_time_is_right_at_once() {
    let mut timeline = Timeline::new(ORIGIN_US);
    let mut random = 1;
    let sound = Sender {
        has_reports: false,
        ..sender(1, 1, Codec::Opus, 100)
    };
    let mut heard = 0;
    for ms in (0..1_000).chain(1_800_000..1_801_000).step_by(20) {
        let packet = sound.packet(ms * 1_000, &mut random);
        timeline.arrived(PersonKey(1), &packet);
        heard = timeline.time_of(TrackKey(1), 0, packet.timestamp).unwrap();
    }
    assert!(heard.abs_diff(1_801_000_000) < 60_000, "{heard}");
}
