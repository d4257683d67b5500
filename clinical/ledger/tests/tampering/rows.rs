//! Rows that were changed in the database.

use clinical_ledger::{Fault, Hash, Verified, chain};
use proptest::prelude::*;

use crate::world::{
    COLUMNS, Clinic, World, edit, is_about, places, rehash, tenant, tenants, verify,
};

#[test]
fn an_honest_store_is_accepted_and_counted() {
    let clinic = Clinic::with_days_of_work(40, 7);
    let report = clinic.verify(&clinic.world);
    assert!(report.is_honest(), "{:?}", report.faults);
    let verified = tenants().map(|tenant| Verified {
        tenant,
        rows: 40,
        seq: 40,
        signed: 40,
    });
    assert_eq!(report.chains, verified);
    assert_eq!(report.checkpoints, 18);
}

#[test]
fn an_empty_store_is_honest() {
    let clinic = Clinic::new();
    assert!(clinic.verify(&clinic.world).is_honest());
}

#[test]
fn an_edit_is_found_in_every_column_of_every_row() {
    let clinic = Clinic::with_days_of_work(12, 5);
    for at in 0..clinic.world.rows.len() {
        for column in 0..COLUMNS {
            let mut world = clinic.world.clone();
            edit(&mut world.rows[at], column);
            assert_ne!(world.rows, clinic.world.rows);
            found(&clinic, &world);
        }
    }
}

#[test]
fn an_edited_row_is_named_and_only_that() {
    let clinic = Clinic::with_days_of_work(12, 5);
    for (seq, at) in (1..).zip(places(&clinic.world, tenant())) {
        for column in 2..COLUMNS {
            let mut world = clinic.world.clone();
            edit(&mut world.rows[at], column);
            let expected = Fault::Edited {
                tenant: tenant(),
                seq,
            };
            assert_eq!(clinic.verify(&world).faults, [expected], "{seq} {column}");
        }
    }
}

#[test]
fn missing_rows_are_named() {
    let clinic = Clinic::with_days_of_work(12, 5);
    let mut world = clinic.world.clone();
    world
        .rows
        .retain(|row| row.tenant != tenant() || !(3..=5).contains(&row.seq));
    let expected = Fault::Missing {
        tenant: tenant(),
        seq: 3,
        last: 5,
    };
    assert_eq!(clinic.verify(&world).faults, [expected]);
    assert_eq!(
        expected.to_string(),
        "tenant 00000000-0000-0000-0000-000000000002, event 3: the rows up to 5 are missing"
    );
}

#[test]
fn a_chain_that_was_cut_off_is_truncated() {
    let clinic = Clinic::with_days_of_work(12, 5);
    for last in 0..12 {
        let mut world = clinic.world.clone();
        world
            .rows
            .retain(|row| row.tenant != tenant() || row.seq <= last);
        let expected = Fault::Truncated {
            tenant: tenant(),
            seq: last,
            signed: 12,
        };
        assert_eq!(clinic.verify(&world).faults, [expected]);
    }
}

#[test]
fn a_store_that_was_set_back_is_found_although_it_grows_again() {
    let mut clinic = Clinic::with_days_of_work(10, 5);
    let copy = clinic.world.rows.clone();
    (0..6).for_each(|_| clinic.write(tenant()));
    clinic.sign();
    clinic.world.rows = copy;
    for _ in 0..9 {
        clinic.write(tenants()[0]);
        clinic.write(tenant());
        // The same number of events, but others.
        clinic.world.rows.last_mut().unwrap().at_us += 1;
    }
    rehash(&mut clinic.world, tenant());
    let report = verify(&clinic.world, vec![clinic.public()], 100);
    let expected = Fault::RolledBack {
        tenant: tenant(),
        seq: 16,
        intact: 10,
    };
    assert_eq!(report.faults, [expected]);
}

#[test]
fn a_service_that_signs_on_a_store_that_was_set_back_gives_it_away() {
    let mut clinic = Clinic::with_days_of_work(10, 5);
    let copy = clinic.world.rows.clone();
    (0..6).for_each(|_| clinic.write(tenant()));
    clinic.sign();
    clinic.world.rows = copy;
    clinic.write(tenant());
    clinic.sign();
    let found = clinic.verify(&clinic.world).faults;
    assert!(
        found.iter().any(|fault| matches!(
            fault,
            Fault::SignedBackwards { tenant: whose, seq: 11, signed: 16, .. } if *whose == tenant()
        )),
        "{found:?}"
    );
}

