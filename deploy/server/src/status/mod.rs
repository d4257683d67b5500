//! `/status`: what works, in plain words, for everybody. No number of persons, of visits or of machines is in
//! it. It is one page without a script, made from what is known already, so that it comes when others do not.

mod board;
mod page;
mod tally;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use serde::Deserialize;
use signaling_server::SignalingHandle;
use tokio::sync::watch;

use crate::phone::LineWatch;
use crate::vitals::StoreLook;
use board::{Board, Look};
use page::Language;
pub(crate) use tally::Tally;

/// What the page is made from.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    board: Arc<Mutex<Board>>,
    tally: Arc<Tally>,
}

/// What is looked at.
pub(crate) struct Sources {
    pub(crate) store: watch::Receiver<Option<StoreLook>>,
    pub(crate) signaling: SignalingHandle,
    /// The telephone line, if there is one.
    pub(crate) line: Option<LineWatch>,
}

impl Status {
    /// Looks from now on, until the server stops.
    pub(crate) fn start(sources: Sources, stopped: watch::Receiver<bool>) -> Self {
        let board = Arc::new(Mutex::new(Board::new(now_s())));
        let tally = Arc::default();
        let status = Self { board, tally };
        // Ends with the order to stop.
        tokio::spawn(status.clone().look_until_stopped(sources, stopped));
        status
    }

    /// Where answers are counted.
    pub(crate) fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    /// The page, open to everybody.
    pub(crate) fn router(self) -> Router {
        Router::new().route("/status", get(show)).with_state(self)
    }

    async fn look_until_stopped(self, sources: Sources, mut stopped: watch::Receiver<bool>) {
        let mut store = sources.store;
        loop {
            tokio::select! {
                // Each look at the store, every ten seconds, whatever it came to.
                looked = store.changed() => if looked.is_err() {
                    return;
                },
                // A dropped sender means stop as well.
                _ = stopped.wait_for(|stop| *stop) => return,
            }
            let look = Look {
                store: *store.borrow_and_update(),
                failing: self.tally.take_failing(),
                takes_visits: sources.signaling.reaches_rooms(),
                line: sources.line.as_ref().and_then(LineWatch::look),
            };
            self.board().hear(&look, now_s());
        }
    }

    fn board(&self) -> std::sync::MutexGuard<'_, Board> {
        // A board is whole between two lines of it.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Deserialize)]
struct Wish {
    lang: Option<String>,
}

async fn show(
    State(status): State<Status>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Response {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|it| it.to_str().ok());
    let language = Language::of(wish.lang.as_deref(), accepted);
    let text = page::render(&status.board(), language, now_s());
    let headers = [
        // Whoever asks all the time is answered by their own browser, or by a proxy.
        (header::CACHE_CONTROL, "public, max-age=10"),
        (header::VARY, "accept-language"),
        (header::CONTENT_LANGUAGE, language.tag()),
    ];
    (headers, Html(text)).into_response()
}

/// Seconds of Unix time.
fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
