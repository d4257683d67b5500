//! One TCP connection with media, from its first message to its end.

use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::{Counter, counter, gauge};
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use super::frame::first_message;
use super::talk::{Step, Talk};
use super::{Door, Ends, Media, Shared};
use crate::port::{Frame, Outgoing, PORT_DATAGRAMS_MAX, PortKey};

/// A client that has not shown by then that it belongs here is hung up on.
const PROOF_MAX: Duration = Duration::from_secs(10);
/// A client that has said nothing complete for this long is gone. ICE checks come every few seconds.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// A client that has read nothing for this long is gone, too.
const STUCK_MAX: Duration = Duration::from_secs(10);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Bytes that may wait to be written. Beyond it datagrams wait in the connection's queue, and
/// beyond that they are dropped.
const UNWRITTEN_MAX: usize = 64 * 1024;
/// Datagrams that a client may send between two looks: somewhat more than the shard takes from one
/// connection, so that nobody fills the lane of all, and few from a client that has not shown yet
/// that it belongs here.
const ALLOWANCE: u32 = 4000;
const ALLOWANCE_UNPROVED: u32 = 200;
/// Bytes of one read.
const READ_BYTES: usize = 16 * 1024;

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client closed it, or it broke.
    Gone,
    /// What arrived is not served here.
    Refused,
    /// [`PROOF_MAX`] is over.
    Unproved,
    /// [`SILENCE_MAX`] is over.
    Silent,
    /// [`STUCK_MAX`] is over.
    Stuck,
}

impl End {
    const fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::Unproved => "unproved",
            Self::Silent => "silent",
            Self::Stuck => "stuck",
        }
    }
}

impl Door {
    /// Carries media between a connection and the shards until it ends. Too many connections are
    /// hung up on at once.
    pub async fn carry<S>(&self, stream: S, media: Media, ends: Ends)
    where
        S: AsyncRead + AsyncWrite + Send,
    {
        let shared = &*self.shared;
        let Some(mut seat) = shared.seats.take(ends.remote.ip()) else {
            counter!("sfu_tcp_connections_refused_total").increment(1);
            return;
        };
        let Some(relayed) = seat.relayed() else {
            return;
        };
        let open = gauge!("sfu_tcp_connections");
        open.increment(1.0);
        let talk = Talk::new(media, ends, shared, relayed);
        let (reader, writer) = tokio::io::split(stream);
        let mut carriage = Carriage::new(talk, ends, shared);
        let end = carriage.run(reader, writer).await;
        carriage.close_ports().await;
        open.decrement(1.0);
        counter!("sfu_tcp_connections_ended_total", "reason" => end.word()).increment(1);
    }
}

struct Carriage<'a> {
    shared: &'a Shared,
    talk: Talk,
    key: PortKey,
    number: u64,
    queue: mpsc::Sender<Outgoing>,
    outgoing: mpsc::Receiver<Outgoing>,
    /// Shards that know the way to this connection.
    opened: Vec<usize>,
    inbox: Vec<u8>,
    unwritten: Vec<u8>,
    unflushed: bool,
    began: Instant,
    heard: Instant,
    /// When the client last read something, or there was nothing to read.
    read: Instant,
    proved: bool,
    /// Datagrams that may still arrive before the next look.
    allowance: u32,
    dropped: Counter,
    over_budget: Counter,
}

impl<'a> Carriage<'a> {
    fn new(talk: Talk, ends: Ends, shared: &'a Shared) -> Self {
        let (queue, outgoing) = mpsc::channel(PORT_DATAGRAMS_MAX);
        let now = Instant::now();
        Self {
            shared,
            key: talk.key(ends.remote),
            talk,
            number: shared.connections.fetch_add(1, Ordering::Relaxed),
            queue,
            outgoing,
            opened: Vec::new(),
            inbox: Vec::new(),
            unwritten: Vec::new(),
            unflushed: false,
            began: now,
            heard: now,
            read: now,
            proved: false,
            allowance: ALLOWANCE_UNPROVED,
            dropped: counter!("sfu_datagrams_dropped_total", "reason" => "shard_busy"),
            over_budget: counter!("sfu_datagrams_dropped_total", "reason" => "over_budget"),
        }
    }

