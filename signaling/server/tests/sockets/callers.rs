//! People whose media really flows, over UDP on this machine.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use signaling_protocol::{ClientMessage, ConnectionId, ServerMessage, Sources};
use str0m::change::SdpAnswer;
use str0m::format::Codec;
use str0m::media::Mid;
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

use crate::client::Client;
use crate::offers::{Engine, rtp_offer};

/// Nothing here waits for time to pass; this only ends a test that hangs.
const GIVE_UP: Duration = Duration::from_secs(30);

/// A media engine with its socket.
pub(crate) struct Caller {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    microphone: Mid,
    connection: ConnectionId,
    connected: bool,
    pub(crate) heard: usize,
    said: u64,
    /// The one address that this person's network lets them reach; all if there is none.
    only: Option<SocketAddr>,
}

impl Caller {
    /// Offers over the person's WebSocket and connects.
    pub(crate) async fn join(client: &mut Client, connection: u128) -> Self {
        Self::join_by(client, connection, None).await
    }

    /// The same in a network that may let one address through alone.
    pub(crate) async fn join_by(
        client: &mut Client,
        connection: u128,
        only: Option<SocketAddr>,
    ) -> Self {
        // An engine is large, and the future that has it is.
        Box::pin(Self::offer(client, connection, only)).await
    }

    async fn offer(client: &mut Client, connection: u128, only: Option<SocketAddr>) -> Self {
        let sources = Sources {
            microphone: true,
            camera: false,
            screen: false,
        };
        client.say(&ClientMessage::Media { sources }).await;
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        let Engine {
            mut rtc,
            pending,
            message,
        } = rtp_offer(connection);
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        let ClientMessage::Offer {
            connection,
            sources,
            ..
        } = &message
        else {
            unreachable!("it is an offer")
        };
        let (connection, microphone) = (*connection, Mid::from(sources[0].mid.as_str()));
        client.say(&message).await;
        let sdp = client
            .until(|message| match message {
                ServerMessage::Answer { sdp, .. } => Some(sdp.clone()),
                _ => None,
            })
            .await;
        let answer = SdpAnswer::from_sdp_string(sdp.as_str()).unwrap();
        rtc.sdp_api().accept_answer(pending, answer).unwrap();
        let mut caller = Self {
            rtc,
            socket,
            address,
            microphone,
            connection,
            connected: false,
            heard: 0,
            said: 0,
            only,
        };
        caller.until(|caller| caller.connected).await;
        caller
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.rtc.is_alive()
    }

    pub(crate) fn connection(&self) -> ConnectionId {
        self.connection
    }

    /// Lets time go on until something has come about.
    pub(crate) async fn until(&mut self, mut done: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + GIVE_UP;
        while !done(self) {
            assert!(Instant::now() < end, "it never came about");
            self.turn();
            tokio::task::yield_now().await;
        }
    }

    /// Says one packet.
    pub(crate) fn speak(&mut self) {
        self.said += 1;
        let known = self.rtc.codec_config();
        let opus = known.find(|params| params.spec().codec == Codec::Opus);
        let pt = opus.unwrap().pt();
        let time = u32::try_from(self.said * 960).unwrap();
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(self.microphone, None).unwrap();
        let packet = RtpWrite::new(pt, self.said.into(), time, Instant::now(), vec![0x78; 40]);
        stream.write_rtp(packet);
        self.tick();
    }

    fn turn(&mut self) {
        let mut buffer = [0; 2000];
        loop {
            match self.socket.recv_from(&mut buffer) {
                Ok((bytes, from)) => {
                    let contents = &buffer[..bytes];
                    let datagram =
                        Receive::new(Protocol::Udp, from, self.address, contents).unwrap();
                    let input = Input::Receive(Instant::now(), datagram);
                    self.rtc.handle_input(input).unwrap();
                    self.drain();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        self.tick();
    }

    fn tick(&mut self) {
        let now = Input::Timeout(Instant::now());
        self.rtc.handle_input(now).unwrap();
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(transmit) => {
                    let to = transmit.destination;
                    if self.only.is_none_or(|only| only == to) {
                        // What the kernel does not take is lost, as on any network.
                        let _ = self.socket.send_to(&transmit.contents, to);
                    }
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::RtpPacket(_)) => self.heard += 1,
                Output::Event(_) => {}
            }
        }
    }
}

/// One says something until the other has heard it.
pub(crate) async fn one_hears_the_other(one: &mut Caller, other: &mut Caller) {
    let heard = one.heard;
    let end = Instant::now() + GIVE_UP;
    while one.heard == heard {
        assert!(Instant::now() < end, "nothing was heard");
        other.speak();
        other.turn();
        one.turn();
        tokio::task::yield_now().await;
    }
}
