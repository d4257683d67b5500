//! Where a schema stands is found out without writing.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_store::offline::Offline;
use clinical_store::on_both_engines;
use clinical_store::schema::{self, Standing, standing};
use clinical_store::testbed::{TestDb, run_raw};

async fn look(db: &TestDb) -> Standing {
    standing(&mut Offline::read(db.url()).await.unwrap())
        .await
        .unwrap()
}

async fn change(db: &TestDb, sql: &str) {
    let mut store = Offline::fill(db.url()).await.unwrap();
    run_raw(&mut store, sql.to_owned()).await.unwrap();
}

on_both_engines! {
    async fn a_store_of_this_version_has_no_step_outstanding(db) {
        assert_eq!(look(&db).await, Standing::default());
    }

    async fn missing_steps_are_named_and_none_is_taken(db) {
        let all = schema::of_nothing().outstanding;
        let last = *all.last().unwrap();
        change(&db, "DELETE FROM _sqlx_migrations
            WHERE version = (SELECT max(version) FROM _sqlx_migrations)").await;
        for _ in 0..2 {
            let found = look(&db).await;
            assert_eq!(found.outstanding, [last]);
            assert!(found.strange.is_empty());
        }
        change(&db, "DROP TABLE _sqlx_migrations").await;
        assert_eq!(look(&db).await, schema::of_nothing());
    }

    async fn steps_of_another_program_are_strange(db) {
        change(&db, "UPDATE _sqlx_migrations SET version = 9999999
            WHERE version = (SELECT max(version) FROM _sqlx_migrations)").await;
        let newer = look(&db).await;
        assert_eq!((newer.outstanding.len(), newer.strange.len()), (1, 1));
        assert!(db.migrate().await.is_err(), "as migrating says");
    }

    async fn a_step_with_another_text_is_strange(db) {
        let other = if db.url().starts_with("sqlite:") { "x'00'" } else { "'\\x00'" };
        change(&db, &format!("UPDATE _sqlx_migrations SET checksum = {other} WHERE version = 2"))
            .await;
        let altered = look(&db).await;
        assert_eq!((altered.outstanding.len(), altered.strange.len()), (0, 1));
        assert!(db.migrate().await.is_err(), "as migrating says");
    }
}
