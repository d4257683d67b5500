//! What calls cost, who is locked out, and whom doctors may call, on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::visits::{CallsUsed, PinTrier};
use clinical_model::{AuditActor, AuditEntry, CallId, ContactId, Micros, TenantId};
use clinical_store::testbed::make_facility;
use clinical_store::visits::{
    Contact, NewCharge, TrunkUse, begin_charge, calls_used, contacts, count_phone_try, end_charge,
    end_lost_charges, forgive_phone_tries, insert_contact, month_use, phone_locks, remove_contact,
};
use clinical_store::{Db, on_both_engines};
use uuid::Uuid;

const A: TenantId = TenantId::from_uuid(Uuid::from_u128(0xa));
const B: TenantId = TenantId::from_uuid(Uuid::from_u128(0xb));
const NOW: Micros = Micros(1_000_000);
const MINUTE: i64 = 60 * Micros::SECOND;

fn done() -> AuditEntry {
    AuditEntry::done(AuditActor::System, "test.act", NOW)
}

const fn call(n: u128) -> CallId {
    CallId::from_uuid(Uuid::from_u128(n))
}

fn charge(n: u128, tenant: TenantId, seconds: i64) -> NewCharge {
    NewCharge {
        id: call(n),
        tenant,
        trunk: "carrier".to_owned(),
        day: 7,
        month: 202_611,
        minute_micros: 250_000,
        seconds,
    }
}

async fn used(db: &Db, tenant: TenantId) -> CallsUsed {
    let mut conn = db.read().await.unwrap();
    calls_used(&mut conn, (tenant, "carrier"), (7, 202_611))
        .await
        .unwrap()
}

const fn both(day_s: i64, month_micros: i64) -> CallsUsed {
    CallsUsed {
        day_s,
        month_micros,
    }
}

on_both_engines! {
    /// The trunk's minutes are of all facilities, its money of each.
    async fn what_is_set_aside_counts_until_the_call_has_ended(db) {
        make_facility(&db, A).await;
        make_facility(&db, B).await;
        let mut tx = db.begin().await.unwrap();
        begin_charge(&mut tx, &charge(1, A, 600), NOW).await.unwrap();
        begin_charge(&mut tx, &charge(2, B, 120), NOW).await.unwrap();
        tx.commit(done()).await.unwrap();
        assert_eq!(used(&db, A).await, both(720, 2_500_000));
        assert_eq!(used(&db, B).await, both(720, 500_000));
        let mut tx = db.begin().await.unwrap();
        assert_eq!(end_charge(&mut tx, call(1), 61, NOW).await.unwrap(), Some(A));
        let again = end_charge(&mut tx, call(1), 600, NOW).await.unwrap();
        assert_eq!(again, None, "it has ended once");
        tx.commit(done()).await.unwrap();
        assert_eq!(used(&db, A).await, both(240, 500_000));
        let mut conn = db.read().await.unwrap();
        let uses = month_use(&mut conn, A, 202_611).await.unwrap();
        let one = TrunkUse { trunk: "carrier".to_owned(), calls: 1, seconds: 120, cost_micros: 500_000 };
        assert_eq!(uses, [one]);
        assert_eq!(month_use(&mut conn, A, 202_612).await.unwrap(), []);
    }

    /// Whoever ended the process does not get the minutes back.
    async fn calls_of_a_process_that_is_gone_count_as_long_as_they_may_have_lasted(db) {
        make_facility(&db, A).await;
        let mut tx = db.begin().await.unwrap();
        begin_charge(&mut tx, &charge(1, A, 600), NOW).await.unwrap();
        begin_charge(&mut tx, &charge(2, A, 60), NOW).await.unwrap();
        tx.commit(done()).await.unwrap();
        assert_eq!(used(&db, A).await.day_s, 660);
        let mut tx = db.begin().await.unwrap();
        let later = NOW.plus(2 * MINUTE + 1);
        assert_eq!(end_lost_charges(&mut tx, later).await.unwrap(), 2);
        assert_eq!(end_lost_charges(&mut tx, later).await.unwrap(), 0);
        tx.commit(done()).await.unwrap();
        assert_eq!(used(&db, A).await, both(180, 750_000));
    }

    /// A number has one facility's list, and the store has it sealed.
    async fn a_list_of_numbers_is_of_one_facility_and_sealed(db) {
        make_facility(&db, A).await;
        make_facility(&db, B).await;
        let contact = Contact {
            id: ContactId::from_uuid(Uuid::from_u128(5)),
            name: "Awa Diallo".try_into().unwrap(),
            number: "+33612345678".parse().unwrap(),
        };
        let mut tx = db.begin().await.unwrap();
        insert_contact(&mut tx, A, &contact, NOW).await.unwrap();
        tx.commit(done()).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        assert_eq!(contacts(&mut tx, A).await.unwrap(), std::slice::from_ref(&contact));
        assert_eq!(contacts(&mut tx, B).await.unwrap(), []);
        assert!(!remove_contact(&mut tx, B, contact.id).await.unwrap());
        assert!(remove_contact(&mut tx, A, contact.id).await.unwrap());
        assert_eq!(contacts(&mut tx, A).await.unwrap(), []);
        tx.commit(done()).await.unwrap();
        assert!(!format!("{contact:?}").contains("Awa"));
    }

    /// A lock outlives whatever process counted, and is shown without the number.
    async fn who_is_locked_is_shown_and_may_be_forgiven(db) {
        make_facility(&db, A).await;
        make_facility(&db, B).await;
        let caller = Some("+33612345678");
        for n in 0..10 {
            let mut tx = db.begin().await.unwrap();
            let may = count_phone_try(&mut tx, A, caller, NOW).await.unwrap();
            assert_eq!(may, n < 9, "try {n}");
            tx.commit(done()).await.unwrap();
        }
        let mut tx = db.begin().await.unwrap();
        let locks = phone_locks(&mut tx, A, NOW).await.unwrap();
        assert_eq!(locks.len(), 1);
        let lock = locks.first().unwrap();
        assert_eq!(lock.trier, PinTrier::Caller);
        assert!(lock.until > NOW);
        assert_eq!(phone_locks(&mut tx, A, lock.until).await.unwrap(), []);
        assert_eq!(phone_locks(&mut tx, B, NOW).await.unwrap(), []);
        assert!(!forgive_phone_tries(&mut tx, B, &lock.who).await.unwrap());
        assert!(forgive_phone_tries(&mut tx, A, &lock.who).await.unwrap());
        assert!(count_phone_try(&mut tx, A, caller, NOW).await.unwrap());
        tx.commit(done()).await.unwrap();
    }
}
