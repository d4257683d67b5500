//! A request is carried out once, on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::{AuditActor, AuditEntry, Micros, Once, TenantId};
use clinical_store::idempotency::{find, keep};
use clinical_store::testbed::{TestDb, make_facility};
use clinical_store::{StoreError, on_both_engines};
use uuid::Uuid;

const TENANT: TenantId = TenantId::from_uuid(Uuid::from_u128(0xc11));
const NOW: Micros = Micros(1_795_420_800_000_000);

fn once(n: u8) -> Once {
    Once {
        key: Uuid::from_u128(u128::from(n)),
        request: [n; 32],
    }
}

async fn carry_out(db: &TestDb, once: Once, now: Micros) -> Result<(), StoreError> {
    let entry = AuditEntry::done(AuditActor::System, "test.act", now);
    let tx = db.begin().await?;
    tx.commit(entry.within(TENANT).carrying_out(Some(once)))
        .await
}

on_both_engines! {
    async fn the_second_transaction_of_a_request_is_rolled_back(db) {
        make_facility(&db, TENANT).await;
        carry_out(&db, once(1), NOW).await.unwrap();
        let again = carry_out(&db, once(1), NOW).await;
        assert!(matches!(again, Err(StoreError::Repeated)));
        carry_out(&db, once(2), NOW).await.unwrap();
    }

    async fn a_request_whose_answer_was_lost_is_known(db) {
        make_facility(&db, TENANT).await;
        let unknown = find(&mut db.read().await.unwrap(), TENANT, once(1).key, NOW).await.unwrap();
        assert_eq!(unknown, None);
        carry_out(&db, once(1), NOW).await.unwrap();
        let known = find(&mut db.read().await.unwrap(), TENANT, once(1).key, NOW).await.unwrap();
        let known = known.unwrap();
        assert_eq!((known.request, known.answer), (vec![1; 32], None));
    }

    async fn an_answer_is_kept_sealed_for_two_days(db) {
        make_facility(&db, TENANT).await;
        carry_out(&db, once(1), NOW).await.unwrap();
        keep(&db, TENANT, once(1).key, ("Aline has a fever", NOW)).await.unwrap();
        let at = async |now| {
            let mut tx = db.read().await.unwrap();
            find(&mut tx, TENANT, once(1).key, now).await.unwrap().map(|it| it.answer)
        };
        assert_eq!(at(NOW).await.flatten().as_deref(), Some("Aline has a fever"));
        assert_eq!(at(NOW.plus(2 * Micros::DAY)).await.flatten().as_deref(), Some("Aline has a fever"));
        let later = NOW.plus(2 * Micros::DAY + 1);
        assert_eq!(at(later).await, None);
        carry_out(&db, once(1), later).await.unwrap();
        assert_eq!(at(later).await, Some(None), "the old answer is not that of the new request");
    }
}
