//! Telephones at the ends of bad lines, in virtual time.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::net::SocketAddr;

use sfu_phone::{
    Codec, DELAY_MAX_US, DELAY_MIN_US, Digit, DigitTone, FRAME_US, LatchMode, Leg, LegConfig,
    LegEvent, Mixer, PayloadTypes, SpeakerId, Tone,
};

/// What a line does to packets.
#[derive(Clone, Copy)]
struct Line {
    /// Of a thousand packets so many are lost, in bursts of up to three.
    loss_per_mille: u64,
    /// Packets are up to so much later than the fastest.
    jitter_us: u64,
    /// The sender's clock is so much faster.
    drift_ppm: i64,
}

const CLEAN: Line = Line {
    loss_per_mille: 0,
    jitter_us: 0,
    drift_ppm: 0,
};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % bound.max(1)
    }
}

fn leg(codec: Codec, event: Option<u8>, seed: u64) -> Leg {
    let config = LegConfig {
        codec,
        payload_types: PayloadTypes {
            speech: 96,
            event,
            noise: 13,
        },
        remote: address(),
        latch: LatchMode::Signalled,
        seed,
        cname: "line".to_owned(),
    };
    Leg::new(config, 0).unwrap()
}

fn address() -> SocketAddr {
    "203.0.113.7:4000".parse().unwrap()
}

/// The packets that somebody sends of these frames, by their time of arrival.
fn sent_over(
    line: Line,
    frames: &[Vec<i16>],
    sender: &mut Leg,
    seed: u64,
) -> BTreeMap<(i64, usize), Vec<u8>> {
    let mut random = Random(seed);
    let mut lost = 0;
    let mut arrivals = BTreeMap::new();
    for (index, frame) in frames.iter().enumerate() {
        let packet = sender.say(frame).unwrap();
        let step = i64::try_from(index).unwrap() * FRAME_US;
        let at = 35_000 + step - step * line.drift_ppm / 1_000_000
            + i64::try_from(random.below(line.jitter_us)).unwrap();
        if lost == 0 && random.below(2_000) < line.loss_per_mille {
            lost = random.below(3) + 1;
        }
        if lost > 0 {
            lost -= 1;
        } else {
            arrivals.insert((at, index), packet);
        }
    }
    arrivals
}

struct Call {
    heard: Vec<i16>,
    delays_us: Vec<i64>,
    receiver: Leg,
}

/// A receiver that plays what arrives, for as many frames as were sent.
fn receive(mut receiver: Leg, arrivals: &BTreeMap<(i64, usize), Vec<u8>>, frames: usize) -> Call {
    let (mut heard, mut delays_us) = (Vec::new(), Vec::new());
    let mut waiting = arrivals.iter().peekable();
    for tick in 0..frames {
        let now = i64::try_from(tick).unwrap() * FRAME_US;
        while let Some(((at, _), packet)) = waiting.next_if(|((at, _), _)| *at <= now) {
            receiver.handle(*at, address(), packet);
        }
        heard.extend(receiver.hear(now));
        delays_us.extend(receiver.delay_us(now));
    }
    Call {
        heard,
        delays_us,
        receiver,
    }
}

fn voice(codec: Codec, frames: usize) -> Vec<Vec<i16>> {
    let mut tone = Tone::new(
        codec.rate(),
        &[(180.0, -16.0), (360.0, -20.0), (900.0, -30.0)],
    );
    let frame = |_| {
        let mut frame = vec![0; codec.rate().frame()];
        tone.fill(&mut frame);
        frame
    };
    // All tones fit into a second.
    let second: Vec<Vec<i16>> = (0..50.min(frames)).map(frame).collect();
    second.iter().cycle().take(frames).cloned().collect()
}

fn call(codec: Codec, line: Line, frames: usize) -> Call {
    let sound = voice(codec, frames + 20);
    // Somebody whose clock is fast has said everything a little earlier.
    let arrivals = sent_over(line, &sound, &mut leg(codec, Some(101), 3), 77);
    receive(leg(codec, Some(101), 4), &arrivals, frames)
}

/// The steepest step of a sound after its first second, and of the voice itself.
fn steepest(sound: &[i16]) -> u16 {
    let steps = sound.windows(2).map(|pair| pair[1].abs_diff(pair[0]));
    steps.max().unwrap()
}

fn power(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    sum / samples.len() as f64
}

