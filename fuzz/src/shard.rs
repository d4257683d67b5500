//! Datagrams of anybody at a shard where somebody has just been answered.

use core::time::Duration;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Instant;

use sfu_core::stun::{Class, MESSAGE_INTEGRITY, Message, USERNAME, Writer};
use sfu_core::{
    Command, CommandId, ConnectRequest, ConnectionKey, Grants, Input, Mode, Output, ParticipantKey,
    Rank, Reply, RoomKey, ServerCandidate, Shard, ShardConfig, Source, SourceMid, SourceSet,
    Transport,
};

/// What OBS offers, with sound alone.
const OFFER: &str = "v=0\r\no=rtc 3511927345 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    a=group:BUNDLE 0\r\na=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:\
    00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\n\
    a=ssrc:1001 cname:AbCd\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=setup:actpass\r\n\
    a=ice-ufrag:4cV8\r\na=ice-pwd:Jf2rX0vQ5hLw7sTzKp9aBn3e\r\n";
/// Datagrams of one run.
const DATAGRAMS_MAX: usize = 40;
/// What is sent at once in answer to a datagram: an answer to a check, and a flight of DTLS.
const SENT_MAX: usize = 12;

/// Datagrams, each behind two bytes: flags, and its length. The flags say from where it comes, how
/// long it was waited for it, and whether a check is signed as by the one who was answered.
pub(crate) fn datagrams(bytes: &[u8]) {
    let now = Instant::now();
    let Some(mut side) = Side::new(now) else {
        return;
    };
    let mut rest = bytes;
    for _datagram in 0..DATAGRAMS_MAX {
        let [flags, length, more @ ..] = rest else {
            break;
        };
        let (contents, after) = more.split_at(usize::from(*length).min(more.len()));
        rest = after;
        side.now += Duration::from_millis(u64::from(flags >> 4) * 40);
        side.hear(*flags, contents);
    }
    side.now += Duration::from_secs(60);
    side.turn(None);
    assert_eq!(
        side.shard.connection_count(),
        0,
        "a connection stays for ever"
    );
}

/// A shard with one connection that has an answer and no media yet.
struct Side {
    shard: Shard,
    now: Instant,
    server: SocketAddr,
    ufrag: String,
    pwd: String,
    /// Addresses from which a signed check came.
    proved: BTreeSet<(Transport, SocketAddr)>,
}

impl Side {
    fn new(now: Instant) -> Option<Self> {
        let server = SocketAddr::from(([192, 0, 2, 1], 3478));
        let candidates = [Transport::Udp, Transport::Tcp].map(|transport| ServerCandidate {
            transport,
            address: server,
        });
        let config = ShardConfig {
            candidates: candidates.to_vec(),
            connections_max: 2,
            index: 0,
            secret: [7; 32],
        };
        let mut shard = Shard::new(config).ok()?;
        let request = ConnectRequest {
            room: RoomKey(1),
            participant: ParticipantKey(1),
            connection: ConnectionKey(1),
            mode: Mode::Room,
            offer_sdp: OFFER.to_owned(),
            sources: vec![SourceMid {
                mid: "0".to_owned(),
                source: Source::Microphone,
            }],
            on: SourceSet::ALL,
            rank: Rank::Other,
            grants: Grants::ALL,
        };
        let connect = Command::Connect(CommandId(1), Box::new(request));
        shard.handle(now, Input::Command(connect));
        shard.settle(now);
        let mut answer = None;
        while let Some(output) = shard.poll_output() {
            if let Output::Reply(Reply::Connect(_, Ok(sdp))) = output {
                answer = Some(sdp);
            }
        }
        let answer = answer?;
        let find = |name| answer.lines().find_map(|line| line.strip_prefix(name));
        let (ufrag, pwd) = (find("a=ice-ufrag:")?, find("a=ice-pwd:")?);
        Some(Self {
            shard,
            now,
            server,
            ufrag: ufrag.to_owned(),
            pwd: pwd.to_owned(),
            proved: BTreeSet::new(),
        })
    }

    fn hear(&mut self, flags: u8, contents: &[u8]) {
        let transport = if flags & 1 == 0 {
            Transport::Udp
        } else {
            Transport::Tcp
        };
        let remote = SocketAddr::from(([203, 0, 113, flags >> 1 & 3], 50_000));
        let check = Message::parse(contents).ok();
        let check = check.filter(|it| flags & 8 != 0 && it.class() == Class::Request);
        let signed = check.map(|it| self.signed(&it));
        if signed.is_some() {
            self.proved.insert((transport, remote));
        }
        let input = Input::Datagram {
            transport,
            local: self.server,
            remote,
            contents: signed.as_deref().unwrap_or(contents),
        };
        self.shard.handle(self.now, input);
        self.turn(Some((transport, remote)));
    }

    fn signed(&self, check: &Message<'_>) -> Vec<u8> {
        let username = format!("{}:4cV8", self.ufrag);
        let begun = Writer::new(check.method(), check.class(), check.transaction())
            .with(USERNAME, username.as_bytes());
        check
            .attributes()
            .filter(|(kind, _)| ![USERNAME, MESSAGE_INTEGRITY].contains(kind))
            .fold(begun, |writer, (kind, value)| writer.with(kind, value))
            .signed(self.pwd.as_bytes())
            .fingerprinted()
    }

    /// Nothing is ever sent to an address that has proved nothing.
    fn turn(&mut self, heard: Option<(Transport, SocketAddr)>) {
        while self.shard.poll_timeout().is_some_and(|at| at <= self.now) {
            self.shard.handle(self.now, Input::Timeout);
            self.shard.settle(self.now);
            self.drain(None);
        }
        self.shard.settle(self.now);
        self.drain(heard);
    }

    fn drain(&mut self, heard: Option<(Transport, SocketAddr)>) {
        let mut sent = 0;
        while let Some(output) = self.shard.poll_output() {
            let Output::Transmit {
                transport,
                local,
                remote,
                ..
            } = output
            else {
                continue;
            };
            sent += 1;
            assert_eq!(local, self.server);
            assert!(
                self.proved.contains(&(transport, remote)),
                "sent to an address that has proved nothing"
            );
        }
        assert!(
            heard.is_none() || sent <= SENT_MAX,
            "{sent} datagrams for one"
        );
    }
}
