//! Measures what recording and finishing a visit of two people costs; judges nothing.
//!
//! `measure FOLDER CAMERA.webm VOICE.webm SECONDS`: plays both files for two people, as fast as they
//! are taken, into FOLDER, which must not be there. The media are VP8 and Opus.

mod media;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use recordings_segments::{RecordingId, RecordingKey, SigningKey};
use recordings_tap::{Codec, PersonKey, SourceKind, TapEvent, TrackKey};
use recordings_writer::{Folder, Refused, finish, start};

use media::{Failure, Media, Round, processor};

fn memory_kb() -> Result<String, Failure> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find(|line| line.starts_with("VmHWM"));
    Ok(line.unwrap_or("VmHWM unknown").to_owned())
}

fn say(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, camera, voice, seconds] = arguments.as_slice() else {
        return Err("measure FOLDER CAMERA.webm VOICE.webm SECONDS".into());
    };
    let seconds: u64 = seconds.parse()?;
    let media = [
        Media::read(camera, Codec::Vp8)?,
        Media::read(voice, Codec::Opus)?,
    ];
    let key = || RecordingKey::from_secret([1; 32]);
    let folder = || Folder::new(PathBuf::from(path), RecordingId([1; 16]), key());
    let recorder = start(folder(), 0)?;
    let tap = recorder.tap();
    let mut rounds: Vec<Round> = (0..4).map(|_| Round::default()).collect();
    for track in 0..4_u32 {
        let kinds = [SourceKind::Camera, SourceKind::Microphone];
        tap.offer(TapEvent::Opened {
            track: TrackKey(track),
            person: PersonKey((track / 2).into()),
            kind: *kinds.get(usize::try_from(track % 2)?).ok_or("two kinds")?,
            at_us: 0,
        })?;
    }
    let blocks = media.iter().filter_map(|it| it.blocks.last());
    let round_us = (blocks.map(|it| it.at_ms).max().ok_or("no media")? + 20) * 1_000;
    let (began, mut fed) = (Instant::now(), 0);
    let mut making = Duration::ZERO;
    let before = processor()?;
    for _ in 0..(seconds * 1_000_000).div_ceil(round_us) {
        let made = Instant::now();
        let mut packets = Vec::new();
        for (track, round) in (0..).zip(&mut rounds) {
            let kind = usize::try_from(track % 2)?;
            packets.extend(media.get(kind).ok_or("two kinds")?.packets(track, round));
            round.from_us += round_us;
        }
        packets.sort_by_key(|packet| packet.arrival_us);
        making += made.elapsed();
        for packet in packets {
            fed += 1;
            let mut event = TapEvent::Packet(packet);
            while tap.offer(event.clone()) == Err(Refused::Full) {
                std::thread::park_timeout(Duration::from_millis(1));
                event = event.clone();
            }
        }
    }
    drop(tap);
    recorder.end()?;
    let spent = processor()? - before;
    let making = u64::try_from(making.as_millis() / 10)?;
    say(&format!(
        "recorded {seconds} s of two people, {fed} packets: {} ms of processor, {} ms of them to make packets; {:?} in all; {} per person and second",
        spent * 10,
        making * 10,
        began.elapsed(),
        format_args!(
            "{} us",
            (spent.saturating_sub(making)) * 10_000 / seconds / 2
        ),
    ))?;
    say(&memory_kb()?)?;
    let began = Instant::now();
    let signer = SigningKey::from_seed(&[2; 32])?;
    finish(&folder(), &signer, &mut |_| true)?;
    let spent = (processor()? - before - spent) * 10;
    say(&format!(
        "finished in {:?}, {spent} ms of processor",
        began.elapsed()
    ))?;
    say(&memory_kb()?)
}
