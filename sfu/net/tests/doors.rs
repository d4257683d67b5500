//! Media over real TCP connections on the loopback interface, with real WebRTC engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use sfu_core::stun::{self, Class, Message, Writer};
use sfu_net::{
    ConnectRequest, ConnectionKey, IceServer, Mode, ParticipantKey, RoomKey, SfuConfig, SfuHandle,
    Source, SourceMid, SourceSet, start,
};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc;

/// Nothing here waits for time to pass; this only ends a test that hangs.
const GIVE_UP: Duration = Duration::from_secs(60);

/// A server whose one TCP port takes media.
struct House {
    sfu: SfuHandle,
    door: SocketAddr,
}

impl House {
    async fn open(per_address_max: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = listener.local_addr().unwrap();
        let config = SfuConfig {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            udp_port: 0,
            shards: 2,
            loopback: true,
            tcp_doors: vec![door],
            tcp_connections_per_address_max: per_address_max,
            turn_urls: vec!["turns:localhost:443?transport=tcp".to_owned()],
            ..SfuConfig::default()
        };
        let (sfu, _events) = start(config).unwrap();
        let carried = sfu.door().clone();
        tokio::spawn(async move { carried.serve(listener).await });
        Self { sfu, door }
    }

    async fn turn(&self, server: &IceServer) -> Turn<TcpStream> {
        let stream = TcpStream::connect(self.door).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Turn::new(stream, server)
    }

    fn credentials(&self, now: SystemTime) -> IceServer {
        self.sfu.ice_servers(now).remove(0)
    }
}

/// Datagrams of one direction that may wait; more are lost, as on a network.
const ON_THE_WAY: usize = 1024;

/// The way of a client's datagrams.
struct Link {
    protocol: Protocol,
    /// How the engine names its own end.
    local: SocketAddr,
    out: mpsc::Sender<(SocketAddr, Vec<u8>)>,
    /// Datagrams with their sender.
    arrived: mpsc::Receiver<(SocketAddr, Vec<u8>)>,
}

/// Frames of RFC 4571 on a stream.
fn frames<S>(stream: S, local: SocketAddr, door: SocketAddr) -> Link
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (out, mut leaving) = mpsc::channel::<(SocketAddr, Vec<u8>)>(ON_THE_WAY);
    let (arrive, arrived) = mpsc::channel(ON_THE_WAY);
    let (mut reader, mut writer) = tokio::io::split(stream);
    tokio::spawn(async move {
        while let Some((_, datagram)) = leaving.recv().await {
            let length = u16::try_from(datagram.len()).unwrap();
            let frame = [&length.to_be_bytes()[..], &datagram].concat();
            if writer.write_all(&frame).await.is_err() || writer.flush().await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Ok(length) = reader.read_u16().await {
            let mut datagram = vec![0; usize::from(length)];
            if reader.read_exact(&mut datagram).await.is_err() {
                return;
            }
            let _ = arrive.try_send((door, datagram));
        }
    });
    Link {
        protocol: Protocol::Tcp,
        local,
        out,
        arrived,
    }
}

async fn udp() -> Link {
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let local = socket.local_addr().unwrap();
    let (out, mut leaving) = mpsc::channel::<(SocketAddr, Vec<u8>)>(ON_THE_WAY);
    let (arrive, arrived) = mpsc::channel(ON_THE_WAY);
    let reader = Arc::clone(&socket);
    tokio::spawn(async move {
        while let Some((to, datagram)) = leaving.recv().await {
            socket.send_to(&datagram, to).await.unwrap();
        }
    });
    tokio::spawn(async move {
        let mut buffer = [0; 2000];
        while let Ok((bytes, from)) = reader.recv_from(&mut buffer).await {
            let _ = arrive.try_send((from, buffer[..bytes].to_vec()));
        }
    });
    Link {
        protocol: Protocol::Udp,
        local,
        out,
        arrived,
    }
}

const ALLOCATE: u16 = 3;
const CREATE_PERMISSION: u16 = 8;
const CHANNEL_BIND: u16 = 9;
const ERROR_CODE: u16 = 9;
const CHANNEL_NUMBER: u16 = 0x0C;
const XOR_PEER_ADDRESS: u16 = 0x12;
const REALM: u16 = 0x14;
const NONCE: u16 = 0x15;
const XOR_RELAYED_ADDRESS: u16 = 0x16;
const REQUESTED_TRANSPORT: u16 = 0x19;
const CHANNEL: u16 = 0x4000;

