use proptest::prelude::*;
use signaling_protocol::{
    Bye, CallBack, ChatId, ChatMessage, ChatText, ErrorCode, FailoverTicket, Grants, HEARTBEAT_MS,
    Participant, Recording, RecordingPhase, Role, RoomId, SILENCE_MS_MAX, ServerFrame,
    ServerMessage, SlotBinding, Snapshot, Source, WayIn,
};
use uuid::Uuid;

use super::*;

mod beside;
mod failover;
mod recording;

const ON: Sources = Sources {
    microphone: true,
    camera: true,
    screen: false,
};

fn person(number: u128, stage: Stage) -> Participant {
    Participant {
        id: ParticipantId::from_uuid(Uuid::from_u128(number)),
        name: format!("Person {number}"),
        role: if number == 1 {
            Role::Patient
        } else {
            Role::Clinician
        },
        relation: None,
        stage,
        connected: true,
        sources: Sources::default(),
        grants: Grants::ALL,
        public_key: None,
        way: WayIn::Page,
        phone: None,
        call_back: CallBack::Off,
        hand: false,
        quality: Quality::Unknown,
        since_us: 0,
    }
}

fn snapshot(stage: Stage, connection: Option<ConnectionId>) -> Snapshot {
    Snapshot {
        room: RoomId::from_uuid(Uuid::from_u128(9)),
        me: person(1, stage),
        stage,
        host_present: true,
        others: if stage == Stage::Admitted {
            vec![person(2, Stage::Admitted)]
        } else {
            Vec::new()
        },
        chat: Vec::new(),
        chat_read: 0,
        slots: Vec::new(),
        connection,
        wanted: Vec::new(),
        speakers: Vec::new(),
        audio_only: false,
        encrypted: false,
        recording: Recording::default(),
        captions: Recording::default(),
        captions_offered: true,
        relays: Vec::new(),
    }
}

fn line(seq: u64, id: u128, from: u128) -> ChatMessage {
    ChatMessage {
        seq,
        id: chat_id(id),
        from: ParticipantId::from_uuid(Uuid::from_u128(from)),
        from_name: "Somebody".to_owned(),
        at_us: 0,
        text: text("hello"),
    }
}

fn chat_id(number: u128) -> ChatId {
    ChatId::from_uuid(Uuid::from_u128(number))
}

fn text(words: &str) -> ChatText {
    ChatText::try_from(words.to_owned()).unwrap()
}

fn sdp() -> Sdp {
    Sdp::try_from("v=0\r\n".to_owned()).unwrap()
}

/// A call with the shell's part played by the test.
struct Bench {
    call: Call,
    now_ms: u64,
    seq: u64,
    socket: u32,
    peer: Option<ConnectionId>,
}

impl Bench {
    fn new() -> Self {
        Self::coming(Entrance::Lobby)
    }

    fn coming(entrance: Entrance) -> Self {
        let config = Config {
            slots_min: SlotCount { audio: 3, video: 4 },
            seed: 7,
            sources: ON,
            entrance,
        };
        Self {
            call: Call::new(config),
            now_ms: 1_000,
            seq: 0,
            socket: 0,
            peer: None,
        }
    }

    fn feed(&mut self, input: Input) -> Vec<Output> {
        self.call.handle(self.now_ms, input);
        let outputs: Vec<Output> = core::iter::from_fn(|| self.call.poll_output()).collect();
        for output in &outputs {
            match output {
                Output::OpenSocket(number) => self.socket = *number,
                Output::OpenPeer { connection, .. } => self.peer = Some(*connection),
                Output::ClosePeer => self.peer = None,
                _ => {}
            }
        }
        outputs
    }

    fn hear(&mut self, message: ServerMessage) -> Vec<Output> {
        self.seq += 1;
        let frame = ServerFrame {
            seq: self.seq,
            message,
        };
        self.feed(Input::Frame(self.socket, Box::new(frame)))
    }

    fn welcome(&mut self, stage: Stage, connection: Option<ConnectionId>) -> Vec<Output> {
        self.hear(ServerMessage::Welcome {
            resume_token: "secret".to_owned(),
            snapshot: snapshot(stage, connection),
        })
    }

    /// Waits for the next deadline.
    fn wait(&mut self) -> Vec<Output> {
        self.now_ms = self.call.poll_timeout().unwrap().max(self.now_ms);
        self.feed(Input::Tick)
    }

    /// From the start to the Welcome.
    fn begin(&mut self, stage: Stage) -> Vec<Output> {
        self.feed(Input::Start);
        self.feed(Input::Ticket("ticket".to_owned()));
        self.feed(Input::SocketOpened(self.socket));
        self.welcome(stage, None)
    }

    /// Offer, answer, connected.
    fn connect_media(&mut self) -> ConnectionId {
        let connection = self.peer.unwrap();
        let outputs = self.feed(Input::OfferMade {
            connection,
            sdp: sdp(),
            sources: Vec::new(),
        });
        let offer_no = offers(&outputs)[0];
        self.hear(ServerMessage::Answer {
            connection,
            offer_no,
            sdp: sdp(),
        });
        self.feed(Input::Peer(connection, PeerChange::Connected));
        connection
    }

