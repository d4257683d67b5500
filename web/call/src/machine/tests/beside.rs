//! The room goes to another server, and a second session begins beside the first.

use super::*;

/// Somebody in a visit whose media flows, and what the second session is told of.
struct Move {
    bench: Bench,
    socket: u32,
    peer: ConnectionId,
    seq: u64,
}

fn beside(outputs: &[Output]) -> Vec<&Output> {
    let theirs = outputs.iter().filter_map(|output| match output {
        Output::Beside(inner) => Some(&**inner),
        _ => None,
    });
    theirs.collect()
}

fn in_call() -> Bench {
    let mut bench = Bench::coming(Entrance::AtOnce);
    bench.begin(Stage::Admitted);
    bench.connect_media();
    bench
}

impl Move {
    /// Asked, with a ticket and an offer on its way.
    fn begin() -> Self {
        let mut bench = in_call();
        let asked = bench.hear(ServerMessage::Move);
        assert_eq!(beside(&asked), [&Output::NeedTicket]);
        let outputs = bench.feed(Input::Ticket("second".to_owned()));
        let (mut socket, mut peer) = (0, None);
        for output in beside(&outputs) {
            match output {
                Output::OpenSocket(number) => socket = *number,
                Output::OpenPeer { connection, .. } => peer = Some(*connection),
                _ => {}
            }
        }
        assert_ne!(socket, bench.socket, "two sockets, two numbers");
        let peer = peer.unwrap();
        assert_ne!(Some(peer), bench.peer);
        let hello = bench.feed(Input::SocketOpened(socket));
        assert!(matches!(
            beside(&hello)[0],
            Output::Send(ClientMessage::Hello { .. })
        ));
        Self {
            bench,
            socket,
            peer,
            seq: 0,
        }
    }

    fn hear(&mut self, message: ServerMessage) -> Vec<Output> {
        self.seq += 1;
        let seq = self.seq;
        let frame = Box::new(ServerFrame { seq, message });
        self.bench.feed(Input::Frame(self.socket, frame))
    }

    fn welcome(&mut self, snapshot: Snapshot) {
        self.hear(ServerMessage::Welcome {
            resume_token: "other".to_owned(),
            snapshot,
        });
    }

    /// Media flows there; answers with what is said of it.
    fn flow(&mut self) -> Vec<Output> {
        let connection = self.peer;
        let outputs = self.bench.feed(Input::OfferMade {
            connection,
            sdp: sdp(),
            sources: Vec::new(),
        });
        let offer = |it: &&&Output| matches!(it, Output::Send(ClientMessage::Offer { .. }));
        assert_eq!(beside(&outputs).iter().filter(offer).count(), 1);
        self.hear(ServerMessage::Answer {
            connection,
            offer_no: 1,
            sdp: sdp(),
        });
        self.bench
            .feed(Input::Peer(connection, PeerChange::Connected))
    }

    fn ready() -> Self {
        let mut it = Self::begin();
        it.welcome(snapshot(Stage::Admitted, None));
        let outputs = it.flow();
        assert_eq!(sent(&outputs), [&ClientMessage::Moved]);
        it
    }

    fn restart(&mut self) -> Vec<Output> {
        self.bench.hear(ServerMessage::Bye {
            reason: Bye::Restarting,
        })
    }
}

#[test]
fn a_call_goes_over_to_the_other_server_without_a_break() {
    let mut moving = Move::ready();
    let old = moving.bench.peer;
    let view = moving.bench.call.view();
    assert_eq!((view.phase, view.connection), (Phase::InCall, old));
    let outputs = moving.restart();
    assert!(outputs.contains(&Output::UseBeside));
    assert!(!outputs.contains(&Output::CloseSocket));
    let view = moving.bench.call.view();
    assert_eq!(view.phase, Phase::InCall);
    assert_eq!(view.connection, Some(moving.peer));
    assert_eq!(view.media, MediaState::Flowing);
    let outputs = moving.bench.feed(Input::Act(Act::Hand(true)));
    assert_eq!(sent(&outputs), [&ClientMessage::Hand { up: true }]);
}

#[test]
fn nothing_is_said_of_a_second_session_before_its_media_flows() {
    let mut moving = Move::begin();
    moving.welcome(snapshot(Stage::Admitted, None));
    assert_eq!(moving.bench.call.view().connection, moving.bench.peer);
    let outputs = moving.restart();
    assert!(outputs.contains(&Output::CloseSocket), "as after a restart");
    assert_eq!(beside(&outputs), [&Output::ClosePeer, &Output::CloseSocket]);
    assert_eq!(moving.bench.call.phase(), Phase::Reconnecting);
}