/// A TURN client, written from the RFC.
struct Turn<S> {
    stream: S,
    username: String,
    key: Vec<u8>,
    nonce: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Turn<S> {
    fn new(stream: S, server: &IceServer) -> Self {
        use md5::Digest as _;
        let text = format!("{}:media:{}", server.username, server.credential);
        Self {
            stream,
            username: server.username.clone(),
            key: md5::Md5::digest(text.as_bytes()).to_vec(),
            nonce: "none".to_owned(),
        }
    }

    /// Asks; answers with the error code (0: done) and the address that was given.
    async fn ask(
        &mut self,
        method: u16,
        fill: impl FnOnce(Writer) -> Writer,
    ) -> (u16, Option<SocketAddr>) {
        let request = fill(Writer::new(method, Class::Request, [4; 12]))
            .with(stun::USERNAME, self.username.as_bytes())
            .with(REALM, b"media")
            .with(NONCE, self.nonce.as_bytes())
            .signed(&self.key)
            .finish();
        self.stream.write_all(&request).await.unwrap();
        self.stream.flush().await.unwrap();
        let mut answer = vec![0; 20];
        self.stream.read_exact(&mut answer).await.unwrap();
        let length = usize::from(u16::from_be_bytes([answer[2], answer[3]]));
        answer.resize(20 + length, 0);
        self.stream.read_exact(&mut answer[20..]).await.unwrap();
        let answer = Message::parse(&answer).unwrap();
        if let Some(nonce) = answer.text(NONCE) {
            nonce.clone_into(&mut self.nonce);
        }
        let code = answer
            .get(ERROR_CODE)
            .map_or(0, |value| u16::from(value[2]) * 100 + u16::from(value[3]));
        (code, answer.address(XOR_RELAYED_ADDRESS))
    }

    async fn allocate(&mut self) -> (u16, Option<SocketAddr>) {
        let udp = |it: Writer| it.with(REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
        match self.ask(ALLOCATE, udp).await {
            (438, _) => self.ask(ALLOCATE, udp).await,
            other => other,
        }
    }

    async fn bind(&mut self, peer: SocketAddr) -> u16 {
        let [high, low] = CHANNEL.to_be_bytes();
        let fill = |it: Writer| {
            it.with(CHANNEL_NUMBER, &[high, low, 0, 0])
                .with_address(XOR_PEER_ADDRESS, peer)
        };
        self.ask(CHANNEL_BIND, fill).await.0
    }

    async fn permit(&mut self, peer: SocketAddr) -> u16 {
        let fill = |it: Writer| it.with_address(XOR_PEER_ADDRESS, peer);
        self.ask(CREATE_PERMISSION, fill).await.0
    }

    /// From here on the stream carries data of the one channel.
    fn link(self, local: SocketAddr, peer: SocketAddr) -> Link {
        let (out, mut leaving) = mpsc::channel::<(SocketAddr, Vec<u8>)>(ON_THE_WAY);
        let (arrive, arrived) = mpsc::channel(ON_THE_WAY);
        let (mut reader, mut writer) = tokio::io::split(self.stream);
        tokio::spawn(async move {
            while let Some((_, datagram)) = leaving.recv().await {
                let length = u16::try_from(datagram.len()).unwrap();
                let mut data =
                    [&CHANNEL.to_be_bytes()[..], &length.to_be_bytes(), &datagram].concat();
                data.resize(data.len().next_multiple_of(4), 0);
                if writer.write_all(&data).await.is_err() || writer.flush().await.is_err() {
                    return;
                }
            }
        });
        tokio::spawn(async move {
            while let Ok(number) = reader.read_u16().await {
                assert_eq!(number, CHANNEL);
                let length = usize::from(reader.read_u16().await.unwrap());
                let mut data = vec![0; length.next_multiple_of(4)];
                reader.read_exact(&mut data).await.unwrap();
                data.truncate(length);
                let _ = arrive.try_send((peer, data));
            }
        });
        Link {
            protocol: Protocol::Udp,
            local,
            out,
            arrived,
        }
    }
}

struct Client {
    rtc: Rtc,
    microphone: Mid,
    connected: bool,
    received: u64,
}

impl Client {
    /// Offers; the answer is the server's.
    async fn offer(
        sfu: &SfuHandle,
        participant: u128,
        candidate: Candidate,
    ) -> (Self, SdpPendingOffer, String) {
        let mut rtc = Rtc::builder().set_rtp_mode(true).build(Instant::now());
        rtc.add_local_candidate(candidate);
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
            rank: sfu_net::Rank::Other,
            grants: sfu_net::Grants::ALL,
        };
        let answer = sfu.connect(request).await.unwrap();
        let client = Self {
            rtc,
            microphone,
            connected: false,
            received: 0,
        };
        (client, pending, answer)
    }

    fn accept(&mut self, pending: SdpPendingOffer, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        self.rtc.sdp_api().accept_answer(pending, answer).unwrap();
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
    }

    fn turn(&mut self, link: &mut Link) {
        while let Ok((from, datagram)) = link.arrived.try_recv() {
            let received = Receive::new(link.protocol, from, link.local, &datagram).unwrap();
            self.rtc
                .handle_input(Input::Receive(Instant::now(), received))
                .unwrap();
            self.drain(link);
        }
        self.rtc
            .handle_input(Input::Timeout(Instant::now()))
            .unwrap();
        self.drain(link);
    }

    fn drain(&mut self, link: &Link) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(transmit) => {
                    let _ = link
                        .out
                        .try_send((transmit.destination, transmit.contents.into()));
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::RtpPacket(_)) => self.received += 1,
                Output::Event(_) => {}
            }
        }
    }
}