#[test]
fn a_clean_line_is_played_without_any_change() {
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus] {
        let call = call(codec, CLEAN, 500);
        let stats = call.receiver.stats().playout;
        assert_eq!((stats.late, stats.concealed, stats.broken), (0, 0, 0));
        assert_eq!((stats.shortened, stats.lengthened), (0, 0));
        assert!(call.delays_us.len() > 480);
        assert!(
            call.delays_us
                .iter()
                .all(|&d| (25_000..=60_000).contains(&d)),
            "{codec:?}"
        );
    }
}

#[test]
fn a_voice_goes_on_over_loss_and_jitter() {
    for codec in [Codec::Pcmu, Codec::G722, Codec::Opus] {
        let line = Line {
            loss_per_mille: 50,
            jitter_us: 60_000,
            drift_ppm: 0,
        };
        let call = call(codec, line, 1_500);
        let frame = codec.rate().frame();
        let whole: Vec<i16> = voice(codec, 100).concat();
        // From the first second on the voice is in every frame, and nothing clicks.
        let loud = power(&whole);
        // Where three packets in a row are lost, the third frame has faded, and no second one.
        let weak: Vec<bool> = call
            .heard
            .chunks(frame)
            .skip(50)
            .map(|f| power(f) < loud / 12.0)
            .collect();
        assert!(weak.iter().filter(|&&weak| weak).count() <= 20, "{codec:?}");
        assert!(
            !weak.windows(2).any(|pair| pair == [true, true]),
            "{codec:?}"
        );
        // Opus changes its way of coding within pure tones, and a lost packet may be where it does.
        let steep = steepest(&whole) * if codec == Codec::Opus { 3 } else { 2 };
        let steepest = steepest(&call.heard[50 * frame..]);
        assert!(steepest < steep, "{codec:?} {steepest} {steep}");
        let stats = call.receiver.stats().playout;
        assert!(
            stats.concealed < (1_500 * frame / 8) as u64,
            "{codec:?} {stats:?}"
        );
        assert!(stats.late < 30, "{codec:?} {stats:?}");
        let most = DELAY_MAX_US + 2 * FRAME_US;
        assert!(
            call.delays_us.iter().all(|&d| d <= most),
            "{:?}",
            call.delays_us.iter().max()
        );
    }
}

#[test]
fn clocks_that_differ_do_not_make_a_call_late_or_broken() {
    for drift_ppm in [-200, 200] {
        // Ten minutes, and one.
        for (codec, frames) in [(Codec::Pcma, 30_000), (Codec::G722, 3_000)] {
            let line = Line {
                loss_per_mille: 0,
                jitter_us: 8_000,
                drift_ppm,
            };
            let call = call(codec, line, frames);
            let stats = call.receiver.stats().playout;
            assert_eq!(
                (stats.late, stats.concealed),
                (0, 0),
                "{codec:?} {drift_ppm} {stats:?}"
            );
            let moved = if drift_ppm > 0 {
                stats.shortened
            } else {
                stats.lengthened
            };
            // 200 ppm of ten minutes are 120 ms; a period or two may be still to come.
            let expected = frames as u64 / 250 * codec.rate().per_ms() as u64;
            assert!(
                moved.abs_diff(expected) < 20 * codec.rate().per_ms() as u64,
                "{codec:?} {moved} {expected}"
            );
            let bounds = DELAY_MIN_US - 2 * FRAME_US..=DELAY_MIN_US + 2 * FRAME_US;
            assert!(call.delays_us.iter().skip(50).all(|d| bounds.contains(d)));
        }
    }
}

#[test]
fn a_way_that_becomes_slower_by_much_is_followed_within_a_second() {
    let codec = Codec::Pcmu;
    let frames = voice(codec, 500);
    let arrivals = sent_over(CLEAN, &frames, &mut leg(codec, None, 3), 1);
    let slower = arrivals
        .into_iter()
        .map(|((at, index), packet)| ((at + if index > 200 { 400_000 } else { 0 }, index), packet))
        .collect();
    let call = receive(leg(codec, None, 4), &slower, 500);
    let after = &call.heard[(200 + 20 + 50) * 160..];
    let loud = power(&voice(codec, 50).concat());
    assert!(after.chunks(160).all(|frame| power(frame) > loud / 4.0));
}

