//! Visits as people have them.

use std::sync::Arc;

use signaling_protocol::{
    Bye, ClientMessage, ErrorCode, Role, ServerMessage, Source, Sources, Stage,
};
use signaling_server::{SignalingConfig, VisitEvent};
use signaling_ticket::Purpose;
use str0m::change::SdpAnswer;

use crate::client::Client;
use crate::house::{DOCTOR, GUEST, House, PATIENT, room, visit, who};
use crate::offers::offer;

#[tokio::test]
async fn a_patient_who_waits_can_offer_nothing_and_after_admission_gets_an_answer() {
    let house = House::open();
    let mut doctor = house.enter(DOCTOR, Role::Clinician).await;
    let mut patient = house.knock(&visit(PATIENT, Role::Patient, false)).await;
    let snapshot = patient.welcome().await;
    assert_eq!(snapshot.stage, Stage::Lobby);
    assert!(snapshot.others.is_empty());
    assert!(snapshot.host_present);

    patient.say(&offer(1).message).await;
    assert_eq!(patient.error().await, ErrorCode::NotAdmitted);
    assert!(house.sfu.stats().await.is_empty(), "no media room exists");

    doctor.admit(PATIENT).await;
    let snapshot = patient.admitted().await;
    assert_eq!(snapshot.others.len(), 1);

    let mut engine = offer(1);
    patient.say(&engine.message).await;
    let sdp = patient
        .until(|message| match message {
            ServerMessage::Answer { sdp, .. } => Some(sdp.clone()),
            _ => None,
        })
        .await;
    let answer = SdpAnswer::from_sdp_string(sdp.as_str()).unwrap();
    let accepted = engine.rtc.sdp_api().accept_answer(engine.pending, answer);
    assert!(accepted.is_ok());
    assert_eq!(
        house.clinic.events(room()).last(),
        Some(&VisitEvent::Started)
    );
}

#[tokio::test]
async fn slots_name_who_is_heard_and_seen() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    let sources = Sources {
        microphone: true,
        camera: true,
        screen: false,
    };
    patient.say(&ClientMessage::Media { sources }).await;
    patient.say(&offer(1).message).await;
    patient
        .until(|m| matches!(m, ServerMessage::Answer { .. }).then_some(()))
        .await;
    doctor.say(&offer(2).message).await;
    let bound = doctor
        .until(|message| match message {
            ServerMessage::Slots { slots, .. } if slots.len() == 2 => Some(slots.clone()),
            _ => None,
        })
        .await;
    assert!(bound.iter().all(|slot| slot.participant == who(PATIENT)));
    let mut kinds: Vec<_> = bound.iter().map(|slot| slot.source).collect();
    kinds.sort();
    assert_eq!(kinds, [Source::Microphone, Source::Camera]);

    patient.say(&ClientMessage::Leave).await;
    assert_eq!(patient.bye().await, Bye::Left);
    doctor
        .until(|message| match message {
            ServerMessage::Slots { slots, .. } => slots.is_empty().then_some(()),
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn chat_goes_both_ways_and_keeps_its_order_over_a_reload() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    patient.chat(1, "bonjour").await;
    assert_eq!(doctor.hears_chat().await, (1, "bonjour".to_owned()));
    doctor.chat(2, "hello").await;
    assert_eq!(patient.hears_chat().await, (1, "bonjour".to_owned()));
    assert_eq!(patient.hears_chat().await, (2, "hello".to_owned()));
    patient.chat(1, "bonjour").await;
    assert_eq!(patient.hears_chat().await, (1, "bonjour".to_owned()));
    patient.say(&ClientMessage::ChatRead { seq: 1 }).await;

    let mut reloaded = house.knock(&visit(PATIENT, Role::Patient, false)).await;
    let snapshot = reloaded.welcome().await;
    assert_eq!(snapshot.stage, Stage::Admitted);
    let words: Vec<_> = snapshot.chat.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(words, ["bonjour", "hello"]);
    assert_eq!(snapshot.chat_read, 1);
    assert_eq!(patient.bye().await, Bye::Replaced);
}

#[tokio::test]
async fn a_lost_socket_is_resumed_with_seat_and_media() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    patient.say(&offer(1).message).await;
    patient
        .until(|m| matches!(m, ServerMessage::Answer { .. }).then_some(()))
        .await;
    let (token, last_seq) = (patient.token.clone(), patient.last_seq());
    drop(patient);
    doctor
        .until(|message| match message {
            ServerMessage::Participant { participant } => (!participant.connected).then_some(()),
            _ => None,
        })
        .await;

    let mut back = Client::resume(house.address, &token, last_seq).await;
    let snapshot = back.welcome().await;
    assert_eq!(snapshot.stage, Stage::Admitted);
    assert!(snapshot.connection.is_some());
    doctor
        .until(|message| match message {
            ServerMessage::Participant { participant } => participant.connected.then_some(()),
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn a_removed_person_cannot_resume_and_waits_again_with_a_fresh_ticket() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    doctor
        .say(&ClientMessage::Remove {
            participant: who(PATIENT),
        })
        .await;
    assert_eq!(patient.bye().await, Bye::Removed);

    let mut resumed = Client::resume(house.address, &patient.token, 0).await;
    assert_eq!(resumed.bye().await, Bye::Unauthorized);
    let mut fresh = house.knock(&visit(PATIENT, Role::Patient, true)).await;
    assert_eq!(fresh.welcome().await.stage, Stage::Lobby);
}

#[tokio::test]
async fn a_refused_guest_is_told() {
    let house = House::open();
    let (mut doctor, _patient) = house.visit().await;
    let mut guest = house.enter(GUEST, Role::Guest).await;
    doctor
        .say(&ClientMessage::Refuse {
            participant: who(GUEST),
        })
        .await;
    assert_eq!(guest.bye().await, Bye::Refused);
}

#[tokio::test]
async fn a_patients_microphone_can_be_switched_off_for_them() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    let sources = Sources {
        microphone: true,
        ..Sources::default()
    };
    patient.say(&ClientMessage::Media { sources }).await;
    doctor
        .say(&ClientMessage::Mute {
            participant: who(PATIENT),
        })
        .await;
    patient
        .until(|m| (*m == ServerMessage::Muted).then_some(()))
        .await;
}

#[tokio::test]
async fn the_end_is_for_everybody_and_for_good() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    doctor.say(&ClientMessage::End).await;
    assert_eq!(doctor.bye().await, Bye::Ended);
    assert_eq!(patient.bye().await, Bye::Ended);
    assert_eq!(doctor.closed_with, Some(1000));
    let mut late = house.knock(&visit(PATIENT, Role::Patient, true)).await;
    assert_eq!(late.bye().await, Bye::Ended);
}

