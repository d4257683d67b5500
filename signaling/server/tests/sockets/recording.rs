//! A visit that is recorded: from the agreement to what the recorder gets.

use sfu_net::TapEvent;
use signaling_protocol::{
    CONSENT_WORDING, ClientMessage, Purpose, RecordingEnd, RecordingPhase, ServerMessage,
};

use crate::client::Client;
use crate::house::{House, room};
use crate::offers::offer;

const AGREE: ClientMessage = ClientMessage::Consent {
    agree: true,
    wording: CONSENT_WORDING,
    purpose: Purpose::Recording,
};

async fn hears(client: &mut Client, phase: RecordingPhase) -> Option<RecordingEnd> {
    client
        .until(|message| match message {
            ServerMessage::Recording { recording } if recording.phase == phase => {
                Some(recording.ended)
            }
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_recorder_runs_when_all_have_agreed_pauses_with_one_who_has_not_and_is_let_go() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    patient.say(&offer(1).message).await;
    doctor.say(&ClientMessage::Record { on: true }).await;
    hears(&mut patient, RecordingPhase::Asking).await;
    assert!(house.clinic.recorder(room()).is_none());
    patient.say(&AGREE).await;
    hears(&mut doctor, RecordingPhase::Running).await;
    let mut recorder = house.clinic.recorder(room()).unwrap();
    assert!(matches!(
        recorder.recv().await,
        Some(TapEvent::Paused { .. })
    ));
    assert!(matches!(
        recorder.recv().await,
        Some(TapEvent::Resumed { .. })
    ));
    let refusal = ClientMessage::Consent {
        agree: false,
        wording: CONSENT_WORDING,
        purpose: Purpose::Recording,
    };
    patient.say(&refusal).await;
    let why = hears(&mut doctor, RecordingPhase::Off).await;
    assert_eq!(why, Some(RecordingEnd::Declined));
    // The sender is dropped, after what was said before.
    while let Some(event) = recorder.recv().await {
        assert!(matches!(event, TapEvent::Tick { .. }), "{event:?}");
    }
}

#[tokio::test]
async fn the_end_of_a_visit_lets_the_recorder_go() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    patient.say(&offer(1).message).await;
    doctor.say(&ClientMessage::Record { on: true }).await;
    hears(&mut patient, RecordingPhase::Asking).await;
    patient.say(&AGREE).await;
    hears(&mut doctor, RecordingPhase::Running).await;
    let mut recorder = house.clinic.recorder(room()).unwrap();
    doctor.say(&ClientMessage::End).await;
    while recorder.recv().await.is_some() {}
}

#[tokio::test]
async fn a_clinic_that_cannot_record_says_so_and_the_visit_goes_on() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    doctor.say(&ClientMessage::Record { on: true }).await;
    hears(&mut patient, RecordingPhase::Asking).await;
    patient.say(&AGREE).await;
    hears(&mut doctor, RecordingPhase::Running).await;
    house
        .handle
        .recorder_failed(room(), RecordingEnd::NoSpace)
        .await;
    for client in [&mut doctor, &mut patient] {
        let why = hears(client, RecordingPhase::Off).await;
        assert_eq!(why, Some(RecordingEnd::NoSpace));
    }
    patient.say(&ClientMessage::Leave).await;
}
