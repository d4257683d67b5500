//! The standard doors: WHIP (RFC 9725) to publish into a room, WHEP (draft-ietf-wish-whep) to play
//! what it publishes. A program with a join ticket as its bearer token is a person in the room like
//! any other: it waits in the lobby, is muted and removed, and holds one seat.
//!
//! `POST /whip/{room}` and `POST /whep/{room}` answer an offer and make a session; `PATCH` and
//! `DELETE` of the session's URL restart ICE and end it. One task serves one session (`session`):
//! towards the room it is a socket that only ever offers and leaves.

mod endpoint;
mod resource;

mod session;
mod sessions;

mod fragment;
mod offer;
mod precondition;

pub(crate) mod fuzzing;

mod cors;
mod links;
mod problem;

use std::sync::Arc;

use axum::routing::{get, patch};
use axum::{Extension, Router, middleware};

use crate::port::VisitPort;
use crate::start::Shared;

pub(crate) use sessions::Sessions;

/// Media type of offers and answers, RFC 8866 section 8.
const SDP_TYPE: &str = "application/sdp";
/// Media type of ICE news, RFC 8840 section 9.
const FRAGMENT_TYPE: &str = "application/trickle-ice-sdpfrag";

/// Which of the two doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// WHIP: into the room.
    Publish,
    /// WHEP: out of the room.
    Play,
}

impl Way {
    const fn word(self) -> &'static str {
        match self {
            Self::Publish => "whip",
            Self::Play => "whep",
        }
    }
}

/// Both doors, for pages of allowed origins and for programs.
pub(crate) fn routes<P: VisitPort>(shared: &Arc<Shared<P>>) -> Router<Arc<Shared<P>>> {
    let origins = middleware::from_fn_with_state(Arc::clone(shared), cors::guard::<P>);
    door(Way::Publish).merge(door(Way::Play)).layer(origins)
}

fn door<P: VisitPort>(way: Way) -> Router<Arc<Shared<P>>> {
    let word = way.word();
    let endpoint = || {
        get(endpoint::nothing)
            .head(endpoint::kind)
            .options(endpoint::options)
            .post(endpoint::create::<P>)
    };
    let session = patch(resource::change::<P>)
        .delete(resource::end::<P>)
        .get(resource::nothing::<P>)
        .options(resource::options);
    Router::new()
        // The ticket names its room, so a program that has one address for all is served too.
        .route(&format!("/{word}"), endpoint())
        .route(&format!("/{word}/{{room}}"), endpoint())
        .route(&format!("/{word}/{{room}}/{{secret}}"), session)
        .layer(Extension(way))
}
