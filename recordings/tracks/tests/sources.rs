//! One source: what comes out of packets that are lost, late, of several encodings, or missing.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use proptest::prelude::*;
use recordings_tap::{Codec, Packet, PersonKey, SourceKind, TrackKey};
use recordings_tracks::{Frame, Gap, Output, Timeline, TrackRecorder, Why};

struct Stage {
    recorder: TrackRecorder,
    timeline: Timeline,
    out: Vec<Output>,
}

impl Stage {
    fn new(kind: SourceKind) -> Self {
        Self {
            recorder: TrackRecorder::new(TrackKey(1), PersonKey(1), kind),
            timeline: Timeline::new(0),
            out: Vec::new(),
        }
    }

    fn push(&mut self, packet: Packet) {
        self.recorder
            .push(packet, &mut self.timeline, &mut self.out);
    }

    fn close(mut self, now_us: u64) -> Vec<Output> {
        self.recorder
            .close(now_us, &mut self.timeline, &mut self.out);
        self.out
    }
}

/// A picture of VP8 in one packet: 30 a second, the layer is its width.
fn picture(layer: u8, number: u16, is_key: bool) -> Packet {
    let mut payload = vec![0x10, u8::from(!is_key), 0, 0];
    if is_key {
        payload.extend_from_slice(&[0x9d, 0x01, 0x2a, layer + 1, 0, 9, 0]);
    }
    payload.extend_from_slice(&number.to_be_bytes());
    Packet {
        track: TrackKey(1),
        layer,
        codec: Codec::Vp8,
        seq: number.wrapping_add(65_000),
        timestamp: u32::from(number) * 3_000,
        marker: true,
        arrival_us: u64::from(number) * 33_333 + u64::from(layer),
        payload: payload.into(),
    }
}

/// 20 ms of sound.
fn sound(number: u16) -> Packet {
    let [high, low] = number.to_be_bytes();
    Packet {
        codec: Codec::Opus,
        timestamp: u32::from(number) * 960,
        arrival_us: u64::from(number) * 20_000,
        marker: false,
        payload: [0x98, 1, high, low].as_slice().into(),
        ..picture(0, number, false)
    }
}

fn frames(out: &[Output]) -> Vec<&Frame> {
    out.iter()
        .filter_map(|it| match it {
            Output::Frame(frame) => Some(frame),
            Output::Gap(_) | Output::KeyFrame(_) => None,
        })
        .collect()
}

fn gaps(out: &[Output]) -> Vec<Gap> {
    out.iter()
        .filter_map(|it| match it {
            Output::Gap(gap) => Some(*gap),
            Output::Frame(_) | Output::KeyFrame(_) => None,
        })
        .collect()
}

fn asked(out: &[Output]) -> usize {
    out.iter()
        .filter(|it| matches!(it, Output::KeyFrame(_)))
        .count()
}

fn number_of(frame: &Frame) -> u16 {
    let tail = frame.data.last_chunk::<2>().unwrap();
    u16::from_be_bytes(*tail)
}

#[test]
fn it_begins_with_a_key_frame_and_asks_for_one_once_a_second() {
    let mut stage = Stage::new(SourceKind::Camera);
    for number in 0..90 {
        stage.push(picture(0, number, number == 80));
    }
    let out = stage.close(3_000_000);
    assert_eq!(asked(&out), 3);
    let seen: Vec<u16> = frames(&out).into_iter().map(number_of).collect();
    assert_eq!(seen, (80..90).collect::<Vec<_>>());
    assert_eq!(frames(&out)[0].size, Some((1, 9)));
}

#[test]
fn behind_a_loss_it_waits_for_a_key_frame_and_names_the_gap() {
    let mut stage = Stage::new(SourceKind::Camera);
    for number in (0..120).filter(|number| *number != 30) {
        stage.push(picture(0, number, number == 0 || number == 75));
    }
    let out = stage.close(4_000_000);
    let seen: Vec<u16> = frames(&out).into_iter().map(number_of).collect();
    assert_eq!(seen, (0..30).chain(75..120).collect::<Vec<_>>());
    let [gap] = gaps(&out)[..] else {
        panic!("{:?}", gaps(&out))
    };
    assert_eq!(gap.why, Why::Loss);
    assert!(gap.from_us.abs_diff(29 * 33_333) < 2_000 && gap.to_us.abs_diff(75 * 33_333) < 2_000);
    // At the beginning, because nothing was known before the first picture, and behind the loss.
    assert!((1..=3).contains(&asked(&out)), "{}", asked(&out));
}

