//! A backup of a store comes back as it was, on either engine and from one to the other; one that
//! was changed or cut off, or has another key, does not come back at all.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_archive::BackupKey;
use clinical_model::{AuditActor, AuditEntry, Micros, TenantId};
use clinical_store::backup::{self, BackupError, Stamp};
use clinical_store::drill;
use clinical_store::offline::Offline;
use clinical_store::on_both_engines;
use clinical_store::testbed::{TestDb, make_facility, run_raw};
use uuid::Uuid;

async fn work(db: &TestDb) {
    for number in 1..=3 {
        let tenant = TenantId::from_uuid(Uuid::from_u128(number));
        make_facility(db, tenant).await;
        for at in 0..20 {
            let entry =
                AuditEntry::done(AuditActor::System, "test.work", Micros(at)).within(tenant);
            db.begin().await.unwrap().commit(entry).await.unwrap();
        }
    }
}

async fn dump(db: &TestDb, key: &BackupKey) -> (Vec<u8>, Vec<clinical_archive::TableSum>) {
    let mut store = Offline::read(db.url()).await.unwrap();
    let stamp = Stamp {
        program: "test".to_owned(),
        at_us: 1,
        files: vec![("checkpoints.jsonl".to_owned(), b"line\n".to_vec())],
    };
    backup::dump(&mut store, Vec::new(), key, stamp)
        .await
        .unwrap()
}

/// Takes everything out of a store but its schema.
async fn emptied(db: &TestDb) -> Offline {
    let mut store = Offline::fill(db.url()).await.unwrap();
    let rules = if db.url().starts_with("sqlite:") {
        "DROP TRIGGER audit_is_not_deleted; DELETE FROM audit_event;
         CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit_event
         BEGIN SELECT RAISE(ABORT, 'audit_is_append_only'); END;"
    } else {
        "ALTER TABLE audit_event DISABLE TRIGGER USER; DELETE FROM audit_event;
         ALTER TABLE audit_event ENABLE TRIGGER USER;"
    };
    run_raw(&mut store, rules.to_owned()).await.unwrap();
    store
}

on_both_engines! {
    async fn a_restored_store_is_the_same_on_both_engines_and_keeps_its_rules(db) {
        work(&db).await;
        let key = BackupKey::generate().unwrap();
        let (file, sums) = dump(&db, &key).await;
        for target in [TestDb::sqlite().await, TestDb::postgres().await] {
            let mut store = emptied(&target).await;
            let mut files = Vec::new();
            let restored = backup::load(&mut store, file.as_slice(), &key, |name, content| {
                files.push((name.to_owned(), content.to_vec()));
                Ok(())
            });
            assert_eq!(restored.await.unwrap(), sums);
            assert_eq!(files, [("checkpoints.jsonl".to_owned(), b"line\n".to_vec())]);
            let change = "UPDATE audit_event SET outcome = 'refused'".to_owned();
            assert!(run_raw(&mut store, change).await.is_err(), "the rules are back");
            let twice = backup::load(&mut store, file.as_slice(), &key, |_, _| Ok(())).await;
            assert!(matches!(twice, Err(BackupError::NotEmpty)), "{twice:?}");
        }
    }

    async fn a_backup_that_is_not_whole_restores_nothing(db) {
        work(&db).await;
        let key = BackupKey::generate().unwrap();
        let (file, sums) = dump(&db, &key).await;
        assert_eq!(backup::check(file.as_slice(), &key).unwrap(), sums);
        let other = BackupKey::generate().unwrap();
        assert!(backup::check(file.as_slice(), &other).is_err(), "another key");
        let mut changed = file.clone();
        changed[file.len() / 2] ^= 1;
        let cut = &file[..file.len() - 1];
        let mut store = emptied(&db).await;
        for broken in [changed.as_slice(), cut] {
            assert!(backup::check(broken, &key).is_err());
            run_raw(&mut store, "ROLLBACK".to_owned()).await.ok();
            assert!(backup::load(&mut store, broken, &key, |_, _| Ok(())).await.is_err());
        }
        drop(store);
        let mut store = Offline::fill(db.url()).await.unwrap();
        backup::load(&mut store, file.as_slice(), &key, |_, _| Ok(())).await.unwrap();
    }

    async fn an_engine_is_asked_for_broken_rows_and_for_rules_that_are_off(db) {
        work(&db).await;
        let sound = drill::soundness(&mut Offline::read(db.url()).await.unwrap()).await.unwrap();
        assert_eq!(sound.faults, Vec::<String>::new());
        assert!(sound.foreign_keys > 50 && sound.triggers > 5, "{sound:?}");
        let harm = if db.url().starts_with("sqlite:") {
            "PRAGMA foreign_keys = off;
             INSERT INTO patient_keys (patient, tenant, wrapped) VALUES (x'01', x'01', x'01');"
        } else {
            "ALTER TABLE audit_event DISABLE TRIGGER USER;"
        };
        let mut store = Offline::fill(db.url()).await.unwrap();
        run_raw(&mut store, harm.to_owned()).await.unwrap();
        let harmed = drill::soundness(&mut Offline::read(db.url()).await.unwrap()).await.unwrap();
        assert!(!harmed.faults.is_empty(), "{harmed:?}");
    }

    async fn the_keys_of_all_facilities_open_with_their_master_keys_and_no_others(db) {
        work(&db).await;
        let opened = drill::open_keys(&mut db.read().await.unwrap()).await.unwrap();
        assert!(opened.tenants >= 3, "{opened:?}");
        let vault = std::sync::Arc::new(clinical_vault::Vault::new(
            clinical_vault::MasterKeys::generate().unwrap(),
        ));
        let other = clinical_store::Db::connect(db.url(), vault).await.unwrap();
        let refused = drill::open_keys(&mut other.read().await.unwrap()).await;
        assert!(refused.is_err(), "{refused:?}");
    }
}
