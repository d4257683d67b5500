//! Who is signed in.
//!
//! The access token is kept in memory only. Beside it stands one word in local storage that says
//! that this browser has a refresh cookie, so that other tabs notice a sign-out and a first visit
//! asks nothing of the server.

use core::cell::RefCell;
use core::time::Duration;

use clinical_api::{
    LoginRequest, LoginView, Me, PasskeySignInRequest, SecondFactorRequest, SecondStepView, Token,
};
use clinical_model::Role;
use gloo_timers::callback::Timeout;
use leptos::ev;
use leptos::prelude::{ArcRwSignal, Get, GetUntracked, Set, window_event_listener};
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::browser;

/// What is known of the person in front of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Session {
    /// The refresh cookie is being tried.
    Starting,
    /// Nobody is signed in.
    SignedOut {
        /// Somebody was, and their session ended without their doing.
        expired: bool,
    },
    /// This person is.
    SignedIn(Me),
}

const FLAG: &str = "telehealth.signed_in";
/// A token is renewed this long before it expires.
const AHEAD_S: u32 = 60;

thread_local! {
    static SESSION: ArcRwSignal<Session> = ArcRwSignal::new(Session::Starting);
    static TOKEN: RefCell<Option<String>> = const { RefCell::new(None) };
    static RENEWAL: RefCell<Option<Timeout>> = const { RefCell::new(None) };
}

/// The session; tracked.
#[must_use]
pub fn session() -> Session {
    SESSION.with(Get::get)
}

/// The person who is signed in; tracked.
#[must_use]
pub fn me() -> Option<Me> {
    match session() {
        Session::SignedIn(me) => Some(me),
        Session::Starting | Session::SignedOut { .. } => None,
    }
}

/// The page on which a role begins its work.
#[must_use]
pub const fn home_of(role: Role) -> &'static str {
    match role {
        Role::Patient => "/appointments",
        Role::Doctor => "/day",
        Role::Admin => "/visits",
        Role::Pharmacist => "/pharmacy",
        Role::Nurse
        | Role::LabTechnician
        | Role::Radiologist
        | Role::Pathologist
        | Role::HealthAuthority => "/home",
    }
}

/// Tries the refresh cookie, if this browser ever got one, and listens for other tabs.
pub(crate) fn start() {
    // Dropping the handle keeps the listener: it lives as long as the page.
    drop(window_event_listener(ev::storage, |event| {
        if event.key().as_deref() == Some(FLAG) && event.new_value().is_none() {
            end(false);
        }
    }));
    if browser::local_get(FLAG).is_none() {
        end(false);
        return;
    }
    spawn_local(async {
        match api::refresh().await {
            Ok(token) => keep(token),
            Err(_) => end(false),
        }
    });
}

/// Signs in with e-mail and password. Answers with the second step where there is one.
///
/// # Errors
/// `login_failed`, `rate_limited`, or the server cannot be reached.
pub async fn sign_in(email: String, password: String) -> Result<Option<SecondStepView>, ApiError> {
    match api::login(&LoginRequest { email, password }).await? {
        LoginView::SignedIn(token) => {
            keep(*token);
            Ok(None)
        }
        LoginView::Second { second_factor } => Ok(Some(second_factor)),
    }
}

/// Ends a sign-in with the second factor.
///
/// # Errors
/// `proof_refused`, `sign_in_over`, `rate_limited`, or the server cannot be reached.
pub async fn finish_sign_in(request: &SecondFactorRequest) -> Result<(), ApiError> {
    keep(api::second_factor(request).await?);
    Ok(())
}

/// Signs in with a passkey alone.
///
/// # Errors
/// `proof_refused`, `rate_limited`, or the server cannot be reached.
pub async fn sign_in_with_passkey(request: &PasskeySignInRequest) -> Result<(), ApiError> {
    keep(api::passkey_finish(request).await?);
    Ok(())
}

/// Asks the server again who is signed in and what they may do, after a second factor was set up.
///
/// # Errors
/// The server cannot be reached.
pub async fn look_again() -> Result<(), ApiError> {
    let next = Session::SignedIn(api::own_account().await?);
    if SESSION.with(GetUntracked::get_untracked) != next {
        SESSION.with(|signal| signal.set(next));
    }
    Ok(())
}

/// Signs out here, on the server and in every tab.
pub async fn sign_out() {
    // The page forgets in any case; a server that cannot be reached lets the session run out.
    api::sign_out(bearer().as_deref()).await.ok();
    browser::local_remove(FLAG);
    browser::session_clear();
    end(false);
}

/// The access token, for requests.
pub(crate) fn bearer() -> Option<String> {
    TOKEN.with_borrow(Clone::clone)
}

/// Gets a new access token after `used` was refused. False when the session is over.
pub(crate) async fn renew(used: Option<&str>) -> bool {
    if bearer().as_deref() != used {
        return true; // Another request has renewed it meanwhile.
    }
    match api::refresh().await {
        Ok(token) => {
            keep(token);
            true
        }
        Err(ApiError::Problem(_)) => {
            let was_in = matches!(
                SESSION.with(GetUntracked::get_untracked),
                Session::SignedIn(_)
            );
            browser::local_remove(FLAG);
            end(was_in);
            false
        }
        Err(ApiError::Offline | ApiError::Unreadable(_)) => false,
    }
}

fn keep(token: Token) {
    let ahead = token
        .expires_in_s
        .saturating_sub(AHEAD_S)
        .max(token.expires_in_s / 2)
        .max(1);
    let wait = Duration::from_secs(u64::from(ahead));
    let timer = Timeout::new(
        u32::try_from(wait.as_millis()).unwrap_or(u32::MAX / 2),
        || {
            spawn_local(async {
                let used = bearer();
                renew(used.as_deref()).await;
            });
        },
    );
    RENEWAL.set(Some(timer));
    TOKEN.set(Some(token.access_token));
    browser::local_set(FLAG, "1");
    let next = Session::SignedIn(token.me);
    // The same person again is no change that pages should notice.
    if SESSION.with(GetUntracked::get_untracked) != next {
        SESSION.with(|signal| signal.set(next));
    }
}

fn end(expired: bool) {
    RENEWAL.set(None);
    TOKEN.set(None);
    SESSION.with(|signal| signal.set(Session::SignedOut { expired }));
}
