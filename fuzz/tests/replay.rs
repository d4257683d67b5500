//! Every target over its corpus, and over changes of it that are the same in every run.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fuzz_targets::{Mutator, TARGETS, Target};

/// Fewer files are no corpus.
const FILES_MIN: usize = 3;
/// More files, or larger ones, make everybody's clone slow.
const FILES_MAX: usize = 80;
const FILE_BYTES_MAX: usize = 4096;
/// Changed inputs of one target.
const CHANGES: u32 = 3_000;
/// A slow target tries fewer. The order is the same in every run, so what one run has found another
/// finds at the same place.
const PATIENCE: Duration = Duration::from_secs(2);

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = corpora().join(name);
    names(&folder)
        .into_iter()
        .map(|file| (file.clone(), fs::read(folder.join(file)).unwrap()))
        .collect()
}

/// Runs a target; says with which input it panicked.
fn run(target: Target, bytes: &[u8]) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| target(bytes))).map_err(|_printed| {
        let text = String::from_utf8_lossy(bytes);
        format!("{text:?}, in hexadecimal {}", hex(bytes))
    })
}

/// A target over its corpus, then over changes of it. Answers how many of them were tried.
fn replay(name: &str, target: Target) -> Result<u32, String> {
    let began = Instant::now();
    let mut known = Vec::new();
    for (file, bytes) in corpus(name) {
        run(target, &bytes).map_err(|input| format!("{name}/{file}: {input}"))?;
        known.push(bytes);
    }
    let mut mutator = Mutator::new(1);
    let mut tried = 0;
    while tried < CHANGES && began.elapsed() < PATIENCE {
        let bytes = mutator.next(&known);
        run(target, &bytes).map_err(|input| format!("{name}, change {tried}: {input}"))?;
        tried += 1;
    }
    Ok(tried)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(targets.len(), TARGETS.len(), "two targets of one name");
    assert_eq!(names(&corpora()), targets);
    for name in &targets {
        let files = corpus(name);
        assert!(
            (FILES_MIN..=FILES_MAX).contains(&files.len()),
            "{name} has {} files",
            files.len()
        );
        for (file, bytes) in files {
            assert!(bytes.len() <= FILE_BYTES_MAX, "{name}/{file} is too large");
        }
    }
}

#[test]
fn nothing_that_is_known_and_no_change_of_it_breaks_a_target() {
    let mut broken = Vec::new();
    for (name, target) in TARGETS {
        match replay(name, *target) {
            Ok(tried) => println!("{name}: {tried} changes"),
            Err(input) => broken.push(input),
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn changes_follow_from_the_seed() {
    let known = [b"known".to_vec(), b"another".to_vec()];
    let made = |seed| {
        let mut mutator = Mutator::new(seed);
        (0..100).map(|_| mutator.next(&known)).collect::<Vec<_>>()
    };
    assert_eq!(made(3), made(3));
    assert_ne!(made(3), made(4));
    assert!(made(3).iter().any(|bytes| !known.contains(bytes)));
}
