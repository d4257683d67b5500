//! One connection of SIP over TCP or TLS: between its bytes and the SIP stack stands the fence.
//!
//! The stack sees a channel of messages. What a peer sends is cut by [`Framer`], judged as a datagram is,
//! and only then parsed. A stream loses nothing, so who sends too fast is read more slowly, and a call
//! that finds no place is told so, where a datagram would be dropped.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rsipstack::sip::{Header, SipMessage, Transport as SipTransport};
use rsipstack::transport::channel::ChannelConnection;
use rsipstack::transport::connection::TransportSender;
use rsipstack::transport::{SipAddr, SipConnection, TransportEvent};
use signaling_sip::{DropReason, Frame, Framer, Refusal, Verdict, refusal_of};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::door::Door;
use crate::refusal::{busy, is_readable};
use crate::streams::{Lines, Seat};

/// Messages of ours between the stack and the pump, which takes them at once. The stack waits where
/// there are more.
const MESSAGES_MAX: usize = 64;
/// Bytes of ours that wait to be written. A peer that does not read so many is hung up on.
const UNSENT_MAX: usize = 262_144;
/// Bytes that are read at once.
const READ_BYTES: usize = 4_096;
/// Messages one after the other that the fence did not take. Who sends more speaks something else.
const BAD_MAX: u32 = 32;
/// How long a message may take from its first byte to its last.
const WHOLE: Duration = Duration::from_secs(10);
/// How long a new connection of theirs may say nothing.
const FIRST: Duration = Duration::from_secs(30);
/// How long a connection may say nothing later. Telephone companies ask every two minutes at the latest
/// whether a connection is there (RFC 5626 section 4.4.1).
const IDLE: Duration = Duration::from_secs(600);
/// How often we ask on connections of ours.
const PING: Duration = Duration::from_secs(60);
/// How long who sends too fast is not read.
const RESPITE: Duration = Duration::from_millis(20);

/// Who has opened a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The telephone company.
    Theirs,
    /// We, and we keep it open.
    Ours,
}

/// What becomes of a message that came.
enum Step {
    Next,
    /// It is judged again later, and nothing is read until then.
    Wait(Vec<u8>),
    HangUp,
}

/// One connection.
pub(crate) struct Pump {
    door: Arc<Door>,
    which: Which,
    peer: SocketAddr,
    transport: SipTransport,
    connection: SipConnection,
    token: CancellationToken,
    // The stack's kind of lane has no end; no more gets there than the fence lets through.
    inject: TransportSender,
    sent: mpsc::Receiver<TransportEvent>,
    framer: Framer,
    unsent: VecDeque<u8>,
    bad: u32,
    /// A whole message has come since this was looked at.
    has_taken: bool,
    _seat: Seat,
}

impl Pump {
    /// Makes a connection known to the stack.
    pub(crate) async fn new(
        lines: &Arc<Lines>,
        which: Which,
        peer: SocketAddr,
        transport: SipTransport,
        seat: Seat,
    ) -> Result<Self, rsipstack::Error> {
        let (inject, incoming) = mpsc::unbounded_channel();
        let (outgoing, sent) = mpsc::channel(MESSAGES_MAX);
        let token = lines.stop.child_token();
        let address = SipAddr {
            r#type: Some(transport),
            addr: peer.into(),
        };
        let channel = ChannelConnection::create_connection_bounded(
            incoming,
            outgoing,
            address,
            Some(token.clone()),
        )
        .await?;
        let connection = SipConnection::Channel(channel);
        let layer = &lines.endpoint.transport_layer;
        layer.add_connection(connection.clone());
        Ok(Self {
            door: Arc::clone(&lines.door),
            which,
            peer,
            transport,
            connection,
            token,
            inject,
            sent,
            framer: Framer::new(),
            unsent: VecDeque::new(),
            bad: 0,
            has_taken: false,
            _seat: seat,
        })
    }

    /// What the stack knows it by.
    pub(crate) fn connection(&self) -> SipConnection {
        self.connection.clone()
    }

