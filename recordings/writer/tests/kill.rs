//! Recorders that are killed at any moment, and recorders without room: what is left is a recording.
//!
//! `RECORDING_KILLS=100` kills more often.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod stage;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use recordings_segments::Role;
use recordings_tap::TapEvent;
use recordings_writer::{MIXDOWN, RecorderEvent, Refused, StopReason, finish, mend, start};
use stage::{Media, decoded, folder, nothing_in_clear, plain, scratch, signer};

/// In the gate.
const KILLS: u32 = 3;
/// By how much a recorded second is shorter than a real one. Faster, a busy disk would be blamed for what
/// no visit asks of it.
const PACE: u32 = 1;
/// What a crash may cost.
const LOST_US_MAX: u64 = 2_000_000;

#[expect(
    clippy::disallowed_methods,
    reason = "how often, and where the killed process works, is told by the environment"
)]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The process that is killed: it does nothing unless it is told where to record. It says which
/// moment of the recording has been offered.
#[test]
fn the_process_that_is_killed() {
    let (Some(path), Some(media)) = (told("RECORDING_FOLDER"), told("RECORDING_MEDIA")) else {
        return;
    };
    let media = Media::make(&PathBuf::from(media));
    let recorder = start(folder(Path::new(&path)), 0).unwrap();
    let tap = recorder.tap();
    let mut out = std::io::stdout();
    let began = Instant::now();
    for event in media.visit(12) {
        let at_us = event.at_us();
        let due = Duration::from_micros(at_us) / PACE;
        while let Some(rest) = due.checked_sub(began.elapsed()).filter(|it| !it.is_zero()) {
            std::thread::park_timeout(rest);
        }
        let is_tick = matches!(event, TapEvent::Tick { .. });
        let has_ended = tap.offer(event) == Err(Refused::Ended);
        while let Some(event) = recorder.next_event() {
            if let RecorderEvent::Stopped(reason) = event {
                writeln!(out, "stopped {at_us} {reason:?}").unwrap();
            }
        }
        if has_ended {
            break;
        }
        if is_tick {
            writeln!(out, "offered {at_us}").unwrap();
        }
    }
    let ended = recorder.end();
    writeln!(out, "ended {ended:?}").unwrap();
}

fn child(path: &Path, media: &Path, shell: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", shell])
        .arg(std::env::current_exe().unwrap())
        .args(["the_process_that_is_killed", "--exact", "--nocapture"])
        .env("RECORDING_FOLDER", path)
        .env("RECORDING_MEDIA", media)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// What was recorded can be played, all of it.
fn judge(path: &Path, media: &Media, offered_us: u64) {
    let folder = folder(path);
    nothing_in_clear(path, media);
    let mended = mend(&folder).unwrap();
    assert!(
        mended.until_us + LOST_US_MAX >= offered_us,
        "{} of {offered_us} us are left",
        mended.until_us
    );
    let manifest = finish(&folder, &signer(), &mut |_| true).unwrap();
    assert!(manifest.is_recovered);
    nothing_in_clear(path, media);
    for track in &manifest.finished {
        if track.number < MIXDOWN {
            let file = plain(&folder, Role::Finished(track.number));
            assert_eq!(decoded(&file), track.frames, "{}", track.content);
        }
    }
    if manifest.finished(MIXDOWN).is_some() {
        assert!(decoded(&plain(&folder, Role::Finished(MIXDOWN))) > 0);
    }
}

#[test]
fn a_recorder_that_is_killed_loses_two_seconds_at_most() {
    let kills = told("RECORDING_KILLS")
        .and_then(|it| it.parse().ok())
        .unwrap_or(KILLS);
    let media_path = scratch("kill-media");
    let media = Media::make(&media_path);
    let mut random = 88_172_645_463_325_252_u64;
    for round in 0..kills {
        let path = scratch(&format!("kill-{round}"));
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // After a tick of the second to sixth second, and some hundred steps of its work later.
        let last_us = 1_000_000 + random % 4_000_000;
        let mut process = child(&path, &media_path, "exec \"$0\" \"$@\"")
            .spawn()
            .unwrap();
        let mut offered_us = 0;
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            let Some(us) = line
                .unwrap()
                .strip_prefix("offered ")
                .and_then(|it| it.parse().ok())
            else {
                continue;
            };
            offered_us = us;
            if offered_us >= last_us {
                break;
            }
        }
        std::thread::park_timeout(Duration::from_micros(random % 60_000));
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(offered_us >= last_us, "the process ended by itself");
        judge(&path, &media, offered_us);
        std::fs::remove_dir_all(&path).unwrap();
    }
}

#[test]
fn a_recorder_without_room_stops_within_two_seconds_and_says_so() {
    let path = scratch("full");
    let media_path = scratch("full-media");
    let media = Media::make(&media_path);
    // A file of more than 100 blocks of 512 bytes is refused by the kernel, as one without room is.
    let shell = "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\"";
    let output = child(&path, &media_path, shell).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let stopped = text
        .lines()
        .find_map(|line| line.strip_prefix("stopped "))
        .unwrap();
    let (at_us, reason) = stopped.split_once(' ').unwrap();
    assert_eq!(reason, format!("{:?}", StopReason::DiskFull));
    assert!(text.contains("ended Err(DiskFull)"), "{text}");
    judge(&path, &media, at_us.parse().unwrap());
}
