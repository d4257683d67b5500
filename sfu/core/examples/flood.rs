//! What a datagram of junk costs, in nanoseconds of one core:
//! `cargo run --release -p sfu-core --example flood`. It judges nothing.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a measurement"
)]

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sfu_core::stun::{self, BINDING, Class, Writer};
use sfu_core::{
    Command, CommandId, ConnectRequest, ConnectionKey, Input, Mode, Output, ParticipantKey, Reply,
    RoomKey, ServerCandidate, Shard, ShardConfig, SourceSet, Transport,
};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Rtc};

const COUNT: u32 = 100_000;

fn server() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 3478))
}

fn client() -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 7], 5000))
}

/// A shard with one connected client, and the name by which that client is called.
fn connected(now: &mut Instant) -> (Shard, String) {
    let mut shard = Shard::new(ShardConfig {
        candidates: vec![ServerCandidate {
            transport: Transport::Udp,
            address: server(),
        }],
        connections_max: 10,
        index: 0,
        secret: [7; 32],
    })
    .unwrap();
    let mut rtc = Rtc::builder().set_rtp_mode(true).build(*now);
    rtc.add_local_candidate(Candidate::host(client(), "udp").unwrap());
    let mut changes = rtc.sdp_api();
    changes.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
    let (offer, pending) = changes.apply().unwrap();
    let request = ConnectRequest {
        room: RoomKey(1),
        participant: ParticipantKey(1),
        connection: ConnectionKey(1),
        mode: Mode::Room,
        offer_sdp: offer.to_sdp_string(),
        sources: Vec::new(),
        on: SourceSet::ALL,
        rank: sfu_core::Rank::Other,
        grants: sfu_core::Grants::ALL,
    };
    let command = Command::Connect(CommandId(1), Box::new(request));
    shard.handle(*now, Input::Command(command));
    shard.settle(*now);
    let mut answer = String::new();
    while let Some(output) = shard.poll_output() {
        if let Output::Reply(Reply::Connect(_, result)) = output {
            answer = result.unwrap();
        }
    }
    let ufrag = answer
        .lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"))
        .unwrap()
        .to_owned();
    let answer = SdpAnswer::from_sdp_string(&answer).unwrap();
    rtc.sdp_api().accept_answer(pending, answer).unwrap();
    let mut ready = false;
    while !ready {
        *now += Duration::from_millis(5);
        rtc.handle_input(str0m::Input::Timeout(*now)).unwrap();
        shard.handle(*now, Input::Timeout);
        ready = exchange(*now, &mut shard, &mut rtc);
    }
    (shard, ufrag)
}

/// Carries one round of datagrams; answers whether the client is connected.
fn exchange(now: Instant, shard: &mut Shard, rtc: &mut Rtc) -> bool {
    let mut ready = false;
    loop {
        match rtc.poll_output().unwrap() {
            str0m::Output::Timeout(_) => break,
            str0m::Output::Transmit(transmit) => {
                shard.handle(now, datagram(client(), &transmit.contents));
            }
            str0m::Output::Event(event) => ready |= matches!(event, Event::Connected),
        }
    }
    shard.settle(now);
    while let Some(output) = shard.poll_output() {
        if let Output::Transmit { contents, .. } = output {
            let received = Receive::new(Protocol::Udp, server(), client(), &contents).unwrap();
            rtc.handle_input(str0m::Input::Receive(now, received))
                .unwrap();
        }
    }
    ready
}

fn datagram(remote: SocketAddr, contents: &[u8]) -> Input<'_> {
    Input::Datagram {
        transport: Transport::Udp,
        local: server(),
        remote,
        contents,
    }
}

fn check(ufrag: &str) -> Vec<u8> {
    Writer::new(BINDING, Class::Request, [1; 12])
        .with(stun::USERNAME, format!("{ufrag}:them").as_bytes())
        .with(stun::PRIORITY, &[0, 0, 0, 1])
        .signed(b"not the password")
        .fingerprinted()
}

fn main() {
    let mut now = Instant::now();
    let (mut shard, ufrag) = connected(&mut now);
    let stranger = SocketAddr::from(([203, 0, 113, 5], 4000));
    let mut media = vec![0x55; 1200];
    media[..4].copy_from_slice(&[0x80, 96, 0, 1]);
    let mut hello = vec![1; 200];
    hello[..13].copy_from_slice(&[22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 187]);
    let junk = [
        ("neither STUN, DTLS nor RTP", stranger, vec![0xFF; 1200]),
        ("media of a stranger", stranger, media.clone()),
        ("media with a client's address", client(), media),
        ("DTLS hello with a client's address", client(), hello),
        ("check for nobody", stranger, check("0000ffff")),
        ("check, wrongly signed", stranger, check(&ufrag)),
        ("check with a client's address", client(), check(&ufrag)),
    ];
    let mut out = std::io::stdout().lock();
    for (what, remote, contents) in junk {
        now += Duration::from_secs(10);
        let before = shard.counters();
        let start = Instant::now();
        for _ in 0..COUNT {
            shard.handle(now, datagram(remote, &contents));
        }
        shard.settle(now);
        let each = (start.elapsed() / COUNT).as_nanos();
        while shard.poll_output().is_some() {}
        let over = shard.counters().dropped_over_budget - before.dropped_over_budget;
        writeln!(out, "{what:<36} {each:>6} ns each, {over} over budget").unwrap();
    }
}
