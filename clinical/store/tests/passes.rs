//! A pass opens once, whoever asks, on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::Micros;
use clinical_store::on_both_engines;
use clinical_store::passes::spend;
use uuid::Uuid;

const NOW: Micros = Micros(1_795_420_800_000_000);

on_both_engines! {
    async fn a_pass_is_used_once_until_it_has_expired(db) {
        let id = Uuid::from_u128(1);
        let expires = NOW.plus(60_000_000);
        assert!(spend(&db, id, expires, NOW).await.unwrap());
        assert!(!spend(&db, id, expires, NOW).await.unwrap());
        assert!(spend(&db, Uuid::from_u128(2), expires, NOW).await.unwrap());
        // Cleared away by the next use after its time; nobody takes such a pass any more.
        let later = expires.plus(1);
        assert!(spend(&db, Uuid::from_u128(3), later.plus(60_000_000), later).await.unwrap());
        assert!(spend(&db, id, later.plus(60_000_000), later).await.unwrap());
    }
}
