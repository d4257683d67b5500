//! What is flipped, cut off, repeated, swapped or from elsewhere is refused.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use aws_lc_rs::digest::{SHA256, digest};
use proptest::prelude::*;
use recordings_segments::{
    CHUNK_BYTES, FileSealer, FileSum, HEAD_BYTES, Manifest, ManifestError, OpenError, RecordingId,
    RecordingKey, Role, SealError, SealedFile, SigningKey, Span, recover,
};

const RECORDING: RecordingId = RecordingId([1; 16]);
const TRACK: Role = Role::Track(3);

fn key() -> RecordingKey {
    RecordingKey::from_secret([5; 32])
}

/// A sealed file as its head and its segments.
struct Made {
    head: Vec<u8>,
    segments: Vec<Vec<u8>>,
    plain: Vec<Vec<u8>>,
    sum: FileSum,
}

impl Made {
    fn file(&self) -> Vec<u8> {
        let mut file = self.head.clone();
        file.extend(self.segments.iter().flatten());
        file
    }
}

fn make_in(recording: RecordingId, role: Role, plain: &[Vec<u8>]) -> Made {
    let (mut sealer, head) = FileSealer::new(&key(), recording, role).unwrap();
    let segments = (0..)
        .zip(plain)
        .map(|(at, part)| {
            let span = Span {
                from_us: at * 2_000_000,
                to_us: (at + 1) * 2_000_000,
            };
            sealer.seal(span, part).unwrap()
        })
        .collect();
    Made {
        head: head.to_vec(),
        segments,
        plain: plain.to_vec(),
        sum: sealer.sum(),
    }
}

fn make(plain: &[Vec<u8>]) -> Made {
    make_in(RECORDING, TRACK, plain)
}

/// Every byte of a file that opens and is the one that was summed up.
fn read(file: &[u8], sum: &FileSum) -> Result<Vec<Vec<u8>>, OpenError> {
    let opened = SealedFile::open(file, &key(), RECORDING, TRACK)?;
    opened.expect(sum)?;
    (0..opened.segments()).map(|n| opened.segment(n)).collect()
}

