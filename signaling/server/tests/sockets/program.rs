//! A program with a media engine of its own, on a real socket: it speaks every 20 ms and counts what
//! it hears.

use std::net::Ipv4Addr;
use std::time::Instant;

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Duration, interval, sleep_until, timeout};

/// Longer than anything takes here; a test that waits for this has failed.
const PATIENCE: Duration = Duration::from_secs(20);
const SPEECH: &[u8] = &[0x78, 1, 2, 3, 4, 5, 6, 7];

/// The handle of a running program.
pub(crate) struct Program {
    pub(crate) offer: String,
    heard: watch::Receiver<usize>,
    connected: watch::Receiver<bool>,
    acts: mpsc::Sender<Act>,
    task: JoinHandle<()>,
}

enum Act {
    Accept(String),
    /// Begins an ICE restart; answers with what a PATCH says of it.
    Restart(oneshot::Sender<String>),
    /// The server's half of the restart.
    Finish(String),
    /// Says goodbye on the media connection, and nothing else.
    Vanish,
}

struct Engine {
    rtc: Rtc,
    socket: UdpSocket,
    pending: Option<SdpPendingOffer>,
    answer: String,
    microphone: Option<Mid>,
    spoken: u64,
    heard: watch::Sender<usize>,
    connected: watch::Sender<bool>,
}

impl Program {
    /// Sound upwards.
    pub(crate) async fn speaker() -> Self {
        Self::start(&[Direction::SendOnly]).await
    }

    /// Sound downwards.
    pub(crate) async fn listener() -> Self {
        Self::start(&[Direction::RecvOnly]).await
    }

