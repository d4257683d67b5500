//! Real frames become packets with loss and jitter, and again frames in a file that FFmpeg reads.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod line;
mod packets;

use std::path::PathBuf;
use std::process::Command;

use line::Line;
use packets::packetise;
use recordings_matroska::{
    Block, CodecId, FinishedWriter, LiveWriter, Media, Planner, Reader, TrackHead, opus_head,
};
use recordings_tap::{Codec, PersonKey, SourceKind, TrackKey};
use recordings_tracks::{Frame, Output, Timeline, TrackRecorder};

fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("golden");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// `scripts/setup test` installs it.
fn ffmpeg(arguments: &str) {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments.split(' '))
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The frames of two seconds as FFmpeg's own encoders and muxer make them.
fn made(name: &str, encoder: &str, source: &str) -> (TrackHead, Vec<Block>) {
    let path = folder().join(name);
    ffmpeg(&format!(
        "-f lavfi -i {source} -t 2 {encoder} {}",
        path.display()
    ));
    let file = std::fs::read(path).unwrap();
    let mut reader = Reader::new(file.as_slice()).unwrap();
    let mut blocks = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        blocks.push(block);
    }
    (reader.front().track.clone(), blocks)
}

/// Packets through a bad line into a recorder.
fn record(codec: Codec, head: &TrackHead, blocks: &[Block], line: Line) -> Vec<Output> {
    let mut timeline = Timeline::new(1_000_000);
    let kind = if codec.is_audio() {
        SourceKind::Microphone
    } else {
        SourceKind::Camera
    };
    let mut recorder = TrackRecorder::new(TrackKey(1), PersonKey(1), kind);
    let mut out = Vec::new();
    let mut last = 0;
    for packet in line.carry(packetise(codec, head, blocks)) {
        last = last.max(packet.arrival_us);
        recorder.push(packet, &mut timeline, &mut out);
    }
    recorder.tick(last + 1_000_000, &mut timeline, &mut out);
    recorder.close(last + 1_000_000, &mut timeline, &mut out);
    out
}

fn frames(out: &[Output]) -> Vec<&Frame> {
    out.iter()
        .filter_map(|item| match item {
            Output::Frame(frame) => Some(frame),
            Output::Gap(_) | Output::KeyFrame(_) => None,
        })
        .collect()
}

fn head_of(frames: &[&Frame]) -> TrackHead {
    let first = frames.first().unwrap();
    let codec = match first.codec {
        Codec::Opus | Codec::Red => CodecId::Opus,
        Codec::Vp8 => CodecId::Vp8,
        Codec::Vp9 => CodecId::Vp9,
        Codec::H264 => CodecId::H264,
        Codec::Av1 => CodecId::Av1,
    };
    let (media, private) = match first.size {
        Some((width, height)) => (
            Media::Video { width, height },
            first.config.clone().unwrap_or_default(),
        ),
        None => (Media::Audio { channels: 1 }, opus_head(1, 0)),
    };
    TrackHead {
        codec,
        media,
        private,
        pre_skip: 0,
    }
}

fn finished(frames: &[&Frame]) -> Vec<u8> {
    let mut planner = Planner::new(head_of(frames));
    for frame in frames {
        planner
            .add(frame.at_us / 1_000, frame.data.len(), frame.is_key)
            .unwrap();
    }
    let plan = planner.finish(2_500);
    let length = plan.file_bytes();
    let mut writer = FinishedWriter::new(Vec::new(), plan).unwrap();
    for frame in frames {
        writer
            .write(frame.at_us / 1_000, frame.is_key, &frame.data)
            .unwrap();
    }
    let file = writer.finish().unwrap();
    assert_eq!(file.len() as u64, length);
    file
}

fn live(frames: &[&Frame]) -> Vec<u8> {
    let mut writer = LiveWriter::new(Vec::new(), &head_of(frames)).unwrap();
    for frame in frames {
        writer
            .write(frame.at_us / 1_000, frame.is_key, &frame.data)
            .unwrap();
    }
    writer.into_inner()
}

/// The times in milliseconds of the frames that FFmpeg decodes out of a file, without a complaint.
fn probed(name: &str, file: &[u8]) -> Vec<u64> {
    let path = folder().join(name);
    std::fs::write(&path, file).unwrap();
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_frames",
            "-show_entries",
            "frame=best_effort_timestamp",
            "-of",
            "csv=p=0",
        ])
        .arg(&path)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaint.is_empty(),
        "{name}: {complaint}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|line| line.split(',').next()?.parse().ok())
        .collect()
}

/// A finished file is also what mkvmerge takes for one, with an index that leads to key frames.
fn check_finished(name: &str, file: &[u8], video: bool) {
    let mut reader = Reader::new(file).unwrap();
    let front = reader.front().clone();
    assert_eq!(front.duration_ms, Some(2_500.0));
    let mut at = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        if block.is_key {
            at.push((block.cluster_at, block.at_ms));
        }
    }
    assert!(!front.cues.is_empty());
    for cue in &front.cues {
        assert!(at.contains(&(cue.file_at, cue.at_ms)), "{name}: {cue:?}");
    }
    let path = folder().join(name);
    let output = Command::new("mkvmerge")
        .arg("-i")
        .arg(&path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let kind = if video {
        "Track ID 0: video"
    } else {
        "Track ID 0: audio"
    };
    assert!(
        output.status.success() && text.contains(kind),
        "{name}: {text}"
    );
}

