//! Committed seeds: a fixed number of generated calls, and every seed that once found a fault.
#![expect(clippy::unwrap_used, reason = "tests")]

use sfu_sim::{Profile, Sabotage, Scenario, Shape, compare, simulate, use_plain_cryptography};

/// Seeds that once found a fault, with its name.
const FOUND: &str = include_str!("../seeds.txt");

fn shape(seconds: u64) -> Shape {
    Shape {
        length_ms: seconds * 1000,
        people: 0,
        profile: Profile::LIGHT,
    }
}

#[test]
fn thirty_calls_have_no_fault() {
    use_plain_cryptography();
    for seed in 0..30 {
        let scenario = Scenario::generate(seed, shape(30));
        simulate(&scenario, 1, Sabotage::Nothing).unwrap();
    }
}

#[test]
fn one_shard_and_four_serve_the_same_people() {
    use_plain_cryptography();
    for seed in 100..104 {
        compare(&Scenario::generate(seed, shape(20)), Sabotage::Nothing).unwrap();
    }
}

#[test]
fn seeds_that_once_found_a_fault_find_it_no_more() {
    use_plain_cryptography();
    for line in FOUND.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let seed = words.next().unwrap().parse().unwrap();
        let seconds = words.next().unwrap().parse().unwrap();
        let scenario = Scenario::generate(seed, shape(seconds));
        simulate(&scenario, 1, Sabotage::Nothing).unwrap();
    }
}
