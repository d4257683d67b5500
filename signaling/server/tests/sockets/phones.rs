//! The door for telephones.

use std::sync::Arc;

use signaling_protocol::{
    Bye, CallBack, ClientMessage, Participant, Role, ServerMessage, Stage, WayIn,
};
use signaling_server::{
    CallBackConfig, PhoneEnd, PhoneEntered, PhoneNews, PhoneRefusal, PhoneSeat, PhoneSound,
    SignalingConfig, VisitEvent,
};
use signaling_ticket::Observed;

use crate::client::Client;
use crate::house::{DOCTOR, House, PATIENT, observe, room, visit, who};

const MASKED: &str = "••• 78";

async fn call(house: &House) -> Result<PhoneEntered, PhoneRefusal> {
    let pass = house.pass(&visit(PATIENT, Role::Patient, false));
    house.phones.enter(&pass, MASKED.to_owned(), None).await
}

/// A doctor on a page and a patient's telephone in the visit.
async fn talking(house: &House) -> (Client, PhoneEntered, PhoneSeat) {
    let mut doctor = house.enter(DOCTOR, Role::Clinician).await;
    let mut phone = call(house).await.unwrap();
    let host_present = true;
    assert_eq!(
        phone.news.recv().await,
        Some(PhoneNews::Waiting { host_present })
    );
    doctor.admit(PATIENT).await;
    match phone.news.recv().await {
        Some(PhoneNews::Admitted(seat)) => (doctor, phone, seat),
        other => panic!("not admitted: {other:?}"),
    }
}

