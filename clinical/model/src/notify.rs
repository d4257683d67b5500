//! Messages that leave the house by e-mail and SMS: which, when, in which words, how often tried.
//!
//! A message says that something waits and where, never what: no diagnosis, medicine, value or
//! name of a colleague is in it.

mod channel;
mod dedup;
mod delivery;
mod retry;
mod segments;
mod template;
mod window;

pub use channel::{Channel, Language, MessageKind};
pub use dedup::DedupKey;
pub use delivery::{
    Delivery, DeliveryStage, DeliveryStep, StepRefused, SuppressedFor, UnsentReason,
};
pub use retry::{ATTEMPTS_MAX, Jitter, retry_delay_us};
pub use segments::{Segmentation, SmsAlphabet, TooManySegments, split_sms};
pub use template::{Placeholder, Template, TemplateError, Wording, Words};
pub use window::{REMIND_BEFORE_US, Reminder, appointment_reminders, local_time_words};
