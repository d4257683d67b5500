//! The program and its network with a model that has a thousandth of the size: what must hold whatever
//! the weights are. How well the real weights hear is measured by `tests/run-captions-weights`.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "sound of tests"
)]

#[path = "tiny/weights.rs"]
mod weights;

use std::f32::consts::TAU;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use recogniser::{LoadError, Model, Weights, WeightsError, Whisper};
use sha2::{Digest, Sha256};
use speech::{Heard, Language, Order, Report, Sound, Stage, Track, body_bytes};

use crate::weights::{Folder, model};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|it| format!("{it:02x}"))
        .collect()
}

fn picture(seed: u32) -> Vec<f32> {
    (0..8 * 100_u32)
        .map(|at| ((at * 7 + seed) % 13) as f32 / 13.0 - 0.5)
        .collect()
}

/// Something with syllables and a pitch.
fn voice(seconds: f32) -> Vec<i16> {
    (0..(seconds * 16_000.0) as u32)
        .map(|at| {
            let time = at as f32 / 16_000.0;
            let open = (TAU * 2.0 * time).sin().max(0.0);
            let sound: f32 = (1..=20_u8)
                .map(f32::from)
                .map(|harmonic| (TAU * 120.0 * harmonic * time).sin() / harmonic.sqrt())
                .sum();
            (3_000.0 * open * sound) as i16
        })
        .collect()
}

/// Half a second of a quiet room.
fn room() -> Vec<i16> {
    (0..8_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 27) as i16 - 16)
        .collect()
}

/// The program, as the server starts it.
struct Program {
    child: Child,
    orders: Option<ChildStdin>,
    reports: ChildStdout,
}

impl Program {
    fn start(folder: &Folder, hash: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_telehealth-recogniser"))
            .args(["--sha256", hash, "--weights"])
            .arg(&folder.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            orders: child.stdin.take(),
            reports: child.stdout.take().unwrap(),
            child,
        }
    }

    fn order(&mut self, order: &Order) {
        let frame = order.encode().unwrap();
        self.orders.as_mut().unwrap().write_all(&frame).unwrap();
    }

    fn say(&mut self, track: Track, at_ms: u64, pcm: &[i16]) {
        for (number, piece) in pcm.chunks(320).enumerate() {
            self.order(&Order::Sound(Sound {
                track,
                at_ms: at_ms + 20 * number as u64,
                pcm: piece.to_vec(),
            }));
        }
    }

    fn report(&mut self) -> Option<Report> {
        let mut header = [0; 4];
        self.reports.read_exact(&mut header).ok()?;
        let mut body = vec![0; body_bytes(header).unwrap()];
        self.reports.read_exact(&mut body).unwrap();
        Some(Report::decode(&body).unwrap())
    }

    fn reports(&mut self) -> Vec<Report> {
        std::iter::from_fn(|| self.report()).collect()
    }

