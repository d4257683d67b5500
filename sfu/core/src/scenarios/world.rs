//! One shard, its clients and a network without loss or delay; time passes only in `run`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::format::{Codec, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, Mid, Pt, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive, TcpType, Transmit};
use str0m::rtp::rtcp::Rtcp;
use str0m::rtp::{ExtensionValues, RawPacket, RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Rtc, RtcConfig};

use super::some_instant;
use crate::{
    Command, CommandId, ConnectError, ConnectRequest, ConnectionKey, Grants, Input, Mode, Output,
    ParticipantKey, PhoneEvent, Rank, Reply, RoomKey, ServerCandidate, SfuEvent, Shard,
    ShardConfig, SlotBinding, Source, SourceMid, SourceSet, TapEvent, TapKind, Transport,
};

const STEP: Duration = Duration::from_millis(5);

pub(super) fn server_address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 3478))
}

/// Where the server takes connections.
pub(super) fn server_door() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 443))
}

/// A browser in miniature.
pub(super) struct Client {
    pub(super) room: RoomKey,
    pub(super) me: ParticipantKey,
    pub(super) connection: ConnectionKey,
    pub(super) mode: Mode,
    pub(super) rank: Rank,
    pub(super) grants: Grants,
    /// Its own address.
    pub(super) address: SocketAddr,
    /// Its address as the server sees it.
    pub(super) seen_as: SocketAddr,
    pub(super) rtc: Rtc,
    pub(super) sources: Vec<SourceMid>,
    pub(super) slots: Vec<Mid>,
    pub(super) received: Vec<(Mid, RtpPacket)>,
    pub(super) keyframes_wanted: Vec<(Mid, Option<Rid>)>,
    pub(super) connected: bool,
    /// Data channels that are open, by label.
    pub(super) channels: Vec<(ChannelId, String)>,
    /// What arrived on data channels.
    pub(super) messages: Vec<Vec<u8>>,
    /// NACKs (RFC 4585) sent to the server.
    pub(super) nacks: usize,
    /// Drop what comes from the server: a lost packet, or a lost network.
    pub(super) deaf: bool,
    /// Nothing passes to or from it.
    pub(super) cut: bool,
    /// How long packets wait on their way to it.
    pub(super) lag: Duration,
    timeout: Instant,
    outbox: Vec<Transmit>,
}

/// What a client offers.
pub(super) struct Wishes {
    pub(super) sources: Vec<Source>,
    pub(super) simulcast: bool,
    pub(super) audio_slots: usize,
    pub(super) video_slots: usize,
    pub(super) resends: bool,
    /// Data channels with these labels.
    pub(super) channels: Vec<&'static str>,
    pub(super) rank: Rank,
    pub(super) grants: Grants,
    /// What the client's engine can do otherwise.
    pub(super) setup: fn(RtcConfig) -> RtcConfig,
    pub(super) transport: Transport,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            sources: vec![Source::Microphone, Source::Camera],
            simulcast: false,
            audio_slots: 1,
            video_slots: 1,
            resends: true,
            channels: Vec::new(),
            rank: Rank::Other,
            grants: Grants::ALL,
            setup: |config| config,
            transport: Transport::Udp,
        }
    }
}

pub(super) struct World {
    pub(super) now: Instant,
    pub(super) began: Instant,
    pub(super) shard: Shard,
    pub(super) clients: Vec<Client>,
    pub(super) events: Vec<SfuEvent>,
    /// What recorders got; nothing more after `None`.
    pub(super) tapped: Vec<(RoomKey, Option<TapEvent>)>,
    pub(super) scribed: Vec<Option<TapEvent>>,
    /// What the bridge of telephones was told.
    pub(super) phones: Vec<PhoneEvent>,
    replies: Vec<Reply>,
    commands: u64,
    ports: u16,
    /// Packets on their way to somebody far away, in the order of sending.
    late: Vec<(Instant, Datagram)>,
}

/// Protocol, sender, receiver and contents.
type Datagram = (Protocol, SocketAddr, SocketAddr, Vec<u8>);

impl World {
    pub(super) fn new() -> Self {
        let config = ShardConfig {
            candidates: vec![
                ServerCandidate {
                    transport: Transport::Udp,
                    address: server_address(),
                },
                ServerCandidate {
                    transport: Transport::Tcp,
                    address: server_door(),
                },
            ],
            connections_max: 100,
            index: 3,
            secret: [7; 32],
        };
        let began = some_instant();
        Self {
            now: began,
            began,
            shard: Shard::new(config).unwrap(),
            clients: Vec::new(),
            events: Vec::new(),
            tapped: Vec::new(),
            scribed: Vec::new(),
            phones: Vec::new(),
            replies: Vec::new(),
            commands: 0,
            ports: 10_000,
            late: Vec::new(),
        }
    }

