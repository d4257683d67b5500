//! `POST /whip/{room}` and `POST /whep/{room}`: an offer in, an answer and a session out.

use core::future::{Ready, ready};
use core::time::Duration;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{
    ACCEPT, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LINK, LOCATION,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use signaling_protocol::{ConnectionId, RoomId, SDP_BYTES_MAX};
use signaling_session::{Entry, Person};
use signaling_ticket::{Pass, Purpose};
use tokio::sync::oneshot;
use tokio::time::timeout;
use uuid::Uuid;

use super::offer::{Prepared, prepare};
use super::problem::Problem;
use super::session::{Answered, Outcome, Session};
use super::{FRAGMENT_TYPE, SDP_TYPE, Way, links};
use crate::counts::{CountError, Place};
use crate::directory::Mail;
use crate::hello::open_visit;
use crate::link::link;
use crate::origin::address;
use crate::phone::Line;
use crate::port::VisitPort;
use crate::secret::{private_room, resume_secret};
use crate::socket::next_socket;
use crate::spent::SpendError;
use crate::start::Shared;

pub(super) const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
pub(super) const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
/// How long the room and the media server may take for an answer. Each of them gives up earlier.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(15);

/// Someone with a ticket of this room.
struct Guest {
    pass: Pass,
    room: RoomId,
    person: Person,
}

/// RFC 9725 section 4.2.
pub(super) async fn create<P: VisitPort>(
    State(shared): State<Arc<Shared<P>>>,
    Extension(way): Extension<Way>,
    room: Option<Path<String>>,
    request: Request,
) -> Response {
    let asked = room.map(|Path(room)| room);
    match enter(&shared, way, asked.as_deref(), request).await {
        Ok((location, answered)) => created(&location, &answered),
        Err(problem) => problem.into_response(),
    }
}

/// A resource without a representation (RFC 9725 section 4.1).
pub(super) fn nothing() -> Ready<StatusCode> {
    ready(StatusCode::NO_CONTENT)
}

/// Tells players what may be posted here (draft-ietf-wish-whep section 4.2).
pub(super) fn kind() -> Ready<impl IntoResponse> {
    ready([(CONTENT_TYPE, SDP_TYPE)])
}

pub(super) fn options() -> Ready<impl IntoResponse> {
    ready([(ACCEPT_POST, SDP_TYPE), (ALLOW, "GET, HEAD, POST, OPTIONS")])
}

async fn enter<P: VisitPort>(
    shared: &Arc<Shared<P>>,
    way: Way,
    asked: Option<&str>,
    request: Request,
) -> Result<(String, Answered), Problem> {
    let guest = recognise(shared, request.headers(), asked)?;
    expect_type(request.headers(), SDP_TYPE)?;
    expect_accepted(request.headers())?;
    let place = take_place(shared, &request)?;
    let patience = Duration::from_secs(u64::from(shared.config.hello_timeout_s));
    let text = read(request, patience).await?;
    let offer = prepare(way, &text)?;
    if !shared.is_ours(guest.room).await {
        return Err(Problem::unavailable("another node has the visit; go there"));
    }
    spend(shared, &guest.pass).await?;
    let (reply, answered) = oneshot::channel();
    let room = guest.room;
    let (secret, session) = seat(shared, way, guest, (offer, place)).await?;
    tokio::spawn(session.run(reply));
    let answered = match timeout(ANSWER_MAX, answered).await {
        Ok(Ok(outcome)) => outcome?,
        Ok(Err(_)) | Err(_) => return Err(Problem::unavailable("the room did not answer")),
    };
    let Outcome::Answered(answered) = answered else {
        // Never: a session that begins is answered.
        return Err(Problem::unavailable("the room did not answer"));
    };
    let location = format!("/{}/{}/{secret}", way.word(), room.as_uuid());
    Ok((location, answered))
}

/// Who shows a good ticket, if it is for the room that is asked for. It is not used up yet.
fn recognise<P: VisitPort>(
    shared: &Shared<P>,
    headers: &HeaderMap,
    asked: Option<&str>,
) -> Result<Guest, Problem> {
    let ticket = bearer(headers).ok_or_else(Problem::no_token)?;
    let pass = shared
        .checker
        .check(ticket, shared.clock.wall_us())
        .map_err(|error| {
            // Ours to know; the client only hears that it is no ticket.
            tracing::debug!(%error, "a ticket was not accepted");
            Problem::bad_token("the ticket is not accepted")
        })?;
    let Purpose::Visit {
        room,
        participant,
        name,
        role,
        relation,
        admitted,
    } = pass.purpose.clone()
    else {
        return Err(Problem::other_token());
    };
    let fits =
        asked.is_none_or(|asked| Uuid::try_parse(asked).is_ok_and(|id| id == room.as_uuid()));
    if !fits {
        return Err(Problem::not_found());
    }
    let person = Person {
        id: participant,
        name,
        role,
        relation,
        admitted,
        connection: None,
    };
    Ok(Guest { pass, room, person })
}

/// The token of RFC 6750 section 2.1.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The body's media type, whatever its parameters.
pub(super) fn expect_type(headers: &HeaderMap, expected: &'static str) -> Result<(), Problem> {
    let named = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let essence = named.and_then(|kind| kind.split(';').next());
    if essence.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(expected)) {
        return Ok(());
    }
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    let detail = format!("the body has to be {expected}");
    Err(Problem::new(status, "unsupported_media_type", detail))
}

