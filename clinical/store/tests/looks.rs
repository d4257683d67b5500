//! Looks: nothing is shown before it is durable who looked, on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_ledger::Checkpoints;
use clinical_model::{AuditActor, AuditEntry, Micros, Once, TenantId};
use clinical_store::offline::Offline;
use clinical_store::testbed::{audit_rows, make_facility, run_raw};
use clinical_store::{Db, StoreError, on_both_engines, trail};
use uuid::Uuid;

const TENANTS: [TenantId; 3] = [
    TenantId::from_uuid(Uuid::from_u128(0xc11)),
    TenantId::from_uuid(Uuid::from_u128(0xc12)),
    TenantId::from_uuid(Uuid::from_u128(0xc13)),
];

fn entry(tenant: TenantId, at: i64) -> AuditEntry {
    AuditEntry::done(AuditActor::System, "test.look", Micros(at)).within(tenant)
}

async fn rows(db: &Db) -> i64 {
    audit_rows(&mut db.read().await.unwrap()).await.unwrap()
}

async fn look(db: &Db, entry: AuditEntry) -> Result<(), StoreError> {
    db.look().await?.commit(entry).await
}

on_both_engines! {
    async fn every_look_among_many_and_among_changes_is_in_an_unbroken_chain(db) {
        for tenant in TENANTS {
            make_facility(&db, tenant).await;
        }
        let before = rows(&db).await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..240_i64 {
            let (db, tenant) = ((*db).clone(), TENANTS[usize::try_from(number % 3).unwrap()]);
            tasks.spawn(async move {
                if number % 8 == 0 {
                    db.begin().await.unwrap().commit(entry(tenant, number)).await.unwrap();
                } else {
                    let mut look = db.look().await.unwrap();
                    look.also(entry(tenant, number));
                    look.commit(entry(tenant, number)).await.unwrap();
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        assert_eq!(rows(&db).await - before, 30 + 2 * 210);
        let mut store = Offline::read(db.url()).await.unwrap();
        let report = trail::verify(&mut store, Checkpoints::new(Vec::new()).verifier(i64::MAX)).await.unwrap();
        assert!(report.is_honest(), "{:?}", report.faults);
    }

    async fn who_looked_is_durable_when_the_look_is_over(db) {
        make_facility(&db, TENANTS[0]).await;
        let before = rows(&db).await;
        look(&db, entry(TENANTS[0], 1)).await.unwrap();
        assert_eq!(rows(&db).await, before + 1);
    }

    async fn a_look_that_can_not_be_written_down_is_refused(db) {
        make_facility(&db, TENANTS[0]).await;
        let open = db.look().await.unwrap();
        let mut store = Offline::fill(db.url()).await.unwrap();
        run_raw(&mut store, "ALTER TABLE audit_event RENAME TO elsewhere".to_owned()).await.unwrap();
        assert!(open.commit(entry(TENANTS[0], 1)).await.is_err());
        assert!(look(&db, entry(TENANTS[0], 2)).await.is_err());
        run_raw(&mut store, "ALTER TABLE elsewhere RENAME TO audit_event".to_owned()).await.unwrap();
        look(&db, entry(TENANTS[0], 3)).await.unwrap();
    }

    async fn a_look_with_a_key_is_carried_out_once(db) {
        make_facility(&db, TENANTS[0]).await;
        let once = Once { key: Uuid::from_u128(1), request: [1; 32] };
        let keyed = entry(TENANTS[0], 1).carrying_out(Some(once));
        let (one, two, other) = tokio::join!(
            look(&db, keyed),
            look(&db, keyed),
            look(&db, entry(TENANTS[0], 2))
        );
        let repeated = [one, two].into_iter().filter(|it| matches!(it, Err(StoreError::Repeated))).count();
        assert_eq!(repeated, 1);
        other.unwrap();
    }
}
