//! Reads that may be old, on a real standby.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use clinical_model::{AuditActor, AuditEntry, Micros, TenantId};
use clinical_store::testbed::{
    Pair, TestDb, audit_rows, is_on_standby, make_facility, try_write_stale,
};
use clinical_store::{Db, OpenError, ReplicaSettings, ReplicaState, tenants};
use clinical_vault::{MasterKeys, Vault};
use uuid::Uuid;

const TENANT: TenantId = TenantId::from_uuid(Uuid::from_u128(77));
const LATER: TenantId = TenantId::from_uuid(Uuid::from_u128(78));
const LAG_MAX: Duration = Duration::from_secs(2);

/// How long a machine with other things to do may take for anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a look at figures saw.
struct Seen {
    knows_facility: bool,
    is_by_replica: bool,
}

async fn look(db: &Db, tenant: TenantId) -> Seen {
    let mut look = db.look_stale().await.unwrap();
    let zone = tenants::zone(&mut look, tenant).await.unwrap();
    let is_by_replica = look.is_by_replica();
    // It is what it says: asked in the same transaction.
    assert_eq!(is_on_standby(&mut look).await.unwrap(), is_by_replica);
    let entry = AuditEntry::done(AuditActor::System, "test.look", Micros(1));
    look.commit(entry).await.unwrap();
    Seen {
        knows_facility: zone.is_some(),
        is_by_replica,
    }
}

/// Waits until something holds, and leaves the processor to those who are to bring it about.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let mut pace = tokio::time::interval(Duration::from_millis(50));
    let all = async {
        while !holds().await {
            pace.tick().await;
        }
    };
    let held = tokio::time::timeout(PATIENCE, all).await;
    held.expect("it holds in the end");
}

async fn rows(db: &Db) -> i64 {
    audit_rows(&mut db.read().await.unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_come_from_a_standby_that_is_there_and_not_too_late() {
    let mut pair = Pair::start();
    let vault = Arc::new(Vault::new(MasterKeys::generate().unwrap()));
    let db = Db::connect(&pair.primary_url(), vault).await.unwrap();
    db.migrate().await.unwrap();
    make_facility(&db, TENANT).await;
    assert!(!look(&db, TENANT).await.is_by_replica);
    let settings = ReplicaSettings {
        urls: vec![pair.standby_url(), pair.other_url(), pair.primary_url()],
        lag_max: LAG_MAX,
    };
    let db = db.with_replicas(&settings).unwrap();

    // The first read of a replica already knows the schema and all that was before.
    until(async || {
        let seen = look(&db, TENANT).await;
        assert!(seen.knows_facility);
        seen.is_by_replica
    })
    .await;
    // Another database and the primary itself are no replicas of this one.
    until(async || {
        let states = db.replicas().into_iter().map(|it| it.state);
        states.skip(1).all(|it| it == ReplicaState::Foreign)
    })
    .await;

    // Nothing can be written on it, and who looked stands in the database itself.
    let before = rows(&db).await;
    until(async || look(&db, TENANT).await.is_by_replica).await;
    assert!(rows(&db).await > before);
    until(async || {
        let mut stale = db.look_stale().await.unwrap();
        assert!(try_write_stale(&mut stale).await.is_err());
        stale.is_by_replica()
    })
    .await;

    // It stops replaying: what is older than allowed is never the answer.
    let _ = pair.standby_says("SELECT pg_wal_replay_pause()");
    until(async || pair.standby_says("SELECT pg_get_wal_replay_pause_state()") == "paused").await;
    make_facility(&db, LATER).await;
    let written = Instant::now();
    until(async || {
        let is_due = written.elapsed() > LAG_MAX;
        let seen = look(&db, LATER).await;
        assert!(seen.knows_facility || !is_due, "too old");
        assert_ne!(seen.knows_facility, seen.is_by_replica);
        seen.knows_facility
    })
    .await;
    assert_eq!(db.replicas()[0].state, ReplicaState::Late);
    let _ = pair.standby_says("SELECT pg_wal_replay_resume()");
    until(async || look(&db, LATER).await.is_by_replica).await;

    // It is lost: answers go on, and it is used again when it is back.
    pair.lose_standby();
    for _ in 0..5 {
        let seen = look(&db, LATER).await;
        assert!(seen.knows_facility && !seen.is_by_replica);
    }
    pair.start_standby();
    until(async || look(&db, LATER).await.is_by_replica).await;
    let reads = db.stale_reads();
    assert!(reads.by_replica > 0 && reads.by_primary > 0, "{reads:?}");
    db.close().await;
}

#[tokio::test]
async fn a_file_has_no_replicas_and_reads_what_it_has() {
    let db = TestDb::sqlite().await;
    make_facility(&db, TENANT).await;
    let mut stale = db.look_stale().await.unwrap();
    assert!(!stale.is_by_replica());
    assert!(tenants::zone(&mut stale, TENANT).await.unwrap().is_some());
    assert!(try_write_stale(&mut stale).await.is_err());
    let settings = ReplicaSettings {
        urls: vec!["postgres://replica/clinic".to_owned()],
        lag_max: LAG_MAX,
    };
    let none = Db::clone(&db).with_replicas(&settings);
    assert!(matches!(none, Err(OpenError::NoReplicas)));
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_said_without_its_password() {
    let db = TestDb::postgres().await;
    let settings = ReplicaSettings {
        urls: vec![
            "postgres://replica/clinic".to_owned(),
            "postgres://u:hunter2@replica:port/clinic".to_owned(),
        ],
        lag_max: LAG_MAX,
    };
    let error = Db::clone(&db).with_replicas(&settings).unwrap_err();
    assert!(matches!(error, OpenError::Replica { number: 2, .. }));
    assert!(!format!("{error:?} {settings:?}").contains("hunter2"));
}
