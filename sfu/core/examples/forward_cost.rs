//! What forwarding costs, with real engines at both ends, in memory and in virtual time: one picture of
//! 1.5 Mbit/s for ten people (`picture`), or the speech of six for each other (`speech`). Under callgrind,
//! `scripts/instructions` divides the instructions of `serve_measured` by the packets that came, which is
//! what this prints.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sfu_core::{
    Command, CommandId, ConnectRequest, ConnectionKey, Grants, Input, Mode, Output, ParticipantKey,
    Rank, Reply, RoomKey, ServerCandidate, Shard, ShardConfig, Source, SourceMid, SourceSet,
    Transport,
};
use str0m::change::SdpAnswer;
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Rtc};

const VIEWERS: u16 = 10;
const PACKETS_PER_FRAME: usize = 6;
const PAYLOAD_BYTES: usize = 1041;
/// In turns of a millisecond: 30 pictures a second.
const FRAME_TURNS: u32 = 33;
/// Handshakes, and the first probes of bandwidth.
const WARM_TURNS: u32 = 2500;
const MEASURED_TURNS: u32 = 2500;
const TURN: Duration = Duration::from_millis(1);
const SPEAKERS: u16 = 6;
/// In turns: Opus, 50 packets a second of 32 kbit/s.
const SPEECH_TURNS: u32 = 20;
const SPEECH_BYTES: usize = 80;

/// What is sent to whom.
#[derive(Clone, Copy, PartialEq)]
enum Scene {
    Picture,
    Speech,
}

/// How somebody takes part.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Films,
    Watches,
    Speaks,
}

type Fault = Box<dyn Error>;

/// What goes to or comes from a client.
type Datagram = (SocketAddr, Vec<u8>);

struct Client {
    rtc: Rtc,
    /// The m-line that it sends, or receives.
    mid: Mid,
    sent: u32,
    address: SocketAddr,
    timeout: Instant,
    out: Vec<Vec<u8>>,
    received: u64,
    key_wanted: bool,
}

impl Client {
    fn drain(&mut self) -> Result<(), Fault> {
        loop {
            match self.rtc.poll_output()? {
                str0m::Output::Timeout(at) => {
                    self.timeout = at;
                    return Ok(());
                }
                str0m::Output::Transmit(transmit) => self.out.push(transmit.contents.into()),
                str0m::Output::Event(Event::RtpPacket(_)) => self.received += 1,
                str0m::Output::Event(Event::KeyframeRequest(_)) => self.key_wanted = true,
                str0m::Output::Event(_) => {}
            }
        }
    }
}

fn server() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 3478))
}

/// One turn of a shard, as its shell makes it.
fn serve(shard: &mut Shard, now: Instant, came: &[Datagram]) -> Vec<Output> {
    if shard.poll_timeout().is_some_and(|at| at <= now) {
        shard.handle(now, Input::Timeout);
    }
    for (remote, contents) in came {
        let input = Input::Datagram {
            transport: Transport::Udp,
            local: server(),
            remote: *remote,
            contents,
        };
        shard.handle(now, input);
    }
    let mut outputs = Vec::new();
    loop {
        let more = shard.settle_next(now);
        while let Some(output) = shard.poll_output() {
            outputs.push(output);
        }
        if !more {
            return outputs;
        }
    }
}

/// The same, with a name of its own for callgrind.
#[inline(never)]
fn serve_measured(shard: &mut Shard, now: Instant, came: &[Datagram]) -> Vec<Output> {
    serve(shard, now, came)
}