    /// The socket breaks and a new one is greeted with the resume secret.
    fn reconnect(&mut self) -> Vec<Output> {
        self.feed(Input::SocketClosed(self.socket));
        self.wait();
        self.feed(Input::SocketOpened(self.socket))
    }
}

fn sent(outputs: &[Output]) -> Vec<&ClientMessage> {
    let messages = outputs.iter().filter_map(|output| match output {
        Output::Send(message) => Some(message),
        _ => None,
    });
    messages.collect()
}

fn offers(outputs: &[Output]) -> Vec<u32> {
    let messages = sent(outputs)
        .into_iter()
        .filter_map(|message| match message {
            ClientMessage::Offer { offer_no, .. } => Some(*offer_no),
            _ => None,
        });
    messages.collect()
}

fn opens_peer(outputs: &[Output]) -> bool {
    outputs
        .iter()
        .any(|output| matches!(output, Output::OpenPeer { .. }))
}

#[test]
fn a_patient_waits_without_media_and_gets_it_when_admitted() {
    let mut bench = Bench::new();
    let outputs = bench.begin(Stage::Lobby);
    assert_eq!(bench.call.phase(), Phase::Lobby);
    assert!(sent(&outputs).is_empty() && !opens_peer(&outputs));
    let outputs = bench.hear(ServerMessage::Admitted {
        snapshot: snapshot(Stage::Admitted, None),
    });
    assert_eq!(bench.call.phase(), Phase::InCall);
    assert_eq!(sent(&outputs), [&ClientMessage::Media { sources: ON }]);
    assert!(opens_peer(&outputs));
}

#[test]
fn a_ticket_is_shown_once_and_then_the_resume_secret() {
    let mut bench = Bench::new();
    assert_eq!(bench.feed(Input::Start), [Output::NeedTicket]);
    bench.feed(Input::Ticket("ticket".to_owned()));
    let hello = bench.feed(Input::SocketOpened(bench.socket));
    let by_ticket = Auth::Ticket {
        ticket: "ticket".to_owned(),
        connection: None,
    };
    assert!(matches!(sent(&hello)[0], ClientMessage::Hello { auth, .. } if *auth == by_ticket));
    bench.welcome(Stage::Lobby, None);
    let hello = bench.reconnect();
    let by_secret = Auth::Resume {
        token: "secret".to_owned(),
        last_seq: 1,
    };
    assert!(matches!(sent(&hello)[0], ClientMessage::Hello { auth, .. } if *auth == by_secret));
}

#[test]
fn a_spent_ticket_is_replaced_by_a_fresh_one_before_the_next_try() {
    let mut bench = Bench::new();
    bench.feed(Input::Start);
    bench.feed(Input::Ticket("ticket".to_owned()));
    bench.feed(Input::SocketOpened(bench.socket));
    bench.feed(Input::SocketClosed(bench.socket));
    assert_eq!(bench.call.phase(), Phase::Connecting);
    assert_eq!(bench.wait(), [Output::NeedTicket]);
}

#[test]
fn media_goes_on_over_a_lost_socket() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    bench.reconnect();
    assert_eq!(bench.call.phase(), Phase::Reconnecting);
    let outputs = bench.welcome(Stage::Admitted, Some(connection));
    assert!(!opens_peer(&outputs));
    assert_eq!(bench.call.view().connection, Some(connection));
}

#[test]
fn a_connection_that_the_server_forgot_is_replaced() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let old = bench.connect_media();
    bench.reconnect();
    let outputs = bench.welcome(Stage::Admitted, None);
    assert!(opens_peer(&outputs));
    assert_ne!(bench.peer, Some(old));
}

#[test]
fn an_offer_made_while_away_leads_to_a_new_connection() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let old = bench.peer.unwrap();
    bench.reconnect();
    let outputs = bench.feed(Input::OfferMade {
        connection: old,
        sdp: sdp(),
        sources: Vec::new(),
    });
    assert!(offers(&outputs).is_empty());
    bench.welcome(Stage::Admitted, None);
    assert_ne!(bench.peer, Some(old));
}

#[test]
fn lost_media_is_replaced_at_once_and_a_short_break_is_waited_out() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let first = bench.connect_media();
    assert!(opens_peer(
        &bench.hear(ServerMessage::MediaLost { connection: first })
    ));
    let second = bench.connect_media();
    assert!(!opens_peer(
        &bench.feed(Input::Peer(second, PeerChange::Disconnected))
    ));
    bench.feed(Input::SocketOpened(bench.socket));
    assert!(!opens_peer(&bench.welcome(Stage::Admitted, Some(second))));
    bench.now_ms += 4_900;
    bench.hear(ServerMessage::Heartbeat);
    assert!(!opens_peer(&bench.feed(Input::Tick)));
    bench.now_ms += 200;
    assert!(opens_peer(&bench.feed(Input::Tick)));
}