    /// Reads and writes side by side: a client that is slow to read is heard all the same.
    async fn run<S: AsyncRead + AsyncWrite>(
        &mut self,
        mut reader: ReadHalf<S>,
        mut writer: WriteHalf<S>,
    ) -> End {
        let mut buffer = vec![0; READ_BYTES];
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let event = tokio::select! {
                read = reader.read(&mut buffer) => Event::Read(read),
                next = self.outgoing.recv(), if self.unwritten.len() < UNWRITTEN_MAX => {
                    Event::Outgoing(next)
                }
                written = push(&mut writer, &self.unwritten),
                    if !self.unwritten.is_empty() || self.unflushed => Event::Written(written),
                _ = look.tick() => Event::Look,
            };
            let end = match event {
                Event::Read(Ok(count)) if count > 0 => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    self.take(bytes).await
                }
                Event::Written(Ok(Pushed::Wrote(count))) if count > 0 => {
                    self.unwritten.drain(..count.min(self.unwritten.len()));
                    self.unflushed = true;
                    self.read = Instant::now();
                    None
                }
                Event::Written(Ok(Pushed::Flushed)) => {
                    self.unflushed = false;
                    None
                }
                Event::Read(_) | Event::Written(_) => Some(End::Gone),
                Event::Outgoing(Some(datagram)) => {
                    // A shard answers nobody whose check it did not believe.
                    self.proved = true;
                    self.put(&datagram);
                    None
                }
                Event::Outgoing(None) => None,
                Event::Look => self.look(Instant::now()),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// Wraps everything that waits, so that one write takes it.
    fn put(&mut self, datagram: &Outgoing) {
        if self.unwritten.is_empty() {
            self.read = Instant::now();
        }
        self.talk.wrap(datagram, &mut self.unwritten);
        while self.unwritten.len() < UNWRITTEN_MAX
            && let Ok(next) = self.outgoing.try_recv()
        {
            self.talk.wrap(&next, &mut self.unwritten);
        }
    }

    /// Works on what was read, message by message.
    async fn take(&mut self, bytes: &[u8]) -> Option<End> {
        self.inbox.extend_from_slice(bytes);
        let inbox = core::mem::take(&mut self.inbox);
        let mut rest = inbox.as_slice();
        let end = loop {
            let media = match self.talk {
                Talk::Frames { .. } => Media::Frames,
                Talk::Relay(_) => Media::Relay,
            };
            let extent = match first_message(media, rest) {
                Ok(Some(extent)) => extent,
                Ok(None) => break None,
                Err(_oversized) => break Some(End::Refused),
            };
            let message = rest.get(extent.from..extent.to).unwrap_or_default();
            if let Some(end) = self.hear(message).await {
                break Some(end);
            }
            rest = rest.get(extent.next..).unwrap_or_default();
        };
        // At most one message that is not complete, whose length was looked at.
        self.inbox = rest.to_vec();
        end
    }

    async fn hear(&mut self, message: &[u8]) -> Option<End> {
        let now = Instant::now();
        self.heard = now;
        let Some(left) = self.allowance.checked_sub(1) else {
            self.over_budget.increment(1);
            return None;
        };
        self.allowance = left;
        match self
            .talk
            .hear((now.into_std(), unix_s()), message, self.shared)
        {
            Step::Inject {
                shard,
                local,
                contents,
            } => {
                let lane = self.shared.lanes.get(shard)?;
                if !self.opened.contains(&shard) {
                    self.opened.push(shard);
                    lane.tell(Frame::Open(self.key, self.number, self.queue.clone()))
                        .await;
                }
                let frame = Frame::Datagram {
                    key: self.key,
                    local,
                    contents,
                };
                if !lane.offer(frame) {
                    self.dropped.increment(1);
                }
                None
            }
            Step::Reply(bytes) => {
                self.unwritten.extend_from_slice(&bytes);
                // Whoever asks and does not read is not answered any more.
                (self.unwritten.len() > 2 * UNWRITTEN_MAX).then_some(End::Stuck)
            }
            Step::Ignore => None,
            Step::Close => Some(End::Refused),
        }
    }

    fn look(&mut self, now: Instant) -> Option<End> {
        self.proved |= self.talk.is_proved();
        self.allowance = if self.proved {
            ALLOWANCE
        } else {
            ALLOWANCE_UNPROVED
        };
        let since = |at: Instant| now.saturating_duration_since(at);
        if !self.proved && since(self.began) >= PROOF_MAX {
            Some(End::Unproved)
        } else if since(self.heard) >= SILENCE_MAX || self.talk.is_over(now.into_std()) {
            Some(End::Silent)
        } else if !self.unwritten.is_empty() && since(self.read) >= STUCK_MAX {
            Some(End::Stuck)
        } else {
            None
        }
    }

    async fn close_ports(&self) {
        for shard in &self.opened {
            if let Some(lane) = self.shared.lanes.get(*shard) {
                lane.tell(Frame::Close(self.key, self.number)).await;
            }
        }
    }
}

enum Event {
    Read(io::Result<usize>),
    Outgoing(Option<Outgoing>),
    Written(io::Result<Pushed>),
    Look,
}

enum Pushed {
    Wrote(usize),
    Flushed,
}

/// Writes what the system takes; when nothing is left, gets out what TLS has kept.
async fn push<W: AsyncWrite + Unpin>(writer: &mut W, bytes: &[u8]) -> io::Result<Pushed> {
    if bytes.is_empty() {
        writer.flush().await.map(|()| Pushed::Flushed)
    } else {
        writer.write(bytes).await.map(Pushed::Wrote)
    }
}

fn unix_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use mio::{Poll, Token, Waker};
    use sfu_core::stun::{self, BINDING, Class, Writer};
    use tokio::io::DuplexStream;

