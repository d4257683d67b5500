//! Whole recordings: taken, ended, finished, played.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod stage;

use std::fs::OpenOptions;

use recordings_matroska::Reader;
use recordings_segments::Role;
use recordings_tap::{TapEvent, TrackKey};
use recordings_writer::{
    CAPTIONS, FinishError, MIXDOWN, MendError, PEAKS, Recorder, RecorderEvent, Refused, Tap,
    finish, mend, read_manifest, start,
};
use stage::{Media, decoded, folder, nothing_in_clear, plain, scratch, signer};

/// Offers until it is taken: a test has no call that must not wait.
fn offer(tap: &Tap, event: &TapEvent) -> Result<(), Refused> {
    loop {
        match tap.offer(event.clone()) {
            Err(Refused::Full) => std::thread::yield_now(),
            other => return other,
        }
    }
}

fn play(recorder: &Recorder, events: &[TapEvent]) {
    let tap = recorder.tap();
    for event in events {
        offer(&tap, event).unwrap();
    }
}

#[test]
fn a_visit_of_two_is_recorded_finished_and_played() {
    let path = scratch("visit");
    let media = Media::make(&scratch("visit-media"));
    let recorder = start(folder(&path), 0).unwrap();
    play(&recorder, &media.visit(4));
    let asked = std::iter::from_fn(|| recorder.next_event()).count();
    recorder.end().unwrap();
    assert!(asked <= 8, "asked {asked} times for key frames");
    nothing_in_clear(&path, &media);

    let folder = folder(&path);
    let mut steps = Vec::new();
    let manifest = finish(&folder, &signer(), &mut |progress| {
        steps.push(progress.done);
        true
    })
    .unwrap();
    nothing_in_clear(&path, &media);
    assert_eq!(steps, [1, 2, 3, 4, 5, 6]);
    assert!(!manifest.is_recovered);
    assert_eq!(
        read_manifest(&folder, &signer().verifying()).unwrap(),
        Some(manifest.clone())
    );

    let contents: Vec<&str> = manifest
        .tracks
        .iter()
        .map(|it| it.content.as_str())
        .collect();
    assert_eq!(contents.iter().filter(|it| **it == "camera/vp8").count(), 2);
    assert_eq!(
        contents
            .iter()
            .filter(|it| **it == "microphone/opus")
            .count(),
        2
    );
    for track in &manifest.finished {
        let opened = folder.open(Role::Finished(track.number)).unwrap();
        opened.expect(&track.file).unwrap();
        if track.number < MIXDOWN {
            let file = plain(&folder, Role::Finished(track.number));
            let expected = if track.content.starts_with("camera") {
                4 * 30
            } else {
                4 * 50
            };
            assert_eq!(track.frames, expected, "{}", track.content);
            assert_eq!(decoded(&file), expected);
            assert!(track.gaps.is_empty(), "{:?}", track.gaps);
            assert!(track.to_us.abs_diff(4_000_000) < 120_000, "{}", track.to_us);
        }
    }
    let mixdown = plain(&folder, Role::Finished(MIXDOWN));
    let front = Reader::new(mixdown.as_slice()).unwrap().front().clone();
    assert!(front.duration_ms.unwrap() >= 4_000.0 && !front.cues.is_empty());
    assert!(decoded(&mixdown) >= 200);
    // Two voices of the same sound are heard all the time.
    let peaks = plain(&folder, Role::Finished(PEAKS));
    assert!(peaks[2..38].iter().all(|peak| *peak > 20), "{peaks:?}");
    let captions = String::from_utf8(plain(&folder, Role::Finished(CAPTIONS))).unwrap();
    assert!(captions.starts_with("WEBVTT\n\n00:00:00.000 --> 00:00:05.000\n"));
    assert_eq!(captions.matches(" at ").count(), 4);
}

#[test]
fn finishing_goes_on_where_it_was_interrupted() {
    let path = scratch("interrupted");
    let media = Media::make(&scratch("interrupted-media"));
    let recorder = start(folder(&path), 0).unwrap();
    play(&recorder, &media.visit(2));
    recorder.end().unwrap();
    let folder = folder(&path);
    let error = finish(&folder, &signer(), &mut |progress| progress.done < 2).unwrap_err();
    assert!(matches!(error, FinishError::Cancelled));
    assert_eq!(read_manifest(&folder, &signer().verifying()).unwrap(), None);
    let whole = folder.open(Role::Finished(1)).unwrap().sum();
    // A part of a file that an interruption has left is made anew.
    std::fs::write(path.join("finished-10000.sealed.part"), b"torn").unwrap();
    let manifest = finish(&folder, &signer(), &mut |_| true).unwrap();
    assert_eq!(manifest.finished(1).unwrap().file, whole);
    assert_eq!(finish(&folder, &signer(), &mut |_| true).unwrap(), manifest);
}