    /// A client that is connected and has everything switched on; its index.
    pub(super) fn join(&mut self, room: u128, me: u128, wishes: &Wishes) -> usize {
        self.join_with(room, me, 1, Mode::Room, wishes)
    }

    pub(super) fn join_with(
        &mut self,
        room: u128,
        me: u128,
        connection: u128,
        mode: Mode,
        wishes: &Wishes,
    ) -> usize {
        self.ports += 1;
        let address = SocketAddr::from(([198, 51, 100, 7], self.ports));
        let mut client = Client {
            room: RoomKey(room),
            me: ParticipantKey(me),
            connection: ConnectionKey(connection),
            mode,
            rank: wishes.rank,
            grants: wishes.grants,
            address,
            seen_as: address,
            rtc: engine(wishes, self.now),
            sources: Vec::new(),
            slots: Vec::new(),
            received: Vec::new(),
            keyframes_wanted: Vec::new(),
            connected: false,
            channels: Vec::new(),
            messages: Vec::new(),
            nacks: 0,
            deaf: false,
            cut: false,
            lag: Duration::ZERO,
            timeout: self.now,
            outbox: Vec::new(),
        };
        client.rtc.add_local_candidate(match wishes.transport {
            Transport::Udp => Candidate::host(address, "udp").unwrap(),
            Transport::Tcp => Candidate::builder()
                .tcp()
                .host(address)
                .tcptype(TcpType::Active)
                .build()
                .unwrap(),
        });
        let (offer, pending) = client.offer(wishes);
        self.clients.push(client);
        let index = self.clients.len() - 1;
        let answer = self.connect(index, &offer).unwrap();
        self.pin_estimate(index, 100_000_000);
        self.accept(index, pending, &answer);
        self.run(Duration::from_millis(500));
        assert!(
            self.clients[index].connected,
            "client {index} did not connect"
        );
        index
    }

    pub(super) fn connect(
        &mut self,
        index: usize,
        offer: &SdpOffer,
    ) -> Result<String, ConnectError> {
        let client = &self.clients[index];
        let request = ConnectRequest {
            room: client.room,
            participant: client.me,
            connection: client.connection,
            mode: client.mode,
            offer_sdp: offer.to_sdp_string(),
            sources: client.sources.clone(),
            on: SourceSet::ALL,
            rank: client.rank,
            grants: client.grants,
        };
        self.request(request)
    }

    pub(super) fn request(&mut self, request: ConnectRequest) -> Result<String, ConnectError> {
        self.commands += 1;
        let id = CommandId(self.commands);
        self.command(Command::Connect(id, Box::new(request)));
        match self.replies.pop().unwrap() {
            Reply::Connect(of, result) => {
                assert_eq!(of, id);
                result
            }
            Reply::Stats(..) | Reply::Live(..) => panic!("nothing else was asked"),
        }
    }

    pub(super) fn accept(&mut self, index: usize, pending: SdpPendingOffer, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        self.clients[index]
            .rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .unwrap();
        self.exchange();
    }

    pub(super) fn command(&mut self, command: Command) {
        self.shard.handle(self.now, Input::Command(command));
        self.exchange();
    }

    pub(super) fn set_sources(&mut self, index: usize, on: SourceSet) {
        let (room, participant) = (self.clients[index].room, self.clients[index].me);
        self.command(Command::SetSources {
            room,
            participant,
            on,
        });
    }

    /// There is no network here whose bandwidth could be measured.
    pub(super) fn pin_estimate(&mut self, index: usize, bps: u64) {
        let (room, me) = (self.clients[index].room, self.clients[index].me);
        self.shard.pin_estimate(self.now, (room, me), bps);
    }

    /// From now on its bandwidth is measured.
    pub(super) fn unpin_estimate(&mut self, index: usize) {
        let (room, me) = (self.clients[index].room, self.clients[index].me);
        self.shard.unpin_estimate(room, me);
    }

