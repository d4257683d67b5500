//! Drafts, files, tags and merges of records on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::access::{CareRelation, Label};
use clinical_model::chart::tags::Tag;
use clinical_model::chart::{Entry, EntryStatus, Fact, NoteFact};
use clinical_model::text::{Line, Prose};
use clinical_model::{
    AuditActor, AuditEntry, EntryId, GrantId, Micros, PatientId, Role, TenantId, UserId,
};
use clinical_store::access::Viewer;
use clinical_store::drafts::{DraftOf, DraftWriteError};
use clinical_store::files::FileOf;
use clinical_store::merges::Merge;
use clinical_store::testbed::{made_up_nurse, made_up_patient, make_facility};
use clinical_store::{
    Db, Tx, access, chart, drafts, files, identity, merges, on_both_engines, patients, tags,
};
use uuid::Uuid;

const A: TenantId = TenantId::from_uuid(Uuid::from_u128(0xa));
const NOW: Micros = Micros(1_000);
const DOCTOR: UserId = UserId::from_uuid(Uuid::from_u128(10));
const FIRST: PatientId = PatientId::from_uuid(Uuid::from_u128(1));
const SECOND: PatientId = PatientId::from_uuid(Uuid::from_u128(2));

fn done() -> AuditEntry {
    AuditEntry::done(AuditActor::System, "test.act", NOW)
}

async fn register(tx: &mut Tx, id: PatientId) {
    let patient = made_up_patient(id, A);
    patients::insert(tx, &patient, NOW).await.unwrap();
}

/// A facility with a doctor and two records.
async fn two_records(db: &Db) -> Viewer {
    make_facility(db, A).await;
    let mut tx = db.begin().await.unwrap();
    let credential = made_up_nurse(DOCTOR, A);
    identity::insert_user(&mut tx, &credential, NOW)
        .await
        .unwrap();
    register(&mut tx, FIRST).await;
    register(&mut tx, SECOND).await;
    tx.commit(done()).await.unwrap();
    Viewer {
        tenant: A,
        person: DOCTOR,
        role: Role::Nurse,
        now: NOW,
    }
}

on_both_engines! {
async fn a_draft_outlives_its_page_and_is_not_overwritten_unseen(db) {
    two_records(&db).await;
    let of = DraftOf {
        tenant: A,
        author: DOCTOR,
        patient: FIRST,
        appointment: None,
    };
    let mut tx = db.begin().await.unwrap();
    assert_eq!(drafts::find(&mut tx, &of).await.unwrap(), None);
    let first = drafts::save(&mut tx, &of, ("Toux", 0), NOW).await.unwrap();
    let second = drafts::save(&mut tx, &of, ("Toux depuis lundi", first), NOW)
        .await
        .unwrap();
    tx.commit(done()).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let draft = drafts::find(&mut tx, &of).await.unwrap().unwrap();
    assert_eq!(
        (draft.body.as_str(), draft.version),
        ("Toux depuis lundi", second)
    );
    let late = drafts::save(&mut tx, &of, ("autre", first), NOW).await;
    assert!(matches!(late, Err(DraftWriteError::Changed)));
    drafts::remove(&mut tx, &of).await.unwrap();
    assert_eq!(drafts::find(&mut tx, &of).await.unwrap(), None);
}

async fn a_file_comes_back_byte_for_byte_and_only_for_its_patient(db) {
    two_records(&db).await;
    let id = Uuid::from_u128(77);
    let of = FileOf {
        tenant: A,
        patient: FIRST,
        author: DOCTOR,
        at: NOW,
    };
    let mut tx = db.begin().await.unwrap();
    files::insert(&mut tx, id, of, b"%PDF-1.7 x").await.unwrap();
    tx.commit(done()).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let bytes = files::bytes(&mut tx, FIRST, id).await.unwrap();
    assert_eq!(bytes.as_deref(), Some(b"%PDF-1.7 x".as_slice()));
    assert_eq!(files::bytes(&mut tx, SECOND, id).await.unwrap(), None);
}

async fn tags_replace_those_before_and_come_back_in_words(db) {
    two_records(&db).await;
    let entry = Entry {
        id: EntryId::from_uuid(Uuid::from_u128(50)),
        tenant: A,
        patient: FIRST,
        fact: Fact::Note(NoteFact {
            title: Line::try_from("Visite").unwrap(),
            text: Prose::try_from("Toux").unwrap(),
        }),
        label: Label::Normal,
        status: EntryStatus::Active,
        effective: NOW,
        recorded: NOW,
        author: DOCTOR,
        appointment: None,
        version: 1,
    };
    let mut tx = db.begin().await.unwrap();
    chart::insert(&mut tx, &entry).await.unwrap();
    for word in ["suivi", "grossesse"] {
        let tag = Tag::parse(word).unwrap();
        tags::put(&mut tx, (FIRST, entry.id), &[tag], (DOCTOR, NOW))
            .await
            .unwrap();
    }
    let found = tags::of_patient(&mut tx, FIRST, Label::VeryRestricted)
        .await
        .unwrap();
    assert_eq!(found, [(entry.id, Tag::parse("grossesse").unwrap())]);
}

async fn a_merge_shares_rights_and_undoing_it_takes_exactly_the_copies_back(db) {
    let viewer = two_records(&db).await;
    let mut tx = db.begin().await.unwrap();
    let relation = CareRelation {
        id: GrantId::from_uuid(Uuid::from_u128(60)),
        tenant: A,
        patient: FIRST,
        clinician: DOCTOR,
        from: Micros(0),
        until: Micros(9_000),
        created_by: DOCTOR,
    };
    access::insert_care_relation(&mut tx, &relation)
        .await
        .unwrap();
    assert_eq!(access::grant(&mut tx, &viewer, SECOND).await.unwrap(), None);
    let merge = Merge {
        id: Uuid::from_u128(70),
        tenant: A,
        loser: FIRST,
        winner: SECOND,
        at: NOW,
        by: DOCTOR,
    };
    let mut next = 700_u128;
    merges::insert(&mut tx, &merge, &mut || {
        next += 1;
        Uuid::from_u128(next)
    })
    .await
    .unwrap();
    assert!(
        access::grant(&mut tx, &viewer, SECOND)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(merges::losers_of(&mut tx, SECOND).await.unwrap(), [FIRST]);
    assert_eq!(merges::of_loser(&mut tx, FIRST).await.unwrap(), Some(merge));
    merges::undo(&mut tx, merge.id, DOCTOR, NOW).await.unwrap();
    assert_eq!(access::grant(&mut tx, &viewer, SECOND).await.unwrap(), None);
    assert!(
        access::grant(&mut tx, &viewer, FIRST)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(merges::of_loser(&mut tx, FIRST).await.unwrap(), None);
}
}
