//! What was said in a visit with captions: kept for its note, and no longer.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use clinical_app::Actor;
use clinical_app::captions::{DraftError, draft, keep};
use clinical_app::notes::{save_note, sign_note};
use clinical_app::visits::{VisitEvent, record_visit_event};
use clinical_model::booking::Appointment;
use clinical_model::captions::{KEPT_US, Section};
use clinical_model::notes::NoteText;
use clinical_model::{Micros, ParticipantUuid};
use clinical_store::captions::delete_expired;
use clinical_store::on_both_engines;
use clinical_store::testbed::TestDb;
use signaling_protocol::{
    CAPTIONS_WORDING, Caption, ChatText, ParticipantId, Purpose, Role, RoomId,
};
use support::{MONDAY, Practice};

struct Visit {
    practice: Practice,
    doctor: Actor,
    patient: Actor,
    visit: Appointment,
}

impl Visit {
    async fn open(db: TestDb) -> Self {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        let booked = practice.book(&patient, &doctor, 0).await.unwrap();
        let visit = booked.record.appointment;
        Self {
            practice,
            doctor,
            patient,
            visit,
        }
    }

    fn room(&self) -> RoomId {
        RoomId::from_uuid(self.visit.room.as_uuid())
    }

    async fn hear(&self, (who, role): (ParticipantUuid, Role), words: &str, is_final: bool) {
        let caption = Caption {
            participant: ParticipantId::from_uuid(who.as_uuid()),
            text: ChatText::try_from(words.to_owned()).ok(),
            is_final,
            language: "fr".to_owned(),
        };
        let desk = &self.practice.desk;
        keep(desk, self.room(), &caption, ("Awa", role))
            .await
            .unwrap();
    }

    async fn talk(&self) {
        let patient = (self.visit.patient_participant, Role::Patient);
        let doctor = (self.visit.doctor_participant, Role::Clinician);
        self.hear(patient, "J'ai mal", false).await;
        self.hear(patient, "J'ai mal au dos.", true).await;
        self.hear(doctor, "Je vous prescris du repos.", true).await;
    }

    async fn sections(&self) -> Vec<Section> {
        let draft = draft(&self.practice.desk, &self.doctor, self.visit.id)
            .await
            .unwrap();
        draft.outline.sections.iter().map(|(it, _)| *it).collect()
    }

    async fn rows(&self) -> u32 {
        let mut tx = self.practice.db.read().await.unwrap();
        clinical_store::captions::count(&mut tx, self.visit.id)
            .await
            .unwrap()
    }
}

on_both_engines! {
    async fn what_stays_is_kept_for_the_doctor_of_the_visit_alone(db) {
        let it = Visit::open(db).await;
        assert_eq!(it.sections().await, []);
        it.talk().await;
        assert_eq!(it.rows().await, 2, "partial texts are not kept");
        assert_eq!(it.sections().await, [Section::Reason, Section::Plan]);
        let desk = &it.practice.desk;
        let kept = draft(desk, &it.doctor, it.visit.id).await.unwrap();
        assert_eq!(kept.until, Some(Micros(MONDAY.0 + KEPT_US)));
        let other = it.practice.doctor(3).await;
        for actor in [&other, &it.patient] {
            let refused = draft(desk, actor, it.visit.id).await;
            assert!(matches!(refused, Err(DraftError::NotFound)));
        }
    }

    async fn a_signature_deletes_it_and_nothing_is_kept_after(db) {
        let it = Visit::open(db).await;
        it.talk().await;
        let desk = &it.practice.desk;
        let text = NoteText::try_from("Repos.").unwrap();
        save_note(desk, &it.doctor, it.visit.id, (text, 0)).await.unwrap();
        assert_eq!(it.rows().await, 2, "a saved draft is not the end");
        sign_note(desk, &it.doctor, it.visit.id, 1).await.unwrap();
        assert_eq!(it.rows().await, 0);
        it.talk().await;
        assert_eq!(it.rows().await, 0);
    }

    async fn who_takes_their_agreement_back_deletes_it(db) {
        let it = Visit::open(db).await;
        it.talk().await;
        let participant = ParticipantId::from_uuid(it.visit.patient_participant.as_uuid());
        let refused = |purpose| VisitEvent::ConsentRefused { purpose, participant };
        let desk = &it.practice.desk;
        record_visit_event(desk, it.room(), refused(Purpose::Recording)).await.unwrap();
        assert_eq!(it.rows().await, 2, "that was about the recording");
        let given = VisitEvent::ConsentGiven {
            purpose: Purpose::Captions,
            participant,
            wording: CAPTIONS_WORDING,
        };
        record_visit_event(desk, it.room(), given).await.unwrap();
        assert_eq!(it.rows().await, 2);
        it.practice.at(1);
        record_visit_event(desk, it.room(), refused(Purpose::Captions)).await.unwrap();
        assert_eq!(it.rows().await, 0);
    }

    async fn after_two_days_it_is_gone_by_itself(db) {
        let it = Visit::open(db).await;
        it.talk().await;
        let mut tx = it.practice.db.begin().await.unwrap();
        let end = Micros(MONDAY.0 + KEPT_US);
        assert_eq!(delete_expired(&mut tx, Micros(end.0 - 1)).await.unwrap(), 0);
        assert_eq!(delete_expired(&mut tx, end).await.unwrap(), 2);
    }
}
