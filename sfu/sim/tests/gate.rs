//! Committed seeds: a fixed number of generated calls, and every seed that once found a fault. They
//! are played by `sfu/sim/replay`, where a seed is exactly one run, so the gate cannot flake.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

/// Seeds that once found a fault: seed, minutes, its name; before them "clinic" if it is a consultation.
const FOUND: &str = include_str!("../seeds.txt");

/// What the program says, and whether it was content.
fn sfu_sim(arguments: &str) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("replay");
    let output = Command::new(script)
        .args(arguments.split(' '))
        .env("SFU_SIM", env!("CARGO_BIN_EXE_sfu-sim"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), said)
}

#[test]
fn thirty_calls_have_no_fault() {
    for calls in [
        "search --from 1000 --count 24 --seconds 20 --people 2",
        "search --from 1100 --count 6 --seconds 20 --people 3",
    ] {
        let (good, said) = sfu_sim(calls);
        assert!(good, "{said}");
    }
}

#[test]
fn one_shard_and_four_serve_the_same_people() {
    let (good, said) = sfu_sim("search --from 2002 --count 1 --seconds 15 --both");
    assert!(good, "{said}");
}

#[test]
fn seeds_that_once_found_a_fault_find_it_no_more() {
    for line in FOUND.lines().filter(|line| !line.starts_with('#')) {
        let (profile, line) = match line.strip_prefix("clinic ") {
            Some(rest) => (" --clinic", rest),
            None => ("", line),
        };
        let mut words = line.split_whitespace();
        let (seed, minutes) = (words.next().unwrap(), words.next().unwrap());
        let (good, said) = sfu_sim(&format!("run --seed {seed} --minutes {minutes}{profile}"));
        assert!(good, "{line}: {said}");
    }
}

#[test]
fn a_seed_is_one_run_in_every_process() {
    let digest = || {
        let (_, said) = sfu_sim("run --seed 7 --seconds 15 --people 2");
        let (_, digest) = said.split_once("digest ").unwrap();
        digest.split(',').next().unwrap().to_owned()
    };
    assert_eq!(digest(), digest());
}

#[test]
fn consultations_have_no_fault() {
    let (good, said) = sfu_sim("search --clinic --from 3000 --count 8 --minutes 1");
    assert!(good, "{said}");
}