#[test]
fn a_clinicians_first_offer_goes_out_with_the_hello() {
    let mut bench = Bench::coming(Entrance::AtOnce);
    bench.feed(Input::Start);
    let outputs = bench.feed(Input::Ticket("ticket".to_owned()));
    assert!(opens_peer(&outputs));
    let connection = bench.peer.unwrap();
    let made = || Input::OfferMade {
        connection,
        sdp: sdp(),
        sources: Vec::new(),
    };
    assert!(offers(&bench.feed(made())).is_empty());
    let outputs = bench.feed(Input::SocketOpened(bench.socket));
    assert!(matches!(
        sent(&outputs)[..],
        [ClientMessage::Hello { .. }, ClientMessage::Offer { .. }]
    ));
    let outputs = bench.welcome(Stage::Admitted, None);
    assert!(!opens_peer(&outputs));
    let outputs = bench.hear(ServerMessage::Answer {
        connection,
        offer_no: 1,
        sdp: sdp(),
    });
    let applies = |output: &Output| matches!(output, Output::ApplyAnswer { .. });
    assert!(outputs.iter().any(applies));
}

#[test]
fn an_eager_connection_is_given_up_where_people_encrypt_or_wait() {
    let begin = || {
        let mut bench = Bench::coming(Entrance::AtOnce);
        bench.feed(Input::Start);
        bench.feed(Input::Ticket("ticket".to_owned()));
        bench.feed(Input::SocketOpened(bench.socket));
        let connection = bench.peer.unwrap();
        bench.feed(Input::OfferMade {
            connection,
            sdp: sdp(),
            sources: Vec::new(),
        });
        (bench, connection)
    };
    let (mut bench, eager) = begin();
    let mut now = snapshot(Stage::Admitted, None);
    now.encrypted = true;
    bench.hear(ServerMessage::Welcome {
        resume_token: "secret".to_owned(),
        snapshot: now,
    });
    assert_ne!(bench.peer, Some(eager));
    let outputs = bench.hear(ServerMessage::Answer {
        connection: eager,
        offer_no: 1,
        sdp: sdp(),
    });
    let applies = |output: &Output| matches!(output, Output::ApplyAnswer { .. });
    assert!(!outputs.iter().any(applies));

    let (mut bench, _) = begin();
    bench.welcome(Stage::Lobby, None);
    assert_eq!(bench.peer, None);
    let outputs = bench.hear(ServerMessage::Error {
        code: ErrorCode::NotAdmitted,
        detail: String::new(),
    });
    assert!(outputs.is_empty());
}

fn restarts(outputs: &[Output]) -> usize {
    let restarts = |output: &&Output| matches!(output, Output::RestartPeer { .. });
    outputs.iter().filter(restarts).count()
}

#[test]
fn a_connection_that_stalls_looks_for_another_way_and_not_too_often() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    let stalled = || Input::Peer(connection, PeerChange::Stalled);
    bench.hear(ServerMessage::Heartbeat);
    assert_eq!(restarts(&bench.feed(stalled())), 1);
    // Its offer is under way.
    assert_eq!(restarts(&bench.feed(stalled())), 0);
    let outputs = bench.feed(Input::OfferMade {
        connection,
        sdp: sdp(),
        sources: Vec::new(),
    });
    assert_eq!(offers(&outputs), [2]);
    bench.hear(ServerMessage::Answer {
        connection,
        offer_no: 2,
        sdp: sdp(),
    });
    assert_eq!(restarts(&bench.feed(stalled())), 0);
    bench.now_ms += 2_000;
    bench.hear(ServerMessage::Heartbeat);
    assert_eq!(restarts(&bench.feed(stalled())), 1);
}

#[test]
fn a_stall_with_a_silent_socket_takes_a_new_socket_first() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    bench.now_ms += 1_000;
    let old = bench.socket;
    let outputs = bench.feed(Input::Peer(connection, PeerChange::Stalled));
    assert_eq!(restarts(&outputs), 0);
    assert_ne!(bench.socket, old);
    bench.feed(Input::SocketOpened(bench.socket));
    let outputs = bench.welcome(Stage::Admitted, Some(connection));
    assert_eq!(restarts(&outputs), 1);
    assert!(!opens_peer(&outputs));
}

#[test]
fn a_search_that_knows_no_network_gets_a_new_connection_and_not_too_often() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    let nowhere = |connection| Input::Peer(connection, PeerChange::Nowhere);
    // It does not search.
    assert!(!opens_peer(&bench.feed(nowhere(connection))));
    search(&mut bench, connection, 2);
    assert!(opens_peer(&bench.feed(nowhere(connection))));
    let second = bench.connect_media();
    assert_ne!(second, connection);
    assert!(
        !opens_peer(&bench.feed(nowhere(connection))),
        "an earlier one"
    );
    bench.now_ms += 1_500;
    search(&mut bench, second, 2);
    assert!(!opens_peer(&bench.feed(nowhere(second))), "too soon");
    bench.now_ms += 1_500;
    bench.hear(ServerMessage::Heartbeat);
    bench.feed(Input::Peer(second, PeerChange::Stalled));
    bench.feed(Input::OfferMade {
        connection: second,
        sdp: sdp(),
        sources: Vec::new(),
    });
    assert!(
        opens_peer(&bench.feed(nowhere(second))),
        "before its answer"
    );
}