    /// Carries bytes and messages until either side ends it. When this ends, the stack forgets the
    /// connection.
    pub(crate) async fn run<S: AsyncRead + AsyncWrite>(mut self, stream: S) {
        let token = self.token.clone();
        let _gone = token.clone().drop_guard();
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut bytes = vec![0; READ_BYTES];
        let mut times = Times::new(self.which, Instant::now());
        let mut waiting: Option<(Vec<u8>, Instant)> = None;
        let mut is_dirty = false;
        loop {
            let again = waiting.as_ref().map_or_else(Instant::now, |(_, at)| *at);
            let step = tokio::select! {
                () = token.cancelled() => Step::HangUp,
                message = self.sent.recv() => match message {
                    Some(event) => self.send(event),
                    None => Step::HangUp,
                },
                wrote = write(&mut writer, &mut self.unsent), if is_dirty => {
                    is_dirty = false;
                    wrote.map_or(Step::HangUp, |()| Step::Next)
                }
                came = reader.read(&mut bytes), if waiting.is_none() => match came {
                    Ok(0) | Err(_) => Step::HangUp,
                    Ok(length) => {
                        self.framer.push(bytes.get(..length).unwrap_or_default());
                        times.heard(Instant::now());
                        self.take_frames()
                    }
                },
                () = sleep_until(again), if waiting.is_some() => match waiting.take() {
                    Some((message, _)) => match self.judge(message) {
                        Step::Next => self.take_frames(),
                        other => other,
                    },
                    None => Step::Next,
                },
                () = sleep_until(times.next()) => match times.due(Instant::now()) {
                    Due::Ping => self.queue(b"\r\n\r\n"),
                    Due::Nothing => Step::Next,
                    Due::End => Step::HangUp,
                },
            };
            match step {
                Step::Next => {}
                Step::Wait(message) => waiting = Some((message, Instant::now() + RESPITE)),
                Step::HangUp => break,
            }
            if core::mem::take(&mut self.has_taken) {
                times.is_within(false, Instant::now());
            }
            let is_within = self.framer.is_within() && waiting.is_none();
            times.is_within(is_within, Instant::now());
            is_dirty |= !self.unsent.is_empty();
        }
        // Whatever was said last, such as a refusal, may still arrive.
        let _ = tokio::time::timeout(RESPITE, async {
            write(&mut writer, &mut self.unsent).await?;
            writer.shutdown().await
        })
        .await;
    }

    /// A message of ours.
    fn send(&mut self, event: TransportEvent) -> Step {
        let TransportEvent::Incoming(mut message, _, _) = event else {
            return Step::Next;
        };
        // In a stream its length is the only end of a message.
        let (headers, length) = match &mut message {
            SipMessage::Request(request) => (&mut request.headers, request.body.len()),
            SipMessage::Response(response) => (&mut response.headers, response.body.len()),
        };
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        headers.unique_push(Header::ContentLength(length.into()));
        self.queue(&message.to_bytes())
    }

    fn queue(&mut self, bytes: &[u8]) -> Step {
        self.unsent.extend(bytes);
        if self.unsent.len() > UNSENT_MAX {
            tracing::debug!("a peer does not read what is sent to it");
            return Step::HangUp;
        }
        Step::Next
    }

    /// All whole messages that have come.
    fn take_frames(&mut self) -> Step {
        loop {
            let step = match self.framer.next_frame() {
                Ok(None) => return Step::Next,
                Ok(Some(Frame::Message(bytes))) => self.judge(bytes),
                Ok(Some(Frame::Ping)) => self.judge(b"\r\n\r\n".to_vec()),
                Err(reason) => {
                    tracing::debug!(%reason, "a stream has no end of a message");
                    Step::HangUp
                }
            };
            if !matches!(step, Step::Next) {
                return step;
            }
        }
    }

    fn judge(&mut self, bytes: Vec<u8>) -> Step {
        self.has_taken = true;
        match self.door.judge(self.peer.ip(), &bytes) {
            Verdict::Pass(bytes) if !is_readable(&bytes, self.peer, self.transport) => {
                self.tell(refusal_of(&bytes).as_ref())
            }
            Verdict::Pass(bytes) => {
                self.bad = 0;
                self.pass(&bytes)
            }
            Verdict::Busy(bytes) => self.refuse(&bytes),
            Verdict::Refuse(refusal) => self.tell(Some(&refusal)),
            Verdict::Drop(DropReason::Caller) => self.refuse(&bytes),
            Verdict::Drop(DropReason::KeepAlive) => self.queue(b"\r\n"),
            Verdict::Drop(DropReason::Rate) => Step::Wait(bytes),
            Verdict::Drop(DropReason::Stranger) => Step::HangUp,
            Verdict::Drop(
                DropReason::Form | DropReason::Length | DropReason::Size | DropReason::Version,
            ) => self.tell(None),
        }
    }