#[test]
fn what_stood_still_and_came_at_once_is_not_played_late_for_ever() {
    let codec = Codec::Pcmu;
    let frames = voice(codec, 500);
    let arrivals = sent_over(CLEAN, &frames, &mut leg(codec, None, 3), 1);
    // Everything of half a second comes at its end.
    let stalled = arrivals
        .into_iter()
        .map(|((at, index), packet)| {
            let held = if (200..225).contains(&index) {
                225 * FRAME_US + 35_000
            } else {
                at
            };
            ((held, index), packet)
        })
        .collect();
    let call = receive(leg(codec, None, 4), &stalled, 500);
    let last = call.delays_us[call.delays_us.len() - 200..]
        .iter()
        .max()
        .unwrap();
    assert!(*last <= DELAY_MAX_US + FRAME_US, "{last}");
    assert!(*call.delays_us.last().unwrap() <= DELAY_MIN_US + FRAME_US);
}

#[test]
fn silence_by_intention_costs_nothing_and_speech_comes_back_whole() {
    let codec = Codec::Pcmu;
    let frames = voice(codec, 600);
    let mut arrivals = sent_over(CLEAN, &frames, &mut leg(codec, None, 3), 1);
    arrivals.retain(|(_, index), _| !(150..400).contains(index));
    let call = receive(leg(codec, None, 4), &arrivals, 600);
    let loud = power(&frames.concat());
    let frames: Vec<f64> = call.heard.chunks(160).map(power).collect();
    assert!(
        frames[200..380]
            .iter()
            .all(|&p| p > 0.0 && p < loud / 500.0)
    );
    assert!(frames[410..].iter().all(|&p| p > loud / 4.0));
    assert_eq!(call.receiver.stats().playout.late, 0);
}

#[test]
fn keys_go_through_a_bad_line_as_events_and_as_sound() {
    let line = Line {
        loss_per_mille: 40,
        jitter_us: 40_000,
        drift_ppm: 100,
    };
    let typed = "4711*0815#";
    let keys = || typed.chars().map(|key| Digit::try_from(key).unwrap());
    let pressed = |mut leg: Leg| -> String {
        std::iter::from_fn(|| leg.poll_event())
            .filter_map(|event| match event {
                LegEvent::Pressed(digit) => Some(digit.expose()),
                LegEvent::Heard | LegEvent::Gone => None,
            })
            .collect()
    };
    // As events.
    let mut sender = leg(Codec::Pcma, Some(101), 3);
    keys().for_each(|digit| sender.press(digit).unwrap());
    let arrivals = sent_over(line, &voice(Codec::Pcma, 300), &mut sender, 5);
    let call = receive(leg(Codec::Pcma, Some(101), 4), &arrivals, 300);
    assert_eq!(pressed(call.receiver), typed);
    // As sound, on a line that only jitters; what was typed is not passed on.
    let mut frames = vec![vec![0; 160]; 20];
    for digit in keys() {
        let mut tone = DigitTone::new(Codec::Pcma.rate(), digit);
        let mut more = true;
        while more {
            let mut frame = vec![0; 160];
            more = tone.fill(&mut frame);
            frames.push(frame);
        }
    }
    frames.extend(vec![vec![0; 160]; 20]);
    let line = Line {
        loss_per_mille: 0,
        ..line
    };
    let arrivals = sent_over(line, &frames, &mut leg(Codec::Pcma, None, 3), 5);
    let call = receive(leg(Codec::Pcma, None, 4), &arrivals, frames.len());
    assert_eq!(pressed(call.receiver), typed);
    let (before, after) = (power(&frames.concat()), power(&call.heard));
    assert!(after < before / 3.0, "{after} of {before} passed on");
}

#[test]
fn in_a_room_of_three_each_hears_the_other_two_and_not_themself() {
    let codec = Codec::Pcmu;
    let pitches = [400.0, 700.0, 1_100.0];
    let line = Line {
        loss_per_mille: 10,
        jitter_us: 20_000,
        drift_ppm: 50,
    };
    let speaker = |pitch: f32| {
        let mut tone = Tone::new(codec.rate(), &[(pitch, -12.0)]);
        let frames: Vec<Vec<i16>> = (0..400)
            .map(|_| {
                let mut frame = vec![0; 160];
                tone.fill(&mut frame);
                frame
            })
            .collect();
        let arrivals = sent_over(line, &frames, &mut leg(codec, Some(101), 3), 11);
        receive(leg(codec, Some(101), 4), &arrivals, 400).heard
    };
    let heard = pitches.map(speaker);
    let mut mixer = Mixer::new(codec.rate());
    let mut mixes = [Vec::new(), Vec::new(), Vec::new()];
    for tick in 0..400 {
        mixer.begin();
        for (who, sound) in (0..).zip(&heard) {
            mixer
                .add(SpeakerId(who), &sound[tick * 160..(tick + 1) * 160])
                .unwrap();
        }
        for (who, mix) in (0..).zip(&mut mixes) {
            mix.extend(mixer.heard_by(SpeakerId(who)));
        }
    }
    for (listener, mix) in mixes.iter().enumerate() {
        let settled = &mix[100 * 160..];
        for (speaker, pitch) in pitches.iter().enumerate() {
            let share = tone_share(settled, f64::from(*pitch));
            if listener == speaker {
                assert!(share < 1.0e-4, "{listener} hears {share} of themself");
            } else {
                assert!(share > 0.2, "{listener} hears {share} of {speaker}");
            }
        }
    }
}