#[test]
fn a_connection_that_is_interrupted_soon_after_a_search_looks_on() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    search(&mut bench, connection, 2);
    bench.now_ms += 500;
    bench.hear(ServerMessage::Heartbeat);
    let outputs = bench.feed(Input::Peer(connection, PeerChange::Disconnected));
    assert_eq!(restarts(&outputs), 0);
    bench.now_ms = bench.call.poll_timeout().unwrap();
    bench.hear(ServerMessage::Heartbeat);
    assert_eq!(restarts(&bench.feed(Input::Tick)), 1);
    // The next one takes longer.
    answer(&mut bench, connection, 3);
    bench.now_ms += 1_500;
    bench.hear(ServerMessage::Heartbeat);
    assert_eq!(restarts(&bench.feed(Input::Tick)), 0);
    bench.now_ms += 500;
    let socket = bench.socket;
    assert_eq!(restarts(&bench.feed(Input::Tick)), 1);
    assert_eq!(bench.socket, socket, "it has answered the search before");
}

#[test]
fn a_slow_answer_costs_one_socket_at_most_and_none_when_people_come() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    bench.hear(ServerMessage::Heartbeat);
    bench.feed(Input::Peer(connection, PeerChange::Stalled));
    let offer = || Input::OfferMade {
        connection,
        sdp: sdp(),
        sources: Vec::new(),
    };
    bench.feed(offer());
    let first = bench.socket;
    bench.now_ms += 2_000;
    bench.feed(Input::Tick);
    let second = bench.socket;
    assert_ne!(first, second);
    bench.feed(Input::SocketOpened(second));
    assert_eq!(
        restarts(&bench.welcome(Stage::Admitted, Some(connection))),
        1
    );
    bench.feed(offer());
    bench.now_ms += 2_500;
    bench.feed(Input::Tick);
    assert_eq!(bench.socket, second, "it is waited for");
}

#[test]
fn an_answer_that_is_overdue_puts_a_silent_socket_in_doubt() {
    for heard in [true, false] {
        let mut bench = Bench::new();
        bench.begin(Stage::Admitted);
        let connection = bench.connect_media();
        bench.hear(ServerMessage::Heartbeat);
        bench.feed(Input::Peer(connection, PeerChange::Stalled));
        bench.feed(Input::OfferMade {
            connection,
            sdp: sdp(),
            sources: Vec::new(),
        });
        let old = bench.socket;
        bench.now_ms += 1_000;
        if heard {
            bench.hear(ServerMessage::Heartbeat);
        }
        bench.now_ms += 1_000;
        bench.feed(Input::Tick);
        assert_eq!(bench.socket == old, heard);
        if !heard {
            bench.feed(Input::SocketOpened(bench.socket));
            let outputs = bench.welcome(Stage::Admitted, Some(connection));
            assert_eq!(restarts(&outputs), 1);
        }
    }
}

#[test]
fn a_way_that_the_browser_calls_gone_takes_the_socket_with_it() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    let gone = || Input::Peer(connection, PeerChange::Disconnected);
    bench.hear(ServerMessage::Heartbeat);
    let first = bench.socket;
    assert_eq!(restarts(&bench.feed(gone())), 0);
    let second = bench.socket;
    assert_ne!(first, second, "what was heard before proves nothing");
    bench.feed(Input::Peer(connection, PeerChange::Connected));
    // Again, before that one has answered.
    bench.feed(gone());
    let third = bench.socket;
    assert_ne!(second, third);
    bench.feed(Input::Peer(connection, PeerChange::Connected));
    bench.feed(gone());
    assert_eq!(bench.socket, third, "once");
    bench.feed(Input::SocketOpened(third));
    assert_eq!(
        restarts(&bench.welcome(Stage::Admitted, Some(connection))),
        1
    );
}

/// The browser calls the way gone. Says whether that took a new socket; it is welcomed, and what was
/// found helps.
fn flap(bench: &mut Bench, connection: ConnectionId, offer_no: &mut u32) -> bool {
    let before = bench.socket;
    let mut outputs = bench.feed(Input::Peer(connection, PeerChange::Disconnected));
    let taken = bench.socket != before;
    if taken {
        bench.feed(Input::SocketOpened(bench.socket));
        outputs = bench.welcome(Stage::Admitted, Some(connection));
    }
    if restarts(&outputs) > 0 {
        *offer_no += 1;
        answer(bench, connection, *offer_no);
    }
    bench.feed(Input::Peer(connection, PeerChange::Connected));
    taken
}

#[test]
fn a_search_that_helped_does_not_hold_up_the_next_one_unless_that_goes_on() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    let mut offer_no = 1;
    for _ in 0..2 {
        let mut takes = Vec::new();
        for _ in 0..8 {
            takes.push(flap(&mut bench, connection, &mut offer_no));
            bench.now_ms += 600;
        }
        // Three at once, then after one second and two more.
        let expected = [true, true, true, false, true, false, false, false];
        assert_eq!(takes, expected);
        bench.now_ms += 10_000;
    }
}

#[test]
fn a_connection_that_flaps_on_takes_no_more_sockets_than_one_that_stalls() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    let (mut offer_no, mut taken) = (1, 0);
    for _ in 0..120 {
        taken += u32::from(flap(&mut bench, connection, &mut offer_no));
        bench.now_ms += 500;
    }
    assert!((3..=19).contains(&taken), "{taken} in a minute");
}

#[test]
fn a_socket_that_has_said_hello_is_waited_for() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    bench.feed(Input::Peer(connection, PeerChange::Disconnected));
    let second = bench.socket;
    bench.now_ms += 1_500;
    bench.feed(Input::SocketOpened(second));
    let said_ms = bench.now_ms;
    // Its Hello may be on its way, and would put off any socket that comes after it.
    bench.feed(Input::Peer(connection, PeerChange::Connected));
    bench.feed(Input::Peer(connection, PeerChange::Disconnected));
    assert_eq!(bench.socket, second);
    let outputs = bench.wait();
    assert_eq!(bench.now_ms, said_ms + 5_000);
    assert!(outputs.contains(&Output::CloseSocket));
}

