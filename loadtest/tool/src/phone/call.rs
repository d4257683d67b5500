//! One call: in by SIP and PIN, then sound both ways until it is hung up.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use loadtest_core::{Ear, Mouth};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{timeout, timeout_at};

use super::sip::{Dialog, Message};

/// First wait for an answer; each further one is twice as long (RFC 3261 section 17.1.1.2).
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// How often an INVITE is said.
const TRIES: u32 = 6;
/// How long a final answer may take once somebody has begun to work on it.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How often a CANCEL is said, each time after the first wait.
const CANCEL_TRIES: u32 = 8;
/// How long a BYE is waited for.
const BYE_MAX: Duration = Duration::from_secs(2);
/// How long it may take from the keys until somebody is let in. The server says nothing to a wrong PIN.
const ADMITTED_MAX: Duration = Duration::from_secs(10);
const FRAME: Duration = Duration::from_millis(20);
/// The key of a language, before the PIN.
const LANGUAGE: &str = "2";
/// Orders that may wait for the sound of a call; who gives more waits. There are two in a call.
const ORDERS_MAX: usize = 2;
const DATAGRAM_MAX: usize = 4096;

/// Where calls go, and what they are.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// Where SIP is received.
    pub(crate) server: SocketAddr,
    /// What is called.
    pub(crate) number: String,
    /// Of a million packets with sound that come, so many are thrown away.
    pub(crate) lose_per_million: u32,
}

/// A call that goes on.
#[derive(Debug)]
pub(crate) struct Call {
    sound: JoinHandle<Ear>,
    orders: mpsc::Sender<Say>,
    signals: JoinHandle<End>,
    bye: oneshot::Sender<()>,
}

/// What a mouth is told.
#[derive(Debug)]
enum Say {
    Keys(String),
    Tone,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// We have hung up.
    Ours,
    /// The server has.
    Theirs,
}

impl Call {
    /// Calls, types the PIN and waits until somebody lets them in (`inside`); speaks then.
    pub(crate) async fn place(
        way: &Way,
        (caller, pin): (u32, &str),
        (mut inside, measured): (watch::Receiver<bool>, watch::Receiver<bool>),
    ) -> anyhow::Result<Self> {
        // Everybody has an address of their own: a server may limit what comes from one.
        let address = Ipv4Addr::from(u32::from_be_bytes([127, 48, 0, 1]) + caller);
        let sip = UdpSocket::bind((address, 0)).await?;
        let sound = UdpSocket::bind((address, 0)).await?;
        let token = uuid::Uuid::new_v4().simple().to_string();
        let number = format!("+33612{caller:06}");
        let mut dialog = Dialog::new(
            (sip.local_addr()?, sound.local_addr()?),
            (&number, &way.number),
            (way.server, &token),
        );
        let answer = invite(&sip, &mut dialog, (way.server, ANSWER_MAX)).await?;
        let far = answer.sound().context("the answer names no sound")?;
        let ack = dialog.ack(&answer);
        sip.send_to(&ack, way.server).await?;
        let (orders, told) = mpsc::channel(ORDERS_MAX);
        let lose = way.lose_per_million;
        let sound = tokio::spawn(speak((sound, far), (told, measured), lose));
        let (bye, hang_up) = oneshot::channel();
        let signals = tokio::spawn(attend((sip, way.server), (dialog, ack), hang_up));
        let call = Self {
            sound,
            orders,
            signals,
            bye,
        };
        call.say(Say::Keys(format!("{LANGUAGE}{pin}"))).await?;
        let admitted = timeout(ADMITTED_MAX, inside.wait_for(|inside| *inside)).await;
        match admitted.map(|admitted| admitted.map(drop)) {
            Ok(Ok(())) => call.say(Say::Tone).await?,
            Ok(Err(_)) => anyhow::bail!("nobody is in the visit who could let them in"),
            Err(_) => {
                call.end().await?;
                anyhow::bail!("not let in within {} s of the PIN", ADMITTED_MAX.as_secs());
            }
        }
        Ok(call)
    }

    async fn say(&self, order: Say) -> anyhow::Result<()> {
        let taken = self.orders.send(order).await;
        taken.ok().context("the sound of a call has ended")
    }

