//! The standard doors: WHIP (RFC 9725) and WHEP.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use signaling_protocol::{Bye, ClientMessage, Role, SDP_BYTES_MAX, ServerMessage, Stage};
use signaling_server::{SignalingConfig, VisitEvent};
use signaling_ticket::{Observed, PassKey};
use str0m::media::Direction;
use uuid::Uuid;

use crate::client::Client;
use crate::house::{DOCTOR, GUEST, House, PATIENT, observe, room, visit, who};
use crate::http::{Answer, call};
use crate::program::Program;

/// A second clinician, so that programs can listen while the first one moderates on a page.
const COLLEAGUE: u128 = 4;
const SDP: (&str, &str) = ("content-type", "application/sdp");
const FRAGMENT: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");
const NEWS: &str = "a=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";

fn endpoint(way: &str) -> String {
    format!("/{way}/{}", room().as_uuid())
}

/// Posts an offer with this ticket.
async fn post(house: &House, way: &str, ticket: &str, offer: &str) -> Answer {
    let bearer = format!("Bearer {ticket}");
    let headers = [SDP, ("authorization", bearer.as_str())];
    call(house.address, ("POST", &endpoint(way)), &headers, offer).await
}

/// A program in the room.
struct Guest {
    program: Program,
    url: String,
    etag: String,
}

impl Guest {
    /// Comes in and connects.
    async fn enter(
        house: &House,
        way: &str,
        (n, role): (u128, Role),
        mut program: Program,
    ) -> Self {
        let ticket = house.pass(&visit(n, role, false));
        let answer = post(house, way, &ticket, &program.offer).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/sdp"));
        let kind = "application/trickle-ice-sdpfrag";
        assert_eq!(answer.header("accept-patch"), Some(kind));
        program.accept(&answer.body).await;
        Self {
            program,
            url: answer.header("location").unwrap().to_owned(),
            etag: answer.header("etag").unwrap().to_owned(),
        }
    }

    async fn patch(&self, house: &House, condition: Option<&str>, body: &str) -> Answer {
        let mut headers = vec![FRAGMENT];
        headers.extend(condition.map(|condition| ("if-match", condition)));
        call(house.address, ("PATCH", &self.url), &headers, body).await
    }

    async fn delete(&self, house: &House) -> u16 {
        call(house.address, ("DELETE", &self.url), &[], "")
            .await
            .status
    }
}

