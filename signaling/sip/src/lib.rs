//! Telephone callers: what may come in, who they are, what was agreed on, where their call stands.
//!
//! Everything here is pure. [`Framer`] cuts streams into messages, [`Fence`] judges bytes before anything
//! parses them; [`DigestServer`]
//! and [`answer_challenge`] are both ends of SIP authentication; [`Offer`] and [`Local`] agree on
//! sound; [`Menu`] asks for the PIN and follows the caller's keys; [`Call`] is where a call stands.
//! README.md beside this crate says what a shell must give it, and what is missing.
//!
//! What the crate promises:
//! - Who is not on the list of a trunk gets no answer at all, not even a refusal.
//! - A digest is taken once: a replayed one, an old nonce or another counter is refused.
//! - A PIN has three tries, and whoever fails too often is locked out, by number and by visit.
//! - No PIN, number or key is printed by any type here.
//!
//! This crate exists to forbid imports: no socket, no SIP stack, no patient.
#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod call;
mod digest;
mod digest_params;
mod fence;
mod framing;
#[doc(hidden)]
pub mod fuzzing;
mod info;
mod lockout;
mod menu;
mod number;
mod prompt;
mod rate_limit;
mod refusal;
mod request_form;
mod sdp;
mod sdp_text;
mod session;
mod summons;
mod tidy_up;

pub use call::{
    Answered, Call, Direction, Early, Ended, Held, HoldSide, NotNow, Outcome, Ringing, outcome_of,
};
pub use digest::{
    Algorithm, Credentials, DigestRefusal, DigestServer, NONCE_LIFE_S, NONCES_MAX, Password,
    answer_challenge,
};
pub use digest_params::{DigestParams, ParamsError};
pub use fence::{DropReason, Fence, FenceConfig, Prefix, PrefixError, Verdict, refusal_of};
pub use framing::{Frame, Framer};
pub use info::{Info, read_info};
pub use lockout::{Lockout, Standing, TRACKED_MAX};
pub use menu::{
    Checked, Consent, HangUp, Menu, MenuInput, MenuOutput, PIN_DIGITS, Pin, RoomNews, TRIES, Topic,
};
pub use number::{NumberError, PhoneNumber};
pub use prompt::{Language, Prompt};
pub use rate_limit::{Bucket, BucketRate};
pub use refusal::{Refusal, Refused};
pub use sdp::{Agreement, Flow, Local, Offer, SdpError, Security, accept_answer, write_offer};
pub use session::{
    Refresher, SESSION_MIN_S, SESSION_S, SessionDue, SessionTerms, SessionTimer, TooSmall,
};
pub use summons::{Summons, SummonsInput, SummonsOutput};