#[test]
fn encodings_are_changed_at_key_frames_only() {
    let mut stage = Stage::new(SourceKind::Camera);
    for number in 0..300 {
        for layer in 0..3 {
            // The best one stops after three seconds and comes back after six.
            let flows = layer < 2 || !(90..180).contains(&number);
            if flows {
                stage.push(picture(layer, number, number % 15 == u16::from(layer)));
            }
        }
    }
    let out = stage.close(10_000_000);
    let mut width = 0;
    let mut widths = Vec::new();
    for frame in frames(&out) {
        if let Some((across, _)) = frame.size
            && across != width
        {
            assert!(frame.is_key);
            width = across;
            widths.push(across);
        }
    }
    // From the best one, if it was there at the beginning, to the next one, and back.
    assert_eq!(widths.last(), Some(&3), "{widths:?}");
    assert!(widths.contains(&2), "{widths:?}");
    let times: Vec<u64> = frames(&out).iter().map(|frame| frame.at_us).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
    // Between the encodings nothing stands still for longer than it takes to notice and to wait.
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] < 1_700_000));
    let all: Vec<u16> = frames(&out).into_iter().map(number_of).collect();
    // Where an encoding begins, its first packets are held for a moment.
    let back = all.windows(2).filter(|pair| pair[0] >= pair[1]).count();
    assert!(back <= 2 && all.windows(2).all(|pair| pair[0] < pair[1] + 3));
}

#[test]
fn silence_and_loss_of_sound_are_gaps_of_their_length() {
    let mut stage = Stage::new(SourceKind::Microphone);
    for number in 0..200_u16 {
        // From 50 to 99 nothing is sent: the numbers go on, the timestamps jump. 150 is lost.
        let mut packet = sound(number);
        if number >= 50 {
            packet.timestamp += 50 * 960;
            packet.arrival_us += 1_000_000;
        }
        if number != 150 {
            stage.push(packet);
        }
    }
    let out = stage.close(6_000_000);
    assert_eq!(frames(&out).len(), 199);
    let [silence, loss] = gaps(&out)[..] else {
        panic!("{:?}", gaps(&out))
    };
    assert_eq!((silence.why, loss.why), (Why::Silence, Why::Loss));
    assert!(
        (silence.to_us - silence.from_us).abs_diff(1_000_000) < 6_000,
        "{silence:?}"
    );
    assert!(
        (loss.to_us - loss.from_us).abs_diff(20_000) < 2_000,
        "{loss:?}"
    );
}

#[test]
fn a_source_that_is_switched_off_is_a_gap_and_begins_anew() {
    let mut stage = Stage::new(SourceKind::Camera);
    for number in 0..30 {
        stage.push(picture(0, number, number == 0));
    }
    stage
        .recorder
        .mute(Why::Muted, &mut stage.timeline, &mut stage.out);
    for number in 30..60 {
        stage.push(picture(0, number, number == 45));
    }
    stage.recorder.unmute();
    for number in 60..120 {
        stage.push(picture(0, number, number == 75));
    }
    let out = stage.close(4_000_000);
    let seen: Vec<u16> = frames(&out).into_iter().map(number_of).collect();
    assert_eq!(seen, (0..30).chain(75..120).collect::<Vec<_>>());
    assert_eq!(gaps(&out)[0].why, Why::Muted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_arrival_does_not_matter(delays in proptest::collection::vec(0..45_000_u64, 100)) {
        let run = |delays: &[u64]| {
            let mut stage = Stage::new(SourceKind::Camera);
            let mut packets: Vec<Packet> = (0..100).map(|n| picture(0, n, n % 30 == 0)).collect();
            for (packet, delay) in packets.iter_mut().zip(delays) {
                packet.arrival_us += delay;
            }
            packets.sort_by_key(|packet| packet.arrival_us);
            for packet in packets {
                stage.push(packet);
            }
            let out = stage.close(4_000_000);
            frames(&out).into_iter().map(number_of).collect::<Vec<_>>()
        };
        prop_assert_eq!(run(&delays), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn whatever_is_lost_only_what_can_be_decoded_comes_out(lost in proptest::collection::vec(any::<bool>(), 200)) {
        let mut stage = Stage::new(SourceKind::Camera);
        for (number, lost) in (0..).zip(&lost) {
            if !lost {
                stage.push(picture(0, number, number % 10 == 0));
            }
        }
        let out = stage.close(8_000_000);
        let mut before: Option<u16> = None;
        for frame in frames(&out) {
            let number = number_of(frame);
            prop_assert!(frame.is_key || before == number.checked_sub(1));
            prop_assert!(before.is_none_or(|before| before < number));
            before = Some(number);
        }
    }
}