#[test]
fn a_second_row_with_a_number_and_a_row_without_one_are_insertions() {
    let clinic = Clinic::with_days_of_work(12, 5);
    for (seq, expected) in [(4, 4), (0, 0), (-7, -7)] {
        let mut world = clinic.world.clone();
        let mut row = world.rows[places(&world, tenant())[3]].clone();
        row.seq = seq;
        world.rows.push(row);
        let report = clinic.verify(&world);
        assert!(matches!(report.faults.as_slice(), [Fault::Inserted { .. }]));
        assert!(is_about(&report.faults[0], tenant(), expected));
    }
}

#[test]
fn rows_that_come_in_another_order_are_reordered() {
    let clinic = Clinic::with_days_of_work(3, 5);
    let mut verifier = clinical_ledger::Checkpoints::new(Vec::new()).verifier(100);
    for seq in [1, 3, 2] {
        let row = &clinic.world.rows[places(&clinic.world, tenant())[seq - 1]];
        verifier.row(&row.event(), row.hash);
    }
    assert_eq!(
        verifier.finish().faults[1],
        Fault::Reordered {
            tenant: tenant(),
            seq: 2,
            after: 3
        }
    );
}

#[test]
fn a_row_that_can_not_be_read_is_a_fault() {
    let mut verifier = clinical_ledger::Checkpoints::new(Vec::new()).verifier(100);
    verifier.unreadable(Some(tenant()), Some(1));
    verifier.unreadable(None, None);
    let report = verifier.finish();
    assert_eq!(report.faults.len(), 2);
    assert_eq!(
        report.faults[1].to_string(),
        "tenant unknown, event unknown: the row holds values that no event can have"
    );
}

#[test]
fn a_chain_that_would_go_on_somewhere_else_is_a_fault() {
    let clinic = Clinic::with_days_of_work(3, 5);
    let last = |tenant| {
        let row = clinic.world.rows.iter().rfind(|row| row.tenant == tenant);
        row.map(|row| (tenant, row.seq, row.hash)).unwrap()
    };
    let heads = tenants().map(last);
    let judge = |heads: Vec<(uuid::Uuid, i64, Hash)>| {
        let mut verifier = clinical_ledger::Checkpoints::new(Vec::new()).verifier(100);
        for row in &clinic.world.rows {
            verifier.row(&row.event(), row.hash);
        }
        verifier.heads(heads);
        verifier.finish().faults
    };
    assert_eq!(judge(heads.to_vec()), []);
    let fault = [Fault::Head {
        tenant: tenant(),
        seq: 3,
    }];
    let mut other = heads.to_vec();
    other[1].1 = 2;
    assert_eq!(judge(other), fault);
    let mut other = heads.to_vec();
    other[1].2 = other[0].2;
    assert_eq!(judge(other), fault);
    let mut other = heads.to_vec();
    other.remove(1);
    assert_eq!(judge(other), fault);
    let mut other = heads.to_vec();
    other.push((uuid::Uuid::from_u128(9), 4, heads[0].2));
    assert_eq!(judge(other).len(), 1);
}

#[test]
fn a_thousand_faults_are_kept_and_the_rest_are_counted() {
    let mut clinic = Clinic::new();
    (0..1_200).for_each(|_| clinic.write(tenant()));
    for row in &mut clinic.world.rows {
        row.hash = Hash::from([0; 32]);
    }
    let report = verify(&clinic.world, Vec::new(), 2_000);
    assert_eq!((report.faults.len(), report.faults_dropped), (1_000, 200));
}

/// Something that a person with write access does to the rows.
#[derive(Debug, Clone)]
enum Tampering {
    Edit(usize, usize),
    EditAndRehash(usize, usize),
    Delete(usize),
    DeleteAndRehash(usize),
    SwapContents(usize, usize),
    SwapNumbers(usize, usize),
    Insert(usize, i64),
    InsertAndRehash(usize),
    Append,
    Truncate(usize),
    RollBack(usize),
    RollBackAndGrow(usize, usize),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let at = || 0..usize::MAX;
    prop_oneof![
        (at(), 0..COLUMNS).prop_map(|(at, column)| Tampering::Edit(at, column)),
        (at(), 2..COLUMNS - 1).prop_map(|(at, column)| Tampering::EditAndRehash(at, column)),
        at().prop_map(Tampering::Delete),
        at().prop_map(Tampering::DeleteAndRehash),
        (at(), at()).prop_map(|(a, b)| Tampering::SwapContents(a, b)),
        (at(), at()).prop_map(|(a, b)| Tampering::SwapNumbers(a, b)),
        (at(), -2..40_i64).prop_map(|(at, seq)| Tampering::Insert(at, seq)),
        at().prop_map(Tampering::InsertAndRehash),
        Just(Tampering::Append),
        at().prop_map(Tampering::Truncate),
        at().prop_map(Tampering::RollBack),
        (at(), 1..10_usize).prop_map(|(at, by)| Tampering::RollBackAndGrow(at, by)),
    ]
}