    /// Hangs up. What was heard, and whether the call had lasted until now.
    pub(crate) async fn end(self) -> anyhow::Result<(Ear, bool)> {
        // A call that the server has hung up needs not be told.
        let _ = self.bye.send(());
        let end = self.signals.await?;
        drop(self.orders);
        Ok((self.sound.await?, end == End::Ours))
    }
}

/// INVITE until its final answer, for which somebody who works on it has so long.
async fn invite(
    socket: &UdpSocket,
    dialog: &mut Dialog,
    (server, answer_max): (SocketAddr, Duration),
) -> anyhow::Result<Message> {
    let request = dialog.invite();
    let mut wait = FIRST_WAIT;
    let mut buffer = vec![0; DATAGRAM_MAX];
    for _ in 0..TRIES {
        socket.send_to(&request, server).await?;
        let mut until = Instant::now() + wait;
        let mut worked_on = false;
        while let Ok(came) = timeout_at(until.into(), socket.recv_from(&mut buffer)).await {
            let (length, _) = came?;
            let message = Message::read(buffer.get(..length).unwrap_or_default());
            let Some(message) = message.filter(|it| dialog.owns(it)) else {
                continue;
            };
            match message.code() {
                Some(200..300) => return Ok(message),
                Some(code @ 300..) => {
                    socket
                        .send_to(&dialog.ack_refused(&message), server)
                        .await?;
                    anyhow::bail!("a call was answered with {code}");
                }
                // It is being worked on: nothing is said again.
                Some(_) if !worked_on => {
                    worked_on = true;
                    until = Instant::now() + answer_max;
                }
                Some(_) | None => {}
            }
        }
        if worked_on {
            cancel(socket, dialog, server).await?;
            anyhow::bail!("a call was not answered in time");
        }
        wait *= 2;
    }
    anyhow::bail!("nobody answers a call")
}

/// Takes an INVITE back that somebody works on (RFC 3261 section 9.1), and waits for its final answer. One that was
/// taken in the same moment is hung up.
async fn cancel(
    socket: &UdpSocket,
    dialog: &mut Dialog,
    server: SocketAddr,
) -> std::io::Result<()> {
    let request = dialog.cancel();
    let mut buffer = vec![0; DATAGRAM_MAX];
    for _ in 0..CANCEL_TRIES {
        socket.send_to(&request, server).await?;
        let until = Instant::now() + FIRST_WAIT;
        while let Ok(came) = timeout_at(until.into(), socket.recv_from(&mut buffer)).await {
            let (length, _) = came?;
            let message = Message::read(buffer.get(..length).unwrap_or_default());
            // The CANCEL has an answer of its own, which says nothing.
            let of_invite = |it: &Message| {
                dialog.owns(it) && it.get("CSeq").is_some_and(|it| it.ends_with("INVITE"))
            };
            let Some(message) = message.filter(of_invite) else {
                continue;
            };
            match message.code() {
                Some(200..300) => {
                    socket.send_to(&dialog.ack(&message), server).await?;
                    socket.send_to(&dialog.bye(), server).await?;
                    return Ok(());
                }
                Some(300..) => {
                    let ack = dialog.ack_refused(&message);
                    socket.send_to(&ack, server).await?;
                    return Ok(());
                }
                Some(_) | None => {}
            }
        }
    }
    Ok(())
}

/// Answers what the server asks, until one of both hangs up.
async fn attend(
    (socket, server): (UdpSocket, SocketAddr),
    (mut dialog, ack): (Dialog, Vec<u8>),
    mut hang_up: oneshot::Receiver<()>,
) -> End {
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        tokio::select! {
            came = socket.recv_from(&mut buffer) => {
                let Ok((length, _)) = came else { return End::Theirs };
                let message = Message::read(buffer.get(..length).unwrap_or_default());
                let Some(message) = message.filter(|it| dialog.owns(it)) else { continue };
                let answer = match message.method() {
                    // The answer came again: the ACK was lost.
                    None if message.code() == Some(200) => ack.clone(),
                    None | Some("ACK") => continue,
                    Some(_) => dialog.accept(&message),
                };
                // What does not go out is asked again.
                let _ = socket.send_to(&answer, server).await;
                if message.method() == Some("BYE") {
                    return End::Theirs;
                }
            }
            _ = &mut hang_up => break,
        }
    }
    let bye = dialog.bye();
    // A server that is gone needs no last word.
    let _ = socket.send_to(&bye, server).await;
    let answered = async {
        while let Ok((length, _)) = socket.recv_from(&mut buffer).await {
            let message = Message::read(buffer.get(..length).unwrap_or_default());
            let answered = message.is_some_and(|it| {
                it.get("CSeq").is_some_and(|it| it.ends_with("BYE")) && it.code().is_some()
            });
            if answered {
                break;
            }
        }
    };
    let _ = timeout(BYE_MAX, answered).await;
    End::Ours
}