/// Waits until the media server has received so many more packets of a person.
async fn reaches_the_server(house: &House, n: u128, more: u64) {
    let received = async || {
        let rooms = house.sfu.stats().await;
        let people = rooms.iter().flat_map(|room| &room.participants);
        let key = who(n).as_uuid().as_u128();
        let found = people
            .into_iter()
            .find(|person| person.participant.0 == key);
        found.map_or(0, |person| person.received.packets)
    };
    let goal = received().await + more;
    while received().await < goal {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_a_program_publishes_is_played_to_another_one() {
    let house = House::open();
    let speaker = (DOCTOR, Role::Clinician);
    let _speaker = Guest::enter(&house, "whip", speaker, Program::speaker().await).await;
    let listener = (COLLEAGUE, Role::Clinician);
    let mut listener = Guest::enter(&house, "whep", listener, Program::listener().await).await;
    listener.program.hears(20).await;
}

#[tokio::test]
async fn a_program_waits_in_the_lobby_unheard_and_deaf_until_it_is_admitted() {
    let house = House::open();
    let mut doctor = house.enter(DOCTOR, Role::Clinician).await;
    let listener = (COLLEAGUE, Role::Clinician);
    let mut listener = Guest::enter(&house, "whep", listener, Program::listener().await).await;
    let both = Program::start(&[Direction::SendOnly, Direction::RecvOnly]).await;
    let mut patient = Guest::enter(&house, "whip", (PATIENT, Role::Patient), both).await;
    let speaker = Program::speaker().await;
    let _colleague = Guest::enter(&house, "whip", (GUEST, Role::Clinician), speaker).await;
    // The colleague is heard, so sound goes round; the patient, who speaks too, is not.
    listener.program.hears(20).await;
    let waiting = doctor
        .until(|message| match message {
            ServerMessage::Participant { participant } if participant.id == who(PATIENT) => {
                participant.sources.microphone.then(|| participant.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(waiting.stage, Stage::Lobby);
    assert!(waiting.connected);
    reaches_the_server(&house, PATIENT, 20).await;
    assert_eq!(patient.program.count(), 0, "whoever waits hears nothing");
    let forwarded = |rooms: Vec<sfu_net::RoomStats>| {
        let people = rooms.into_iter().flat_map(|room| room.participants);
        let all: Vec<_> = people
            .map(|person| (person.participant.0, person.forwarded.packets))
            .collect();
        all.into_iter()
            .find(|(key, _)| *key == who(PATIENT).as_uuid().as_u128())
            .unwrap()
            .1
    };
    assert_eq!(forwarded(house.sfu.stats().await), 0);

    doctor.admit(PATIENT).await;
    doctor.sees_admitted(PATIENT).await;
    patient.program.hears(20).await;
}

#[tokio::test]
async fn a_muted_program_is_not_heard_whatever_it_sends() {
    let house = House::open();
    let mut doctor = house.enter(DOCTOR, Role::Clinician).await;
    let listener = (COLLEAGUE, Role::Clinician);
    let mut listener = Guest::enter(&house, "whep", listener, Program::listener().await).await;
    let speaker = Program::speaker().await;
    let guest = Guest::enter(&house, "whip", (GUEST, Role::Clinician), speaker).await;
    listener.program.hears(10).await;
    let mute = ClientMessage::Mute {
        participant: who(GUEST),
    };
    doctor.say(&mute).await;
    doctor
        .until(|message| match message {
            ServerMessage::Participant { participant } if participant.id == who(GUEST) => {
                (!participant.sources.microphone).then_some(())
            }
            _ => None,
        })
        .await;
    // The order is on its way to the media server; what comes after it is dropped.
    reaches_the_server(&house, GUEST, 10).await;
    let heard = listener.program.count();
    reaches_the_server(&house, GUEST, 30).await;
    assert_eq!(listener.program.count(), heard);

    // A restart of ICE brings the sound not back.
    let answer = guest
        .patch(&house, Some("*"), &guest.program.restart().await)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    guest.program.finish(&answer.body).await;
    reaches_the_server(&house, GUEST, 30).await;
    assert_eq!(listener.program.count(), heard);
}

#[tokio::test]
async fn ice_restarts_with_new_credentials_on_the_same_session() {
    let house = House::open();
    let speaker = Program::speaker().await;
    let guest = Guest::enter(&house, "whip", (DOCTOR, Role::Clinician), speaker).await;
    let listener = (COLLEAGUE, Role::Clinician);
    let mut listener = Guest::enter(&house, "whep", listener, Program::listener().await).await;
    listener.program.hears(10).await;

    // RFC 9725 writes the star in quotes.
    let restart = guest.program.restart().await;
    let answer = guest.patch(&house, Some("\"*\""), &restart).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some(FRAGMENT.1));
    let etag = answer.header("etag").unwrap().to_owned();
    assert_ne!(etag, guest.etag);
    for line in ["a=ice-lite", "a=ice-ufrag:", "a=ice-pwd:", "a=candidate:"] {
        assert!(
            answer.body.lines().any(|found| found.starts_with(line)),
            "{line}"
        );
    }
    guest.program.finish(&answer.body).await;
    listener.program.hears(30).await;

    // The first tag names an ICE session that is over.
    assert_eq!(
        guest.patch(&house, Some(&guest.etag), NEWS).await.status,
        412
    );
    assert_eq!(guest.patch(&house, Some(&etag), NEWS).await.status, 204);
    // The same credentials again are no restart.
    let again = guest.patch(&house, Some("*"), &restart).await;
    assert_eq!((again.status, again.header("etag")), (204, None));
}

#[tokio::test]
async fn news_about_ice_names_its_session_and_can_be_read() {
    let house = House::open();
    let listener = (DOCTOR, Role::Clinician);
    let guest = Guest::enter(&house, "whep", listener, Program::listener().await).await;
    let accepted = guest.patch(&house, Some(&guest.etag), NEWS).await;
    assert_eq!((accepted.status, accepted.header("etag")), (204, None));
    for (condition, body, status, code) in [
        (None, NEWS, 428, "version_needed"),
        (Some("\"other\""), NEWS, 412, "changed"),
        (Some("*"), "", 400, "malformed"),
        (Some("*"), "hello", 400, "malformed"),
        (Some("*"), "a=ice-ufrag:abcd\r\n", 400, "malformed"),
    ] {
        let answer = guest.patch(&house, condition, body).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (status, code),
            "{body}"
        );
    }
    let long = "a=x\r\n".repeat(SDP_BYTES_MAX / 4);
    assert_eq!(guest.patch(&house, Some("*"), &long).await.status, 413);
    let headers = [("if-match", "*"), SDP];
    let other = call(house.address, ("PATCH", &guest.url), &headers, NEWS).await;
    assert_eq!(
        (other.status, other.problem().as_str()),
        (415, "unsupported_media_type")
    );
    let mut refused = 0;
    while guest.patch(&house, Some(&guest.etag), NEWS).await.status != 429 {
        refused += 1;
        assert!(
            refused < 200,
            "somebody who sends news without end is slowed down"
        );
    }
}

#[tokio::test]
async fn a_session_ends_by_its_url_and_its_seat_is_free() {
    let house = House::open();
    let mut doctor = house.enter(DOCTOR, Role::Clinician).await;
    let speaker = Program::speaker().await;
    let guest = Guest::enter(&house, "whip", (COLLEAGUE, Role::Clinician), speaker).await;
    let (path, secret) = guest.url.rsplit_once('/').unwrap();
    let guess = format!("{path}/{}", "0".repeat(secret.len()));
    let other_door = guest.url.replace("/whip/", "/whep/");
    for url in [guess.as_str(), other_door.as_str(), "/whip/x/y"] {
        for method in ["PATCH", "DELETE", "GET"] {
            let headers = [FRAGMENT, ("if-match", "*")];
            let answer = call(house.address, (method, url), &headers, NEWS).await;
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (404, "not_found")
            );
        }
    }
    let alive = call(house.address, ("GET", &guest.url), &[], "").await;
    assert_eq!((alive.status, alive.body.as_str()), (204, ""));

    // An entity tag is not looked at, RFC 9725 section 4.3.1.
    let headers = [("if-match", "\"old\"")];
    let ended = call(house.address, ("DELETE", &guest.url), &headers, "").await;
    assert_eq!(ended.status, 200);
    doctor
        .until(|m| {
            (*m == ServerMessage::Gone {
                participant: who(COLLEAGUE),
            })
            .then_some(())
        })
        .await;
    assert_eq!(guest.delete(&house).await, 404);
    let left = VisitEvent::Left {
        participant: who(COLLEAGUE),
    };
    assert_eq!(house.clinic.events(room()).last(), Some(&left));
}

#[tokio::test]
async fn whoever_is_removed_refused_or_replaced_has_no_session_any_more() {
    let house = House::open();
    let mut doctor = house.enter(DOCTOR, Role::Clinician).await;
    let speaker = Program::speaker().await;
    let removed = Guest::enter(&house, "whip", (PATIENT, Role::Patient), speaker).await;
    doctor.admit(PATIENT).await;
    doctor.sees_admitted(PATIENT).await;
    let participant = who(PATIENT);
    doctor.say(&ClientMessage::Remove { participant }).await;
    gone(&mut doctor, PATIENT).await;
    assert_eq!(removed.patch(&house, Some("*"), NEWS).await.status, 404);

    let listener = Program::listener().await;
    let refused = Guest::enter(&house, "whep", (GUEST, Role::Guest), listener).await;
    let participant = who(GUEST);
    doctor.say(&ClientMessage::Refuse { participant }).await;
    gone(&mut doctor, GUEST).await;
    assert_eq!(refused.patch(&house, Some("*"), NEWS).await.status, 404);

    let colleague = (COLLEAGUE, Role::Clinician);
    let first = Guest::enter(&house, "whep", colleague, Program::listener().await).await;
    let second = Guest::enter(&house, "whip", colleague, Program::speaker().await).await;
    assert_eq!(first.delete(&house).await, 404, "one person has one seat");
    let mut page = house.enter(COLLEAGUE, Role::Clinician).await;
    assert_eq!(second.delete(&house).await, 404);
    page.say(&ClientMessage::Leave).await;
    assert_eq!(page.bye().await, Bye::Left);
}

async fn gone(client: &mut Client, n: u128) {
    let participant = who(n);
    client
        .until(|message| (*message == ServerMessage::Gone { participant }).then_some(()))
        .await;
}

#[tokio::test]
async fn a_program_that_vanishes_is_shown_as_lost_and_its_seat_given_up_later() {
    let config = SignalingConfig {
        seat_kept_s: 1,
        ..SignalingConfig::default()
    };
    let house = House::with(config, Arc::default());
    let mut doctor = house.enter(DOCTOR, Role::Clinician).await;
    let speaker = Program::speaker().await;
    let guest = Guest::enter(&house, "whip", (COLLEAGUE, Role::Clinician), speaker).await;
    guest.program.vanish().await;
    doctor
        .until(|message| match message {
            ServerMessage::Participant { participant } if participant.id == who(COLLEAGUE) => {
                (!participant.connected).then_some(())
            }
            _ => None,
        })
        .await;
    gone(&mut doctor, COLLEAGUE).await;
    assert_eq!(guest.delete(&house).await, 404);
}

#[tokio::test]
async fn the_end_of_the_visit_and_of_the_server_end_the_session() {
    let house = House::open();
    let mut doctor = house.enter(DOCTOR, Role::Clinician).await;
    let speaker = Program::speaker().await;
    let guest = Guest::enter(&house, "whip", (COLLEAGUE, Role::Clinician), speaker).await;
    doctor.say(&ClientMessage::End).await;
    assert_eq!(doctor.bye().await, Bye::Ended);
    assert_eq!(guest.delete(&house).await, 404);
    // While the room is being put away, a program is told to try again.
    let late = loop {
        let ticket = house.pass(&visit(COLLEAGUE, Role::Clinician, false));
        let late = post(&house, "whip", &ticket, &Program::speaker().await.offer).await;
        if late.status != 503 {
            break late;
        }
    };
    assert_eq!((late.status, late.problem().as_str()), (410, "ended"));

    let house = House::open();
    let speaker = Program::speaker().await;
    let _guest = Guest::enter(&house, "whip", (DOCTOR, Role::Clinician), speaker).await;
    house.handle.shutdown().await;
    let ticket = house.pass(&visit(DOCTOR, Role::Clinician, false));
    let late = post(&house, "whip", &ticket, &Program::speaker().await.offer).await;
    assert_eq!((late.status, late.problem().as_str()), (503, "unavailable"));
    assert_eq!(late.header("retry-after"), Some("5"));
}

#[tokio::test]
async fn only_a_fresh_ticket_of_this_room_opens_a_door() {
    let house = House::open();
    let offer = Program::speaker().await.offer.clone();
    let url = endpoint("whip");
    let nobody = call(house.address, ("POST", &url), &[SDP], &offer).await;
    assert_eq!(
        (nobody.status, nobody.problem().as_str()),
        (401, "unauthenticated")
    );
    let challenge = nobody.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer ") && !challenge.contains("error"));

    let foreign = PassKey::from_pem(&PassKey::generate().unwrap()).unwrap();
    let purpose = visit(DOCTOR, Role::Clinician, false);
    let now_us = house.wall_us.load(Ordering::SeqCst);
    let forged = foreign.mint(Uuid::nil(), &purpose, now_us, 60).unwrap();
    let spent = house.pass(&purpose);
    assert_eq!(post(&house, "whip", &spent, &offer).await.status, 201);
    for ticket in [forged.as_str(), "x y", spent.as_str()] {
        refused(&house, ticket, &offer).await;
    }
    let expired = house.pass(&purpose);
    house.wall_us.fetch_add(60_000_000, Ordering::SeqCst);
    refused(&house, &expired, &offer).await;

    let watcher = house.pass(&observe(Observed::All));
    assert_eq!(post(&house, "whep", &watcher, &offer).await.status, 403);
    let bearer = format!("Bearer {}", house.pass(&purpose));
    let headers = [SDP, ("authorization", bearer.as_str())];
    for path in ["/whip/00000000-0000-0000-0000-000000000001", "/whip/x"] {
        let answer = call(house.address, ("POST", path), &headers, &offer).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (404, "not_found")
        );
    }
    // None of that has used the ticket up, and it names its room itself.
    let answer = call(house.address, ("POST", "/whip"), &headers, &offer).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert!(
        answer
            .header("location")
            .unwrap()
            .starts_with(&format!("{url}/"))
    );
}

async fn refused(house: &House, ticket: &str, offer: &str) {
    let answer = post(house, "whip", ticket, offer).await;
    let code = answer.problem();
    assert_eq!((answer.status, code.as_str()), (401, "unauthenticated"));
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{ticket}");
}

#[tokio::test]
async fn an_offer_that_is_of_no_use_does_not_cost_the_ticket() {
    let house = House::open();
    let ticket = house.pass(&visit(DOCTOR, Role::Clinician, false));
    let bearer = format!("Bearer {ticket}");
    let offer = Program::speaker().await.offer.clone();
    let send = async |kind: &str, accept: &str, body: &str| {
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", kind),
            ("accept", accept),
        ];
        call(house.address, ("POST", &endpoint("whip")), &headers, body).await
    };
    let any = "*/*";
    let long = "v=0\r\n".repeat(SDP_BYTES_MAX / 4);
    let only_receives = Program::listener().await.offer.clone();
    let unknown = offer.replace("opus/48000", "pcmu/8000");
    for (kind, accept, body, status) in [
        ("application/json", any, offer.as_str(), 415),
        ("application/sdp", "text/html", &offer, 406),
        ("application/sdp", any, "", 400),
        ("application/sdp", any, "hello", 400),
        ("application/sdp", any, "v=0\r\n", 400),
        ("application/sdp", any, &long, 413),
        ("application/sdp", any, &only_receives, 422),
        ("application/sdp", any, &unknown, 422),
    ] {
        let answer = send(kind, accept, body).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        answer.problem();
    }
    assert!(
        send("application/sdp", any, &unknown)
            .await
            .body
            .contains("pcmu/8000")
    );
    assert!(
        house.sfu.stats().await.is_empty(),
        "nobody has asked for an engine"
    );
    let answer = send("Application/SDP; charset=utf-8", "application/sdp", &offer).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test]
async fn an_offer_that_the_engine_refuses_leaves_nobody_behind() {
    let house = House::open();
    let mut doctor = house.enter(DOCTOR, Role::Clinician).await;
    let ticket = house.pass(&visit(COLLEAGUE, Role::Clinician, false));
    let offer = Program::speaker()
        .await
        .offer
        .replace("a=fingerprint:", "a=x-fingerprint:");
    let answer = post(&house, "whip", &ticket, &offer).await;
    assert_eq!((answer.status, answer.problem().as_str()), (422, "invalid"));
    gone(&mut doctor, COLLEAGUE).await;
}

#[tokio::test]
async fn one_address_has_so_many_sessions() {
    let config = SignalingConfig {
        connections_per_address_max: 1,
        ..SignalingConfig::default()
    };
    let house = House::with(config, Arc::default());
    let speaker = Program::speaker().await;
    let guest = Guest::enter(&house, "whip", (DOCTOR, Role::Clinician), speaker).await;
    let ticket = house.pass(&visit(COLLEAGUE, Role::Clinician, false));
    let offer = Program::listener().await.offer.clone();
    let answer = post(&house, "whep", &ticket, &offer).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (429, "rate_limited")
    );
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(guest.delete(&house).await, 200);
    // The place comes back when the session has ended, not at a certain time.
    while post(&house, "whep", &ticket, &offer).await.status != 201 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_room_that_cannot_be_loaded_is_said_to_be_unavailable() {
    let house = House::open();
    house.clinic.set_broken(true);
    let ticket = house.pass(&visit(DOCTOR, Role::Clinician, false));
    let answer = post(&house, "whip", &ticket, &Program::speaker().await.offer).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (503, "unavailable")
    );
}

