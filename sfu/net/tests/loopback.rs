//! The whole server over real UDP on the loopback interface, with two real WebRTC engines.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use sfu_net::{
    ConnectError, ConnectRequest, ConnectionKey, Grants, Mode, ParticipantKey, Rank, RoomKey,
    SfuConfig, SfuEvent, SfuHandle, Source, SourceMid, SourceSet, StartError, start,
};
use str0m::change::SdpAnswer;
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

/// Nothing here waits for time to pass; this only ends a test that hangs.
const GIVE_UP: Duration = Duration::from_secs(30);

fn config() -> SfuConfig {
    SfuConfig {
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        udp_port: 0,
        shards: 2,
        loopback: true,
        ..SfuConfig::default()
    }
}

struct Client {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    microphone: Mid,
    connected: bool,
    received: usize,
}

impl Client {
    async fn join(sfu: &SfuHandle, participant: u128) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        let mut rtc = Rtc::builder().set_rtp_mode(true).build(Instant::now());
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        let mut changes = rtc.sdp_api();
        let microphone = changes.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        changes.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        let (offer, pending) = changes.apply().unwrap();
        let request = ConnectRequest {
            room: RoomKey(1),
            participant: ParticipantKey(participant),
            connection: ConnectionKey(1),
            mode: Mode::Room,
            offer_sdp: offer.to_sdp_string(),
            sources: vec![SourceMid {
                mid: microphone.to_string(),
                source: Source::Microphone,
            }],
            on: SourceSet::ALL,
            rank: Rank::Other,
            grants: Grants::ALL,
        };
        let answer = sfu.connect(request).await.unwrap();
        let answer = SdpAnswer::from_sdp_string(&answer).unwrap();
        rtc.sdp_api().accept_answer(pending, answer).unwrap();
        Self {
            rtc,
            socket,
            address,
            microphone,
            connected: false,
            received: 0,
        }
    }

    fn say(&mut self, seq: u64) {
        let opus = self
            .rtc
            .codec_config()
            .find(|p| p.spec().codec == Codec::Opus)
            .unwrap()
            .pt();
        let time = u32::try_from(seq * 960).unwrap();
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(self.microphone, None).unwrap();
        stream.write_rtp(RtpWrite::new(
            opus,
            seq.into(),
            time,
            Instant::now(),
            vec![0x78; 40],
        ));
        self.rtc
            .handle_input(Input::Timeout(Instant::now()))
            .unwrap();
        self.drain();
    }

    /// Reads what has arrived and lets the engine's time go on.
    fn turn(&mut self) {
        let mut buffer = [0; 2000];
        loop {
            match self.socket.recv_from(&mut buffer) {
                Ok((bytes, from)) => {
                    let contents = &buffer[..bytes];
                    let datagram =
                        Receive::new(Protocol::Udp, from, self.address, contents).unwrap();
                    self.rtc
                        .handle_input(Input::Receive(Instant::now(), datagram))
                        .unwrap();
                    self.drain();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        self.rtc
            .handle_input(Input::Timeout(Instant::now()))
            .unwrap();
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(transmit) => {
                    self.socket
                        .send_to(&transmit.contents, transmit.destination)
                        .unwrap();
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::RtpPacket(_)) => self.received += 1,
                Output::Event(_) => {}
            }
        }
    }
}

/// Turns both clients until `done`.
async fn until(a: &mut Client, b: &mut Client, done: impl Fn(&Client, &Client) -> bool) {
    let start = Instant::now();
    while !done(a, b) {
        assert!(
            start.elapsed() < GIVE_UP,
            "connected: {} {}",
            a.connected,
            b.connected
        );
        a.turn();
        b.turn();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_hear_each_other_over_udp() {
    let (sfu, mut events) = start(config()).unwrap();
    let mut a = Client::join(&sfu, 10).await;
    let mut b = Client::join(&sfu, 11).await;
    until(&mut a, &mut b, |a, b| a.connected && b.connected).await;
    let mut ready = 0;
    while ready < 2 {
        if let SfuEvent::Connected { .. } = events.recv().await.unwrap() {
            ready += 1;
        }
    }
    for seq in 1..=50 {
        a.say(seq);
        b.say(seq);
        until(&mut a, &mut b, |a, b| {
            a.received as u64 == seq && b.received as u64 == seq
        })
        .await;
    }
    let rooms = sfu.stats().await;
    assert_eq!(rooms.len(), 1);
    for person in &rooms[0].participants {
        assert_eq!(
            (person.received.packets, person.forwarded.packets),
            (50, 50)
        );
    }
    sfu.shutdown();
}

#[tokio::test]
async fn after_a_shutdown_every_order_is_refused() {
    let (sfu, mut events) = start(config()).unwrap();
    sfu.shutdown();
    assert!(events.recv().await.is_none(), "the shards are gone");
    assert!(sfu.close_room(RoomKey(1)).await.is_err());
    assert!(sfu.stats().await.is_empty());
}

#[tokio::test]
async fn a_bad_offer_is_refused_with_its_reason() {
    let (sfu, _events) = start(config()).unwrap();
    let request = ConnectRequest {
        room: RoomKey(1),
        participant: ParticipantKey(1),
        connection: ConnectionKey(1),
        mode: Mode::Room,
        offer_sdp: "nonsense".to_owned(),
        sources: vec![],
        on: SourceSet::NONE,
        rank: Rank::Other,
        grants: Grants::ALL,
    };
    let refused = sfu.connect(request).await;
    assert!(
        matches!(refused, Err(ConnectError::Refused(_))),
        "{refused:?}"
    );
    sfu.shutdown();
}

#[test]
fn a_taken_port_is_an_error_that_names_it() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let refused = start(SfuConfig {
        udp_port: port,
        shards: 1,
        ..config()
    });
    assert!(matches!(refused, Err(StartError::Bind { port: named, .. }) if named == port));
}
