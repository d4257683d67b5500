//! Secure messages on both engines: who reads what, what counts as unread, pages, facilities.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::text::{Line, MessageText};
use clinical_model::threads::{Closed, Member, Thread};
use clinical_model::{AuditActor, AuditEntry, Micros, PatientId, Role, TenantId, ThreadId, UserId};
use clinical_store::access::Viewer;
use clinical_store::offline::Offline;
use clinical_store::testbed::{TestDb, made_up_nurse, made_up_patient, make_facility, run_raw};
use clinical_store::threads::{
    After, MESSAGES_MAX, Range, everything_of, find, insert, join, leave, list, mark_read,
    messages, people, put_closed, say, unread,
};
use clinical_store::{Tx, identity, on_both_engines, patients, rights};
use uuid::Uuid;

const A: TenantId = TenantId::from_uuid(Uuid::from_u128(0xa));
const B: TenantId = TenantId::from_uuid(Uuid::from_u128(0xb));
const PATIENT: PatientId = PatientId::from_uuid(Uuid::from_u128(0xe));
const NOW: Micros = Micros(1_000);
const MARKER: &str = "Xyloquinte";

fn person(n: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(n))
}

fn viewer(n: u128, tenant: TenantId) -> Viewer {
    Viewer {
        tenant,
        person: person(n),
        role: Role::Nurse,
        now: NOW,
    }
}

fn text(words: &str) -> MessageText {
    MessageText::try_from(words).unwrap()
}

fn done() -> AuditEntry {
    AuditEntry::done(AuditActor::System, "test.act", NOW)
}

async fn staff(tx: &mut Tx, n: u128, tenant: TenantId) {
    let credential = made_up_nurse(person(n), tenant);
    identity::insert_user(tx, &credential, NOW).await.unwrap();
}

/// Two facilities, a patient of the first, nurses 1, 2 and 3 there and nurse 4 in the other.
async fn people_of(db: &TestDb) {
    make_facility(db, A).await;
    make_facility(db, B).await;
    let mut tx = db.begin().await.unwrap();
    let patient = made_up_patient(PATIENT, A);
    patients::insert(&mut tx, &patient, NOW).await.unwrap();
    for (n, tenant) in [(1, A), (2, A), (3, A), (4, B)] {
        staff(&mut tx, n, tenant).await;
    }
    tx.commit(done()).await.unwrap();
}

fn thread(n: u128) -> Thread {
    Thread {
        id: ThreadId::from_uuid(Uuid::from_u128(0x0700 + n)),
        tenant: A,
        patient: PATIENT,
        subject: Line::try_from(format!("{MARKER} {n}")).unwrap(),
        prescription: None,
        created: NOW,
        created_by: person(1),
        last_seq: 0,
        last: NOW,
        closed: None,
    }
}

/// A thread of 1 and 2 in which 1 wrote `count` messages.
async fn talked(db: &TestDb, n: u128, count: u32) -> Thread {
    let thread = thread(n);
    let mut tx = db.begin().await.unwrap();
    insert(&mut tx, &thread).await.unwrap();
    for (who, stays) in [(1, true), (2, false)] {
        let member = Member::new(person(who), stays, NOW);
        join(&mut tx, (A, thread.id), &member).await.unwrap();
    }
    for seq in 1..=count {
        let said = text(&format!("{MARKER} says {seq}"));
        let at = Micros(NOW.0 + i64::from(seq));
        let got = say(&mut tx, &thread, (person(1), &said), at).await.unwrap();
        assert_eq!(got, Some(seq));
    }
    tx.commit(done()).await.unwrap();
    thread
}

