//! The server of the visit fails, and another one takes the page with what the first one signed.

use super::*;

fn vouched(bench: &mut Bench, nodes: &[&str]) {
    bench.hear(ServerMessage::Failover(FailoverTicket {
        ticket: "a.b.c".to_owned(),
        nodes: nodes.iter().map(|&it| it.to_owned()).collect(),
    }));
}

/// Where the sockets of the next tries go, when nobody answers.
fn tries(bench: &mut Bench, number: usize) -> Vec<Option<String>> {
    let places = (0..number).map(|_| {
        while !bench
            .wait()
            .iter()
            .any(|it| matches!(it, Output::OpenSocket(_)))
        {}
        let place = bench.call.origin().map(str::to_owned);
        bench.feed(Input::SocketClosed(bench.socket));
        place
    });
    places.collect()
}

#[test]
fn the_ticket_is_shown_behind_the_secret() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    vouched(&mut bench, &[]);
    let hello = bench.reconnect();
    let by_both = Auth::Resume {
        token: "secret.a.b.c".to_owned(),
        last_seq: 2,
    };
    assert!(matches!(sent(&hello)[0], ClientMessage::Hello { auth, .. } if *auth == by_both));
}

#[test]
fn the_own_server_is_asked_first_and_then_the_others_in_turn() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    vouched(&mut bench, &["https://b", "https://c"]);
    bench.feed(Input::SocketClosed(bench.socket));
    let (b, c) = (Some("https://b".to_owned()), Some("https://c".to_owned()));
    assert_eq!(
        tries(&mut bench, 5),
        [None, b.clone(), c, None, b],
        "nobody greets"
    );
    let mut alone = Bench::new();
    alone.begin(Stage::Admitted);
    vouched(&mut alone, &[]);
    alone.feed(Input::SocketClosed(alone.socket));
    assert_eq!(tries(&mut alone, 3), [None, None, None]);
}

#[test]
fn whoever_has_greeted_is_asked_again_first() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    vouched(&mut bench, &["https://a", "https://b", "https://c"]);
    bench.feed(Input::SocketClosed(bench.socket));
    tries(&mut bench, 2);
    // The third place. In its own list it is the first, and in the next one of somebody else.
    for nodes in [
        &["https://b", "https://c"][..],
        &["https://c", "https://d", "https://b"],
        &["https://b"],
    ] {
        bench.wait();
        assert_eq!(bench.call.origin(), Some("https://b"));
        bench.feed(Input::SocketOpened(bench.socket));
        bench.seq = 0;
        bench.welcome(Stage::Admitted, None);
        vouched(&mut bench, nodes);
        bench.feed(Input::SocketClosed(bench.socket));
    }
    // Who is named no more is not asked; whoever signs stands first.
    bench.wait();
    bench.feed(Input::SocketOpened(bench.socket));
    bench.seq = 0;
    bench.welcome(Stage::Admitted, None);
    vouched(&mut bench, &["https://c", "https://d"]);
    bench.feed(Input::SocketClosed(bench.socket));
    bench.wait();
    assert_eq!(bench.call.origin(), Some("https://c"));
}

#[test]
fn the_server_of_the_page_stays_first_when_its_ticket_is_renewed() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    vouched(&mut bench, &["https://a", "https://b"]);
    vouched(&mut bench, &["https://a", "https://c"]);
    bench.feed(Input::SocketClosed(bench.socket));
    bench.wait();
    assert_eq!(bench.call.origin(), None);
}

#[test]
fn a_server_that_begins_anew_has_muted_nobody() {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench.connect_media();
    vouched(&mut bench, &[]);
    bench.reconnect();
    bench.seq = 0;
    let outputs = bench.welcome(Stage::Admitted, None);
    assert!(!outputs.contains(&Output::Notice(Notice::MutedByClinician)));
    assert!(bench.call.view().sources.microphone);
    assert!(opens_peer(&outputs), "and has no media of this page");
}