/// Whether the client takes an answer at all.
fn expect_accepted(headers: &HeaderMap) -> Result<(), Problem> {
    let mut accepts = headers.get_all(ACCEPT).iter().peekable();
    let takes_all = accepts.peek().is_none();
    let takes_sdp = accepts
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .filter_map(|kind| kind.split(';').next())
        .any(|kind| matches!(kind.trim(), "*/*" | "application/*" | SDP_TYPE));
    if takes_all || takes_sdp {
        return Ok(());
    }
    let detail = format!("the answer is {SDP_TYPE}");
    Err(Problem::new(
        StatusCode::NOT_ACCEPTABLE,
        "not_acceptable",
        detail,
    ))
}

fn take_place<P: VisitPort>(shared: &Shared<P>, request: &Request) -> Result<Place, Problem> {
    let address = address(request.extensions());
    shared.counts.take(address).map_err(|error| match error {
        CountError::Address => Problem::too_many(error.to_string()),
        CountError::Total => Problem::unavailable(error.to_string()),
    })
}

/// The body as text, of a client that does not dawdle.
pub(super) async fn read(request: Request, patience: Duration) -> Result<String, Problem> {
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > SDP_BYTES_MAX as u64) {
        return Err(Problem::too_large(SDP_BYTES_MAX));
    }
    let body: Body = request.into_body();
    let bytes = timeout(patience, to_bytes(body, SDP_BYTES_MAX))
        .await
        .map_err(|elapsed| {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", elapsed.to_string())
        })?
        // Too long, or broken off, and then nobody reads this.
        .map_err(|_error| Problem::too_large(SDP_BYTES_MAX))?;
    String::from_utf8(bytes.into()).map_err(|error| Problem::malformed(error.to_string()))
}

async fn spend<P: VisitPort>(shared: &Shared<P>, pass: &Pass) -> Result<(), Problem> {
    match shared.spend(pass.id, pass.expires_us).await {
        Ok(()) => Ok(()),
        Err(SpendError::Replayed) => Err(Problem::bad_token(
            "the ticket was used before; ask for another one",
        )),
        Err(SpendError::Full) => Err(Problem::unavailable("too many arrivals")),
    }
}

/// Brings the guest to the room's door.
async fn seat<P: VisitPort>(
    shared: &Arc<Shared<P>>,
    way: Way,
    guest: Guest,
    (offer, place): (Prepared, Place),
) -> Result<(String, Session), Problem> {
    let no_random = |_error| Problem::unavailable("no random numbers");
    // A program cannot resume, so nobody learns this token.
    let token = resume_secret(guest.room).map_err(no_random)?;
    let connection = ConnectionId::from_uuid(private_room().map_err(no_random)?.as_uuid());
    let (secret, listed) = shared.doors.list(way, guest.room).map_err(no_random)?;
    let door = open_visit(shared, guest.room)
        .ok_or_else(|| Problem::unavailable("the server restarts"))?;
    let socket = next_socket();
    let (link, end) = link();
    let enter = Mail::Enter {
        socket,
        entry: Entry::Door(guest.person),
        secret: token,
        line: Line::Socket(link),
    };
    if door.send(enter).await.is_err() {
        return Err(Problem::unavailable("the room failed; try again"));
    }
    let session = Session {
        door,
        socket,
        end,
        listed,
        connection,
        offer: offer.sdp,
        sources: offer.sources,
        credentials: offer.credentials,
        _place: place,
    };
    Ok((secret, session))
}

fn created(location: &str, answered: &Answered) -> Response {
    let body = answered.answer.as_str().to_owned();
    let mut response = (StatusCode::CREATED, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(SDP_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ACCEPT_PATCH, HeaderValue::from_static(FRAGMENT_TYPE));
    for (name, text) in [(LOCATION, location), (ETAG, answered.etag.as_str())] {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    }
    for link in links::ice_servers(&answered.relays) {
        headers.append(LINK, link);
    }
    response
}