on_both_engines! {
    async fn only_members_find_list_count_and_read(db) {
        people_of(&db).await;
        let it = talked(&db, 1, 3).await;
        let mut conn = db.read().await.unwrap();
        for (n, tenant, is_member) in [(1, A, true), (2, A, true), (3, A, false), (4, B, false), (2, B, false)] {
            let who = viewer(n, tenant);
            assert_eq!(find(&mut conn, &who, it.id).await.unwrap().is_some(), is_member, "{n}");
            assert_eq!(list(&mut conn, &who, (None, 10)).await.unwrap().len(), usize::from(is_member), "{n}");
            let read = messages(&mut conn, &who, it.id, Range::Before(u32::MAX)).await.unwrap();
            assert_eq!(read.len(), if is_member { 3 } else { 0 }, "{n}");
            let read = messages(&mut conn, &who, it.id, Range::After(0)).await.unwrap();
            assert_eq!(read.len(), if is_member { 3 } else { 0 }, "{n}");
            let everything = everything_of(&mut conn, &who, PATIENT).await.unwrap();
            assert_eq!(everything.len(), usize::from(is_member), "{n}");
            let waiting = unread(&mut conn, &who).await.unwrap();
            assert_eq!(waiting, if (n, is_member) == (2, true) { 3 } else { 0 }, "{n}");
        }
        drop(conn);
        let mut tx = db.begin().await.unwrap();
        leave(&mut tx, it.id, person(2), NOW).await.unwrap();
        let who = viewer(2, A);
        assert!(find(&mut tx, &who, it.id).await.unwrap().is_none(), "who left reads no more");
        assert_eq!(unread(&mut tx, &who).await.unwrap(), 0);
        assert!(messages(&mut tx, &who, it.id, Range::After(0)).await.unwrap().is_empty());
        assert_eq!(people(&mut tx, it.id).await.unwrap().len(), 2, "and is still known as an author");
        join(&mut tx, (A, it.id), &Member::new(person(2), false, NOW)).await.unwrap();
        assert!(find(&mut tx, &who, it.id).await.unwrap().is_some());
        tx.commit(done()).await.unwrap();
    }

    async fn nobody_of_another_facility_joins_and_strangers_do_not_write(db) {
        people_of(&db).await;
        let it = talked(&db, 1, 1).await;
        for tenant in [A, B] {
            let mut tx = db.begin().await.unwrap();
            let member = Member::new(person(4), false, NOW);
            assert!(join(&mut tx, (tenant, it.id), &member).await.is_err());
        }
        let mut tx = db.begin().await.unwrap();
        assert!(say(&mut tx, &it, (person(3), &text("x")), NOW).await.is_err());
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        assert!(leave(&mut tx, it.id, person(1), NOW).await.is_err(), "who stays does not leave");
    }

    async fn a_mark_moves_forward_only_and_own_messages_are_not_unread(db) {
        people_of(&db).await;
        let it = talked(&db, 1, 5).await;
        let who = viewer(2, A);
        let mut tx = db.begin().await.unwrap();
        assert_eq!(find(&mut tx, &who, it.id).await.unwrap().unwrap().unread, 5);
        assert!(mark_read(&mut tx, it.id, person(2), 3).await.unwrap());
        assert!(!mark_read(&mut tx, it.id, person(2), 2).await.unwrap(), "not back");
        assert!(!mark_read(&mut tx, it.id, person(2), 6).await.unwrap(), "not past the end");
        assert!(!mark_read(&mut tx, it.id, person(3), 4).await.unwrap(), "not for strangers");
        let found = find(&mut tx, &who, it.id).await.unwrap().unwrap();
        assert_eq!((found.read, found.unread), (3, 2));
        say(&mut tx, &it, (person(2), &text("Own words")), NOW).await.unwrap();
        assert_eq!(unread(&mut tx, &who).await.unwrap(), 2);
        assert_eq!(unread(&mut tx, &viewer(1, A)).await.unwrap(), 1, "those of the other");
        tx.commit(done()).await.unwrap();
    }

    async fn pages_hold_everything_once_and_in_order(db) {
        people_of(&db).await;
        let count = MESSAGES_MAX + 7;
        let it = talked(&db, 1, count).await;
        for n in 2..=5 {
            talked(&db, n, 1).await;
        }
        let who = viewer(2, A);
        let mut conn = db.read().await.unwrap();
        let newest = messages(&mut conn, &who, it.id, Range::Before(u32::MAX)).await.unwrap();
        assert_eq!(newest.first().map(|it| it.seq), Some(8));
        assert_eq!(newest.last().map(|it| it.seq), Some(count));
        let older = messages(&mut conn, &who, it.id, Range::Before(8)).await.unwrap();
        let numbers: Vec<u32> = older.iter().map(|it| it.seq).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
        let newer = messages(&mut conn, &who, it.id, Range::After(count - 1)).await.unwrap();
        assert_eq!(newer.len(), 1);
        assert_eq!(newer[0].text, text(&format!("{MARKER} says {count}")));

        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = list(&mut conn, &who, (after, 2)).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(After { last: last.thread.last, id: last.thread.id });
            seen.extend(page.into_iter().map(|it| it.thread.id.as_uuid().as_u128() - 0x0700));
        }
        assert_eq!(seen, [1, 5, 4, 3, 2], "the newest message first, then by id");
    }

    async fn a_closed_thread_takes_no_message(db) {
        people_of(&db).await;
        let it = talked(&db, 1, 1).await;
        let closed = Thread { closed: Some(Closed { at: NOW, by: person(1) }), ..it.clone() };
        let mut tx = db.begin().await.unwrap();
        assert!(put_closed(&mut tx, &closed).await.unwrap());
        assert!(!put_closed(&mut tx, &closed).await.unwrap(), "only once");
        assert_eq!(say(&mut tx, &it, (person(1), &text("x")), NOW).await.unwrap(), None);
        assert!(find(&mut tx, &viewer(2, A), it.id).await.unwrap().unwrap().thread.closed.is_some());
        assert!(put_closed(&mut tx, &it).await.unwrap());
        assert_eq!(say(&mut tx, &it, (person(1), &text("x")), NOW).await.unwrap(), Some(2));
        tx.commit(done()).await.unwrap();
    }

    async fn what_was_written_does_not_change(db) {
        people_of(&db).await;
        talked(&db, 1, 2).await;
        for statement in [
            "UPDATE thread_messages SET at_us = 1",
            "DELETE FROM thread_messages",
            "UPDATE threads SET last_seq = last_seq - 1",
            "UPDATE thread_members SET read_seq = 1; UPDATE thread_members SET read_seq = 0",
        ] {
            let mut store = Offline::fill(db.url()).await.unwrap();
            let error = run_raw(&mut store, statement.to_owned()).await.unwrap_err();
            assert!(error.to_string().contains("messages_are_append_only"), "{statement}: {error}");
        }
    }

    async fn an_erasure_takes_threads_with_it(db) {
        people_of(&db).await;
        let it = talked(&db, 1, 2).await;
        let who = viewer(2, A);
        let mut tx = db.begin().await.unwrap();
        rights::erase(&mut tx, A, PATIENT, NOW).await.unwrap();
        tx.commit(done()).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        assert!(find(&mut tx, &who, it.id).await.unwrap().is_none());
        assert!(list(&mut tx, &who, (None, 10)).await.unwrap().is_empty());
        assert!(messages(&mut tx, &who, it.id, Range::After(0)).await.unwrap().is_empty());
        assert_eq!(unread(&mut tx, &who).await.unwrap(), 0);
        assert!(say(&mut tx, &it, (person(1), &text("x")), NOW).await.is_err());
    }
}

#[tokio::test]
async fn neither_subject_nor_words_lie_in_the_file() {
    let db = TestDb::sqlite().await;
    people_of(&db).await;
    talked(&db, 1, 3).await;
    let path = db.url().strip_prefix("sqlite:").unwrap().to_owned();
    for suffix in ["", "-wal"] {
        let bytes = std::fs::read(format!("{path}{suffix}")).unwrap_or_default();
        let found = bytes
            .windows(MARKER.len())
            .any(|it| it == MARKER.as_bytes());
        assert!(!found, "{suffix}");
        assert!(suffix == "-wal" || !bytes.is_empty());
    }
}
