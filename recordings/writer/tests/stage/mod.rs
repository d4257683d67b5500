//! What the tests of the writer share: media that FFmpeg makes, a room that plays it, and a judge. `scripts/setup test`
//! installs FFmpeg.
#![expect(clippy::unwrap_used, reason = "test helpers")]

#[path = "../../../matroska/tests/packets/mod.rs"]
mod packets;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use recordings_matroska::{Block, Reader, TrackHead};
use recordings_segments::{RecordingId, RecordingKey, Role, SigningKey};
use recordings_tap::{Codec, Packet, PersonKey, SourceKind, TapEvent, TrackKey};
use recordings_writer::Folder;

/// Stands at the end of every picture and in every text; must be in no file.
pub(crate) const MARKER: &[u8] = b"PLAINTEXT-MARKER-7d1f";

pub(crate) fn key() -> RecordingKey {
    RecordingKey::from_secret([42; 32])
}

pub(crate) fn signer() -> SigningKey {
    SigningKey::from_seed(&[17; 32]).unwrap()
}

/// An empty folder; every test has names of its own.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

pub(crate) fn folder(path: &Path) -> Folder {
    Folder::new(path.to_path_buf(), RecordingId([8; 16]), key())
}

/// A second of pictures and a second of sound, made once for each test program.
pub(crate) struct Media {
    video: (TrackHead, Vec<Block>),
    audio: (TrackHead, Vec<Block>),
}

impl Media {
    pub(crate) fn make(at: &Path) -> Self {
        let video = "-f lavfi -i testsrc2=size=320x180:rate=30 -t 1 -c:v libvpx -deadline realtime -cpu-used 8 -b:v 300k -g 30";
        let audio =
            "-f lavfi -i sine=frequency=440:sample_rate=48000 -t 1 -c:a libopus -b:a 32k -ac 1";
        let _ = std::fs::create_dir_all(at);
        for (name, arguments) in [("v.webm", video), ("a.webm", audio)] {
            let path = at.join(name);
            if !path.exists() {
                let output = Command::new("ffmpeg")
                    .args(["-nostdin", "-v", "error", "-y"])
                    .args(arguments.split(' '))
                    .arg(&path)
                    .output()
                    .unwrap();
                assert!(output.status.success());
            }
        }
        let mut video = blocks(&at.join("v.webm"));
        for block in &mut video.1 {
            // Behind the last partition; decoders do not look there.
            block.data.extend_from_slice(MARKER);
        }
        // The last packet of the encoder is shorter; without it every second is the same.
        let mut audio = blocks(&at.join("a.webm"));
        audio.1.truncate(50);
        Self { video, audio }
    }

    /// A part of a picture as it went in.
    pub(crate) fn sample(&self) -> &[u8] {
        &self.video.1[0].data[100..132]
    }

    /// Everything that two people send in a number of seconds: a camera and a voice each.
    pub(crate) fn visit(&self, seconds: u64) -> Vec<TapEvent> {
        let mut events: Vec<TapEvent> = (1..=4)
            .map(|track| TapEvent::Opened {
                track: TrackKey(track),
                person: PersonKey(track.div_ceil(2).into()),
                kind: if track % 2 == 1 {
                    SourceKind::Camera
                } else {
                    SourceKind::Microphone
                },
                at_us: 0,
            })
            .collect();
        let mut packets: Vec<Packet> = Vec::new();
        for track in 1..=4_u32 {
            let (codec, (head, blocks)) = if track % 2 == 1 {
                (Codec::Vp8, &self.video)
            } else {
                (Codec::Opus, &self.audio)
            };
            let mut seq = 0_u16;
            for second in 0..seconds {
                let ticks = u32::try_from(second * u64::from(codec.clock_hz())).unwrap();
                for mut packet in packets::packetise(codec, head, blocks) {
                    packet.track = TrackKey(track);
                    packet.seq = seq;
                    seq = seq.wrapping_add(1);
                    packet.timestamp = packet.timestamp.wrapping_add(ticks);
                    let second_us = second * 1_000_000;
                    packet.arrival_us = packet.arrival_us - 980_000 + second_us + u64::from(track);
                    packets.push(packet);
                }
            }
        }
        let said = (0..seconds).map(|second| TapEvent::Said {
            at_us: second * 1_000_000,
            text: format!("{} at {second}", String::from_utf8_lossy(MARKER)),
        });
        let ticks = (0..seconds * 4).map(|quarter| TapEvent::Tick {
            at_us: quarter * 250_000,
        });
        events.extend(said);
        events.extend(ticks);
        events.extend(packets.into_iter().map(TapEvent::Packet));
        events.sort_by_key(TapEvent::at_us);
        events
    }
}

fn blocks(path: &Path) -> (TrackHead, Vec<Block>) {
    let file = std::fs::read(path).unwrap();
    let mut reader = Reader::new(file.as_slice()).unwrap();
    let mut blocks = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        blocks.push(block);
    }
    (reader.front().track.clone(), blocks)
}

pub(crate) fn plain(folder: &Folder, role: Role) -> Vec<u8> {
    let file = folder.open(role).unwrap();
    file.range(0, usize::try_from(file.plain_bytes()).unwrap())
        .unwrap()
}

/// How many frames FFmpeg decodes out of a file, without a complaint. The file goes through a pipe.
pub(crate) fn decoded(file: &[u8]) -> u64 {
    let mut child = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-count_frames",
            "-show_entries",
            "stream=nb_read_frames",
            "-of",
            "csv=p=0",
            "-i",
            "pipe:0",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let bytes = file.to_vec();
    let feeder = std::thread::spawn(move || {
        let _ = input.write_all(&bytes);
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && complaint.is_empty(),
        "{complaint}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().trim_end_matches(',').parse().unwrap_or(0)
}

/// No file of a folder holds the marker or a part of a picture.
pub(crate) fn nothing_in_clear(path: &Path, media: &Media) {
    let mut files = 0;
    for entry in std::fs::read_dir(path).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for word in [MARKER, media.sample(), b"OpusHead", b"WEBVTT"] {
            assert!(!bytes.windows(word.len()).any(|part| part == word));
        }
        files += 1;
    }
    assert!(files > 0);
}
