//! The doctor's note and the patient's summary.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use clinical_app::notes::{NoteError, SummaryError, note, save_note, sign_note, summary};
use clinical_app::visits::append_chat;
use clinical_model::notes::{Note, NoteState, NoteText};
use clinical_model::{AppointmentId, Micros};
use clinical_store::notes::{NoteWriteError, insert_note, note_of, update_note};
use clinical_store::on_both_engines;
use signaling_protocol::{ChatId, ChatText, ParticipantId, RoomId};
use support::{MONDAY, Practice};
use uuid::Uuid;

fn text(words: &str) -> NoteText {
    NoteText::try_from(words).unwrap()
}

async fn stored(practice: &Practice, id: AppointmentId) -> Note {
    let mut tx = practice.db.read().await.unwrap();
    note_of(&mut tx, id).await.unwrap().unwrap()
}

on_both_engines! {
    async fn a_note_is_saved_version_by_version_and_then_signed(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        let id = practice.book(&patient, &doctor, 0).await.unwrap().record.appointment.id;
        let desk = &practice.desk;
        assert!(note(desk, &doctor, id).await.unwrap().is_none());
        let unsaved = sign_note(desk, &doctor, id, 0).await;
        assert!(matches!(unsaved, Err(NoteError::Empty)));
        let unread = save_note(desk, &doctor, id, (text("x"), 1)).await;
        assert!(matches!(unread, Err(NoteError::Changed)));
        let first = save_note(desk, &doctor, id, (text(""), 0)).await.unwrap();
        assert_eq!(first.version, 1);
        assert!(matches!(sign_note(desk, &doctor, id, 1).await, Err(NoteError::Empty)));
        let second = save_note(desk, &doctor, id, (text("Repos."), 1)).await.unwrap();
        assert_eq!(second.version, 2);
        for old in [0, 1] {
            let late = save_note(desk, &doctor, id, (text("y"), old)).await;
            assert!(matches!(late, Err(NoteError::Changed)), "version {old}");
            let late = sign_note(desk, &doctor, id, old).await;
            assert!(matches!(late, Err(NoteError::Changed)), "version {old}");
        }
        let signed = sign_note(desk, &doctor, id, 2).await.unwrap();
        assert_eq!(signed.state, NoteState::Signed { at: MONDAY });
        assert_eq!(note(desk, &doctor, id).await.unwrap(), Some(signed));
        let late = save_note(desk, &doctor, id, (text("z"), 2)).await;
        assert!(matches!(late, Err(NoteError::AlreadySigned)));
        let late = sign_note(desk, &doctor, id, 2).await;
        assert!(matches!(late, Err(NoteError::AlreadySigned)));
    }

    async fn a_note_belongs_to_the_doctor_of_the_visit(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        let id = practice.book(&patient, &doctor, 0).await.unwrap().record.appointment.id;
        let other = practice.doctor(3).await;
        let desk = &practice.desk;
        for actor in [&other, &patient] {
            assert!(matches!(note(desk, actor, id).await, Err(NoteError::NotFound)));
            let refused = save_note(desk, actor, id, (text("x"), 0)).await;
            assert!(matches!(refused, Err(NoteError::NotFound)));
            let refused = sign_note(desk, actor, id, 0).await;
            assert!(matches!(refused, Err(NoteError::NotFound)));
        }
    }

    async fn nothing_is_signed_before_the_waiting_room_opens(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        let id = practice.book(&patient, &doctor, 60).await.unwrap().record.appointment.id;
        save_note(&practice.desk, &doctor, id, (text("Prépare"), 0)).await.unwrap();
        let early = sign_note(&practice.desk, &doctor, id, 1).await;
        assert!(matches!(early, Err(NoteError::NoVisit)));
        practice.at(30);
        sign_note(&practice.desk, &doctor, id, 1).await.unwrap();
    }

    async fn the_patient_reads_the_note_only_when_it_is_signed(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        let booked = practice.book(&patient, &doctor, 0).await.unwrap().record.appointment;
        let desk = &practice.desk;
        let author = ParticipantId::from_uuid(booked.patient_participant.as_uuid());
        let words = ChatText::try_from("Merci docteur".to_owned()).unwrap();
        let room = RoomId::from_uuid(booked.room.as_uuid());
        let id = ChatId::from_uuid(Uuid::from_u128(5));
        append_chat(desk, room, id, (author, "Person 2"), &words).await.unwrap();
        save_note(desk, &doctor, booked.id, (text("Repos."), 0)).await.unwrap();
        let draft = summary(desk, &patient, booked.id).await.unwrap();
        assert!(draft.note.is_none() && !draft.record.has_summary);
        assert_eq!(draft.chat.len(), 1);
        sign_note(desk, &doctor, booked.id, 1).await.unwrap();
        for actor in [&patient, &doctor] {
            let signed = summary(desk, actor, booked.id).await.unwrap();
            assert_eq!(signed.note.unwrap().text, text("Repos."));
            assert!(signed.record.has_summary);
        }
        let other = practice.patient(3).await;
        let refused = summary(desk, &other, booked.id).await;
        assert!(matches!(refused, Err(SummaryError::NotFound)));
    }

    async fn the_schema_itself_keeps_a_signed_note(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        let id = practice.book(&patient, &doctor, 0).await.unwrap().record.appointment.id;
        save_note(&practice.desk, &doctor, id, (text("Repos."), 0)).await.unwrap();
        sign_note(&practice.desk, &doctor, id, 1).await.unwrap();
        let mut tx = practice.db.begin().await.unwrap();
        let refused = clinical_store::notes::try_overwrite(&mut tx, id).await.unwrap_err();
        assert!(refused.violates("notes_signed_immutable", ""), "{refused:?}");
        drop(tx);
        let mut forged = stored(&practice, id).await;
        forged.state = NoteState::Draft;
        let mut tx = practice.db.begin().await.unwrap();
        let late = update_note(&mut tx, &forged, 1, Micros(1)).await;
        assert!(matches!(late, Err(NoteWriteError::Changed)));
        drop(tx);
        forged.id = clinical_model::NoteId::from_uuid(Uuid::from_u128(77));
        let mut tx = practice.db.begin().await.unwrap();
        let second = insert_note(&mut tx, &forged, Micros(1)).await;
        assert!(matches!(second, Err(NoteWriteError::Changed)));
    }
}