/// Does it; answers whether anything is different now.
fn tamper(clinic: &mut Clinic, what: &Tampering) -> bool {
    let before = clinic.world.rows.clone();
    let places = places(&clinic.world, tenant());
    let at = |number: usize| places[number % places.len()];
    let rows = &mut clinic.world.rows;
    match *what {
        Tampering::Edit(row, column) => edit(&mut rows[at(row)], column),
        Tampering::EditAndRehash(row, column) => {
            edit(&mut rows[at(row)], column);
            rehash(&mut clinic.world, tenant());
        }
        Tampering::Delete(row) => drop(rows.remove(at(row))),
        Tampering::DeleteAndRehash(row) => {
            rows.remove(at(row));
            rehash(&mut clinic.world, tenant());
        }
        Tampering::SwapContents(a, b) => {
            let (a, b) = (at(a), at(b));
            rows.swap(a, b);
            let seq = rows[a].seq;
            rows[a].seq = rows[b].seq;
            rows[b].seq = seq;
        }
        Tampering::SwapNumbers(a, b) => {
            let seq = rows[at(a)].seq;
            rows[at(a)].seq = rows[at(b)].seq;
            rows[at(b)].seq = seq;
        }
        Tampering::Insert(row, seq) => {
            let mut row = rows[at(row)].clone();
            row.seq = seq;
            rows.push(row);
        }
        Tampering::InsertAndRehash(row) => {
            let row = rows[at(row)].clone();
            rows.push(row);
            rehash(&mut clinic.world, tenant());
        }
        Tampering::Append => clinic.write(tenant()),
        Tampering::Truncate(row) => {
            let last = rows[at(row)].seq;
            rows.retain(|row| row.tenant != tenant() || row.seq < last);
        }
        Tampering::RollBack(row) => rows.truncate(at(row)),
        Tampering::RollBackAndGrow(row, by) => {
            rows.truncate(at(row));
            for _ in 0..by {
                clinic.write(tenant());
                let last = clinic.world.rows.last_mut().unwrap();
                last.at_us += 1;
            }
            rehash(&mut clinic.world, tenant());
        }
    }
    clinic.world.rows != before
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn every_tampering_is_found(
        events in 1..30_i64,
        every in 1..10_i64,
        what in tampering(),
    ) {
        let mut clinic = Clinic::with_days_of_work(events, every);
        let is_different = tamper(&mut clinic, &what);
        let report = clinic.verify(&clinic.world);
        prop_assert_eq!(report.is_honest(), !is_different, "{:?}", report.faults);
    }

    #[test]
    fn honest_stores_of_all_sizes_are_accepted_while_they_run(
        events in 0..60_i64,
        every in 1..10_i64,
        late in 0..9_i64,
    ) {
        let mut clinic = Clinic::with_days_of_work(events, every);
        (0..late).for_each(|_| clinic.write(tenant()));
        let report = verify(&clinic.world, vec![clinic.public()], late);
        prop_assert!(report.is_honest(), "{:?}", report.faults);
    }
}

fn found(clinic: &Clinic, world: &World) {
    let report = clinic.verify(world);
    assert!(!report.is_honest());
    assert!(report.faults.iter().all(|fault| fault.tenant().is_some()));
}

#[test]
fn rows_of_one_tenant_do_not_fit_another() {
    let clinic = Clinic::with_days_of_work(4, 5);
    let mut world = clinic.world.clone();
    for row in &mut world.rows {
        if row.tenant == tenants()[0] {
            row.tenant = tenants()[1];
        } else if row.tenant == tenants()[1] {
            row.tenant = tenants()[0];
        }
    }
    found(&clinic, &world);
    assert_ne!(chain::genesis(tenants()[0]), chain::genesis(tenants()[1]));
}