#[tokio::test]
async fn the_doors_tell_programs_and_pages_what_they_take() {
    let config = SignalingConfig {
        allowed_origins: vec!["https://studio.example".to_owned()],
        ..SignalingConfig::default()
    };
    let house = House::with(config, Arc::default());
    for way in ["whip", "whep"] {
        let url = endpoint(way);
        let options = call(house.address, ("OPTIONS", &url), &[], "").await;
        assert_eq!(options.status, 200);
        assert_eq!(options.header("accept-post"), Some("application/sdp"));
        assert_eq!(options.header("access-control-allow-origin"), None);
        let get = call(house.address, ("GET", &url), &[], "").await;
        assert_eq!((get.status, get.body.as_str()), (204, ""));
        let head = call(house.address, ("HEAD", &url), &[], "").await;
        assert_eq!(
            (head.status, head.header("content-type")),
            (200, Some("application/sdp"))
        );
        let session = call(house.address, ("OPTIONS", &format!("{url}/x")), &[], "").await;
        assert_eq!(session.header("accept-patch"), Some(FRAGMENT.1));
    }
    let url = endpoint("whip");
    let origin = [("origin", "https://studio.example")];
    let preflight = call(house.address, ("OPTIONS", &url), &origin, "").await;
    let allowed = preflight.header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://studio.example"));
    let methods = preflight.header("access-control-allow-methods").unwrap();
    assert!(methods.contains("PATCH") && methods.contains("DELETE"));
    assert_eq!(preflight.header("access-control-allow-credentials"), None);
    let refused = call(house.address, ("POST", &url), &origin, "").await;
    assert_eq!(refused.status, 401, "a page is told what is wrong");
    assert!(
        refused
            .header("access-control-expose-headers")
            .unwrap()
            .contains("Location")
    );
    let elsewhere = [("origin", "https://attacker.example")];
    let refused = call(house.address, ("OPTIONS", &url), &elsewhere, "").await;
    assert_eq!(refused.status, 403);
}
