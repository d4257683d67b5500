//! Every message from everybody who can be in a room, as the table of permissions says.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use signaling_protocol::{ClientMessage, ErrorCode, Role};
use signaling_session::SocketId;

use crate::world::{World, person};

struct Row {
    name: &'static str,
    who: BTreeSet<&'static str>,
    message: ClientMessage,
}

fn rows() -> Vec<Row> {
    include_str!("../../../../docs/permissions.txt")
        .lines()
        .filter_map(|line| line.strip_prefix("WS "))
        .map(|line| {
            let mut words = line.split_whitespace();
            let [name, who] = [(); 2].map(|()| words.next().unwrap());
            let fields = line.find("{\"").map_or("{}", |at| line.split_at(at).1);
            let mut fields: Map<String, Value> = serde_json::from_str(fields).unwrap();
            fields.insert("type".to_owned(), name.into());
            Row {
                name,
                who: who.split(',').collect(),
                message: serde_json::from_value(fields.into()).unwrap(),
            }
        })
        .collect()
}

/// Every word that the protocol reads, as it tells somebody who says another.
fn words_of_the_protocol() -> BTreeSet<String> {
    let error = serde_json::from_str::<ClientMessage>(r#"{"type":"?"}"#).unwrap_err();
    let text = error.to_string();
    let (_, known) = text.split_once("expected one of ").unwrap();
    known
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// A visit with one of each kind, and the socket of the one that speaks.
fn visit(speaker: &str) -> (World, SocketId) {
    let mut world = World::new();
    let clinician = world.enter(person(1, Role::Clinician, false));
    let patient = world.enter(person(2, Role::Patient, true));
    let guest = world.enter(person(3, Role::Guest, true));
    let waiting = world.enter(person(9, Role::Patient, false));
    let socket = match speaker {
        "clinician" => clinician,
        "patient" => patient,
        "guest" => guest,
        "waiting" => waiting,
        other => unreachable!("{other}"),
    };
    (world, socket)
}

#[test]
fn the_table_has_a_row_for_every_message() {
    let table: BTreeSet<String> = rows().iter().map(|row| row.name.to_owned()).collect();
    assert_eq!(table, words_of_the_protocol());
}

#[test]
fn each_message_is_obeyed_from_those_in_its_row_and_refused_from_all_others() {
    let mut cells = 0;
    for row in rows() {
        for speaker in ["waiting", "patient", "guest", "clinician"] {
            let (mut world, socket) = visit(speaker);
            let heard = world.page(socket).heard.len();
            world.say(socket, row.message.clone());
            let error = world.last_error(socket);
            let cell = format!("{} from {speaker}: {error:?}", row.name);
            if row.who.contains(speaker) {
                assert_eq!(error, None, "{cell}");
            } else {
                assert!(world.page(socket).heard.len() > heard, "{cell}");
                let refused = [
                    ErrorCode::NotAdmitted,
                    ErrorCode::Forbidden,
                    ErrorCode::OutOfOrder,
                ];
                assert!(error.is_some_and(|it| refused.contains(&it)), "{cell}");
            }
            cells += 1;
        }
    }
    assert_eq!(cells, 4 * words_of_the_protocol().len());
}
