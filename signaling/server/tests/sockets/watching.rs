//! Observers.

use signaling_protocol::{
    Bye, ClientMessage, ErrorCode, INSPECTED_ROOMS_MAX, ParticipantMedia, Role, RoomId,
    RoomOverview, ServerMessage,
};
use signaling_ticket::Observed;
use uuid::Uuid;

use crate::client::Client;
use crate::house::{DOCTOR, House, PATIENT, observe, room, who};
use crate::offers::offer;

async fn overview(client: &mut Client) -> Vec<RoomOverview> {
    client
        .until(|message| match message {
            ServerMessage::Overview { rooms } => Some(rooms.clone()),
            _ => None,
        })
        .await
}

/// Reads lists until one is as expected.
async fn sees(client: &mut Client, expected: impl Fn(&[RoomOverview]) -> bool) {
    while !expected(&overview(client).await) {}
}

#[tokio::test]
async fn an_observer_sees_rooms_come_change_and_go() {
    let house = House::open();
    let mut admin = house.knock(&observe(Observed::All)).await;
    assert!(overview(&mut admin).await.is_empty(), "at once");

    let (mut doctor, mut patient) = house.visit().await;
    sees(&mut admin, |rooms| match rooms {
        [only] => only.room == room() && only.participants.len() == 2,
        _ => false,
    })
    .await;
    patient.say(&ClientMessage::Leave).await;
    assert_eq!(patient.bye().await, Bye::Left);
    sees(
        &mut admin,
        |rooms| matches!(rooms, [only] if only.participants.len() == 1),
    )
    .await;
    doctor.say(&ClientMessage::End).await;
    sees(&mut admin, <[_]>::is_empty).await;
}

#[tokio::test]
async fn an_observer_of_some_rooms_sees_no_others() {
    let house = House::open();
    let _doctor = house.enter(DOCTOR, Role::Clinician).await;
    let other = RoomId::from_uuid(Uuid::from_u128(5));
    let mut own = house.knock(&observe(Observed::Rooms(vec![room()]))).await;
    let mut others = house.knock(&observe(Observed::Rooms(vec![other]))).await;
    sees(&mut own, |rooms| rooms.len() == 1).await;
    assert!(overview(&mut others).await.is_empty());
    let _patient = house.enter(PATIENT, Role::Patient).await;
    sees(
        &mut own,
        |rooms| matches!(rooms, [only] if only.participants.len() == 2),
    )
    .await;
    others.say(&ClientMessage::End).await;
    assert_eq!(others.error().await, ErrorCode::OutOfOrder);
    others.say(&ClientMessage::Leave).await;
    assert_eq!(others.bye().await, Bye::Left, "and no list came before");
}

/// A visit whose patient has a media connection.
async fn visit_with_media(house: &House) -> (Client, Client) {
    let (doctor, mut patient) = house.visit().await;
    patient.say(&offer(1).message).await;
    let answered = |message: &ServerMessage| match message {
        ServerMessage::Answer { .. } => Some(()),
        _ => None,
    };
    patient.until(answered).await;
    (doctor, patient)
}

fn inspect(rooms: Vec<RoomId>) -> ClientMessage {
    ClientMessage::Inspect { rooms }
}

/// The next numbers of the only person with media.
async fn numbers(client: &mut Client) -> ParticipantMedia {
    client
        .until(|message| match message {
            ServerMessage::Media { rooms } => match rooms.as_slice() {
                [only] if only.room == room() => match only.participants.as_slice() {
                    [one] => Some(one.clone()),
                    people => panic!("{people:?}"),
                },
                rooms => panic!("{rooms:?}"),
            },
            _ => None,
        })
        .await
}

