//! The same numbers as another implementation: `CTranslate2` 4.8.5, which faster-whisper runs on, for the
//! network, and numpy's Fourier transform for the spectrogram. The numbers are what
//! `tests/captions/reference.py` prints, for the tiny model and for a made-up sound.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "sound of tests"
)]
#![expect(
    dead_code,
    reason = "the tiny model is shared with a test that needs more of it"
)]

#[path = "tiny/weights.rs"]
mod weights;

use recogniser::{Mel, Weights, Whisper};

/// Beginning, French, transcribe, no times.
const PROMPT: [u32; 4] = [257, 259, 260, 262];

fn near(ours: &[f32], theirs: &[f32], within: f32) {
    assert_eq!(ours.len(), theirs.len());
    for (one, other) in ours.iter().zip(theirs) {
        assert!((one - other).abs() < within, "{ours:?}\n{theirs:?}");
    }
}

#[test]
fn the_network_says_what_ctranslate2_says() {
    let whisper = Whisper::new(Weights::parse(&weights::model("ab", 0.2)).unwrap()).unwrap();
    let cases = [
        (
            1,
            100,
            [
                5.1627, -4.6991, -3.6923, -1.8734, -3.418, -2.9051, -2.8278, 2.6159,
            ],
        ),
        (
            2,
            400,
            [
                5.0293, -4.5098, -4.1726, -1.8821, -3.7067, -2.661, -3.1407, 2.8907,
            ],
        ),
    ];
    for (seed, columns, theirs) in cases {
        let picture: Vec<f32> = (0..8 * columns)
            .map(|at| ((at * 7 + seed) % 13) as f32 / 13.0 - 0.5)
            .collect();
        let mut saying = whisper.hear(&picture);
        let logits = whisper.say(&mut saying, &PROMPT).unwrap();
        let some: Vec<f32> = logits.iter().copied().step_by(33).collect();
        near(&some, &theirs, 2e-3);
    }
}

#[test]
fn the_spectrogram_is_that_of_the_reference() {
    let samples: Vec<i16> = (0..3_200_i64)
        .map(|at| ((at * at * 37 % 2_003 - 1_001) * (1 + at / 800)) as i16)
        .collect();
    let seen = Mel::new(80).of(&samples, 30);
    let columns = [
        (0, [0.1796, -0.1948, 0.264, -0.0014, 0.1274]),
        (7, [0.2024, 0.213, 0.4374, 0.4154, 0.392]),
        (19, [0.6592, 0.585, 0.6359, 0.5794, 0.4745]),
        (20, [0.0813, 0.3733, 0.4975, 0.4694, 0.4633]),
        (29, [-1.2539; 5]),
    ];
    for (column, theirs) in columns {
        let some: Vec<f32> = seen
            .chunks_exact(30)
            .step_by(16)
            .map(|row| row[column])
            .collect();
        near(&some, &theirs, 1e-3);
    }
}