fn connect(shard: &mut Shard, now: Instant, (number, role): (u16, Role)) -> Result<Client, Fault> {
    let address = SocketAddr::from(([198, 51, 100, 7], 10_000 + number));
    let mut rtc = Rtc::builder().set_rtp_mode(true).build(now);
    rtc.add_local_candidate(Candidate::host(address, "udp")?);
    let mut changes = rtc.sdp_api();
    let (kind, direction, source) = match role {
        Role::Films => (MediaKind::Video, Direction::SendOnly, Source::Camera),
        Role::Watches => (MediaKind::Video, Direction::RecvOnly, Source::Camera),
        Role::Speaks => (MediaKind::Audio, Direction::SendOnly, Source::Microphone),
    };
    let mid = changes.add_media(kind, direction, None, None, None);
    if role == Role::Speaks {
        for _ in 1..SPEAKERS {
            changes.add_media(kind, Direction::RecvOnly, None, None, None);
        }
    }
    let (offer, pending) = changes.apply().ok_or("nothing to offer")?;
    let sends = direction == Direction::SendOnly;
    let sent = SourceMid {
        mid: mid.to_string(),
        source,
    };
    let request = ConnectRequest {
        room: RoomKey(1),
        participant: ParticipantKey(number.into()),
        connection: ConnectionKey(number.into()),
        mode: Mode::Room,
        offer_sdp: offer.to_sdp_string(),
        sources: if sends { vec![sent] } else { Vec::new() },
        on: SourceSet::ALL,
        rank: Rank::Other,
        grants: Grants::ALL,
    };
    let command = Command::Connect(CommandId(number.into()), Box::new(request));
    shard.handle(now, Input::Command(command));
    shard.settle(now);
    let mut answer = None;
    while let Some(output) = shard.poll_output() {
        if let Output::Reply(Reply::Connect(_, result)) = output {
            answer = Some(result?);
        }
    }
    let answer = SdpAnswer::from_sdp_string(&answer.ok_or("no answer")?)?;
    rtc.sdp_api().accept_answer(pending, answer)?;
    Ok(Client {
        rtc,
        mid,
        sent: 0,
        address,
        timeout: now,
        out: Vec::new(),
        received: 0,
        key_wanted: true,
    })
}

/// Says 20 ms of speech.
fn speak(speaker: &mut Client, now: Instant) -> Result<(), Fault> {
    let config = speaker.rtc.codec_config();
    let pt = config.find(|params| params.spec().codec == Codec::Opus);
    let pt = pt.ok_or("no Opus")?.pt();
    speaker.sent += 1;
    let sent = speaker.sent;
    let mut direct = speaker.rtc.direct_api();
    let stream = direct
        .stream_tx_by_mid(speaker.mid, None)
        .ok_or("no stream")?;
    let payload = vec![0x78; SPEECH_BYTES];
    let packet = RtpWrite::new(pt, u64::from(sent).into(), sent * 960, now, payload);
    stream.write_rtp(packet);
    speaker.timeout = now;
    Ok(())
}

/// Sends one picture, a key frame if it was asked for.
fn film(sender: &mut Client, frame: u32, now: Instant) -> Result<(), Fault> {
    let config = sender.rtc.codec_config();
    let pt = config.find(|params| params.spec().codec == Codec::Vp8);
    let pt = pt.ok_or("no VP8")?.pt();
    let key = core::mem::take(&mut sender.key_wanted);
    let [high, low] = (u16::try_from(frame % 0x8000)? | 0x8000).to_be_bytes();
    let mut direct = sender.rtc.direct_api();
    let stream = direct
        .stream_tx_by_mid(sender.mid, None)
        .ok_or("no stream")?;
    for n in 0..PACKETS_PER_FRAME {
        // Payload descriptor (RFC 7741 section 4.2), and a frame of 1280 x 720 (RFC 6386 section 9.1).
        let start = if n == 0 { 0x90 } else { 0x80 };
        let mut payload = vec![start, 0x80, high, low, u8::from(!key), 2, 0];
        payload.extend([0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02]);
        payload.resize(PAYLOAD_BYTES, 0x5a);
        let seq = u64::from(frame) * PACKETS_PER_FRAME as u64 + n as u64 + 1;
        let packet = RtpWrite::new(pt, seq.into(), frame.wrapping_mul(3000), now, payload)
            .marker(n + 1 == PACKETS_PER_FRAME)
            .nackable(true);
        stream.write_rtp(packet);
    }
    sender.timeout = now;
    Ok(())
}