#[test]
fn what_was_heard_before_an_interruption_does_not_save_the_socket() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    search(&mut bench, connection, 2);
    bench.now_ms += 500;
    bench.feed(Input::Peer(connection, PeerChange::Disconnected));
    let socket = bench.socket;
    assert_eq!(restarts(&bench.wait()), 0);
    assert_ne!(bench.socket, socket);
}

#[test]
fn the_first_socket_of_who_comes_back_is_given_up_early_and_the_next_one_late() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench.connect_media();
    bench.feed(Input::NetworkChanged);
    for patience_ms in [2_000, 5_000, 5_000] {
        let (socket, began_ms) = (bench.socket, bench.now_ms);
        bench.wait();
        assert_eq!(bench.now_ms, began_ms + patience_ms);
        bench.wait();
        assert_ne!(bench.socket, socket);
    }
}

/// Somebody comes, so an offer for more slots is made and sent.
fn grow(bench: &mut Bench, connection: ConnectionId) {
    for number in 3..6 {
        bench.hear(ServerMessage::Participant {
            participant: person(number, Stage::Admitted),
        });
    }
    let outputs = bench.feed(Input::OfferMade {
        connection,
        sdp: sdp(),
        sources: Vec::new(),
    });
    assert_eq!(offers(&outputs), [2]);
}

#[test]
fn an_interruption_while_an_offer_is_under_way_is_not_waited_out() {
    for change in [PeerChange::Disconnected, PeerChange::Stalled] {
        let mut bench = Bench::new();
        bench.begin(Stage::Admitted);
        let connection = bench.connect_media();
        grow(&mut bench, connection);
        let old = bench.socket;
        assert_eq!(restarts(&bench.feed(Input::Peer(connection, change))), 0);
        let asked_ms = bench.now_ms;
        bench.wait();
        assert!(bench.now_ms - asked_ms <= 2_000, "{change:?}");
        assert_ne!(bench.socket, old, "its answer does not come");
        bench.feed(Input::SocketOpened(bench.socket));
        let outputs = bench.welcome(Stage::Admitted, Some(connection));
        assert_eq!(restarts(&outputs), 1);
    }
}

#[test]
fn an_interruption_looks_for_another_way_as_soon_as_its_offer_is_answered() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    grow(&mut bench, connection);
    bench.feed(Input::Peer(connection, PeerChange::Disconnected));
    bench.now_ms += 300;
    bench.hear(ServerMessage::Answer {
        connection,
        offer_no: 2,
        sdp: sdp(),
    });
    let answered_ms = bench.now_ms;
    let outputs = bench.wait();
    assert_eq!(bench.now_ms, answered_ms);
    assert_eq!(restarts(&outputs), 1);
}

/// The connection stalls, looks for another way, and is answered.
fn search(bench: &mut Bench, connection: ConnectionId, offer_no: u32) {
    bench.hear(ServerMessage::Heartbeat);
    let outputs = bench.feed(Input::Peer(connection, PeerChange::Stalled));
    assert_eq!(restarts(&outputs), 1);
    answer(bench, connection, offer_no);
}

/// The browser makes an offer, and the server answers it.
fn answer(bench: &mut Bench, connection: ConnectionId, offer_no: u32) {
    bench.feed(Input::OfferMade {
        connection,
        sdp: sdp(),
        sources: Vec::new(),
    });
    bench.hear(ServerMessage::Answer {
        connection,
        offer_no,
        sdp: sdp(),
    });
}

#[test]
fn a_changed_network_finds_another_way_for_the_same_connection() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    bench.feed(Input::NetworkChanged);
    bench.feed(Input::SocketOpened(bench.socket));
    let outputs = bench.welcome(Stage::Admitted, Some(connection));
    assert_eq!(restarts(&outputs), 1);
    assert!(!opens_peer(&outputs));
    assert_eq!(bench.call.view().connection, Some(connection));
}

#[test]
fn encryption_between_people_takes_a_new_connection() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let open = bench.connect_media();
    let outputs = bench.hear(ServerMessage::Encryption { on: true });
    assert!(outputs.iter().any(|output| matches!(
        output,
        Output::OpenPeer { connection, encrypted: true, .. } if *connection != open
    )));
    let outputs = bench.hear(ServerMessage::Encryption { on: true });
    assert!(!opens_peer(&outputs));
}

#[test]
fn an_encryption_that_was_missed_is_taken_over_from_the_snapshot() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let open = bench.connect_media();
    bench.reconnect();
    let mut now = snapshot(Stage::Admitted, Some(open));
    now.encrypted = true;
    let outputs = bench.hear(ServerMessage::Welcome {
        resume_token: "secret".to_owned(),
        snapshot: now,
    });
    assert!(opens_peer(&outputs));
    assert!(bench.call.view().encrypted);
}

