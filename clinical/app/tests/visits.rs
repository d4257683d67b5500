//! Joining, waiting, guests, links, and what happens in a room.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use clinical_app::Actor;
use clinical_app::booking::{LinkError, NewLink, cancel, new_link, reschedule, revoke_link};
use clinical_app::observe::{ObserveError, observe};
use clinical_app::visits::{
    AddGuestError, ChatError, Entry, GUESTS_MAX, GuestCommand, JoinError, LiveEffect,
    RemoveGuestError, RoomMode, VisitEvent, VisitEventError, add_guest, append_chat,
    connection_test, join_as_doctor, keep_mode, link_queue, link_test, load_room, mark_read,
    readmit, record_visit_event, redeem, remove_guest,
};
use clinical_model::booking::{Appointment, AppointmentStage, PersonName, Relation};
use clinical_model::visits::{JoinLinkToken, JoinRefusal};
use clinical_model::{AuditActor, AuditEntry, GuestId, Micros, Position, Role};
use clinical_store::on_both_engines;
use clinical_store::testbed::TestDb;
use signaling_protocol::{ChatId, ChatText, Grants, ParticipantId, Role as RoomRole, RoomId};
use signaling_ticket::{Observed, Purpose};
use support::{MIN, MONDAY, Practice, here};
use uuid::Uuid;

/// One visit on Monday 08:00, seen at 07:45.
struct Visit {
    practice: Practice,
    doctor: Actor,
    patient: Actor,
    appointment: Appointment,
    link: NewLink,
}

impl Visit {
    async fn booked(db: TestDb) -> Self {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let patient = practice.patient(2).await;
        practice.at(-15);
        let booked = practice.book(&patient, &doctor, 0).await.unwrap();
        Self {
            practice,
            doctor,
            patient,
            appointment: booked.record.appointment,
            link: booked.link,
        }
    }

    async fn redeem(&self, link: &NewLink) -> Result<Entry, JoinError> {
        redeem(&self.practice.desk, here(), &link.token.to_text()).await
    }

    fn room(&self) -> RoomId {
        RoomId::from_uuid(self.appointment.room.as_uuid())
    }

    fn the_patient(&self) -> ParticipantId {
        ParticipantId::from_uuid(self.appointment.patient_participant.as_uuid())
    }

    fn the_doctor(&self) -> ParticipantId {
        ParticipantId::from_uuid(self.appointment.doctor_participant.as_uuid())
    }

    async fn tell(&self, event: VisitEvent) -> Result<(), VisitEventError> {
        record_visit_event(&self.practice.desk, self.room(), event).await
    }

    async fn stage(&self) -> AppointmentStage {
        let mut tx = self.practice.db.read().await.unwrap();
        let found = clinical_store::booking::find(&mut tx, self.appointment.id).await;
        found.unwrap().unwrap().appointment.state.stage()
    }

    async fn admitted(&self, link: &NewLink) -> bool {
        let entry = self.redeem(link).await.unwrap();
        match self.practice.pass(&entry.ticket).purpose {
            Purpose::Visit { admitted, .. } => admitted,
            other => panic!("{other:?}"),
        }
    }

    async fn guest(&self, name: &str) -> Result<(GuestId, NewLink, ParticipantId), AddGuestError> {
        let command = GuestCommand {
            name: PersonName::try_from(name).unwrap(),
            relation: Relation::try_from("daughter").unwrap(),
        };
        let desk = &self.practice.desk;
        let invited = add_guest(desk, &self.patient, self.appointment.id, command).await?;
        let participant = ParticipantId::from_uuid(invited.guest.participant.as_uuid());
        Ok((invited.guest.id, invited.link, participant))
    }
}

