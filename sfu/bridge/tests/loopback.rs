//! Two telephones and a browser in one room, over real sockets on the loopback interface and in real
//! time.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use sfu_bridge::{
    Agreed, Bridge, BridgeConfig, BridgeHandle, Codec, Digit, Flow, LatchMode, LegEvent, LegId,
    LegOrder, OpenError, OpenLeg, OrderError, PayloadTypes, Playing, Prompt, ReportPath, Seat,
    Unseated,
};
use sfu_net::{
    ConnectRequest, ConnectionKey, Grants, Mode, ParticipantKey, Rank, RoomKey, SfuConfig,
    SfuEvent, SfuHandle, Source, SourceMid, SourceSet,
};
use sfu_phone::{Leg, LegConfig, Rate, Speech, Tone};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::sync::mpsc;

/// Nothing here is judged by time; this only ends a test that hangs.
const GIVE_UP: Duration = Duration::from_secs(60);
const FRAME: Duration = Duration::from_millis(20);
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ROOM: RoomKey = RoomKey(1);
/// What the two telephones and the browser say.
const TONES: [f32; 3] = [450.0, 1_130.0, 1_870.0];
/// What is there is at least so loud, in dB of full scale, and what is not there is below the other.
const PRESENT_DB: f32 = -34.0;
const ABSENT_DB: f32 = -48.0;

fn servers(legs_max: usize) -> (SfuHandle, mpsc::Receiver<SfuEvent>, Bridge) {
    let (sfu, events) = sfu_net::start(SfuConfig {
        bind: HERE,
        udp_port: 0,
        shards: 1,
        loopback: true,
        ..SfuConfig::default()
    })
    .unwrap();
    let config = BridgeConfig {
        bind: HERE,
        legs_max,
        ..BridgeConfig::default()
    };
    let bridge = sfu_bridge::start(config, sfu.clone()).unwrap();
    (sfu, events, bridge)
}

/// How loud the tones are in the last half second, in dB of full scale.
fn levels(sound: &[i16], rate: Rate) -> [f32; 3] {
    let last = &sound[sound.len().saturating_sub(rate.frame() * 25)..];
    TONES.map(|hz| {
        let step = f64::from(hz) * std::f64::consts::TAU / f64::from(rate.hz());
        let (mut re, mut im) = (0.0, 0.0);
        for (index, sample) in last.iter().enumerate() {
            let at = step * f64::from(u32::try_from(index).unwrap());
            re += f64::from(*sample) * at.cos();
            im += f64::from(*sample) * at.sin();
        }
        let count = f64::from(u32::try_from(last.len().max(1)).unwrap());
        (20.0
            * (2.0 * f64::hypot(re, im) / count / 32_768.0)
                .max(1e-9)
                .log10()) as f32
    })
}

fn are(levels: [f32; 3], expected: [bool; 3]) -> bool {
    levels.iter().zip(expected).all(|(db, there)| {
        if there {
            *db >= PRESENT_DB
        } else {
            *db < ABSENT_DB
        }
    })
}

/// A telephone: a leg turned round, with a socket.
struct Telephone {
    id: LegId,
    line: SocketAddr,
    events: mpsc::Receiver<LegEvent>,
    told: Vec<LegEvent>,
    socket: UdpSocket,
    leg: Leg,
    tone: Tone,
    heard: Vec<i16>,
    began: Instant,
}

fn types(codec: Codec) -> PayloadTypes {
    PayloadTypes {
        speech: if codec == Codec::G722 { 9 } else { 0 },
        event: Some(101),
        noise: 13,
    }
}