/// Lets those send whose turn it is.
fn publish(clients: &mut [Client], scene: Scene, turn: u32, now: Instant) -> Result<(), Fault> {
    match scene {
        Scene::Picture => {
            if let Some(sender) = clients.first_mut()
                && turn.is_multiple_of(FRAME_TURNS)
                && sender.rtc.is_connected()
            {
                film(sender, turn / FRAME_TURNS, now)?;
            }
        }
        Scene::Speech => {
            // Each has a time of its own to speak at.
            for (speaker, offset) in clients.iter_mut().zip((0..).step_by(3)) {
                if turn % SPEECH_TURNS == offset && speaker.rtc.is_connected() {
                    speak(speaker, now)?;
                }
            }
        }
    }
    Ok(())
}

/// As many packets have to come at least.
fn wanted(scene: Scene) -> u64 {
    match scene {
        Scene::Picture => {
            u64::from(VIEWERS) * u64::from(MEASURED_TURNS / FRAME_TURNS) * PACKETS_PER_FRAME as u64
        }
        Scene::Speech => {
            u64::from(SPEAKERS * (SPEAKERS - 1)) * u64::from(MEASURED_TURNS / SPEECH_TURNS - 1)
        }
    }
}

fn main() -> Result<(), Fault> {
    let scene = match std::env::args().nth(1).as_deref() {
        None | Some("picture") => Scene::Picture,
        Some("speech") => Scene::Speech,
        Some(_) => return Err("picture or speech?".into()),
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant cannot be made otherwise"
    )]
    let mut now = Instant::now();
    let mut shard = Shard::new(ShardConfig {
        candidates: vec![ServerCandidate {
            transport: Transport::Udp,
            address: server(),
        }],
        connections_max: 100,
        index: 0,
        secret: [7; 32],
    })?;
    let roles = match scene {
        Scene::Picture => [vec![Role::Films], vec![Role::Watches; VIEWERS.into()]].concat(),
        Scene::Speech => vec![Role::Speaks; SPEAKERS.into()],
    };
    let mut clients = Vec::new();
    for (number, role) in (1..).zip(roles) {
        clients.push(connect(&mut shard, now, (number, role))?);
    }
    let mut before = 0;
    for turn in 0..WARM_TURNS + MEASURED_TURNS {
        if turn == WARM_TURNS {
            before = clients.iter().map(|client| client.received).sum();
        }
        now += TURN;
        let mut came: Vec<Datagram> = Vec::new();
        publish(&mut clients, scene, turn, now)?;
        for client in &mut clients {
            // A pacer wants a microsecond for each packet.
            let mut given = now;
            while client.timeout <= given.max(now + TURN / 2) && given < now + TURN / 2 {
                given = given.max(client.timeout);
                client.rtc.handle_input(str0m::Input::Timeout(given))?;
                client.drain()?;
            }
            came.extend(client.out.drain(..).map(|bytes| (client.address, bytes)));
        }
        let outputs = if turn < WARM_TURNS {
            serve(&mut shard, now, &came)
        } else {
            serve_measured(&mut shard, now, &came)
        };
        for output in outputs {
            if let Output::Transmit {
                local,
                remote,
                contents,
                ..
            } = output
                && let Some(client) = clients.iter_mut().find(|c| c.address == remote)
            {
                let datagram = Receive::new(Protocol::Udp, local, client.address, &contents)?;
                let at = now + TURN / 2;
                client
                    .rtc
                    .handle_input(str0m::Input::Receive(at, datagram))?;
                client.drain()?;
            }
        }
    }
    let after: u64 = clients.iter().map(|client| client.received).sum();
    let delivered = after - before;
    if delivered < wanted(scene) {
        return Err(format!("only {delivered} packets came").into());
    }
    writeln!(std::io::stdout(), "{delivered}")?;
    Ok(())
}
