//! What patients may ask for: corrections, answers about accesses, erasure, a copy of everything.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::net::{IpAddr, Ipv4Addr};

use clinical_app::access::{
    Access, AccessDenied, LooksError, ProxyCommand, give_proxy, join_team, looks,
};
use clinical_app::identity::{Login, NewUser, SignIn, Visitor, authenticate, create_user, login};
use clinical_app::rights::{
    AnswerCommand, AnswerError, EXPORTS_PER_HOUR, ExportError, Law, Putting, RequestKind,
    RequestState, RequestsError, Verdict, Wish, answer, ask, asked, export, waiting,
};
use clinical_app::{AccessKey, Actor, StoreError};
use clinical_model::access::{Label, ProxyRelation, ProxyScope};
use clinical_model::chart::{
    ClinicalStatus, Code, CodeSystem, Condition, DocumentFact, Entry, EntryStatus, Fact,
    Verification,
};
use clinical_model::notes::{Note, NoteState, NoteText};
use clinical_model::text::{CodeText, Line, Prose};
use clinical_model::{
    AuditActor, AuditEntry, DeviceLabel, Email, EntryId, Micros, NoteId, PatientId, Position, Role,
};
use clinical_store::{
    booking, chart, files, identity, keys, notes, on_both_engines, outbox, patients,
};
use support::{MONDAY, Practice, TENANT, record_of};
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery";
const WEEK: i64 = 7 * Micros::DAY;
const YEAR: i64 = 366 * Micros::DAY;
const BLOB: Uuid = Uuid::from_u128(0xb10b);

fn line(text: &str) -> Line {
    Line::try_from(text).unwrap()
}

fn said(text: &str) -> Prose {
    Prose::try_from(text).unwrap()
}

fn condition(words: &str) -> Fact {
    Fact::Condition(Condition {
        code: Code {
            system: CodeSystem::Icd10,
            code: CodeText::try_from("E11").unwrap(),
            display: line(words),
        },
        clinical: ClinicalStatus::Active,
        verification: Verification::Confirmed,
        severity: None,
        onset: None,
        note: None,
    })
}

/// A fact in the chart of patient `n`.
async fn fact(practice: &Practice, n: u128, label: Label, fact: Fact) -> Entry {
    let entry = Entry {
        id: EntryId::from_uuid(Uuid::new_v4()),
        tenant: TENANT,
        patient: record_of(n),
        fact,
        label,
        status: EntryStatus::Active,
        effective: MONDAY,
        recorded: MONDAY,
        author: clinical_model::UserId::from_uuid(Uuid::from_u128(n)),
        appointment: None,
        version: 1,
    };
    let mut tx = practice.db.begin().await.unwrap();
    chart::insert(&mut tx, &entry).await.unwrap();
    tx.commit(AuditEntry::done(AuditActor::System, "test.fact", MONDAY))
        .await
        .unwrap();
    entry
}

fn answering(version: u32, verdict: Verdict, text: Option<&str>) -> AnswerCommand {
    AnswerCommand {
        version,
        verdict,
        text: text.map(said),
        putting: Putting::Nothing,
    }
}

/// An administrator who has signed in just now.
async fn fresh_admin(practice: &Practice) -> Actor {
    let clinic = practice.desk.clinic();
    let key = AccessKey::from_pem(&AccessKey::generate().unwrap()).unwrap();
    let sign_in = SignIn::new(key, &clinic.entropy).unwrap();
    let new = NewUser {
        email: "admin@test.clinic".to_owned(),
        name: "Admin".to_owned(),
        position: Position::without_profile(Role::Admin).unwrap(),
        tenant: TENANT,
        patient: None,
        factor_grace: Micros(i64::MAX),
        password: PASSWORD.to_owned(),
    };
    create_user(clinic, sign_in.passwords(), AuditActor::System, new)
        .await
        .unwrap();
    let visitor = Visitor {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        device: DeviceLabel::of_user_agent("Mozilla/5.0 (Windows NT 10.0) Firefox/128.0"),
    };
    let entered = login(clinic, &sign_in, "admin@test.clinic", PASSWORD, &visitor).await;
    let Login::SignedIn(tokens) = entered.unwrap() else {
        unreachable!("there is no second factor");
    };
    authenticate(clinic, &sign_in, &tokens.access_token)
        .await
        .unwrap()
        .0
}

async fn reach(
    practice: &Practice,
    actor: &Actor,
    patient: PatientId,
) -> Result<Access, AccessDenied> {
    let now = clinical_app::Clock::now(practice.clock.as_ref());
    Access::to(&mut practice.db.read().await.unwrap(), actor, patient, now).await
}