#[test]
fn a_server_that_knows_of_no_encryption_gets_neither_sound_nor_picture() {
    for stage in [Stage::Admitted, Stage::Lobby] {
        let mut bench = Bench::new();
        bench.begin(Stage::Admitted);
        bench.hear(ServerMessage::Encryption { on: true });
        let sealed = bench.connect_media();
        bench.reconnect();
        bench.seq = 0;
        let told = Output::Notice(Notice::Encrypted(false));
        let mut outputs = bench.welcome(stage, None);
        if stage == Stage::Lobby {
            outputs.extend(bench.hear(ServerMessage::Admitted {
                snapshot: snapshot(Stage::Admitted, None),
            }));
        }
        assert!(outputs.contains(&told));
        let off = Output::SetSources(Sources::default());
        let at = |wanted: &dyn Fn(&Output) -> bool| outputs.iter().position(wanted).unwrap();
        let opened =
            at(&|it| matches!(it, Output::OpenPeer { connection, .. } if *connection != sealed));
        assert!(at(&|it| *it == off) < opened, "before anything can leave");
        assert_eq!(bench.call.view().sources, Sources::default());
        bench.connect_media();
        // Nothing but the person switches it on again.
        bench.reconnect();
        let outputs = bench.welcome(Stage::Admitted, bench.peer);
        assert!(!outputs.contains(&told), "told once");
        assert_eq!(bench.call.view().sources, Sources::default());
        bench.feed(Input::Act(Act::Sources(ON)));
        assert_eq!(bench.call.view().sources, ON);
    }
}

#[test]
fn who_waits_again_hears_nothing_of_encryption_and_keeps_what_is_on() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench.hear(ServerMessage::Encryption { on: true });
    bench.reconnect();
    bench.seq = 0;
    let mut outputs = bench.welcome(Stage::Lobby, None);
    assert!(!bench.call.view().encrypted);
    let mut now = snapshot(Stage::Admitted, None);
    now.encrypted = true;
    outputs.extend(bench.hear(ServerMessage::Admitted { snapshot: now }));
    let said = |it: &Output| matches!(it, Output::Notice(Notice::Encrypted(_)));
    assert!(!outputs.iter().any(said));
    assert_eq!(bench.call.view().sources, ON);
    let sealed = |it: &Output| matches!(it, Output::OpenPeer { encrypted, .. } if *encrypted);
    assert!(outputs.iter().any(sealed));
}

#[test]
fn what_is_no_longer_granted_is_switched_off() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let mut grants = Grants::ALL;
    grants.publish.camera = false;
    let outputs = bench.hear(ServerMessage::Granted { grants });
    let off = Sources {
        camera: false,
        ..ON
    };
    assert!(outputs.contains(&Output::SetSources(off)));
    assert!(sent(&outputs).contains(&&ClientMessage::Media { sources: off }));
}

#[test]
fn a_break_that_heals_keeps_its_connection() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    bench.feed(Input::Peer(connection, PeerChange::Disconnected));
    bench.feed(Input::Peer(connection, PeerChange::Connected));
    bench.now_ms += 5_000;
    assert!(!opens_peer(&bench.feed(Input::Tick)));
    assert_eq!(bench.call.view().media, MediaState::Flowing);
}

#[test]
fn silence_counts_as_a_lost_server_and_heartbeats_do_not() {
    let mut bench = Bench::new();
    bench.begin(Stage::Lobby);
    for _ in 0..10 {
        bench.now_ms += u64::from(HEARTBEAT_MS);
        bench.feed(Input::Tick);
        bench.hear(ServerMessage::Heartbeat);
    }
    assert_eq!(bench.call.phase(), Phase::Lobby);
    bench.now_ms += u64::from(SILENCE_MS_MAX);
    let outputs = bench.feed(Input::Tick);
    assert_eq!(bench.call.phase(), Phase::Reconnecting);
    assert!(outputs.contains(&Output::CloseSocket));
    assert!(outputs.contains(&Output::Notice(Notice::ConnectionLost)));
}

#[test]
fn messages_wait_for_the_server_and_keep_their_ids() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    let said = ClientMessage::Chat {
        id: chat_id(5),
        text: text("hello"),
    };
    let act = Input::Act(Act::Chat {
        id: chat_id(5),
        text: text("hello"),
    });
    assert_eq!(sent(&bench.feed(act)), [&said]);
    bench.reconnect();
    let outputs = bench.welcome(Stage::Admitted, Some(connection));
    assert!(sent(&outputs).contains(&&said));
    bench.hear(ServerMessage::Chat {
        message: line(1, 5, 1),
    });
    assert!(bench.call.view().pending.is_empty());
    bench.reconnect();
    let outputs = bench.welcome(Stage::Admitted, Some(connection));
    assert!(!sent(&outputs).contains(&&said));
}

#[test]
fn a_message_that_could_not_be_stored_is_sent_again() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench.connect_media();
    bench.feed(Input::Act(Act::Chat {
        id: chat_id(5),
        text: text("hello"),
    }));
    bench.hear(ServerMessage::Error {
        code: ErrorCode::Unavailable,
        detail: String::new(),
    });
    let outputs = bench.wait();
    assert!(matches!(
        sent(&outputs)[..],
        [ClientMessage::Chat { id, .. }] if *id == chat_id(5)
    ));
}