fn parts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let sizes = prop_oneof![
        Just(0),
        1..200_usize,
        Just(CHUNK_BYTES),
        CHUNK_BYTES - 2..CHUNK_BYTES * 2 + 3
    ];
    let part = (sizes, any::<u8>()).prop_map(|(size, seed)| {
        (0..size)
            .map(|at| u8::try_from(at % 251).unwrap() ^ seed)
            .collect()
    });
    proptest::collection::vec(part, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_sealed_is_read_whole_by_range_and_by_time(plain in parts(), from: u32, length in 0..40_000_usize) {
        let made = make(&plain);
        prop_assert_eq!(&read(&made.file(), &made.sum).unwrap(), &made.plain);
        let file = made.file();
        let opened = SealedFile::open(file.as_slice(), &key(), RECORDING, TRACK).unwrap();
        let whole: Vec<u8> = plain.concat();
        let from = u64::from(from) % (whole.len() as u64 + 1);
        let start = usize::try_from(from).unwrap();
        let expected = &whole[start..whole.len().min(start + length)];
        prop_assert_eq!(opened.range(from, length).unwrap(), expected);
        prop_assert!(matches!(opened.range(whole.len() as u64 + 1, 1), Err(OpenError::OutOfRange)));
        for segment in 0..opened.segments() {
            let from_us = opened.span(segment).unwrap().from_us;
            prop_assert_eq!(opened.segment_at(from_us + 1), Some(segment));
        }
    }

    #[test]
    fn a_flipped_bit_is_refused(plain in parts(), at: usize, bit in 0..8_u8) {
        let made = make(&plain);
        let mut file = made.file();
        let at = at % file.len();
        file[at] ^= 1_u8 << bit;
        prop_assert!(read(&file, &made.sum).is_err());
    }

    #[test]
    fn a_flipped_bit_never_gives_another_byte(plain in parts(), at: usize, bit in 0..8_u8) {
        let made = make(&plain);
        let mut file = made.file();
        let at = at % file.len();
        file[at] ^= 1_u8 << bit;
        if let Ok(opened) = SealedFile::open(file.as_slice(), &key(), RECORDING, TRACK) {
            let whole = plain.concat();
            for from in [0, whole.len() / 2] {
                if let Ok(found) = opened.range(from as u64, 9_000) {
                    prop_assert_eq!(&found[..], &whole[from..whole.len().min(from + 9_000)]);
                }
            }
        }
    }

    #[test]
    fn a_file_that_is_cut_off_is_refused(plain in parts(), at: usize) {
        let made = make(&plain);
        let mut file = made.file();
        file.truncate(at % file.len());
        prop_assert!(read(&file, &made.sum).is_err());
    }

    #[test]
    fn segments_in_another_order_repeated_or_missing_are_refused(plain in parts(), one: usize, two: usize) {
        let made = make(&plain);
        let (one, two) = (one % plain.len(), two % plain.len());
        let mut swapped = Made { segments: made.segments.clone(), head: made.head.clone(), ..make(&[]) };
        swapped.segments.swap(one, two);
        prop_assert_eq!(read(&swapped.file(), &made.sum).is_err(), one != two);
        let mut repeated = made.segments.clone();
        repeated.insert(one, made.segments[one].clone());
        swapped.segments = repeated;
        prop_assert!(read(&swapped.file(), &made.sum).is_err());
        swapped.segments = made.segments.clone();
        swapped.segments.remove(one);
        prop_assert!(read(&swapped.file(), &made.sum).is_err());
    }

    #[test]
    fn chunks_in_another_order_are_refused(seed: u8) {
        let plain = vec![vec![seed; CHUNK_BYTES], vec![seed ^ 1; CHUNK_BYTES * 3]];
        let made = make(&plain);
        let mut file = made.file();
        // Two chunks in the middle of the last segment trade places, and its hash is made to fit.
        let stride = CHUNK_BYTES + 16;
        let end = file.len() - 32;
        let body = end - 3 * stride;
        let (first, second) = file[body..].split_at_mut(stride);
        first.swap_with_slice(&mut second[..stride]);
        let hash = digest(&SHA256, &file[body..end]);
        file[end..].copy_from_slice(hash.as_ref());
        let opened = SealedFile::open(file.as_slice(), &key(), RECORDING, TRACK).unwrap();
        prop_assert_eq!(&opened.segment(0).unwrap(), &plain[0]);
        let broken = matches!(opened.segment(1), Err(OpenError::Broken { segment: 1 }));
        prop_assert!(broken);
        let broken = matches!(opened.range(CHUNK_BYTES as u64, 1), Err(OpenError::Broken { .. }));
        prop_assert!(broken);
    }

    #[test]
    fn a_segment_at_another_time_is_refused(time: u64) {
        let made = make(&[b"voice".to_vec()]);
        let mut file = made.file();
        // Its end in the header, behind mark, number, length and beginning.
        let at = HEAD_BYTES + 4 + 4 + 4 + 8;
        prop_assume!(time != 2_000_000);
        file[at..at + 8].copy_from_slice(&time.to_be_bytes());
        let opened = SealedFile::open(file.as_slice(), &key(), RECORDING, TRACK).unwrap();
        let broken = matches!(opened.segment(0), Err(OpenError::Broken { segment: 0 }));
        prop_assert!(broken);
    }

    #[test]
    fn after_a_crash_what_is_whole_is_kept(plain in parts(), cut: usize, zeros in 0..70_000_usize) {
        let made = make(&plain);
        let whole = made.file();
        let cut = cut % (whole.len() + 1);
        let mut file = whole[..cut].to_vec();
        let recovered = recover(file.as_slice(), &key(), RECORDING, TRACK).unwrap();
        let mut ends = vec![HEAD_BYTES];
        for segment in &made.segments {
            ends.push(ends.last().unwrap() + segment.len());
        }
        let kept = ends.iter().rposition(|end| *end <= cut);
        let keep_bytes = kept.map_or(0, |kept| ends[kept]);
        prop_assert_eq!(recovered.keep_bytes, keep_bytes as u64);
        prop_assert_eq!(recovered.keep_bytes + recovered.lost_bytes, cut as u64);
        prop_assert_eq!(recovered.until_us, kept.unwrap_or(0) as u64 * 2_000_000);
        if kept.is_some() {
            file.truncate(keep_bytes);
            prop_assert_eq!(read(&file, &recovered.sum).unwrap(), &made.plain[..kept.unwrap()]);
            file.resize(keep_bytes + zeros, 0);
            let again = recover(file.as_slice(), &key(), RECORDING, TRACK).unwrap();
            prop_assert_eq!(again.keep_bytes, keep_bytes as u64);
        }
    }

    #[test]
    fn damage_before_the_last_segment_is_no_crash(plain in parts(), at: usize) {
        prop_assume!(plain.len() > 1);
        let made = make(&plain);
        let mut file = made.file();
        let before_last = file.len() - made.segments.last().unwrap().len();
        let at = HEAD_BYTES + at % (before_last - HEAD_BYTES);
        file[at] ^= 1;
        // A changed length may make a segment that ends with the file, or behind it.
        let is_length = made.segments.iter().scan(HEAD_BYTES, |end, it| {
            let start = *end;
            *end += it.len();
            Some(start)
        }).any(|start| (start + 8..start + 12).contains(&at));
        prop_assume!(!is_length);
        prop_assert!(recover(file.as_slice(), &key(), RECORDING, TRACK).is_err());
    }

    #[test]
    fn garbage_is_refused(garbage: Vec<u8>) {
        prop_assert!(read(&garbage, &FileSum::default()).is_err());
    }
}