fn refusal(result: Result<Entry, JoinError>) -> JoinRefusal {
    match result {
        Err(JoinError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

on_both_engines! {
    async fn the_patients_link_opens_the_lobby_of_their_visit(db) {
        let visit = Visit::booked(db).await;
        let entry = visit.redeem(&visit.link).await.unwrap();
        assert_eq!((entry.my_name.as_str(), entry.my_role), ("Person 2", RoomRole::Patient));
        assert_eq!(entry.queue.place, 1);
        assert_eq!(entry.queue.expected, MONDAY);
        assert_eq!(
            visit.practice.pass(&entry.ticket).purpose,
            Purpose::Visit {
                room: visit.room(),
                participant: visit.the_patient(),
                name: "Person 2".to_owned(),
                role: RoomRole::Patient,
                relation: None,
                admitted: false,
            }
        );
        let again = visit.redeem(&visit.link).await.unwrap();
        assert_ne!(again.ticket, entry.ticket, "every pass is another one");
    }

    async fn the_door_is_closed_too_early_and_after_the_end(db) {
        let visit = Visit::booked(db).await;
        visit.practice.at(-31);
        let opens_at = MONDAY.plus(-30 * MIN);
        assert_eq!(refusal(visit.redeem(&visit.link).await), JoinRefusal::TooEarly { opens_at });
        let desk = &visit.practice.desk;
        assert!(link_test(desk, here(), &visit.link.token.to_text()).await.is_ok());
        visit.practice.at(5);
        visit.tell(VisitEvent::Started).await.unwrap();
        visit.tell(VisitEvent::Ended { by: visit.the_doctor() }).await.unwrap();
        assert_eq!(refusal(visit.redeem(&visit.link).await), JoinRefusal::Ended);
        let doctor = join_as_doctor(desk, &visit.doctor, visit.appointment.id).await;
        assert_eq!(refusal(doctor), JoinRefusal::Ended);
    }

    async fn a_link_expires_half_a_day_after_the_end(db) {
        let visit = Visit::booked(db).await;
        visit.practice.at(15 + 12 * 60 - 1);
        assert!(visit.redeem(&visit.link).await.is_ok());
        visit.practice.at(15 + 12 * 60);
        assert_eq!(refusal(visit.redeem(&visit.link).await), JoinRefusal::LinkRevoked);
    }

    async fn a_cancelled_visit_says_so_at_its_door(db) {
        let visit = Visit::booked(db).await;
        cancel(&visit.practice.desk, &visit.doctor, visit.appointment.id).await.unwrap();
        assert_eq!(refusal(visit.redeem(&visit.link).await), JoinRefusal::Cancelled);
        let made = new_link(&visit.practice.desk, &visit.patient, visit.appointment.id).await;
        assert!(matches!(made, Err(LinkError::Over)));
        assert!(matches!(visit.guest("Late").await, Err(AddGuestError::Over)));
    }

    async fn a_new_link_replaces_the_old_one_and_a_revoked_one_drops_its_holder(db) {
        let mut visit = Visit::booked(db).await;
        let id = visit.appointment.id;
        let fresh = new_link(&visit.practice.desk, &visit.patient, id).await.unwrap();
        assert_eq!(refusal(visit.redeem(&visit.link).await), JoinRefusal::LinkRevoked);
        assert!(visit.redeem(&fresh).await.is_ok());
        assert!(visit.practice.effects.try_recv().is_err(), "who is inside stays");
        let by = visit.the_doctor();
        visit.tell(VisitEvent::Admitted { participant: visit.the_patient(), by }).await.unwrap();
        revoke_link(&visit.practice.desk, &visit.patient, id).await.unwrap();
        assert_eq!(refusal(visit.redeem(&fresh).await), JoinRefusal::LinkRevoked);
        let (room, participant) = (visit.appointment.room, visit.appointment.patient_participant);
        let effect = visit.practice.effects.try_recv().unwrap();
        assert_eq!(effect, LiveEffect::DropParticipant { room, participant });
        let next = new_link(&visit.practice.desk, &visit.patient, id).await.unwrap();
        assert!(!visit.admitted(&next).await, "they wait again");
    }

    async fn a_text_that_is_no_link_leads_nowhere_and_tries_are_counted(db) {
        let visit = Visit::booked(db).await;
        let desk = &visit.practice.desk;
        let guess = JoinLinkToken::from_random([1; 32]).to_text();
        for token in ["", "x", guess.as_str()] {
            let nowhere = redeem(desk, here(), token).await;
            assert!(matches!(nowhere, Err(JoinError::NotFound)), "{token}");
        }
        for _ in 0..200 {
            visit.redeem(&visit.link).await.unwrap();
        }
        let mut limited = false;
        for _ in 0..200 {
            limited |= matches!(redeem(desk, here(), &guess).await, Err(JoinError::Limited(_)));
        }
        assert!(limited);
        let elsewhere = clinical_app::Origin::from(std::net::IpAddr::from([192, 0, 2, 2]));
        assert!(redeem(desk, elsewhere, &visit.link.token.to_text()).await.is_ok());
    }

    async fn the_doctor_enters_her_own_visits_only(db) {
        let visit = Visit::booked(db).await;
        let other = visit.practice.doctor(3).await;
        let (desk, id) = (&visit.practice.desk, visit.appointment.id);
        let entry = join_as_doctor(desk, &visit.doctor, id).await.unwrap();
        let pass = visit.practice.pass(&entry.ticket);
        assert!(matches!(
            pass.purpose,
            Purpose::Visit { role: RoomRole::Clinician, admitted: true, participant, .. }
                if participant == visit.the_doctor()
        ));
        for actor in [&other, &visit.patient] {
            let refused = join_as_doctor(desk, actor, id).await;
            assert!(matches!(refused, Err(JoinError::NotFound)));
        }
    }

    async fn a_guest_comes_by_their_own_link_until_they_are_removed(db) {
        let mut visit = Visit::booked(db).await;
        let (id, link, participant) = visit.guest("Chantal").await.unwrap();
        let entry = visit.redeem(&link).await.unwrap();
        assert!(matches!(
            visit.practice.pass(&entry.ticket).purpose,
            Purpose::Visit { role: RoomRole::Guest, relation: Some(relation), name, .. }
                if relation == "daughter" && name == "Chantal"
        ));
        let by = visit.the_doctor();
        visit.tell(VisitEvent::Admitted { participant, by }).await.unwrap();
        assert!(visit.admitted(&link).await);
        assert_eq!(visit.stage().await, AppointmentStage::Booked, "a guest begins no visit");
        let (desk, of) = (&visit.practice.desk, visit.appointment.id);
        let other = visit.practice.patient(9).await;
        let refused = remove_guest(desk, &other, of, id).await;
        assert!(matches!(refused, Err(RemoveGuestError::NotFound)));
        remove_guest(desk, &visit.doctor, of, id).await.unwrap();
        let again = remove_guest(desk, &visit.doctor, of, id).await;
        assert!(matches!(again, Err(RemoveGuestError::NotFound)));
        assert_eq!(refusal(visit.redeem(&link).await), JoinRefusal::LinkRevoked);
        let effect = visit.practice.effects.try_recv().unwrap();
        assert!(matches!(effect, LiveEffect::DropParticipant { participant: who, .. }
            if who.as_uuid() == participant.as_uuid()));
    }

    async fn who_was_in_a_visit_comes_back_while_their_way_in_works(db) {
        let visit = Visit::booked(db).await;
        let (guest, _, the_guest) = visit.guest("Chantal").await.unwrap();
        let (desk, room) = (&visit.practice.desk, visit.room());
        let by = visit.the_doctor();
        let back = async |who| readmit(desk, room, who).await.unwrap();
        let doctor = back(by).await.unwrap();
        assert_eq!((doctor.role, doctor.admitted), (RoomRole::Clinician, true));
        let waits = back(visit.the_patient()).await.unwrap();
        assert_eq!((waits.role, waits.admitted), (RoomRole::Patient, false));
        visit.tell(VisitEvent::Admitted { participant: visit.the_patient(), by }).await.unwrap();
        let patient = back(visit.the_patient()).await.unwrap();
        assert_eq!((patient.name.as_str(), patient.admitted), ("Person 2", true));
        let relation = back(the_guest).await.unwrap().relation;
        assert_eq!(relation.as_deref(), Some("daughter"));

        remove_guest(desk, &visit.doctor, visit.appointment.id, guest).await.unwrap();
        assert_eq!(back(the_guest).await, None, "the invitation was taken back");
        let stranger = ParticipantId::from_uuid(Uuid::from_u128(1));
        assert_eq!(back(stranger).await, None);
        let elsewhere = RoomId::from_uuid(Uuid::from_u128(1));
        assert_eq!(readmit(desk, elsewhere, by).await.unwrap(), None);
        visit.tell(VisitEvent::Removed { participant: visit.the_patient(), by }).await.unwrap();
        assert!(!back(visit.the_patient()).await.unwrap().admitted, "removed: they wait");
        let id = visit.appointment.id;
        revoke_link(desk, &visit.patient, id).await.unwrap();
        assert_eq!(back(visit.the_patient()).await, None, "the link was taken back");
        let mut tx = visit.practice.db.begin().await.unwrap();
        let was = clinical_store::identity::account(&mut tx, visit.doctor.user).await.unwrap().unwrap();
        let mut other = was.clone();
        other.position = Position::without_profile(Role::Admin).unwrap();
        assert!(clinical_store::people::change(&mut tx, &other, "", 1).await.unwrap());
        tx.commit(AuditEntry::done(AuditActor::System, "test", MONDAY)).await.unwrap();
        assert_eq!(back(by).await, None, "no doctor any more");
        let mut tx = visit.practice.db.begin().await.unwrap();
        assert!(clinical_store::people::change(&mut tx, &was, "", 2).await.unwrap());
        tx.commit(AuditEntry::done(AuditActor::System, "test", MONDAY)).await.unwrap();
        assert!(back(by).await.is_some());
        let mut tx = visit.practice.db.begin().await.unwrap();
        clinical_store::identity::set_disabled(&mut tx, visit.doctor.user, true).await.unwrap();
        tx.commit(AuditEntry::done(AuditActor::System, "test", MONDAY)).await.unwrap();
        assert_eq!(back(by).await, None, "the account was shut");
    }

    async fn who_was_in_a_visit_does_not_come_back_into_one_that_is_over(db) {
        let visit = Visit::booked(db).await;
        let by = visit.the_doctor();
        visit.tell(VisitEvent::Admitted { participant: visit.the_patient(), by }).await.unwrap();
        visit.tell(VisitEvent::Started).await.unwrap();
        visit.tell(VisitEvent::Ended { by }).await.unwrap();
        for who in [by, visit.the_patient()] {
            let back = readmit(&visit.practice.desk, visit.room(), who).await.unwrap();
            assert_eq!(back, None);
        }
    }

    async fn a_visit_has_room_for_so_many_guests(db) {
        let visit = Visit::booked(db).await;
        for n in 0..GUESTS_MAX {
            visit.guest(&format!("Guest {n}")).await.unwrap();
        }
        assert!(matches!(visit.guest("One more").await, Err(AddGuestError::Full)));
    }

    async fn what_happens_in_the_room_moves_the_appointment(db) {
        let visit = Visit::booked(db).await;
        let (patient, by) = (visit.the_patient(), visit.the_doctor());
        visit.tell(VisitEvent::Arrived { participant: by }).await.unwrap();
        assert_eq!(visit.stage().await, AppointmentStage::Booked, "the doctor is no patient");
        visit.tell(VisitEvent::Arrived { participant: patient }).await.unwrap();
        assert_eq!(visit.stage().await, AppointmentStage::Arrived);
        visit.tell(VisitEvent::Left { participant: patient }).await.unwrap();
        assert_eq!(visit.stage().await, AppointmentStage::Booked);
        visit.tell(VisitEvent::Arrived { participant: patient }).await.unwrap();
        assert!(!visit.admitted(&visit.link).await);
        for _ in 0..2 {
            visit.tell(VisitEvent::Admitted { participant: patient, by }).await.unwrap();
            visit.tell(VisitEvent::Started).await.unwrap();
        }
        assert_eq!(visit.stage().await, AppointmentStage::InProgress);
        assert!(visit.admitted(&visit.link).await, "a reload needs no second admission");
        visit.tell(VisitEvent::Left { participant: patient }).await.unwrap();
        assert_eq!(visit.stage().await, AppointmentStage::InProgress, "only the doctor ends it");
        visit.tell(VisitEvent::Removed { participant: patient, by }).await.unwrap();
        assert!(!visit.admitted(&visit.link).await);
        for _ in 0..2 {
            visit.tell(VisitEvent::Ended { by }).await.unwrap();
            assert_eq!(visit.stage().await, AppointmentStage::Finished);
        }
        assert!(load_room(&visit.practice.desk, visit.room()).await.unwrap().ended);
        let late = visit.tell(VisitEvent::Arrived { participant: patient }).await;
        assert!(matches!(late, Err(VisitEventError::State(_))));
        let nowhere = RoomId::from_uuid(Uuid::from_u128(1));
        let lost = record_visit_event(&visit.practice.desk, nowhere, VisitEvent::Started).await;
        assert!(matches!(lost, Err(VisitEventError::NoRoom)));
    }

    async fn a_visit_nobody_came_to_stays_booked_when_the_doctor_goes(db) {
        let visit = Visit::booked(db).await;
        visit.tell(VisitEvent::Ended { by: visit.the_doctor() }).await.unwrap();
        assert_eq!(visit.stage().await, AppointmentStage::Booked);
        visit.tell(VisitEvent::Arrived { participant: visit.the_patient() }).await.unwrap();
        visit.tell(VisitEvent::Ended { by: visit.the_doctor() }).await.unwrap();
        assert_eq!(visit.stage().await, AppointmentStage::Finished);
    }

    async fn who_booked_later_waits_behind_who_booked_earlier(db) {
        let visit = Visit::booked(db).await;
        let second = visit.practice.patient(3).await;
        let later = visit.practice.book(&second, &visit.doctor, 15).await.unwrap();
        let token = later.link.token.to_text();
        let place = async |minutes: i64| {
            visit.practice.at(minutes);
            let place = link_queue(&visit.practice.desk, here(), &token).await.unwrap();
            (place.place, place.expected.since(MONDAY) / MIN)
        };
        assert_eq!(place(-5).await, (1, 15));
        visit.tell(VisitEvent::Arrived { participant: visit.the_patient() }).await.unwrap();
        assert_eq!(place(-5).await, (2, 15));
        assert_eq!(place(10).await, (2, 25));
        visit.tell(VisitEvent::Started).await.unwrap();
        assert_eq!(place(12).await, (1, 25));
        visit.tell(VisitEvent::Ended { by: visit.the_doctor() }).await.unwrap();
        assert_eq!(place(20).await, (1, 20));
    }

    async fn chat_is_numbered_without_gaps_and_stored_once(db) {
        let visit = Visit::booked(db).await;
        let (desk, room) = (&visit.practice.desk, visit.room());
        let author = (visit.the_patient(), "Person 2");
        let text = ChatText::try_from("Bonjour".to_owned()).unwrap();
        let id = |n: u128| ChatId::from_uuid(Uuid::from_u128(n));
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..40 {
            let (desk, text, from) = (desk.clone(), text.clone(), visit.the_patient());
            // Every message is sent twice, as after a lost connection.
            tasks.spawn(async move {
                append_chat(&desk, room, id(n / 2), (from, "Person 2"), &text).await.unwrap().seq
            });
        }
        let mut given = tasks.join_all().await;
        given.sort_unstable();
        given.dedup();
        assert_eq!(given, (1..=20).collect::<Vec<u64>>());
        let state = load_room(desk, room).await.unwrap();
        assert_eq!(state.chat.iter().map(|m| m.seq).collect::<Vec<u64>>(), given);
        assert!(!state.ended);
        let again = append_chat(desk, room, id(0), author, &text).await.unwrap();
        assert_eq!(Some(&again), state.chat.iter().find(|m| m.id == id(0)));
        let other = (visit.the_doctor(), "Person 1");
        let stolen = append_chat(desk, room, id(0), other, &text).await;
        assert!(matches!(stolen, Err(ChatError::IdTaken)));
        let nowhere = RoomId::from_uuid(Uuid::from_u128(1));
        let lost = append_chat(desk, nowhere, id(99), author, &text).await;
        assert!(matches!(lost, Err(ChatError::NoRoom)));
    }

    /// Whoever opens the room anew finds it as it was last, and after another booking as a new one.
    async fn how_a_room_is_stays_with_its_visit(db) {
        let visit = Visit::booked(db).await;
        let (desk, room) = (&visit.practice.desk, visit.room());
        assert_eq!(load_room(desk, room).await.unwrap().mode, RoomMode::default());
        let mut seen = Grants::ALL;
        seen.publish.screen = false;
        let mut deaf = Grants::ALL;
        deaf.publish.microphone = false;
        deaf.subscribe = false;
        let mut curbed = vec![(visit.the_patient(), seen), (visit.the_doctor(), deaf)];
        curbed.sort_unstable_by_key(|(id, _)| *id);
        let lifted = curbed.split_off(1);
        let both = RoomMode { encrypted: true, curbed: [curbed.clone(), lifted].concat() };
        for mode in [both.clone(), RoomMode { encrypted: false, curbed }, RoomMode::default()] {
            keep_mode(desk, room, &mode).await.unwrap();
            assert_eq!(load_room(desk, room).await.unwrap().mode, mode);
        }
        keep_mode(desk, room, &both).await.unwrap();
        let later = MONDAY.plus(15 * MIN);
        reschedule(desk, &visit.doctor, visit.appointment.id, later).await.unwrap();
        assert_eq!(load_room(desk, room).await.unwrap().mode, RoomMode::default());
        let nowhere = RoomId::from_uuid(Uuid::from_u128(1));
        let lost = keep_mode(desk, nowhere, &RoomMode::default()).await;
        assert!(matches!(lost, Err(ChatError::NoRoom)));
    }

    async fn a_read_mark_never_goes_back(db) {
        let visit = Visit::booked(db).await;
        let (desk, room, me) = (&visit.practice.desk, visit.room(), visit.the_patient());
        for (seq, kept) in [(3, 3), (2, 3), (5, 5)] {
            mark_read(desk, room, me, seq).await.unwrap();
            assert_eq!(load_room(desk, room).await.unwrap().read, [(me, kept)]);
        }
    }

    async fn a_doctor_watches_her_own_rooms_of_these_days_and_an_admin_all(db) {
        let visit = Visit::booked(db).await;
        let desk = &visit.practice.desk;
        visit.practice.book(&visit.patient, &visit.doctor, 3 * 24 * 60).await.unwrap();
        let other = visit.practice.doctor(3).await;
        let admin = visit.practice.person(4, Role::Admin).await;
        let rooms = async |actor| {
            let ticket = observe(desk, actor).await.unwrap();
            match visit.practice.pass(&ticket).purpose {
                Purpose::Observe { rooms } => rooms,
                purpose => panic!("{purpose:?}"),
            }
        };
        assert_eq!(rooms(&visit.doctor).await, Observed::Rooms(vec![visit.room()]));
        assert_eq!(rooms(&other).await, Observed::Rooms(vec![]));
        assert_eq!(rooms(&admin).await, Observed::All);
        let nurse = visit.practice.person(5, Role::Nurse).await;
        for actor in [&visit.patient, &nurse] {
            assert!(matches!(observe(desk, actor).await, Err(ObserveError::Forbidden)));
        }
    }

    async fn a_connection_test_opens_no_visit(db) {
        let practice = Practice::open(db);
        let pass = practice.pass(&connection_test(&practice.desk).unwrap().ticket);
        assert!(matches!(pass.purpose, Purpose::ConnectionTest { .. }));
        assert!(pass.expires_us <= MONDAY.plus(2 * MIN).0);
        assert!(pass.expires_us > MONDAY.plus(30 * Micros::SECOND).0);
    }
}