    /// Lets time pass, with every timer in its turn.
    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += STEP;
            if self.shard.poll_timeout().is_some_and(|at| at <= self.now) {
                self.shard.handle(self.now, Input::Timeout);
            }
            for client in &mut self.clients {
                if client.timeout <= self.now {
                    client
                        .rtc
                        .handle_input(str0m::Input::Timeout(self.now))
                        .unwrap();
                    client.drain();
                }
            }
            let (due, late) = std::mem::take(&mut self.late)
                .into_iter()
                .partition(|(at, _)| *at <= self.now);
            self.late = late;
            for (_, (protocol, local, remote, contents)) in due {
                self.carry((protocol, local, remote), &contents);
            }
            self.exchange();
        }
    }

    /// Carries datagrams until nobody has anything to say.
    pub(super) fn exchange(&mut self) {
        loop {
            let mut quiet = true;
            let now = self.now;
            for client in &mut self.clients {
                client.drain();
                for transmit in std::mem::take(&mut client.outbox) {
                    if client.cut {
                        continue;
                    }
                    quiet = false;
                    let transport = match transmit.proto {
                        Protocol::Udp => Transport::Udp,
                        _ => Transport::Tcp,
                    };
                    self.shard.handle(
                        now,
                        Input::Datagram {
                            transport,
                            local: transmit.destination,
                            remote: client.seen_as,
                            contents: &transmit.contents,
                        },
                    );
                }
            }
            self.shard.settle(now);
            while let Some(output) = self.shard.poll_output() {
                match output {
                    Output::Transmit {
                        transport,
                        local,
                        remote,
                        contents,
                    } => {
                        quiet = false;
                        let protocol = match transport {
                            Transport::Udp => Protocol::Udp,
                            Transport::Tcp => Protocol::Tcp,
                        };
                        match self.lag_of(remote) {
                            Duration::ZERO => self.carry((protocol, local, remote), &contents),
                            lag => {
                                let datagram = (protocol, local, remote, contents);
                                self.late.push((now + lag, datagram));
                            }
                        }
                    }
                    Output::Event(event) => self.events.push(event),
                    Output::Reply(reply) => self.replies.push(reply),
                    Output::Tapped(room, TapKind::Recorder, event) => {
                        self.tapped.push((room, Some(event)));
                    }
                    Output::Tapped(_, TapKind::Scribe, event) => self.scribed.push(Some(event)),
                    Output::TapClosed(room, TapKind::Recorder) => self.tapped.push((room, None)),
                    Output::TapClosed(_, TapKind::Scribe) => self.scribed.push(None),
                    Output::Phone(event) => self.phones.push(event),
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn lag_of(&self, remote: SocketAddr) -> Duration {
        let client = self.clients.iter().find(|c| c.seen_as == remote);
        client.map_or(Duration::ZERO, |client| client.lag)
    }

    fn carry(
        &mut self,
        (protocol, local, remote): (Protocol, SocketAddr, SocketAddr),
        contents: &[u8],
    ) {
        let now = self.now;
        let Some(client) = self
            .clients
            .iter_mut()
            .find(|c| c.seen_as == remote && !c.deaf && !c.cut)
        else {
            return;
        };
        let datagram = Receive::new(protocol, local, client.address, contents).unwrap();
        client
            .rtc
            .handle_input(str0m::Input::Receive(now, datagram))
            .unwrap();
        client.drain();
    }

    /// The latest complete list of a client's slots.
    pub(super) fn slots(&self, index: usize) -> Vec<SlotBinding> {
        let me = &self.clients[index];
        let lists = self.events.iter().rev().filter_map(|event| match event {
            SfuEvent::Slots {
                room,
                participant,
                slots,
                ..
            } => (*room == me.room && *participant == me.me).then(|| slots.clone()),
            _ => None,
        });
        lists.into_iter().next().unwrap_or_default()
    }
}

fn engine(wishes: &Wishes, now: Instant) -> Rtc {
    let builder = Rtc::builder().set_rtp_mode(true).enable_raw_packets(true);
    if wishes.resends {
        return (wishes.setup)(builder).build(now);
    }
    let mut builder = builder.clear_codecs().enable_opus(true, false);
    let (clock, format) = (Frequency::NINETY_KHZ, FormatParams::default());
    builder
        .codec_config()
        .add_config(96.into(), None, Codec::Vp8, clock, None, format);
    builder.build(now)
}

impl Client {
    pub(super) fn offer(&mut self, wishes: &Wishes) -> (SdpOffer, SdpPendingOffer) {
        let mut changes = self.rtc.sdp_api();
        for source in &wishes.sources {
            let kind = if source.is_audio() {
                MediaKind::Audio
            } else {
                MediaKind::Video
            };
            let simulcast = (wishes.simulcast && *source == Source::Camera).then(|| {
                let mut simulcast = Simulcast::new();
                for rid in ["q", "h", "f"] {
                    simulcast.add_send_layer(SimulcastLayer::new(rid));
                }
                simulcast
            });
            let mid = changes.add_media(kind, Direction::SendOnly, None, None, simulcast);
            self.sources.push(SourceMid {
                mid: mid.to_string(),
                source: *source,
            });
        }
        let audio = std::iter::repeat_n(MediaKind::Audio, wishes.audio_slots);
        for kind in audio.chain(std::iter::repeat_n(MediaKind::Video, wishes.video_slots)) {
            self.slots
                .push(changes.add_media(kind, Direction::RecvOnly, None, None, None));
        }
        for label in &wishes.channels {
            changes.add_channel((*label).to_owned());
        }
        changes.apply().unwrap()
    }

    pub(super) fn mid(&self, source: Source) -> Mid {
        let found = self
            .sources
            .iter()
            .find(|known| known.source == source)
            .unwrap();
        Mid::from(found.mid.as_str())
    }

    /// Sends one packet of a source; it leaves with the next `run`.
    pub(super) fn send(&mut self, now: Instant, source: Source, seq: u64, payload: &[u8]) {
        self.send_layer(now, source, None, seq, payload);
    }

    /// Sends one packet of the microphone with its level in dBov (RFC 6464).
    pub(super) fn speak(&mut self, now: Instant, seq: u64, level_dbov: i8, payload: &[u8]) {
        let level = ExtensionValues {
            audio_level: Some(level_dbov),
            voice_activity: Some(level_dbov > -60),
            ..ExtensionValues::default()
        };
        self.send_packet(now, (Source::Microphone, None), seq, (payload, level));
    }

    pub(super) fn send_layer(
        &mut self,
        now: Instant,
        source: Source,
        rid: Option<&str>,
        seq: u64,
        payload: &[u8],
    ) {
        let no_values = ExtensionValues::default();
        self.send_packet(now, (source, rid), seq, (payload, no_values));
    }

    fn send_packet(
        &mut self,
        now: Instant,
        (source, rid): (Source, Option<&str>),
        seq: u64,
        (payload, values): (&[u8], ExtensionValues),
    ) {
        let mid = self.mid(source);
        let wanted = if source.is_audio() {
            Codec::Opus
        } else {
            Codec::Vp8
        };
        let config = self.rtc.codec_config();
        let pt: Pt = config
            .find(|params| params.spec().codec == wanted)
            .unwrap()
            .pt();
        let clock = if source.is_audio() { 960 } else { 3000 };
        let time = u32::try_from(seq % (1 << 32)).unwrap().wrapping_mul(clock);
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, rid.map(Rid::from)).unwrap();
        let packet = RtpWrite::new(pt, seq.into(), time, now, payload.to_vec())
            .marker(true)
            .nackable(!source.is_audio())
            .ext_vals(values);
        stream.write_rtp(packet);
        self.rtc.handle_input(str0m::Input::Timeout(now)).unwrap();
        self.drain();
    }

    /// What the client has to say, instead of letting the network carry it.
    pub(super) fn take_outbox(&mut self) -> Vec<Transmit> {
        std::mem::take(&mut self.outbox)
    }

    pub(super) fn received_on(&self, mid: Mid) -> Vec<&RtpPacket> {
        self.received
            .iter()
            .filter(|(on, _)| *on == mid)
            .map(|(_, packet)| packet)
            .collect()
    }

    /// The drain law holds for clients too.
    pub(super) fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                str0m::Output::Timeout(at) => {
                    self.timeout = at;
                    return;
                }
                str0m::Output::Transmit(transmit) => {
                    self.outbox.push(transmit);
                }
                str0m::Output::Event(Event::Connected) => self.connected = true,
                str0m::Output::Event(Event::RtpPacket(packet)) => {
                    let ssrc = packet.header.ssrc;
                    let mid = self.rtc.direct_api().stream_rx(&ssrc).unwrap().mid();
                    self.received.push((mid, packet));
                }
                str0m::Output::Event(Event::ChannelOpen(channel, label)) => {
                    self.channels.push((channel, label));
                }
                str0m::Output::Event(Event::ChannelClose(channel)) => {
                    self.channels.retain(|(known, _)| *known != channel);
                }
                str0m::Output::Event(Event::ChannelData(data)) => self.messages.push(data.data),
                str0m::Output::Event(Event::KeyframeRequest(wanted)) => {
                    self.keyframes_wanted.push((wanted.mid, wanted.rid));
                }
                str0m::Output::Event(Event::RawPacket(raw)) => {
                    let nack = matches!(*raw, RawPacket::RtcpTx(Rtcp::Nack(_)));
                    self.nacks += usize::from(nack);
                }
                str0m::Output::Event(_) => {}
            }
        }
    }
}
