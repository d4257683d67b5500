//! One session from its offer to its end. Towards the room it is a socket that says two things:
//! offers, and that it leaves.

use axum::http::HeaderMap;
use signaling_protocol::{
    Bye, ClientMessage, ConnectionId, IceServer, Sdp, ServerFrame, ServerMessage, SourceMid,
};
use signaling_session::{Input, SocketId};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::fragment::Credentials;
use super::precondition;
use super::problem::Problem;
use super::sessions::Listed;
use crate::counts::Place;
use crate::directory::{Door, Mail};
use crate::link::{Farewell, LinkEnd};
use crate::rate::Bucket;
use crate::secret::etag;

/// News about ICE that a client may send at once, and then each second. A client with many networks
/// sends a few dozen candidates, one by one if it likes.
const NEWS_BURST: u32 = 40;
const NEWS_PER_SECOND: u32 = 1;

/// What an answered offer made.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) answer: Sdp,
    /// Names the ICE session, quotes included.
    pub(crate) etag: String,
    /// Relays that the client may use.
    pub(crate) relays: Vec<IceServer>,
}

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nothing had to be asked of the media server.
    Noted,
    /// The media server has answered an offer.
    Answered(Answered),
}

/// Where an outcome, or the reason why there is none, is waited for.
pub(crate) type Reply = oneshot::Sender<Result<Outcome, Problem>>;

/// What a request wants of a session.
#[derive(Debug)]
pub(crate) enum Order {
    /// News about ICE: candidates, or a restart when the credentials are new.
    Ice(HeaderMap, Option<Credentials>, Reply),
    /// Leave. Told when the room has let go; dropped if the session ended by itself.
    End(oneshot::Sender<()>),
}

/// One program in a room.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) door: Door,
    pub(crate) socket: SocketId,
    pub(crate) end: LinkEnd,
    pub(crate) listed: Listed,
    pub(crate) connection: ConnectionId,
    /// The latest offer. At most `SDP_BYTES_MAX` bytes, as every [`Sdp`].
    pub(crate) offer: Sdp,
    pub(crate) sources: Vec<SourceMid>,
    /// Of the client, as the media server knows them.
    pub(crate) credentials: Credentials,
    /// Counts as a connection for as long as the session lasts.
    pub(crate) _place: Place,
}

/// What goes on in a session.
#[derive(Debug)]
struct State {
    etag: String,
    offer_no: u32,
    /// Of the newest offer, until it is answered.
    waiting: Option<(Credentials, Reply)>,
    /// Requests that wait for the end.
    ending: Vec<oneshot::Sender<()>>,
    relays: Vec<IceServer>,
    news: Bucket,
}

/// What becomes of a session after a frame.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    GoOn,
    /// The client is not wanted or does not want any more: say so and wait for the last word.
    Leave,
    /// As if a socket were lost: the person keeps their seat for a while.
    Lost,
}

impl Session {
    /// Serves the session until the room or the client ends it. The room knows the socket already.
    pub(crate) async fn run(mut self, first: Reply) {
        let mut state = State {
            etag: String::new(),
            offer_no: 0,
            waiting: None,
            ending: Vec::new(),
            relays: Vec::new(),
            news: Bucket::new(NEWS_PER_SECOND, NEWS_BURST, Instant::now()),
        };
        let credentials = self.credentials.clone();
        let mut next = self.offer(&mut state, credentials, first).await;
        let mut said_goodbye = false;
        loop {
            match next {
                Next::GoOn => {}
                Next::Leave if said_goodbye => {}
                Next::Leave => {
                    said_goodbye = true;
                    if !self.say(ClientMessage::Leave).await {
                        break;
                    }
                }
                Next::Lost => break,
            }
            // While an offer is answered, restarts and goodbyes wait their turn.
            let idle = state.waiting.is_none();
            next = tokio::select! {
                biased;
                Some(text) = self.end.queue.recv() => {
                    self.end.wrote(text.len());
                    self.hear(&mut state, &text)
                }
                farewell = &mut self.end.farewell => {
                    self.last_words(&mut state, farewell.ok());
                    break;
                }
                () = given_up(&mut state.waiting), if !idle => state.give_up(),
                Some(order) = self.listed.orders.recv(), if idle => {
                    self.obey(&mut state, order).await
                }
            };
        }
        // A room that has said its last word has forgotten the socket.
        let socket = self.socket;
        let _ = self.door.send(Mail::Input(Input::Lost { socket })).await;
        // Its URL leads nowhere before anybody hears that it is over.
        drop(self);
        for done in state.ending {
            // Whoever asked may have gone.
            let _ = done.send(());
        }
    }

    /// Offers to the room; the answer comes as a frame.
    async fn offer(&mut self, state: &mut State, credentials: Credentials, reply: Reply) -> Next {
        state.offer_no = state.offer_no.saturating_add(1);
        state.waiting = Some((credentials, reply));
        let message = ClientMessage::Offer {
            connection: self.connection,
            offer_no: state.offer_no,
            sdp: self.offer.clone(),
            sources: self.sources.clone(),
        };
        if self.say(message).await {
            Next::GoOn
        } else {
            Next::Lost
        }
    }