/// Part of a sound's power that is within some Hz of a tone, over blocks of a quarter second.
fn tone_share(sound: &[i16], hz: f64) -> f64 {
    let (mut found, mut all) = (0.0, 0.0);
    for block in sound.chunks_exact(2_000) {
        let (mut re, mut im) = (0.0, 0.0);
        for (index, &sample) in block.iter().enumerate() {
            let phase = core::f64::consts::TAU * hz * index as f64 / 8_000.0;
            // A window, so that other tones do not leak in here.
            let window = (core::f64::consts::PI * index as f64 / 2_000.0)
                .sin()
                .powi(2);
            re += f64::from(sample) * window * phase.cos();
            im += f64::from(sample) * window * phase.sin();
        }
        found += (re * re + im * im) * 8.0 / 2_000.0 / 2_000.0;
        all += power(block);
    }
    found / all
}

#[test]
fn a_stranger_changes_nothing_of_what_is_heard() {
    let codec = Codec::Pcmu;
    let frames = voice(codec, 200);
    let arrivals = sent_over(CLEAN, &frames, &mut leg(codec, Some(101), 3), 1);
    let alone = receive(leg(codec, Some(101), 4), &arrivals, 200).heard;
    let mut receiver = leg(codec, Some(101), 4);
    let mut stranger = leg(codec, Some(101), 3);
    stranger.press(Digit::try_from('5').unwrap()).unwrap();
    let from: SocketAddr = "198.51.100.66:4000".parse().unwrap();
    let mut heard = Vec::new();
    let mut waiting = arrivals.iter().peekable();
    for tick in 0..200 {
        let now = tick * FRAME_US;
        while let Some(((at, _), packet)) = waiting.next_if(|((at, _), _)| *at <= now) {
            receiver.handle(*at, address(), packet);
            let forged = stranger.say(&[9_000; 160]).unwrap();
            receiver.handle(*at, from, &forged);
            receiver.handle(*at, from, &stranger.farewell(*at, 0));
        }
        heard.extend(receiver.hear(now));
    }
    assert!(heard == alone);
    let events: Vec<LegEvent> = std::iter::from_fn(|| receiver.poll_event()).collect();
    assert_eq!(events, [LegEvent::Heard]);
    assert_eq!(receiver.destination(), address());
}

#[test]
fn reports_say_what_was_lost_and_a_farewell_is_understood() {
    let codec = Codec::Pcmu;
    let line = Line {
        loss_per_mille: 100,
        jitter_us: 0,
        drift_ppm: 0,
    };
    let mut sender = leg(codec, Some(101), 3);
    let arrivals = sent_over(line, &voice(codec, 300), &mut sender, 9);
    let mut call = receive(leg(codec, Some(101), 4), &arrivals, 300);
    let report = call.receiver.report(6_000_000, 0).unwrap();
    assert_eq!(call.receiver.report(6_000_001, 0), None);
    let packets = sfu_phone::parse_rtcp(&report).unwrap();
    let [sfu_phone::RtcpPacket::Sender { reports, .. }] = packets.as_slice() else {
        panic!("{packets:?}");
    };
    let missing = 300 - arrivals.len();
    assert!(
        usize::try_from(reports[0].lost).unwrap().abs_diff(missing) <= 6,
        "{reports:?} {missing}"
    );
    let farewell = sender.farewell(6_000_000, 1_700_000_000_000_000);
    call.receiver.handle(6_000_000, address(), &farewell);
    assert!(std::iter::from_fn(|| call.receiver.poll_event()).any(|e| e == LegEvent::Gone));
}