/// Reads until the doctor sees the patient like this.
async fn sees(doctor: &mut Client, how: impl Fn(&Participant) -> bool) -> Participant {
    doctor
        .until(|message| match message {
            ServerMessage::Participant { participant } => {
                (participant.id == who(PATIENT) && how(participant)).then(|| participant.clone())
            }
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_caller_waits_is_let_in_moderated_and_leaves() {
    let house = House::open();
    let (mut doctor, mut phone, seat) = talking(&house).await;
    assert!(seat.on.microphone && seat.grants.subscribe && !seat.on.camera);
    let page = who(PATIENT).as_uuid().as_u128();
    assert_ne!(seat.participant.0, page, "beside their page");
    assert_eq!(seat.room.0, room().as_uuid().as_u128());
    let seen = sees(&mut doctor, |it| it.stage == Stage::Admitted).await;
    assert_eq!(
        (seen.way, seen.phone.unwrap().number.as_str()),
        (WayIn::Phone, MASKED)
    );

    let participant = who(PATIENT);
    doctor.say(&ClientMessage::Mute { participant }).await;
    assert_eq!(phone.news.recv().await, Some(PhoneNews::Muted));
    let silent = PhoneSound {
        speaks: false,
        hears: true,
    };
    assert_eq!(phone.news.recv().await, Some(PhoneNews::Sound(silent)));
    assert!(phone.seat.hand(true));
    sees(&mut doctor, |it| it.hand && !it.sources.microphone).await;
    assert!(phone.seat.mute(false));
    sees(&mut doctor, |it| it.sources.microphone).await;
    assert!(phone.seat.hold(true));
    sees(&mut doctor, |it| {
        it.phone.as_ref().is_some_and(|it| it.on_hold)
    })
    .await;

    phone.seat.leave();
    let gone = |message: &ServerMessage| {
        matches!(message, ServerMessage::Gone { participant } if *participant == who(PATIENT))
            .then_some(())
    };
    doctor.until(gone).await;
    let mut last = None;
    while let Some(news) = phone.news.recv().await {
        last = Some(news);
    }
    assert_eq!(last, Some(PhoneNews::Over(PhoneEnd::Left)));
    let events = house.clinic.events(room());
    assert!(events.contains(&VisitEvent::ByPhone {
        participant,
        on: true
    }));
    assert!(events.contains(&VisitEvent::ByPhone {
        participant,
        on: false
    }));
}

#[tokio::test]
async fn a_pass_is_good_for_one_call_and_for_a_visit_only() {
    let house = House::open();
    let pass = house.pass(&visit(PATIENT, Role::Patient, false));
    let enter = async |pass: &str| house.phones.enter(pass, String::new(), None).await.err();
    let _first = house
        .phones
        .enter(&pass, String::new(), None)
        .await
        .unwrap();
    assert_eq!(enter(&pass).await, Some(PhoneRefusal::BadPass));
    assert_eq!(enter("no pass").await, Some(PhoneRefusal::BadPass));
    let observer = house.pass(&observe(Observed::All));
    assert_eq!(enter(&observer).await, Some(PhoneRefusal::BadPass));
}

#[tokio::test]
async fn the_end_of_the_visit_hangs_up_and_nobody_calls_in_after_it() {
    let house = House::open();
    let (mut doctor, mut phone, _) = talking(&house).await;
    doctor.say(&ClientMessage::End).await;
    assert_eq!(
        phone.news.recv().await,
        Some(PhoneNews::Over(PhoneEnd::Ended))
    );
    assert_eq!(phone.news.recv().await, None);
    assert_eq!(doctor.bye().await, Bye::Ended);
    assert_eq!(call(&house).await.err(), Some(PhoneRefusal::Ended));
}

#[tokio::test]
async fn a_call_that_breaks_off_keeps_its_place() {
    let house = House::open();
    let (mut doctor, phone, _) = talking(&house).await;
    drop(phone);
    sees(&mut doctor, |it| !it.connected).await;
    let mut again = call(&house).await.unwrap();
    assert!(matches!(
        again.news.recv().await,
        Some(PhoneNews::Admitted(_))
    ));
    sees(&mut doctor, |it| it.connected).await;
}

#[tokio::test]
async fn a_restart_hangs_up_and_waits_for_no_telephone() {
    let house = House::open();
    let (_doctor, mut phone, _) = talking(&house).await;
    house.handle.shutdown().await;
    assert_eq!(
        phone.news.recv().await,
        Some(PhoneNews::Over(PhoneEnd::Unavailable))
    );
    assert_eq!(call(&house).await.err(), Some(PhoneRefusal::Full));
}

#[tokio::test]
async fn page_and_telephone_of_one_person_are_one() {
    let house = House::open();
    let (mut doctor, mut phone, _) = talking(&house).await;
    let mut page = house.enter(PATIENT, Role::Patient).await;
    sees(&mut doctor, |it| {
        it.way == WayIn::Page && it.phone.is_some()
    })
    .await;
    let microphone = |on| ClientMessage::Media {
        sources: signaling_protocol::Sources {
            microphone: on,
            ..signaling_protocol::Sources::default()
        },
    };
    page.say(&microphone(true)).await;
    let turned = PhoneNews::Sound(PhoneSound::default());
    assert_eq!(phone.news.recv().await, Some(turned));
    page.say(&microphone(false)).await;
    let open = PhoneSound {
        speaks: true,
        hears: true,
    };
    assert_eq!(phone.news.recv().await, Some(PhoneNews::Sound(open)));
}

#[tokio::test]
async fn a_patient_whose_page_is_lost_is_called_if_somebody_can() {
    let config = SignalingConfig {
        call_back: Some(CallBackConfig {
            after_s: 0,
            automatic: true,
            ring_s: 45,
        }),
        ..SignalingConfig::default()
    };
    let house = House::with(config, Arc::default());
    let (mut doctor, patient) = house.visit().await;
    drop(patient);
    // This clinic has no telephone.
    sees(&mut doctor, |it| it.call_back == CallBack::Failed).await;
    let participant = who(PATIENT);
    let by_itself = VisitEvent::CalledBack {
        participant,
        by: None,
    };
    assert!(house.clinic.events(room()).contains(&by_itself));
}