#[test]
fn nothing_is_kept_while_somebody_has_not_agreed() {
    let path = scratch("paused");
    let media = Media::make(&scratch("paused-media"));
    let recorder = start(folder(&path), 0).unwrap();
    let tap = recorder.tap();
    let mut refused = 0;
    let (mut paused, mut resumed) = (false, false);
    for event in media.visit(4) {
        let at_us = event.at_us();
        if at_us >= 1_000_000 && !paused {
            paused = true;
            // A pause also drops what waits, and this visit is faster than the disk.
            while tap.waiting() > 0 {
                std::thread::yield_now();
            }
            offer(&tap, &TapEvent::Paused { at_us }).unwrap();
        }
        if at_us >= 2_500_000 && !resumed {
            resumed = true;
            offer(&tap, &TapEvent::Resumed { at_us }).unwrap();
        }
        refused += usize::from(offer(&tap, &event).is_err());
    }
    recorder.end().unwrap();
    assert!(refused > 100);
    let folder = folder(&path);
    let manifest = finish(&folder, &signer(), &mut |_| true).unwrap();
    for track in manifest.tracks.iter().filter(|it| it.person.is_some()) {
        let gap = track.gaps.first().unwrap();
        assert_eq!(gap.why, "paused", "{}", track.content);
        assert!(
            gap.from_us <= 1_060_000 && gap.to_us >= 2_500_000,
            "{gap:?}"
        );
        decoded(&plain(&folder, Role::Finished(track.number)));
    }
    let captions = String::from_utf8(plain(&folder, Role::Finished(CAPTIONS))).unwrap();
    assert!(captions.contains(" at 0") && captions.contains(" at 3"));
    assert!(!captions.contains(" at 1") && !captions.contains(" at 2"));
}

#[test]
fn a_muted_source_leaves_a_gap_and_is_asked_for_a_key_frame() {
    let path = scratch("muted");
    let media = Media::make(&scratch("muted-media"));
    let recorder = start(folder(&path), 0).unwrap();
    let tap = recorder.tap();
    let camera = TrackKey(1);
    for event in media.visit(4) {
        let at_us = event.at_us();
        let off = (1_000_000..2_300_000).contains(&at_us);
        match &event {
            TapEvent::Packet(packet) if packet.track == camera && off => {}
            TapEvent::Tick { at_us: 1_000_000 } => {
                offer(
                    &tap,
                    &TapEvent::Muted {
                        track: camera,
                        at_us,
                    },
                )
                .unwrap();
            }
            TapEvent::Tick { at_us: 2_250_000 } => {
                offer(
                    &tap,
                    &TapEvent::Unmuted {
                        track: camera,
                        at_us,
                    },
                )
                .unwrap();
            }
            _ => offer(&tap, &event).unwrap(),
        }
    }
    let mut asked = Vec::new();
    while let Some(event) = recorder.wait_event(std::time::Duration::from_millis(200)) {
        asked.push(event);
    }
    recorder.end().unwrap();
    assert!(
        asked
            .iter()
            .any(|it| matches!(it, RecorderEvent::KeyFrame(wanted) if wanted.track == camera))
    );
    let folder = folder(&path);
    let manifest = finish(&folder, &signer(), &mut |_| true).unwrap();
    let muted: Vec<_> = manifest
        .tracks
        .iter()
        .flat_map(|it| &it.gaps)
        .filter(|gap| gap.why == "muted")
        .collect();
    let [gap] = muted.as_slice() else {
        panic!("{muted:?}");
    };
    // It was switched on in the middle of a second, and the next key frame came with the next one.
    assert!(
        gap.from_us < 1_100_000 && (2_990_000..3_100_000).contains(&gap.to_us),
        "{gap:?}"
    );
}

#[test]
fn segments_that_were_on_the_disk_and_are_gone_are_no_crash() {
    let path = scratch("missing");
    let media = Media::make(&scratch("missing-media"));
    let recorder = start(folder(&path), 0).unwrap();
    play(&recorder, &media.visit(4));
    recorder.end().unwrap();
    let folder = folder(&path);
    let file = folder.path_of(Role::Track(1));
    let whole = std::fs::metadata(&file).unwrap().len();
    // In the middle of the last segment: to a scan alone it looks like a crash.
    OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(whole - 100)
        .unwrap();
    assert!(matches!(
        mend(&folder),
        Err(MendError::Missing {
            track: 1,
            missing: 1
        })
    ));
}