    fn succeeded(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

fn texts(reports: &[Report]) -> Vec<(&str, Stage, Language)> {
    reports
        .iter()
        .filter_map(|report| match report {
            Report::Heard(heard) => Some((heard.text.as_str(), heard.stage, heard.language)),
            Report::Ready { .. } | Report::Behind { .. } | Report::Closed { .. } => None,
        })
        .collect()
}

#[test]
fn one_token_after_the_other_says_the_same_as_all_at_once() {
    let whisper = Whisper::new(Weights::parse(&model("ab", 0.2)).unwrap()).unwrap();
    let tokens = [257, 259, 260, 262, 97, 98, 120];
    let mut at_once = whisper.hear(&picture(1));
    let at_once = whisper.say(&mut at_once, &tokens).unwrap();
    let mut saying = whisper.hear(&picture(1));
    whisper.say(&mut saying, &tokens[..2]).unwrap();
    let mut by_one = Vec::new();
    for token in &tokens[2..] {
        by_one = whisper.say(&mut saying, &[*token]).unwrap();
    }
    let worst = at_once
        .iter()
        .zip(&by_one)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(worst < 1e-3, "{worst}");
    // What was said before matters, and so does what was heard.
    let differs = |picture_of: u32, tokens: &[u32]| {
        let mut saying = whisper.hear(&picture(picture_of));
        let other = whisper.say(&mut saying, tokens).unwrap();
        at_once
            .iter()
            .zip(&other)
            .any(|(a, b)| (a - b).abs() > 1e-2)
    };
    assert!(!differs(1, &tokens));
    assert!(differs(1, &[257, 258, 260, 262, 97, 98, 120]));
    assert!(differs(2, &tokens));
}

#[test]
fn the_program_hears_a_voice_until_it_is_closed_and_ends_with_its_pipe() {
    let model = model("Bonjour", 0.0);
    let folder = Folder::new("hears", &model);
    let mut program = Program::start(&folder, &sha256(&model));
    let Some(Report::Ready { model, languages }) = program.report() else {
        panic!("the first report says that it is ready");
    };
    assert!(model.starts_with("whisper ("), "{model}");
    assert_eq!(languages, Language::ALL);
    let track = Track(3);
    // Nobody has opened this one.
    program.say(Track(9), 0, &voice(2.0));
    program.order(&Order::Open {
        track,
        language: None,
    });
    program.say(
        track,
        5_000,
        &[room(), voice(2.0), vec![0; 16_000], voice(1.0)].concat(),
    );
    program.order(&Order::Close { track });
    let mut heard = Vec::new();
    loop {
        let report = program.report().unwrap();
        if report == (Report::Closed { track }) {
            break;
        }
        heard.push(report);
    }
    let said = texts(&heard);
    let finals = said.iter().filter(|(_, stage, _)| *stage == Stage::Final);
    assert_eq!(finals.count(), 2, "{said:?}");
    assert!(
        said.iter()
            .all(|(text, _, language)| *text == "Bonjour" && *language == Language::French)
    );
    let Some(Report::Heard(Heard { from_ms, to_ms, .. })) = heard.last() else {
        panic!("the last thing before the end is a text");
    };
    assert!(
        (8_000..=8_600).contains(from_ms) && (9_000..=9_600).contains(to_ms),
        "{from_ms} {to_ms}"
    );
    drop(program.orders.take());
    assert_eq!(program.reports(), []);
    assert!(program.succeeded());
}

#[test]
fn what_was_said_before_the_pipe_closes_is_still_reported() {
    let model = model("Bonjour", 0.0);
    let folder = Folder::new("closes", &model);
    let mut program = Program::start(&folder, &sha256(&model));
    let track = Track(1);
    let language = Some(Language::English);
    program.order(&Order::Open { track, language });
    program.say(track, 0, &[room(), voice(2.0)].concat());
    drop(program.orders.take());
    let reports = program.reports();
    assert_eq!(
        texts(&reports).last(),
        Some(&("Bonjour", Stage::Final, Language::English))
    );
    assert!(program.succeeded());
}

#[test]
fn a_voice_that_stops_without_a_word_is_heard_without_more_sound() {
    let model = model("Bonjour", 0.0);
    let folder = Folder::new("stops", &model);
    let mut program = Program::start(&folder, &sha256(&model));
    let track = Track(1);
    program.order(&Order::Open {
        track,
        language: None,
    });
    program.say(track, 0, &[room(), voice(2.2)].concat());
    loop {
        // Nothing more is sent: a final text comes by itself.
        let report = program.report().unwrap();
        if matches!(&report, Report::Heard(heard) if heard.stage == Stage::Final) {
            break;
        }
    }
    drop(program.orders.take());
    program.reports();
    assert!(program.succeeded());
}

#[test]
fn everything_that_is_said_is_heard_or_said_to_be_dropped() {
    let model = model("Bonjour", 0.0);
    let folder = Folder::new("behind", &model);
    let mut program = Program::start(&folder, &sha256(&model));
    let track = Track(1);
    program.order(&Order::Open {
        track,
        language: None,
    });
    // Two minutes at once: nobody recognises that as fast as it comes through a pipe.
    program.say(track, 0, &[room(), voice(120.0)].concat());
    program.order(&Order::Close { track });
    drop(program.orders.take());
    let reports = program.reports();
    let dropped: u64 = reports
        .iter()
        .map(|report| match report {
            Report::Behind { dropped_ms, .. } => *dropped_ms,
            Report::Ready { .. } | Report::Heard(_) | Report::Closed { .. } => 0,
        })
        .sum();
    let heard: u64 = reports
        .iter()
        .map(|report| match report {
            Report::Heard(heard) if heard.stage == Stage::Final => heard.to_ms - heard.from_ms,
            Report::Heard(_)
            | Report::Ready { .. }
            | Report::Behind { .. }
            | Report::Closed { .. } => 0,
        })
        .sum();
    // Everything was either heard or said to be dropped.
    assert!(
        (118_000..=121_000).contains(&(dropped + heard)),
        "{dropped} {heard}"
    );
    assert_eq!(reports.last(), Some(&Report::Closed { track }));
    assert!(program.succeeded());
}

#[test]
fn what_is_no_order_ends_the_program_with_an_error() {
    let model = model("Bonjour", 0.0);
    let folder = Folder::new("no-order", &model);
    let mut program = Program::start(&folder, &sha256(&model));
    program
        .orders
        .as_mut()
        .unwrap()
        .write_all(&[2, 0, 0, 0, 9, 9])
        .unwrap();
    assert!(matches!(program.reports()[..], [Report::Ready { .. }]));
    assert!(!program.succeeded());
}

#[test]
fn weights_that_nobody_knows_are_not_used() {
    let bytes = model("Bonjour", 0.0);
    let folder = Folder::new("unknown", &bytes);
    let hash = sha256(&bytes);
    let refused = |own: Option<&str>| Model::load(&folder.0, own).unwrap_err();
    assert!(matches!(refused(None), LoadError::Unknown { found, .. } if found == hash));
    assert!(matches!(refused(Some("00")), LoadError::Unknown { .. }));
    assert!(Model::load(&folder.0, Some(&hash)).is_ok());
    std::fs::remove_file(folder.0.join("vocabulary.txt")).unwrap();
    assert!(matches!(refused(Some(&hash)), LoadError::Read { .. }));
}

#[test]
fn a_file_that_is_cut_or_of_another_model_is_refused_and_never_a_panic() {
    let bytes = model("Bonjour", 0.1);
    for end in (0..bytes.len() - 4).step_by(bytes.len() / 400) {
        // The names at the end of the file, of which there are none, are not needed.
        let cut = Weights::parse(&bytes[..end]).map(|_| ());
        assert!(matches!(cut, Err(WeightsError::Short)), "{end}: {cut:?}");
    }
    assert!(matches!(
        Weights::parse(&bytes[4..]),
        Err(WeightsError::Foreign)
    ));
    let mut other = bytes;
    let place = other.windows(5).position(|it| it == b"conv2").unwrap();
    other[place] = b'd';
    let missing = Whisper::new(Weights::parse(&other).unwrap()).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "the tensor encoder/conv2/weight is missing or has another shape"
    );
}