#[test]
fn chat_is_ordered_counted_once_and_own_lines_are_never_unread() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    for message in [
        line(2, 12, 2),
        line(1, 11, 2),
        line(3, 13, 1),
        line(2, 12, 2),
    ] {
        bench.hear(ServerMessage::Chat { message });
    }
    let view = bench.call.view();
    let order: Vec<u64> = view.chat.iter().map(|line| line.seq).collect();
    assert_eq!(order, [1, 2, 3]);
    assert_eq!(view.unread(), 2);
    let outputs = bench.feed(Input::Act(Act::ChatRead { seq: 3 }));
    assert_eq!(sent(&outputs), [&ClientMessage::ChatRead { seq: 3 }]);
    assert_eq!(bench.call.view().unread(), 0);
}

#[test]
fn a_refused_secret_leads_to_a_fresh_ticket_at_once() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench.reconnect();
    bench.hear(ServerMessage::Bye {
        reason: Bye::Unauthorized,
    });
    let before_ms = bench.now_ms;
    assert_eq!(bench.wait(), [Output::NeedTicket]);
    assert_eq!(bench.now_ms, before_ms);
}

#[test]
fn tickets_refused_again_and_again_end_the_call() {
    let mut bench = Bench::new();
    bench.feed(Input::Start);
    for _ in 0..3 {
        bench.feed(Input::Ticket("ticket".to_owned()));
        bench.feed(Input::SocketOpened(bench.socket));
        bench.hear(ServerMessage::Bye {
            reason: Bye::Unauthorized,
        });
        if bench.call.poll_timeout().is_some() {
            bench.wait();
        }
    }
    let over = Phase::Over(Ending::Bye(Bye::Unauthorized));
    assert_eq!(bench.call.phase(), over);
}

#[test]
fn the_clinicians_mute_holds_over_a_lost_socket() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench.connect_media();
    bench.hear(ServerMessage::Muted);
    assert!(!bench.call.view().sources.microphone);
    let outputs = bench.reconnect();
    assert!(sent(&outputs).len() == 1);
    bench.welcome(Stage::Admitted, None);
    assert!(!bench.call.view().sources.microphone);
}

#[test]
fn a_mute_that_was_missed_is_taken_over_from_the_snapshot() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench.connect_media();
    bench.reconnect();
    let outputs = bench.welcome(Stage::Admitted, None);
    assert!(outputs.contains(&Output::Notice(Notice::MutedByClinician)));
    assert!(!bench.call.view().sources.microphone);
}

#[test]
fn a_choice_made_while_away_is_told_afterwards() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench.connect_media();
    bench.reconnect();
    let chosen = Sources {
        camera: false,
        ..ON
    };
    bench.feed(Input::Act(Act::Sources(chosen)));
    let outputs = bench.welcome(Stage::Admitted, None);
    assert!(sent(&outputs).contains(&&ClientMessage::Media { sources: chosen }));
}

#[test]
fn more_people_than_slots_lead_to_one_new_offer() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let connection = bench.connect_media();
    let mut grown = Vec::new();
    for number in 3..=6 {
        grown.extend(bench.hear(ServerMessage::Participant {
            participant: person(number, Stage::Admitted),
        }));
    }
    let growths: Vec<&SlotCount> = grown
        .iter()
        .filter_map(|output| match output {
            Output::GrowPeer { slots, .. } => Some(slots),
            _ => None,
        })
        .collect();
    assert_eq!(growths, [&SlotCount { audio: 4, video: 4 }]);
    let outputs = bench.feed(Input::OfferMade {
        connection,
        sdp: sdp(),
        sources: Vec::new(),
    });
    assert_eq!(offers(&outputs), [2]);
    let outputs = bench.hear(ServerMessage::Answer {
        connection,
        offer_no: 2,
        sdp: sdp(),
    });
    let five = SlotCount { audio: 5, video: 5 };
    assert!(outputs.contains(&Output::GrowPeer {
        connection,
        slots: five
    }));
}

#[test]
fn answers_and_slots_of_an_old_connection_are_ignored() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    let old = bench.connect_media();
    bench.hear(ServerMessage::MediaLost { connection: old });
    let outputs = bench.hear(ServerMessage::Answer {
        connection: old,
        offer_no: 1,
        sdp: sdp(),
    });
    assert!(outputs.is_empty());
    bench.hear(ServerMessage::Slots {
        connection: old,
        slots: vec![SlotBinding {
            mid: "3".to_owned(),
            participant: person(2, Stage::Admitted).id,
            source: Source::Camera,
        }],
    });
    assert!(bench.call.view().slots.is_empty());
}

#[test]
fn leaving_is_said_and_closes_everything() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench.connect_media();
    let outputs = bench.feed(Input::Act(Act::Leave));
    assert_eq!(
        outputs,
        [
            Output::Send(ClientMessage::Leave),
            Output::ClosePeer,
            Output::CloseSocket
        ]
    );
    assert_eq!(bench.call.phase(), Phase::Over(Ending::Bye(Bye::Left)));
    assert_eq!(bench.call.poll_timeout(), None);
}

#[test]
fn clinician_acts_are_not_stored_for_later() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench.connect_media();
    bench.feed(Input::SocketClosed(bench.socket));
    let outputs = bench.feed(Input::Act(Act::End));
    assert_eq!(outputs, [Output::Notice(Notice::NotConnected)]);
}