#[tokio::test]
async fn an_observer_of_all_rooms_gets_the_numbers_of_those_it_names_and_their_past_once() {
    let house = House::open();
    let (_doctor, _patient) = visit_with_media(&house).await;
    let mut admin = house.knock(&observe(Observed::All)).await;
    admin.say(&inspect(vec![room()])).await;
    let mut past = numbers(&mut admin).await;
    assert_eq!(past.participant, who(PATIENT));
    let mut told = past.points.len();
    // Two kept points later none has come twice and none is missing.
    while told < 2 {
        let next = numbers(&mut admin).await;
        let expected = past.first_point + past.points.len() as u64;
        let begins = past.points.is_empty();
        assert!(begins || next.first_point == expected, "{next:?}");
        told += next.points.len();
        past = next;
    }
    let other = RoomId::from_uuid(Uuid::from_u128(5));
    admin
        .say(&inspect(vec![other; INSPECTED_ROOMS_MAX + 1]))
        .await;
    assert_eq!(admin.error().await, ErrorCode::Malformed);
    admin.say(&inspect(vec![room()])).await;
    assert_eq!(numbers(&mut admin).await.participant, who(PATIENT));
}

#[tokio::test]
async fn an_observer_of_some_rooms_gets_no_numbers_of_these_either() {
    let house = House::open();
    let (_doctor, _patient) = visit_with_media(&house).await;
    let mut own = house.knock(&observe(Observed::Rooms(vec![room()]))).await;
    own.say(&inspect(vec![room()])).await;
    assert_eq!(own.error().await, ErrorCode::Forbidden);
    // Whoever may have them gets them meanwhile.
    let mut admin = house.knock(&observe(Observed::All)).await;
    admin.say(&inspect(vec![room()])).await;
    for _ in 0..2 {
        numbers(&mut admin).await;
    }
    own.say(&ClientMessage::Leave).await;
    for message in own.drain().await {
        assert!(
            !matches!(message, ServerMessage::Media { .. }),
            "{message:?}"
        );
    }
}

#[tokio::test]
async fn an_observer_who_asks_for_nothing_gets_no_numbers() {
    let house = House::open();
    let (_doctor, _patient) = visit_with_media(&house).await;
    let mut idle = house.knock(&observe(Observed::All)).await;
    let mut admin = house.knock(&observe(Observed::All)).await;
    admin.say(&inspect(vec![room()])).await;
    for _ in 0..2 {
        numbers(&mut admin).await;
    }
    idle.say(&ClientMessage::Leave).await;
    for message in idle.drain().await {
        assert!(
            !matches!(message, ServerMessage::Media { .. }),
            "{message:?}"
        );
    }
}

#[tokio::test]
async fn an_observers_ticket_opens_once_too() {
    let house = House::open();
    let ticket = house.pass(&observe(Observed::All));
    let mut first = Client::connect(house.address).await;
    first.hello(&ticket).await;
    overview(&mut first).await;
    let mut second = Client::connect(house.address).await;
    second.hello(&ticket).await;
    assert_eq!(second.bye().await, Bye::Unauthorized);
    let ((), reason) = tokio::join!(house.handle.shutdown(), first.bye());
    assert_eq!(reason, Bye::Restarting);
}

#[tokio::test]
async fn an_observer_may_say_what_its_column_of_the_table_allows() {
    let house = House::open();
    let mut messages = 0;
    for line in include_str!("../../../../docs/permissions.txt").lines() {
        let Some(row) = line.strip_prefix("WS ") else {
            continue;
        };
        let mut words = row.split_whitespace();
        let [name, who] = [(); 2].map(|()| words.next().unwrap());
        let fields = row.find("{\"").map_or("{}", |at| row.split_at(at).1);
        let mut fields: serde_json::Value = serde_json::from_str(fields).unwrap();
        fields["type"] = name.into();
        let message: ClientMessage = serde_json::from_value(fields).unwrap();
        let mut observer = house.knock(&observe(Observed::All)).await;
        observer.say(&message).await;
        if who.split(',').any(|it| it == "observer") {
            // What is allowed is answered by no error.
            observer.say(&ClientMessage::Leave).await;
            let allowed = |message: &ServerMessage| match message {
                ServerMessage::Bye { reason } => Some(Ok(*reason)),
                ServerMessage::Error { code, .. } => Some(Err(*code)),
                _ => None,
            };
            assert_eq!(observer.until(allowed).await, Ok(Bye::Left), "{name}");
        } else {
            assert_eq!(observer.error().await, ErrorCode::OutOfOrder, "{name}");
        }
        messages += 1;
    }
    assert!(messages > 0, "the table has rows");
}