/// Speaks and listens until nobody gives orders any more.
async fn speak(
    (socket, far): (UdpSocket, SocketAddr),
    (mut told, measured): (mpsc::Receiver<Say>, watch::Receiver<bool>),
    lose_per_million: u32,
) -> Ear {
    let mut random = fastrand::Rng::new();
    let mut mouth = Mouth::new(random.u32(..), random.u16(..), random.u32(..));
    let mut ear = Ear::default();
    let mut buffer = vec![0; DATAGRAM_MAX];
    let mut beat = tokio::time::interval(FRAME);
    let begun = Instant::now();
    loop {
        tokio::select! {
            biased;
            came = socket.recv_from(&mut buffer) => {
                // A socket that reports what became of an earlier packet goes on.
                let Ok((length, from)) = came else { continue };
                let lost = lose_per_million > 0 && random.u32(..1_000_000) < lose_per_million;
                if from == far && !lost {
                    let packet = buffer.get(..length).unwrap_or_default();
                    ear.hear(begun.elapsed(), packet, *measured.borrow());
                }
            }
            _ = beat.tick() => {
                // As with people: what the network does not take is lost.
                let _ = socket.send_to(&mouth.say(), far).await;
            }
            order = told.recv() => match order {
                Some(Say::Keys(keys)) => mouth.press(&keys),
                Some(Say::Tone) => mouth.speak(),
                None => return ear,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer with this code and number of what was asked, as somebody who is called gives it.
    fn answer(request: &Message, code: &str, sequence: &str) -> Vec<u8> {
        let id = request.get("Call-ID").unwrap();
        format!(
            "SIP/2.0 {code}\r\nTo: <sip:x@y>;tag=t\r\nCall-ID: {id}\r\nCSeq: {sequence}\r\n\r\n"
        )
        .into_bytes()
    }

    /// Rings at a call and never takes it; `last` is how it answers the INVITE when that is taken back. All methods
    /// that came up to `until`.
    async fn ring(socket: UdpSocket, last: &str, until: &str) -> Vec<String> {
        let mut methods = Vec::new();
        let mut buffer = vec![0; DATAGRAM_MAX];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let request = Message::read(&buffer[..length]).unwrap();
            let method = request.method().unwrap().to_owned();
            let answers = match method.as_str() {
                "INVITE" => vec![answer(&request, "180 Ringing", "1 INVITE")],
                "CANCEL" => vec![
                    answer(&request, "200 OK", "1 CANCEL"),
                    answer(&request, last, "1 INVITE"),
                ],
                _ => Vec::new(),
            };
            for answer in answers {
                socket.send_to(&answer, from).await.unwrap();
            }
            let ended = method == until;
            methods.push(method);
            if ended {
                // A slow machine may say them more than once.
                methods.dedup();
                return methods;
            }
        }
    }

    async fn given_up(last: &str, until: &str) -> Vec<String> {
        let here = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
        let (socket, far) = (here().await.unwrap(), here().await.unwrap());
        let (own, server) = (socket.local_addr().unwrap(), far.local_addr().unwrap());
        let mut dialog = Dialog::new((own, own), ("+336", "+331"), (server, "abc"));
        let call = invite(&socket, &mut dialog, (server, Duration::ZERO));
        let patience = Duration::from_secs(60);
        let (call, methods) = tokio::join!(call, timeout(patience, ring(far, last, until)));
        assert!(call.is_err());
        methods.expect("nothing more came")
    }

    #[test]
    fn a_call_that_rings_too_long_is_taken_back() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(async {
            let methods = given_up("487 Request Terminated", "ACK").await;
            assert_eq!(methods, ["INVITE", "CANCEL", "ACK"]);
            // Somebody takes it in this moment.
            let methods = given_up("200 OK", "BYE").await;
            assert_eq!(methods, ["INVITE", "CANCEL", "ACK", "BYE"]);
        });
    }
}