on_both_engines! {
    async fn a_correction_is_answered_by_who_treats_the_patient_and_both_see_it(db) {
        let practice = Practice::open(db);
        let (admin, patient) = (practice.person(1, Role::Admin).await, practice.patient(2).await);
        let (doctor, other) = (practice.doctor(3).await, practice.doctor(4).await);
        let (clinic, record) = (practice.desk.clinic(), record_of(2));
        join_team(clinic, &admin, record, (doctor.user, MONDAY.plus(WEEK))).await.unwrap();
        let wrong = fact(&practice, 2, Label::Normal, condition("Type 2 diabetes")).await;
        let foreign = fact(&practice, 2, Label::Normal, condition("Asthma")).await;

        let wish = |entry| Wish::Correction { entry: Some(entry), text: said("I have no diabetes") };
        let nobody = ask(clinic, &doctor, record, wish(wrong.id)).await;
        assert!(matches!(nobody, Err(RequestsError::Forbidden)), "clinicians do not ask");
        let unknown = ask(clinic, &patient, record, wish(EntryId::from_uuid(Uuid::nil()))).await;
        assert!(matches!(unknown, Err(RequestsError::Unknown("entry"))));
        let request = ask(clinic, &patient, record, wish(wrong.id)).await.unwrap().request;

        assert!(waiting(clinic, &admin).await.unwrap().is_empty(), "it is clinical");
        assert!(waiting(clinic, &other).await.unwrap().is_empty());
        let open = waiting(clinic, &doctor).await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].patient_name.as_deref(), Some("Person 2"));
        assert_eq!(open[0].request.text, Some(said("I have no diabetes")));

        let by = |actor| (clinic, actor, request.id);
        let (c, a, id) = by(&other);
        let hidden = answer(c, a, id, answering(1, Verdict::Accept, None)).await;
        assert!(matches!(hidden, Err(AnswerError::NotFound)));
        let (c, a, id) = by(&doctor);
        let silent = answer(c, a, id, answering(1, Verdict::Decline, None)).await;
        assert!(matches!(silent, Err(AnswerError::Reason)));
        let right = AnswerCommand {
            putting: Putting::Amend { version: 1, fact: Box::new(condition("Impaired glucose tolerance")) },
            ..answering(1, Verdict::Accept, Some("Put right."))
        };
        answer(c, a, id, right).await.unwrap();
        let again = answer(c, a, id, answering(2, Verdict::Decline, Some("No"))).await;
        assert!(matches!(again, Err(AnswerError::State)));

        let seen = asked(clinic, &patient, record).await.unwrap();
        assert_eq!(seen[0].request.state.as_str(), "accepted");
        assert_eq!(seen[0].request.answer, Some(said("Put right.")));
        let access = reach(&practice, &patient, record).await.unwrap();
        let mut conn = practice.db.read().await.unwrap();
        let found = chart::find(&mut conn, access.viewer(), Label::VeryRestricted, wrong.id).await;
        let found = found.unwrap().unwrap();
        assert_eq!((found.version, found.author), (2, doctor.user));
        assert_eq!(found.fact, condition("Impaired glucose tolerance"));
        let untouched = chart::find(&mut conn, access.viewer(), Label::VeryRestricted, foreign.id).await;
        assert_eq!(untouched.unwrap().unwrap().version, 1);
    }

    async fn an_access_that_seems_wrong_is_answered_by_an_administrator(db) {
        let practice = Practice::open(db);
        let (admin, patient) = (practice.person(1, Role::Admin).await, practice.patient(2).await);
        let (clinic, record) = (practice.desk.clinic(), record_of(2));
        looks(clinic, &patient, record, (i64::MAX, 1)).await.unwrap();
        let seq = looks(clinic, &patient, record, (i64::MAX, 1)).await.unwrap()[0].seq;
        let wish = |look| Wish::Access { look, text: said("I do not know this person") };
        let nothing = ask(clinic, &patient, record, wish(seq + 1_000)).await;
        assert!(matches!(nothing, Err(RequestsError::Unknown("seq"))));
        let request = ask(clinic, &patient, record, wish(seq)).await.unwrap().request;
        let open = waiting(clinic, &admin).await.unwrap();
        assert_eq!(open[0].request.look, Some(seq));
        let silent = answer(clinic, &admin, request.id, answering(1, Verdict::Accept, None)).await;
        assert!(matches!(silent, Err(AnswerError::Reason)));
        let told = answering(1, Verdict::Accept, Some("She replaced your doctor."));
        answer(clinic, &admin, request.id, told).await.unwrap();
        let seen = asked(clinic, &patient, record).await.unwrap();
        assert_eq!(seen[0].request.answer, Some(said("She replaced your doctor.")));
    }

    async fn an_erasure_is_refused_while_the_law_keeps_the_record(db) {
        let practice = Practice::open(db);
        let (patient, doctor) = (practice.patient(2).await, practice.doctor(3).await);
        let admin = fresh_admin(&practice).await;
        practice.book(&patient, &doctor, 600).await.unwrap();
        let (clinic, record) = (practice.desk.clinic(), record_of(2));
        let request = ask(clinic, &patient, record, Wish::Erasure).await.unwrap();
        assert_eq!(request.retention.map(|it| it.law), Some(Law::House), "and says so at once");
        let twice = ask(clinic, &patient, record, Wish::Erasure).await;
        assert!(matches!(twice, Err(RequestsError::Waiting)));
        let id = request.request.id;
        let clinician = answer(clinic, &doctor, id, answering(1, Verdict::Accept, None)).await;
        assert!(matches!(clinician, Err(AnswerError::NotFound)));
        let kept = answer(clinic, &admin, id, answering(1, Verdict::Accept, None)).await;
        let Err(AnswerError::Retained { until }) = kept else {
            unreachable!("the record is kept for 20 years");
        };
        assert!(until > MONDAY.plus(19 * YEAR) && until < MONDAY.plus(21 * YEAR));
        answer(clinic, &admin, id, answering(1, Verdict::Decline, None)).await.unwrap();
        let seen = asked(clinic, &patient, record).await.unwrap();
        let RequestState::Retained { law, until: told, .. } = seen[0].request.state else {
            unreachable!("the reason is the law");
        };
        assert_eq!((law, told), (Law::House, until));
        assert!(reach(&practice, &patient, record).await.is_ok(), "nothing was erased");
        ask(clinic, &patient, record, Wish::Erasure).await.unwrap();
    }

    async fn after_an_erasure_nothing_of_the_patient_can_be_opened(db) {
        let practice = Practice::open(db);
        let (patient, doctor) = (practice.patient(2).await, practice.doctor(3).await);
        let (stale, other) = (practice.person(1, Role::Admin).await, practice.patient(5).await);
        let (clinic, record) = (practice.desk.clinic(), record_of(2));
        let booked = practice.book(&patient, &doctor, 600).await.unwrap();
        let visit = booked.record.appointment.id;
        let known = fact(&practice, 2, Label::Normal, condition("Type 2 diabetes")).await;
        let mut tx = practice.db.begin().await.unwrap();
        let of = files::FileOf { tenant: TENANT, patient: record, author: doctor.user, at: MONDAY };
        files::insert(&mut tx, BLOB, of, b"%PDF-1.7 scan").await.unwrap();
        let note = Note {
            id: NoteId::from_uuid(Uuid::new_v4()),
            appointment: visit,
            author: doctor.user,
            text: NoteText::try_from("Cough for a week").unwrap(),
            state: NoteState::Signed { at: MONDAY },
            version: 1,
        };
        notes::insert_note(&mut tx, &note, MONDAY).await.unwrap();
        tx.commit(AuditEntry::done(AuditActor::System, "test.note", MONDAY)).await.unwrap();

        // Nobody came for 21 years.
        practice.clock.set(MONDAY.plus(21 * YEAR));
        let admin = fresh_admin(&practice).await;
        join_team(clinic, &admin, record, (doctor.user, MONDAY.plus(22 * YEAR))).await.unwrap();
        let request = ask(clinic, &patient, record, Wish::Erasure).await.unwrap().request;
        let unproved = answer(clinic, &stale, request.id, answering(1, Verdict::Accept, None)).await;
        assert!(matches!(unproved, Err(AnswerError::StepUpNeeded)));
        assert!(reach(&practice, &doctor, record).await.is_ok());
        let done = answer(clinic, &admin, request.id, answering(1, Verdict::Accept, None)).await.unwrap();
        assert_eq!(done.request.state.as_str(), "accepted");

        for reader in [&doctor, &patient] {
            let erased = reach(&practice, reader, record).await;
            assert!(matches!(erased, Err(AccessDenied::Store(StoreError::Erased))));
        }
        assert!(matches!(reach(&practice, &other, record).await, Err(AccessDenied::NotFound)));
        let mut conn = practice.db.read().await.unwrap();
        assert!(keys::patient_key(&mut conn, record).await.unwrap().is_none());
        assert!(patients::record(&mut conn, TENANT, record).await.unwrap().is_none());
        assert!(chart::judged_facts(&mut conn, record).await.unwrap().is_empty());
        let viewer = doctor.viewer(MONDAY.plus(21 * YEAR));
        let found = chart::find(&mut conn, &viewer, Label::VeryRestricted, known.id).await;
        assert_eq!(found.unwrap(), None);
        assert!(files::bytes(&mut conn, record, BLOB).await.unwrap().is_none());
        assert!(notes::note_of(&mut conn, visit).await.unwrap().is_none());
        let shell = booking::find(&mut conn, visit).await.unwrap().unwrap();
        assert_eq!((shell.patient_name.as_str(), shell.appointment.reason.as_str()), ("-", ""));
        let email = Email::parse("p2@test.clinic").unwrap();
        assert!(identity::credential_by_email(&mut conn, &email).await.unwrap().is_none());
        let account = identity::account(&mut conn, patient.user).await.unwrap().unwrap();
        assert!(account.disabled && account.name == "-");
        let letters = outbox::list(&mut conn, TENANT, None, None).await.unwrap();
        assert!(letters.iter().all(|it| it.recipient != patient.user.as_uuid()));
        drop(conn);
        let mut tx = practice.db.begin().await.unwrap();
        let written = chart::insert(&mut tx, &Entry { id: EntryId::from_uuid(Uuid::new_v4()), ..known }).await;
        assert!(matches!(written, Err(StoreError::Erased)));
        drop(tx);

        // The audit chain stays, and names nobody.
        let chain = looks(clinic, &admin, record, (i64::MAX, 200)).await.unwrap();
        assert!(chain.iter().any(|it| it.action == "rights.erase"));
        let names: Vec<_> = chain.iter().filter_map(|it| it.person.as_ref()).collect();
        assert!(names.iter().all(|it| it.1 != "Person 2"), "{names:?}");
        assert!(matches!(looks(clinic, &other, record, (i64::MAX, 5)).await, Err(LooksError::NotFound)));
        let left = waiting(clinic, &admin).await.unwrap();
        assert_eq!((left[0].request.kind, &left[0].patient_name), (RequestKind::Erasure, &None));
        assert!(reach(&practice, &other, record_of(5)).await.is_ok(), "others are untouched");
    }

    async fn a_copy_holds_what_the_reader_may_see_and_five_an_hour_are_enough(db) {
        let practice = Practice::open(db);
        let (patient, doctor) = (practice.patient(2).await, practice.doctor(3).await);
        let (mother, aunt) = (practice.patient(4).await, practice.patient(5).await);
        let (clinic, record) = (practice.desk.clinic(), record_of(2));
        practice.book(&patient, &doctor, 600).await.unwrap();
        fact(&practice, 2, Label::Normal, condition("Type 2 diabetes")).await;
        fact(&practice, 2, Label::VeryRestricted, condition("Something private")).await;
        let scan = DocumentFact {
            class: Code {
                system: CodeSystem::Loinc,
                code: CodeText::try_from("18842-5").unwrap(),
                display: line("Letter"),
            },
            title: line("Letter of the hospital"),
            media_type: line("text/plain"),
            size_bytes: 5,
            sha256: line("00"),
            blob: BLOB,
        };
        fact(&practice, 2, Label::Normal, Fact::Document(scan)).await;
        let mut tx = practice.db.begin().await.unwrap();
        let of = files::FileOf { tenant: TENANT, patient: record, author: doctor.user, at: MONDAY };
        files::insert(&mut tx, BLOB, of, b"Hello").await.unwrap();
        tx.commit(AuditEntry::done(AuditActor::System, "test.file", MONDAY)).await.unwrap();
        for (n, scope) in [(4, ProxyScope::Act), (5, ProxyScope::View)] {
            let command = ProxyCommand {
                holder: Email::parse(&format!("p{n}@test.clinic")).unwrap(),
                relation: ProxyRelation::Parent,
                scope,
                until: MONDAY.plus(WEEK),
            };
            give_proxy(clinic, &patient, record, command).await.unwrap();
        }

        for reader in [&doctor, &aunt] {
            let refused = export(clinic, reader, record).await;
            assert!(matches!(refused, Err(ExportError::Forbidden)));
        }
        let own = export(clinic, &patient, record).await.unwrap();
        assert_eq!((own.entries.len(), own.visits.len(), own.proxies.len()), (3, 1, 2));
        assert_eq!(own.visits[0].record.appointment.reason.as_str(), "Toux");
        assert_eq!(own.files[0].bytes, b"Hello");
        assert!(own.looks.iter().any(|it| it.action == "rights.export"), "this one too");
        let hers = export(clinic, &mother, record).await.unwrap();
        assert_eq!(hers.entries.len(), 2, "what is confidential is not for who acts for them");

        for _ in 2..EXPORTS_PER_HOUR {
            export(clinic, &patient, record).await.unwrap();
        }
        let Err(ExportError::Limited(limited)) = export(clinic, &patient, record).await else {
            unreachable!("five copies an hour are enough");
        };
        assert!(limited.retry_after_s > 3_500 && limited.retry_after_s <= 3_601);
        practice.at(61);
        export(clinic, &patient, record).await.unwrap();
    }
}
