//! Transactions, audit and migrations on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::{
    Account, AuditActor, AuditEntry, Email, Micros, Position, Role, Session, SessionId, TenantId,
    TokenHash, UserId,
};
use clinical_store::identity::{self, Credential, InsertUserError, PasswordHash};
use clinical_store::testbed::make_facility;
use clinical_store::{Db, on_both_engines};
use clinical_vault::{MasterKeys, Vault};
use uuid::Uuid;

const TENANT: TenantId = TenantId::from_uuid(Uuid::from_u128(77));

fn entry() -> AuditEntry {
    AuditEntry::done(AuditActor::System, "test.act", Micros(1))
}

fn person(id: u128, email: &str) -> Credential {
    Credential {
        account: Account {
            id: UserId::from_uuid(Uuid::from_u128(id)),
            tenant: TENANT,
            email: Email::parse(email).unwrap(),
            name: "Aline".to_owned(),
            position: Position::without_profile(Role::Nurse).unwrap(),
            patient: None,
            factor_grace: Micros(0),
            disabled: false,
        },
        password_hash: PasswordHash("$argon2id$fake".to_owned()),
    }
}

fn hash(text: &str) -> TokenHash {
    TokenHash::from_hex(text.to_owned())
}

async fn store(db: &Db, credential: &Credential) {
    make_facility(db, TENANT).await;
    let mut tx = db.begin().await.unwrap();
    identity::insert_user(&mut tx, credential, Micros(1))
        .await
        .unwrap();
    tx.commit(entry()).await.unwrap();
}

async fn found(db: &Db, id: u128) -> Option<Account> {
    let id = UserId::from_uuid(Uuid::from_u128(id));
    identity::account(&mut db.read().await.unwrap(), id)
        .await
        .unwrap()
}

on_both_engines! {
    async fn what_is_committed_is_there_and_what_is_dropped_is_not(db) {
        store(&db, &person(1, "a@x")).await;
        let mut tx = db.begin().await.unwrap();
        identity::insert_user(&mut tx, &person(2, "b@x"), Micros(1)).await.unwrap();
        drop(tx);
        assert_eq!(found(&db, 1).await, Some(person(1, "a@x").account));
        assert_eq!(found(&db, 2).await, None);
    }

    async fn one_address_is_one_account(db) {
        store(&db, &person(1, "a@x")).await;
        let mut tx = db.begin().await.unwrap();
        let second = identity::insert_user(&mut tx, &person(2, "A@x"), Micros(1)).await;
        assert!(matches!(second, Err(InsertUserError::EmailTaken)), "{second:?}");
    }

    async fn a_reading_transaction_can_not_write(db) {
        // Only the type system separates them for our own code, so the engine is asked directly.
        let mut read = db.read().await.unwrap();
        let refused = clinical_store::testbed::try_write(&mut read).await;
        assert!(refused.is_err(), "{refused:?}");
    }

    async fn audit_rows_are_written_once_per_commit_and_never_changed(db) {
        store(&db, &person(1, "a@x")).await;
        db.begin().await.unwrap().commit(entry()).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        assert_eq!(clinical_store::testbed::audit_rows(&mut tx).await.unwrap(), 4);
        let refused = clinical_store::testbed::try_audit_change(&mut tx).await.unwrap_err();
        assert!(refused.violates("audit_is_append_only", ""), "{refused:?}");
    }

    async fn migrating_again_changes_nothing(db) {
        store(&db, &person(1, "a@x")).await;
        db.migrate().await.unwrap();
        assert!(found(&db, 1).await.is_some());
        db.ping().await.unwrap();
    }

    async fn of_two_rotations_of_one_token_one_wins(db) {
        store(&db, &person(1, "a@x")).await;
        let session = Session {
            id: SessionId::from_uuid(Uuid::from_u128(9)),
            user: UserId::from_uuid(Uuid::from_u128(1)),
            current: hash("one"),
            previous: None,
            rotated: Micros(1),
            created: Micros(1),
            expires: Micros(100),
            revoked: None,
        };
        let mut tx = db.begin().await.unwrap();
        identity::insert_session(&mut tx, &session).await.unwrap();
        tx.commit(entry()).await.unwrap();
        let tries = (0..16).map(|number| {
            let (db, id) = ((*db).clone(), session.id);
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                let next = hash(&format!("two{number}"));
                let won = identity::rotate_session(&mut tx, id, &hash("one"), &next, Micros(2))
                    .await
                    .unwrap();
                tx.commit(entry()).await.unwrap();
                won
            })
        });
        let mut winners = 0;
        for attempt in tries.collect::<Vec<_>>() {
            winners += u32::from(attempt.await.unwrap());
        }
        assert_eq!(winners, 1);
        let stored = identity::session(&mut db.read().await.unwrap(), session.id).await.unwrap();
        assert_eq!(stored.unwrap().previous, Some(hash("one")));
    }

    async fn an_ended_session_is_not_rotated(db) {
        store(&db, &person(1, "a@x")).await;
        let id = SessionId::from_uuid(Uuid::from_u128(9));
        let mut session = Session {
            id,
            user: UserId::from_uuid(Uuid::from_u128(1)),
            current: hash("one"),
            previous: None,
            rotated: Micros(1),
            created: Micros(1),
            expires: Micros(100),
            revoked: None,
        };
        let mut tx = db.begin().await.unwrap();
        identity::insert_session(&mut tx, &session).await.unwrap();
        let to = hash("two");
        assert!(!identity::rotate_session(&mut tx, id, &hash("one"), &to, Micros(100)).await.unwrap());
        assert!(identity::revoke_session(&mut tx, id, Micros(50)).await.unwrap());
        assert!(!identity::revoke_session(&mut tx, id, Micros(60)).await.unwrap());
        assert!(!identity::rotate_session(&mut tx, id, &hash("one"), &to, Micros(70)).await.unwrap());
        session.revoked = Some(Micros(50));
        assert_eq!(identity::session(&mut tx, id).await.unwrap(), Some(session));
        assert_eq!(
            identity::forget_expired_sessions(&mut tx, UserId::from_uuid(Uuid::from_u128(1)), Micros(101))
                .await
                .unwrap(),
            1
        );
    }
}

#[tokio::test]
async fn a_url_of_another_database_is_refused() {
    let vault = Vault::new(MasterKeys::generate().unwrap());
    let refused = Db::connect("mysql://x", vault.into()).await.unwrap_err();
    assert!(refused.to_string().contains("sqlite:"));
}