fn check(codec: Codec, encoder: &str, file: &str) {
    let source = if codec.is_audio() {
        "sine=frequency=440:sample_rate=48000"
    } else {
        "testsrc2=size=320x180:rate=30"
    };
    let (head, blocks) = made(file, encoder, source);
    let name = |form: &str| format!("{form}-{file}");

    // A line that loses nothing, but jitters and reorders: every frame comes out as it went in.
    let out = record(codec, &head, &blocks, Line::jittery());
    let whole = frames(&out);
    assert_eq!(whole.len(), blocks.len(), "{file}");
    let base = blocks.first().unwrap().at_ms;
    for (frame, block) in whole.iter().zip(&blocks) {
        let sent = block.at_ms - base;
        let shift = whole.first().unwrap().at_us / 1_000;
        let heard = frame.at_us / 1_000 - shift;
        assert!(
            heard.abs_diff(sent) <= 6,
            "{file}: {sent} ms came out at {heard} ms"
        );
        assert_eq!(frame.is_key, block.is_key || codec.is_audio());
    }
    let expected: Vec<u64> = whole.iter().map(|frame| frame.at_us / 1_000).collect();
    let bytes = finished(&whole);
    let found = probed(&name("finished"), &bytes);
    assert_eq!(found, expected, "{file}");
    check_finished(&name("finished"), &bytes, !codec.is_audio());
    let bytes = live(&whole);
    assert_eq!(probed(&name("live"), &bytes), expected, "{file}");

    // A line that loses: whatever comes out can be decoded, and the holes are named.
    let out = record(codec, &head, &blocks, Line::lossy());
    let some = frames(&out);
    assert!(
        some.len() < blocks.len() && some.len() > 5,
        "{file}: {}",
        some.len()
    );
    let gaps = out
        .iter()
        .filter(|item| matches!(item, Output::Gap(_)))
        .count();
    assert!(gaps > 0, "{file}");
    let asked = out
        .iter()
        .filter(|item| matches!(item, Output::KeyFrame(_)))
        .count();
    assert!(
        codec.is_audio() || (1..=4).contains(&asked),
        "{file}: asked {asked} times"
    );
    let expected: Vec<u64> = some.iter().map(|frame| frame.at_us / 1_000).collect();
    let found = probed(&name("lossy"), &finished(&some));
    assert_eq!(found, expected, "{file}");
}

const KEYS: &str = "-g 15";

#[test]
fn vp8_goes_through() {
    check(
        Codec::Vp8,
        &format!("-c:v libvpx -deadline realtime -cpu-used 8 -b:v 400k {KEYS}"),
        "vp8.webm",
    );
}

#[test]
fn vp9_goes_through() {
    check(
        Codec::Vp9,
        &format!(
            "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 400k -lag-in-frames 0 {KEYS}"
        ),
        "vp9.webm",
    );
}

#[test]
fn h264_goes_through() {
    check(
        Codec::H264,
        &format!(
            "-c:v libx264 -pix_fmt yuv420p -preset ultrafast -tune zerolatency -profile:v baseline -b:v 400k {KEYS}"
        ),
        "h264.mkv",
    );
}

#[test]
fn av1_goes_through() {
    check(
        Codec::Av1,
        &format!("-c:v libaom-av1 -usage realtime -cpu-used 8 -lag-in-frames 0 -b:v 400k {KEYS}"),
        "av1.webm",
    );
}

#[test]
fn opus_goes_through() {
    check(Codec::Opus, "-c:a libopus -b:a 32k -ac 1", "opus.webm");
}

#[test]
fn redundant_opus_survives_what_is_lost() {
    let (head, blocks) = made(
        "red.webm",
        "-c:a libopus -b:a 32k -ac 1",
        "sine=frequency=440:sample_rate=48000",
    );
    let out = record(Codec::Red, &head, &blocks, Line::single_losses());
    let some = frames(&out);
    assert_eq!(some.len(), blocks.len());
    for (frame, block) in some.iter().zip(&blocks) {
        assert_eq!(frame.data, block.data);
    }
    assert_eq!(
        probed("finished-red.webm", &finished(&some)).len(),
        blocks.len()
    );
}

#[test]
fn a_live_file_that_is_cut_off_is_played_as_far_as_it_goes() {
    let (head, blocks) = made(
        "cut.webm",
        "-c:v libvpx -deadline realtime -b:v 400k -g 15",
        "testsrc2=size=320x180:rate=30",
    );
    let out = record(Codec::Vp8, &head, &blocks, Line::jittery());
    let whole = frames(&out);
    let mut file = live(&whole);
    file.truncate(file.len() * 2 / 3);
    let mut reader = Reader::new(file.as_slice()).unwrap();
    let mut count = 0;
    while let Ok(Some(_)) = reader.next_block() {
        count += 1;
    }
    assert!(count > 20 && count < whole.len());
    let path = folder().join("live-cut.webm");
    std::fs::write(&path, &file).unwrap();
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "fatal",
            "-count_frames",
            "-show_entries",
            "stream=nb_read_frames",
            "-of",
            "csv=p=0",
        ])
        .arg(&path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let decoded: usize = text.trim().trim_end_matches(',').parse().unwrap();
    assert!(decoded.abs_diff(count) <= 1, "{decoded} of {count}");
}
