//! Who is not let in.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use signaling_protocol::{Auth, Bye, ClientMessage, ErrorCode, Role};
use signaling_server::SignalingConfig;
use signaling_ticket::PassKey;
use uuid::Uuid;

use crate::client::Client;
use crate::house::{DOCTOR, House, PATIENT, visit};

async fn refused(house: &House, ticket: &str) {
    let mut client = Client::connect(house.address).await;
    client.hello(ticket).await;
    assert_eq!(client.error().await, ErrorCode::Unauthorized);
    assert_eq!(client.bye().await, Bye::Unauthorized);
    assert_eq!(client.closed_with, Some(1008));
}

#[tokio::test]
async fn a_ticket_opens_once() {
    let house = House::open();
    let ticket = house.pass(&visit(DOCTOR, Role::Clinician, false));
    let mut first = Client::connect(house.address).await;
    first.hello(&ticket).await;
    first.welcome().await;
    refused(&house, &ticket).await;
    first.chat(1, "still here").await;
    first.hears_chat().await;
}

#[tokio::test]
async fn forged_and_expired_tickets_open_nothing() {
    let house = House::open();
    let foreign = PassKey::from_pem(&PassKey::generate().unwrap()).unwrap();
    let purpose = visit(DOCTOR, Role::Clinician, false);
    let now_us = house.wall_us.load(Ordering::SeqCst);
    let forged = foreign.mint(Uuid::nil(), &purpose, now_us, 60).unwrap();
    refused(&house, &forged).await;
    refused(&house, "").await;
    refused(&house, &"a".repeat(20_000)).await;
    let expired = house.pass(&purpose);
    house.wall_us.fetch_add(60_000_000, Ordering::SeqCst);
    refused(&house, &expired).await;
}

#[tokio::test]
async fn a_made_up_resume_token_opens_nothing() {
    let house = House::open();
    let doctor = house.enter(DOCTOR, Role::Clinician).await;
    let (room, _) = doctor.token.split_once('.').unwrap();
    let guessed = format!("{room}.{}", "0".repeat(64));
    for token in [guessed.as_str(), "", "no", &"9".repeat(5_000)] {
        let mut client = Client::resume(house.address, token, 0).await;
        assert_eq!(client.bye().await, Bye::Unauthorized, "{token}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_cannot_connect() {
    let house = House::open();
    let own = format!("http://{}", house.address);
    assert!(Client::from(house.address, Some(&own)).await.is_ok());
    for origin in ["https://attacker.example", "null"] {
        let answer = Client::from(house.address, Some(origin))
            .await
            .err()
            .unwrap();
        assert_eq!(answer.status(), 403);
        let kind = answer.headers().get("content-type").unwrap();
        assert_eq!(kind, "application/problem+json");
    }
}

#[tokio::test]
async fn one_address_has_so_many_connections() {
    let config = SignalingConfig {
        connections_per_address_max: 2,
        ..SignalingConfig::default()
    };
    let house = House::with(config, Arc::default());
    let first = Client::connect(house.address).await;
    let _second = house.enter(DOCTOR, Role::Clinician).await;
    let answer = Client::from(house.address, None).await.err().unwrap();
    assert_eq!(answer.status(), 503);
    drop(first);
    // The place comes back when the server has seen the close, not at a certain time.
    while Client::from(house.address, None).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_first_message_is_a_hello_of_this_version_in_time() {
    let config = SignalingConfig {
        hello_timeout_s: 1,
        ..SignalingConfig::default()
    };
    let house = House::with(config, Arc::default());
    let mut silent = Client::connect(house.address).await;
    assert_eq!(silent.error().await, ErrorCode::OutOfOrder);
    assert_eq!(silent.bye().await, Bye::Misbehaved);

    let mut rude = Client::connect(house.address).await;
    rude.say(&ClientMessage::End).await;
    assert_eq!(rude.error().await, ErrorCode::OutOfOrder);
    assert_eq!(rude.bye().await, Bye::Misbehaved);

    let mut modern = Client::connect(house.address).await;
    let ticket = house.pass(&visit(PATIENT, Role::Patient, false));
    modern
        .say(&ClientMessage::Hello {
            version: 99,
            auth: Auth::Ticket {
                ticket,
                connection: None,
            },
        })
        .await;
    assert_eq!(modern.error().await, ErrorCode::Version);
    assert_eq!(modern.bye().await, Bye::Misbehaved);
}
