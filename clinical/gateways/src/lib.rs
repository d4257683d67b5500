//! The outside world behind ports: e-mail, SMS, a language model of others.
//!
//! This crate exists to forbid imports: it reaches outside services and knows no SQL.
//!
//! Every adapter answers with one of three: taken, certainly not taken, or not known. Only what was
//! certainly not taken is ever sent again.

mod africas_talking;
mod file;
mod model;
mod smtp;

pub use africas_talking::{AfricasTalking, AfricasTalkingConfig, ApiKey, SmsSetupError};
pub use file::{FileGateway, LineError, read as read_message};
pub use model::{ChatModel, ChatModelConfig, ModelSetupError};
pub use smtp::{MailSetupError, Smtp, SmtpConfig, SmtpLogin, SmtpSecurity};
