//! Clients that break rules cost themselves, and nobody else.

use signaling_protocol::{
    Bye, ClientMessage, ConnectionId, ErrorCode, MESSAGE_BYTES_MAX, Quality, Sdp, ServerMessage,
};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::client::Client;
use crate::house::{House, PATIENT, who};

/// The other one still talks to the server.
async fn is_well(client: &mut Client) {
    client.chat(4_711, "well").await;
    assert_eq!(client.hears_chat().await.1, "well");
}

#[tokio::test]
async fn malformed_messages_are_answered_and_the_third_is_the_last() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    patient.write("not json").await;
    assert_eq!(patient.error().await, ErrorCode::Malformed);
    patient.write(r#"{"type":"leave","extra":1}"#).await;
    assert_eq!(patient.error().await, ErrorCode::Malformed);
    let binary = Message::Binary(vec![0, 1, 2].into());
    patient.send(binary).await;
    assert_eq!(patient.error().await, ErrorCode::Malformed);
    assert_eq!(patient.bye().await, Bye::Misbehaved);
    assert_eq!(patient.closed_with, Some(1008));
    is_well(&mut doctor).await;
}

#[tokio::test]
async fn what_is_too_large_closes_the_socket_and_the_seat_stays() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    patient.write(&"x".repeat(MESSAGE_BYTES_MAX + 1)).await;
    assert_eq!(patient.error().await, ErrorCode::TooLarge);
    assert_eq!(patient.bye().await, Bye::Misbehaved);

    let mut back = Client::resume(house.address, &patient.token, patient.last_seq()).await;
    back.welcome().await;
    back.write(&"x".repeat(MESSAGE_BYTES_MAX * 4)).await;
    back.drain().await;
    is_well(&mut doctor).await;
}

#[tokio::test]
async fn a_bad_offer_is_refused_and_the_visit_goes_on() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    for (n, sdp) in [
        "v=0\r\n",
        "v=0\r\nm=audio",
        &format!("v=0\r\n{}", "m=x\r\n".repeat(1_000)),
    ]
    .into_iter()
    .enumerate()
    {
        let connection = ConnectionId::from_uuid(Uuid::from_u128(n as u128));
        patient
            .say(&ClientMessage::Offer {
                connection,
                offer_no: 1,
                sdp: Sdp::try_from(sdp.to_owned()).unwrap(),
                sources: Vec::new(),
            })
            .await;
        assert_eq!(patient.error().await, ErrorCode::BadOffer, "offer {n}");
    }
    is_well(&mut patient).await;
    is_well(&mut doctor).await;
}

#[tokio::test]
async fn a_flood_is_held_back_and_then_ended() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    let quality = |n: u32| ClientMessage::Quality {
        quality: if n.is_multiple_of(2) {
            Quality::Good
        } else {
            Quality::Poor
        },
    };
    for n in 0..400 {
        patient.say(&quality(n)).await;
    }
    let heard = patient.drain().await;
    let errors = heard.iter().filter(|message| {
        matches!(message, ServerMessage::Error { code, .. } if *code == ErrorCode::RateLimited)
    });
    assert!(errors.count() >= 1);
    assert!(matches!(
        heard.last(),
        Some(ServerMessage::Bye {
            reason: Bye::Misbehaved
        })
    ));
    is_well(&mut doctor).await;
}

#[tokio::test]
async fn a_flood_of_pings_ends_the_connection() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    for _ in 0..200 {
        patient.send(Message::Ping(vec![1].into())).await;
    }
    assert_eq!(patient.bye().await, Bye::Misbehaved);
    is_well(&mut doctor).await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_closed_and_the_others_hear_everything() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    // 16 KB each, so that the patient's 256 KiB are full before the doctor's burst is used up.
    let long = "𝄞".repeat(signaling_protocol::CHAT_CHARS_MAX);
    let mut sent = 0;
    let mut patient_away = false;
    while !patient_away {
        sent += 1;
        assert!(sent < 50, "the slow reader is never closed");
        doctor.chat(sent, &long).await;
        // One by one, so that the doctor stays a good reader.
        loop {
            match doctor.next().await.expect("the doctor stays") {
                ServerMessage::Participant { participant } => {
                    patient_away |= participant.id == who(PATIENT) && !participant.connected;
                }
                ServerMessage::Chat { .. } => break,
                _ => {}
            }
        }
    }
    let heard = patient.drain().await;
    assert!(matches!(
        heard.last(),
        Some(ServerMessage::Bye {
            reason: Bye::SlowReader
        })
    ));
    assert_eq!(patient.closed_with, Some(1013));
    let chats = heard.iter();
    let chats = chats
        .filter(|m| matches!(m, ServerMessage::Chat { .. }))
        .count();
    assert!((chats as u128) < sent, "what waited was thrown away");

    let mut back = Client::resume(house.address, &patient.token, patient.last_seq()).await;
    assert!(!back.welcome().await.chat.is_empty());
}