    pub(crate) async fn start(lines: &[Direction]) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut rtc = Rtc::builder().set_rtp_mode(true).build(Instant::now());
        let address = socket.local_addr().unwrap();
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        let mut change = rtc.sdp_api();
        let mut microphone = None;
        for direction in lines {
            let mid = change.add_media(MediaKind::Audio, *direction, None, None, None);
            if *direction == Direction::SendOnly {
                microphone = Some(mid);
            }
        }
        let (offer, pending) = change.apply().unwrap();
        let (heard, hears) = watch::channel(0);
        let (connected, connects) = watch::channel(false);
        let (acts, orders) = mpsc::channel(8);
        let engine = Engine {
            rtc,
            socket,
            pending: Some(pending),
            answer: String::new(),
            microphone,
            spoken: 0,
            heard,
            connected,
        };
        Self {
            offer: offer.to_sdp_string(),
            heard: hears,
            connected: connects,
            acts,
            task: tokio::spawn(engine.run(orders)),
        }
    }

    pub(crate) async fn accept(&mut self, answer: &str) {
        self.act(Act::Accept(answer.to_owned())).await;
        let connected = self.connected.wait_for(|connected| *connected);
        let waited = timeout(PATIENCE, connected).await;
        waited.expect("media connects in time").unwrap();
    }

    /// Waits until so many more packets were heard.
    pub(crate) async fn hears(&mut self, more: usize) {
        let goal = self.count() + more;
        let heard = self.heard.wait_for(|count| *count >= goal);
        timeout(PATIENCE, heard)
            .await
            .expect("sound in time")
            .unwrap();
    }

    pub(crate) fn count(&self) -> usize {
        *self.heard.borrow()
    }

    /// What a PATCH says to restart ICE.
    pub(crate) async fn restart(&self) -> String {
        let (reply, fragment) = oneshot::channel();
        self.act(Act::Restart(reply)).await;
        fragment.await.unwrap()
    }

    pub(crate) async fn finish(&self, fragment: &str) {
        self.act(Act::Finish(fragment.to_owned())).await;
    }

    pub(crate) async fn vanish(&self) {
        self.act(Act::Vanish).await;
    }

    async fn act(&self, act: Act) {
        assert!(self.acts.send(act).await.is_ok(), "the program runs");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Engine {
    async fn run(mut self, mut orders: mpsc::Receiver<Act>) {
        let mut frame = interval(Duration::from_millis(20));
        let mut datagram = vec![0; 2_000];
        loop {
            let due = self.drain().await;
            tokio::select! {
                received = self.socket.recv_from(&mut datagram) => {
                    let (length, source) = received.unwrap();
                    let destination = self.socket.local_addr().unwrap();
                    let contents = &datagram[..length];
                    let receive = Receive::new(Protocol::Udp, source, destination, contents);
                    let input = Input::Receive(Instant::now(), receive.unwrap());
                    self.rtc.handle_input(input).unwrap();
                }
                () = sleep_until(due.into()) => {
                    self.rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
                }
                _ = frame.tick() => self.speak(),
                act = orders.recv() => match act {
                    Some(act) => self.act(act),
                    None => return,
                },
            }
        }
    }

    async fn drain(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) => return at,
                Output::Transmit(transmit) => {
                    let sent = self
                        .socket
                        .send_to(&transmit.contents, transmit.destination);
                    // The server may be gone.
                    let _ = sent.await;
                }
                Output::Event(Event::Connected) => {
                    self.connected.send_replace(true);
                }
                Output::Event(Event::RtpPacket(_)) => self.heard.send_modify(|count| *count += 1),
                Output::Event(_) => {}
            }
        }
    }

    fn speak(&mut self) {
        let Some(mid) = self.microphone.filter(|_| *self.connected.borrow()) else {
            return;
        };
        let now = Instant::now();
        let opus = |params: &&str0m::format::PayloadParams| params.spec().codec == Codec::Opus;
        let pt = self.rtc.codec_config().iter().find(opus).unwrap().pt();
        self.spoken += 1;
        let time = u32::try_from(self.spoken * 960).unwrap();
        let packet = RtpWrite::new(pt, self.spoken.into(), time, now, SPEECH.to_vec());
        let mut direct = self.rtc.direct_api();
        direct
            .stream_tx_by_mid(mid, None)
            .unwrap()
            .write_rtp(packet);
        self.rtc.handle_input(Input::Timeout(now)).unwrap();
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Accept(answer) => {
                self.answer = answer;
                self.accept();
            }
            Act::Restart(reply) => {
                let mut change = self.rtc.sdp_api();
                change.ice_restart(true);
                let (offer, pending) = change.apply().unwrap();
                self.pending = Some(pending);
                let _ = reply.send(ice_lines(&offer.to_sdp_string()));
            }
            Act::Finish(fragment) => {
                let mut answer = String::new();
                for line in self.answer.lines() {
                    let news = ["a=ice-ufrag:", "a=ice-pwd:"]
                        .iter()
                        .find(|prefix| line.starts_with(**prefix))
                        .and_then(|prefix| fragment.lines().find(|line| line.starts_with(prefix)));
                    answer.push_str(news.unwrap_or(line));
                    answer.push_str("\r\n");
                }
                self.answer = answer;
                self.accept();
            }
            Act::Vanish => {
                self.rtc.close().unwrap();
            }
        }
    }

    fn accept(&mut self) {
        let answer = SdpAnswer::from_sdp_string(&self.answer).unwrap();
        let pending = self.pending.take().unwrap();
        self.rtc.sdp_api().accept_answer(pending, answer).unwrap();
    }
}

/// The first m-line's ICE part of an offer.
fn ice_lines(offer: &str) -> String {
    let kept = ["m=", "a=mid:", "a=ice-ufrag:", "a=ice-pwd:", "a=candidate:"];
    let mut media = 0;
    let mut lines = String::new();
    for line in offer.lines() {
        media += usize::from(line.starts_with("m="));
        if media == 1 && kept.iter().any(|prefix| line.starts_with(prefix)) {
            lines.push_str(line);
            lines.push_str("\r\n");
        }
    }
    lines
}