/// Both speak until each has heard the other fifty times.
async fn talk(a: (&mut Client, &mut Link), b: (&mut Client, &mut Link)) {
    let start = Instant::now();
    let mut seq = 0;
    while a.0.received < 50 || b.0.received < 50 {
        let seen = (a.0.connected, a.0.received, b.0.connected, b.0.received);
        assert!(start.elapsed() < GIVE_UP, "{seen:?}");
        if a.0.connected && b.0.connected {
            seq += 1;
            a.0.say(seq);
            b.0.say(seq);
        }
        a.0.turn(a.1);
        b.0.turn(b.1);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn over_udp(sfu: &SfuHandle, participant: u128) -> (Client, Link) {
    let link = udp().await;
    let candidate = Candidate::host(link.local, "udp").unwrap();
    let (mut client, pending, answer) = Client::offer(sfu, participant, candidate).await;
    client.accept(pending, &answer);
    (client, link)
}

async fn over_frames<S>(house: &House, stream: S, local: SocketAddr) -> (Client, Link)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let candidate = Candidate::builder()
        .tcp()
        .host(local)
        .tcptype(TcpType::Active)
        .build()
        .unwrap();
    let (mut client, pending, answer) = Client::offer(&house.sfu, 10, candidate).await;
    client.accept(pending, &answer);
    (client, frames(stream, local, house.door))
}

/// The server's UDP candidate in an answer.
fn udp_candidate(answer: &str) -> SocketAddr {
    let line = answer.lines().find(|line| line.contains(" udp ")).unwrap();
    let words: Vec<&str> = line.split(' ').collect();
    format!("{}:{}", words[4], words[5]).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn media_flows_over_a_bare_tcp_connection() {
    let house = House::open(500).await;
    let stream = TcpStream::connect(house.door).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let local = stream.local_addr().unwrap();
    let (mut a, mut link_a) = over_frames(&house, stream, local).await;
    let (mut b, mut link_b) = over_udp(&house.sfu, 11).await;
    talk((&mut a, &mut link_a), (&mut b, &mut link_b)).await;
    house.sfu.shutdown();
}

#[tokio::test(flavor = "multi_thread")]
async fn media_flows_through_the_relay() {
    let house = House::open(500).await;
    let server = house.credentials(SystemTime::now());
    assert_eq!(server.urls, ["turns:localhost:443?transport=tcp"]);
    let mut turn = house.turn(&server).await;
    let (code, relayed) = turn.allocate().await;
    assert_eq!(code, 0);
    let relayed = relayed.unwrap();
    let candidate = Candidate::relayed(relayed, relayed, "udp").unwrap();
    let (mut a, pending, answer) = Client::offer(&house.sfu, 10, candidate).await;
    let peer = udp_candidate(&answer);
    assert_eq!(turn.bind(peer).await, 0);
    a.accept(pending, &answer);
    let mut link_a = turn.link(relayed, peer);
    let (mut b, mut link_b) = over_udp(&house.sfu, 11).await;
    talk((&mut a, &mut link_a), (&mut b, &mut link_b)).await;
    house.sfu.shutdown();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_refuses_foreign_peers_wrong_passwords_and_old_names() {
    let house = House::open(500).await;
    let good = house.credentials(SystemTime::now());
    let mut turn = house.turn(&good).await;
    assert_eq!(turn.allocate().await.0, 0);
    for foreign in ["10.0.0.1:22", "127.0.0.2:3478", "[::1]:3478"] {
        let foreign: SocketAddr = foreign.parse().unwrap();
        assert_eq!(turn.permit(foreign).await, 403, "{foreign}");
        assert_eq!(turn.bind(foreign).await, 403, "{foreign}");
    }
    assert_eq!(
        turn.bind(house.door).await,
        403,
        "our address, not our media"
    );

    let mut wrong = good.clone();
    wrong.credential.push('x');
    let mut turn = house.turn(&wrong).await;
    assert_eq!(turn.allocate().await.0, 401);

    let old = house.credentials(SystemTime::now() - Duration::from_secs(24 * 3600));
    let mut turn = house.turn(&old).await;
    assert_eq!(turn.allocate().await.0, 401);
    house.sfu.shutdown();
}

async fn is_closed(mut stream: TcpStream) -> io::Result<bool> {
    let mut buffer = [0; 64];
    let read = tokio::time::timeout(GIVE_UP, stream.read(&mut buffer)).await;
    // A connection whose last bytes were never read ends with a reset.
    Ok(!matches!(read, Ok(Ok(count)) if count > 0) && read.is_ok())
}

fn check(ufrag: &str) -> Vec<u8> {
    let message = Writer::new(stun::BINDING, Class::Request, [1; 12])
        .with(stun::USERNAME, format!("{ufrag}:them").as_bytes())
        .with(stun::PRIORITY, &[0, 0, 0, 1])
        .signed(b"?")
        .fingerprinted();
    let length = u16::try_from(message.len()).unwrap();
    [&length.to_be_bytes()[..], &message].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_is_too_long_ends_the_connection() {
    let house = House::open(500).await;
    let mut stream = TcpStream::connect(house.door).await.unwrap();
    stream.write_all(&check("0000abcd")).await.unwrap();
    stream.write_all(&[0xFF, 0xFF, 1, 2, 3]).await.unwrap();
    assert!(is_closed(stream).await.unwrap());
    house.sfu.shutdown();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_of_one_address_cost_it_its_own_seats_only() {
    const SEATS: usize = 40;
    let house = House::open(SEATS).await;
    let stream = TcpStream::connect(house.door).await.unwrap();
    let local = stream.local_addr().unwrap();
    let (mut a, mut link_a) = over_frames(&house, stream, local).await;
    let (mut b, mut link_b) = over_udp(&house.sfu, 11).await;
    talk((&mut a, &mut link_a), (&mut b, &mut link_b)).await;
    // Who has a seat keeps it for ten seconds without saying anything true; all others are closed.
    let (closed, mut closings) = mpsc::channel(1000);
    for _ in 0..1000 {
        let mut stream = TcpStream::connect(house.door).await.unwrap();
        stream.write_all(&check("0001abcd")).await.unwrap();
        let closed = closed.clone();
        tokio::spawn(async move {
            assert!(is_closed(stream).await.unwrap());
            closed.send(()).await.unwrap();
        });
    }
    for _ in 0..1000 - SEATS {
        closings.recv().await.unwrap();
    }
    (a.received, b.received) = (0, 0);
    talk((&mut a, &mut link_a), (&mut b, &mut link_b)).await;
    house.sfu.shutdown();
}