#[tokio::test]
async fn what_the_clinic_cannot_record_does_not_happen() {
    let house = House::open();
    let mut doctor = house.enter(DOCTOR, Role::Clinician).await;
    let mut patient = house.enter(PATIENT, Role::Patient).await;
    house.clinic.set_broken(true);
    doctor.admit(PATIENT).await;
    assert_eq!(doctor.error().await, ErrorCode::Unavailable);
    doctor.say(&ClientMessage::End).await;
    assert_eq!(doctor.error().await, ErrorCode::Unavailable);
    doctor.chat(1, "lost?").await;
    assert_eq!(doctor.error().await, ErrorCode::Unavailable);

    house.clinic.set_broken(false);
    doctor.admit(PATIENT).await;
    assert!(patient.admitted().await.chat.is_empty());
    doctor.chat(1, "lost?").await;
    assert_eq!(patient.hears_chat().await, (1, "lost?".to_owned()));
}

#[tokio::test]
async fn a_room_that_cannot_be_loaded_is_tried_again() {
    let house = House::open();
    house.clinic.set_broken(true);
    let mut early = house.knock(&visit(DOCTOR, Role::Clinician, false)).await;
    assert_eq!(early.error().await, ErrorCode::Unavailable);
    assert_eq!(early.next().await, None);
    assert_eq!(early.closed_with, Some(1013));
    house.clinic.set_broken(false);
    house.enter(DOCTOR, Role::Clinician).await;
}

#[tokio::test]
async fn a_restart_ends_nothing() {
    let clinic = Arc::default();
    let house = House::with(SignalingConfig::default(), Arc::clone(&clinic));
    let (mut doctor, mut patient) = house.visit().await;
    doctor.chat(1, "one moment").await;
    assert_eq!(patient.hears_chat().await.0, 1);
    let ((), doctors, patients) =
        tokio::join!(house.handle.shutdown(), doctor.bye(), patient.bye());
    assert_eq!((doctors, patients), (Bye::Restarting, Bye::Restarting));
    assert_eq!(patient.closed_with, Some(1012));
    let refused = Client::from(house.address, None).await.err().unwrap();
    assert_eq!(refused.status(), 503);
    drop(house);

    let house = House::with(SignalingConfig::default(), clinic);
    let mut patient = house.knock(&visit(PATIENT, Role::Patient, true)).await;
    let snapshot = patient.welcome().await;
    assert_eq!(snapshot.stage, Stage::Admitted);
    assert_eq!(snapshot.chat.len(), 1);
}

#[tokio::test]
async fn the_clinic_can_close_a_room_and_take_a_person_out() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    house
        .handle
        .drop_participant(room(), who(PATIENT), Bye::Removed)
        .await;
    assert_eq!(patient.bye().await, Bye::Removed);
    house.handle.close_room(room(), Bye::Ended).await;
    assert_eq!(doctor.bye().await, Bye::Ended);
}

#[tokio::test]
async fn a_connection_test_answers_echoes_and_ends_by_itself() {
    let config = SignalingConfig {
        connection_test_s: 1,
        ..SignalingConfig::default()
    };
    let house = House::with(config, Arc::default());
    let mut tester = house
        .knock(&Purpose::ConnectionTest {
            participant: who(PATIENT),
        })
        .await;
    let snapshot = tester.welcome().await;
    assert_eq!(snapshot.stage, Stage::Admitted);
    assert_ne!(snapshot.room, room());
    let sources = Sources {
        microphone: true,
        camera: true,
        screen: false,
    };
    tester.say(&ClientMessage::Media { sources }).await;
    tester.say(&offer(1).message).await;
    let slots = tester
        .until(|message| match message {
            ServerMessage::Slots { slots, .. } if slots.len() == 2 => Some(slots.clone()),
            _ => None,
        })
        .await;
    assert!(slots.iter().all(|slot| slot.participant == who(PATIENT)));
    assert_eq!(tester.bye().await, Bye::TestOver);
    assert!(house.clinic.events(snapshot.room).is_empty());
}
