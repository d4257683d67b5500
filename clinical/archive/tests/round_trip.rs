//! What was written comes back; what was touched does not.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Cursor;

use clinical_archive::{
    ArchiveReader, ArchiveWriter, BackupKey, Column, Entry, Kind, Manifest, ReadError, Table,
    TableSum, Value, WriteError,
};
use proptest::prelude::*;
use uuid::Uuid;

const KINDS: [Kind; 6] = [
    Kind::Integer,
    Kind::Real,
    Kind::Boolean,
    Kind::Text,
    Kind::Bytes,
    Kind::Uuid,
];

fn manifest() -> Manifest {
    let table = |name: &str| Table {
        name: name.to_owned(),
        columns: KINDS
            .iter()
            .map(|&kind| Column {
                name: format!("{kind:?}"),
                kind,
            })
            .collect(),
    };
    Manifest {
        program: "0.1.0".to_owned(),
        schema: 21,
        at_us: 1_790_000_000_000_000,
        tables: vec![table("first"), table("empty"), table("last")],
    }
}

fn row() -> impl Strategy<Value = Vec<Value>> {
    let or_null = |value: BoxedStrategy<Value>| prop_oneof![1 => Just(Value::Null), 4 => value];
    (
        or_null(any::<i64>().prop_map(Value::Integer).boxed()),
        or_null((-1e9..1e9).prop_map(Value::Real).boxed()),
        or_null(any::<bool>().prop_map(Value::Boolean).boxed()),
        or_null(".{0,40}".prop_map(Value::Text).boxed()),
        or_null(
            proptest::collection::vec(any::<u8>(), 0..3_000)
                .prop_map(Value::Bytes)
                .boxed(),
        ),
        or_null(
            any::<u128>()
                .prop_map(|id| Value::Uuid(Uuid::from_u128(id)))
                .boxed(),
        ),
    )
        .prop_map(|(a, b, c, d, e, f)| vec![a, b, c, d, e, f])
}

fn write(key: &BackupKey, entries: &[Entry]) -> (Vec<u8>, Vec<TableSum>) {
    let mut writer = ArchiveWriter::new(Vec::new(), key, manifest()).unwrap();
    for entry in entries {
        match entry {
            Entry::File { name, content } => writer.file(name, content).unwrap(),
            Entry::Row { table, values } => writer.row(*table, values).unwrap(),
        }
    }
    writer.finish().unwrap()
}

fn read(key: &BackupKey, file: &[u8]) -> Result<(Vec<Entry>, Vec<TableSum>), ReadError> {
    let mut reader = ArchiveReader::new(Cursor::new(file), key)?;
    assert_eq!(*reader.manifest(), manifest());
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        entries.push(entry);
    }
    Ok((entries, reader.sums().unwrap().to_vec()))
}

fn entries(rows: &[Vec<Value>]) -> Vec<Entry> {
    let half = rows.len() / 2;
    let mut entries = vec![Entry::File {
        name: "audit/checkpoints.jsonl".to_owned(),
        content: b"{}\n".to_vec(),
    }];
    entries.extend(rows.iter().enumerate().map(|(at, values)| Entry::Row {
        table: if at < half { 0 } else { 2 },
        values: values.clone(),
    }));
    entries
}

fn large() -> Vec<Entry> {
    // Noise does not get smaller, so this fills several chunks.
    let mut state = 1_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    };
    let rows: Vec<Vec<Value>> = (0..40)
        .map(|at| {
            let bytes = (0..9_000).map(|_| noise()).collect();
            vec![
                Value::Integer(at),
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Bytes(bytes),
                Value::Null,
            ]
        })
        .collect();
    entries(&rows)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_backup_gives_back_what_was_written(rows in proptest::collection::vec(row(), 0..40)) {
        let key = BackupKey::generate().unwrap();
        let entries = entries(&rows);
        let (file, sums) = write(&key, &entries);
        prop_assert_eq!(read(&key, &file).unwrap(), (entries, sums));
    }
}

#[test]
fn a_backup_of_many_chunks_is_refused_when_any_part_is_changed() {
    let key = BackupKey::generate().unwrap();
    let (file, _) = write(&key, &large());
    assert!(file.len() > 5 << 16);
    assert!(read(&key, &file).is_ok());
    for at in (0..file.len()).step_by(1_009) {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(read(&key, &changed).is_err(), "byte {at}");
    }
}

#[test]
fn a_backup_is_refused_when_it_is_cut_off_or_goes_on() {
    let key = BackupKey::generate().unwrap();
    let (file, _) = write(&key, &large());
    for length in (0..file.len()).step_by(1_009) {
        assert!(read(&key, &file[..length]).is_err(), "{length} bytes");
    }
    // At the end of a chunk: the head has 32 bytes, a full chunk 4 + 65536 + 16.
    assert!(read(&key, &file[..32 + 65_556]).is_err());
    let mut longer = file;
    longer.push(0);
    assert!(read(&key, &longer).is_err());
}

#[test]
fn chunks_can_not_change_places() {
    let key = BackupKey::generate().unwrap();
    let (file, _) = write(&key, &large());
    let chunk = |number: usize| 32 + number * 65_556..32 + (number + 1) * 65_556;
    let mut swapped = file.clone();
    swapped[chunk(0)].copy_from_slice(&file[chunk(1)]);
    swapped[chunk(1)].copy_from_slice(&file[chunk(0)]);
    assert!(read(&key, &swapped).is_err());
    let mut dropped = file;
    dropped.drain(chunk(2));
    assert!(read(&key, &dropped).is_err());
}

#[test]
fn another_key_opens_nothing_and_the_key_survives_its_file() {
    let key = BackupKey::generate().unwrap();
    let (file, sums) = write(&key, &[]);
    assert!(read(&BackupKey::generate().unwrap(), &file).is_err());
    let again: BackupKey = key.to_file().parse().unwrap();
    assert_eq!(read(&again, &file).unwrap(), (Vec::new(), sums));
    assert!(
        "telehealth-master-key-v1:AAAA"
            .parse::<BackupKey>()
            .is_err()
    );
    assert_eq!(format!("{key:?}"), "BackupKey(..)");
}

#[test]
fn two_backups_of_the_same_rows_share_no_bytes_but_the_sums() {
    let key = BackupKey::generate().unwrap();
    let (one, sums) = write(&key, &large());
    let (other, same) = write(&key, &large());
    assert_eq!(sums, same);
    assert_ne!(one[32..64], other[32..64]);
}

#[test]
fn a_row_that_does_not_fit_its_table_is_not_written() {
    let key = BackupKey::generate().unwrap();
    let mut writer = ArchiveWriter::new(Vec::new(), &key, manifest()).unwrap();
    let nulls = vec![Value::Null; 6];
    writer.row(2, &nulls).unwrap();
    for (table, values) in [
        (0, nulls.clone()),
        (3, nulls.clone()),
        (2, vec![Value::Null; 5]),
        (2, {
            let mut values = nulls;
            values[0] = Value::Text("1".to_owned());
            values
        }),
    ] {
        assert!(matches!(
            writer.row(table, &values),
            Err(WriteError::Shape(_))
        ));
    }
}