#[test]
fn every_final_bye_ends_the_call_and_a_restart_does_not() {
    for reason in [Bye::Refused, Bye::Removed, Bye::Ended, Bye::Replaced] {
        let mut bench = Bench::new();
        bench.begin(Stage::Admitted);
        bench.hear(ServerMessage::Bye { reason });
        assert_eq!(bench.call.phase(), Phase::Over(Ending::Bye(reason)));
    }
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench.hear(ServerMessage::Bye {
        reason: Bye::Restarting,
    });
    assert_eq!(bench.call.phase(), Phase::Reconnecting);
    let wait_ms = bench.call.poll_timeout().unwrap() - bench.now_ms;
    assert!((250..=2_000).contains(&wait_ms));
}

#[test]
fn a_changed_network_takes_a_new_socket_without_waiting() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench.connect_media();
    let old = bench.socket;
    let outputs = bench.feed(Input::NetworkChanged);
    assert!(matches!(
        outputs[..],
        [Output::CloseSocket, Output::OpenSocket(number)] if number != old
    ));
}

/// Anything that can happen, in any order.
fn any_input() -> impl Strategy<Value = (u64, u8, u8)> {
    (0_u64..15_000, 0_u8..26, 0_u8..3)
}

fn input_of(bench: &Bench, kind: u8, part: u8) -> Input {
    let connection = bench
        .peer
        .filter(|_| part > 0)
        .unwrap_or_else(|| ConnectionId::from_uuid(Uuid::from_u128(99)));
    let stage = if part == 0 {
        Stage::Lobby
    } else {
        Stage::Admitted
    };
    let message = match kind {
        0 => return Input::Start,
        1 => return Input::Ticket("ticket".to_owned()),
        2 => return Input::TicketLater,
        3 | 4 => return Input::SocketOpened(bench.socket),
        5 => return Input::SocketClosed(bench.socket.saturating_sub(u32::from(part == 0))),
        6 => return Input::NetworkChanged,
        7 => {
            return Input::OfferMade {
                connection,
                sdp: sdp(),
                sources: Vec::new(),
            };
        }
        8 => return Input::Peer(connection, PeerChange::Connected),
        9 => return Input::Peer(connection, PeerChange::Disconnected),
        10 => return Input::Peer(connection, PeerChange::Failed),
        11 => return Input::Act(Act::Sources(ON)),
        12 => {
            return Input::Act(Act::Chat {
                id: chat_id(u128::from(part)),
                text: text("hello"),
            });
        }
        13 => return Input::Tick,
        14..=16 => ServerMessage::Welcome {
            resume_token: "secret".to_owned(),
            snapshot: snapshot(stage, Some(connection)),
        },
        17 => ServerMessage::Admitted {
            snapshot: snapshot(Stage::Admitted, None),
        },
        18 => ServerMessage::Answer {
            connection,
            offer_no: u32::from(part),
            sdp: sdp(),
        },
        19 => ServerMessage::MediaLost { connection },
        20 => ServerMessage::Chat {
            message: line(u64::from(part) + 1, u128::from(part), 2),
        },
        21 if part == 0 => return Input::Peer(connection, PeerChange::Nowhere),
        21 => return Input::Peer(connection, PeerChange::Stalled),
        23 => ServerMessage::Recording {
            recording: Recording {
                phase: RecordingPhase::Asking,
                ..Recording::default()
            },
        },
        22 => ServerMessage::Encryption { on: part > 0 },
        24 => ServerMessage::Wanted {
            connection,
            sources: Vec::new(),
        },
        _ => ServerMessage::Bye {
            reason: if part == 0 {
                Bye::Unauthorized
            } else {
                Bye::Restarting
            },
        },
    };
    Input::Frame(
        bench.socket,
        Box::new(ServerFrame {
            seq: bench.seq + 1,
            message,
        }),
    )
}

proptest! {
    #[test]
    fn whatever_happens_the_rules_hold(steps in prop::collection::vec(any_input(), 1..120)) {
        let mut bench = Bench::new();
        let mut greeted = None;
        let mut admitted = false;
        for (after_ms, kind, part) in steps {
            bench.now_ms += after_ms;
            let input = input_of(&bench, kind, part);
            if let Input::Frame(_, frame) = &input {
                bench.seq = frame.seq;
            }
            let outputs = bench.feed(input);
            admitted |= bench.call.view().stage == Some(Stage::Admitted);
            for output in &outputs {
                match output {
                    Output::Send(ClientMessage::Hello { .. }) => greeted = Some(bench.socket),
                    // Nothing but a Hello is said to a socket that was not greeted.
                    Output::Send(_) => prop_assert_eq!(greeted, Some(bench.socket)),
                    // No media before somebody let this person in.
                    Output::OpenPeer { .. } => prop_assert!(admitted),
                    _ => {}
                }
            }
            // A call that is neither idle nor over always has something to wait for: the page's
            // ticket, or a deadline.
            let waits_for_page = outputs.contains(&Output::NeedTicket);
            let alive = !matches!(bench.call.phase(), Phase::Idle | Phase::Over(_));
            if alive && !waits_for_page && bench.call.phase() == Phase::InCall {
                prop_assert!(bench.call.poll_timeout().is_some());
            }
            prop_assert!(bench.call.view().pending.len() <= 50);
        }
    }
}
