//! What the server forwards from and to a person, and who says so.

use crate::world::{World, connection, person, sdp, who};
use signaling_protocol::{ClientMessage, ErrorCode, Grants, Role, ServerMessage};
use signaling_session::{Input, MediaCommand, SocketId};

const DOCTOR: u128 = 1;
const GUEST: u128 = 3;

fn no_camera() -> Grants {
    let mut grants = Grants::ALL;
    grants.publish.camera = false;
    grants
}

fn grant(n: u128, grants: Grants) -> ClientMessage {
    ClientMessage::Grant {
        participant: who(n),
        grants,
    }
}

fn offer() -> ClientMessage {
    ClientMessage::Offer {
        connection: connection(1),
        offer_no: 1,
        sdp: sdp(),
        sources: Vec::new(),
    }
}

fn visit() -> (World, SocketId, SocketId) {
    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let guest = world.enter(person(GUEST, Role::Guest, true));
    (world, doctor, guest)
}

#[test]
fn a_grant_reaches_the_media_server_the_person_and_the_others() {
    let (mut world, doctor, guest) = visit();
    world.say(guest, offer());
    world.say(doctor, grant(GUEST, no_camera()));
    assert!(matches!(
        world.media.last(),
        Some(MediaCommand::SetGrants { participant, grants })
            if *participant == who(GUEST) && *grants == no_camera()
    ));
    let told = ServerMessage::Granted {
        grants: no_camera(),
    };
    assert_eq!(world.page(guest).heard.last(), Some(&told));
    let seen = world.page(doctor).others[&who(GUEST)].grants;
    assert_eq!(seen, no_camera());
}

#[test]
fn a_grant_before_the_first_offer_goes_with_it() {
    let (mut world, doctor, guest) = visit();
    world.say(doctor, grant(GUEST, Grants::NONE));
    assert!(world.media.is_empty());
    world.say(guest, offer());
    assert!(matches!(
        world.media.last(),
        Some(MediaCommand::Connect { grants, .. }) if *grants == Grants::NONE
    ));
}

#[test]
fn who_leaves_and_comes_back_is_granted_no_more_than_before() {
    let (mut world, doctor, guest) = visit();
    world.say(doctor, grant(GUEST, no_camera()));
    world.say(guest, ClientMessage::Leave);
    let again = world.enter(person(GUEST, Role::Guest, true));
    let me = world.page(again).snapshot.as_ref().unwrap().me.grants;
    assert_eq!(me, no_camera());
    world.say(doctor, grant(GUEST, Grants::ALL));
    world.say(again, ClientMessage::Leave);
    let last = world.enter(person(GUEST, Role::Guest, true));
    let me = world.page(last).snapshot.as_ref().unwrap().me.grants;
    assert_eq!(me, Grants::ALL);
}

#[test]
fn a_clinician_is_never_silenced_by_another() {
    let (mut world, doctor, _) = visit();
    world.enter(person(0, Role::Clinician, false));
    world.say(doctor, grant(0, Grants::NONE));
    assert_eq!(world.last_error(doctor), Some(ErrorCode::Forbidden));
}

#[test]
fn speakers_are_told_once_and_without_those_who_have_gone() {
    let (mut world, doctor, guest) = visit();
    let speak = |world: &mut World, people: &[u128]| {
        let participants = people.iter().copied().map(who).collect();
        world.input(Input::Speakers { participants });
    };
    speak(&mut world, &[GUEST, 77]);
    let said = ServerMessage::Speakers {
        participants: vec![who(GUEST)],
    };
    assert_eq!(world.page(doctor).heard.last(), Some(&said));
    let heard = world.page(doctor).heard.len();
    speak(&mut world, &[GUEST]);
    assert_eq!(world.page(doctor).heard.len(), heard);
    world.say(guest, ClientMessage::Leave);
    let late = world.enter(person(5, Role::Guest, true));
    let snapshot = world.page(late).snapshot.clone().unwrap();
    assert_eq!(snapshot.speakers, []);
}

#[test]
fn pictures_withheld_from_an_earlier_connection_are_nobodys_news() {
    let (mut world, _, guest) = visit();
    world.say(guest, offer());
    let withhold = |n: u128| Input::AudioOnly {
        participant: who(GUEST),
        connection: connection(n),
        on: true,
    };
    let heard = world.page(guest).heard.len();
    world.input(withhold(9));
    assert_eq!(world.page(guest).heard.len(), heard);
    world.input(withhold(1));
    assert!(matches!(
        world.page(guest).heard.last(),
        Some(ServerMessage::AudioOnly { on: true, .. })
    ));
}