    use super::*;
    use crate::door::Limits;
    use crate::port::{FrameEnd, frame_lane};
    use crate::turn::Auth;

    /// A door to one shard that says nothing.
    struct Silent {
        door: Door,
        shard: FrameEnd,
        _poll: Poll,
    }

    impl Silent {
        fn new() -> Self {
            let poll = Poll::new().unwrap();
            let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
            let (lane, shard) = frame_lane(waker);
            let limits = Limits {
                connections_max: 10,
                per_address_max: 10,
            };
            let udp = vec![SocketAddr::from(([192, 0, 2, 1], 3478))];
            let auth = Auth::new().unwrap();
            Self {
                door: Door::new(vec![(lane, udp)], auth, Vec::new(), limits),
                shard,
                _poll: poll,
            }
        }

        /// Sends bytes, and answers how long the connection was kept.
        async fn kept(&self, media: Media, bytes: &[u8]) -> Duration {
            let (client, server) = tokio::io::duplex(1 << 16);
            self.kept_with(media, bytes, (client, server)).await
        }

        async fn kept_with(
            &self,
            media: Media,
            bytes: &[u8],
            (mut client, server): (DuplexStream, DuplexStream),
        ) -> Duration {
            client.write_all(bytes).await.unwrap();
            let start = Instant::now();
            let ends = Ends {
                local: SocketAddr::from(([192, 0, 2, 1], 443)),
                remote: SocketAddr::from(([198, 51, 100, 1], 5000)),
            };
            self.door.carry(server, media, ends).await;
            start.elapsed()
        }
    }

    fn framed(message: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        crate::door::frame::put_frame(&mut bytes, message);
        bytes
    }

    fn check(ufrag: &str) -> Vec<u8> {
        Writer::new(BINDING, Class::Request, [1; 12])
            .with(stun::USERNAME, format!("{ufrag}:them").as_bytes())
            .signed(b"?")
            .finish()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_says_half_a_thing_is_hung_up_on() {
        let silent = Silent::new();
        let whole = framed(&check("0000abcd"));
        for bytes in [&[][..], &[0], &whole[..9], &whole[..whole.len() - 1]] {
            let kept = silent.kept(Media::Frames, bytes).await;
            assert!(
                (PROOF_MAX..PROOF_MAX + 2 * LOOK).contains(&kept),
                "{kept:?}"
            );
        }
        let kept = silent.kept(Media::Relay, &[0, 3, 0, 8]).await;
        assert!(
            (PROOF_MAX..PROOF_MAX + 2 * LOOK).contains(&kept),
            "{kept:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_no_shard_answers_is_hung_up_on() {
        let mut silent = Silent::new();
        let kept = silent
            .kept(Media::Frames, &framed(&check("0000abcd")))
            .await;
        assert!(
            (PROOF_MAX..PROOF_MAX + 2 * LOOK).contains(&kept),
            "{kept:?}"
        );
        let told = std::iter::from_fn(|| silent.shard.take()).map(|frame| match frame {
            Frame::Open(..) => "open",
            Frame::Datagram { .. } => "datagram",
            Frame::Close(..) => "close",
        });
        assert_eq!(told.collect::<Vec<_>>(), ["open", "datagram", "close"]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_begins_wrongly_is_hung_up_on_at_once() {
        let silent = Silent::new();
        for bytes in [
            framed(b"no check"),
            framed(&check("zzzz")),
            framed(&check("0009abcd")),
            vec![0xFF; 2],
        ] {
            let kept = silent.kept(Media::Frames, &bytes).await;
            assert_eq!(kept, Duration::ZERO, "{bytes:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_and_never_reads_is_hung_up_on() {
        let silent = Silent::new();
        let ask = Writer::new(BINDING, Class::Request, [1; 12]).finish();
        let (client, server) = tokio::io::duplex(1 << 16);
        let asks = ask.repeat(50_000 / ask.len());
        // The client's end is kept and never read.
        let kept = silent
            .kept_with(Media::Relay, &asks, (client, server))
            .await;
        assert!(kept <= PROOF_MAX + 2 * LOOK, "{kept:?}");
    }
}