    /// A message that means nothing; where it is a request that can be answered, it is.
    fn tell(&mut self, refusal: Option<&Refusal>) -> Step {
        self.bad = self.bad.saturating_add(1);
        if self.bad > BAD_MAX {
            return Step::HangUp;
        }
        refusal.map_or(Step::Next, |refusal| self.queue(&refusal.answer(self.peer)))
    }

    fn refuse(&mut self, bytes: &[u8]) -> Step {
        match busy(bytes, self.peer, self.transport) {
            Some(answer) => self.queue(&answer),
            None => Step::Next,
        }
    }

    fn pass(&self, bytes: &[u8]) -> Step {
        // What the parser says of a message has parts of it, so it is not logged.
        let message = SipMessage::try_from(bytes).ok().and_then(|message| {
            SipConnection::update_msg_received(message, self.peer, self.transport).ok()
        });
        let Some(message) = message else {
            tracing::debug!("a message was not understood");
            return Step::Next;
        };
        let from = self.connection.get_addr().clone();
        let event = TransportEvent::Incoming(message, self.connection.clone(), from);
        self.inject
            .send(event)
            .map_or(Step::HangUp, |()| Step::Next)
    }
}

/// Writes what waits. What was written is gone from it even where this is given up in the middle.
async fn write<W: AsyncWrite + Unpin>(writer: &mut W, unsent: &mut VecDeque<u8>) -> io::Result<()> {
    writer.write_all_buf(unsent).await?;
    writer.flush().await
}

/// What the time has come for.
#[derive(Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    Ping,
    End,
}

/// When a connection has been silent for too long.
struct Times {
    ends: Instant,
    within: Option<Instant>,
    pings: Option<Instant>,
}

impl Times {
    fn new(which: Which, now: Instant) -> Self {
        match which {
            Which::Theirs => Self {
                ends: now + FIRST,
                within: None,
                pings: None,
            },
            Which::Ours => Self {
                ends: now + IDLE,
                within: None,
                pings: Some(now + PING),
            },
        }
    }

    fn heard(&mut self, now: Instant) {
        self.ends = now + IDLE;
    }

    /// Whether a message has begun and not ended.
    fn is_within(&mut self, is_within: bool, now: Instant) {
        if !is_within {
            self.within = None;
        } else if self.within.is_none() {
            self.within = Some(now + WHOLE);
        }
    }

    fn next(&self) -> Instant {
        let both = [self.within, self.pings];
        both.into_iter().flatten().fold(self.ends, Instant::min)
    }

    fn due(&mut self, now: Instant) -> Due {
        if self.ends <= now || self.within.is_some_and(|ends| ends <= now) {
            return Due::End;
        }
        match self.pings {
            Some(at) if at <= now => {
                self.pings = Some(now + PING);
                Due::Ping
            }
            Some(_) | None => Due::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_nothing_is_hung_up_on_and_who_speaks_is_not() {
        let now = Instant::now();
        let mut theirs = Times::new(Which::Theirs, now);
        assert_eq!(theirs.due(now + FIRST / 2), Due::Nothing);
        assert_eq!(theirs.due(theirs.next()), Due::End);
        theirs.heard(now);
        assert_eq!(theirs.next(), now + IDLE);
        assert_eq!(theirs.due(now + FIRST), Due::Nothing);
        assert_eq!(theirs.due(now + IDLE), Due::End);
    }

    #[test]
    fn a_message_that_does_not_end_ends_the_connection_however_often_a_byte_comes() {
        let now = Instant::now();
        let mut times = Times::new(Which::Theirs, now);
        for second in 0..9 {
            let at = now + Duration::from_secs(second);
            times.heard(at);
            times.is_within(true, at);
            assert_eq!(times.due(at), Due::Nothing);
        }
        assert_eq!(times.due(now + WHOLE), Due::End);
        times.is_within(false, now);
        times.is_within(true, now + WHOLE);
        assert_eq!(times.due(now + WHOLE), Due::Nothing);
    }

    #[test]
    fn a_connection_of_ours_is_kept_open() {
        let now = Instant::now();
        let mut ours = Times::new(Which::Ours, now);
        assert_eq!(ours.due(ours.next()), Due::Ping);
        assert_eq!(ours.next(), now + PING + PING);
        assert_eq!(ours.due(now + IDLE), Due::End);
    }
}