    async fn obey(&mut self, state: &mut State, order: Order) -> Next {
        match order {
            Order::Ice(headers, told, reply) => match self.restarts(state, &headers, told) {
                Ok(Some(credentials)) => self.offer(state, credentials, reply).await,
                // Whoever asked may have gone.
                Ok(None) => {
                    let _ = reply.send(Ok(Outcome::Noted));
                    Next::GoOn
                }
                Err(problem) => {
                    let _ = reply.send(Err(problem));
                    Next::GoOn
                }
            },
            Order::End(done) => {
                state.ending.push(done);
                Next::Leave
            }
        }
    }

    /// With which credentials the client restarts ICE, if it does; the offer has them already.
    fn restarts(
        &mut self,
        state: &mut State,
        headers: &HeaderMap,
        told: Option<Credentials>,
    ) -> Result<Option<Credentials>, Problem> {
        if !state.news.take(Instant::now()) {
            return Err(Problem::too_many("too much news about ICE"));
        }
        precondition::check(headers, &state.etag)?;
        let Some(fresh) = told.filter(|told| *told != self.credentials) else {
            return Ok(None);
        };
        let offer = Sdp::try_from(fresh.put_into(self.offer.as_str()));
        self.offer = offer.map_err(|error| Problem::malformed(error.to_string()))?;
        Ok(Some(fresh))
    }

    /// One frame of the room.
    fn hear(&mut self, state: &mut State, text: &str) -> Next {
        let Ok(frame) = serde_json::from_str::<ServerFrame>(text) else {
            // Never: the room speaks the same protocol.
            return Next::Leave;
        };
        match frame.message {
            ServerMessage::Answer { offer_no, sdp, .. } if offer_no == state.offer_no => {
                self.answered(state, sdp)
            }
            // A program says nothing else that could be refused while it waits for an answer.
            ServerMessage::Error { code, detail } => match state.waiting.take() {
                Some((_, reply)) => {
                    let is_first = state.etag.is_empty();
                    let _ = reply.send(Err(Problem::from_room(code, detail)));
                    if is_first { Next::Leave } else { Next::GoOn }
                }
                None => Next::GoOn,
            },
            ServerMessage::MediaLost { .. } => Next::Lost,
            ServerMessage::Welcome { snapshot, .. } => {
                state.relays = snapshot.relays;
                Next::GoOn
            }
            // What a page would show.
            _ => Next::GoOn,
        }
    }

    fn answered(&mut self, state: &mut State, answer: Sdp) -> Next {
        let Some((credentials, reply)) = state.waiting.take() else {
            return Next::GoOn;
        };
        let Ok(etag) = etag() else {
            let _ = reply.send(Err(Problem::unavailable("no random numbers")));
            return Next::Leave;
        };
        let is_first = state.etag.is_empty();
        self.credentials = credentials;
        state.etag.clone_from(&etag);
        let answered = Answered {
            answer,
            etag,
            relays: state.relays.clone(),
        };
        match reply.send(Ok(Outcome::Answered(answered))) {
            // Nobody knows the session's URL, so nobody could end it.
            Err(_gone) if is_first => Next::Leave,
            Ok(()) | Err(_) => Next::GoOn,
        }
    }

    /// The room lets go of the socket. Whoever waits for an answer is told why there is none.
    fn last_words(&mut self, state: &mut State, farewell: Option<Farewell>) {
        while let Ok(text) = self.end.queue.try_recv() {
            self.hear(state, &text);
        }
        let Some((_, reply)) = state.waiting.take() else {
            return;
        };
        let frame = farewell.and_then(|last| serde_json::from_str::<ServerFrame>(&last.text).ok());
        let problem = match frame.map(|frame| frame.message) {
            Some(ServerMessage::Bye { reason }) => Problem::from_bye(reason),
            Some(ServerMessage::Error { code, detail }) => Problem::from_room(code, detail),
            _ => Problem::from_bye(Bye::Restarting),
        };
        let _ = reply.send(Err(problem));
    }

    /// False: the room is gone.
    async fn say(&self, message: ClientMessage) -> bool {
        let socket = self.socket;
        let said = self
            .door
            .send(Mail::Input(Input::Message { socket, message }));
        said.await.is_ok()
    }
}

impl State {
    /// Nobody waits for the answer any more. Without the first one nobody knows the session's URL.
    fn give_up(&mut self) -> Next {
        self.waiting = None;
        if self.etag.is_empty() {
            Next::Leave
        } else {
            Next::GoOn
        }
    }
}

/// Returns when the one who waits for an answer has gone.
async fn given_up(waiting: &mut Option<(Credentials, Reply)>) {
    match waiting {
        Some((_, reply)) => reply.closed().await,
        None => core::future::pending().await,
    }
}