impl Telephone {
    fn call(bridge: &BridgeHandle, codec: Codec, hz: f32) -> Self {
        let OpenLeg { leg, local, events } = bridge.open().unwrap();
        let socket = UdpSocket::bind((HERE, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        let agreed = Agreed {
            codec,
            payload_types: types(codec),
            remote: socket.local_addr().unwrap(),
            latch: LatchMode::Signalled,
            reports: ReportPath::Muxed,
            keys: None,
            flow: Flow::BOTH,
        };
        let order = LegOrder::Agree(Box::new(agreed));
        bridge.order(leg, order).unwrap();
        let config = LegConfig {
            codec,
            payload_types: types(codec),
            remote: local,
            latch: LatchMode::Signalled,
            seed: 99,
            cname: "telephone".to_owned(),
        };
        Self {
            id: leg,
            line: local,
            events,
            told: Vec::new(),
            socket,
            leg: Leg::new(config, 0).unwrap(),
            tone: Tone::new(codec.rate(), &[(hz, -20.0)]),
            heard: Vec::new(),
            began: Instant::now(),
        }
    }

    fn turn(&mut self) {
        let now_us = i64::try_from(self.began.elapsed().as_micros()).unwrap();
        let mut buffer = [0; 1500];
        loop {
            match self.socket.recv_from(&mut buffer) {
                Ok((bytes, from)) => self.leg.handle(now_us, from, &buffer[..bytes]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        self.heard.extend(self.leg.hear(now_us));
        let mut frame = vec![0; self.leg.rate().frame()];
        self.tone.fill(&mut frame);
        let packet = self.leg.say(&frame).unwrap();
        self.socket.send_to(&packet, self.line).unwrap();
        while let Ok(event) = self.events.try_recv() {
            self.told.push(event);
        }
    }

    fn hears(&self, expected: [bool; 3]) -> bool {
        are(levels(&self.heard, self.leg.rate()), expected)
    }
}

/// A browser in miniature that says a tone.
struct Browser {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    microphone: Mid,
    connected: bool,
    speech: Box<dyn Speech>,
    tone: Tone,
    packets: u64,
    heard: BTreeMap<Mid, (Box<dyn Speech>, Vec<i16>)>,
}

impl Browser {
    async fn join(sfu: &SfuHandle, participant: u128) -> Self {
        let socket = UdpSocket::bind((HERE, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        let mut rtc = Rtc::builder().set_rtp_mode(true).build(Instant::now());
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        let mut changes = rtc.sdp_api();
        let microphone = changes.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        for _ in 0..2 {
            changes.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        }
        let (offer, pending) = changes.apply().unwrap();
        let request = ConnectRequest {
            room: ROOM,
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
            speech: Codec::Opus.open().unwrap(),
            tone: Tone::new(Rate::Wide, &[(TONES[2], -20.0)]),
            packets: 0,
            heard: BTreeMap::new(),
        }
    }

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
        if self.connected {
            self.say();
        }
        self.rtc
            .handle_input(Input::Timeout(Instant::now()))
            .unwrap();
        self.drain();
    }

    fn say(&mut self) {
        let mut frame = vec![0; 320];
        self.tone.fill(&mut frame);
        let mut payload = Vec::new();
        self.speech.encode(&frame, &mut payload).unwrap();
        let opus = self
            .rtc
            .codec_config()
            .find(|params| params.spec().codec == str0m::format::Codec::Opus)
            .unwrap()
            .pt();
        self.packets += 1;
        let time = u32::try_from(self.packets * 960).unwrap();
        let values = ExtensionValues {
            audio_level: Some(-20),
            ..ExtensionValues::default()
        };
        let packet = RtpWrite::new(opus, self.packets.into(), time, Instant::now(), payload)
            .ext_vals(values);
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(self.microphone, None).unwrap();
        stream.write_rtp(packet);
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
                Output::Event(Event::RtpPacket(packet)) => {
                    let ssrc = packet.header.ssrc;
                    let mid = self.rtc.direct_api().stream_rx(&ssrc).unwrap().mid();
                    let fresh = || (Codec::Opus.open().unwrap(), Vec::new());
                    let (speech, sound) = self.heard.entry(mid).or_insert_with(fresh);
                    speech.decode(&packet.payload, sound).unwrap();
                }
                Output::Event(_) => {}
            }
        }
    }

    /// Whether each slot carries exactly one telephone.
    fn hears_both(&self) -> bool {
        let heard: Vec<_> = self.heard.values().collect();
        let slots = heard.iter().map(|(_, sound)| levels(sound, Rate::Wide));
        let slots: Vec<_> = slots.collect();
        let carries = |own: [bool; 3]| slots.iter().any(|slot| are(*slot, own));
        carries([true, false, false]) && carries([false, true, false])
    }
}

fn seat(participant: u128) -> LegOrder {
    LegOrder::Join(Box::new(Seat {
        room: ROOM,
        participant: ParticipantKey(participant),
        connection: ConnectionKey(participant + 100),
        on: SourceSet::ALL,
        rank: Rank::Other,
        grants: Grants::ALL,
    }))
}

/// Everybody talks and listens until `done`.
async fn until(
    telephones: &mut [Telephone],
    browser: Option<&mut Browser>,
    done: impl Fn(&[Telephone], Option<&Browser>) -> bool,
) {
    let mut browser = browser;
    let begun = Instant::now();
    let mut frames = tokio::time::interval(FRAME);
    while !done(telephones, browser.as_deref()) {
        assert!(
            begun.elapsed() < GIVE_UP,
            "{:?}",
            telephones
                .iter()
                .map(|it| (levels(&it.heard, it.leg.rate()), &it.told))
                .collect::<Vec<_>>()
        );
        frames.tick().await;
        telephones.iter_mut().for_each(Telephone::turn);
        if let Some(browser) = &mut browser {
            browser.turn();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn telephones_and_a_browser_hear_each_other_and_never_themselves() {
    let (sfu, _events, bridge) = servers(4);
    let handle = bridge.handle();
    let mut telephones = [
        Telephone::call(&handle, Codec::Pcmu, TONES[0]),
        Telephone::call(&handle, Codec::G722, TONES[1]),
    ];
    // A prompt before anybody is in a room.
    let mut prompt = vec![0; 16_000];
    Tone::new(Rate::Wide, &[(TONES[2], -20.0)]).fill(&mut prompt);
    let playing = Playing {
        ticket: 3,
        clips: vec![Prompt::from_wide(prompt)],
        endless: false,
    };
    handle
        .order(telephones[0].id, LegOrder::Play(playing))
        .unwrap();
    let prompted =
        |telephones: &[Telephone], _: Option<&Browser>| telephones[0].hears([false, false, true]);
    until(&mut telephones, None, prompted).await;
    let ended = |telephones: &[Telephone], _: Option<&Browser>| {
        telephones[0].told.contains(&LegEvent::Played(3))
    };
    until(&mut telephones, None, ended).await;
    let mut browser = Browser::join(&sfu, 30).await;
    handle.order(telephones[0].id, seat(10)).unwrap();
    handle.order(telephones[1].id, seat(11)).unwrap();
    let together = |telephones: &[Telephone], browser: Option<&Browser>| {
        telephones[0].hears([false, true, true])
            && telephones[1].hears([true, false, true])
            && browser.is_some_and(Browser::hears_both)
    };
    until(&mut telephones, Some(&mut browser), together).await;
    assert!(
        telephones
            .iter()
            .all(|it| it.told.contains(&LegEvent::Joined))
    );
    // The server mutes the first one: neither the browser nor the other telephone hears it.
    let muted = SourceSet::NONE;
    sfu.set_sources(ROOM, ParticipantKey(10), muted)
        .await
        .unwrap();
    let silenced = |telephones: &[Telephone], _: Option<&Browser>| {
        telephones[1].hears([false, false, true]) && telephones[0].hears([false, true, true])
    };
    until(&mut telephones, Some(&mut browser), silenced).await;
    let live = sfu.live(ROOM).await;
    assert_eq!(live.len(), 3);
    // A key of the muted one counts, once.
    let digit = Digit::try_from('5').unwrap();
    telephones[0].leg.press(digit).unwrap();
    let pressed = |telephones: &[Telephone], _: Option<&Browser>| {
        telephones[0].told.contains(&LegEvent::Pressed(digit))
    };
    until(&mut telephones, Some(&mut browser), pressed).await;
    // Removed from the room, the call goes on.
    sfu.disconnect(ROOM, ParticipantKey(11)).await.unwrap();
    let removed = |telephones: &[Telephone], _: Option<&Browser>| {
        telephones[1]
            .told
            .contains(&LegEvent::Left(Unseated::Dropped))
            && telephones[1].hears([false, false, false])
    };
    until(&mut telephones, Some(&mut browser), removed).await;
    let presses = telephones[0]
        .told
        .iter()
        .filter(|event| **event == LegEvent::Pressed(digit));
    assert_eq!(presses.count(), 1);
    handle.order(telephones[0].id, LegOrder::Close).unwrap();
    let closed = |telephones: &[Telephone], _: Option<&Browser>| {
        matches!(telephones[0].told.last(), Some(LegEvent::Closed(_)))
    };
    until(&mut telephones, Some(&mut browser), closed).await;
    let Some(LegEvent::Closed(summary)) = telephones[0].told.last() else {
        panic!("it was closed");
    };
    assert!(summary.heard.taken > 0 && summary.sent > 0 && summary.spoken > 0);
    let line = telephones[0].line;
    assert!(UdpSocket::bind(line).is_err(), "its port rests");
    bridge.shutdown();
    sfu.shutdown();
}

#[tokio::test]
async fn lines_are_bounded_given_back_and_end_with_the_bridge() {
    let (sfu, _events, bridge) = servers(1);
    let handle = bridge.handle();
    let open = handle.open().unwrap();
    assert!(matches!(handle.open(), Err(OpenError::Full { max: 1 })));
    // Whoever drops the events has forgotten the call.
    drop(open);
    let begun = Instant::now();
    let mut again = loop {
        assert!(begun.elapsed() < GIVE_UP);
        if let Ok(again) = handle.open() {
            break again;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    assert_eq!(handle.open_legs(), 1);
    bridge.shutdown();
    let last = again.events.recv().await;
    assert!(matches!(last, Some(LegEvent::Closed(_))), "{last:?}");
    assert!(again.events.recv().await.is_none());
    let refused = handle.order(again.leg, LegOrder::Stop);
    assert_eq!(refused, Err(OrderError::Stopped));
    sfu.shutdown();
}
