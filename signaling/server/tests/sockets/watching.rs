//! Observers.

use signaling_protocol::{
    Bye, ClientMessage, ErrorCode, Role, RoomId, RoomOverview, ServerMessage,
};
use signaling_ticket::Observed;
use uuid::Uuid;

use crate::client::Client;
use crate::house::{DOCTOR, House, PATIENT, observe, room};

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
            assert_eq!(observer.bye().await, Bye::Left, "{name}");
        } else {
            assert_eq!(observer.error().await, ErrorCode::OutOfOrder, "{name}");
        }
        messages += 1;
    }
    assert!(messages > 0, "the table has rows");
}
