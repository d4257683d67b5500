//! Checkpoint files that were changed.

use clinical_ledger::{CheckpointKey, Fault, LINE_BYTES_MAX, PublicKey};
use proptest::prelude::*;

use crate::world::{Clinic, places, rehash, tenant, tenants, verify};

#[test]
fn a_line_that_is_missing_repeated_or_moved_is_out_of_place() {
    let clinic = Clinic::with_days_of_work(20, 2);
    let mut missing = clinic.world.clone();
    missing.lines.remove(6);
    assert!(matches!(
        clinic.verify(&missing).faults.as_slice(),
        [Fault::OutOfPlace { line: 7, .. }]
    ));
    let mut first = clinic.world.clone();
    first.lines.remove(0);
    assert!(matches!(
        clinic.verify(&first).faults.as_slice(),
        [Fault::OutOfPlace { line: 1, .. }]
    ));
    let mut repeated = clinic.world.clone();
    repeated.lines.insert(7, repeated.lines[6].clone());
    assert!(!clinic.verify(&repeated).is_honest());
    let mut moved = clinic.world.clone();
    moved.lines.swap(3, 4);
    assert!(!clinic.verify(&moved).is_honest());
}

#[test]
fn a_file_without_its_end_leaves_events_unsigned() {
    let clinic = Clinic::with_days_of_work(20, 2);
    let mut world = clinic.world.clone();
    world.lines.truncate(12);
    let faults = clinic.verify(&world).faults;
    let expected = tenants().map(|tenant| Fault::Unsigned {
        tenant,
        seq: 8,
        last: 20,
    });
    assert_eq!(faults, expected);
    world.lines.clear();
    assert_eq!(clinic.verify(&world).faults.len(), 3);
}

#[test]
fn lines_that_are_no_checkpoints_are_named() {
    let clinic = Clinic::with_days_of_work(2, 2);
    for line in ["", "{}", "not json", &"x".repeat(LINE_BYTES_MAX + 1)] {
        let mut world = clinic.world.clone();
        world.lines.push(line.to_owned());
        assert_eq!(
            clinic.verify(&world).faults,
            [Fault::LineUnreadable { line: 4 }]
        );
    }
    let mut later = clinic.world.clone();
    later.lines[2] = later.lines[2].replacen("\"format\":1", "\"format\":2", 1);
    assert_eq!(
        clinic.verify(&later).faults[0],
        Fault::LineUnreadable { line: 3 }
    );
}

#[test]
fn a_checkpoint_of_another_key_is_not_believed() {
    let clinic = Clinic::with_days_of_work(4, 2);
    let stranger = CheckpointKey::from_pem(&CheckpointKey::generate().unwrap()).unwrap();
    let report = verify(&clinic.world, vec![stranger.public()], 0);
    assert!(matches!(
        report.faults[0],
        Fault::UnknownKey { line: 1, .. }
    ));
    // Lines under the name of the known key, signed by a stranger.
    let mut forger = Clinic::with_days_of_work(4, 2);
    let name = |key: PublicKey| key.id().to_string();
    let (own, foreign) = (name(forger.public()), name(clinic.public()));
    for line in &mut forger.world.lines {
        *line = line.replacen(&own, &foreign, 1);
        assert!(line.contains(&foreign));
    }
    let report = verify(&forger.world, vec![clinic.public()], 0);
    assert!(matches!(report.faults[0], Fault::Forged { line: 1, .. }));
}

#[test]
fn a_change_of_keys_needs_both_public_keys() {
    let mut clinic = Clinic::with_days_of_work(4, 2);
    let second = clinic.change_key();
    clinic.write(tenant());
    clinic.sign();
    let (first, world) = (clinic.public(), &clinic.world);
    assert!(verify(world, vec![first, second], 0).is_honest());
    assert!(!verify(world, vec![first], 0).is_honest());
}

#[test]
fn a_tenant_that_vanished_is_missed() {
    let clinic = Clinic::with_days_of_work(4, 2);
    let mut world = clinic.world.clone();
    world.rows.retain(|row| row.tenant != tenant());
    let expected = Fault::Truncated {
        tenant: tenant(),
        seq: 0,
        signed: 4,
    };
    assert_eq!(clinic.verify(&world).faults, [expected]);
}

#[test]
fn more_checkpoints_than_are_compared_prove_the_whole_chain() {
    let mut clinic = Clinic::new();
    for _ in 0..5_000 {
        clinic.write(tenant());
        clinic.sign();
    }
    assert!(clinic.verify(&clinic.world).is_honest());
    let first = places(&clinic.world, tenant())[0];
    clinic.world.rows[first].at_us += 1;
    rehash(&mut clinic.world, tenant());
    assert!(!clinic.verify(&clinic.world).is_honest());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_changed_character_in_a_line_is_found(
        line in 0..30_usize,
        at in 0..usize::MAX,
        to in "[0-9a-f]",
    ) {
        let clinic = Clinic::with_days_of_work(20, 2);
        let mut world = clinic.world.clone();
        let text = &mut world.lines[line];
        let at = at % text.len();
        text.replace_range(at..=at, &to);
        let is_different = world.lines != clinic.world.lines;
        prop_assert_eq!(clinic.verify(&world).is_honest(), !is_different);
    }

    #[test]
    fn no_line_makes_the_verifier_panic(line in ".{0,200}") {
        let mut clinic = Clinic::with_days_of_work(2, 2);
        clinic.world.lines.push(line);
        prop_assert!(!clinic.verify(&clinic.world).is_honest());
    }
}