#[test]
fn a_lost_socket_during_a_move_uses_what_is_there() {
    let mut moving = Move::ready();
    let socket = moving.bench.socket;
    let outputs = moving.bench.feed(Input::SocketClosed(socket));
    assert!(outputs.contains(&Output::UseBeside));
    assert_eq!(moving.bench.call.phase(), Phase::InCall);
}

#[test]
fn who_waits_moves_without_media() {
    let mut bench = Bench::new();
    bench.begin(Stage::Lobby);
    bench.hear(ServerMessage::Move);
    let outputs = bench.feed(Input::Ticket("second".to_owned()));
    let Some(Output::OpenSocket(socket)) = beside(&outputs).first() else {
        panic!("no socket: {outputs:?}");
    };
    let socket = *socket;
    bench.feed(Input::SocketOpened(socket));
    let message = ServerMessage::Welcome {
        resume_token: "other".to_owned(),
        snapshot: snapshot(Stage::Lobby, None),
    };
    let frame = Box::new(ServerFrame { seq: 1, message });
    let outputs = bench.feed(Input::Frame(socket, frame));
    assert_eq!(sent(&outputs), [&ClientMessage::Moved]);
}

#[test]
fn who_encrypts_begins_no_second_session() {
    let mut bench = in_call();
    bench.hear(ServerMessage::Encryption { on: true });
    assert!(bench.hear(ServerMessage::Move).is_empty());
}

#[test]
fn who_encrypts_from_now_on_gives_a_second_session_up() {
    let mut moving = Move::ready();
    let outputs = moving.bench.hear(ServerMessage::Encryption { on: true });
    assert!(beside(&outputs).contains(&&Output::ClosePeer));
    // It knows of no encryption.
    let outputs = moving.restart();
    assert!(!outputs.contains(&Output::UseBeside));
    assert_eq!(moving.bench.call.phase(), Phase::Reconnecting);
}

#[test]
fn a_mute_in_either_room_stays() {
    let mut moving = Move::ready();
    moving.hear(ServerMessage::Muted);
    assert!(moving.bench.call.view().sources.microphone);
    let outputs = moving.restart();
    assert!(!moving.bench.call.view().sources.microphone);
    assert!(outputs.contains(&Output::Notice(Notice::MutedByClinician)));

    let mut moving = Move::ready();
    let outputs = moving.bench.hear(ServerMessage::Muted);
    let sources = Sources {
        microphone: false,
        ..ON
    };
    let told = Output::Send(ClientMessage::Media { sources });
    assert!(beside(&outputs).contains(&&told));
}

#[test]
fn what_a_person_decides_is_decided_in_both_rooms() {
    let mut moving = Move::ready();
    let outputs = moving.bench.feed(Input::Act(Act::End));
    assert_eq!(sent(&outputs), [&ClientMessage::End]);
    assert_eq!(
        beside(&outputs),
        [&Output::Send(ClientMessage::End)],
        "whoever has moved is in the other one"
    );
    let outputs = moving.bench.feed(Input::Act(Act::Leave));
    assert!(beside(&outputs).contains(&&Output::Send(ClientMessage::Leave)));
    assert!(beside(&outputs).contains(&&Output::ClosePeer));
}

#[test]
fn an_end_in_the_second_room_is_the_end() {
    let mut moving = Move::ready();
    moving.hear(ServerMessage::Bye { reason: Bye::Ended });
    let ended = Phase::Over(Ending::Bye(Bye::Ended));
    assert_eq!(moving.bench.call.phase(), ended);
}

#[test]
fn a_second_session_that_gets_no_ticket_leaves_the_first_alone() {
    let mut bench = in_call();
    bench.hear(ServerMessage::Move);
    bench.feed(Input::TicketRefused);
    assert_eq!(bench.call.phase(), Phase::InCall);
    bench.hear(ServerMessage::Bye {
        reason: Bye::Restarting,
    });
    assert_eq!(bench.call.phase(), Phase::Reconnecting);
}

#[test]
fn chat_of_both_rooms_is_there_once_and_what_waits_is_sent_again() {
    let mut moving = Move::begin();
    let mut with = snapshot(Stage::Admitted, None);
    with.chat = vec![line(1, 1, 2)];
    moving.welcome(with);
    moving.flow();
    for (seq, id) in [(1, 1), (2, 2)] {
        moving.bench.hear(ServerMessage::Chat {
            message: line(seq, id, 2),
        });
    }
    moving.bench.feed(Input::Act(Act::Chat {
        id: chat_id(9),
        text: text("hello"),
    }));
    let outputs = moving.restart();
    let view = moving.bench.call.view();
    assert_eq!(view.chat.len(), 2);
    assert_eq!(view.pending.len(), 1);
    let chat = |it: &&&ClientMessage| matches!(it, ClientMessage::Chat { .. });
    assert_eq!(sent(&outputs).iter().filter(chat).count(), 1);
}
