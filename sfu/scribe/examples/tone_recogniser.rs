//! A recogniser for tests: it speaks the wire of the real one and hears nothing but tones. By their pitch it
//! knows who of the browsers' fake microphones speaks (`tests/lib/recorder.mjs`), and says what that person
//! says next. `--weights` and `--threads` are taken as the real one takes them.
#![expect(clippy::arithmetic_side_effects, reason = "a tool for tests")]

use std::collections::BTreeMap;
use std::io::{self, Read as _};

use speech::{
    HEADER_BYTES, Heard, Language, Order, RATE_HZ, Report, Sound, Stage, Track, body_bytes,
};

/// A sample beyond this is no silence.
const LOUD: u16 = 1_000;
/// Loud samples after which somebody is shown to speak, and after which they have said it.
const PARTIAL_SAMPLES: usize = 6_000;
const FINAL_SAMPLES: usize = 20_000;
/// What the patient (440 Hz), the doctor (660 Hz) and a guest (880 Hz) say, one after the other.
const LINES: [&[&str]; 3] = [
    &[
        "J'ai mal à la gorge depuis hier.",
        "Je suis allergique à la pénicilline.",
    ],
    &["La gorge est rouge.", "Je vous prescris du repos."],
    &["Il a eu de la fièvre cette nuit."],
];

#[derive(Default)]
struct Voice {
    from_ms: u64,
    loud: usize,
    crossings: usize,
    last: i16,
    shown: bool,
}

fn main() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    say(
        &mut output,
        &Report::Ready {
            model: "tones".to_owned(),
            languages: Language::ALL.to_vec(),
        },
    )?;
    let mut voices = BTreeMap::<Track, Voice>::new();
    let mut said = [0; LINES.len()];
    let mut header = [0; HEADER_BYTES];
    while input.read_exact(&mut header).is_ok() {
        let mut body = vec![0; body_bytes(header).map_err(io::Error::other)?];
        input.read_exact(&mut body)?;
        match Order::decode(&body).map_err(io::Error::other)? {
            Order::Open { track, .. } => drop(voices.insert(track, Voice::default())),
            Order::Close { track } => {
                voices.remove(&track);
                say(&mut output, &Report::Closed { track })?;
            }
            Order::Sound(sound) => {
                if let Some(voice) = voices.get_mut(&sound.track)
                    && let Some(heard) = hear(voice, &sound, &mut said)
                {
                    say(&mut output, &Report::Heard(heard))?;
                }
            }
        }
    }
    Ok(())
}

fn say(output: &mut impl io::Write, report: &Report) -> io::Result<()> {
    output.write_all(&report.encode().map_err(io::Error::other)?)?;
    output.flush()
}

fn hear(voice: &mut Voice, sound: &Sound, said: &mut [usize; LINES.len()]) -> Option<Heard> {
    for sample in sound.pcm.iter().copied() {
        if sample.unsigned_abs() > LOUD {
            if voice.loud == 0 {
                voice.from_ms = sound.at_ms;
            }
            voice.loud += 1;
            // From one side to the other, without the noise between.
            voice.crossings += usize::from((sample < 0) != (voice.last < 0));
            voice.last = sample;
        }
    }
    let is_final = voice.loud >= FINAL_SAMPLES;
    if !is_final && (voice.shown || voice.loud < PARTIAL_SAMPLES) {
        return None;
    }
    let hertz = voice.crossings * RATE_HZ as usize / voice.loud / 2;
    let who = if hertz < 600 {
        0
    } else if hertz < 850 {
        1
    } else {
        2
    };
    let (lines, count) = (LINES.get(who)?, said.get_mut(who)?);
    let line = *lines.get(*count % lines.len())?;
    let text = if is_final {
        *count += 1;
        line.to_owned()
    } else {
        line.split(' ').take(2).collect::<Vec<_>>().join(" ")
    };
    let heard = Heard {
        track: sound.track,
        from_ms: voice.from_ms,
        to_ms: sound.at_ms,
        language: Language::French,
        text,
        stage: if is_final {
            Stage::Final
        } else {
            Stage::Partial
        },
    };
    *voice = Voice {
        shown: !is_final,
        ..if is_final {
            Voice::default()
        } else {
            core::mem::take(voice)
        }
    };
    Some(heard)
}
