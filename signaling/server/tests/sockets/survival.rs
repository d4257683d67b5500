//! Media outlives the task that ran its room.

use signaling_protocol::{Role, SlotBinding, Source};

use crate::callers::{Caller, one_hears_the_other};
use crate::client::Client;
use crate::house::{DOCTOR, House, PATIENT, visit};

/// Makes the room's task fail, and waits until both sockets have noticed.
async fn fail(house: &House, doctor: &mut Client, patient: &mut Client) {
    house.clinic.set_rotten(true);
    doctor.chat(1, "this breaks the room").await;
    doctor.drain().await;
    patient.drain().await;
    house.clinic.set_rotten(false);
}

#[tokio::test]
async fn people_go_on_talking_over_a_failed_room_and_keep_their_connections() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    let mut one = Box::pin(Caller::join(&mut doctor, 1)).await;
    let mut other = Box::pin(Caller::join(&mut patient, 2)).await;
    one_hears_the_other(&mut one, &mut other).await;
    fail(&house, &mut doctor, &mut patient).await;
    one_hears_the_other(&mut one, &mut other).await;
    let people = [
        (DOCTOR, Role::Clinician, &mut one),
        (PATIENT, Role::Patient, &mut other),
    ];
    let mut sockets = Vec::new();
    for (n, role, caller) in people {
        let mut client = Client::connect(house.address).await;
        let pass = house.pass(&visit(n, role, true));
        client.hello_with(&pass, Some(caller.connection())).await;
        let snapshot = client.welcome().await;
        assert_eq!(snapshot.connection, Some(caller.connection()));
        let heard = |slot: &SlotBinding| slot.source == Source::Microphone;
        assert!(snapshot.slots.iter().any(heard), "the other is still shown");
        sockets.push(client);
    }
    one_hears_the_other(&mut one, &mut other).await;
    one_hears_the_other(&mut other, &mut one).await;
}

#[tokio::test]
async fn another_window_does_not_inherit_a_connection() {
    let house = House::open();
    let (mut doctor, mut patient) = house.visit().await;
    let mut one = Box::pin(Caller::join(&mut doctor, 1)).await;
    fail(&house, &mut doctor, &mut patient).await;
    let mut window = house.knock(&visit(DOCTOR, Role::Clinician, true)).await;
    assert_eq!(window.welcome().await.connection, None);
    one.until(|caller| !caller.is_alive()).await;
    assert!(house.sfu.stats().await.is_empty());
}