#[test]
fn a_file_of_another_place_or_key_is_refused() {
    let plain = vec![b"voice".to_vec()];
    let made = make(&plain);
    let file = made.file();
    let foreign = [
        SealedFile::open(file.as_slice(), &key(), RecordingId([2; 16]), TRACK).unwrap_err(),
        SealedFile::open(file.as_slice(), &key(), RECORDING, Role::Track(4)).unwrap_err(),
    ];
    assert!(foreign.iter().all(|it| matches!(it, OpenError::Foreign)));
    let other = RecordingKey::from_secret([6; 32]);
    let opened = SealedFile::open(file.as_slice(), &other, RECORDING, TRACK).unwrap();
    assert!(matches!(
        opened.segment(0),
        Err(OpenError::Broken { segment: 0 })
    ));
    // A segment of the same place in another file of the same recording and the same track.
    let mut mixed = made.head.clone();
    mixed.extend(make(&plain).segments.concat());
    assert!(matches!(
        read(&mixed, &made.sum),
        Err(OpenError::Order { segment: 0 })
    ));
}

#[test]
fn the_same_sound_is_never_sealed_the_same() {
    let plain = vec![vec![0; 100]; 2];
    let (one, two) = (make(&plain), make(&plain));
    assert_ne!(one.segments[0], two.segments[0]);
    let body = |segment: &[u8]| segment[60..160].to_vec();
    assert_ne!(body(&one.segments[0]), body(&one.segments[1]));
}

#[test]
fn a_segment_must_fit_and_must_not_go_back() {
    let (mut sealer, _) = FileSealer::new(&key(), RECORDING, TRACK).unwrap();
    let long = vec![0; recordings_segments::SEGMENT_BYTES_MAX + 1];
    assert!(matches!(
        sealer.seal(Span::at(0), &long),
        Err(SealError::TooLong)
    ));
    sealer.seal(Span::at(5), b"x").unwrap();
    assert!(matches!(
        sealer.seal(Span::at(4), b"x"),
        Err(SealError::Span)
    ));
    assert_eq!(sealer.sum().segments, 1);
}

#[test]
fn a_manifest_is_read_by_who_knows_the_signer_and_the_recording() {
    let signer = SigningKey::from_seed(&[3; 32]).unwrap();
    let mut manifest = Manifest::new(RECORDING);
    manifest.journals.push(make(&[b"x".to_vec()]).sum);
    let bytes = manifest.sign(&signer).unwrap();
    let known = signer.verifying();
    assert_eq!(
        Manifest::verify(&bytes, &known, RECORDING).unwrap(),
        manifest
    );
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(Manifest::verify(&changed, &known, RECORDING).is_err());
    }
    assert!(matches!(
        Manifest::verify(&bytes, &known, RecordingId([2; 16])),
        Err(ManifestError::Foreign)
    ));
    let stranger = SigningKey::from_seed(&[4; 32]).unwrap().verifying();
    assert!(matches!(
        Manifest::verify(&bytes, &stranger, RECORDING),
        Err(ManifestError::Signature)
    ));
}
