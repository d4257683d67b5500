//! Measures many recordings at once, in the time of the clock; judges nothing.
//!
//! `many FOLDER CAMERA.webm VOICE.webm COUNT SECONDS`: COUNT visits of two people each, into folders of
//! FOLDER, which must not be there. The media are VP8 and Opus. Run it with `taskset -c 0` for one core.

#[path = "../measure/media.rs"]
mod media;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use recordings_segments::{RecordingId, RecordingKey};
use recordings_tap::{Codec, Packet, PersonKey, SourceKind, TapEvent, TrackKey};
use recordings_writer::{Folder, Recorder, Tap, start};

use media::{Failure, Media, Round, processor};

struct Visit {
    recorder: Recorder,
    tap: Tap,
}

impl Visit {
    fn begin(root: &str, number: u128) -> Result<Self, Failure> {
        let path = PathBuf::from(root).join(format!("visit-{number}"));
        let id = RecordingId(number.to_be_bytes());
        let recorder = start(Folder::new(path, id, RecordingKey::from_secret([1; 32])), 0)?;
        let tap = recorder.tap();
        for track in 0..4_u32 {
            tap.offer(TapEvent::Opened {
                track: TrackKey(track),
                person: PersonKey((track / 2).into()),
                kind: if track % 2 == 0 {
                    SourceKind::Camera
                } else {
                    SourceKind::Microphone
                },
                at_us: 0,
            })?;
        }
        Ok(Self { recorder, tap })
    }
}

/// What two people send in a number of seconds, by time.
fn played(media: &[Media; 2], seconds: u64) -> Vec<Packet> {
    let [camera, voice] = media;
    let blocks = [camera, voice]
        .into_iter()
        .filter_map(|it| it.blocks.last());
    let round_us = (blocks.map(|it| it.at_ms).max().unwrap_or(0) + 20) * 1_000;
    let mut packets = Vec::new();
    for track in 0..4_u32 {
        let mut round = Round::default();
        while round.from_us < seconds * 1_000_000 {
            let of = if track % 2 == 0 { camera } else { voice };
            packets.extend(of.packets(track, &mut round));
            round.from_us += round_us;
        }
    }
    packets.sort_by_key(|packet| packet.arrival_us);
    packets
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, root, camera, voice, count, seconds] = arguments.as_slice() else {
        return Err("many FOLDER CAMERA.webm VOICE.webm COUNT SECONDS".into());
    };
    let (count, seconds): (u128, u64) = (count.parse()?, seconds.parse()?);
    fs::create_dir(root)?;
    let media = [
        Media::read(camera, Codec::Vp8)?,
        Media::read(voice, Codec::Opus)?,
    ];
    let packets = played(&media, seconds);
    let visits: Result<Vec<Visit>, _> = (0..count).map(|it| Visit::begin(root, it)).collect();
    let visits = visits?;
    let (before, began) = (processor()?, Instant::now());
    let (mut refused, mut late, mut tick_us) = (0_u64, Duration::ZERO, 0);
    for packet in &packets {
        let due = Duration::from_micros(packet.arrival_us);
        match due.checked_sub(began.elapsed()) {
            Some(rest) => std::thread::sleep(rest),
            None => late = late.max(began.elapsed().saturating_sub(due)),
        }
        for visit in &visits {
            if packet.arrival_us >= tick_us {
                let at_us = packet.arrival_us;
                refused += u64::from(visit.tap.offer(TapEvent::Tick { at_us }).is_err());
            }
            let event = TapEvent::Packet(packet.clone());
            refused += u64::from(visit.tap.offer(event).is_err());
        }
        if packet.arrival_us >= tick_us {
            tick_us += 500_000;
        }
    }
    for visit in visits {
        drop(visit.tap);
        visit.recorder.end()?;
    }
    let spent_ms = (processor()? - before) * 10;
    let of_core = spent_ms / seconds / 10;
    say(&format!(
        "{count} visits of two, {seconds} s, {} packets each: {spent_ms} ms of processor ({of_core} % of a core), \
         {refused} refused, fed at most {late:?} late, {:?} in all",
        packets.len(),
        began.elapsed()
    ))
}

fn say(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
